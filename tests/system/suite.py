"""A whole suite of processes in a directory of its own, started and stopped by deploy/up.sh."""

import fcntl
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import client

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UP = os.path.join(ROOT, "deploy", "up.sh")
BIN = os.path.abspath(os.environ.get("TS_BIN_DIR", os.path.join(ROOT, "build", "dev", "bin")))
# Settings under which each answer is made from the store, however often it is asked for.
ANSWERS_ANEW = {"TS_RISK_ANSWERS_KIB": "0", "TS_INCIDENTS_ANSWERS_KIB": "0"}
SHARED = os.environ.get("TS_SHARED_DIR", os.path.join(os.path.dirname(ROOT), "shared"))

# In the order of their ops ports, which follow the port of the suite.
SERVICES = ["gateway", "auth", "risk", "incidents", "ai-usage", "webhooks", "webhook-dispatcher"]
PORTS = 10

START_SECONDS = 60
STOP_SECONDS = 30

# Attempts follow one another quickly; the real schedule is the default and has unit tests.
ENVIRONMENT = {
    "TS_WEBHOOKS_ALLOW_HTTP": "1",
    "TS_WEBHOOKS_ALLOW_CIDRS": "127.0.0.0/8",
    "TS_WEBHOOKS_RETRY_SCHEDULE": "1s,1s,2s,2s,4s",
    "TS_RISK_MIN_FREE_MIB": "64",
    "TS_GATEWAY_LEXICON_DIR": os.path.join(ROOT, "services/gateway/agent/lexicon"),  # of further gateways, whatever their directory
}


def is_sanitized():
    """True if the programs report memory errors: they are slower and larger than they would be."""
    with open(os.path.join(BIN, "ts-risk"), "rb") as program:
        return b"__asan_init" in program.read()


reserved = []  # locks of the port ranges that this process has taken, until it ends


def reserve(base):
    """Takes a range of ports among all tests that run: those that listen on it come later."""
    lock = open(os.path.join(tempfile.gettempdir(), "ts-ports.%d" % base), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    reserved.append(lock)
    return True


def free_ports(count):
    """The first of `count` ports in a row that nobody listens on or means to, below the range of outgoing connections."""
    start = 20000 + int.from_bytes(os.urandom(2), "big") % 1000 * PORTS
    for step in range(1000):
        base = 20000 + (start - 20000 + step * PORTS) % 10000
        if not reserve(base):
            continue
        sockets = []
        try:
            for port in range(base, base + count):
                s = socket.socket()
                sockets.append(s)
                s.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for s in sockets:
                s.close()
    raise RuntimeError("no %d free ports in a row" % count)


PATIENCE_SECONDS = 60  # on a machine that does much else at the same time


def wait_until(condition, seconds, what, interval=0.1):
    """The first truthy answer of condition(), which takes `seconds` at most where little else is done, and may take longer:
    patience costs nothing while all is well."""
    seconds = max(seconds, PATIENCE_SECONDS)
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError("%s: not within %g s" % (what, seconds))
        time.sleep(interval)


def enough_of(period, seconds):
    """Waits for the next minute, or day (UTC), of so many seconds, if less than `seconds` is left of this one."""
    left = period - time.time() % period
    if left < seconds:
        time.sleep(left + 0.2)


def http_get(port, path, timeout=20):
    """(status, text) of a GET; status 0 if nobody answers."""
    try:
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path), timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def metrics(port):
    """{'name{labels}': value} of an ops port."""
    status, text = http_get(port, "/metrics")
    if status != 200:
        return {}
    rows = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in rows}


def total(values, name):
    """The sum of all series of a name."""
    return sum(value for key, value in values.items() if key == name or key.startswith(name + "{"))


