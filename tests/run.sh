#!/usr/bin/env bash
# Builds and tests everything; the last line is "N passed, N failed".
#   --fast        unit and contract tests of one build only
#   --containers  only the compose project on a real engine; as root
#   --all         everything and the containers too
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
fast=
programs=1
containers=
case "${1-}" in
"") ;;
--fast) fast=1 ;;
--containers) programs= containers=1 ;;
--all) containers=1 ;;
*)
    echo "usage: tests/run.sh [--fast|--containers|--all]" >&2
    exit 2
    ;;
esac
passed=0
failed=0
skipped=0
# Most tests wait for most of their time: for peers, for the disk, for a minute to end.
at_once=$((2 * $(nproc)))

[ -z "$programs" ] || deploy/install-deps.sh --test || exit 1

# What sanitizers say in the services that system tests start; each report is a failure of its own.
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

build() { # preset
    echo "== build $1"
    if cmake --preset "$1" >/dev/null && cmake --build --preset "$1" -j"$(nproc)"; then
        passed=$((passed + 1))
    else
        echo "build of preset $1 failed"
        failed=$((failed + 1))
    fi
}

count() { # extended regular expression, file
    grep -cE "$1" "$2" || true
}

wrap=() # put in front of ctest

run_ctest() { # preset, ctest options...
    local preset=$1 report
    shift
    echo "== test $preset $*"
    report=$(mktemp)
    "${wrap[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j"$at_once" "$@" 2>&1 | tee "$report"
    if [ "${PIPESTATUS[0]}" -ne 0 ] && ! grep -qE '^ *[0-9]+/[0-9]+ Test ' "$report"; then
        echo "ctest of preset $preset ran nothing"
        failed=$((failed + 1))
    fi
    passed=$((passed + $(count '^ *[0-9]+/[0-9]+ Test .* Passed ' "$report")))
    failed=$((failed + $(count '^ *[0-9]+/[0-9]+ Test .*\*\*\*(Failed|Timeout|Exception|Not Run)' "$report")))
    skipped=$((skipped + $(count '^ *[0-9]+/[0-9]+ Test .*\*\*\*Skipped' "$report")))
    grep -hE " skipped '|^skipped: " "build/$preset/Testing/Temporary/LastTest.log" 2>/dev/null | sort -u || true
    rm -f "$report"
}

run_containers() {
    local report
    echo "== containers"
    deploy/install-deps.sh --containers || exit 1
    report=$(mktemp)
    python3 -B tests/containers/run.py 2>&1 | tee "$report"
    case ${PIPESTATUS[0]} in
    0) ;;
    77) skipped=$((skipped + 1)) ;;
    *) grep -qE ' \.\.\. (FAIL|ERROR)$' "$report" || failed=$((failed + 1)) ;;
    esac
    passed=$((passed + $(count ' \.\.\. ok$' "$report")))
    failed=$((failed + $(count ' \.\.\. (FAIL|ERROR)$' "$report")))
    rm -f "$report"
}

if [ -n "$fast" ]; then
    build dev
    run_ctest dev -LE system
elif [ -n "$programs" ]; then
    build dev
    run_ctest dev
    build asan
    TS_SANITIZER_LOGS="$reports" run_ctest asan
    build tsan
    # The sanitizer's shadow memory does not go with every layout that the kernel may choose.
    setarch -R true 2>/dev/null && wrap=(setarch -R)
    TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp halt_on_error=1" run_ctest tsan -L tsan
    wrap=()
    build release
    build clang
    for report in "$reports"/*; do
        [ -s "$report" ] || continue
        echo "== sanitizer report $(basename "$report")"
        head -c 8000 "$report"
        failed=$((failed + 1))
    done
fi
[ -z "$containers" ] || run_containers

[ "$skipped" -eq 0 ] || echo "$skipped skipped, for the reasons above"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
