#!/usr/bin/env bash
# manifests.sh FOLDER: copies every manifest, and an empty source for every target that they name.
set -euo pipefail

folder=$1
mkdir -p "$folder"
find . -name Cargo.toml -exec cp --parents -t "$folder" {} +
cp Cargo.lock "$folder"

cargo metadata --no-deps --offline --format-version 1 | grep -o '"src_path":"[^"]*' | cut -d'"' -f4 |
  while read -r source; do
    source=$folder/${source#"$PWD"/}
    mkdir -p "$(dirname "$source")"
    echo 'fn main() {}' >"$source"
  done
