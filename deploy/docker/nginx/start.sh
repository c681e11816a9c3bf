#!/bin/sh
# nginx before the gateways: deploy/nginx/teamsentry.conf with what it marks CHANGE changed, and the addresses of the gateways that
# there are, looked up again every LOOK_SECONDS, so that they may come and go: --scale gateway=2. Without a certificate in
# /etc/teamsentry/tls it makes one of its own, for a first look.
set -eu

LOOK_SECONDS=2
tls=/etc/teamsentry/tls
name=${TS_FRONT_NAME:-localhost}

if [ "${1-}" = --health ]; then
    exec openssl s_client -connect 127.0.0.1:8443 -brief </dev/null >/dev/null 2>&1
fi

addresses() {
    getent ahostsv4 gateway | cut -d ' ' -f 1 | sort -u
}

fit() { # addresses
    servers=$(for address in $1; do printf 'server %s:8080 max_fails=2 fail_timeout=2s; ' "$address"; done)
    sed -e "s#server 127.0.0.1:8080 max_fails=2 fail_timeout=2s;#$servers#" \
        -e "s#server_name api.example.com;#server_name $name;#" \
        -e 's#listen 80;#listen 8080;#' \
        -e 's#listen 443 ssl#listen 8443 ssl#' \
        -e "s#$tls/fullchain.pem#$tls/tls.crt#" \
        -e "s#$tls/privkey.pem#$tls/tls.key#" \
        -e 's#/var/log/nginx/teamsentry.log#/dev/stdout#' \
        -e 's#/var/log/nginx/teamsentry-error.log#stderr#' \
        /etc/nginx/teamsentry.conf >/tmp/teamsentry.conf
}

if [ ! -s "$tls/tls.crt" ] || [ ! -s "$tls/tls.key" ]; then
    echo "no certificate in $tls: making one for $name, which browsers will not trust" >&2
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 397 \
        -subj "/CN=$name" -addext "subjectAltName=DNS:$name,IP:127.0.0.1" \
        -keyout "$tls/tls.key" -out "$tls/tls.crt" 2>/dev/null
fi

known=$(addresses)
until [ -n "$known" ]; do
    echo "waiting for a gateway" >&2
    sleep "$LOOK_SECONDS"
    known=$(addresses)
done
fit "$known"
nginx -e stderr &
nginx=$!
trap 'kill -QUIT "$nginx"' TERM INT
while kill -0 "$nginx" 2>/dev/null; do
    sleep "$LOOK_SECONDS" &
    wait $! || true
    now=$(addresses || true)
    if [ -n "$now" ] && [ "$now" != "$known" ]; then
        known=$now
        fit "$known"
        kill -HUP "$nginx" 2>/dev/null || true
    fi
done
wait "$nginx"
