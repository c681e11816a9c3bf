"""Okta's System Log: from its records to users, apps, AI tools and incidents, beside those of other sources."""

import json
import time

import base
import records
import suite


def user(email):
    return {"id": "00u" + email.split("@")[0], "type": "User", "alternateId": email, "displayName": email.split(".")[0]}


def record(event_type, email, ago=60, result="SUCCESS", reason=None, target=None, debug=None, ip=records.HOME):
    """As GET /api/v1/logs gives it."""
    return {
        "uuid": "%x-okta" % next(records.counter), "published": records.rfc3339(time.time() - ago), "eventType": event_type,
        "version": "0", "severity": "INFO", "actor": user(email), "displayMessage": event_type,
        "client": {"ipAddress": ip, "zone": "null", "device": "Computer",
                   "userAgent": {"rawUserAgent": "Mozilla/5.0", "os": "Linux", "browser": "FIREFOX"}},
        "outcome": {"result": result, "reason": reason}, "target": target, "debugContext": {"debugData": debug or {}},
        "securityContext": {"isProxy": False}, "request": {"ipChain": []},
    }


def app(name):
    return {"id": "0oa%x" % next(records.counter), "type": "AppInstance", "alternateId": name, "displayName": name}


def consent(client_id, scope):
    return {"id": "oag1", "type": "ConsentGrant", "alternateId": None, "displayName": scope,
            "detailEntry": {"publicclientapp": client_id}}


class Okta(base.SuiteCase):
    def okta(self, body):
        return self.post(body, source="okta")

    def app_of(self, client_id):
        return next((a for a in self.api.pages("/v1/apps", "apps") if a["client_id"] == client_id), None)

    def test_a_sign_in_makes_the_user_whom_google_knows_too(self):
        email = records.person()
        self.okta([record("user.session.start", email)])
        found = suite.wait_until(lambda: self.api.user(email), 20, "user " + email, 0.2)
        self.assertEqual(found["risk_score"], 0)
        self.post([records.login(email, ago=30)])
        self.suite.settle()
        self.assertEqual([u["email"] for u in self.api.pages("/v1/users", "users") if u["email"] == email], [email])

    def test_a_name_that_was_tried_makes_nobody(self):
        known, tried = records.person(), records.person()
        failed = record("user.session.start", tried, result="FAILURE", reason="INVALID_CREDENTIALS")
        failed["actor"]["id"] = "unknown"
        self.okta([record("user.session.start", known), failed])
        suite.wait_until(lambda: self.api.user(known), 20, "user " + known, 0.2)
        self.assertIsNone(self.api.user(tried))

    def test_an_ai_tool_by_single_sign_on(self):
        email = records.person()
        self.okta([record("user.session.start", email, ago=90),
                   record("user.authentication.sso", email, target=[app("Perplexity")]),
                   record("user.authentication.sso", email, target=[app("Claude")], result="FAILURE")])

        def tools():
            groups = self.api.get("/v1/ai-usage", days=1, group_by="user").data["groups"]
            return [g["tools"] for g in groups if g["email"] == email]
        self.assertEqual(suite.wait_until(tools, 20, "AI use of " + email, 0.2), [["Perplexity"]])

    def test_an_app_by_consent_and_by_its_tokens(self):
        email = records.person()
        consented, used = "0oac%x" % next(records.counter), "0oau%x" % next(records.counter)
        token = record("app.oauth2.token.grant.access_token", email, target=[user(email)],
                       debug={"grantedScopes": "openid, okta.users.manage"})
        token["actor"] = {"id": used, "type": "PublicClientApp", "alternateId": used, "displayName": "Sync"}
        self.okta([record("user.session.start", email, ago=90),
                   record("app.oauth2.as.consent.grant", email, target=[consent(consented, "okta.logs.read")]), token])
        suite.wait_until(lambda: self.app_of(used), 20, "the app", 0.2)
        self.suite.settle()
        self.assertEqual([(s["scope"], s["sensitivity"]) for s in self.app_of(consented)["scopes"]],
                         [("okta.logs.read", "restricted")])
        shown = self.app_of(used)
        self.assertEqual((shown["name"], shown["users"], shown["user_count"]), ("Sync", [email], 1))
        self.assertEqual({s["scope"]: s["sensitivity"] for s in shown["scopes"]},
                         {"openid": "basic", "okta.users.manage": "critical"})

    def test_giving_in_to_pushes_opens_an_incident(self):
        email = records.person()
        push = {"factor": "OKTA_VERIFY_PUSH"}
        body = [record("user.authentication.auth_via_mfa", email, 600 - 60 * n, "FAILURE", "INVALID_CREDENTIALS", debug=push,
                       ip=records.ABROAD) for n in range(4)]
        body += [record("user.authentication.auth_via_mfa", email, 200, debug=push, ip=records.ABROAD),
                 record("user.session.start", email, 190, ip=records.ABROAD)]
        self.okta(body)
        rule = "okta_push_accepted_after_denials"

        def incident():
            found = self.api.get("/v1/incidents", user=email).data["incidents"]
            return next((i for i in found if rule in i["rule_ids"]), None)
        self.assertEqual(suite.wait_until(incident, 20, "an incident of " + email, 0.2)["severity"], "critical")
        profile = self.api.get("/v1/users/" + email).data
        self.assertIn(rule, [r["rule_id"] for r in profile["active_rules"]])
        self.assertGreaterEqual(profile["user"]["risk_score"], 70)

        # The same by an event hook, and one a line: nothing is new.
        hook = {"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "data": {"events": body}}
        lines = "\n".join(json.dumps(r) for r in body)
        for text, kind in ((json.dumps(hook), "application/json"), (lines, "application/x-ndjson")):
            again = self.api.events(text, source="okta", content_type=kind).data
            self.assertEqual((again["accepted"], again["duplicates"], again["rejected"]), (0, len(body), []))

    def test_what_is_wrong_is_named(self):
        email = records.person()
        bad = [dict(record("zone.update", email), published=None), dict(record("zone.update", email), eventType=7),
               dict(record("zone.update", email), actor="x"), record("zone.update", email), 5]
        answer = self.api.events(bad, source="okta")
        self.assertEqual((answer.status, answer.data["accepted"]), (202, 1), answer.text)
        for (index, word), rejected in zip(((0, "published"), (1, "eventType"), (2, "actor"), (4, "not an object")),
                                           answer.data["rejected"], strict=True):
            self.assertEqual(rejected["index"], index)
            self.assertIn(word, rejected["reason"])
        refused = self.api.events(bad, source="oktas")
        self.assertEqual((refused.status, refused.error["param"]), (400, "source"), refused.text)
        self.assertIn("okta", refused.error["message"])
        self.assertEqual(self.api.events("{", source="okta").status, 400)
