#!/usr/bin/env bash
# Builds the image of all services.
set -euo pipefail

usage() {
  cat <<'TEXT'
  deploy/image.sh [NAME]                  build deploy/Dockerfile by docker or podman    [ticketing:VERSION]
  PROGRAM=FILE deploy/image.sh [NAME]     pack a program that was built already, with the files
                                          of this machine, which is a Debian: no base image is needed

  RUST     the base image: any Debian with Cargo, a C compiler, make, perl and python3
  SYFT     an image with /syft
  ENGINE   docker or podman
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
die() { printf 'image: %s\n' "$*" >&2; exit 1; }

main() {
  case ${1:-} in -*) usage; exit ;; esac
  local version engine=${ENGINE:-} options=()
  version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
  [ -n "$engine" ] || engine=$(basename "$(command -v podman || command -v docker || die "install docker or podman")")
  # The other format knows no health check.
  [ "$engine" != podman ] || options+=(--format docker)
  [ -z "${RUST:-}" ] || options+=(--build-arg "RUST=$RUST")
  [ -z "${SYFT:-}" ] || options+=(--build-arg "SYFT=$SYFT")
  if [ -n "${PROGRAM:-}" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    PATH="$(dirname "$(deploy/image/syft.sh)"):$PATH" deploy/image/papers.sh "$work/papers"
    deploy/image/files.sh "$PROGRAM" "$work/papers" "$work/context/files"
    options+=(--build-context "files=$work/context")
  fi
  "$engine" build "${options[@]}" -f deploy/Dockerfile -t "${1:-ticketing:$version}" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" .
}

main "$@"
