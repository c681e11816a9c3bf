#!/usr/bin/env python3
"""Requests a second of the read API, against civetweb alone and nginx answering with the same bytes, in turn.

wrk with 64 keep-alive clients that use many enterprise keys (limits are on), then with 1,000; every one must be served. See
README.md."""

import argparse
import os
import re
import resource
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TS_BENCH_BUILD", os.path.join(ROOT, "build", "release"))
os.environ.setdefault("TS_BIN_DIR", os.path.join(BUILD, "bin"))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))

import suite  # noqa: E402  (needs the two lines above)

KEYS = 300
CLIENTS = 64
MANY = 1000
SERVICES = ["gateway", "auth", "risk", "incidents"]
PATHS = ["/v1/overview", "/v1/users?limit=20"]

# All three are asked with the same script, so that what it costs is the same for all.
WRK = """
local keys = {}
for line in io.lines("%s") do keys[#keys + 1] = line end
local requests, at = {}, 0
function init(args)
  for i = 1, #keys do
    requests[i] = wrk.format("GET", "%s", {["Authorization"] = "Bearer " .. keys[i]})
  end
  at = math.random(#keys)
end
function request()
  at = at %% #keys + 1
  return requests[at]
end
"""


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def build():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        run("cmake", "--preset", "release", "-S", ROOT)
    run("cmake", "--build", BUILD, "-j2")
    run("cmake", "--build", BUILD, "-j2", "--target", "bench_http_peer")


def fill(running):
    """A company's events, and keys enough for the limits of an enterprise."""
    events = run(os.path.join(suite.BIN, "ts-simulator"), "--people", "200", "--days", "2", "--events", "5000")
    client = running.client()
    answer = client.events(events, content_type="application/x-ndjson")
    if answer.status != 202:
        raise SystemExit(answer.text)
    org = client.get("/v1/overview").data["organization"]["id"]
    client.close()
    running.ctl("org", "tier", org, "enterprise")
    keys = [running.make_key(org, "read:users,read:incidents", name="bench %d" % number)[0] for number in range(KEYS)]
    running.settle()
    return keys


def whole_answer(port, path, key):
    """The bytes of an answer, from the status line on."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(("GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n" % (path, key)).encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += s.recv(65536)
        head, body = data.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
        while len(body) < length:
            body += s.recv(65536)
    return head + b"\r\n\r\n", body


def nginx_config(home, port, head, body):
    with open(os.path.join(home, "answer"), "wb") as file:
        file.write(body)
    fields = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line]
    own = ("content-length", "content-type", "connection", "date", "etag")
    lines = "".join("add_header %s '%s';" % (name, value) for name, value in fields if name.lower() not in own)
    with open(os.path.join(home, "nginx.conf"), "w") as file:
        file.write("""daemon off; worker_processes auto; pid %(home)s/nginx.pid; error_log %(home)s/error.log;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; sendfile on; tcp_nopush off; open_file_cache max=10;
