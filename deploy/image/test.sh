#!/usr/bin/env bash
# test.sh IMAGE: runs an image as a hardened container, and says how large, quick and small it is.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
image=$1 engine=${ENGINE:-podman}
port=$(python3 deploy/engines/probe.py free 2)
die() { printf 'image: %s\n' "$*" >&2; "$engine" logs "$name" >&2 || true; exit 1; }
quietly() { "$@" 2>/dev/null; }

name=ticketing-test-$$
work=$(mktemp -d)
remove() {
  quietly "$engine" rm -f "$name" >/dev/null || true
  quietly "$engine" rm -f "$name-tree" >/dev/null || true
  rm -rf "$work"
}
trap remove EXIT

# Where systemd is not there, podman says so and runs its health checks only when asked.
start() { # settings...
  local setting options=()
  for setting; do options+=(-e "$setting"); done
  quietly "$engine" run -d --name "$name" --network host --read-only --cap-drop all --security-opt no-new-privileges \
    --pids-limit 200 --memory 256m --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 \
    -e "TICKETING_LISTEN=127.0.0.1:$port" -e "TICKETING_ADMIN_LISTEN=127.0.0.1:$((port + 1))" "${options[@]}" "$image" >/dev/null
}
# Docker runs the check by itself, and podman only where systemd is; there, it is run.
healthy() {
  [ "$engine" != podman ] || { quietly podman healthcheck run "$name"; return; }
  local deadline=$((SECONDS + 60))
  until [ "$("$engine" inspect -f '{{.State.Health.Status}}' "$name")" = healthy ]; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.2
  done
}
inside() { quietly "$engine" exec "$name" "$@"; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

begun=$(milliseconds)
start TICKETING_PAYMENTS=sandbox "TICKETING_SIGNING_KEY=$(head -c 32 /dev/urandom | base64)"
until curl -fsS -o /dev/null "http://127.0.0.1:$((port + 1))/readyz" 2>/dev/null; do
  [ $(($(milliseconds) - begun)) -lt 30000 ] || die "not ready after 30 s"
  sleep 0.02
done
ready=$(($(milliseconds) - begun))

inside ticketing health | grep -q '"status":"ready"' || die "ticketing health does not say that it is ready"
healthy || die "its health check fails"
curl -fsS "http://127.0.0.1:$port/" | grep -q '<html' || die "no page is served"
! inside sh -c true >/dev/null || die "there is a shell"
pid=$("$engine" inspect -f '{{.State.Pid}}' "$name")
grep -q '^Uid:\s65532\s65532' "/proc/$pid/status" || die "it does not run as user 65532"
grep -q '^CapEff:\s0*$' "/proc/$pid/status" || die "it has capabilities"
memory=$(awk '/^VmRSS:/{ print int($2 / 1024) }' "/proc/$pid/status")
! quietly "$engine" logs "$name" 2>&1 | grep -v '^{.*}$' || die "its log has lines that are not JSON"

quietly "$engine" stop -t 20 "$name" >/dev/null
[ "$("$engine" inspect -f '{{.State.ExitCode}}' "$name")" = 0 ] || die "SIGTERM does not end it well"

# What is in it: an SBOM, licences, authorities, time zones, and no file that runs but the program and its libraries.
"$engine" create --name "$name-tree" "$image" >/dev/null
"$engine" export "$name-tree" | tar -C "$work" -xf -
for file in usr/share/doc/ticketing/{sbom.cdx.json,licences.tar.xz,LICENSE-MIT,LICENSE-APACHE} \
  usr/share/doc/libc6/copyright etc/ssl/certs/ca-certificates.crt usr/share/zoneinfo/Europe/Vienna; do
  [ -s "$work/$file" ] || die "it lacks $file"
done
python3 - "$work/usr/share/doc/ticketing/sbom.cdx.json" <<'CODE' || die "the SBOM lacks what is in the program"
import json, sys
bill = json.load(open(sys.argv[1]))
names = {component["name"] for component in bill["components"]}
assert bill["bomFormat"] == "CycloneDX" and {"axum", "tokio", "mongodb", "rdkafka", "redis"} <= names, sorted(names)
CODE
# Engines put empty ones there themselves.
others=$(find "$work" -type f -size +0 -perm /111 ! -path '*/lib/*' ! -path '*/lib64/*' ! -name ticketing)
[ -z "$others" ] || die "it has other programs: $others"

size=$(($("$engine" image inspect -f '{{.Size}}' "$image") / 1000000))
echo "image: $size MB, ready after $ready ms with the container, $memory MB as one process in memory"
