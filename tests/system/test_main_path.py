"""From a log line to a signed webhook, and back: what the suite exists for."""

import os
import re
import unittest

import base
import receiver
import records
import suite

REFERENCE = os.path.join(suite.SHARED, "api-reference.txt")


class MainPath(base.SuiteCase):
    def setUp(self):
        super().setUp()
        self.receiver = receiver.Receiver()
        self.addCleanup(self.receiver.close)
        self.endpoint, self.secret = self.api.create_endpoint(self.receiver.url)
        self.addCleanup(lambda: self.api.request("DELETE", "/v1/webhooks/endpoints/" + self.endpoint))

    def incidents_of(self, email, status="open"):
        return self.api.get("/v1/incidents", user=email, status=status).data["incidents"]

    def take_over(self):
        """An account is taken over; its owner and the incident that opened."""
        email = records.person()
        self.post(records.takeover(email))
        found = suite.wait_until(lambda: self.incidents_of(email), 20, "an incident of " + email, 0.2)
        return email, found[0]

    def check_signed(self, delivery):
        head = delivery["headers"]
        signature = head["x-teamsentry-signature"]
        self.assertTrue(receiver.own_verify(delivery["body"], signature, self.secret))
        self.assertFalse(receiver.own_verify(delivery["body"] + b" ", signature, self.secret))
        self.assertFalse(receiver.own_verify(delivery["body"], signature, self.secret + "x"))
        self.assertTrue(receiver.standard_verify(delivery, self.secret))
        published = receiver.reference_verify(REFERENCE)
        if published is not None:
            self.assertTrue(published(delivery["body"], signature, self.secret))
            self.assertFalse(published(delivery["body"] + b" ", signature, self.secret))
        self.assertEqual(head["content-type"].split(";")[0], "application/json")
        self.assertEqual(head["webhook-id"], delivery["json"]["id"])
        self.assertRegex(delivery["json"]["id"], r"^evt_[0-9A-Za-z]+$")
        self.assertRegex(delivery["json"]["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(set(delivery["json"]), {"id", "event", "timestamp", "data"})

    def test_takeover_becomes_score_incident_and_signed_webhook(self):
        email, incident = self.take_over()
        user = suite.wait_until(lambda: self.api.user(email), 20, "user " + email, 0.2)
        self.assertGreater(user["risk_score"], 0)
        self.assertGreaterEqual(user["active_rule_count"], 1)
        self.assertRegex(incident["id"], r"^inc_[0-9A-Za-z]+$")
        self.assertEqual(incident["status"], "open")
        self.assertIn(incident["severity"], ("medium", "high", "critical"))
        self.assertEqual(incident["affected_users"], [email])

        delivery = self.receiver.wait("incident.created", incident_id=incident["id"])
        self.check_signed(delivery)
        data = delivery["json"]["data"]
        self.assertEqual(data["affected_user"], email)
        self.assertEqual(data["affected_users"], [email])
        for member in ("severity", "title", "status", "rule_ids", "mitre_tactics"):
            self.assertIn(member, data)

        details = self.api.get("/v1/incidents/" + incident["id"]).data["incident"]
        for member in ("threat_chain", "timeline", "triggered_rules", "evidence", "recommended_actions"):
            self.assertTrue(details[member], member + " is empty")

    def test_score_shares_of_a_profile_add_up_to_the_score(self):
        email, _ = self.take_over()
        profile = self.api.get("/v1/users/" + email).data
        points = sum(rule["points"] for rule in profile["active_rules"])
        self.assertAlmostEqual(points, profile["user"]["risk_score"], delta=0.51)
        for rule in profile["active_rules"]:
            self.assertTrue(rule["evidence"], rule["rule_id"])
        guessed = [rule for rule in profile["active_rules"] if rule["rule_id"] == "brute_force"][0]["evidence"][0]
        self.assertEqual((guessed["source"], guessed["summary"]),
                         ("google_workspace", "Sign-in, failed (google_workspace login login_failure)"))
        self.assertIn(("google_workspace", "sign_in", "success"),
                      [(act["source"], act["category"], act["outcome"]) for act in profile["recent_activity"]])

    def test_closing_an_incident_sends_resolved_and_lowers_the_score(self):
        email, incident = self.take_over()
        self.suite.settle()
        before = self.api.user(email)["risk_score"]
        for found in self.incidents_of(email):
            answer = self.api.send("PATCH", "/v1/incidents/" + found["id"],
                                   {"status": "false_positive", "notes": "a drill"})
            self.assertEqual(answer.status, 200, answer.text)
        delivery = self.receiver.wait("incident.resolved", incident_id=incident["id"])
        self.check_signed(delivery)
        self.assertEqual(delivery["json"]["data"]["status"], "false_positive")
        suite.wait_until(lambda: self.api.user(email)["risk_score"] < before, 20, "the score falls", 0.2)
        self.assertEqual(self.incidents_of(email), [])
        self.assertEqual(self.api.user(email)["open_incident_count"], 0)
        again = self.api.send("PATCH", "/v1/incidents/" + incident["id"], {"status": "resolved"})
        self.assertEqual((again.status, again.error["code"]), (409, "conflict"))

    def test_reopening_a_false_positive_brings_its_score_back(self):
        email, incident = self.take_over()
        self.suite.settle()
        before = self.api.user(email)["risk_score"]
        ids = [found["id"] for found in self.incidents_of(email)]
        early = self.api.send("POST", "/v1/incidents/%s/reopen" % ids[0], {})
        self.assertEqual((early.status, early.error["code"]), (409, "conflict"))
        for closed in ids:
            self.assertEqual(self.api.send("PATCH", "/v1/incidents/" + closed, {"status": "false_positive"}).status, 200)
        suite.wait_until(lambda: self.api.user(email)["risk_score"] < before, 20, "the score falls", 0.2)
        self.assertEqual(self.api.user(email)["open_incident_count"], 0)
        for closed in ids:
            answer = self.api.send("POST", "/v1/incidents/%s/reopen" % closed, {"notes": "It was her after all."})
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(answer.data["incident"]["status"], "investigating")
            self.assertIsNone(answer.data["incident"]["resolution"])
            self.assertIsNone(answer.data["incident"]["closed_at"])
        # Time alone may have taken a point from it meanwhile.
        suite.wait_until(lambda: self.api.user(email)["risk_score"] >= before - 1, 20, "the score comes back", 0.2)
        self.assertLessEqual(self.api.user(email)["risk_score"], before)
        self.assertEqual(self.api.user(email)["open_incident_count"], len(ids))
        self.receiver.wait("incident.updated", incident_id=incident["id"], status="investigating")
        again = self.api.send("POST", "/v1/incidents/%s/reopen" % ids[0], {})
        self.assertEqual(again.status, 409)
        self.assertIn("investigating", again.error["message"])
        self.assertEqual(self.api.send("PATCH", "/v1/incidents/" + ids[0], {"status": "resolved"}).status, 200)

    def test_a_change_for_what_was_seen_only(self):
        _, incident = self.take_over()
        address = "/v1/incidents/" + incident["id"]
        self.suite.settle()
        tag = self.api.get(address).headers["ETag"]
        body, kind = '{"status": "investigating", "notes": "mine"}', {"Content-Type": "application/json"}
        self.assertEqual(self.api.request("PATCH", address, body, dict(kind, **{"If-Match": tag})).status, 200)
        late = self.api.request("PATCH", address, body, dict(kind, **{"If-Match": tag}))
        self.assertEqual((late.status, late.error["code"]), (412, "precondition_failed"))
        self.assertEqual(len(self.api.get(address).data["incident"]["notes"]), 1)

    def test_each_detection_is_told_once(self):
        email, _ = self.take_over()
        self.suite.settle()
        details = [self.api.get("/v1/incidents/" + i["id"]).data["incident"] for i in self.incidents_of(email)]
        wanted = sum(incident["detection_count"] for incident in details)
        suite.wait_until(lambda: len(self.receiver.of("detection.triggered", user_email=email)) >= wanted, 20, "detections")
        told = self.receiver.of("detection.triggered", user_email=email)
        self.assertEqual(len({d["json"]["data"]["detection_id"] for d in told}), len({d["json"]["id"] for d in told}))
        rules = {rule for incident in details for rule in incident["rule_ids"]}
        self.assertLessEqual(rules, {d["json"]["data"]["rule_id"] for d in told})
        for delivery in told:
            self.check_signed(delivery)
            self.assertIn(delivery["json"]["data"]["severity"], ("informational", "low", "medium", "high", "critical"))

    def test_investigating_keeps_the_incident_open_and_its_note(self):
        _, incident = self.take_over()
        answer = self.api.send("PATCH", "/v1/incidents/" + incident["id"],
                               {"status": "investigating", "notes": "calling her"})
        self.assertEqual(answer.status, 200, answer.text)
        details = self.api.get("/v1/incidents/" + incident["id"]).data["incident"]
        self.assertEqual(details["status"], "investigating")
        self.assertIn("calling her", str(details["notes"]))
        self.receiver.wait("incident.updated", incident_id=incident["id"], status="investigating")

    def test_an_ai_tool_is_counted_once_a_use(self):
        email = records.person("bo")
        before = self.api.get("/v1/ai-usage").data["totals"]["events"]
        uses = [records.login(email, 7200),
                records.grant(email, "ChatGPT", "77377267392-made.apps.googleusercontent.com",
                              ["https://www.googleapis.com/auth/drive.readonly", "openid"])]
        self.post(uses)
        suite.wait_until(lambda: self.api.get("/v1/ai-usage").data["totals"]["events"] > before, 20, "AI use", 0.2)
        again = self.api.events(uses)
        self.assertEqual((again.data["accepted"], again.data["duplicates"]), (0, 2))
        self.suite.settle()
        self.assertEqual(self.api.get("/v1/ai-usage").data["totals"]["events"], before + 1)
        tools = {g["tool"]: g for g in self.api.get("/v1/ai-usage", group_by="tool").data["groups"]}
        self.assertIn("ChatGPT", tools)
        users = {g["email"]: g for g in self.api.get("/v1/ai-usage", group_by="user").data["groups"]}
        self.assertEqual(users[email]["events"], 1)
        self.assertEqual(users[email]["tools"], ["ChatGPT"])

    def test_a_file_made_public_is_detected(self):
        email = records.person("cy")
        self.post([records.login(email, 7200)] + [records.publish(email, 300 - i, "doc%d" % i) for i in range(15)])
        suite.wait_until(lambda: (self.api.user(email) or {}).get("active_rule_count"), 20,
                         "a rule about public files", 0.2)
        self.assertGreater(self.api.user(email)["risk_score"], 0)

    def test_a_refused_delivery_comes_again_with_the_same_bytes(self):
        self.receiver.statuses = [500, 503]
        _, incident = self.take_over()
        created = {"incident_id": incident["id"]}
        suite.wait_until(lambda: [d for d in self.receiver.of("incident.created", **created) if d["status"] == 200], 30,
                         "a delivery that was answered 200", 0.2)
        suite.wait_until(lambda: [d for d in self.receiver.deliveries if d["status"] != 200] and all(
            any(e["status"] == 200 and e["json"]["id"] == d["json"]["id"] for e in self.receiver.deliveries)
            for d in list(self.receiver.deliveries)), 30, "each refused delivery came again", 0.2)
        for refused in [d for d in self.receiver.deliveries if d["status"] != 200]:
            for other in self.receiver.deliveries:
                if other["json"]["id"] == refused["json"]["id"]:
                    self.assertEqual(other["body"], refused["body"])
                    self.check_signed(other)

    def test_events_of_other_types_are_not_sent(self):
        with receiver.Receiver() as other:
            endpoint, _ = self.api.create_endpoint(other.url, ["incident.resolved"])
            self.addCleanup(lambda: self.api.request("DELETE", "/v1/webhooks/endpoints/" + endpoint))
            _, incident = self.take_over()
            self.api.send("PATCH", "/v1/incidents/" + incident["id"], {"status": "resolved"})
            other.wait("incident.resolved", incident_id=incident["id"])
            self.assertEqual({d["json"]["event"] for d in other.deliveries}, {"incident.resolved"})

    def test_each_kind_of_event_holds_what_the_page_says(self):
        rows = re.findall(r"<tr><td><code>(\w+\.\w+)</code></td><td>[^<]*</td><td>([^<]*)</td></tr>", self.api.request("GET", "/docs").text)
        self.assertEqual(len(rows), 12)
        email, incident = self.take_over()
        self.post([records.grant(email, "Claude", "newly-made.apps.googleusercontent.com", ["openid"])])
        app = suite.wait_until(lambda: [a for a in self.api.get("/v1/apps").data["apps"] if a["name"] == "Claude"], 20, "the app", 0.2)
        self.api.send("PATCH", "/v1/apps/" + app[0]["id"], {"status": "trusted"})
        for status in ("investigating", "resolved"):
            self.api.send("PATCH", "/v1/incidents/" + incident["id"], {"status": status})
        key = self.api.send("POST", "/v1/api-keys", {"name": "short", "mode": "live"}).data["api_key"]["id"]
        self.api.request("DELETE", "/v1/api-keys/" + key)
        self.api.request("POST", "/v1/webhooks/endpoints/%s/test" % self.endpoint)
        for kind, members in rows:
            if kind != "webhook.endpoint_disabled":  # takes days
                self.assertEqual(set(self.receiver.wait(kind)["json"]["data"]), set(members.split(", ")), kind)

    def test_the_event_log_shows_the_delivery(self):
        _, incident = self.take_over()
        delivery = self.receiver.wait("incident.created", incident_id=incident["id"])

        def logged():
            events = self.api.get("/v1/webhooks/events", event="incident.created", endpoint_id=self.endpoint).data["events"]
            return [e for e in events if e["id"] == delivery["json"]["id"] and e["status"] == "delivered"]
        event = suite.wait_until(logged, 20, "the event in the log", 0.2)[0]
        attempt = event["deliveries"][0]["attempts"][0]
        self.assertEqual((attempt["number"], attempt["status_code"]), (1, 200))


class Verification(unittest.TestCase):
    """Against a vector worked out elsewhere (openssl dgst -sha256 -hmac)."""

    VECTOR = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    TEXT = b"The quick brown fox jumps over the lazy dog"

    def test_own(self):
        self.assertTrue(receiver.own_verify(self.TEXT, self.VECTOR, "key"))

    def test_published(self):
        verify = receiver.reference_verify(REFERENCE)
        if verify is None:
            self.skipTest("no shared data: " + REFERENCE)
        self.assertTrue(verify(self.TEXT, self.VECTOR, "key"))
        self.assertFalse(verify(self.TEXT + b".", self.VECTOR, "key"))
