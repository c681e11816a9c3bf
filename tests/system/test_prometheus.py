"""A real Prometheus over a running suite: every target is scraped, every query of the dashboards answers, the alert rules pass
promtool and three of them fire and clear for real."""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import unittest
import urllib.parse

import base
import records
from suite import ROOT, SERVICES, free_ports, http_get, wait_until

RULES = os.path.join(ROOT, "deploy", "prometheus", "rules.yml")
RULES_TEST = os.path.join(ROOT, "deploy", "prometheus", "rules_test.yml")
RUNBOOK = os.path.join(ROOT, "deploy", "prometheus", "README.md")
DASHBOARDS = os.path.join(ROOT, "deploy", "grafana", "dashboards", "*.json")
WINDOW = "5s"  # what minutes are in this test: the expressions stay as they are


def alerts_of(path):
    with open(path) as file:
        return re.findall(r"^ *-? *alert(?:name)?: *(\w+)|alertname: (\w+)", file.read(), re.M)


def quickened(text):
    """The rules with seconds for minutes: waits and windows, and thresholds that count seconds of waiting."""
    text = re.sub(r"(?<=for: )\d+[mh]", "2s", text)
    text = re.sub(r"\[\d+[mhd]\]", "[%s]" % WINDOW, text)
    return re.sub(r"(_oldest(?:_due)?_seconds\)?) > \d+", r"\1 > 2", text)


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"), "prometheus is not here")
class PrometheusTest(base.SuiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
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
            file.write("global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }\nrule_files: [rules.yml]\n"
                       "scrape_configs:\n" + "".join(jobs))
        cls.log = open(os.path.join(folder, "log"), "w")
        cls.addClassCleanup(cls.log.close)
        cls.process = subprocess.Popen(
            ["prometheus", "--config.file=%s/prometheus.yml" % folder, "--storage.tsdb.path=%s/data" % folder,
             "--web.listen-address=127.0.0.1:%d" % cls.port], stdin=subprocess.DEVNULL, stdout=cls.log, stderr=cls.log)
        cls.addClassCleanup(cls.end)
        wait_until(lambda: http_get(cls.port, "/-/ready")[0] == 200, 30, "prometheus is ready")

    @classmethod
    def end(cls):
        cls.process.terminate()
        cls.process.wait(30)

    def ask(self, path, **query):
        status, text = http_get(self.port, "/api/v1/%s?%s" % (path, urllib.parse.urlencode(query)), 30)
        self.assertEqual(status, 200, text)
        return json.loads(text)["data"]

    def firing(self, name, **labels):
        return [a for a in self.ask("alerts")["alerts"] if a["labels"]["alertname"] == name and a["state"] == "firing"
                and all(a["labels"].get(k) == v for k, v in labels.items())]

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

    def test_a_process_that_does_not_answer(self):
        cause, cure = self.halted("ai-usage")
        self.fires_and_clears("TeamSentryDown", cause, cure, process="ai-usage")

    def test_rows_that_wait_for_a_halted_peer(self):
        cause, cure = self.halted("incidents")

        def halt_and_detect():
            cause()
            self.post(records.takeover(records.person("wait")))

        self.fires_and_clears("TeamSentryOutboxOld", halt_and_detect, cure, process="risk", peer="incidents")

    def test_no_dispatcher(self):
        cause, cure = self.halted("webhook-dispatcher")
        self.fires_and_clears("TeamSentryNoDispatcher", cause, cure)
