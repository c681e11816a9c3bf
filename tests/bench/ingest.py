#!/usr/bin/env python3
"""Durable ingest through the whole suite, against RocksDB alone writing the same bytes on the same disk, in turn.

One client, one connection; a post is answered when its events are on disk; detections are on. See README.md."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
os.environ.setdefault("TS_BIN_DIR", os.path.join(BUILD, "bin"))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))

import suite  # noqa: E402  (needs the two lines above)


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def build():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        run("cmake", "--preset", "release", "-S", ROOT)
    run("cmake", "--build", BUILD, "-j2")
    run("cmake", "--build", BUILD, "-j2", "--target", "bench_store_peer")


def simulate(path, events):
    run(os.path.join(suite.BIN, "ts-simulator"), "--events", str(events), "--days", "5", "--out", path)
    with open(path, "rb") as file:
        return file.read().splitlines(keepends=True)


def use_tier(running, client):
    """Rate limits stay on: the organization gets the tier whose limit is above what one client can send."""
    org = client.get("/v1/overview").data["organization"]["id"]
    environment = dict(running.environment, TS_BUS_DIR=os.path.join(running.data, "run", "bus"))
    subprocess.run([os.path.join(suite.BIN, "teamsentryctl"), "org", "tier", org, "enterprise"], check=True,
                   env=environment, stdout=subprocess.DEVNULL)


def sync_figures(running):
    values = suite.metrics(running.ops_port("risk"))
    return values.get("ts_store_sync_seconds_sum", 0.0), values.get("ts_store_sync_seconds_count", 0.0)


def play_suite(bodies, events):
    with suite.Suite({"TS_RISK_LOG_LEVEL": "warn"}) as running:
        client = running.client()
        use_tier(running, client)
        seconds_before, syncs_before = sync_figures(running)
        pauses = 0.0
        begin = time.perf_counter()
        for body in bodies:
            answer = client.events(body, content_type="application/x-ndjson")
            while answer.status == 429:
                wait = float(answer.headers["Retry-After"])
                pauses += wait
                time.sleep(wait)
                answer = client.events(body, content_type="application/x-ndjson")
            if answer.status != 202 or answer.data["rejected"]:
                raise SystemExit("refused: %d %s" % (answer.status, answer.text[:300]))
        used = time.perf_counter() - begin - pauses
        seconds, syncs = sync_figures(running)
        begin = time.perf_counter()
        running.settle(600)
        return {"seconds": used, "events_per_second": events / used, "fsync_share": (seconds - seconds_before) / used,
                "fsyncs": syncs - syncs_before, "paused": pauses, "settle_seconds": time.perf_counter() - begin,
                "detections": suite.total(suite.metrics(running.ops_port("risk")), "ts_risk_detections_total")}


def play_peer(path, batch):
    home = tempfile.mkdtemp(prefix="ts-bench-")
    try:
        figures = json.loads(run(os.path.join(suite.BIN, "bench_store_peer"), path, os.path.join(home, "db"), str(batch)))
    finally:
        shutil.rmtree(home)
    figures["events_per_second"] = figures["rows"] / figures["seconds"]
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100000, help="events of a run (100000)")
    parser.add_argument("--post", type=int, default=500, help="events of a post (500)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each, in turn; the middle one counts (3)")
    options = parser.parse_args()
    build()
    with tempfile.TemporaryDirectory(prefix="ts-bench-") as home:
        path = os.path.join(home, "events.ndjson")
        lines = simulate(path, options.events)
        bodies = [b"".join(lines[i:i + options.post]) for i in range(0, len(lines), options.post)]
        size = sum(map(len, lines))
        print("%d events, %.1f MB, %d a post, %d runs, %d processors" % (
            len(lines), size / 1e6, options.post, options.runs, os.cpu_count()))
        ours, peers = [], []
        for number in range(options.runs):
            ours.append(play_suite(bodies, len(lines)))
            peers.append(play_peer(path, options.post))
            o, p = ours[-1], peers[-1]
            print("run %d: suite %.0f events/s, %.0f %% of the time in %d fsyncs, %d detections, settled %.1f s later; "
                  "RocksDB alone %.0f events/s" % (number + 1, o["events_per_second"], 100 * o["fsync_share"], o["fsyncs"],
                                                   o["detections"], o["settle_seconds"], p["events_per_second"]))
            if o["paused"]:
                print("       (%.0f s of waiting for the rate limit are not counted)" % o["paused"])
        our = statistics.median(o["events_per_second"] for o in ours)
        peer = statistics.median(p["events_per_second"] for p in peers)
        print("suite %.0f events/s, RocksDB alone %.0f events/s, ratio %.3f" % (our, peer, our / peer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
