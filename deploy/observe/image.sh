#!/usr/bin/env bash
# image.sh collector NAME, image.sh prometheus NAME: an image of the collector that deploy/collector.sh builds,
# or of Debian's Prometheus, for where no registry is.
#
# They stand in for those that deploy/compose.yaml names.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
what=$1 name=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Out of its package, of which nothing is installed or started.
find_prometheus() {
  if command -v prometheus; then return; fi
  (cd "$work" && apt-get download -qq prometheus) >&2
  dpkg-deb --fsys-tarfile "$work"/prometheus_*.deb | tar -x -C "$work" ./usr/bin/prometheus
  echo "$work/usr/bin/prometheus"
}

case $what in
  collector) program=$("$here/../collector.sh" build) ;;
  prometheus) program=$(find_prometheus) ;;
  *) echo "image: collector or prometheus?" >&2; exit 2 ;;
esac

# Data is kept where it starts.
mkdir -p "$work/root/$what"
install -D "$program" "$work/root/bin/$what"
# A program without libraries is no mistake.
for library in $(ldd "$program" 2>/dev/null | awk '/=> \//{ print $3 } /^[ \t]*\//{ print $1 }'); do
  install -D "$(readlink -f "$library")" "$work/root$library"
done

"${ENGINE:-podman}" build -q -t "$name" -f - "$work" <<TEXT
FROM scratch
COPY --chown=65534:65534 root /
USER 65534:65534
WORKDIR /$what
ENTRYPOINT ["/bin/$what"]
TEXT
