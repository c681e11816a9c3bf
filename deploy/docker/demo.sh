#!/bin/sh
# Makes an organization Demo with a key that may only post, and plays four weeks of a simulated company into it. Once.
set -eu

ctl() {
    teamsentryctl "$@" --json
}

# The text under a name in JSON of one line; ids and secrets hold no quotes.
field() { # name
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}

if ctl org list | grep -q '"name":"Demo"'; then
    echo "The demo was played already."
    exit 0
fi
org=$(ctl org create Demo | field id)
TS_API_KEY=$(ctl key create "$org" --name Simulator --permissions ingest | field secret)
export TS_API_KEY
ts-simulator --post "$TS_DEMO_URL" --with-directory --history 21 --source okta,google_workspace
echo "Played into $org. A key to look at it: docker-compose run --rm ctl key create $org --name Me"
