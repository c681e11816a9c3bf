#!/usr/bin/env bash
# An authority of one's own for the bus between machines, and a certificate for each name.
#
#   deploy/tls/make.sh DIR NAME...     e.g. deploy/tls/make.sh tls auth risk incidents ai-usage webhooks gateway webhook-dispatcher
#
# Writes DIR/ca.pem (give it to all), DIR/ca.key (keep it away from all), and DIR/NAME.pem: certificate and key of one, readable by
# its owner alone. Certificates last 397 days: run it again with the same DIR for new ones; the authority stays for ten years.
# NAME is the host name by which others reach it on the bus.
set -euo pipefail

[ $# -ge 2 ] || {
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
}
dir=$1
shift
umask 077
mkdir -p "$dir"
cd "$dir"
new_key() { # file
    openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

if [ ! -s ca.key ]; then
    new_key ca.key
    openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj "/CN=TeamSentry bus" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.pem
    chmod 644 ca.pem
fi
for name in "$@"; do
    [[ $name =~ ^[A-Za-z0-9.-]+$ ]] || {
        echo "make.sh: $name is no host name" >&2
        exit 2
    }
    work=$(mktemp -d)
    new_key "$work/key"
    openssl req -new -key "$work/key" -subj "/CN=$name" -out "$work/csr"
    printf 'subjectAltName=DNS:%s\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n' "$name" >"$work/ext"
    openssl x509 -req -in "$work/csr" -CA ca.pem -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -days 397 -sha256 \
        -extfile "$work/ext" -out "$work/crt" 2>/dev/null
    cat "$work/crt" "$work/key" >"$name.pem.new"
    mv "$name.pem.new" "$name.pem"
    rm -rf "$work"
done
