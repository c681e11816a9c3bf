"""Keys over the API: made, changed, rotated, revoked, in their own mode; every POST answered once; who may do nothing at all."""

import datetime
import json
import time
import unittest

import base
import receiver
import records
import routes
import suite

DEFAULTS = ["read:users", "read:incidents", "write:incidents", "read:ai_usage", "read:apps", "agent"]


def soon(seconds):
    at = datetime.datetime.fromtimestamp(time.time() + seconds, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (at.microsecond // 1000)


class Keys(base.SuiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = suite.Gateway(cls.suite)
        cls.addClassCleanup(cls.other.close)

    def make(self, api=None, **fields):
        answer = (api or self.api).send("POST", "/v1/api-keys", dict({"name": "Made", "mode": "live"}, **fields))
        self.assertEqual(answer.status, 201, answer.text)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        return answer.data["secret"], answer.data["api_key"]

    def status(self, secret, path="/v1/users"):
        """What both gateways say to a key; they agree."""
        seen = set()
        for owner in (self.suite, self.other):
            api = owner.client(secret)
            seen.add(api.get(path).status)
            api.close()
        self.assertEqual(len(seen), 1, seen)
        return seen.pop()

    def change(self, key, **fields):
        return self.api.send("PATCH", "/v1/api-keys/" + key["id"], fields)

    def rotate(self, key, body=None):
        path = "/v1/api-keys/%s/rotate" % key["id"]
        answer = self.api.request("POST", path) if body is None else self.api.send("POST", path, body)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.data["secret"], answer.data["api_key"]

    def listed(self, key, api=None):
        return next((k for k in (api or self.api).pages("/v1/api-keys", "api_keys") if k["id"] == key["id"]), None)

    def test_a_new_key_works_and_is_shown_without_its_secret(self):
        secret, key = self.make(name="Claude \u201cDesktop\u201d")
        self.assertRegex(secret, "^tsk_live_[0-9A-Za-z]{32}$")
        self.assertEqual((key["mode"], key["permissions"], key["prefix"], key["last4"]), ("live", DEFAULTS, secret[:13], secret[-4:]))
        self.assertEqual((key["expires_at"], key["last_used_at"], key["revoked_at"], key["rotated_to"]), (None,) * 4)
        self.assertEqual(self.listed(key)["name"], "Claude \u201cDesktop\u201d")
        self.assertEqual(self.status(secret), 200)
        self.assertEqual(self.status(secret, "/v1/webhooks/endpoints"), 403)
        self.assertIsNotNone(suite.wait_until(lambda: self.listed(key)["last_used_at"], 10, "its use is seen"))
        answer = self.api.get("/v1/api-keys", limit=1)
        self.assertNotIn(secret, answer.text)
        self.assertEqual(answer.data["api_keys"][0]["id"], key["id"], "newest first")

    def test_a_change_counts_from_the_next_request(self):
        secret, key = self.make(permissions=["admin"])
        self.assertEqual(self.status(secret, "/v1/webhooks/endpoints"), 200)
        answer = self.change(key, name="Less", permissions=["read:users"])
        self.assertEqual((answer.status, answer.data["api_key"]["name"]), (200, "Less"), answer.text)
        self.assertEqual(answer.data["api_key"]["permissions"], ["read:users"])
        self.assertEqual((self.status(secret, "/v1/webhooks/endpoints"), self.status(secret)), (403, 200))

    def test_a_key_ends_when_it_should(self):
        secret, key = self.make(expires_at=soon(3600))
        self.assertEqual(self.status(secret), 200)
        self.assertIsNone(self.change(key, expires_at=None).data["api_key"]["expires_at"])
        self.assertEqual(self.change(key, expires_at=soon(1)).status, 200)
        api = self.suite.client(secret)
        self.addCleanup(api.close)
        suite.wait_until(lambda: api.get("/v1/users").status == 401, 10, "it has ended")
        self.assertEqual(self.status(secret), 401)
        answer = self.change(self.make()[1], expires_at="2020-01-01T00:00:00Z")
        self.assertEqual((answer.status, answer.error["param"]), (400, "expires_at"))

    def test_a_revoked_key_is_refused_at_once_at_every_gateway(self):
        secret, key = self.make()
        self.assertEqual(self.status(secret), 200)
        answer = self.api.request("DELETE", "/v1/api-keys/" + key["id"])
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(self.status(secret), 401)
        again = self.api.request("DELETE", "/v1/api-keys/" + key["id"])
        self.assertEqual((again.status, again.data["api_key"]["revoked_at"]), (200, answer.data["api_key"]["revoked_at"]))
        self.assertEqual(self.change(key, name="Late").status, 409)
        self.assertEqual(self.api.request("POST", "/v1/api-keys/%s/rotate" % key["id"]).status, 409)

    def test_a_change_may_ask_for_the_key_that_was_read(self):
        secret, key = self.make(name="First")
        path = "/v1/api-keys/" + key["id"]
        kind = {"Content-Type": "application/json"}

        def change(name, **more):
            return self.api.request("PATCH", path, json.dumps({"name": name}), dict(kind, **more))

        read = self.api.request("GET", path)
        self.assertEqual((read.status, read.data["api_key"]), (200, self.listed(key)), read.text)
        self.assertNotIn(secret, read.text)
        self.assertEqual(read.headers["Cache-Control"], "no-store")
        tag = read.headers["ETag"]
        self.assertEqual(self.api.request("GET", path, headers={"If-None-Match": tag}).status, 304)
        self.assertEqual(change("Second", **{"If-Match": tag}).status, 200)
        for stale in (tag, '"other"', "W/" + tag, '"x", ' + tag):
            answer = change("Third", **{"If-Match": stale})
            self.assertEqual((answer.status, answer.error["code"], answer.error["param"]), (412, "precondition_failed", "If-Match"))
        self.assertEqual(self.listed(key)["name"], "Second")
        tag = self.api.request("GET", path).headers["ETag"]
        self.assertEqual(change("Third", **{"If-Match": '"x", ' + tag}).status, 200)
        self.assertEqual(change("Fourth", **{"If-Match": "*"}).status, 200)
        self.assertEqual(change("Fifth").status, 200)
        tag = self.api.request("GET", path).headers["ETag"]
        self.rotate(key)
        self.assertEqual(change("Sixth", **{"If-Match": tag}).status, 412)
        missing = self.api.request("PATCH", path[:-4] + "0000", "{\"name\": \"x\"}", dict(kind, **{"If-Match": "*"}))
        self.assertEqual(missing.status, 404)

    def test_rotation_with_and_without_overlap(self):
        old, key = self.make(permissions=["read:users", "ingest"])
        fresh, successor = self.rotate(key)
        self.assertEqual((self.status(old), self.status(fresh)), (200, 200))
        self.assertEqual((successor["permissions"], successor["name"]), (key["permissions"], key["name"]))
        self.assertEqual(self.listed(key)["rotated_to"], successor["id"])
        left = datetime.datetime.fromisoformat(self.listed(key)["expires_at"].replace("Z", "+00:00")).timestamp() - time.time()
        self.assertTrue(86300 < left <= 86401, left)
        last = self.rotate(successor, {"overlap_seconds": 0})[0]
        self.assertEqual((self.status(fresh), self.status(last)), (401, 200))
        brief, key = self.make()
        self.rotate(key, {"overlap_seconds": 1})
        api = self.suite.client(brief)
        self.addCleanup(api.close)
        suite.wait_until(lambda: api.get("/v1/users").status == 401, 10, "the overlap has ended")

    def test_a_test_key_manages_test_keys_alone(self):
        live = self.make(name="Live")[1]
        secret, test = self.make(name="Test", mode="test", permissions=["admin"])
        api = self.suite.client(secret)
        self.addCleanup(api.close)
        self.assertEqual({k["mode"] for k in api.pages("/v1/api-keys", "api_keys")}, {"test"})
        self.assertIsNone(self.listed(live, api))
        self.assertEqual(api.request("GET", "/v1/api-keys/" + live["id"]).status, 403)
        for method, path, fields in (("POST", "/v1/api-keys", {"name": "x", "mode": "live"}),
                                     ("PATCH", "/v1/api-keys/" + live["id"], {"name": "x"}),
                                     ("POST", "/v1/api-keys/%s/rotate" % live["id"], {}),
                                     ("DELETE", "/v1/api-keys/" + live["id"], {})):
            answer = api.send(method, path, fields) if method != "DELETE" else api.request(method, path)
            self.assertEqual((answer.status, answer.error["code"]), (403, "forbidden"), answer.text)
        self.assertIsNone(self.listed(live)["revoked_at"])
        own = self.make(api, mode="test")[1]
        self.assertEqual(api.request("DELETE", "/v1/api-keys/" + own["id"]).status, 200)
        self.assertIsNotNone(self.listed(test), "a live key sees both modes")

    # ---- answered once ----

    def closed_incident(self):
        person = records.person("closed")
        self.post(records.takeover(person))
        self.suite.settle()
        made = self.api.get("/v1/incidents", user=person).data["incidents"][0]["id"]
        self.assertEqual(self.api.send("PATCH", "/v1/incidents/" + made, {"status": "resolved"}).status, 200)
        return made

    def endpoint(self):
        return self.api.create_endpoint("http://127.0.0.1:9/" + routes.token())[0]

    def rotated_endpoint(self):
        made = self.endpoint()
        self.assertEqual(self.api.request("POST", "/v1/webhooks/endpoints/%s/rotate-secret" % made).status // 100, 2)
        return made

    def event(self):
        """One that has been delivered, to all that wanted it."""
        for other in self.api.pages("/v1/webhooks/endpoints", "endpoints"):
            self.assertEqual(self.api.request("DELETE", "/v1/webhooks/endpoints/" + other["id"]).status, 200)
        hook = receiver.Receiver()
        self.addCleanup(hook.close)
        made = self.api.create_endpoint(hook.url, ["api_key.created"])[0]
        self.make(name="Tells of an event")
        return suite.wait_until(lambda: self.api.get("/v1/webhooks/events", endpoint_id=made, status="delivered").data["events"],
                                20, "an event is delivered")[0]["id"]

    def subject(self, route):
        """Something that the POST can be made to, as the state of things must be for it."""
        makers = {
            "/v1/api-keys/{id}/rotate": lambda: self.make()[1]["id"],
            "/v1/incidents/{id}/reopen": self.closed_incident,
            "/v1/webhooks/endpoints/{id}/promote-secret": self.rotated_endpoint,
            "/v1/webhooks/events/{id}/replay": self.event,
        }
        maker = makers.get(route.path, self.endpoint if route.collection == "/v1/webhooks/endpoints" else None)
        self.assertIsNotNone(maker, "%s: teach this test what it is made to" % route.name)
        return [maker()]

    def test_every_post_is_answered_once(self):
        """All that make or change something. Events are known by their records, whatever the key; questions change nothing; over MCP
        a change is known by what it changes."""
        seen = []
        for route in routes.of(self.api):
            if route.method != "POST" or route.path.startswith("/v1/agent/") or route.path in ("/v1/events", "/mcp"):
                continue
            with self.subTest(route.name):
                self.check_once(route)
                seen.append(route.path)
        print("answered once: " + ", ".join(seen))
        self.assertIn("/v1/api-keys", seen)

    def check_once(self, route):
        owner = routes.Owner(routes.token(), "http://127.0.0.1:9/" + routes.token())
        key = {"Idempotency-Key": routes.token()}
        subject = self.subject(route) if route.captures else None
        first = route.send(self.api, owner, subject, key)
        self.assertEqual(first.status // 100, 2, first.text)
        self.assertNotIn("Idempotent-Replayed", first.headers)
        again = route.send(self.api, owner, subject, key)
        self.assertEqual((again.status, again.headers["Idempotent-Replayed"]), (first.status, "true"), again.text)
        self.assertNotIn("secret", again.data)
        expected = dict(first.data)
        expected.pop("secret", None)
        self.assertEqual(again.data, expected)
        if route.body(owner):
            different = route.send(self.api, routes.Owner(routes.token()), subject, key)
        else:
            different = route.send(self.api, owner, self.subject(route), key)
        self.assertEqual((different.status, different.error["code"]), (409, "conflict"), different.text)
        self.assertIn("Idempotency-Key", different.error["message"])
        if not route.captures:
            fresh = route.send(self.api, routes.Owner(routes.token()), None, {"Idempotency-Key": routes.token()})
            self.assertEqual(fresh.status, first.status, "another key, another answer: %s" % fresh.text)
            self.assertNotIn("Idempotent-Replayed", fresh.headers)

    def test_events_are_known_by_their_records_not_by_the_key(self):
        key = {"Idempotency-Key": routes.token(), "Content-Type": "application/json"}
        person = records.person()
        answers = [self.api.request("POST", "/v1/events", json.dumps(body), key, {"source": "google_workspace"})
                   for body in ([records.login(person)], [records.login(person)])]
        self.assertEqual([(a.status, a.data["accepted"]) for a in answers], [(202, 1), (202, 1)], "another body is no repeat")

    def test_a_bad_idempotency_key_is_named(self):
        for value in ("", "x" * 256):
            answer = self.api.request("POST", "/v1/api-keys", json.dumps({"name": "x", "mode": "live"}),
                                      {"Idempotency-Key": value, "Content-Type": "application/json"})
            self.assertEqual((answer.status, answer.error["param"]), (400, "Idempotency-Key"), answer.text)

    # ---- nobody gets by ----

    def test_a_suspended_organization_may_do_nothing(self):
        organization = self.suite.organization("Suspended")
        secret = self.suite.make_key(organization)[0]
        api = self.suite.client(secret)
        self.addCleanup(api.close)
        owner = routes.Owner(routes.token())
        self.assertEqual(api.get("/v1/users").status, 200)
        self.suite.ctl("org", "suspend", organization)
        for route in routes.of(api):
            answer = route.send(api, owner)
            self.assertEqual((answer.status, answer.error["code"]), (403, "forbidden"), answer.text)
            self.assertIn("suspended", answer.error["message"])
            self.assertIn("X-RateLimit-Remaining", answer.headers)
        self.suite.ctl("org", "resume", organization)
        self.assertEqual(api.get("/v1/users").status, 200)

    def test_nobody_gets_in_while_auth_is_away_and_nobody_sees_it_come_back(self):
        """A request waits for auth as long as its deadline allows, then 503."""
        lonely = suite.Gateway(self.suite, {"TS_BUS_AUTH": "ipc://%s/nobody" % self.suite.bus, "TS_GATEWAY_CALL_MS": "700"})
        self.addCleanup(lonely.close)
        api = lonely.client()
        self.addCleanup(api.close)
        begin = time.monotonic()
        answer = api.get("/v1/users")
        self.assertEqual((answer.status, answer.error["code"]), (503, "service_unavailable"), answer.text)
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.assertGreaterEqual(time.monotonic() - begin, 0.6)
        pid = self.suite.kill("auth")
        self.assertEqual(self.api.get("/v1/users").status, 200)
        self.suite.wait_restarted("auth", pid)


if __name__ == "__main__":
    unittest.main()
