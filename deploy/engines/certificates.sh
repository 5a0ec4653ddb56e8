#!/usr/bin/env bash
# Makes certificates for a month: `ca`, an authority; `server`, which it signed for 127.0.0.1 and no other name;
# `expired`, the same but of yesterday; and `other`, an authority that signed nothing.
set -euo pipefail

[ $# = 1 ] || { echo "usage: certificates.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
cd "$1"

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)

authority() { # name
  openssl req -x509 "${new_key[@]}" -sha256 -days 30 -subj "/CN=$1 of a test" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$1.key" -out "$1.pem"
}

server() { # name days
  openssl req "${new_key[@]}" -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
  openssl x509 -req -sha256 -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$2" -out "$1.crt" \
    -extfile <(printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n')
  # Some servers want both in one file.
  cat "$1.crt" "$1.key" >"$1.pem"
}

{
  authority ca
  authority other
  server server 30
  server expired -1
} 2>openssl.log || { cat openssl.log >&2; exit 1; }
