#!/usr/bin/env bash
# base.sh RUST SYFT: makes both base images of deploy/Dockerfile where no registry is: RUST of Debian's packages and the
# Rust of this machine, SYFT of a wheel. Needs root, and a mirror of Debian and PyPI.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rust=$1 syft=$2 engine=${ENGINE:-podman}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

command -v debootstrap >/dev/null || apt-get install -qq -y --no-install-recommends debootstrap >/dev/null
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
debootstrap --variant=minbase --include=ca-certificates,gcc,g++,libc6-dev,make,perl,python3,tzdata,xz-utils \
  "$release" "$root" >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; exit 1; }
rm -rf "$root"/var/cache/apt "$root"/var/lib/apt/lists
# Whom this machine trusts, should a proxy be between it and crates.io. None of it gets into the image of the program.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs"

toolchain=$(rustc --print sysroot)
cp -r "$toolchain"/{bin,lib} "$root/usr/local"

tar -C "$root" -c . | "$engine" import - "$rust" >/dev/null
mkdir "$work/syft"
cp "$(deploy/image/syft.sh)" "$work/syft/syft"
tar -C "$work/syft" -c . | "$engine" import - "$syft" >/dev/null
