#!/usr/bin/env bash
# Orders through seven processes on real engines, beside bare transactions of one order each.
set -euo pipefail

usage() {
  cat <<'TEXT'
Orders through seven processes on real engines, beside bare transactions of one order each, in the same run.

  ENGINES_DATA=folder ENGINES_KAFKA_JIT=full ENGINES_MONGODB_CACHE=4 deploy/engines.sh run benches/processes.sh

It builds what it needs, starts each service as a process of its own without limits, and prints orders a second for
different tickets, whose processor time that took, and how many bare transactions the same MongoDB makes.

  CONNECTIONS   how many buyers order at once       [256]
  WARM_UP       before anything is measured: until then a broker compiles itself   [25s]
  DURATION      how long is measured                [30s]
TEXT
}

die() { echo "processes: $*" >&2; exit 1; }
say() { echo "processes: $*" >&2; }

[ $# = 0 ] || { usage; [ "$1" = --help ]; exit; }
[[ -n "${MONGODB_URI:-}" && -n "${KAFKA_BROKERS:-}" && -n "${REDIS_URL:-}" ]] || die "no engines: see benches/processes.sh --help"

cd "$(dirname "$0")/.."
programs=${CARGO_TARGET_DIR:-target}/release
services=(accounts tickets orders payments admissions expiration web)
folder=$(mktemp -d "${TMPDIR:-/tmp}/ticketing-processes.XXXXXX")
declare -A pids

stop() {
  local code=$?
  [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait
  if [ $code = 0 ]; then rm -rf "$folder"; else say "what they said is in $folder"; fi
}
trap stop EXIT

settings() {
  local limit
  export TICKETING_STORE=mongodb TICKETING_MONGODB_URI=$MONGODB_URI TICKETING_BUS=kafka TICKETING_KAFKA_BROKERS=$KAFKA_BROKERS
  export TICKETING_TIMERS=redis TICKETING_SESSIONS=redis TICKETING_REDIS_URL=$REDIS_URL TICKETING_PAYMENTS=sandbox
  export TICKETING_LOG=warn TICKETING_PASSWORDS_ADDRESS=1000
  for limit in SIGN_IN_ADDRESS SIGN_UP_ADDRESS WRITES READS PAYMENTS_ADDRESS PAYMENTS_ACCOUNT HELD_OF_TICKET HELD_PLACES \
    OPEN_ORDERS UNPAID_ORDERS; do
    export "TICKETING_LIMIT_$limit=off"
  done
}

url() { # service: where it answers
  local i
  for i in "${!services[@]}"; do [ "${services[i]}" != "$1" ] || echo "http://127.0.0.1:$((first + i))"; done
}

# What a service is told besides.
told() { # service
  local other
  case $1 in
    accounts | admissions) echo "TICKETING_SIGNING_KEYS=$folder/keys.json" ;;
  esac
  case $1 in
    accounts | expiration) ;;
    web) for other in accounts tickets orders payments admissions; do echo "TICKETING_${other^^}_URL=$(url $other)"; done ;;
    *) echo "TICKETING_ACCOUNTS_URL=$(url accounts)" ;;
  esac
}

start() {
  local i service own operators deadline=$((SECONDS + 60))
  first=$(python3 deploy/engines/probe.py free $((2 * ${#services[@]})))
  "$programs/ticketing" keys --signing-keys "$folder/keys.json" rotate >"$folder/keys.log" 2>&1
  for i in "${!services[@]}"; do
    service=${services[i]} operators=127.0.0.1:$((first + ${#services[@]} + i))
    mapfile -t own < <(told "$service")
    env "${own[@]}" "$programs/ticketing" serve "$service" --listen "127.0.0.1:$((first + i))" --admin-listen "$operators" \
      >"$folder/$service.log" 2>&1 &
    pids[$service]=$!
    until curl -sf "http://$operators/readyz" >/dev/null; do
      kill -0 "${pids[$service]}" 2>/dev/null || { tail -n 3 "$folder/$service.log" >&2; die "$service ended"; }
      [ $SECONDS -lt $deadline ] || die "$service is not ready after a minute"
      sleep 0.1
    done
  done
}

# The processor time of every process until now, in ticks: its name, and how many.
ticks() {
  local name file pid _
  for name in "${services[@]}"; do awk -v name="$name" '{ print name, $14 + $15 }' "/proc/${pids[$name]}/stat"; done
  for file in "${ENGINES_DIR:-/nowhere}"/*.pid; do
    [ -e "$file" ] || continue
    read -r pid _ <"$file"
    name=${file##*/}
    awk -v name="${name%.pid}" '{ print name, $14 + $15 }' "/proc/$pid/stat"
  done
}

orders() {
  local load began span warm=${WARM_UP:-25s} duration=${DURATION:-30s} result=$folder/load
  say "orders for $warm to warm up, and for $duration"
  : >"$result"
  "$programs/ticketing-load" distinct --base-url "$(url orders)" --auth-url "$(url web)" \
    --connections "${CONNECTIONS:-256}" --warm-up "$warm" --duration "$duration" >"$result" 2>&1 &
  load=$!
  pids[load]=$load
  # Answers are counted once it is warm.
  until grep -Eq '^ *[0-9]+ s +[1-9]' "$result"; do kill -0 $load 2>/dev/null || { cat "$result" >&2; die "no load"; }; sleep 0.1; done
  began=$EPOCHREALTIME
  ticks >"$folder/before"
  wait $load || { cat "$result" >&2; die "the load failed"; }
  unset 'pids[load]'
  span=$(awk -v from="$began" -v to="$EPOCHREALTIME" 'BEGIN { print to - from }')
  ticks >"$folder/after"
  rate=$(awk '$1 == "order" && NF > 4 { print $3; exit }' "$result")
  echo "whose processor time, as parts of one core:"
  paste -d' ' "$folder/before" "$folder/after" |
    awk -v span="$span" -v hertz="$(getconf CLK_TCK)" '{ printf "  %-12s %5.1f %%\n", $1, ($4 - $2) / hertz / span * 100 }'
}

bare() {
  say "bare transactions of one order"
  cargo bench --locked --quiet -p ticketing-benches --bench engines -- orders >"$folder/bare" 2>&1 ||
    { cat "$folder/bare" >&2; die "the bench failed"; }
  awk '/^orders of different tickets/ { print $(NF - 4) }' "$folder/bare"
}

say "building"
cargo build --locked --quiet --release --all-features -p ticketing-server -p ticketing-load
settings
start
orders
kill "${pids[@]}"
wait "${pids[@]}" || true
pids=()
one_by_one=$(bare)
awk -v ours="$rate" -v bare="$one_by_one" 'BEGIN {
  printf "orders through seven processes: %d a second; bare transactions of one order: %d; ratio %.2f (goal 3)\n", ours, bare, ours / bare
}'