class Reports:
    """Where sanitizers write what they find; a report is a failure, whatever else went well."""

    def __init__(self, directory):
        base = os.environ.get("TS_SANITIZER_LOGS") or directory
        os.makedirs(base, exist_ok=True)
        self.prefix = os.path.join(base, "report.%d.%s" % (os.getpid(), os.path.basename(directory)))

    def environment(self):
        options = "log_path=%s:exitcode=99:%s"
        return {name: options % (self.prefix, os.environ.get(name, ""))
                for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS")}

    def check(self):
        texts = []
        for path in sorted(glob.glob(self.prefix + ".*")):
            with open(path, errors="replace") as report:
                texts.append(report.read())
        if texts:
            raise AssertionError("a sanitizer reports:\n" + "\n".join(texts)[:8000])


class Gateway:
    """One more gateway of a suite, on ports of its own."""

    def __init__(self, owner, environment=None):
        self.port = free_ports(2)
        self.owner = owner
        self.environment = dict(owner.environment, TS_BUS_DIR=owner.bus, TS_GATEWAY_LISTEN="127.0.0.1:%d" % self.port,
                                TS_GATEWAY_OPS_PORT=str(self.port + 1), **(environment or {}))
        self.log = os.path.join(owner.directory, "gateway-%d.log" % self.port)
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([os.path.join(BIN, "ts-gateway")], env=self.environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.owner.directory)
        wait_until(lambda: http_get(self.port + 1, "/readyz")[0] == 200, START_SECONDS, "a further gateway is ready")

    def close(self):
        self.process.terminate()
        if self.process.wait(STOP_SECONDS) != 0:
            with open(self.log) as log:
                raise AssertionError("a gateway ended badly:\n" + log.read()[-3000:])

    def client(self, key=None):
        return client.Client(self.port, key or self.owner.key)


class Suite:
    def __init__(self, environment=None):
        self.directory = tempfile.mkdtemp(prefix="ts-system-")
        self.data = os.path.join(self.directory, "data")
        self.port = free_ports(PORTS)
        self.reports = Reports(self.directory)
        self.environment = dict(os.environ, TS_BIN_DIR=BIN, **ENVIRONMENT)
        self.environment.update(self.reports.environment())
        self.environment.update(environment or {})
        self.key = None
        self.is_running = False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.close()

    def up(self, *options, timeout=START_SECONDS):
        """Runs up.sh. Its output goes through a pipe: a service that held it open would be seen here as a hang."""
        return subprocess.run([UP, *options], env=self.environment, stdin=subprocess.DEVNULL, timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def start(self):
        self.is_running = True
        done = self.up("--daemon", "--port", str(self.port), "--data", self.data)
        if done.returncode != 0:
            raise AssertionError("up.sh ended with %d:\n%s\n%s" % (done.returncode, done.stdout, self.logs()))
        if "URL: http://127.0.0.1:%d" % self.port not in done.stdout.splitlines():
            raise AssertionError("no line URL: http://127.0.0.1:%d in\n%s" % (self.port, done.stdout))
        key = re.search(r"^API key: (tsk_live_[0-9A-Za-z]+)$", done.stdout, re.M)
        if key:
            self.key = key.group(1)
        if self.key is None:
            raise AssertionError("no line API key: in\n" + done.stdout)
        return done.stdout

    def stop(self):
        if not self.is_running:
            return
        done = self.up("--stop", "--data", self.data, timeout=STOP_SECONDS)
        self.is_running = False
        if done.returncode != 0:
            raise AssertionError("up.sh --stop ended with %d:\n%s" % (done.returncode, done.stdout))

    def close(self):
        try:
            self.stop()
            self.reports.check()
        finally:
            if os.environ.get("TS_KEEP"):
                print("kept: " + self.directory)
            else:
                shutil.rmtree(self.directory, ignore_errors=True)

    def client(self, key=None):
        return client.Client(self.port, key or self.key)

    @property
    def bus(self):
        return os.path.join(self.data, "run", "bus")

    def run_ctl(self, *words):
        """The operator's command line, as it is run beside a suite."""
        return subprocess.run([os.path.join(BIN, "teamsentryctl"), *words], timeout=STOP_SECONDS, text=True,
                              env=dict(self.environment, TS_BUS_DIR=self.bus), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ctl(self, *words):
        """What teamsentryctl answers, parsed."""
        done = self.run_ctl(*words, "--json")
        if done.returncode != 0:
            raise AssertionError("teamsentryctl %s: %s" % (" ".join(words), done.stderr))
        return json.loads(done.stdout)

    def organization(self, name, tier="standard"):
        """The id of a new one."""
        return self.ctl("org", "create", name, "--tier", tier)["organization"]["id"]

    def make_key(self, organization, permissions="admin", mode="live", name="Made"):
        """(key, id)"""
        made = self.ctl("key", "create", organization, "--name", name, "--permissions", permissions, "--mode", mode)
        return made["secret"], made["api_key"]["id"]

    def ops_port(self, service):
        return self.port + 1 + SERVICES.index(service)

    def pid(self, service):
        """The process's id, or 0 if there is no pid file."""
        try:
            with open(os.path.join(self.data, "run", "ts-%s.pid" % service)) as file:
                return int(file.read().strip() or 0)
        except (FileNotFoundError, ValueError):
            return 0

    def is_ready(self, service):
        return http_get(self.ops_port(service), "/readyz")[0] == 200

    def kill(self, service):
        """kill -9, as a crash would; the supervisor starts it again. The id that died."""
        pid = self.pid(service)
        with open("/proc/%d/comm" % pid) as file:
            if not file.read().startswith(("ts-" + service)[:15]):
                raise AssertionError("pid file of %s names another process" % service)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_restarted(self, service, old_pid, seconds=30):
        wait_until(lambda: self.pid(service) not in (0, old_pid) and self.is_ready(service), seconds,
                   "%s is back after kill -9" % service)

    def waiting_rows(self):
        """Rows that one process still owes to another; None if a process did not answer."""
        rows = 0
        for service in SERVICES:
            values = metrics(self.ops_port(service))
            if not values:
                return None
            rows += sum(value for name, value in values.items() if name.startswith("ts_outbox_rows"))
        return rows

    def settle(self, seconds=60):
        """Waits until everything that was taken in has gone its whole way inside the suite. A process may make new rows of
        those that it got, so that the sum must be 0 more than once."""
        calm = 0
        deadline = time.monotonic() + seconds
        while calm < 3:
            rows = self.waiting_rows()
            calm = calm + 1 if rows == 0 else 0
            if time.monotonic() > deadline:
                raise AssertionError("still %s rows on their way after %g s\n%s" % (rows, seconds, self.logs()))
            time.sleep(0.1)

    def logs(self, lines=15):
        texts = []
        for path in sorted(glob.glob(os.path.join(self.data, "run", "*.log"))):
            with open(path, errors="replace") as file:
                texts.append("--- %s\n%s" % (os.path.basename(path), "".join(file.readlines()[-lines:])))
        return "\n".join(texts)
