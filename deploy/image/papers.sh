#!/usr/bin/env bash
# papers.sh FOLDER: what the program is made of, as CycloneDX, and the licences of all its crates. Needs cargo, python3 and syft.
set -euo pipefail

folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder" "$work/licences"

# Of Cargo.lock, which knows tests and benchmarks too, what is built into the program.
cargo tree --locked -p ticketing-server --all-features --edges normal,build --prefix none --format '{p}' |
  sed -n 's/^\([^ ]*\) v\([^ ]*\).*/\1-\2/p' | sort -u >"$work/crates"
cp Cargo.lock "$work"
SYFT_CHECK_FOR_APP_UPDATE=false syft scan -q "file:$work/Cargo.lock" --override-default-catalogers rust-cargo-lock-cataloger \
  --source-name ticketing -o "cyclonedx-json@1.5=$work/bill"
python3 - "$work" "$folder/sbom.cdx.json" <<'CODE'
import json, sys
work, out = sys.argv[1:]
crates = set(open(f"{work}/crates").read().split())
bill = json.load(open(f"{work}/bill"))
bill["components"] = [c for c in bill["components"] if f"{c['name']}-{c.get('version')}" in crates]
# Guesses of the scanner, which are half of the bill.
for component in bill["components"]:
    component.pop("properties", None)
kept = {c["bom-ref"] for c in bill["components"]}
bill["dependencies"] = [
    {**d, "dependsOn": [ref for ref in d.get("dependsOn", []) if ref in kept]}
    for d in bill.get("dependencies", []) if d["ref"] in kept
]
json.dump(bill, open(out, "w"), separators=(",", ":"))
CODE

sources=${CARGO_HOME:-$HOME/.cargo}/registry/src
while read -r crate; do
  # A vendored library has its own, one folder below.
  for source in "$sources"/*/"$crate"; do
    [ -d "$source" ] || continue
    find "$source" -maxdepth 2 -type f -regextype egrep -iregex '.*/(licen[sc]e|copying|notice)[^/]*' ! -name '*.rs' -printf '%P\n' |
      while read -r text; do install -D -m 644 "$source/$text" "$work/licences/$crate/$text"; done
  done
done <"$work/crates"
tar -C "$work" --sort=name --owner=0 --group=0 --mtime=@0 -cJf "$folder/licences.tar.xz" licences
