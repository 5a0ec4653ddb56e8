#!/usr/bin/env bash
# image.sh NAME: an image with the MongoDB, Kafka and Redis of this machine, which is a Debian, for where no registry is.
#
# It stands in for those that deploy/compose.yaml and deploy/kubernetes name: it knows as much of
# their commands and variables as is used there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

eval "$("$here/../engines.sh" fetch)"
java=$(readlink -f "$(command -v java)")

owner() { # file: the package that it comes from
  local found
  found=$(dpkg -S "$1" 2>/dev/null || dpkg -S "$(readlink -f "$1")" 2>/dev/null) || { echo "image: no package has $1" >&2; return 1; }
  echo "${found%%:*}"
}

packages() {
  local library
  echo bash coreutils sed redis-server python3
  owner "$java"
  for library in $(ldd "$MONGOD" | awk '/=> \//{ print $3 }'); do owner "$library"; done
}

mkdir -p "$root"/{usr/{bin,sbin,lib,lib64,local/bin,local/lib/engines},etc/kafka/docker,opt/kafka,data,var/lib/kafka,tmp}
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
chmod 1777 "$root"/{tmp,data,var/lib/kafka}

# Their files, and those of all that they need. Of a name that several packages provide there are none.
packages | xargs apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks \
  --no-replaces --no-enhances | grep '^[a-z0-9]' | sort -u >"$work/packages"
{ xargs dpkg -L <"$work/packages" 2>/dev/null || true; } | sort -u | sed -n '/^\/\(\.\|usr\/share\/\(doc\|man\|locale\)\/\)/!s/^\///p' >"$work/files"
tar -C / --no-recursion -cf - -T "$work/files" | tar -C "$root" --keep-directory-symlink -xf -
ln -sf "$java" "$root/usr/bin/java"

cp "$MONGOD" "$root/usr/local/bin/mongod"
cp -r "$KAFKA_JARS" "$root/opt/kafka/libs"
cp "$here/image/mongosh" "$root/usr/local/bin"
cp "$here/image/kafka" "$root/etc/kafka/docker/run"
cp "$here/probe.py" "$root/usr/local/lib/engines"
cp "$here/log4j2.properties" "$root/opt/kafka"

"${ENGINE:-podman}" build -q -t "$name" -f - "$work" <<'TEXT'
FROM scratch
COPY root /
ENV PATH=/usr/local/bin:/usr/bin PYTHONPATH=/usr/local/lib/engines PYTHONDONTWRITEBYTECODE=1
CMD ["/etc/kafka/docker/run"]
TEXT
