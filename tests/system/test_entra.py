"""Microsoft Entra ID: from its sign-ins, audits and risks to users, apps, AI tools and incidents."""

import json
import time

import base
import records
import suite

CHATGPT = "e0476654-c1d5-430b-ab80-70cbd947616a"  # in every tenant


def sign_in(email, ago=60, code=0, app="Office 365 Exchange Online", app_id="00000002-0000-0ff1-ce00-000000000000", **more):
    """As GET /auditLogs/signIns gives it."""
    return dict({
        "id": "%x-sign-in" % next(records.counter), "createdDateTime": records.rfc3339(time.time() - ago), "userPrincipalName": email,
        "userId": "u-" + email.split("@")[0], "userDisplayName": email.split(".")[0], "appId": app_id, "appDisplayName": app,
        "ipAddress": records.HOME, "clientAppUsed": "Browser", "isInteractive": True, "status": {"errorCode": code},
        "deviceDetail": {"deviceId": "", "operatingSystem": "Linux"}, "riskLevelDuringSignIn": "none",
    }, **more)


def audit(name, email, target, changes=(), details=(), ago=60, result="success"):
    """As GET /auditLogs/directoryAudits gives it; the new values of changes as JSON in a text."""
    return {
        "id": "Directory_%x" % next(records.counter), "category": "Directory", "result": result, "activityDisplayName": name,
        "activityDateTime": records.rfc3339(time.time() - ago), "loggedByService": "Core Directory",
        "initiatedBy": {"app": None, "user": {"id": "u-" + email.split("@")[0], "userPrincipalName": email, "ipAddress": records.HOME}},
        "targetResources": [dict(target, modifiedProperties=[
            {"displayName": key, "oldValue": None, "newValue": json.dumps(value)} for key, value in changes])],
        "additionalDetails": [{"key": key, "value": value} for key, value in details],
    }


def consent(email, app, app_id, scopes, **options):
    permissions = "[] => [[Id: x, ConsentType: Principal, Scope: %s, CreatedDateTime: ]]; " % scopes
    return audit("Consent to application", email, {"id": "sp-1", "type": "ServicePrincipal", "displayName": app},
                 [("ConsentContext.OnBehalfOfAll", "False"), ("ConsentAction.Permissions", permissions)], [("AppId", app_id)],
                 **options)


def wrapped(record, category):
    """As a diagnostic setting sends it."""
    return {"time": records.rfc3339(time.time()), "category": category, "tenantId": "t-1", "properties": record,
            "operationName": record.get("activityDisplayName", "Sign-in activity"), "callerIpAddress": "<null>"}


