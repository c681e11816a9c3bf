"""The audit log: who did what, from where, and that nobody can take it back."""

import json
import unittest

import base
import client
import receiver
import records
import suite


class Audit(base.SuiteCase):
    def from_address(self, address, key=None):
        made = client.Client(self.suite.port, key or self.suite.key, address)
        self.addCleanup(made.close)
        return made

    def entries(self, api=None, **query):
        return (api or self.api).pages("/v1/audit-log", "entries", **query)

    def of(self, identifier, api=None):
        """What was done to it, oldest first."""
        return [e for e in reversed(self.entries(api)) if e["object"] == identifier]

    def test_each_act_on_a_key_is_told_with_who_and_where_from(self):
        api = self.from_address("127.0.0.41")
        me = next(e["id"] for e in api.pages("/v1/api-keys", "api_keys") if self.suite.key.startswith(e["prefix"]))
        acts = []

        def act(method, path, fields=None):
            name = "req_audit%d" % len(acts)
            acts.append(name)
            head = {"X-Request-Id": name, "Content-Type": "application/json"}
            answer = api.request(method, path, fields, head)
            self.assertEqual(answer.status // 100, 2, answer.text)
            return answer.data["api_key"]["id"]

        key = act("POST", "/v1/api-keys", '{"name":"Told","mode":"live"}')
        act("PATCH", "/v1/api-keys/" + key, '{"name":"Told again"}')
        act("POST", "/v1/api-keys/%s/rotate" % key)
        act("DELETE", "/v1/api-keys/" + key)
        told = self.of(key)
        self.assertEqual([e["action"] for e in told], ["key.created", "key.updated", "key.rotated", "key.revoked"])
        for entry, name in zip(told, acts):
            self.assertEqual((entry["actor"], entry["client_address"], entry["request_id"], entry["mode"]),
                             ("key:" + me, "127.0.0.41", name, "live"))
            self.assertIsInstance(entry["details"], dict)
        self.assertEqual(sorted({e["number"] for e in told}), [e["number"] for e in told], "numbered as it happened")

    def test_each_act_on_what_the_services_keep_is_told_too(self):
        """One act a request, each under a request id of its own: the log must hold exactly these, whichever service did it."""
        api = self.from_address("127.0.0.44")
        told = {}

        def act(method, path, fields=None, actions=(), content_type="application/json"):
            name = "req_toldof%d" % len(told)
            told[name] = list(actions)
            head = {"X-Request-Id": name}
            if fields is not None:
                head["Content-Type"] = content_type
            answer = api.request(method, path, None if fields is None else json.dumps(fields), head)
            self.assertEqual(answer.status // 100, 2, answer.text)
            return answer

        with receiver.Receiver() as hook:
            endpoint = "/v1/webhooks/endpoints/" + act(
                "POST", "/v1/webhooks/endpoints", {"url": hook.url}, ["endpoint.created"]).data["endpoint"]["id"]
            act("PATCH", endpoint, {"description": "told"}, ["endpoint.updated"])
            act("POST", endpoint + "/rotate-secret", None, ["endpoint.secret_rotated"])
            act("POST", endpoint + "/promote-secret", None, ["endpoint.secret_promoted"])
            event = act("POST", endpoint + "/test", None, ["endpoint.tested"]).data["event_id"]
            hook.wait("webhook.test")
            suite.wait_until(lambda: api.get("/v1/webhooks/events/" + event).data["event"]["status"] == "delivered", 20,
                             "the test event is delivered")
            act("POST", "/v1/webhooks/events/%s/replay" % event, None, ["event.replayed"])
            act("POST", endpoint + "/replay-failed", None, ["endpoint.replayed"])
            act("DELETE", endpoint, None, ["endpoint.deleted"])
        email = records.person("told")
        self.post(records.takeover(email) + [records.grant(email, "Told", "told.example", ["email"])])
        self.suite.settle()
        incident = "/v1/incidents/" + api.get("/v1/incidents", user=email).data["incidents"][0]["id"]
        act("PATCH", incident, {"status": "investigating"}, ["incident.status_changed"])
        act("PATCH", incident, {"status": "investigating", "notes": "seen"}, ["incident.note_added"])
        act("PATCH", incident, {"status": "false_positive"}, ["incident.status_changed"])
        act("POST", incident + "/reopen", {}, ["incident.reopened"])
        app = next(a for a in api.pages("/v1/apps", "apps") if a["client_id"] == "told.example")
        act("PATCH", "/v1/apps/" + app["id"], {"status": "trusted"}, ["app.status_changed"])
        act("POST", "/v1/trusted-contacts", {"value": "told.example"}, ["contact.added"])
        act("DELETE", "/v1/trusted-contacts/told.example", None, ["contact.removed"])
        act("PUT", "/v1/directory/users", [{"email": email, "name": "T", "department": "D"}], ["directory.uploaded"])
        act("GET", "/v1/exports/users.csv", None, ["export.started"])
        act("GET", "/v1/users", None, [])

        def seen():
            found = {name: [] for name in told}
            for entry in reversed(self.entries()):
                if entry["request_id"] in found:
                    self.assertEqual(entry["client_address"], "127.0.0.44")
                    self.assertTrue(entry["actor"].startswith("key:"), entry)
                    found[entry["request_id"]].append(entry["action"])
            return found

        try:
            suite.wait_until(lambda: seen() == told, 20, "every act is in the log")
        except AssertionError:
            self.assertEqual(seen(), told)

    def test_a_refused_act_and_a_repeated_one_leave_nothing_new(self):
        before = len(self.entries())
        self.assertEqual(self.api.send("POST", "/v1/api-keys", {"name": "", "mode": "live"}).status, 400)
        self.assertEqual(self.api.request("DELETE", "/v1/api-keys/key_0000000000").status, 404)
        self.assertEqual(len(self.entries()), before)
        head = {"Idempotency-Key": "audit-once", "Content-Type": "application/json"}
        for _ in range(2):
            self.assertEqual(self.api.request("POST", "/v1/api-keys", '{"name":"Once","mode":"test"}', head).status, 201)
        self.assertEqual(len(self.entries()), before + 1)

    def test_filters_and_pages(self):
        organization = self.suite.organization("Pages")
        secret, made = self.suite.make_key(organization)
        api = self.from_address("127.0.0.42", secret)
        for number in range(5):
            self.assertEqual(api.send("POST", "/v1/api-keys", {"name": "n%d" % number, "mode": "test"}).status, 201)
        whole = self.entries(api)
        self.assertEqual([e["number"] for e in whole], list(range(len(whole), 0, -1)), "newest first, none left out")
        mine = self.entries(api, actor="key:" + made)
        self.assertEqual((len(mine), {e["mode"] for e in mine}), (5, {"test"}))
        self.assertEqual({e["actor"] for e in self.entries(api, actor="ctl")}, {"ctl"})
        self.assertEqual(self.entries(api, actor="key:key_none"), [])
        self.assertEqual(self.entries(api, until="2020-01-01"), [])
        self.assertEqual(self.entries(api, since="2020-01-01"), whole)
        self.assertEqual(self.entries(api, since="2100-01-01"), [])
        by_cursor, cursor = [], {}
        while True:
            data = api.get("/v1/audit-log", limit=2, **cursor).data
            by_cursor += data["entries"]
            if not data["pagination"]["has_more"]:
                break
            cursor = {"cursor": data["pagination"]["next_cursor"]}
        self.assertEqual(by_cursor, whole)
        self.assertEqual(data["pagination"]["total"], len(whole))

    def test_a_test_key_reads_of_test_mode_alone(self):
        organization = self.suite.organization("Modes")
        self.suite.make_key(organization, mode="live")
        api = self.from_address("127.0.0.43", self.suite.make_key(organization, mode="test")[0])
        seen = self.entries(api)
        self.assertEqual({e["mode"] for e in seen}, {"test"})

    def test_the_chain_holds(self):
        self.post([records.login(records.person())])
        verdict = self.suite.ctl("audit", "verify", "Quickstart")
        self.assertNotIn("broken", {k for k, v in verdict.items() if v}, verdict)
        self.assertGreaterEqual(len(self.entries()), 1)


if __name__ == "__main__":
    unittest.main()
