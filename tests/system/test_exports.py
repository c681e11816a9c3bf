"""Lists as files: everything that the lists show, in a form that a spreadsheet shows and never runs."""

import collections
import contextlib
import csv
import io
import threading

import base
import records
import suite


class Exports(base.SuiteCase):
    def export(self, what, **query):
        answer = self.api.request("GET", "/v1/exports/%s.csv" % what, query=query)
        self.assertEqual(answer.status, 200, answer.text)
        self.assertIn('filename="%s.csv"' % what, answer.headers["Content-Disposition"])
        self.assertTrue(answer.text.endswith("\r\n"))
        return list(csv.DictReader(io.StringIO(answer.text, newline="")))

    def test_exports_hold_what_the_lists_show(self):
        people = [records.person("row") for _ in range(230)]  # more than a page
        self.post([records.login(email) for email in people])
        self.post(records.takeover(people[0]))
        self.post([records.grant(people[1], "ChatGPT", "77377267392-x.apps.googleusercontent.com",
                                 ["https://www.googleapis.com/auth/drive"])])
        self.suite.settle()
        listed = self.api.pages("/v1/users", "users")
        rows = self.export("users")
        self.assertGreater(len(rows), 200)
        self.assertEqual(len(rows), len(listed))
        found = {row["email"]: row for row in rows}
        for user in listed:
            row = found[user["email"]]
            self.assertEqual((row["risk_level"], row["open_incident_count"]), (user["risk_level"], str(user["open_incident_count"])))
        some = self.export("users", risk_level=listed[0]["risk_level"])
        self.assertEqual({row["risk_level"] for row in some}, {listed[0]["risk_level"]})

        incidents = self.api.pages("/v1/incidents", "incidents", status="all")
        rows = self.export("incidents", status="all")
        self.assertEqual([row["id"] for row in rows], [incident["id"] for incident in incidents])
        self.assertEqual(rows[0]["affected_users"].split("; "), incidents[0]["affected_users"])

        apps = sorted(self.api.pages("/v1/apps", "apps"), key=lambda app: app["id"])
        rows = sorted(self.export("apps"), key=lambda row: row["id"])
        self.assertEqual([(row["id"], row["name"], row["client_id"], row["status"], row["risk_score"]) for row in rows],
                         [(app["id"], app["name"], app["client_id"], app["status"], str(app["risk_score"])) for app in apps])
        self.assertEqual((rows[0]["scopes"], rows[0]["user_count"], rows[0]["is_ai_tool"], rows[0]["publisher"]),
                         ("https://www.googleapis.com/auth/drive", "1", "true", "OpenAI"))
        self.assertEqual(rows[0]["first_seen_at"], apps[0]["first_seen_at"])
        self.assertEqual(self.export("apps", status="trusted"), [])
        self.assertEqual(len(self.export("apps", status="untrusted")), len(apps))

        usage = self.api.get("/v1/ai-usage", group_by="user").data["groups"]
        self.assertEqual([row["email"] for row in self.export("ai-usage", group_by="user")], sorted(g["email"] for g in usage))

    def test_each_stands_once_in_an_export_while_scores_move(self):
        people = [records.person("mover") for _ in range(630)]
        self.assertEqual(self.api.send("PUT", "/v1/directory/users", [{"email": email, "name": "Somebody", "department": "Moves"}
                                                                      for email in people]).status, 200)
        ended = threading.Event()
        moved = []

        def move():
            """From the bottom of the order by score to its top, one after the other."""
            with contextlib.closing(self.suite.client()) as api:
                for email in people[::-7]:
                    if ended.is_set() or api.events(records.takeover(email)).status != 202:
                        return
                    moved.append(email)

        mover = threading.Thread(target=move)
        mover.start()
        try:
            for _ in range(8):
                before = len(moved)
                counts = collections.Counter(row["email"] for row in self.export("users"))
                self.assertEqual({email: counts[email] for email in people}, dict.fromkeys(people, 1))
                suite.wait_until(lambda: len(moved) > before or not mover.is_alive(), 30, "somebody's score moves")
        finally:
            ended.set()
            mover.join()
        self.assertGreater(len(moved), 5)

    def test_formulas_are_text(self):
        people = [records.person(name) for name in ("=cmd", "+cmd", "-cmd")]
        self.post([records.login(email) for email in people])
        self.post([records.grant(people[0], "=HYPERLINK(0)", "@made.apps.example", ["-1+cmd"])])
        self.suite.settle()
        app = [row for row in self.export("apps") if "HYPERLINK" in row["name"]][0]
        self.assertEqual((app["name"], app["client_id"], app["scopes"]), ("'=HYPERLINK(0)", "'@made.apps.example", "'-1+cmd"))
        emails = [row["email"] for row in self.export("users")]
        for email in people:
            self.assertIn("'" + email, emails)
            self.assertNotIn(email, emails)

    def test_who_exported_what_is_in_the_audit_log(self):
        self.export("users", risk_level="critical")
        newest = self.api.get("/v1/audit-log").data["entries"][0]
        self.assertEqual((newest["action"], newest["object"], newest["details"]),
                         ("export.started", "users.csv", {"filters": "risk_level=critical"}))
        self.assertTrue(newest["actor"].startswith("key:key_"))
        before = newest["number"]
        self.assertEqual(self.api.request("HEAD", "/v1/exports/users.csv").status, 200)
        self.assertEqual(self.api.request("GET", "/v1/exports/users.csv?risk_level=none").status, 400)
        self.assertEqual(self.api.get("/v1/audit-log").data["entries"][0]["number"], before)
