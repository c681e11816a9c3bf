#!/usr/bin/env bash
# Installs everything TeamSentry is built from and runs on: Debian 12 packages only.
#
#   deploy/install-deps.sh            what building and running need
#   deploy/install-deps.sh --test     the above and what the tests need
#   deploy/install-deps.sh --containers  what the tests with containers need
#   deploy/install-deps.sh --runtime  only what running needs: for images that are given their programs
#
# Does nothing (and needs no root and no network) when all packages are there already. Tests also use tools from npm, in the
# versions of tests/web/package-lock.json; where they cannot be had, the tests that need them are skipped and say so.
set -euo pipefail

build_packages=(
    build-essential cmake ninja-build pkg-config ca-certificates
    libnng-dev                                   # the bus
    libprotobuf-c-dev protobuf-c-compiler        # messages
    librocksdb-dev                               # state
    libssl-dev                                   # hashes, HMAC, random numbers
    libcurl4-openssl-dev                         # webhook sender, simulator, gateway's model
    libyaml-dev                                  # detection rules
    libsimdjson-dev                              # JSON that comes in
    zlib1g-dev                                   # gzip bodies
    wamerican-small                              # English words, for questions in plain words
)
runtime_packages=(
    ca-certificates
    libnng1 libprotobuf-c1 librocksdb7.8 libssl3 libcurl4 libyaml-0-2 libsimdjson14 zlib1g
    wamerican-small
)
test_packages=(
    libcriterion-dev clang clang-format clang-tidy libclang-rt-14-dev
    libcivetweb-dev python3 curl procps wrk nginx-light prometheus prometheus-alertmanager openssl locales
)
# Another kubectl that is here already does as well, and lies where Debian's would.
command -v kubectl >/dev/null || test_packages+=(kubernetes-client)
container_packages=(docker.io docker-compose debootstrap python3)

packages=("${build_packages[@]}")
case "${1-}" in
"") ;;
--test) packages+=("${test_packages[@]}") ;;
--runtime) packages=("${runtime_packages[@]}") ;;
--containers) packages=("${container_packages[@]}") ;;
*)
    echo "usage: deploy/install-deps.sh [--test|--containers|--runtime]" >&2
    exit 2
    ;;
esac

# A node of another origin brings its npm along and does not go with Debian's.
if [ "${1-}" = --test ] && ! command -v npm >/dev/null; then
    packages+=(nodejs npm)
fi

install_web_tools() { # --ignore-scripts: what is installed runs nothing by being installed
    local web
    web=$(cd "$(dirname "$0")/../tests/web" && pwd)
    cmp -s "$web/package-lock.json" "$web/node_modules/.installed" && return
    echo "installing: tools of tests/web" >&2
    if npm ci --prefix "$web" --ignore-scripts --no-audit --no-fund --loglevel=error >&2; then
        cp "$web/package-lock.json" "$web/node_modules/.installed"
    else
        echo "install-deps.sh: npm could not install them; tests that need them are skipped" >&2
    fi
}

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    [ "${1-}" != --test ] || install_web_tools
    exit 0
fi

run=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "install-deps.sh: run as root, or install sudo; missing: ${missing[*]}" >&2
        exit 1
    }
    run=(sudo)
fi
echo "installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${run[@]}" apt-get update -q >&2
"${run[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
[ "${1-}" != --test ] || install_web_tools
