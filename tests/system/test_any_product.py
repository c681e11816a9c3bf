"""Events of products that TeamSentry has no normaliser for: as OCSF, and in its own form."""

import time

import base
import records
import suite


def ocsf(class_uid, activity, email, ago=60, **more):
    user = {"email_addr": email, "uid": email}
    return {"class_uid": class_uid, "activity_id": activity, "time": int(1000 * (time.time() - ago)), "severity_id": 1, "status_id": 1,
            "metadata": {"version": "1.5.0", "uid": "m%d" % next(records.counter), "product": {"vendor_name": "Hub", "name": "Hub Log"}},
            "actor": {"user": user}, "user": user, "src_endpoint": {"ip": records.HOME}, **more}


def own(kind, email, ago=60, **more):
    return {"id": "e%d" % next(records.counter), "time": records.rfc3339(time.time() - ago), "kind": kind, "action": "did_" + kind,
            "app": "wiki", "actor": {"email": email}, "ip": records.HOME, **more}


class AnyProduct(base.SuiteCase):
    def app(self, name):
        return next((app for app in self.api.get("/v1/apps").data["apps"] if app["name"] == name), None)

    def tools(self, email):
        groups = self.api.get("/v1/ai-usage", group_by="user").data["groups"]
        return next((group["tools"] for group in groups if group["email"] == email), [])

    def check_seen(self, email, app, tool, rule):
        """What each source must lead to: a user, an app, AI usage and an incident."""
        user = suite.wait_until(lambda: self.api.user(email), 20, "user " + email)
        self.assertGreater(user["risk_score"], 0)
        self.assertIn(email, suite.wait_until(lambda: self.app(app), 20, app)["users"])
        suite.wait_until(lambda: tool in self.tools(email), 20, "AI usage of " + email)
        found = suite.wait_until(lambda: self.api.get("/v1/incidents", user=email).data["incidents"], 20, "an incident of " + email)
        self.assertIn(rule, [name for incident in found for name in incident["rule_ids"]])

    def reasons(self, body, source):
        answer = self.api.events(body, source=source)
        self.assertEqual(answer.status, 202, answer.text)
        self.assertEqual(answer.data["accepted"], 0)
        self.assertEqual([r["index"] for r in answer.data["rejected"]], list(range(len(body))))
        return [r["reason"] for r in answer.data["rejected"]]

    def test_ocsf(self):
        email = records.person("olga")
        stranger = "drop.%x@elsewhere.example" % next(records.counter)
        finding = {"finding_info": {"uid": "f1", "title": "Token used from two places"}, "severity_id": 5, "actor": None, "user": None}
        body = [
            ocsf(3002, 1, email, 600),
            ocsf(3002, 1, email, 500, service={"name": "ChatGPT"}),
            ocsf(6002, 1, email, 400, app={"name": "Sheet Painter", "uid": "sp-1"}),
            ocsf(2004, 1, email, 300, **finding, evidences=[{"actor": {"user": {"email_addr": email}}}]),
            ocsf(2004, 1, email, 200, **finding, evidences=[{"actor": {"user": {"email_addr": stranger}}}]),
            ocsf(2004, 1, email, 100, **finding, resources=[{"name": "a bucket"}]),
        ]
        self.post(body, source="ocsf")
        self.check_seen(email, "Sheet Painter", "ChatGPT", "critical_finding_reported")
        self.suite.settle()
        self.assertIsNone(self.api.user(stranger), "a finding makes no user of a stranger")
        again = self.api.events(body, source="ocsf")
        self.assertEqual((again.data["accepted"], again.data["duplicates"]), (0, len(body)))

    def test_ocsf_says_what_is_wrong(self):
        email = records.person("olga")
        nobody = ocsf(6006, 2, email, actor=None)
        reasons = self.reasons([ocsf(4001, 6, email), ocsf(3002, 1, email, time=None), nobody], "ocsf")
        for reason, words in zip(reasons, ("class_uid 4001 is not taken: 2001, ", "time is missing", "actor is missing: actor.user")):
            self.assertIn(words, reason)

    def test_own_form(self):
        email = records.person("otto")
        guesses = [own("sign_in", email, 300 - 5 * i, outcome="failure", ip=records.ABROAD) for i in range(12)]
        self.post([
            own("sign_in", email, 7200, outcome="success"), *guesses,
            own("sign_in", email, 200, outcome="success", ip=records.ABROAD),
            own("sso", email, 190, outcome="success", application_name="Claude"),
            own("ai", email, 180, application_name="Gemini"),
            own("app_grant", email, 170, client_id="wd-1", app_name="Wiki Drain", scopes=["pages:read"]),
            own("file_take", email, 160, fields={"page": "Salaries", "pages": 12}),
            own("warning", email, 150, actor={"id": "scanner"}, user={"email": email}),
        ], source="teamsentry")
        self.check_seen(email, "Wiki Drain", "Claude", "brute_force_then_success")
        suite.wait_until(lambda: "Gemini" in self.tools(email), 20, "the wiki's own AI tool")

    def test_own_form_is_as_the_document_says(self):
        document = self.api.request("GET", "/v1/openapi.json").json
        media = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]
        shapes = document["components"]["schemas"]
        example = dict(media["examples"]["teamsentry"]["value"], time=records.rfc3339(time.time() - 60))
        self.post([dict(example, id="kept")], source="teamsentry")

        kinds = shapes["EventKind"]["enum"]
        needs = {"app_name": lambda k: k.startswith("app_"), "application_name": lambda k: k in ("sso", "ai")}
        self.post([dict(example, id="k" + k, kind=k, user={"email": "otto@lumen-works.example"},
                        **{name: "X" for name, is_needed in needs.items() if is_needed(k)}) for k in kinds], source="teamsentry")

        shape = shapes["SubmittedEvent"]
        limits = {name: m["maxLength"] for name, m in shape["properties"].items() if m.get("type") == "string" and name not in ("time", "ip")}
        self.assertGreaterEqual(set(limits), {"id", "action", "app", "user_agent", "client_id"})
        kind_of = {"client_id": "admin", "app_name": "admin", "application_name": "ai"}

        def with_length(name, n):
            return {**example, "id": "l" + name, "kind": kind_of.get(name, "file"), name: "x" * n}

        self.post([with_length(name, n) for name, n in limits.items()], source="teamsentry")
        for name, reason in zip(limits, self.reasons([with_length(name, n + 1) for name, n in limits.items()], "teamsentry")):
            self.assertIn("%s must be text of 1 to %d characters" % (name, limits[name]), reason)

        lacking = [{k: v for k, v in example.items() if k != name} for name in shape["required"]]
        for name, reason in zip(shape["required"], self.reasons(lacking, "teamsentry")):
            self.assertRegex(reason, "^%s (is missing|must be)" % name)
        self.assertIn("colour is not a member: id, time, ", self.reasons([dict(example, colour="red")], "teamsentry")[0])
