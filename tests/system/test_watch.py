"""What an operator watches: metrics that Prometheus' own checker accepts, a log level that changes at run time."""

import json
import os
import shutil
import signal
import subprocess
import unittest

import base
import receiver
import records
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

    def lines(self, service, *parts):
        with open(os.path.join(self.suite.data, "run", "ts-%s.log" % service)) as file:
            return [line for line in file if all(" %s " % part in line.rstrip() + " " for part in parts)]

    def set_level(self, service, level):
        before = len(self.lines(service, 'msg="log level changed"'))
        os.kill(self.suite.pid(service), {"debug": signal.SIGUSR1, "info": signal.SIGUSR2}[level])
        wait_until(lambda: len(self.lines(service, 'msg="log level changed"')) > before, 10, "%s logs at level %s" % (service, level))

    def test_errors_by_route_detections_by_rule_and_refusals_by_reason(self):
        def figures():
            values = dict(metrics(self.suite.ops_port("gateway")), **metrics(self.suite.ops_port("risk")))
            return {name: values[name] for name in (
                'ts_gateway_requests_total{route="GET /v1/users/{email}",class="2xx"}',
                'ts_gateway_requests_total{route="GET /v1/users/{email}",class="4xx"}',
                'ts_gateway_requests_total{route="none",class="4xx"}',
                'ts_risk_rejected_total{reason="too_old"}', 'ts_risk_rejected_total{reason="future"}',
                'ts_risk_rejected_total{reason="not_an_object"}', 'ts_risk_rejected_total{reason="too_large"}',
                'ts_risk_rejected_total{reason="invalid"}')}

        before, rules = figures(), self.detections()
        self.assertEqual(self.api.get("/v1/users/nobody@lumen-works.example").status, 404)
        self.assertEqual(self.api.get("/v1/nothing").status, 404)
        email = records.person()
        nameless = records.login(email)
        del nameless["events"][0]["name"]
        answer = self.api.events([records.login(email, ago=400 * 86400), records.login(email, ago=-2 * 86400), 7, nameless])
        self.assertEqual(len(answer.data["rejected"]), 4, answer.text)
        self.assertEqual([after - b for after, b in zip(figures().values(), before.values())], [0, 1, 1, 1, 1, 1, 0, 1])

        # One more for the profile's rules, and for no other.
        self.post(records.takeover(email))
        active = {rule["rule_id"] for rule in self.api.get("/v1/users/" + email).data["active_rules"]}
        grown = {rule for rule, n in self.detections().items() if n > rules[rule]}
        self.assertTrue(active)
        self.assertEqual(grown, active)

    def detections(self):
        return {name[len('ts_risk_detections_total{rule="'):-2]: value
                for name, value in metrics(self.suite.ops_port("risk")).items() if name.startswith("ts_risk_detections_total{")}

    def test_the_log_level_changes_at_run_time(self):
        for level in ("debug", "info"):
            self.set_level("incidents", level)
            self.assertIn("level=" + level, self.lines("incidents", 'msg="log level changed"')[-1].split())
        self.assertTrue(self.suite.is_ready("incidents"))

    def test_one_request_id_and_one_trace_go_all_the_way_to_the_webhook(self):
        """What a post sets off later, in other processes, names the request that caused it."""
        hook = receiver.Receiver()
        self.addCleanup(hook.close)
        endpoint, _ = self.api.create_endpoint(hook.url)
        self.addCleanup(lambda: self.api.request("DELETE", "/v1/webhooks/endpoints/" + endpoint))
        traced = ("gateway", "risk", "incidents", "webhooks")
        for service in traced:
            self.set_level(service, "debug")
            self.addCleanup(self.set_level, service, "info")

        def takeover(**headers):
            email = records.person()
            answer = self.api.request("POST", "/v1/events?source=google_workspace", json.dumps(records.takeover(email)),
                                      dict(headers, **{"Content-Type": "application/json"}))
            self.assertEqual(answer.status, 202, answer.text)
            return answer, hook.wait("incident.created", affected_user=email)["headers"].get("traceparent", "")

        parent = "00-%s-%s-01" % (os.urandom(16).hex(), os.urandom(8).hex())
        request = "req_" + os.urandom(8).hex()
        answer, seen = takeover(traceparent=parent, **{"X-Request-Id": request})
        self.assertEqual((answer.headers["X-Request-Id"], seen), (request, parent))
        for service in traced:
            wait_until(lambda: self.lines(service, "request_id=" + request), 10, "a line of %s with the request id" % service)

        # A client that sends none, or nonsense, gets a trace of its own for each request.
        traces = [takeover(**headers)[1] for headers in ({}, {"traceparent": parent.upper()})]
        for trace in traces:
            self.assertRegex(trace, "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$")
        self.assertEqual(len({parent, *traces}), 3)
