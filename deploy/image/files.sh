#!/usr/bin/env bash
# files.sh PROGRAM PAPERS FOLDER: all files of the image: the program, the libraries that it links,
# certificate authorities, time zones, and the licences of all of them. Needs Debian.
set -euo pipefail

program=$1 papers=$2 folder=$3
die() { printf 'files: %s\n' "$*" >&2; exit 1; }

mkdir -p "$folder"/{etc/ssl/certs,usr/local/bin,usr/share/doc/ticketing}
strip -o "$folder/usr/local/bin/ticketing" "$program"
cp LICENSE-* "$papers"/* "$folder/usr/share/doc/ticketing"
echo 'ticketing:x:65532:65532::/:/ticketing' >"$folder/etc/passwd"
echo 'ticketing:x:65532:' >"$folder/etc/group"

packages='ca-certificates tzdata'
libraries=$(ldd "$program" | awk '/=> \//{ print $3 } /^[ \t]*\//{ print $1 }')
for library in $libraries; do
  install -D "$(readlink -f "$library")" "$folder$library"
  # dpkg knows a library by its path before or after /lib became a link to /usr/lib.
  package=$(dpkg -S "$library" 2>/dev/null || dpkg -S "$(readlink -f "$library")" 2>/dev/null) ||
    die "no package of this machine has $library"
  packages+=" ${package%%:*}"
done

# Those of the package, without what somebody added to this machine.
cat /usr/share/ca-certificates/mozilla/*.crt >"$folder/etc/ssl/certs/ca-certificates.crt"
cp -r /usr/share/zoneinfo "$folder/usr/share"
rm -rf "$folder"/usr/share/zoneinfo/{right,posix}

for package in $packages; do
  install -D -m 644 "/usr/share/doc/$package/copyright" "$folder/usr/share/doc/$package/copyright"
done
