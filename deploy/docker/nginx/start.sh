#!/bin/sh
# nginx before the gateways. Without a certificate in /etc/teamsentry/tls it makes one of its own, for a first look.
set -eu

tls=/etc/teamsentry/tls
if [ "${1-}" = --health ]; then
    exec openssl s_client -connect 127.0.0.1:8443 -brief </dev/null >/dev/null 2>&1
fi
if [ ! -s "$tls/tls.crt" ] || [ ! -s "$tls/tls.key" ]; then
    echo "no certificate in $tls: making one for ${TS_FRONT_NAME:-localhost}, which browsers will not trust" >&2
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 397 \
        -subj "/CN=${TS_FRONT_NAME:-localhost}" -addext "subjectAltName=DNS:${TS_FRONT_NAME:-localhost},IP:127.0.0.1" \
        -keyout "$tls/tls.key" -out "$tls/tls.crt" 2>/dev/null
fi
exec nginx -e stderr
