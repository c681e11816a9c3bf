#!/usr/bin/env bash
# Builds and tests everything; the last line is "N passed, N failed".
#   --fast   unit and contract tests of one build only
set -uo pipefail
cd "$(dirname "$0")/.."
fast=
[ "${1-}" = --fast ] && fast=1
passed=0
failed=0

deploy/install-deps.sh --test || exit 1

build() { # preset
    if cmake --preset "$1" >/dev/null && cmake --build --preset "$1" -j"$(nproc)"; then
        passed=$((passed + 1))
    else
        echo "build of preset $1 failed"
        failed=$((failed + 1))
    fi
}

run_ctest() { # preset, ctest options...
    local preset=$1 report
    shift
    report=$(mktemp)
    ctest --test-dir "build/$preset" --output-on-failure "$@" | tee "$report"
    passed=$((passed + $(grep -cE '^ *[0-9]+/[0-9]+ Test .* Passed ' "$report")))
    failed=$((failed + $(grep -cE '^ *[0-9]+/[0-9]+ Test .*\*\*\*(Failed|Timeout|Exception|Not Run)' "$report")))
    rm -f "$report"
}

build dev
run_ctest dev
if [ -z "$fast" ]; then
    build asan
    run_ctest asan
    build tsan
    TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp halt_on_error=1" run_ctest tsan -L tsan
    build release
    build clang
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