client_body_temp_path %(home)s; proxy_temp_path %(home)s; fastcgi_temp_path %(home)s; uwsgi_temp_path %(home)s;
scgi_temp_path %(home)s;
server { listen 127.0.0.1:%(port)d backlog=1024; %(lines)s
location / { root %(home)s; try_files /answer =404; default_type application/json; } } }
""" % {"home": home, "port": port, "lines": lines})


class Peer:
    """A program that listens on a port, for as long as the block lasts."""

    def __init__(self, port, *command):
        self.port = port
        self.command = command

    def __enter__(self):
        self.process = subprocess.Popen(self.command)
        suite.wait_until(lambda: suite.http_get(self.port, "/")[0] != 0, 20, "a peer listens")
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()


def wrk(port, script, clients, seconds):
    text = run("wrk", "-t2", "-c%d" % clients, "-d%ds" % seconds, "--latency", "--timeout", "10s", "-s", script,
               "http://127.0.0.1:%d" % port)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(r"Socket errors: (.*)", text)
    if bad or broken:
        raise SystemExit("not all were answered:\n" + text)
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), float(p99.group(1)) * unit[p99.group(2)]


def spent_us(running):
    """Processor time of each service that answers, in microseconds, user and system together."""
    spent = {}
    for service in SERVICES:
        with open("/proc/%d/stat" % running.pid(service)) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        spent[service] = (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")
    return spent


def all_served(port, path, keys):
    """Seconds until each of MANY clients that ask at the same moment has its first answer, then all of them once more."""
    selector = selectors.DefaultSelector()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(MANY)]
    used = []
    try:
        for _ in range(2):
            began = time.perf_counter()
            for number, s in enumerate(sockets):
                s.sendall(("GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n" % (
                    path, keys[number % len(keys)])).encode())
                selector.register(s, selectors.EVENT_READ)
            waiting = set(sockets)
            while waiting:
                ready = selector.select(30)
                if not ready:
                    raise SystemExit("%d of %d clients were never answered" % (len(waiting), MANY))
                for key, _ in ready:
                    answer = key.fileobj.recv(65536)
                    if not answer.startswith(b"HTTP/1.1 200"):
                        raise SystemExit("a client was refused: %s" % answer.decode())
                    selector.unregister(key.fileobj)
                    waiting.discard(key.fileobj)
            used.append(time.perf_counter() - began)
            for s in sockets:  # the rest of long answers
                s.setblocking(False)
                try:
                    while s.recv(65536):
                        pass
                except BlockingIOError:
                    pass
                s.setblocking(True)
    finally:
        for s in sockets:
            s.close()
    return used


def measure(running, home, path, keys, options):
    script = os.path.join(home, "wrk.lua")
    with open(os.path.join(home, "keys"), "w") as file:
        file.write("\n".join(keys) + "\n")
    with open(script, "w") as file:
        file.write(WRK % (os.path.join(home, "keys"), path))
    head, body = whole_answer(running.port, path, keys[0])
    with open(os.path.join(home, "whole"), "wb") as file:
        file.write(head + body)
    base = suite.free_ports(2)
    nginx_config(home, base + 1, head, body)
    rates = {"gateway": [], "civetweb": [], "nginx": []}
    slow = {"gateway": [], "civetweb": [], "nginx": []}
    spent = dict.fromkeys(SERVICES, 0.0)
    with Peer(base, os.path.join(suite.BIN, "bench_http_peer"), str(base), "1032", os.path.join(home, "whole")), \
            Peer(base + 1, "nginx", "-c", os.path.join(home, "nginx.conf"), "-p", home):
        ports = {"gateway": running.port, "civetweb": base, "nginx": base + 1}
        for port in ports.values():
            wrk(port, script, CLIENTS, 1)
        for _ in range(options.runs):
            for name, port in ports.items():
                before = spent_us(running)
                rate, p99 = wrk(port, script, CLIENTS, options.seconds)
                if name == "gateway":
                    for service, us in spent_us(running).items():
                        spent[service] += (us - before[service]) / (rate * options.seconds * options.runs)
                rates[name].append(rate)
                slow[name].append(p99)
        middle = {name: statistics.median(values) for name, values in rates.items()}
        p99 = {name: statistics.median(values) for name, values in slow.items()}
        print("%s, %d bytes, %d clients:" % (path, len(head) + len(body), CLIENTS))
        for name in ports:
            print("  %-9s %7.0f/s  p99 %6.2f ms  (%s)" % (name, middle[name], p99[name],
                                                         ", ".join("%.0f" % r for r in rates[name])))
        print("  gateway to nginx %.3f, to civetweb %.3f; p99 to civetweb %.2f" % (
            middle["gateway"] / middle["nginx"], middle["gateway"] / middle["civetweb"], p99["gateway"] / p99["civetweb"]))
        print("  processor time a request: %.0f us (%s)" % (
            sum(spent.values()), ", ".join("%s %.1f" % pair for pair in spent.items())))
        many, p99_many = wrk(running.port, script, MANY, options.seconds)
        used = all_served(running.port, path, keys)
        print("  %d clients: %.0f/s (%.2f of %d clients), p99 %.0f ms; all had their first answer after %.2f s, the second "
              "after %.2f s" % (MANY, many, many / middle["gateway"], CLIENTS, p99_many, used[0], used[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5, help="of a run (5)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each, in turn; the middle one counts (3)")
    parser.add_argument("--profile", metavar="FILE", help="perf record of the gateway during one more run")
    parser.add_argument("--anew", action="store_true", help="no service keeps an answer: each is made from the store")
    options = parser.parse_args()
    build()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    home = tempfile.mkdtemp(prefix="ts-bench-")
    os.chmod(home, 0o755)  # nginx's workers are another user
    try:
        settings = {"TS_GATEWAY_LOG_LEVEL": "warn"}
        if options.anew:
            settings.update(suite.ANSWERS_ANEW)
        with suite.Suite(settings) as running:
            keys = fill(running)
            for path in PATHS:
                measure(running, home, path, keys, options)
            if options.profile:
                recorder = subprocess.Popen(["perf", "record", "-q", "-g", "-o", options.profile, "-p",
                                             str(running.pid("gateway")), "--", "sleep", str(options.seconds)])
                wrk(running.port, os.path.join(home, "wrk.lua"), CLIENTS, options.seconds + 1)
                recorder.wait()
    finally:
        shutil.rmtree(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
