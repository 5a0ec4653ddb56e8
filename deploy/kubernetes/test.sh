#!/usr/bin/env bash
# Runs the local overlay in the cluster of KUBECONFIG, and tries it: deploy/kubernetes/test.sh --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
Applies every overlay to the cluster of KUBECONFIG by the server's strict rules; runs the local one with two processes
of each service; and shows that the end-to-end suite passes through its Service, that a ticket comes by mail, that a rolling
update under load fails no request, that a rotation of the signing keys arrives without a restart and signs nobody out, that
killed processes come back, and that a drained node keeps the disruption budgets.

  IMAGE            the program, for the nodes      [localhost/ticketing:test]
  ENGINES_IMAGE    stands in for the public images of engines and of Python: deploy/engines/image.sh
  CLUSTER          a script that brings images to the nodes: CLUSTER load IMAGE...
  KEEP             leave everything running        [no]

The namespace `ticketing` must not exist, and is deleted at the end.
TEXT
}

case ${1:-} in -*) usage; exit ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
image=${IMAGE:-localhost/ticketing:test} namespace=ticketing
services=(accounts tickets orders payments admissions notifications expiration web)
work=$(mktemp -d)

say() { printf 'cluster: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
k() { kubectl -n "$namespace" "$@"; }
step() { say "$1 ($SECONDS s)"; "${@:2}"; }

finish() {
  local code=$?
  trap - EXIT
  jobs -p | xargs -r kill 2>/dev/null || true
  [ $code = 0 ] || explain >&2 || true
  [ -n "${KEEP:-}" ] || kubectl delete namespace "$namespace" --wait=false >/dev/null 2>&1 || true
  rm -rf "$work"
  exit $code
}
explain() {
  k get pods,hpa -o wide
  k get events --field-selector type=Warning --sort-by=.lastTimestamp | tail -n 15
  local service
  for service in "${services[@]}"; do k logs "deployment/ticketing-$service" --all-pods --prefix --tail=8 | grep -v '"INFO"'; done
}

# ---- what is applied ----

# The local overlay, with the images of this test and without limits of what one address may do.
overlay() {
  local limit from
  from=$(realpath --relative-to="$work" deploy/kubernetes)
  cat <<TEXT
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: $namespace
resources: [$from/overlays/local]
components: [$from/components/mail, $from/components/postbox]
images:
  - {name: ticketing, newName: ${image%:*}, newTag: ${image##*:}}
TEXT
  for name in docker.io/library/{mongo,redis,python} docker.io/apache/kafka; do
    [ -z "${ENGINES_IMAGE:-}" ] ||
      echo "  - {name: $name, newName: ${ENGINES_IMAGE%:*}, newTag: ${ENGINES_IMAGE##*:}}"
  done
  cat <<TEXT
configMapGenerator:
  - name: ticketing
    behavior: merge
    literals: [TICKETING_HOLD=15s, TICKETING_PASSWORDS_ADDRESS=1000
TEXT
  for limit in SIGN_IN_ADDRESS SIGN_UP_ADDRESS WRITES READS PAYMENTS_ADDRESS PAYMENTS_ACCOUNT \
    HELD_OF_TICKET HELD_PLACES OPEN_ORDERS UNPAID_ORDERS; do
    echo "      , TICKETING_LIMIT_$limit=off"
  done
  echo '    ]'
}

# A warning of the server is an error: what is deprecated, and what a restricted namespace would refuse.
apply() { # folder options...
  kubectl kustomize --load-restrictor LoadRestrictionsNone "$1" >"$work/objects.yaml"
  kubectl apply --server-side --validate=strict "${@:2}" -f "$work/objects.yaml" >"$work/applied" 2>&1 ||
    { cat "$work/applied" >&2; die "the server refuses $1"; }
  ! grep -i warning "$work/applied" >&2 || die "the server warns of $1"
}

apply_all() {
  ! kubectl get namespace "$namespace" >/dev/null 2>&1 || die "the namespace $namespace exists"
  overlay >"$work/kustomization.yaml"
  # A trial needs the namespace.
  kubectl apply --server-side -f deploy/kubernetes/base/namespace.yaml >/dev/null
  local folder
  for folder in deploy/kubernetes/overlays/*/; do apply "$folder" --dry-run=server; done
  apply "$work"
}

# ---- what is waited for ----

wait_for() { # seconds what command...
  local deadline=$((SECONDS + $1))
  until "${@:3}" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || die "$2: not within $1 s"
    sleep 0.5
  done
}

has() { # service count: that so many of its processes are ready, at least
  local ready
  ready=$(k get deployment "ticketing-$1" -o jsonpath='{.status.readyReplicas}')
  [ "${ready:-0}" -ge "$2" ]
}
two_of_each() {
  local service
  for service in "${services[@]}"; do wait_for 180 "two processes of $service" has "$service" 2; done
}

start() {
  local engine
  for engine in redis mongodb kafka; do k rollout status "statefulset/$engine" --timeout=180s >/dev/null; done
  k rollout status deployment/postbox --timeout=60s >/dev/null
  two_of_each
  address=${MARKET_ADDRESS:-$(kubectl get nodes -o jsonpath='{.items[0].status.addresses[?(@.type=="InternalIP")].address}'):30080}
  wait_for 60 "the front door at $address" curl -fsS "http://$address/"
}

# ---- what is tried ----

journeys() {
  k port-forward deployment/ticketing-web :13000 >"$work/operators" 2>/dev/null &
  local forward=$!
  wait_for 20 "the operators' port" grep -q Forwarding "$work/operators"
  MARKET_ADDRESS=$address MARKET_OPERATORS=127.0.0.1:$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\).*/\1/p' "$work/operators") \
    cargo test --locked --quiet -p ticketing-server --all-features --test e2e -- as_processes
  kill $forward
}

mail() {
  local order buyer
  read -r order buyer < <(python3 deploy/compose/buy.py "http://$address")
  [ "$order" = completed ] || die "the order is $order"
  wait_for 60 "the ticket by mail" has_mail "$buyer"
}
has_mail() { [ "$(k logs deployment/postbox | grep -c "^$1: Your tickets for")" = 1 ]; }

# As docs/deploy.md says. A session from before goes on, and no process starts again.
rotate() {
  local before=$work/jar keys=$work/keys restarts
  restarts=$(restarts)
  curl -fsS -o /dev/null -c "$before" -H "Origin: http://$address" -H 'Content-Type: application/json' \
    -d "{\"email\":\"rose-$RANDOM@example.org\",\"password\":\"brass lantern quay 42\"}" "http://$address/api/users/signup"
  (umask 077 && mkdir "$keys")
  k get secret ticketing-signing-keys -o jsonpath='{.data.keys\.json}' | base64 -d >"$keys/keys.json"
  env -i "${CARGO_TARGET_DIR:-target}/debug/ticketing" keys rotate --signing-keys "$keys/keys.json" >/dev/null
  k create secret generic ticketing-signing-keys --from-file="$keys/keys.json" --dry-run=client -o yaml |
    kubectl apply --server-side --force-conflicts -n "$namespace" -f - >/dev/null
  wait_for 180 "the new key" two_keys
  curl -fsS -o /dev/null -b "$before" "http://$address/api/orders" || die "a rotation signed somebody out"
  [ "$(restarts)" = "$restarts" ] || die "a rotation restarted something"
}
# Those that sign tokens: the key of passes is published beside them, with another use. Each process of accounts has both.
two_keys() {
  [ "$(for _ in 1 2 3 4; do curl -fsS "http://$address/.well-known/jwks.json" | grep -o '"use":"sig"' | wc -l; done | sort -u)" = 2 ]
}
restarts() { k get pods -l app.kubernetes.io/component -o jsonpath='{range .items[*]}{.metadata.uid}{.status.containerStatuses[0].restartCount}{"\n"}{end}' | sort; }

rolling_update() {
  local load service
  cargo build --locked --quiet -p ticketing-load
  "${CARGO_TARGET_DIR:-target}/debug/ticketing-load" distinct --base-url "http://$address" --connections 8 --rate 20 --pay 1 \
    --buyers 32 --tickets 50 --duration 15m --tolerate 0 --report "$work/report.json" >"$work/load" 2>&1 &
  load=$!
  wait_for 120 "the load" grep -q '[1-9] answers' "$work/load"
  # One service after another, as docs/operations.md says: a small node has no room for a third process of each at once.
  for service in "${services[@]}"; do
    k rollout restart "deployment/ticketing-$service" >/dev/null
    k rollout status "deployment/ticketing-$service" --timeout=180s >/dev/null
  done
  wait_for 60 "the end of the old processes" no_process_ends
  kill -INT $load
  if ! wait $load || ! all_granted "$work/report.json"; then
    cat "$work/load" >&2
    die "requests failed in the rolling update"
  fi
}

no_process_ends() {
  ! k get pods -l app.kubernetes.io/component -o jsonpath='{.items[*].metadata.deletionTimestamp}' | grep -q .
}

all_granted() { # report
  python3 - "$1" <<'CODE'
import json, sys
report = json.load(open(sys.argv[1]))
kinds = report["kinds"]
assert kinds, report
for kind in kinds:
    granted = sum(answer["count"] for answer in kind["answers"] if answer["status"] < 300)
    others = [answer for answer in kind["answers"] if answer["status"] >= 300]
    print(f"cluster: {granted} of {kind['kind']} granted, others: {others}, unanswered: {kind['errors']}", file=sys.stderr)
    assert granted and not others and not kind["errors"]
CODE
}

# One process of each service at once, without a word.
kill_one_of_each() {
  local service pod
  for service in "${services[@]}"; do
    pod=$(k get pods -l "app.kubernetes.io/component=$service" -o jsonpath='{.items[0].metadata.name}')
    k delete pod "$pod" --grace-period=0 --force >/dev/null 2>&1
    ! k get pod "$pod" >/dev/null 2>&1 || die "$pod is still there"
  done
  two_of_each
}

# There is nowhere else to go on a single node, so the budget holds what is left.
drain() {
  local node service
  node=$(kubectl get nodes -o jsonpath='{.items[0].metadata.name}')
  kubectl drain "$node" --ignore-daemonsets --pod-selector app.kubernetes.io/component --timeout=30s >"$work/drain" 2>&1 || true
  for service in "${services[@]}"; do
    has "$service" 1 || die "nothing is left of $service: $(tail -n 3 "$work/drain")"
  done
  curl -fsS -o /dev/null "http://$address/" || die "nothing is served while the node is drained"
  kubectl uncordon "$node" >/dev/null
  two_of_each
}

audit() {
  # Notifications alone is told that people are written to.
  k exec deployment/ticketing-notifications -- ticketing audit || die "the audit found something"
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ -z "${CLUSTER:-}" ] || step "images" "$CLUSTER" load "$image" ${ENGINES_IMAGE:+"$ENGINES_IMAGE"}
step "every overlay is applied" apply_all
step "the local overlay starts" start
step "the end-to-end suite" journeys
step "a ticket comes by mail" mail
step "the signing keys are rotated" rotate
step "a rolling update of all under load" rolling_update
step "one process of each service is killed" kill_one_of_each
step "the node is drained" drain
step "a ticket comes by mail again" mail
step "the audit" audit
say "all passed in $SECONDS s"
