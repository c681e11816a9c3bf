"""An endpoint's life through the API: changed, tried out, its secret rotated, what failed replayed; and what others can verify."""

import json
import os
import shutil
import subprocess
import unittest

import base
import receiver
import suite

REFERENCE = os.path.join(suite.SHARED, "api-reference.txt")
VERIFIER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "standard_webhooks.js")


def npm_verify(delivery, secret):
    """True or False; None where the package or Node is not there."""
    if shutil.which("node") is None:
        return None
    given = {"secret": secret, "headers": delivery["headers"], "body": delivery["body"].decode()}
    code = subprocess.run(["node", VERIFIER], input=json.dumps(given), text=True, stderr=subprocess.DEVNULL, timeout=60).returncode
    return None if code == 77 else code == 0


class Care(base.SuiteCase):
    environment = {"TS_WEBHOOKS_RETRY_SCHEDULE": "1s"}

    def setUp(self):
        super().setUp()
        self.receiver = receiver.Receiver()
        self.addCleanup(self.receiver.close)

    def call(self, method, path, fields=None, status=200):
        answer = self.api.send(method, path, fields) if fields is not None else self.api.request(method, path)
        self.assertEqual(answer.status, status, answer.text)
        return answer

    def endpoint(self, **fields):
        data = self.call("POST", "/v1/webhooks/endpoints", {"url": self.receiver.url, "events": ["webhook.test"], **fields}, 201).data
        path = "/v1/webhooks/endpoints/" + data["endpoint"]["id"]
        self.addCleanup(lambda: self.api.request("DELETE", path))
        return path, data["secret"], data["endpoint"]

    def try_out(self, path):
        """The id of a test event, and its delivery."""
        sent = self.call("POST", path + "/test", status=202).data
        return sent["event_id"], suite.wait_until(lambda: next((d for d in self.receiver.of("webhook.test") if d["json"]["id"] == sent["event_id"]),
                                                               None), 30, "the test event arrives")

    def ended(self, event):
        def look():
            found = self.call("GET", "/v1/webhooks/events/" + event).data["event"]
            return found if found["status"] != "pending" else None
        return suite.wait_until(look, 40, "event %s ends" % event)

    def test_an_endpoint_is_changed_field_by_field(self):
        path, _, made = self.endpoint(description="first", rate_limit=100, headers={"X-Tenant": "seven", "Authorization": "Bearer hush"})
        self.assertEqual((made["header_names"], made["rate_limit"], made["ordered"]), (["X-Tenant", "Authorization"], 100, False))
        read = self.call("GET", path)
        self.assertNotIn("hush", read.text)
        changed = self.api.request("PATCH", path, json.dumps({"description": "second", "ordered": True}),
                                   {"Content-Type": "application/json", "If-Match": read.headers["ETag"]})
        self.assertEqual(changed.status, 200, changed.text)
        self.assertEqual(changed.data["endpoint"], dict(made, description="second", ordered=True))
        stale = self.api.request("PATCH", path, json.dumps({"description": "third"}),
                                 {"Content-Type": "application/json", "If-Match": read.headers["ETag"]})
        self.assertEqual(stale.status, 412, stale.text)
        _, delivery = self.try_out(path)
        self.assertEqual((delivery["headers"]["x-tenant"], delivery["headers"]["authorization"]), ("seven", "Bearer hush"))
        self.assertNotIn("hush", self.suite.logs(100000))
        for fields, param in (({}, None), ({"url": "http://10.0.0.1/"}, "url"), ({"headers": {"Host": "x"}}, "headers"),
                              ({"headers": {"X": "a\r\nY: b"}}, "headers"), ({"headers": ["X"]}, "headers"), ({"rate_limit": 1001}, "rate_limit"),
                              ({"events": ["incidents"]}, "events"), ({"colour": 1}, "colour")):
            with self.subTest(fields):
                answer = self.api.send("PATCH", path, fields)
                self.assertEqual((answer.status, answer.error.get("param")), (400, param), answer.text)
        self.assertEqual(self.api.send("PATCH", "/v1/webhooks/endpoints/whe_nothing", {"enabled": True}).status, 404)

    def test_a_secret_rotates_and_others_can_verify(self):
        path, old, _ = self.endpoint()
        _, delivery = self.try_out(path)
        verifiers = [receiver.own_verify, receiver.reference_verify(REFERENCE)]
        for verify in filter(None, verifiers):
            self.assertTrue(verify(delivery["body"], delivery["headers"]["x-teamsentry-signature"], old))
        rotated = self.call("POST", path + "/rotate-secret")  # no body: a day
        new = rotated.data["secret"]
        self.assertEqual(rotated.headers["Cache-Control"], "no-store")
        self.assertIsNotNone(rotated.data["endpoint"]["secret_rotation_ends_at"])
        self.assertEqual(self.api.send("POST", path + "/rotate-secret", {"overlap_seconds": -1}).status, 400)
        _, delivery = self.try_out(path)
        head = delivery["headers"]
        for verify in filter(None, verifiers):
            self.assertTrue(verify(delivery["body"], head["x-teamsentry-signature"], old))
            self.assertTrue(verify(delivery["body"], head["x-teamsentry-signature-next"], new))
            self.assertFalse(verify(delivery["body"], head["x-teamsentry-signature"], new))
        both = [npm_verify(delivery, secret) for secret in (old, new)]
        self.assertEqual([receiver.standard_verify(delivery, secret) for secret in (old, new)], [True, True])
        self.call("POST", path + "/promote-secret")
        self.assertEqual(self.api.request("POST", path + "/promote-secret").status, 409)
        _, delivery = self.try_out(path)
        self.assertNotIn("x-teamsentry-signature-next", delivery["headers"])
        self.assertEqual([receiver.standard_verify(delivery, secret) for secret in (old, new)], [False, True])
        if both == [None, None]:
            self.skipTest("the npm package standardwebhooks is not in tests/web; all else passed")
        self.assertEqual(both + [npm_verify(delivery, old), npm_verify(delivery, new)], [True, True, False, True])

    def test_what_failed_is_replayed(self):
        path, _, endpoint = self.endpoint()
        self.receiver.statuses = [500, 500, 500, 500]
        events = [self.call("POST", path + "/test", status=202).data["event_id"] for _ in range(2)]
        for event in events:
            found = self.ended(event)
            self.assertEqual((found["status"], [a["status_code"] for a in found["deliveries"][0]["attempts"]]), ("failed", [500, 500]))
        bodies = {d["json"]["id"]: d["body"] for d in self.receiver.deliveries}
        failed = self.call("GET", "/v1/webhooks/events?status=failed&event=webhook.test&endpoint_id=" + endpoint["id"]).data
        self.assertEqual((failed["pagination"]["total"], [e["id"] for e in failed["events"]]), (2, events[::-1]))
        self.assertEqual(self.call("POST", "/v1/webhooks/events/%s/replay" % events[0], status=202).data, {"event_id": events[0], "deliveries": 1})
        found = self.ended(events[0])
        self.assertEqual((found["status"], [a["number"] for a in found["deliveries"][0]["attempts"]]), ("delivered", [1, 2, 3]))
        asked = self.call("POST", path + "/replay-failed", {"since": "2020-01-01"}, 202).data
        self.assertEqual(asked, {"endpoint_id": endpoint["id"], "deliveries": 1, "since": "2020-01-01T00:00:00Z"})
        suite.wait_until(lambda: self.call("GET", "/v1/webhooks/events/" + events[1]).data["event"]["status"] == "delivered", 40, "it is replayed")
        for delivery in self.receiver.deliveries:
            self.assertEqual(delivery["body"], bodies[delivery["json"]["id"]])
        self.assertEqual(self.api.request("POST", "/v1/webhooks/events/evt_nothing/replay").status, 404)
        self.assertEqual(self.api.request("POST", "/v1/webhooks/endpoints/whe_nothing/replay-failed").status, 404)

    def test_the_operators_commands(self):
        path, _, endpoint = self.endpoint(description="for ops")
        event, _ = self.try_out(path)
        self.ended(event)

        def ctl(*words):
            environment = dict(os.environ, TS_BUS_DIR=os.path.join(self.suite.data, "run", "bus"))
            return subprocess.run([os.path.join(suite.BIN, "teamsentryctl"), "webhooks", *words], env=environment, check=True, timeout=30,
                                  stdout=subprocess.PIPE, text=True).stdout
        self.assertIn(endpoint["id"], ctl("endpoints", "Quickstart"))
        self.assertIn(event, ctl("events", "Quickstart", "--status", "delivered"))
        shown = json.loads(ctl("events", "Quickstart", "--endpoint", endpoint["id"], "--json"))
        self.assertEqual([e["id"] for e in shown["events"]], [event])
        self.assertIn("1", ctl("replay", "Quickstart", event))
        ctl("replay-failed", "Quickstart", endpoint["id"], "--since", "2020-01-01")
        suite.wait_until(lambda: len([d for d in self.receiver.of("webhook.test") if d["json"]["id"] == event]) == 2, 30, "it arrives again")

    def test_a_dispatcher_stops_at_once_and_another_goes_on(self):
        path, _, _ = self.endpoint()
        pid = self.suite.pid("webhook-dispatcher")
        os.kill(pid, 15)
        self.suite.wait_restarted("webhook-dispatcher", pid)
        self.try_out(path)
        log = self.suite.logs(100000)
        self.assertNotIn("results not told", log)


if __name__ == "__main__":
    unittest.main()
