#!/usr/bin/env python3
"""The webhook path: ledger and dispatchers as they ship, a receiver and a producer of our own, no gateway. See README.md.

    tests/bench/webhooks.py                      # all of it
    tests/bench/webhooks.py rate fair            # some of it: rate, cost, sender, ingest, scale, fair, pending, chaos
    tests/bench/webhooks.py chaos --kills 300
    tests/bench/webhooks.py cost --against OTHER_BUILD/bin
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TS_BENCH_BUILD", os.path.join(ROOT, "build", "release"))
BIN = os.environ.setdefault("TS_BIN_DIR", os.path.join(BUILD, "bin"))
POSTERS = 16
LEASE_SECONDS = 15  # in chaos
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))

import receiver  # noqa: E402  (needs the lines above)
import records  # noqa: E402
import suite  # noqa: E402


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(port, path):
    with urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path), timeout=30) as answer:
        return answer.read().decode()


def metrics(port):
    try:
        rows = (line.rsplit(" ", 1) for line in get(port, "/metrics").splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in rows}
    except OSError:
        return {}


def wait(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("not within %g s: %s" % (seconds, what))
        time.sleep(0.02)


class World:
    """A ledger, dispatchers and a receiver; started anew where they are killed."""

    def __init__(self, bin_dir=BIN, **settings):
        self.bin = bin_dir
        self.directory = tempfile.mkdtemp(prefix="ts-bench-")
        self.bus = os.path.join(self.directory, "bus")
        os.mkdir(self.bus, 0o700)
        self.environment = dict(os.environ, TS_BUS_DIR=self.bus, TS_WEBHOOKS_DB_DIR=os.path.join(self.directory, "db"), TS_WEBHOOKS_ALLOW_HTTP="1",
                                TS_WEBHOOKS_ALLOW_CIDRS="127.0.0.0/8", TS_WEBHOOKS_ENDPOINTS_MAX="10000", **settings)
        self.processes = {}
        self.ports = {}
        self.sink_port = free_port()
        self.sink = subprocess.Popen([os.path.join(BIN, "bench_webhook_peer"), "sink", str(self.sink_port)])
        self.start("webhooks")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for process in [*self.processes.values(), self.sink]:
            process.kill()
            process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, name):
        program = "webhook-dispatcher" if name.startswith("dispatcher") else name
        port = self.ports.setdefault(name, free_port())
        variable = "TS_%s_OPS_PORT" % program.upper().replace("-", "_")
        log = open(os.path.join(self.directory, name + ".log"), "ab")
        self.processes[name] = subprocess.Popen([os.path.join(self.bin, "ts-" + program)], env=dict(self.environment, **{variable: str(port)}),
                                                stdout=log, stderr=log)
        log.close()
        wait(lambda: self.is_ready(port), 60, name + " ready")

    @staticmethod
    def is_ready(port):
        try:
            return get(port, "/readyz").startswith("ready")
        except OSError:
            return False

    def kill(self, name, how=signal.SIGKILL):
        self.processes[name].send_signal(how)
        self.processes[name].wait()

    def dispatchers(self, count):
        for i in range(count):
            self.start("dispatcher%d" % i)

    def url(self, path):
        return "http://127.0.0.1:%d/%s" % (self.sink_port, path)

    def feed(self, first, orgs, path, rate, count):
        return subprocess.Popen([os.path.join(BIN, "bench_webhook_peer"), "feed", "ipc://%s/webhooks" % self.bus, str(first), str(orgs),
                                 path if path == "-" else self.url(path), str(rate), str(count)], stdout=subprocess.PIPE, text=True)

    def stats(self):
        return json.loads(get(self.sink_port, "/stats"))

    def clear(self):
        get(self.sink_port, "/clear")

    def ledger(self, name):
        return metrics(self.ports["webhooks"]).get(name, 0.0)

    def resident(self):
        return metrics(self.ports["webhooks"]).get("process_resident_memory_bytes", 0)

    def delivered(self):
        return self.ledger('ts_webhooks_deliveries_total{outcome="delivered"}')


def wrk(world, seconds=3):
    script = os.path.join(world.directory, "post.lua")
    with open(script, "w") as file:
        file.write('wrk.method="POST"\nwrk.headers["Content-Type"]="application/json"\nwrk.body=\'{"id":"evt_3aZkQ0","event":"incident.created",'
                   '"timestamp":"2025-01-15T10:30:00Z","data":{"incident_id":"inc_3aZkQ0","severity":"high","title":"Possible account takeover"}}\'\n')
    out = subprocess.run(["wrk", "-t1", "-c64", "-d%ds" % seconds, "-s", script, world.url("fast/wrk")], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", out).group(1))


def pour(world, orgs, path, count):
    """Deliveries a second from the first publish until the last result is on disk."""
    before = world.delivered()
    start = time.perf_counter()
    feeder = world.feed(1, orgs, path, 0, count)
    feeder.wait()
    fed = float(feeder.stdout.read())
    wait(lambda: world.delivered() - before >= count, 300, "%d deliveries" % count)
    return count / (time.perf_counter() - start), count / fed


def rate(count):
    with World() as world:
        world.dispatchers(1)
        pour(world, 32, "fast/warm", 2000)
        for _ in range(3):
            bare = wrk(world)
            whole, published = pour(world, 32, "-", count)
            print("rate: %.0f deliveries/s (published %.0f/s), wrk %.0f/s, ratio %.3f" % (whole, published, bare, whole / bare), flush=True)


def used(process):
    """Microseconds of CPU and context switches of a process so far."""
    with open("/proc/%d/stat" % process.pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    switches = 0
    for task in os.listdir("/proc/%d/task" % process.pid):
        with open("/proc/%d/task/%s/status" % (process.pid, task)) as file:
            switches += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK"), switches


def cost(count, against):
    """CPU time of ledger and dispatcher for a delivery: a busy machine changes it little."""
    found = {}
    for _ in range(3):
        for bin_dir in filter(None, (against, BIN)):
            with World(bin_dir) as world:
                world.dispatchers(1)
                pour(world, 32, "fast/warm", 2000)
                before = {name: used(process) for name, process in world.processes.items()}
                pour(world, 32, "-", count)
                row = [(used(process)[i] - before[name][i]) / count for name, process in world.processes.items() for i in (0, 1)]
                found.setdefault(bin_dir, []).append(row)
    for bin_dir, rows in found.items():
        print("cost: %s: ledger %.0f us of CPU and %.2f context switches a delivery, dispatcher %.0f us and %.2f" %
              (bin_dir, *(statistics.median(row[i] for row in rows) for i in range(4))), flush=True)


def sender(count):
    """The sender without ledger and bus, signing included; libcurl alone beside it, which is as much as there could be."""
    with World() as world:
        for _ in range(3):
            bare = wrk(world)
            found = []
            for how in (["64", "2"], ["64", "1"], ["64", "0"]):
                out = subprocess.run([os.path.join(BIN, "bench_sender"), world.url("fast/sender"), *how, str(2 * count)],
                                     stdout=subprocess.PIPE, text=True, check=True).stdout
                found.append([float(part) for part in out.split()])
            print("sender: wrk %.0f/s; " % bare + "; ".join(
                "%s %.0f/s, ratio %.3f, %.1f us of CPU" % (what, rate, rate / bare, us)
                for what, (rate, us) in zip(("signed and sent by 2 threads", "by 1", "libcurl alone"), found)), flush=True)


def at_rate(clients, rate, count):
    """Posts one event that makes an incident to each organization in turn; {user: moment of its post}."""
    asked = {}

    def post(which):
        for number in range(which, count, POSTERS):
            email = records.person()
            body = [records.login(email, 5), records.record("login", email, "email_forwarding_change", "email_forwarding_out_of_domain",
                                                            {"email_forwarding_destination_address": "drop@elsewhere.example"}, 1)]
            time.sleep(max(0, begin + number / rate - time.time()))
            asked[email] = time.time()
            answer = clients[number % len(clients)].events(body)
            if answer.status != 202:
                raise SystemExit("refused: %d %s" % (answer.status, answer.text[:300]))

    begin = time.time() + 0.5
    threads = [threading.Thread(target=post, args=(i,)) for i in range(POSTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asked


def ingest(seconds, rate=100, orgs=100):
    """From the post of an event at the gateway to its incident's webhook at the receiver: the whole suite."""
    with suite.Suite({"TS_RISK_LOG_LEVEL": "warn"}) as running, receiver.Receiver() as listening:
        keys = [running.make_key(running.organization("Bench %d" % i, "enterprise"))[0] for i in range(orgs)]
        clients = [running.client(key) for key in keys]
        for each in clients:
            each.create_endpoint(listening.url, ["incident.created"])
        at_rate(clients, rate, orgs)  # what is slow the first time
        suite.wait_until(lambda: len(listening.deliveries) >= orgs, 60, "the first of each")
        del listening.deliveries[:]
        asked = at_rate(clients, rate, rate * seconds)
        suite.wait_until(lambda: len(listening.deliveries) >= rate * seconds, 60, "an incident for each event")
        late = sorted(1000 * (d["at"] - asked[d["json"]["data"]["affected_user"]]) for d in listening.deliveries)
        print("ingest: %d events at %d/s in %d organizations, post to webhook: p50 %.0f ms, p99 %.0f ms, max %.0f ms" %
              (len(late), rate, orgs, late[len(late) // 2], late[len(late) * 99 // 100], late[-1]), flush=True)


def scale(count):
    # With 64 under way in each on the slow receiver, four stay below what 64 endpoints take at once (8 each) and the machine can do.
    for path, orgs, n, parallel in (("fast/x", 64, count, 256), ("slow/x", 64, count // 3, 64)):
        found = {}
        for dispatchers in (1, 4):
            with World(TS_WEBHOOK_DISPATCHER_PARALLEL=str(parallel)) as world:
                world.dispatchers(dispatchers)
                pour(world, orgs, path, 2000)
                found[dispatchers] = pour(world, orgs, "-", n)[0]
        print("scale %s: 1 dispatcher %.0f/s, 4 dispatchers %.0f/s, ratio %.2f" % (path, found[1], found[4], found[4] / found[1]), flush=True)


def fair_round(seconds, hung=0, noisy=0, more=0):
    """p99 of the first attempts of the healthy, at 10 events a second for each of 100 endpoints."""
    with World(TS_WEBHOOKS_RETRY_SCHEDULE="30s,2m") as world:
        world.dispatchers(1)
        healthy = 100 - hung - (1 if noisy else 0)
        feeds = [world.feed(1000, healthy, "fast/healthy", 10 * healthy, 10 * healthy * seconds)]
        if hung:
            feeds.append(world.feed(5000, hung, "hang/hung", 10 * hung, 10 * hung * seconds))
        if noisy:
            feeds.append(world.feed(7000, 1, "fast/noisy", 10 * noisy, 10 * noisy * seconds))
        if more:
            feeds.append(world.feed(7000, more, "fast/more", 10 * more, 10 * more * seconds))
        for feeder in feeds:
            feeder.wait()
        wait(lambda: world.stats().get("healthy", {}).get("distinct", 0) >= 10 * healthy * seconds, 60, "the healthy have all")
        return world.stats()["healthy"]


def fair(seconds):
    """What the noisy one adds is compared with the same load from 50 endpoints more: that is the machine's part of it."""
    rounds = [(fair_round(seconds), fair_round(seconds, hung=5), fair_round(seconds, noisy=50), fair_round(seconds, more=50)) for _ in range(5)]
    p99 = [statistics.median(r[i]["p99"] for r in rounds) for i in range(4)]
    p50 = [statistics.median(r[i]["p50"] for r in rounds) for i in range(4)]
    print("fair: medians of 5 rounds, p99 of first attempts: all healthy %d ms, 5 of 100 hung %d ms (%.2f), one 50x noisy %d ms (%.2f), "
          "as much from 50 more %d ms (%.2f); p50 %d/%d/%d/%d ms" %
          (p99[0], p99[1], p99[1] / max(1, p99[0]), p99[2], p99[2] / max(1, p99[0]), p99[3], p99[3] / max(1, p99[0]), *p50), flush=True)
    print("fair: p99 of the rounds: " + ", ".join("%d/%d/%d/%d" % tuple(part["p99"] for part in r) for r in rounds), flush=True)


def pending(count):
    """Memory as a backlog grows, the start after kill -9 with it, lateness beside it."""
    with World(TS_WEBHOOKS_RETRY_SCHEDULE="1h") as world:
        # Nobody listens: each fails once and waits for an hour.
        world.dispatchers(1)
        dead = subprocess.Popen([os.path.join(BIN, "bench_webhook_peer"), "feed", "ipc://%s/webhooks" % world.bus, "100", "100",
                                 "http://127.0.0.1:1/", "0", "0"], stdout=subprocess.PIPE)
        dead.wait()
        world.kill("dispatcher0", signal.SIGTERM)
        found = [(0, world.resident())]
        for upto in (count // 100, count // 10, count):
            world.feed(100, 100, "-", 0, upto - found[-1][0]).wait()
            found.append((upto, world.resident()))
        print("pending: resident with " + ", ".join("%d: %.0f MB" % (n, bytes_ / 1e6) for n, bytes_ in found), flush=True)
        world.kill("webhooks")
        start = time.perf_counter()
        world.start("webhooks")
        print("pending: %d deliveries: ready %.2f s after kill -9, resident %.0f MB then" %
              (count, time.perf_counter() - start, world.resident() / 1e6), flush=True)
        world.dispatchers(1)
        world.feed(900, 20, "fast/late", 200, 200 * 10).wait()
        wait(lambda: world.stats().get("late", {}).get("distinct", 0) >= 2000, 60, "all arrived")
        late = world.stats()["late"]
        print("pending: with that backlog at 100 dead endpoints, publish to receiver: p50 %d ms, p99 %d ms, max %d ms" %
              (late["p50"], late["p99"], late["max"]), flush=True)


def chaos(kills, seed):
    """kill -9 of ledger and dispatchers under load: nothing is lost, and twice comes only what was leased. What a killed one had
    leased comes when the lease has ended; a busy machine has half a minute for it."""
    choice = random.Random(seed)
    parallel = 32
    count = kills * 60
    with World(TS_WEBHOOKS_LEASE_MS=str(1000 * LEASE_SECONDS), TS_WEBHOOK_DISPATCHER_PARALLEL=str(parallel), TS_WEBHOOKS_RETRY_SCHEDULE="1s,1s,1s,1s,1s") as world:
        world.dispatchers(2)
        world.feed(1, 20, "fast/chaos", 0, 0).wait()
        feeder = world.feed(1, 20, "-", 60 / 0.15, count)
        leased = 0
        for _ in range(kills):
            time.sleep(choice.uniform(0.02, 0.2))
            name = choice.choice(["webhooks", "dispatcher0", "dispatcher1"])
            leased += 2 * parallel if name == "webhooks" else parallel
            world.kill(name)
            world.start(name)
        killed = time.perf_counter()
        feeder.wait()
        wait(lambda: world.stats().get("chaos", {}).get("distinct", 0) >= count, LEASE_SECONDS + 30, "every event arrived")
        resumed = time.perf_counter() - killed
        found = world.stats()["chaos"]
        twice = found["count"] - found["distinct"]
        print("chaos: seed %d, %d kills, %d events: %d arrived, %d lost, %d came twice (leases at the kills: at most %d), the last %.1f s after the last kill and restart" %
              (seed, kills, count, found["distinct"], count - found["distinct"], twice, leased, resumed), flush=True)
        if found["distinct"] != count or twice > leased:
            raise SystemExit("chaos: not as promised")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--count", type=int, default=30000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--pending", type=int, default=100000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(2), "big"))
    parser.add_argument("--against", help="programs of another build, measured in turn with these")
    parser.add_argument("--no-build", action="store_true")
    given = parser.parse_args()
    if not given.no_build:
        if not os.path.exists(os.path.join(BUILD, "build.ninja")):
            subprocess.run(["cmake", "--preset", "release", "-S", ROOT], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", BUILD, "-j2", "--target", "all", "bench_webhook_peer", "bench_sender"], check=True,
                       stdout=subprocess.DEVNULL)
    parts = {"rate": lambda: rate(given.count), "cost": lambda: cost(given.count, given.against), "sender": lambda: sender(given.count), "ingest": lambda: ingest(given.seconds), "scale": lambda: scale(given.count), "fair": lambda: fair(given.seconds),
             "pending": lambda: pending(given.pending), "chaos": lambda: chaos(given.kills, given.seed)}
    for name in given.parts or parts:
        parts[name]()


if __name__ == "__main__":
    main()
