"""A real Prometheus over a running suite: every target is scraped, every query of the dashboards answers, the alert rules pass
promtool and five of them fire and clear for real, by way of a real Alertmanager with the shipped configuration; what the runbook says
to look at first shows the cause. Grafana is not there: its files are checked against each other."""

import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.parse
import urllib.request

import base
import receiver
import records
from suite import ROOT, SERVICES, Suite, free_ports, http_get, wait_until

RULES = os.path.join(ROOT, "deploy", "prometheus", "rules.yml")
RULES_TEST = os.path.join(ROOT, "deploy", "prometheus", "rules_test.yml")
ALERTMANAGER = os.path.join(ROOT, "deploy", "prometheus", "alertmanager.yml")
GRAFANA = os.path.join(ROOT, "deploy", "grafana")
RUNBOOK = os.path.join(ROOT, "deploy", "prometheus", "README.md")
DASHBOARDS = os.path.join(GRAFANA, "dashboards", "*.json")
METRIC = re.compile(r"\b(?:ts|process)_[a-z0-9_]+\b")
HAS_ALERTMANAGER = shutil.which("prometheus-alertmanager") and shutil.which("amtool")
WINDOW = "5s"  # what minutes are in this test: the expressions stay as they are


def alerts_of(path):
    with open(path) as file:
        return re.findall(r"^ *-? *alert(?:name)?: *(\w+)|alertname: (\w+)", file.read(), re.M)


def quickened(text):
    """The rules with seconds for minutes: waits and windows, and thresholds that count seconds of waiting."""
    text = re.sub(r"(?<=for: )\d+[mh]", "2s", text)
    text = re.sub(r"\[\d+[mhd]\]", "[%s]" % WINDOW, text)
    return re.sub(r"(_oldest(?:_due)?_seconds\)?) > \d+", r"\1 > 2", text)


def small_disk(folder, mib):
    """A file system of its own at `folder`; False where that is not allowed."""
    os.makedirs(folder)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % mib, "ts-test", folder], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"), "prometheus is not here")
