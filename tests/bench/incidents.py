#!/usr/bin/env python3
"""Incidents of a large organization against those of a small one, asked in turn in one run of the whole suite: what grows with
the number of incidents shows as a ratio above 1. One client, one connection, over HTTP. See README.md."""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", os.environ.get("TS_BENCH_PRESET", "release"))
os.environ.setdefault("TS_BIN_DIR", os.path.join(BUILD, "bin"))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))

import client  # noqa: E402  (needs the lines above)
import suite  # noqa: E402


def run(*command, env=None):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout


def build():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        run("cmake", "--preset", os.path.basename(BUILD), "-S", ROOT)
    run("cmake", "--build", BUILD, "-j2")
    run("cmake", "--build", BUILD, "-j2", "--target", "bench_incidents_feed")


class Organization:
    def __init__(self, running, environment, name, incidents):
        ctl = os.path.join(suite.BIN, "teamsentryctl")
        made = json.loads(run(ctl, "org", "create", name, "--tier", "enterprise", "--json", env=environment))
        made = made.get("organization", made)
        key = run(ctl, "key", "create", made["id"], "--name", "bench", "--permissions", "admin", env=environment)
        self.api = client.Client(running.port, re.search(r"tsk_live_[0-9A-Za-z]{32}", key).group(0))
        self.figures = json.loads(run(os.path.join(suite.BIN, "bench_incidents_feed"), made["id"], str(incidents),
                                      env=environment))
        first = self.api.get("/v1/incidents", limit=200).data["incidents"]
        self.usual = next(i["id"] for i in first if i["detection_count"] == 3)
        self.big = self.api.get("/v1/incidents", user="big@bench.example").data["incidents"][0]["id"]
        self.since = self.api.get("/v1/incidents", offset=50).data["incidents"][0]["created_at"]

    def ask(self, path, query):
        path = path.format(usual=self.usual, big=self.big)
        query = {name: value.format(since=self.since) if isinstance(value, str) else value for name, value in query.items()}
        begin = time.perf_counter()
        answer = self.api.get(path, **query)
        used = time.perf_counter() - begin
        if answer.status == 429:
            time.sleep(float(answer.headers["Retry-After"]))
            return self.ask(path, query)
        if answer.status != 200:
            raise SystemExit("%s: %d %s" % (path, answer.status, answer.text[:300]))
        return used * 1000


CASES = (
    ("page 1", "/v1/incidents", {}),
    ("page 1, all states", "/v1/incidents", {"status": "all"}),
    ("closed", "/v1/incidents", {"status": "closed"}),
    ("severity", "/v1/incidents", {"severity": "critical"}),
    ("since, about 50 newer", "/v1/incidents", {"status": "all", "since": "{since}"}),
    ("until, all but 50", "/v1/incidents", {"status": "all", "until": "{since}"}),
    ("a user's 200", "/v1/incidents", {"status": "all", "user": "hot@bench.example"}),
    ("all four filters", "/v1/incidents", {"status": "open", "severity": "high", "until": "{since}", "user": "hot@bench.example"}),
    ("details", "/v1/incidents/{usual}", {}),
    ("details, 1,500 detections", "/v1/incidents/{big}", {}),
    ("overview with incidents", "/v1/overview", {"include_incidents": "true"}),
    ("agent summary", "/v1/agent/summary", {}),
)


def p99(values):
    return sorted(values)[max(0, int(len(values) * 0.99) - 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--incidents", type=int, default=20000, help="of the large organization (20000)")
    parser.add_argument("--small", type=int, default=1000, help="of the small one (1000)")
    parser.add_argument("--rounds", type=int, default=200, help="requests of each kind to each of them (200)")
    options = parser.parse_args()
    build()
    with suite.Suite({"TS_INCIDENTS_LOG_LEVEL": "warn", **suite.ANSWERS_ANEW}) as running:
        environment = dict(running.environment, TS_BUS_DIR=os.path.join(running.data, "run", "bus"))
        small = Organization(running, environment, "Small", options.small)
        large = Organization(running, environment, "Large", options.incidents)
        print("%d and %d incidents; %d detections taken in %.1f s; %d rounds, %d processors" % (
            options.small, options.incidents, large.figures["detections"], large.figures["seconds"], options.rounds, os.cpu_count()))
        print("%-28s %22s %22s %8s" % ("ms: median (p99)", "small", "large", "p99 ratio"))
        for name, path, query in CASES:
            times = ([], [])
            for _ in range(options.rounds):
                for which, organization in enumerate((small, large)):
                    times[which].append(organization.ask(path, query))
            few, many = times
            print("%-28s %12.2f (%7.2f) %12.2f (%7.2f) %8.2f" % (name, statistics.median(few), p99(few), statistics.median(many),
                                                                p99(many), p99(many) / p99(few)))
        times = ([], [])
        for _ in range(options.rounds):
            times[0].append(large.ask("/v1/incidents", {"status": "all"}))
            times[1].append(large.ask("/v1/incidents", {"status": "all", "offset": options.incidents // 2}))
        print("offset %d instead of 0: median %+.2f ms, p99 %+.2f ms" % (
            options.incidents // 2, statistics.median(times[1]) - statistics.median(times[0]), p99(times[1]) - p99(times[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
