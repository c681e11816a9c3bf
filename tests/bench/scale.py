#!/usr/bin/env python3
"""Everything at once: one organization with 100,000 users, 1 million events, 20,000 incidents and 500 apps, against a small one in
the same suite, asked in turn; and the memory of all processes, idle and then. See README.md."""

import argparse
import os
import random
import statistics
import sys
import time

import incidents
import lists  # noqa: E402  (incidents.py finds the release build and tests/system)
import records
import suite

SMALL_USERS, SMALL_INCIDENTS, SMALL_EVENTS = 1000, 1000, 10000
POST = 500
EVENT = ('{"kind":"admin#reports#activity","id":{"time":"%s","uniqueQualifier":"%d","applicationName":"login","customerId":"C0"},'
         '"actor":{"callerType":"USER","email":"%s","profileId":"%d"},"ipAddress":"198.51.100.%d","events":[{"type":"login",'
         '"name":"login_success","parameters":[{"name":"login_type","value":"google_password"}]}]}\n')


def memory(running):
    """MB of each process."""
    sizes = {}
    for service in suite.SERVICES:
        with open("/proc/%d/status" % running.pid(service)) as file:
            sizes[service] = int(next(line for line in file if line.startswith("VmRSS")).split()[1]) / 1024
    return sizes


def show_memory(when, sizes, floor):
    print("memory %s: %.0f MB of %d (%s)" % (when, sum(sizes.values()), floor, ", ".join(
        "%s %.0f" % (name, size) for name, size in sizes.items())))


def ingest_events(organization, rows, count, seconds):
    """Sign-ins of the last three days, spread over all users. Ends early at the limit of time, and says how many there are."""
    rng = random.Random(3)
    begin, sent = time.perf_counter(), 0
    now = time.time()
    while sent < count and time.perf_counter() - begin < seconds:
        lines = []
        for number in range(sent, min(sent + POST, count)):
            user = rng.randrange(len(rows))
            lines.append(EVENT % (records.rfc3339(now - 3 * 86400 * rng.random()), number, rows[user]["email"], 10 ** 9 + user,
                                  1 + user % 250))
        body = "".join(lines).encode()
        answer = lists.retry(lambda: organization.api.events(body, content_type="application/x-ndjson"))
        if answer.status != 202 or answer.data["rejected"]:
            raise SystemExit("refused: %d %s" % (answer.status, answer.text[:300]))
        sent += len(lines)
    return sent, time.perf_counter() - begin


def fill(running, organization, rows, events, apps, seconds):
    organization.api.close()  # an idle connection may have ended meanwhile; the next request makes a new one
    took = lists.upload(organization.api, rows)
    lists.post(organization.api, lists.trouble(rows) + lists.grants(rows, apps))
    sent, used = ingest_events(organization, rows, events, seconds)
    running.settle(600)
    print("%d users (upload %.1f s), %d events in %.0f s (%.0f/s), load average %.1f" % (
        len(rows), took, sent, used, sent / used, os.getloadavg()[0]), flush=True)


def compare(name, ask_small, ask_large, rounds):
    times = ([], [])
    for number in range(-5, rounds):
        for which, ask in enumerate((ask_small, ask_large)):
            used = ask(number % rounds)
            if number >= 0:
                times[which].append(used)
    few, many = times
    print("%-28s %12.2f (%7.2f) %12.2f (%7.2f) %8.2f" % (
        name, statistics.median(few), incidents.p99(few), statistics.median(many), incidents.p99(many),
        incidents.p99(many) / incidents.p99(few)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=100000, help="of the large organization (100000)")
    parser.add_argument("--events", type=int, default=1000000, help="(1000000)")
    parser.add_argument("--incidents", type=int, default=20000, help="(20000)")
    parser.add_argument("--apps", type=int, default=500, help="(500)")
    parser.add_argument("--rounds", type=int, default=100, help="requests of each kind to each organization (100)")
    parser.add_argument("--seconds", type=int, default=300, help="at most, of loading events (300)")
    options = parser.parse_args()
    incidents.build()
    rows = lists.people(options.users)
    with suite.Suite({"TS_RISK_LOG_LEVEL": "warn", "TS_INCIDENTS_LOG_LEVEL": "warn", **suite.ANSWERS_ANEW}) as running:
        environment = dict(running.environment, TS_BUS_DIR=running.bus)
        running.client().get("/v1/overview")
        show_memory("idle", memory(running), 150)
        small = incidents.Organization(running, environment, "Small", SMALL_INCIDENTS)
        large = incidents.Organization(running, environment, "Large", options.incidents)
        fill(running, small, rows[:SMALL_USERS], SMALL_EVENTS, 20, options.seconds)
        fill(running, large, rows, options.events, options.apps, options.seconds)
        small.api.close()
        large.api.close()
        show_memory("loaded", memory(running), 600)
        print("%-28s %22s %22s %8s" % ("ms: median (p99)", "small", "large", "p99 ratio"))
        few = lists.questions(rows[:SMALL_USERS], options.rounds)
        many = lists.questions(rows, options.rounds)
        for name in few:
            compare(name, lambda n, p=few[name]: lists.ask(small.api, [p[n]])[0],
                    lambda n, p=many[name]: lists.ask(large.api, [p[n]])[0], options.rounds)
        for name, path, query in incidents.CASES:
            compare(name, lambda n, p=path, q=query: small.ask(p, q), lambda n, p=path, q=query: large.ask(p, q), options.rounds)
        for path in ("/v1/users", "/v1/incidents"):
            compare("%s, offset 0 and 10,000" % path, lambda n, p=path: lists.ask(large.api, [p + "?limit=50"])[0],
                    lambda n, p=path: lists.ask(large.api, [p + "?limit=50&offset=10000"])[0], options.rounds)
        show_memory("after all questions", memory(running), 600)
        print("load average %.1f, %d processors" % (os.getloadavg()[0], os.cpu_count()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
