#!/usr/bin/env bash
# The whole suite on this machine, from a clone to the first answer. Debian 12, as root or with sudo.
#
#   deploy/up.sh              installs what is missing, builds, starts, prints URL and key; Ctrl-C stops
#   deploy/up.sh --daemon     the same, and returns when the suite answers
#   deploy/up.sh --demo       also plays four weeks of a believable company, four attacks in the last one
#   deploy/up.sh --stop       ends what --daemon started
#   deploy/up.sh --status     which services are ready
#
#   --data DIR    where state, logs and pid files live (default ./data)
#   --port P      the API's port on 127.0.0.1 (default 8080); the services' ops ports are P+1 to P+7
#
# Settings of the services come from the environment: `build/release/bin/ts-NAME --help` lists them. TS_BIN_DIR names a
# directory of programs that are built already, TS_DEMO_PEOPLE the size of the company of --demo (142).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
services=(gateway auth risk incidents ai-usage webhooks webhook-dispatcher) # in the order of their ops ports
READY_SECONDS=60
STOP_SECONDS=15 # more than a service takes; the supervisor waits as long before it kills
KILL_SECONDS=5  # until what was killed is gone
TELL_SECONDS=5  # between words about what is waited for

command=start
daemon=
demo=
port=8080
data=data

die() {
    echo "up.sh: $*" >&2
    exit 1
}

misused() {
    echo "up.sh: $* (try --help)" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --daemon) daemon=1 ;;
    --demo) demo=1 ;;
    --stop) command=stop ;;
    --status) command=status ;;
    --port | --data)
        [ $# -gt 1 ] || misused "$1 needs a value"
        [ "$1" = --port ] && port=$2 || data=$2
        shift
        ;;
    --help)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *) misused "unknown option $1" ;;
    esac
    shift
