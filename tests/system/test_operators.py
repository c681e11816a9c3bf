"""An operator at work: keys, organizations and the audit log from the command line, seen through the API by their keys."""

import json
import os
import subprocess
import unittest

import base
import suite


class Operators(base.SuiteCase):
    def text(self, *words, code=0):
        """What a person is shown."""
        environment = dict(self.suite.environment, TS_BUS_DIR=os.path.join(self.suite.data, "run", "bus"))
        done = subprocess.run([os.path.join(suite.BIN, "teamsentryctl"), *words], env=environment, timeout=30,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        self.words = done.stderr
        return done.stdout

    def ctl(self, *words, code=0):
        shown = self.text(*words, "--json", code=code)
        return json.loads(shown) if shown else None

    def make_org(self, name):
        return self.ctl("org", "create", name)["organization"]["id"]

    def make_key(self, org, *options):
        made = self.ctl("key", "create", org, "--name", "Reader", "--permissions", "read:users", *options)
        return made["api_key"]["id"], made["secret"]

    def status(self, secret):
        api = self.suite.client(secret)
        try:
            return api.get("/v1/users").status
        finally:
            api.close()

    def test_a_key_is_shown_changed_rotated_and_ended(self):
        org = self.make_org("Keys")
        key, secret = self.make_key(org)
        self.assertEqual(self.status(secret), 200)
        self.assertEqual(self.ctl("key", "show", org, key)["api_key"]["permissions"], ["read:users"])
        changed = self.ctl("key", "update", org, key, "--permissions", "read:apps", "--name", "Other")["api_key"]
        self.assertEqual((changed["name"], changed["permissions"]), ("Other", ["read:apps"]))
        self.assertEqual(self.status(secret), 403)
        self.ctl("key", "update", org, key, "--permissions", "read:users", "--expires", "2090-01-31")
        self.assertEqual(self.ctl("key", "show", org, key)["api_key"]["expires_at"], "2090-01-31T00:00:00Z")
        made = self.ctl("key", "rotate", org, key, "--overlap", "3600")
        self.assertEqual((self.status(secret), self.status(made["secret"])), (200, 200))
        shown = self.ctl("key", "show", org, key)["api_key"]
        self.assertEqual(shown["rotated_to"], made["api_key"]["id"])
        line = self.text("key", "show", org, key)
        self.assertIn("  ends %s  replaced by %s\n" % (shown["expires_at"], made["api_key"]["id"]), line)
        self.ctl("key", "rotate", org, key, code=1)
        self.assertIn(made["api_key"]["id"], self.words)
        self.ctl("key", "revoke", org, key)
        self.assertEqual((self.status(secret), self.status(made["secret"])), (401, 200))
        third = self.ctl("key", "rotate", org, made["api_key"]["id"], "--overlap", "0")
        self.assertEqual((self.status(made["secret"]), self.status(third["secret"])), (401, 200))
        listed = self.ctl("key", "list", org)["api_keys"]
        self.assertEqual(len(listed), 3)
        self.assertEqual({k["id"] for k in listed}, {key, made["api_key"]["id"], third["api_key"]["id"]})

    def test_a_suspended_organization_is_refused_until_it_is_resumed(self):
        org = self.make_org("Suspended")
        secret = self.make_key(org)[1]
        self.assertEqual(self.ctl("org", "rename", org, "Renamed")["organization"]["name"], "Renamed")
        self.assertEqual(self.ctl("org", "suspend", "Renamed")["organization"]["status"], "suspended")
        self.assertNotEqual(self.status(secret), 200)
        self.assertEqual(self.ctl("org", "resume", org)["organization"]["status"], "active")
        self.assertEqual(self.status(secret), 200)

    def test_a_deleted_organization_is_refused_at_once_and_its_progress_is_shown(self):
        org = self.make_org("Going")
        secret = self.make_key(org)[1]
        self.ctl("org", "delete", org, code=2)
        self.assertIn("--yes", self.words)
        self.assertEqual(self.status(secret), 200)
        self.assertIn(self.ctl("org", "delete", org, "--yes")["organization"]["status"], ("deleting", "deleted"))
        self.assertEqual(self.status(secret), 401)
        self.ctl("key", "create", org, "--name", "n", code=1)
        shown = self.ctl("org", "show", org)["organization"]
        self.assertIn(shown["status"], ("deleting", "deleted"))
        self.assertIsInstance(shown["erased_by"], list)
        self.assertIsNotNone(shown["deleted_at"])
        actions = [e["action"] for e in self.ctl("audit", "list", "-")["entries"] if e["object"] == org]
        self.assertIn("organization.deletion_started", actions)
        suite.wait_until(lambda: self.ctl("org", "show", org)["organization"]["status"] == "deleted", 30, "all is erased")
        rows = [json.loads(line) for line in self.text("org", "export", org).splitlines()]
        self.assertEqual({(r["service"], r["family"]) for r in rows}, {("auth", "audit")}, "what is kept of it")

    def test_words_for_people_say_what_to_do(self):
        org = self.make_org("Worded")
        api = self.suite.client(self.ctl("key", "create", org, "--name", "All", "--permissions", "admin")["secret"])
        hook, _ = api.create_endpoint("https://hooks.example/x", ["incident.*"])
        self.assertIn("nothing to send again", self.text("webhooks", "replay-failed", org, hook))
        event = api.get("/v1/webhooks/events?event=api_key.created").data["events"][0]
        self.text("webhooks", "replay", org, event["id"], code=1)
        self.assertIn("no endpoint left", self.words)
        self.text("status", code=1)  # the defaults' ports, where this suite is not
        self.assertIn("deploy/up.sh --status", self.words)
        api.close()

    def test_the_audit_log_tells_it_all_and_verifies(self):
        org = self.make_org("Logged")
        key, secret = self.make_key(org, "--mode", "test")
        self.ctl("key", "revoke", org, key)
        entries = self.ctl("audit", "list", org)["entries"]
        self.assertEqual([e["action"] for e in entries], ["key.revoked", "key.created", "organization.created"])
        self.assertEqual([e["number"] for e in entries], [3, 2, 1])
        self.assertEqual({e["actor"] for e in entries}, {"ctl"})
        self.assertEqual(entries[1]["details"]["permissions"], ["read:users"])
        self.assertNotIn(secret, json.dumps(entries))
        self.assertEqual(self.ctl("audit", "list", org, "--limit", "1")["total"], 3)
        self.assertEqual(self.ctl("audit", "list", org, "--actor", "key:nobody")["total"], 0)
        self.assertEqual(self.ctl("audit", "list", org, "--until", entries[2]["at"][:10])["total"], 0)
        self.ctl("audit", "list", org, "--limit", "10001", code=2)
        found = self.ctl("audit", "verify", org)
        self.assertEqual((found["is_whole"], found["entries"], found["head"]), (True, 3, entries[0]["hash"]))
        before = self.suite.pid("auth")
        self.suite.wait_restarted("auth", self.suite.kill("auth"))
        self.assertNotEqual(self.suite.pid("auth"), before)
        suite.wait_until(lambda: suite.http_get(self.suite.ops_port("auth"), "/readyz")[0] == 200, 20, "auth is ready")
        self.assertEqual(self.ctl("audit", "verify", org), found)
        self.assertTrue(self.ctl("audit", "verify", "-")["is_whole"])


if __name__ == "__main__":
    unittest.main()
