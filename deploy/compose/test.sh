#!/usr/bin/env bash
# Brings deploy/compose.yaml as it is written, and tries it: deploy/compose/test.sh --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
Brings every service of deploy/compose.yaml and its profiles `observe` and `mail` by `docker compose`, and shows that all
become healthy, that a ticket is bought on port 3000 and comes by mail, that Prometheus reaches every process, that the
collector receives traces, and that a rotation of the signing keys arrives without a restart. Everything is removed in the
end, with its data.

  TICKETING_IMAGE                              the program      [ticketing:0.1.0, built if it is not there]
  MONGODB_IMAGE KAFKA_IMAGE REDIS_IMAGE        the engines      [those that the file names]
  COLLECTOR_IMAGE PROMETHEUS_IMAGE             who observes     [those that the file names]
  POSTBOX_IMAGE                                a Python, for the mail server of the test       [python:3.14-slim]
  KEEP                                         leave everything running       [no]

The ports 3000 and 9090 must be free.
TEXT
}

case ${1:-} in -*) usage; exit ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
export TICKETING_KEYS=$work/keys OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318
export TICKETING_SMTP_URL='smtp://postbox:2525?tls=none'
image=${TICKETING_IMAGE:-ticketing:0.1.0} postbox=ticketing-test-postbox

say() { printf 'compose: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
step() { say "$1 ($SECONDS s)"; "${@:2}"; }
compose() { docker compose --file deploy/compose.yaml --project-name ticketing-test --profile observe --profile mail "$@"; }

finish() {
  local code=$?
  trap - EXIT
  [ $code = 0 ] || { compose ps --all; compose logs --tail 8; } >&2 || true
  [ -n "${KEEP:-}" ] || docker rm --force "$postbox" >/dev/null 2>&1 || true
  [ -n "${KEEP:-}" ] || compose down --volumes --timeout 60 >/dev/null 2>&1 || true
  # The keys in it are mounted.
  [ -n "${KEEP:-}" ] || rm -rf "$work"
  exit $code
}

wait_for() { # seconds what command...
  local deadline=$((SECONDS + $1))
  until "${@:3}" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || die "$2: not within $1 s"
    sleep 0.5
  done
}

# The published ones, in a folder that the program may write to.
keys() {
  mkdir "$work/keys"
  cp deploy/kubernetes/overlays/local/keys/keys.json "$work/keys"
  chmod 755 "$work"
  chown -R 65532:65532 "$work/keys"
}

start() {
  compose up --detach --wait --wait-timeout 300 >"$work/up" 2>&1 || { cat "$work/up" >&2; die "not all became healthy"; }
  local healthy
  healthy=$(compose ps --format '{{.Health}}' | grep -c '^healthy$')
  [ "$healthy" = 11 ] || die "$healthy of 11 are healthy"
  # In their network, which is there now; letters wait for it.
  docker run --detach --name "$postbox" --network ticketing-test_default --network-alias postbox \
    --volume "$PWD/deploy/kubernetes/components/postbox/postbox.py:/postbox.py:ro" \
    "${POSTBOX_IMAGE:-python:3.14-slim}" python3 /postbox.py 2525 >/dev/null
}

buy() {
  read -r order buyer < <(python3 deploy/compose/buy.py http://localhost:3000)
  [ "$order" = completed ] || die "the order is $order"
  wait_for 60 "the ticket by mail" has_mail "$buyer"
}
has_mail() { [ "$(docker logs "$postbox" | grep -c "^$1: Your tickets for")" = 1 ]; }

# Prometheus reaches the operators' listener of all eight processes.
scraped() {
  wait_for 90 "Prometheus" all_are_up
}
all_are_up() {
  curl -fsS 'http://localhost:9090/api/v1/query?query=sum(up%7Bjob%3D%22ticketing%22%7D)' | grep -q '"8"\]'
}

traced() { wait_for 60 "traces" has_traces; }
has_traces() { [ "$(compose logs collector | grep -c '"otelcol.signal": "traces"')" -gt 0 ]; }

rotated() {
  docker run --rm --volume "$work/keys:/keys" "$image" keys rotate --signing-keys /keys/keys.json >/dev/null
  wait_for 30 "the new key" two_keys
}
# Those that sign tokens: the key of passes is published beside them, with another use.
two_keys() { [ "$(curl -fsS http://localhost:3000/.well-known/jwks.json | grep -o '"use":"sig"' | wc -l)" = 2 ]; }

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
step "the signing keys" keys
step "everything starts" start
step "a ticket is bought" buy
step "Prometheus" scraped
step "traces" traced
step "the signing keys are rotated" rotated
step "a ticket is bought again" buy
say "all passed in $SECONDS s"
