"""Starting, being asked, idling and stopping: the process side of each of the seven."""

import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import base
import records
import suite

STOP_SECONDS = 5
IDLE_SECONDS = 5
IDLE_CPU_SECONDS = 0.25
RESIDENT_KIB = 150 * 1024


def program(service):
    return os.path.join(suite.BIN, "ts-" + service)


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kib(pid):
    with open("/proc/%d/status" % pid) as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


class CommandLine(unittest.TestCase):
    def run_program(self, service, *options, **environment):
        return subprocess.run([program(service), *options], env=dict(os.environ, **environment), timeout=20, cwd=suite.ROOT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def each(self, check):
        for service in suite.SERVICES:
            with self.subTest(service=service):
                check(service)

    def test_help(self):
        def check(service):
            done = self.run_program(service, "--help")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("ts-" + service, done.stdout)
            self.assertIn("OPS_PORT", done.stdout)
        self.each(check)

    def test_check_config(self):
        def check(service):
            done = self.run_program(service, "--check-config")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("OPS_PORT", done.stdout)
        self.each(check)

    def test_a_bad_setting_is_named(self):
        def check(service):
            name = "TS_%s_OPS_PORT" % service.upper().replace("-", "_")
            done = self.run_program(service, "--check-config", **{name: "many"})
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(name, done.stderr)
        self.each(check)

    # What no table of settings says is wrong: a service, a setting, words.
    REFUSED = (
        ("gateway", {"TS_GATEWAY_LISTEN": "nowhere"}, "TS_GATEWAY_LISTEN", "must be like 127.0.0.1:8080"),
        ("gateway", {"TS_GATEWAY_LISTEN": "192.0.2.1:80"}, "TS_GATEWAY_LISTEN", "cannot listen on 192.0.2.1:80"),
        ("gateway", {"TS_GATEWAY_TRUSTED_PROXIES": "proxy"}, "TS_GATEWAY_TRUSTED_PROXIES", "must be an address or network"),
        ("gateway", {"TS_GATEWAY_CORS_ORIGINS": "app.example"}, "TS_GATEWAY_CORS_ORIGINS", "must begin with https://"),
        ("gateway", {"TS_GATEWAY_LEXICON_DIR": "/nowhere"}, "TS_GATEWAY_LEXICON_DIR", "/nowhere holds no *.yaml"),
        ("gateway", {"TS_GATEWAY_LLM_RESTATE": "1"}, "TS_GATEWAY_LLM_URL", "must be set for"),
        ("gateway", {"TS_BUS_AI_USAGE": "tcp://ai-usage"}, "TS_BUS_AI_USAGE", "the port of tcp://ai-usage must be between"),
        ("auth", {"TS_BUS_AUTH": "http://auth"}, "TS_BUS_AUTH", "must be ipc://path"),
        ("auth", {"TS_BUS_AUTH": "tls+tcp://127.0.0.1:7010"}, "TS_BUS_TLS_CERT", "needs TS_BUS_TLS_CA and TS_BUS_TLS_CERT"),
        ("auth", {"TS_BUS_SILENCE_MS": "1"}, "TS_BUS_SILENCE_MS", "TS_BUS_SILENCE_MS must be"),
        ("ai-usage", {"TS_AI_USAGE_OPS_ADDRESS": "300.1.1.1"}, "TS_AI_USAGE_OPS_ADDRESS", "300.1.1.1"),
        ("risk", {"TS_RISK_RULES_DIR": "/nowhere"}, "TS_RISK_RULES_DIR", "/nowhere cannot be read"),
        ("incidents", {"TS_INCIDENTS_OPEN_SEVERITY": "severe"}, "TS_INCIDENTS_OPEN_SEVERITY", "TS_INCIDENTS_OPEN_SEVERITY must be"),
        ("webhooks", {"TS_WEBHOOKS_ALLOW_CIDRS": "10.0.0.0"}, "TS_WEBHOOKS_ALLOW_CIDRS", "TS_WEBHOOKS_ALLOW_CIDRS: "),
        ("webhooks", {"TS_WEBHOOKS_RETRY_SCHEDULE": "soon"}, "TS_WEBHOOKS_RETRY_SCHEDULE", "TS_WEBHOOKS_RETRY_SCHEDULE: "),
        ("webhook-dispatcher", {"TS_WEBHOOKS_ALLOW_CIDRS": "10.0.0.0"}, "TS_WEBHOOKS_ALLOW_CIDRS", "TS_WEBHOOKS_ALLOW_CIDRS: "),
    )

    def test_what_a_start_refuses_the_check_refuses(self):
        port = suite.free_ports(2)
        for service, setting, name, words in self.REFUSED:
            with self.subTest(setting=setting), tempfile.TemporaryDirectory(prefix="ts-refused-") as home:
                prefix = "TS_%s_" % service.upper().replace("-", "_")
                environment = {"TS_BUS_DIR": home, prefix + "DB_DIR": os.path.join(home, "db"), prefix + "OPS_PORT": str(port),
                               "TS_GATEWAY_LISTEN": "127.0.0.1:%d" % (port + 1), **setting}
                if service in ("gateway", "webhook-dispatcher"):
                    del environment[prefix + "DB_DIR"]
                done = self.run_program(service, "--check-config", **environment)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(words, done.stderr)
                self.assertIn(name, done.stderr)
                self.assertEqual(os.listdir(home), [])  # looking leaves nothing behind
                done = self.run_program(service, **environment)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(words, done.stderr)

    def test_the_check_tells_all_mistakes(self):
        done = self.run_program("webhooks", "--check-config", TS_WEBHOOKS_ALLOW_CIDRS="10.0.0.0", TS_WEBHOOKS_RETRY_SCHEDULE="soon",
                                TS_BUS_AUTH="auth", TS_WEBHOOKS_OPS_ADDRESS="300.1.1.1")
        self.assertEqual(done.returncode, 2)
        self.assertEqual([line.split(":")[0] for line in done.stderr.splitlines()],
                         ["TS_WEBHOOKS_OPS_ADDRESS", "TS_BUS_AUTH", "TS_WEBHOOKS_ALLOW_CIDRS", "TS_WEBHOOKS_RETRY_SCHEDULE"])

    def test_a_misspelt_option_is_refused(self):
        def check(service):
            done = self.run_program(service, "--hlep")
            self.assertEqual(done.returncode, 2)
            self.assertIn("--hlep", done.stderr)
        self.each(check)


class Alone(unittest.TestCase):
    """Each process by itself, its peers all down: ready is about one's own store and listeners."""

    def test_ready_without_peers_and_stopped_by_a_signal(self):
        for service in suite.SERVICES:
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(service=service, signal=number.name), tempfile.TemporaryDirectory(prefix="ts-alone-") as home:
                    self.check(service, number, home)

    def check(self, service, number, home):
        reports = suite.Reports(home)
        prefix = "TS_%s_" % service.upper().replace("-", "_")
        port = suite.free_ports(2)
        os.mkdir(os.path.join(home, "bus"), 0o700)
        environment = dict(os.environ, **reports.environment(), TS_BUS_DIR=os.path.join(home, "bus"))
        environment.update({prefix + "OPS_PORT": str(port), "TS_RISK_RULES_DIR": os.path.join(suite.ROOT, "services/risk/rules"),
                            "TS_GATEWAY_LEXICON_DIR": os.path.join(suite.ROOT, "services/gateway/agent/lexicon"),
                            "TS_GATEWAY_LISTEN": "127.0.0.1:%d" % (port + 1)})
        # Stores go to their default place, data/ below the working directory.
        os.mkdir(os.path.join(home, "data"))
        with open(os.path.join(home, "log"), "w+") as log:
            child = subprocess.Popen([program(service)], cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                suite.wait_until(lambda: suite.http_get(port, "/readyz")[0] == 200 or child.poll() is not None, 30, service + " is ready")
                log.seek(0)
                self.assertIsNone(child.poll(), log.read())
                self.assertEqual(suite.http_get(port, "/healthz")[0], 200)
                begin = time.monotonic()
                child.send_signal(number)
                code = child.wait(30)
                log.seek(0)
                self.assertEqual(code, 0, log.read()[-3000:])
                if not suite.is_sanitized():  # then it runs alone
                    self.assertLess(time.monotonic() - begin, STOP_SECONDS)
            finally:
                if child.poll() is None:
                    child.kill()
                    child.wait()
        reports.check()


class Together(base.SuiteCase):
    def test_ops_ports(self):
        for service in suite.SERVICES:
            with self.subTest(service=service):
                port = self.suite.ops_port(service)
                self.assertEqual(suite.http_get(port, "/healthz")[0], 200)
                self.assertEqual(suite.http_get(port, "/readyz")[0], 200)
                status, text = suite.http_get(port, "/metrics")
                self.assertEqual(status, 200)
                self.assertIn("# TYPE ts_", text)
                self.assertEqual(suite.http_get(port, "/surprise")[0], 404)

    def test_pid_files_name_the_processes(self):
        for service in suite.SERVICES:
            with open("/proc/%d/comm" % self.suite.pid(service)) as file:
                self.assertEqual(file.read().strip(), ("ts-" + service)[:15])

    def test_gateway_is_healthy_in_public(self):
        self.assertEqual(suite.http_get(self.suite.port, "/healthz")[0], 200)
        self.assertEqual(suite.http_get(self.suite.port, "/v1/openapi.json")[0], 200)

    @unittest.skipIf(suite.is_sanitized(), "time is measured without sanitizers")
    def test_idle_is_idle(self):
        self.suite.settle()
        time.sleep(2)  # what start-up began has ended
        pids = {service: self.suite.pid(service) for service in suite.SERVICES}
        before = {service: cpu_seconds(pid) for service, pid in pids.items()}
        time.sleep(IDLE_SECONDS)
        used = {service: cpu_seconds(pid) - before[service] for service, pid in pids.items()}
        self.assertLess(sum(used.values()), IDLE_CPU_SECONDS, used)

    @unittest.skipIf(suite.is_sanitized(), "memory is measured without sanitizers")
    def test_resident_memory(self):
        sizes = {service: resident_kib(self.suite.pid(service)) for service in suite.SERVICES}
        print("resident KiB: %d %s" % (sum(sizes.values()), sizes))
        self.assertLess(sum(sizes.values()), RESIDENT_KIB, sizes)

    def test_a_gateway_ends_although_a_service_hangs(self):
        # Neither the call nor its connection is given up by itself.
        gateway = suite.Gateway(self.suite, {"TS_GATEWAY_DRAIN_MS": "300", "TS_GATEWAY_INGEST_MS": "120000", "TS_BUS_SILENCE_MS": "60000"})
        self.addCleanup(gateway.process.kill)
        client = gateway.client()
        self.addCleanup(client.close)
        keys_checked = 'ts_rpc_client_calls_total{peer="auth",method="auth.Authorize"}'
        self.assertEqual(client.events([records.login(records.person())]).status, 202)
        risk = self.suite.pid("risk")
        os.kill(risk, signal.SIGSTOP)
        self.addCleanup(os.kill, risk, signal.SIGCONT)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(client.events([records.login(records.person())])))
        asking.start()
        suite.wait_until(lambda: suite.metrics(gateway.port + 1).get(keys_checked) == 2, 20, "the key was checked")
        gateway.process.terminate()
        self.assertEqual(gateway.process.wait(suite.STOP_SECONDS), 0)
        asking.join()
        self.assertEqual((answers[0].status, answers[0].headers["Connection"]), (503, "close"), answers[0].text)

    def test_a_killed_process_comes_back(self):
        for service in suite.SERVICES:
            with self.subTest(service=service):
                self.suite.wait_restarted(service, self.suite.kill(service))
        suite.wait_until(lambda: self.api.get("/v1/overview").status == 200, 20, "the overview", 0.2)


class UpAndDown(unittest.TestCase):
    def test_the_key_is_printed_once_and_stop_ends_everything(self):
        own = suite.Suite()
        self.addCleanup(own.close)
        self.assertIn("API key: ", own.start())
        pids = [own.pid(service) for service in suite.SERVICES]
        begin = time.monotonic()
        own.stop()
        print("stopped after %.1f s" % (time.monotonic() - begin))
        for pid in pids:
            self.assertFalse(os.path.exists("/proc/%d" % pid), "a process is left")
        self.assertNotIn("API key: ", own.start())
        self.assertEqual(own.client().get("/v1/overview").status, 200, "the first key still works")
        own.stop()
        own.is_running = True
        own.stop()  # stopping what is stopped is no mistake

    def test_a_wrong_option_is_refused(self):
        own = suite.Suite()
        self.addCleanup(own.close)
        self.assertEqual(own.up("--no-such-option").returncode, 2)
        self.assertEqual(own.up("--help").returncode, 0)

    def test_a_busy_port_is_named(self):
        own = suite.Suite()
        self.addCleanup(own.close)
        with suite.socket.create_server(("127.0.0.1", own.port)):
            done = own.up("--daemon", "--port", str(own.port), "--data", own.data)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(own.port), done.stdout)
        own.up("--stop", "--data", own.data)
