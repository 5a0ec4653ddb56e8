#!/usr/bin/env bash
# Builds an OpenTelemetry Collector, once, and says where it is.
set -euo pipefail

usage() {
  cat <<'TEXT'
An OpenTelemetry Collector for tests and for a marketplace on one machine, of deploy/collector/manifest.yaml.

  deploy/collector.sh find             print where it is; fail where it is not built yet
  deploy/collector.sh build            the same, and build it first where it is not
  deploy/collector.sh run ARGUMENT...  become it

Its build needs Go and takes minutes once; then it lies in ~/.cache/ticketing-collector, or below XDG_CACHE_HOME.
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
manifest=$here/collector/manifest.yaml
# Of another manifest another collector is built.
folder=${XDG_CACHE_HOME:-$HOME/.cache}/ticketing-collector/$(sha256sum "$manifest" | cut -c1-16)

build() {
  command -v go >/dev/null || { echo "collector: Go is not there, which builds it" >&2; return 1; }
  local release
  release=$(awk '$1 == "version:" { print $2 }' "$manifest")
  mkdir -p "$folder"
  building=$(mktemp -d "$folder/building.XXXXXX")
  trap 'rm -rf "$building" "$building.yaml"' EXIT
  echo "collector: building OpenTelemetry Collector $release" >&2
  sed "/^dist:/a\\  output_path: $building" "$manifest" >"$building.yaml"
  CGO_ENABLED=0 go run "go.opentelemetry.io/collector/cmd/builder@v$release" --config "$building.yaml" >&2
  # Whoever builds at the same time puts the same there.
  mv "$building/otelcol" "$folder/otelcol"
}

case ${1:-} in
  find) ;;
  build | run) [ -x "$folder/otelcol" ] || build ;;
  *) usage; [ "${1:-}" = --help ]; exit ;;
esac
if [ "$1" = run ]; then exec "$folder/otelcol" "${@:2}"; fi
[ -x "$folder/otelcol" ] || { echo "collector: it is not built: deploy/collector.sh build" >&2; exit 1; }
echo "$folder/otelcol"
