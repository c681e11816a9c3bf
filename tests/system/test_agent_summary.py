"""GET /v1/agent/summary: small however much there is to say, true, and every step that it proposes can be made."""

import json
import os
import re
import subprocess

import agent_tools
import base
import records
import suite

BYTES_MAX = 8000  # 2,000 tokens of four bytes


class AgentSummary(base.SuiteCase):
    def summary(self, api=None):
        answer = (api or self.api).get("/v1/agent/summary")
        self.assertEqual(answer.status, 200, answer.text)
        self.assertLessEqual(len(answer.text.encode()), BYTES_MAX)
        self.check_steps(api or self.api, answer.data)
        return answer

    def check_steps(self, api, data):
        self.assertLessEqual(len(data["insights"]), 3)
        self.assertLessEqual(len(data["next_steps"]), 5)
        self.assertEqual([step["priority"] for step in data["next_steps"]], list(range(1, len(data["next_steps"]) + 1)))
        for step in data["next_steps"]:
            self.assertTrue(step["action"] and step["why"])
            answer = agent_tools.call(api, step["tool"], step["arguments"])
            self.assertEqual(answer.status, 200, "%s: %s" % (step, answer.text[:300]))
        order = ("critical", "high", "medium", "low", "informational")
        ranks = [order.index(insight["severity"]) for insight in data["insights"]]
        self.assertEqual(ranks, sorted(ranks))
        for change in data["changes"]:
            self.assertIn(change["since"], ("yesterday", "last_week"))
            self.assertNotEqual(change["now"], change["before"])
            numbers = {float(n) for n in re.findall(r"(?<![\w.@])\d+(?![\w@])", change["text"])}
            self.assertLessEqual({float(change["now"])}, numbers, change)
            self.assertLessEqual(numbers, {float(change["now"]), float(change["before"]), 7.0}, change)
        for insight in data["insights"]:
            self.assertTrue(insight["evidence"], insight["text"])
            # Its numbers are those of its evidence or of the data beside it.
            for number in re.findall(r"(?<![\w.@])\d+(?:\.\d+)?(?![\w@])", insight["text"]):
                self.assertIn(float(number), numbers_in(data), insight["text"])

    def key(self, *permissions):
        """A key of the organization that may do this and no more."""
        organization = self.api.get("/v1/overview").data["organization"]["id"]
        environment = dict(self.suite.environment, TS_BUS_DIR=os.path.join(self.suite.data, "run", "bus"))
        done = subprocess.run([os.path.join(suite.BIN, "teamsentryctl"), "key", "create", organization, "--name", "narrow",
                               "--permissions", ",".join(permissions)], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=20)
        found = re.search(r"tsk_live_[0-9A-Za-z]{32}", done.stdout)
        self.assertTrue(found, done.stdout)
        return found.group(0)

    def test_1_of_nothing(self):
        data = self.summary().data
        self.assertEqual(data["insights"], [])
        self.assertEqual(data["changes"], [])
        self.assertEqual(data["left_out"], [])
        self.assertEqual([step["tool"] for step in data["next_steps"]], ["get_security_overview"])
        self.assertEqual(data["incidents"]["last_day"], {"opened": 0, "opened_before": 0})
        self.assertIsNone(data["ai_usage"]["change_percent"])

    def test_2_of_a_takeover(self):
        email = records.person()
        self.post(records.takeover(email))
        suite.wait_until(lambda: self.api.get("/v1/incidents", user=email).data["incidents"], 20, "an incident")
        self.suite.settle()
        data = self.summary().data
        incident = self.api.get("/v1/incidents", user=email).data["incidents"][0]
        self.assertEqual(data["incidents"]["worst"][0]["id"], incident["id"])
        self.assertEqual(data["risk"]["top_users"][0]["email"], email)
        self.assertEqual(data["incidents"]["last_day"]["opened"], len(self.api.pages("/v1/incidents", "incidents", status="all")))
        opened = data["incidents"]["last_day"]["opened"]
        changed = {(change["since"], change["subject"]): change for change in data["changes"]}
        for since in ("yesterday", "last_week"):
            self.assertEqual((changed[since, "incidents_opened"]["now"], changed[since, "incidents_opened"]["before"]), (opened, 0))
        said = " ".join(insight["text"] for insight in data["insights"])
        self.assertIn(incident["id"], said)
        self.assertIn(email, said)
        kinds = {proof["kind"] for insight in data["insights"] for proof in insight["evidence"]}
        self.assertLessEqual({"incident", "user", "rule"}, kinds)
        steps = {step["tool"]: step["arguments"] for step in data["next_steps"]}
        self.assertEqual(steps["get_incident_details"], {"incident_id": incident["id"]})
        self.assertEqual(steps["get_user_risk_profile"], {"user_email": email, "include_timeline": True})

    def test_3_of_much_with_long_names(self):
        for number in range(20):
            email = ("n" * 40 + records.person())[:64].split("@")[0] + "@" + "d" * 60 + ".lumen-works.example"
            app = "Assistant %d " % number + "x" * 300
            self.post(records.takeover(email) + [records.grant(email, app, "c%d" % number, ["https://mail.google.com/"]),
                                                 records.grant(email, "ChatGPT", "gpt", ["openid"])])
        path = os.path.join(self.suite.directory, "events.ndjson")
        done = subprocess.run([os.path.join(suite.BIN, "ts-simulator"), "--days", "5", "--events", "5000", "--seed", "11",
                               "--out", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(self.api.events(file.read(), content_type="application/x-ndjson").status, 202)
        self.suite.settle()
        answer = self.summary()
        self.assertEqual(len(answer.data["insights"]), 3)
        self.assertEqual(len(answer.data["risk"]["top_users"]), 3)
        self.assertGreater(answer.data["ai_usage"]["total_events"], 0)
        self.assertLessEqual({"incidents_opened", "ai_events", "ai_tools_first_seen"}, {c["subject"] for c in answer.data["changes"]})
        print("agent summary: %d bytes" % len(answer.text.encode()))

    def test_4_a_key_that_may_read_less_gets_less(self):
        email = records.person()
        self.post(records.takeover(email))
        self.suite.settle()
        api = self.suite.client(self.key("agent", "read:incidents"))
        self.addCleanup(api.close)
        answer = self.summary(api)
        self.assertNotIn("risk", answer.data)
        self.assertNotIn("ai_usage", answer.data)
        self.assertNotIn("degraded", answer.json["meta"])
        left_out = {part["part"]: (part["reason"], part["permission"]) for part in answer.data["left_out"]}
        self.assertEqual(left_out["risk"], ("permission", "read:users"))
        self.assertIn("the key lacks read:users", answer.json["summary"])
        self.assertNotIn(email, json.dumps(answer.data["insights"]))
        blind = self.suite.client(self.key("read:users"))
        self.addCleanup(blind.close)
        self.assertEqual(blind.get("/v1/agent/summary").status, 403)

    def test_5_parts_that_are_down_are_named(self):
        pid = self.suite.pid("ai-usage")
        os.kill(pid, 19)  # SIGSTOP: it hears nothing, and nobody starts it again
        try:
            answer = self.summary()
            self.assertEqual(answer.json["meta"]["degraded"], ["ai-usage"])
            self.assertEqual([(p["part"], p["reason"]) for p in answer.data["left_out"]], [("ai_usage", "unavailable")])
            self.assertIn("AI usage (not available at the moment)", answer.json["summary"])
        finally:
            os.kill(pid, 18)
        suite.wait_until(lambda: "degraded" not in self.api.get("/v1/agent/summary").json["meta"], 20, "all parts again")


def numbers_in(value):
    if isinstance(value, dict):
        return set().union(*map(numbers_in, value.values())) if value else set()
    if isinstance(value, list):
        return set().union({float(len(value))}, *map(numbers_in, value))
    return {float(value)} if isinstance(value, (int, float)) and not isinstance(value, bool) else set()