done
last_port=$((65535 - ${#services[@]}))
if ! [[ $port =~ ^[0-9]{1,5}$ ]] || [ "$port" -lt 1 ] || [ "$port" -gt "$last_port" ]; then
    misused "--port must be between 1 and $last_port"
fi
port=$((10#$port)) # 08080 is no octal number
[ -n "$data" ] || misused "--data needs a directory"
data=$(realpath -m -- "$data") # one directory, one name: processes are told apart by it
run=$data/run
seen=$run # as far as it is there
until [ -e "$seen" ]; do
    seen=$(dirname -- "$seen")
done
[ -x "$seen" ] || die "$seen belongs to another user, and what runs there too: use sudo"

# ---- what runs already ----

# What runs for this directory: the supervisor and the services. Pid files may be stale and their numbers in use
# again; the environment a process was started with is not.
members() {
    LC_ALL=C grep -lszxF -- "TS_UP_DATA=$data" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 || true
}

signal_members() { # signal
    local pid
    for pid in $(members); do
        kill "-$1" "$pid" 2>/dev/null || true
    done
}

is_supervised() {
    [ -e "$run/lock" ] && ! flock -n "$run/lock" true
}

await_end() { # seconds
    local until=$((SECONDS + $1))
    while [ -n "$(members)" ]; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.1
    done
}

# The supervisor ends its services; where it was killed they are told one by one, and the stubborn are killed.
stop_suite() {
    local pid
    if is_supervised; then
        pid=$(cat "$run/supervisor.pid" 2>/dev/null || true)
        if [ -n "$pid" ] && grep -qx "$pid" <<<"$(members)"; then
            kill -TERM "$pid" 2>/dev/null || true
            await_end $((STOP_SECONDS + KILL_SECONDS)) || true
        elif [ -z "$(members)" ]; then
            die "the suite on $data belongs to another user: use sudo"
        fi
    fi
    signal_members TERM
    if ! await_end "$STOP_SECONDS"; then
        signal_members KILL
        await_end "$KILL_SECONDS" || die "some processes do not end: $(members | tr '\n' ' ')"
    fi
    rm -f "$run"/*.pid
}

if [ "$command" = stop ]; then
    [ ! -d "$run" ] || stop_suite
    exit 0
fi

# ---- programs and settings ----

if [ "$command" = start ] && [ -z "${TS_BIN_DIR-}" ]; then
    "$root/deploy/install-deps.sh"
    (cd "$root" && cmake --preset release >/dev/null && cmake --build --preset release -j"$(nproc)" >&2) ||
        die "the build failed"
fi
programs=${TS_BIN_DIR:-$root/build/release/bin}
if [ "$command" = status ] && [ -e "$run/bin" ]; then
    programs=$(cat "$run/bin") # those that run
fi
bin=$(cd "$programs" 2>/dev/null && pwd) || die "$programs is not there: nothing was built"

export TS_GATEWAY_LEXICON_DIR=${TS_GATEWAY_LEXICON_DIR:-$root/services/gateway/agent/lexicon}
export TS_RISK_RULES_DIR=${TS_RISK_RULES_DIR:-$root/services/risk/rules}
export_port() { # first port
    local i=1 service name
    export TS_GATEWAY_LISTEN=127.0.0.1:$1
    for service in "${services[@]}"; do
        name=$(tr 'a-z-' 'A-Z_' <<<"$service")
        export "TS_${name}_OPS_PORT=$(($1 + i))"
        case $service in
        gateway | webhook-dispatcher) ;; # keep nothing
        *) export "TS_${name}_DB_DIR=$data/$service" ;;
        esac
        i=$((i + 1))
    done
}

# A socket's path has at most 107 bytes: a deep data directory gets a place in /tmp.
export_bus() {
    local dir=$run/bus bytes
    bytes=$(printf %s "$dir" | wc -c)
    if [ $((bytes + 30)) -gt 107 ]; then
        dir=$(cat "$run/bus.path" 2>/dev/null || true)
        if [ -z "$dir" ] || ! [ -O "$dir" ]; then
            dir=$(mktemp -d /tmp/teamsentry.XXXXXX)
            echo "$dir" >"$run/bus.path"
        fi
    fi
    mkdir -p "$dir" && chmod 0700 "$dir"
    export TS_BUS_DIR=$dir
}

if [ "$command" = status ]; then
    if ! is_supervised; then
        [ -z "$(members)" ] || die "the supervisor on $data was killed: up.sh starts the suite again, --stop ends it"
        echo "not running on $data"
        exit 1
    fi
    export_port "$(cat "$run/port")"
    export_bus
    exec "$bin/teamsentryctl" status
fi

# ---- start ----

(umask 077 && mkdir -p "$run")
exec {starting}>"$run/starting"
flock -n "$starting" || die "another up.sh is starting the suite on $data"
if is_supervised; then
    die "the suite runs on $data already, on port $(cat "$run/port" 2>/dev/null || echo unknown): --stop --data $data ends it"
fi
stop_suite # leftovers of a supervisor that was killed
export_port "$port"
export_bus
# A listener on 127.0.0.1 or on all addresses, as the kernel's tables show it. To try a connection would be no test: one
# made to a free port of the ephemeral range can meet itself.
is_taken() { # port
    local hex
    printf -v hex '%04X' "$1"
    grep -qsE "^ *[0-9]+: (0100007F|0{8}|0{32}|0{16}FFFF00000100007F):$hex [0-9A-F:]+ 0A " /proc/net/tcp /proc/net/tcp6
}

for offset in $(seq 0 ${#services[@]}); do
    if is_taken $((port + offset)); then
        die "port $((port + offset)) is taken: choose another --port (it and the next ${#services[@]} are used)"
    fi
done
for service in "${services[@]}"; do
    [ -x "$bin/ts-$service" ] || die "$bin/ts-$service is not there"
    "$bin/ts-$service" --check-config >/dev/null || die "ts-$service refuses its settings"
done
echo "$port" >"$run/port"
echo "$bin" >"$run/bin"

TS_UP_DATA=$data setsid "$bin/ts-supervisor" "$data" "$bin" "${services[@]}" \
    </dev/null >>"$run/supervisor.log" 2>&1 {starting}>&- &
supervisor=$!
disown "$supervisor" # ours to stop, not bash's to talk about
if [ -z "$daemon" ]; then
    trap 'trap - INT TERM HUP EXIT; stop_suite; exit 0' INT TERM HUP
fi
trap 'stop_suite' EXIT # if anything below fails

# What a service says of itself, or, where nobody answers, the last error in its log.
why() { # service, what --health said
    local last=
    [[ $2 != nobody* ]] || last=$(grep -s 'level=error' "$run/ts-$1.log" | tail -n 1)
    echo "$2${last:+; its log: $last}"
}

deadline=$((SECONDS + READY_SECONDS))
told=$((SECONDS + TELL_SECONDS))
for service in "${services[@]}"; do
    until says=$("$bin/ts-$service" --health); do
        if ! kill -0 "$supervisor" 2>/dev/null; then
            tail -n 20 "$run/supervisor.log" >&2
            die "the supervisor ended"
        fi
        if [ "$SECONDS" -ge "$deadline" ]; then
            tail -n 20 "$run/ts-$service.log" >&2
            die "ts-$service was not ready within $READY_SECONDS s: $(why "$service" "$says")"
        fi
        if [ "$SECONDS" -ge "$told" ]; then
            echo "up.sh: waiting for ts-$service: $(why "$service" "$says")" >&2
            told=$((SECONDS + TELL_SECONDS))
        fi
        sleep 0.1
    done
    [ "$says" = ready ] || echo "up.sh: ts-$service is $says" >&2
done

# The text under a name in JSON of one line; ids and secrets hold no quotes.
field() { # name
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}

ctl() {
    "$bin/teamsentryctl" "$@" --json
}

quickstart() { # prints the id of the organization; makes it if there is none
    local org
    org=$(ctl org list | tr '{' '\n' | grep '"name":"Quickstart".*"status":"active"' | field id || true)
    [ -n "$org" ] || org=$(ctl org create Quickstart --tier standard | field id)
    [ -n "$org" ] || die "the organization Quickstart could not be made"
    echo "$org"
}

# The marker is written once the key is printed: whatever breaks in between, the next start prints another one.
url=http://127.0.0.1:$port
shown=YOUR-KEY
echo "URL: $url"
if [ ! -e "$run/quickstart" ]; then
    org=$(quickstart)
    created=$(ctl key create "$org" --name Quickstart --permissions admin)
    shown=$(field secret <<<"$created")
    [ -n "$shown" ] || die "no key was made"
    echo "API key: $shown"
    echo
    echo "Keep the key: it is not shown again."
    echo "$org $(field id <<<"$created")" >"$run/quickstart"
fi
cat <<END

Next:

  curl -H 'Authorization: Bearer $shown' $url/v1/overview
  $bin/ts-simulator --days 1 --people 5 | curl -H 'Authorization: Bearer $shown' -H 'Content-Type: application/x-ndjson' --data-binary @- '$url/v1/events?source=google_workspace'
  curl -H 'Authorization: Bearer $shown' '$url/v1/users?limit=5'
END

# The suite is up and stays, whatever becomes of the demo.
trap - EXIT
if [ -n "$demo" ]; then
    echo
    people=${TS_DEMO_PEOPLE:-142}
    echo "Playing four weeks of a company of $people people, four attacks in the last one."
    org=$(quickstart)
    created=$(ctl key create "$org" --name Demo --permissions ingest)
    TS_API_KEY=$(field secret <<<"$created") "$bin/ts-simulator" --post "$url" --people "$people" --with-directory --history 21 --source okta,google_workspace >&2 ||
        echo "up.sh: the demo was not played to its end" >&2
    ctl key revoke "$org" "$(field id <<<"$created")" >/dev/null
fi

[ -z "$daemon" ] || exit 0
exec {starting}>&-
echo
echo "Ctrl-C stops the suite."
while is_supervised; do
    flock "$run/lock" true & # ends when the supervisor does
    wait $! || true
done
die "the supervisor ended; its log is $run/supervisor.log"
