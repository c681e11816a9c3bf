#!/usr/bin/env bash
# The whole suite on this machine, from a clone to the first answer. Debian 12, as root or with sudo.
#
#   deploy/up.sh              installs what is missing, builds, starts, prints URL and key; Ctrl-C stops
#   deploy/up.sh --daemon     the same, and returns when the suite answers
#   deploy/up.sh --demo       also plays a week of a believable company with four attacks in it
#   deploy/up.sh --stop       ends what --daemon started
#   deploy/up.sh --status     which services are ready
#
#   --data DIR    where state, logs and pid files live (default ./data)
#   --port P      the API's port on 127.0.0.1 (default 8080); the services' ops ports are P+1 to P+7
#
# Settings of the services come from the environment: `build/release/bin/ts-NAME --help` lists them. TS_BIN_DIR names a
# directory of programs that are built already.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
services=(gateway auth risk incidents ai-usage webhooks webhook-dispatcher) # in the order of their ops ports
READY_SECONDS=60

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
case $data in
"") misused "--data needs a directory" ;;
/*) ;;
*) data=$PWD/$data ;;
esac
run=$data/run

# ---- what runs already ----

# Process ids are used again: one is ours only if it runs a program of ours on this directory's bus.
is_ours() { # pid, name
    [ -n "$1" ] && [ "$(basename "$(readlink "/proc/$1/exe" 2>/dev/null || true)")" = "ts-$2" ] &&
        tr '\0' '\n' <"/proc/$1/environ" 2>/dev/null | grep -qxF "TS_UP_DATA=$data"
}

is_supervised() {
    [ -e "$run/lock" ] && ! flock -n "$run/lock" true
}

# Ends the supervisor, which ends its services; then those whose supervisor was killed.
stop_suite() {
    local pid service left
    if is_supervised && pid=$(cat "$run/supervisor.pid" 2>/dev/null); then
        kill -TERM "$pid" 2>/dev/null || true
        flock -w 30 "$run/lock" true || die "the supervisor ($pid) did not end within 30 s"
    fi
    for left in {1..100}; do
        pid=
        for service in "${services[@]}"; do
            pid=$(cat "$run/ts-$service.pid" 2>/dev/null || true)
            if is_ours "$pid" "$service"; then
                [ "$left" -gt 1 ] || kill -TERM "$pid" 2>/dev/null || true
                [ "$left" -lt 100 ] || kill -KILL "$pid" 2>/dev/null || true
                sleep 0.1
                continue 2
            fi
        done
        break
    done
    rm -f "$run"/*.pid
}

if [ "$command" = stop ]; then
    [ -d "$run" ] && stop_suite
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

export TS_UP_DATA=$data
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

# A socket's path has at most 107 characters: a deep data directory gets a place in /tmp.
export_bus() {
    local dir=$run/bus
    if [ $((${#dir} + 30)) -gt 107 ]; then
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
    is_supervised || {
        echo "not running on $data"
        exit 1
    }
    export_port "$(cat "$run/port")"
    export_bus
    exec "$bin/teamsentryctl" status
fi

# ---- start ----

mkdir -p "$data" && chmod 0700 "$data"
mkdir -p "$run"
is_supervised && die "the suite runs on $data already: --stop --data $data ends it"
stop_suite # leftovers of a supervisor that was killed
export_port "$port"
export_bus
for offset in $(seq 0 ${#services[@]}); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$((port + offset))") 2>/dev/null; then
        die "port $((port + offset)) is taken: choose another --port (it and the next ${#services[@]} are used)"
    fi
done
for service in "${services[@]}"; do
    "$bin/ts-$service" --check-config >/dev/null || die "ts-$service refuses its settings"
done
echo "$port" >"$run/port"
echo "$bin" >"$run/bin"

setsid "$root/deploy/supervise.sh" "$data" "$bin" "${services[@]}" </dev/null >>"$run/supervisor.log" 2>&1 &
supervisor=$!
disown "$supervisor" # ours to stop, not bash's to talk about
if [ -z "$daemon" ]; then
    trap 'trap - INT TERM EXIT; stop_suite; exit 0' INT TERM
fi
trap 'stop_suite' EXIT # if anything below fails

deadline=$((SECONDS + READY_SECONDS))
for service in "${services[@]}"; do
    until "$bin/ts-$service" --health; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            tail -n 20 "$run/ts-$service.log" >&2
            die "ts-$service was not ready within $READY_SECONDS s"
        fi
        sleep 0.1
    done
done

# What stands on the first line of a JSON answer under a name; names and ids hold no quotes.
field() { # name
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}

ctl() {
    "$bin/teamsentryctl" "$@" --json
}

key=
org=$(ctl org list | tr '{' '\n' | grep '"name":"Quickstart"' | field id || true)
if [ -z "$org" ]; then
    org=$(ctl org create Quickstart --tier standard | field id)
fi
if ! ctl key list "$org" | tr '{' '\n' | grep -q '"name":"Quickstart"'; then
    key=$(ctl key create "$org" --name Quickstart --permissions admin | field secret)
    [ -n "$key" ] || die "no key was made"
fi
url=http://127.0.0.1:$port

if [ -n "$demo" ]; then
    created=$(ctl key create "$org" --name Demo --permissions ingest)
    TS_API_KEY=$(field secret <<<"$created") "$bin/ts-simulator" --post "$url" >&2 || die "the demo could not be played"
    ctl key revoke "$org" "$(field id <<<"$created")" >/dev/null
fi

trap - EXIT
echo "URL: $url"
shown=YOUR-KEY
if [ -n "$key" ]; then
    shown=$key
    echo "API key: $key"
    echo
    echo "Keep the key: it is not shown again."
fi
cat <<END

Next:

  curl -H 'Authorization: Bearer $shown' $url/v1/overview
  curl -H 'Authorization: Bearer $shown' -H 'Content-Type: application/x-ndjson' --data-binary @records.ndjson '$url/v1/events?source=google_workspace'
  curl -H 'Authorization: Bearer $shown' '$url/v1/users?limit=5'
END

[ -z "$daemon" ] || exit 0
echo
echo "Ctrl-C stops the suite."
while is_supervised; do
    flock "$run/lock" true & # ends when the supervisor does
    wait $! || true
done
die "the supervisor ended; its log is $run/supervisor.log"
