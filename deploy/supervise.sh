#!/usr/bin/env bash
# Keeps the processes of one data directory running: starts them, starts again what dies, ends them on SIGTERM.
# deploy/up.sh starts it, with the settings in the environment; nobody needs to call it by hand.
#
#   deploy/supervise.sh DATA-DIRECTORY BIN-DIRECTORY SERVICE...
#
# Each service has a pid file DATA/run/ts-SERVICE.pid and a log DATA/run/ts-SERVICE.log (at most two of LOG_MAX bytes). One that
# dies is started again at once; one that dies young waits, twice as long each time, up to 5 s. Nothing here polls: all
# waiting is `wait`.
set -uo pipefail

data=$1
bin=$2
shift 2
services=("$@")
run=$data/run

LOG_MAX=$((10 * 1024 * 1024))
LOG_CHECK_SECONDS=900
YOUNG_SECONDS=10
STOP_SECONDS=15
first_delay=0.1
last_delay=5

declare -A service_of # pid -> service
declare -A timer_of   # pid of a sleep -> service to start, or "logs"
declare -A pid_of     # service -> pid
declare -A born       # service -> SECONDS
declare -A delay      # service -> seconds until it is started again, if it dies young
stopping=

# The lock says that a supervisor lives; children must not inherit it.
exec 9>"$run/lock"
flock -n 9 || {
    echo "another supervisor runs on $data" >&2
    exit 1
}
echo "$$" >"$run/supervisor.pid.new"
mv "$run/supervisor.pid.new" "$run/supervisor.pid"

say() {
    printf 'time=%s level=%s process=supervisor msg="%s" service=%s\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" "$3"
}

start() { # service
    "$bin/ts-$1" >>"$run/ts-$1.log" 2>&1 </dev/null 9>&- &
    local pid=$!
    service_of[$pid]=$1
    pid_of[$1]=$pid
    born[$1]=$SECONDS
    echo "$pid" >"$run/ts-$1.pid.new"
    mv "$run/ts-$1.pid.new" "$run/ts-$1.pid"
}

later() { # seconds, what
    sleep "$1" >/dev/null 2>&1 9>&- &
    timer_of[$!]=$2
}

# Programs append, so that a log can be cut under their hands.
cut_logs() {
    local log
    for log in "$run"/*.log; do
        if [ "$(stat -c %s "$log")" -gt "$LOG_MAX" ]; then
            cp "$log" "$log.1" && : >"$log"
        fi
    done
}

died() { # service, exit code
    rm -f "$run/ts-$1.pid"
    unset "pid_of[$1]"
    [ -z "$stopping" ] || return 0
    if [ $((SECONDS - born[$1])) -ge "$YOUNG_SECONDS" ]; then
        delay[$1]=$first_delay
    fi
    say warn "ended with $2, started again after ${delay[$1]} s" "$1"
    later "${delay[$1]}" "$1"
    delay[$1]=$(awk -v d="${delay[$1]}" -v m="$last_delay" 'BEGIN { print d * 2 > m ? m : d * 2 }')
}

stop() {
    local pid
    stopping=1
    for pid in "${!timer_of[@]}"; do
        kill "$pid" 2>/dev/null
    done
    for pid in "${pid_of[@]}"; do
        kill -TERM "$pid" 2>/dev/null
    done
    later "$STOP_SECONDS" kill
}
trap stop TERM INT HUP

for service in "${services[@]}"; do
    delay[$service]=$first_delay
    start "$service"
done
later "$LOG_CHECK_SECONDS" logs

while [ -z "$stopping" ] || [ ${#pid_of[@]} -gt 0 ]; do
    wait -n -p ended
    code=$?
    [ -n "${ended-}" ] || continue # a signal woke us
    if [ -n "${service_of[$ended]-}" ]; then
        service=${service_of[$ended]}
        unset "service_of[$ended]"
        died "$service" "$code"
    elif [ -n "${timer_of[$ended]-}" ]; then
        what=${timer_of[$ended]}
        unset "timer_of[$ended]"
        case $what in
        logs)
            cut_logs
            [ -n "$stopping" ] || later "$LOG_CHECK_SECONDS" logs
            ;;
        kill)
            for service in "${!pid_of[@]}"; do
                say error "did not end in $STOP_SECONDS s, killed" "$service"
                kill -KILL "${pid_of[$service]}" 2>/dev/null
            done
            ;;
        *) [ -n "$stopping" ] || start "$what" ;;
        esac
    fi
done
for pid in "${!timer_of[@]}"; do
    kill "$pid" 2>/dev/null
done
rm -f "$run/supervisor.pid"
