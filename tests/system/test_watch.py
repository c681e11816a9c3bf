"""What an operator watches: metrics that Prometheus' own checker accepts, a log level that changes at run time."""

import os
import shutil
import signal
import subprocess
import unittest

import base
from suite import SERVICES, http_get, metrics, wait_until

STORES = ["auth", "risk", "incidents", "ai-usage", "webhooks"]


class WatchTest(base.SuiteCase):
    @unittest.skipUnless(shutil.which("promtool"), "promtool is not here: Debian's package prometheus")
    def test_promtool_finds_nothing_to_say_about_any_metric(self):
        self.assertEqual(self.api.get("/v1/overview").status, 200)
        for service in SERVICES:
            text = http_get(self.suite.ops_port(service), "/metrics")[1]
            done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), service)

    def test_each_process_says_what_it_is(self):
        for service in SERVICES:
            values = metrics(self.suite.ops_port(service))
            self.assertEqual([v for n, v in values.items() if n.startswith("ts_build_info{") and
                              'process="%s"' % service in n], [1.0], service)
            self.assertEqual(values["ts_ready"], 1.0, service)
            self.assertGreater(values["process_max_fds"], values["process_open_fds"])
            self.assertGreater(values["process_virtual_memory_bytes"], values["process_resident_memory_bytes"])

    def test_stores_show_their_size_and_their_disk(self):
        for service in STORES:
            values = metrics(self.suite.ops_port(service))
            self.assertGreater(values['ts_store_bytes{kind="memory"}'], 0, service)
            self.assertGreater(values["ts_store_disk_free_bytes"], 0, service)
            self.assertEqual((values["ts_store_write_stalled"], values["ts_store_has_room"]), (0.0, 1.0), service)

    def test_calls_are_counted_by_method_on_both_sides(self):
        name = 'ts_rpc_client_calls_total{peer="auth",method="auth.Authorize"}'
        before = metrics(self.suite.ops_port("gateway"))
        served = metrics(self.suite.ops_port("auth"))['ts_rpc_server_calls_total{method="auth.Authorize"}']
        for _ in range(3):
            self.assertEqual(self.api.get("/v1/overview").status, 200)
        self.assertEqual(metrics(self.suite.ops_port("gateway"))[name] - before.get(name, 0), 3)
        self.assertEqual(metrics(self.suite.ops_port("auth"))['ts_rpc_server_calls_total{method="auth.Authorize"}'] - served, 3)

    def test_the_log_level_changes_at_run_time(self):
        log = os.path.join(self.suite.data, "run", "ts-incidents.log")

        def lines(level):
            with open(log) as file:
                return [line for line in file if 'msg="log level changed"' in line and line.rstrip().endswith("level=" + level)]

        for number, level in ((signal.SIGUSR1, "debug"), (signal.SIGUSR2, "info")):
            os.kill(self.suite.pid("incidents"), number)
            wait_until(lambda: lines(level), 10, "incidents logs at level " + level)
        self.assertTrue(self.suite.is_ready("incidents"))
