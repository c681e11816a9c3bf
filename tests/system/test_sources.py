"""One company, told by two sources: people sign in at one and work in the other. Each person is one user with one story."""

import json
import os
import subprocess

import base
import records
import suite

PEOPLE = 30


class Sources(base.SuiteCase):
    def play(self, sources, domain):
        """Plays two days through the suite; what was an attack, by its name and whom it was done to or by."""
        labels = os.path.join(self.suite.directory, domain + ".ndjson")
        done = subprocess.run([os.path.join(suite.BIN, "ts-simulator"), "--post", "http://127.0.0.1:%d" % self.suite.port,
                               "--source", sources, "--people", str(PEOPLE), "--days", "2", "--seed", "7", "--domain", domain,
                               "--with-directory", "--labels", labels],
                              env=dict(os.environ, TS_API_KEY=self.suite.key), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"^accepted [1-9]\d*, duplicates 0, rejected 0;")
        self.suite.settle()
        with open(labels, encoding="utf-8") as file:
            return [(label["attack"], label["user"]) for label in map(json.loads, file)]

    def incident_of(self, email):
        """The one incident, whole."""
        found = self.api.get("/v1/incidents", user=email, status="open").data["incidents"]
        self.assertEqual(len(found), 1, found)
        self.assertEqual(found[0]["affected_users"], [email])
        return self.api.get("/v1/incidents/" + found[0]["id"]).data["incident"]

    def check_company(self, identity, domain):
        attacks = self.play(identity + ",google_workspace", domain)
        people = self.api.get("/v1/users/search", query=domain, limit=200).data["users"]
        self.assertEqual(len(people), PEOPLE, "one user for each person of the directory, and no others")

        victim = [user for attack, user in attacks if attack == "brute_force_takeover"][0]
        incident = self.incident_of(victim)
        self.assertIn("brute_force_then_success", incident["rule_ids"])
        self.assertIn("mail_forwarded_outside", incident["rule_ids"])
        told = {proof["source"]: proof for proof in incident["evidence"]}
        self.assertEqual(set(told), {identity, "google_workspace"})
        for source, proof in told.items():
            self.assertRegex(proof["summary"], r"^[A-Z][a-z][^()]* \(%s " % source)
        activity = self.api.get("/v1/users/" + victim).data["recent_activity"]
        self.assertLessEqual({act["source"] for act in activity}, set(told))
        self.assertTrue(activity and all(act["category"] for act in activity), activity)

        insider = [user for attack, user in attacks if attack == "insider_data_theft"][0]
        self.assertIn("mass_download", self.incident_of(insider)["rule_ids"])
        return attacks

    def test_okta_and_google(self):
        attacks = self.check_company("okta", "okta-works.example")
        lured = [user for attack, user in attacks if attack == "oauth_consent_abuse"]
        apps = [app for app in self.api.pages("/v1/apps", "apps") if app["name"] == "Invoice Sync Helper"]
        self.assertEqual([app["user_count"] for app in apps], [len(lured)])

    def test_an_ai_tool_is_one_through_whichever_door(self):
        email = records.person()
        self.post([records.login(email), records.grant(email, "ChatGPT", "gpt", ["openid"])])
        answer = self.api.events([records.okta(email, "user.authentication.sso", {"target": [
            {"id": "0oa1", "type": "AppInstance", "alternateId": "ChatGPT", "displayName": "ChatGPT"}]})], source="okta")
        self.assertEqual((answer.status, answer.data["accepted"]), (202, 1), answer.text)
        self.suite.settle()
        groups = self.api.get("/v1/ai-usage", group_by="user").data["groups"]
        self.assertEqual([(group["tools"], group["events"]) for group in groups if group["email"] == email], [(["ChatGPT"], 2)])
