#!/usr/bin/env bash
# Keeps the processes of one data directory running: starts them, starts again what dies, ends them on SIGTERM.
# deploy/up.sh starts it, with the settings in the environment; nobody needs to call it by hand.
#
#   deploy/supervise.sh DATA-DIRECTORY BIN-DIRECTORY SERVICE...
#
# Each service has a pid file DATA/run/ts-SERVICE.pid and a log DATA/run/ts-SERVICE.log (at most two of LOG_MAX bytes or what
# is written in LOG_CHECK_SECONDS, whichever is more). One that dies is started again at once; one that dies young waits,
# longer each time, up to 5 s. Nothing here polls: all waiting is `wait`.
#
# A keeper, a shell of its own, waits for each process by its id. One shell for all would need `wait -n`, and that of bash
# 5.2 never tells of children that several signals ended at the same time.
set -uo pipefail

data=$1
bin=$2
shift 2
services=("$@")
run=$data/run

LOG_MAX=$((10 * 1024 * 1024))
LOG_CHECK_SECONDS=60
YOUNG_SECONDS=10
STOP_SECONDS=15
DELAYS=(0.1 0.2 0.5 1 2 5)

# The caller's descriptors are not ours to hold open. 255 is where bash reads this file.
for fd in "/proc/$$/fd"/*; do
    fd=${fd##*/}
    if [ "$fd" -gt 2 ] && [ "$fd" -ne 255 ]; then
        exec {fd}>&-
    fi
done

# The lock says that a supervisor lives. Keepers and services do not inherit it. Somebody who asks holds it for a moment.
exec 9>"$run/lock"
flock -w 2 9 || {
    echo "another supervisor runs on $data" >&2
    exit 1
}

write_pid() { # name, pid
    echo "$2" >"$run/$1.pid.new"
    mv "$run/$1.pid.new" "$run/$1.pid"
}

say() { # level, message, service
    local now
    TZ=UTC0 printf -v now '%(%Y-%m-%dT%H:%M:%SZ)T' -1
    printf 'time=%s level=%s process=supervisor msg="%s" service=%s\n' "$now" "$1" "$2" "$3"
}

# Waits for one child to its end and leaves its exit code in `code`. A signal that we have a trap for ends `wait` early, and
# then we wait again; 127 says that it had ended just then.
code=0
interrupted=
wait_for() { # pid
    local again='' ended
    while :; do
        interrupted=
        ended=0
        wait "$1" 2>/dev/null || ended=$?
        [ -n "$again" ] && [ "$ended" -eq 127 ] || code=$ended
        [ -n "$interrupted" ] || return 0
        again=1
    done
}

stopping=
child=
on_stop() {
    stopping=1
    interrupted=1
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
}

keep() { # service
    local name=ts-$1 step=0 begun
    trap on_stop TERM
    while [ -z "$stopping" ]; do
        begun=$SECONDS
        "$bin/$name" >>"$run/$name.log" 2>&1 </dev/null &
        child=$!
        write_pid "$name" "$child"
        [ -z "$stopping" ] || kill -TERM "$child" 2>/dev/null # asked while there was no child yet
        wait_for "$child"
        child=
        rm -f "$run/$name.pid"
        [ -z "$stopping" ] || break
        [ $((SECONDS - begun)) -lt "$YOUNG_SECONDS" ] || step=0
        say warn "ended with $code, started again after ${DELAYS[step]} s" "$1"
        sleep "${DELAYS[step]}" &
        child=$! # so that a stop ends the pause
        [ -z "$stopping" ] || kill -TERM "$child" 2>/dev/null
        wait_for "$child"
        child=
        [ "$step" -eq $((${#DELAYS[@]} - 1)) ] || step=$((step + 1))
    done
    [ "$code" -eq 0 ] || say warn "ended with $code when it was stopped" "$1"
}

# Programs append, so that a log can be cut under their hands. What is written between the two commands is lost.
cut_logs() {
    local log
    for log in "$run"/*.log; do
        if [ "$(stat -c %s "$log")" -gt "$LOG_MAX" ]; then
            cp "$log" "$log.1" && : >"$log"
        fi
    done
}

umask 077
keepers=()
trap on_stop TERM INT HUP
write_pid supervisor $$
for service in "${services[@]}"; do
    keep "$service" 9>&- &
    keepers+=($!)
done

while [ -z "$stopping" ]; do
    sleep "$LOG_CHECK_SECONDS" 9>&- &
    child=$!
    [ -z "$stopping" ] || kill -TERM "$child" 2>/dev/null
    wait_for "$child"
    child=
    cut_logs
done

kill -TERM "${keepers[@]}" 2>/dev/null
(
    sleep "$STOP_SECONDS" &
    nap=$!
    trap 'kill "$nap"; exit 0' TERM
    wait "$nap"
    for service in "${services[@]}"; do
        pid=$(cat "$run/ts-$service.pid" 2>/dev/null) || continue
        say error "did not end in $STOP_SECONDS s, killed" "$service"
        kill -KILL "$pid"
    done
) 9>&- &
last_resort=$!
for keeper in "${keepers[@]}"; do
    wait_for "$keeper"
done
kill -TERM "$last_resort" 2>/dev/null
wait_for "$last_resort"
rm -f "$run/supervisor.pid"