class Entra(base.SuiteCase):
    def entra(self, body):
        return self.post(body, source="entra_id")

    def incident_of(self, email, rule):
        def found():
            incidents = self.api.get("/v1/incidents", user=email).data["incidents"]
            return next((i for i in incidents if rule in i["rule_ids"]), None)
        return suite.wait_until(found, 20, "an incident of " + email, 0.2)

    def test_only_ones_own_people_who_got_in_are_users(self):
        known, tried, interrupted, guest, renewed = (records.person() for _ in range(5))
        partner = guest.replace("lumen-works", "partner")
        service = sign_in(renewed)
        service.update(userPrincipalName="", userId="", servicePrincipalId="sp-9")
        self.entra([sign_in(known), sign_in(tried, code=50126), sign_in(interrupted, code=50074), sign_in(partner, userType="guest"),
                    service])
        suite.wait_until(lambda: self.api.user(known), 20, "user " + known, 0.2)
        for nobody in (tried, interrupted, partner, renewed):
            self.assertIsNone(self.api.user(nobody), nobody)
        # Google's word about the same person is about the same user.
        self.post([records.login(known, ago=30)])
        self.suite.settle()
        self.assertEqual([u["email"] for u in self.api.pages("/v1/users", "users") if u["email"] == known], [known])

    def test_whom_something_happens_to_was_not_there(self):
        email = records.person()
        disabled = audit("Disable account", email, {"type": "User", "id": "u-1", "userPrincipalName": email}, ago=10)
        disabled["initiatedBy"] = {"user": None, "app": {"displayName": "Sync", "appId": "sync"}}
        came = sign_in(email, ago=3600)
        self.entra([came, sign_in(email, ago=20, code=50074), disabled])
        found = suite.wait_until(lambda: self.api.user(email), 20, "user " + email, 0.2)
        self.assertEqual(found["last_seen_at"][:19], came["createdDateTime"][:19])

    def test_an_app_and_an_ai_tool(self):
        email, app_id = records.person(), "app-%x" % next(records.counter)
        self.entra([sign_in(email, ago=90), consent(email, "Mail Helper", app_id, "User.Read Mail.ReadWrite"),
                    consent(email, "Refused", app_id + "-2", "Mail.Read", result="failure"),
                    sign_in(email, app="Some other name", app_id=CHATGPT)])

        def app_of(client_id):
            return next((a for a in self.api.pages("/v1/apps", "apps") if a["client_id"] == client_id), None)
        shown = suite.wait_until(lambda: app_of(app_id), 20, "the app", 0.2)
        self.assertEqual((shown["name"], shown["users"]), ("Mail Helper", [email]))
        self.assertEqual({s["scope"]: s["sensitivity"] for s in shown["scopes"]}, {"User.Read": "basic", "Mail.ReadWrite": "critical"})
        self.assertIsNone(app_of(app_id + "-2"))
        self.assertEqual(self.incident_of(email, "oauth_full_access_granted")["severity"], "high")

        def tools():
            groups = self.api.get("/v1/ai-usage", days=1, group_by="user").data["groups"]
            return [g["tools"] for g in groups if g["email"] == email]
        self.assertEqual(suite.wait_until(tools, 20, "AI use of " + email, 0.2), [["ChatGPT"]])

    def test_an_administrator_is_made(self):
        boss, ana = records.person(), records.person()
        made = audit("Add member to role", boss, {"type": "User", "id": "u-1", "userPrincipalName": ana},
                     [("Role.DisplayName", "Global Administrator")])
        self.entra({"records": [wrapped(sign_in(boss, ago=90), "SignInLogs"), wrapped(made, "AuditLogs")]}["records"])
        rule = "entra_global_admin_granted"
        self.assertEqual(self.incident_of(boss, rule)["severity"], "critical")
        active = self.api.get("/v1/users/" + boss).data["active_rules"]
        evidence = next(r for r in active if r["rule_id"] == rule)["evidence"][0]
        self.assertEqual(evidence["source"], "entra_id")

        # The same in Graph's form, in a message, and one a line: nothing is new.
        for body, kind in ((json.dumps({"value": [made]}), "application/json"),
                           (json.dumps({"records": [wrapped(made, "AuditLogs")]}) + "\n" + json.dumps(made), "application/x-ndjson")):
            again = self.api.events(body, source="entra_id", content_type=kind).data
            self.assertEqual((again["accepted"], again["rejected"]), (0, []))
            self.assertEqual(again["duplicates"], body.count("Add member to role") and len(body.splitlines()))

    def test_a_risk_is_about_its_user(self):
        email = records.person()
        self.entra([{"id": "%x-risk" % next(records.counter), "riskEventType": "attackerinTheMiddle", "riskState": "atRisk",
                     "riskLevel": "high", "detectedDateTime": records.rfc3339(time.time() - 60), "userPrincipalName": email,
                     "ipAddress": records.ABROAD}])
        self.assertEqual(self.incident_of(email, "entra_session_stolen")["affected_users"], [email])

    def test_what_is_wrong_is_named(self):
        email = records.person()
        bad = [dict(sign_in(email), createdDateTime=None), dict(sign_in(email), userPrincipalName="", userId=None),
               wrapped({"status": "Succeeded"}, "Administrative"), sign_in(email), {"id": 1}, 5]
        answer = self.api.events(bad, source="entra_id")
        self.assertEqual((answer.status, answer.data["accepted"]), (202, 1), answer.text)
        words = ((0, "createdDateTime"), (1, "userPrincipalName"), (2, "Administrative"), (4, "category"), (5, "not an object"))
        for (index, word), rejected in zip(words, answer.data["rejected"], strict=True):
            self.assertEqual(rejected["index"], index)
            self.assertIn(word, rejected["reason"])