class PrometheusTest(base.SuiteCase):
    # An endpoint that hangs is given up soon; the store of risk has a small disk of its own.
    environment = {"TS_WEBHOOK_DISPATCHER_TIMEOUT_MS": "200"}

    @classmethod
    def setUpClass(cls):
        cls.suite = Suite(cls.environment)
        cls.addClassCleanup(cls.suite.close)
        cls.risk_disk = os.path.join(cls.suite.data, "risk")
        cls.has_small_disk = small_disk(cls.risk_disk, 192)
        if cls.has_small_disk:
            cls.addClassCleanup(subprocess.run, ["umount", cls.risk_disk], check=True)
        cls.addClassCleanup(cls.suite.stop)
        cls.suite.start()
        cls.port = free_ports(1)
        folder = os.path.join(cls.suite.directory, "prometheus")
        os.makedirs(folder)
        with open(RULES) as file:
            rules = quickened(file.read())
        with open(os.path.join(folder, "rules.yml"), "w") as file:
            file.write(rules)
        jobs = ["  - job_name: teamsentry-%s\n    static_configs:\n" % s +
                "      - { targets: ['127.0.0.1:%d'], labels: { process: %s } }\n" % (cls.suite.ops_port(s), s)
                for s in SERVICES]
        with open(os.path.join(folder, "prometheus.yml"), "w") as file:
            file.write("global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }\nrule_files: [rules.yml]\n" +
                       cls.start_alertmanager() + "scrape_configs:\n" + "".join(jobs))
        cls.run_beside(cls.port, "prometheus", "--config.file=%s/prometheus.yml" % folder, "--storage.tsdb.path=%s/data" % folder,
                       "--web.listen-address=127.0.0.1:%d" % cls.port)

    @classmethod
    def start_alertmanager(cls):
        """With the shipped configuration, its only receiver filled in. What Prometheus must know of it."""
        cls.pages = None
        if not HAS_ALERTMANAGER:
            return ""
        cls.pages = receiver.Receiver()
        cls.addClassCleanup(cls.pages.close)
        cls.pager_port = free_ports(1)
        folder = os.path.join(cls.suite.directory, "alertmanager")
        os.makedirs(folder)
        with open(ALERTMANAGER) as file:
            text = file.read()
        own = text.replace("  - name: page\n", "  - name: page\n    webhook_configs: [{ url: '%s' }]\n" % cls.pages.url)
        own = own.replace("  group_wait: 10s\n", "  group_wait: 1s\n  group_interval: 1s\n")
        assert own.count("\n") == text.count("\n") + 2, own
        with open(os.path.join(folder, "alertmanager.yml"), "w") as file:
            file.write(own)
        cls.run_beside(cls.pager_port, "prometheus-alertmanager", "--config.file=%s/alertmanager.yml" % folder,
                       "--storage.path=%s/data" % folder, "--cluster.listen-address=", "--web.listen-address=127.0.0.1:%d" % cls.pager_port)
        return "alerting: { alertmanagers: [{ static_configs: [{ targets: ['127.0.0.1:%d'] }] }] }\n" % cls.pager_port

    @classmethod
    def run_beside(cls, port, *words):
        log = open(os.path.join(cls.suite.directory, words[0] + ".log"), "w")
        cls.addClassCleanup(log.close)
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        cls.addClassCleanup(process.wait, 30)
        cls.addClassCleanup(process.terminate)
        wait_until(lambda: http_get(port, "/-/ready")[0] == 200, 30, words[0] + " is ready")

    def ask(self, path, **query):
        status, text = http_get(self.port, "/api/v1/%s?%s" % (path, urllib.parse.urlencode(query)), 30)
        self.assertEqual(status, 200, text)
        return json.loads(text)["data"]

    def firing(self, name, **labels):
        return [a for a in self.ask("alerts")["alerts"] if a["labels"]["alertname"] == name and a["state"] == "firing"
                and all(a["labels"].get(k) == v for k, v in labels.items())]

    def paged(self, name, status):
        """Has the operator's receiver been told so?"""
        with self.pages.changed:
            bodies = [json.loads(d["body"]) for d in self.pages.deliveries]
        return [a for b in bodies for a in b["alerts"] if (a["labels"]["alertname"], a["status"]) == (name, status)]

    def fires_and_clears(self, name, cause, cure, **labels):
        self.assertEqual(self.firing(name, **labels), [])
        cause()
        try:
            wait_until(lambda: self.firing(name, **labels), 40, name + " fires")
        finally:
            cure()
        wait_until(lambda: not self.firing(name, **labels), 40, name + " clears")

    def halted(self, service):
        """What stops a process without ending it, and what lets it go on."""
        pid = self.suite.pid(service)
        return lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT)

    def test_every_process_is_scraped(self):
        def up():
            return {r["metric"]["process"] for r in self.ask("query", query="up == 1")["result"]}

        wait_until(lambda: up() == set(SERVICES), 30, "all targets are up")

    def test_every_query_of_the_dashboards_has_an_answer(self):
        paths = glob.glob(DASHBOARDS)
        self.assertEqual(len(paths), len(SERVICES) + 1)
        self.post(records.takeover(records.person("dash")))
        self.assertEqual(self.api.get("/v1/overview").status, 200)
        queries = {}
        for path in paths:
            with open(path) as file:
                for panel in json.load(file)["panels"]:
                    for target in panel["targets"]:
                        queries[target["expr"].replace("$__rate_interval", "10s")] = os.path.basename(path)

        def silent():
            return [(path, q) for q, path in queries.items() if not self.ask("query", query=q)["result"]]

        try:
            wait_until(lambda: not silent(), 30, "every query has a series", 1)
        except AssertionError:
            self.assertEqual(silent(), [])

    def test_the_dashboards_are_what_their_source_makes(self):
        done = subprocess.run([os.path.join(ROOT, "deploy", "grafana", "build.py"), "--check"], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_promtool_passes_the_rules_and_each_has_its_test_and_its_page(self):
        for words in (("check", "rules", RULES), ("test", "rules", RULES_TEST)):
            done = subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        names = {a or b for a, b in alerts_of(RULES)}
        self.assertGreaterEqual(len(names), 20)
        self.assertEqual({a or b for a, b in alerts_of(RULES_TEST)}, names)
        with open(RUNBOOK) as file:
            self.assertLessEqual(names, set(re.findall(r"^### (\w+)$", file.read(), re.M)))

    def test_the_shipped_configurations_pass_their_own_checkers(self):
        words = [["promtool", "check", "config", "--syntax-only", os.path.join(ROOT, "deploy", "prometheus", "prometheus.yml")]]
        if HAS_ALERTMANAGER:
            words.append(["amtool", "check-config", ALERTMANAGER])
        for line in words:
            done = subprocess.run(line, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_metric_of_an_alert_is_there(self):
        """An alert about a name that nobody gives never fires."""
        with open(RULES) as file:
            names = set(METRIC.findall(re.sub(r"(?m)annotations:.*$|#.*$", "", file.read())))
        self.assertGreater(len(names), 20)

        def missing():
            return names - set(self.ask("label/__name__/values"))

        try:
            wait_until(lambda: not missing(), 30, "every name has a series")
        except AssertionError:
            self.assertEqual(missing(), set())

    def test_what_grafana_reads_fits_together(self):
        with open(os.path.join(ROOT, "docker-compose.yml")) as file:
            compose = file.read()
        with open(os.path.join(GRAFANA, "provisioning", "dashboards", "teamsentry.yml")) as file:
            folder = re.search(r"path: ([^ }]+)", file.read()).group(1)
        self.assertIn("- ./deploy/grafana/dashboards:%s:ro\n" % folder, compose)
        self.assertIn("- ./deploy/grafana/provisioning:/etc/grafana/provisioning:ro\n", compose)
        with open(os.path.join(GRAFANA, "provisioning", "datasources", "prometheus.yml")) as file:
            source = file.read()
        host, port = re.search(r'type: prometheus,.* url: "http://([a-z]+):(\d+)", isDefault: true', source).groups()
        self.assertIn("\n  %s:\n    image: prom/" % host, compose)
        self.assertIn(":%s\"\n" % port, compose)
        uids, titles = [], []
        for path in glob.glob(DASHBOARDS):
            with open(path) as file:
                dashboard = json.load(file)
            uids.append(dashboard["uid"])
            titles.append(dashboard["title"])
            self.assertLessEqual(len(dashboard["uid"]), 40)  # Grafana's limit
            variables = {"${%s}" % v["name"] for v in dashboard["templating"]["list"] if (v["type"], v["query"]) == ("datasource", "prometheus")}
            panels = dashboard["panels"]
            self.assertEqual(len({p["id"] for p in panels}), len(panels), path)
            cells = [(x, y) for p in panels for x in range(p["gridPos"]["x"], p["gridPos"]["x"] + p["gridPos"]["w"])
                     for y in range(p["gridPos"]["y"], p["gridPos"]["y"] + p["gridPos"]["h"])]
            self.assertEqual(len(set(cells)), len(cells), path + ": panels lie upon each other")
            self.assertLess(max(x for x, _ in cells), 24)
            for panel in panels:
                self.assertTrue(panel["targets"], panel["title"])
                self.assertEqual(len({t["refId"] for t in panel["targets"]}), len(panel["targets"]))
                for named in [panel, *panel["targets"]]:
                    self.assertEqual(named["datasource"]["type"], "prometheus")
                    self.assertIn(named["datasource"]["uid"], variables)
        self.assertEqual((len(set(uids)), len(set(titles))), (len(uids), len(titles)))

    def test_a_process_that_does_not_answer(self):
        """The operator's receiver is told when it fires and when it is over."""
        cause, go_on = self.halted("ai-usage")

        def told(status):
            if HAS_ALERTMANAGER:
                wait_until(lambda: self.paged("TeamSentryDown", status), 40, "the receiver is told: " + status)

        def cure():
            try:
                told("firing")
            finally:
                go_on()

        self.fires_and_clears("TeamSentryDown", cause, cure, process="ai-usage")
        told("resolved")
        if not HAS_ALERTMANAGER:
            self.skipTest("alertmanager is not here")
        alert = self.paged("TeamSentryDown", "firing")[0]
        self.assertEqual((alert["labels"]["severity"], alert["labels"]["process"]), ("critical", "ai-usage"))
        self.assertIn("does not answer", alert["annotations"]["summary"])

    @unittest.skipUnless(HAS_ALERTMANAGER, "alertmanager is not here")
    def test_what_a_process_that_is_down_explains_is_not_told_beside_it(self):
        names = ("TeamSentryDown", "TeamSentryOutboxOld", "TeamSentryNoEvents")
        posted = [{"labels": {"alertname": name, "process": "made-up"}} for name in names]
        for alert in posted:
            alert["endsAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        request = urllib.request.Request("http://127.0.0.1:%d/api/v2/alerts" % self.pager_port, json.dumps(posted).encode(),
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()

        def states():
            text = http_get(self.pager_port, "/api/v2/alerts?filter=process=made-up")[1]
            return {a["labels"]["alertname"]: a["status"]["state"] for a in json.loads(text)}

        wait_until(lambda: states() == dict(zip(names, ("active", "suppressed", "active"))), 30, "one of three is held back")

    def test_rows_that_wait_for_a_halted_peer(self):
        cause, cure = self.halted("incidents")

        def halt_and_detect():
            cause()
            self.post(records.takeover(records.person("wait")))

        self.fires_and_clears("TeamSentryOutboxOld", halt_and_detect, cure, process="risk", peer="incidents")

    def test_no_dispatcher(self):
        cause, cure = self.halted("webhook-dispatcher")
        self.fires_and_clears("TeamSentryNoDispatcher", cause, cure)

    def test_a_full_disk(self):
        """risk starts and reads, and says to clients, to probes and to the operator why it takes nothing in."""
        if not self.has_small_disk:
            self.skipTest("mounting is not allowed here")
        filler = os.path.join(self.risk_disk, "filler")

        def post():
            return self.api.events(records.takeover(records.person("full")))

        def status():
            return self.suite.up("--status", "--data", self.suite.data).stdout

        def fill():
            with open(filler, "wb") as file:
                file.write(b"x" * (140 << 20))

        def check_and_make_room():
            answer = post()
            self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "1"), answer.text)
            self.assertIn("disk is nearly full", answer.error["message"])
            self.assertEqual(self.api.get("/v1/overview").status, 200)
            self.assertRegex(status(), "(?m)^risk .*the disk is nearly full: nothing is taken in$")
            old = self.suite.pid("risk")
            os.kill(old, signal.SIGTERM)
            self.suite.wait_restarted("risk", old)
            os.unlink(filler)

        self.fires_and_clears("TeamSentryDiskFull", fill, check_and_make_room, process="risk")
        wait_until(lambda: post().status == 202, 20, "events are taken in again")
        self.assertNotIn("disk", status())

    def test_an_endpoint_that_hangs(self):
        with socket.create_server(("127.0.0.1", 0), backlog=64) as hung:
            made = []

            def attach():
                made.append(self.api.create_endpoint("http://127.0.0.1:%d/hung" % hung.getsockname()[1], ["incident.created"])[0])
                self.post([r for i in range(8) for r in records.takeover(records.person("hung"))])

            def detach():
                pending = self.api.get("/v1/webhooks/events", status="pending").text
                self.assertIn(made[0], pending)
                self.assertIn("timeout", pending)
                self.assertEqual(self.api.request("DELETE", "/v1/webhooks/endpoints/" + made[0]).status, 200)

            self.fires_and_clears("TeamSentryEndpointDown", attach, detach, process="webhooks")
