"""The OpenAPI document: well made, and kept. Every operation in it is called through Prism, with success and without.

A new route is covered by what the document says of it: examples of its parameters and body, ids from the list it belongs
to. Where that is not enough the test says so, and RECIPES is the place for what is missing."""

import json
import re
import urllib.parse

import base
import client
import receiver
import records
import suite
import web

NOBODY = "tsk_live_" + "0" * 26 + "2lYsvq"
METHODS = ["post", "get", "put", "patch", "delete"]


class Operation:
    def __init__(self, path, method, fields):
        self.path = path
        self.method = method.upper()
        self.fields = fields
        self.id = fields["operationId"]
        self.captured = re.findall(r"\{(\w+)\}", path)
        self.is_public = fields.get("security") == []

    def __repr__(self):
        return "%s %s (%s)" % (self.method, self.path, self.id)

    def query(self, everything):
        """The examples of the parameters that must be there, or of all that go together."""
        pairs = {}
        for parameter in self.fields["parameters"]:
            if parameter.get("in") == "query" and (parameter["required"] or everything) and parameter["name"] != "cursor":
                example = parameter["example"]
                pairs[parameter["name"]] = str(example).lower() if isinstance(example, bool) else example
        return pairs

    def body(self):
        content = self.fields.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        media = content["application/json"]
        return media["example"] if "example" in media else next(iter(media["examples"].values()))["value"]

    def success(self):
        return [int(status) for status in self.fields["responses"] if status.startswith("2")]


class ContractPrism(base.SuiteCase):
    # Calls without a valid key are part of this.
    environment = {"TS_GATEWAY_AUTH_FAILURES": "100000"}

    @classmethod
    def setUpClass(cls):
        web.tool("prism")
        web.tool("spectral")
        super().setUpClass()
        cls.document_path, text = web.save_document(cls.suite)
        cls.document = json.loads(text)
        # Prism reads references by itself; here only the operations' own parameters are of interest.
        cls.operations = [Operation(path, method, item[method]) for path, item in cls.document["paths"].items()
                          for method in METHODS if method in item]
        cls.victim = records.person("prism")
        cls.fill()

    @classmethod
    def fill(cls):
        """An incident, AI usage, an endpoint and an event for it."""
        api = cls.suite.client()
        listening = cls.enterClassContext(receiver.Receiver())
        api.create_endpoint(listening.url)
        body = records.takeover(cls.victim) + [
            records.grant(cls.victim, "ChatGPT", "77377267392-a.apps.googleusercontent.com",
                          ["https://www.googleapis.com/auth/drive.readonly"])]
        answer = api.events(body)
        assert answer.status == 202, answer.text
        cls.suite.settle()
        api.close()

    def setUp(self):
        super().setUp()
        self.proxy = None

    def call(self, operation, path, query=None, body=None, key=None):
        head = {"Authorization": "Bearer " + (key or self.suite.key)} if not operation.is_public else {}
        if body is not None:
            head["Content-Type"] = "application/json"
        if query:
            path += "?" + urllib.parse.urlencode(query)
        answer = self.proxy.request(operation.method, path, None if body is None else json.dumps(body), head)
        self.assertEqual(web.violations(answer), "", "%s\n%s" % (operation, path))
        return answer

    # ---- what the document cannot know ----

    def an_id(self, operation):
        """Something that exists under the list before {...}: its first item, or one that is made for the purpose."""
        collection = operation.path[:operation.path.index("/{")]
        name = operation.captured[0]
        if operation.method != "DELETE":
            listed = self.api.get(collection, **({"status": "all"} if collection == "/v1/incidents" else {}))
            if listed.status == 200:
                for value in listed.data.values():
                    if isinstance(value, list) and value and name in value[0]:
                        return str(value[0][name])
        created = self.api.send("POST", collection, self.by_path("POST", collection).body())
        self.assertIn(created.status, (200, 201), "nothing to call %s with: RECIPES must tell\n%s" % (operation, created.text))
        for value in created.data.values():
            if isinstance(value, dict) and name in value:
                return str(value[name])
        self.fail("nothing to call %s with: RECIPES must tell" % operation)

    def by_path(self, method, path):
        for operation in self.operations:
            if (operation.method, operation.path) == (method, path):
                return operation
        self.fail("no %s %s in the document" % (method, path))

    def a_closed_incident(self):
        path = "/v1/incidents/" + self.an_id(self.by_path("GET", "/v1/incidents/{id}"))
        if self.api.get(path).data["incident"]["closed_at"] is None:
            self.assertEqual(self.api.send("PATCH", path, {"status": "resolved"}).status, 200)
        return path

    def a_delivered_event(self):
        """One that is not on its way any more."""
        return suite.wait_until(lambda: self.api.get("/v1/webhooks/events", status="delivered").data["events"], 30,
                                "an event is delivered")[0]["id"]

    # operationId -> what differs from what the document's examples say: "path", "query", "body", and "missing", a path under
    # which nothing is. Each is made when it is asked.
    RECIPES = {
        # The directory's example makes the user that is the example of others.
        "getUser": {"path": lambda self: "/v1/users/" + self.victim,
                    "missing": lambda self: "/v1/users/" + records.person("nobody")},
        "reopenIncident": {"path": lambda self: self.a_closed_incident() + "/reopen"},
        "replayWebhookEvent": {"path": lambda self: "/v1/webhooks/events/%s/replay" % self.a_delivered_event()},
        "ingestEvents": {"body": lambda self: records.login(records.person())},
    }

    def special(self, operation, what, otherwise=None):
        make = self.RECIPES.get(operation.id, {}).get(what)
        return otherwise if make is None else make(self)

    def test_the_document_is_well_made(self):
        passed, words = web.spectral(self.document_path)
        self.assertTrue(passed, words)

    def test_every_operation_answers_as_the_document_says(self):
        order = sorted(self.operations, key=lambda o: (o.method == "DELETE", bool(o.captured), METHODS.index(o.method.lower())))
        weak = self.suite.make_key("Quickstart", "agent")[0]  # may do nothing but ask as an agent
        with web.Prism(self.document_path, self.suite.port, suite.free_ports(1)) as prism:
            self.proxy = client.Client(prism.port, None)
            self.addCleanup(self.proxy.close)
            for operation in order:
                with self.subTest(operation=operation.id):
                    self.succeed(operation)
                    self.fail_in_order(operation, weak)

    def succeed(self, operation):
        for everything in (False, True):
            path = self.special(operation, "path")
            if path is None:
                path = operation.path
                if operation.captured:
                    path = path.replace("{%s}" % operation.captured[0],
                                        urllib.parse.quote(self.an_id(operation), safe=""))
            answer = self.call(operation, path, self.special(operation, "query", operation.query(everything)),
                               self.special(operation, "body", operation.body()))
            self.assertIn(answer.status, operation.success(), "%s\n%s" % (operation, answer.text))
            if operation.body() is None and not operation.query(True):
                break  # the second call would be the first

    def fail_in_order(self, operation, weak):
        path = operation.path
        if operation.captured:
            example = next(p["example"] for p in operation.fields["parameters"] if p.get("in") == "path")
            path = path.replace("{%s}" % operation.captured[0], urllib.parse.quote(example, safe=""))
        path = self.special(operation, "missing", path)
        query, body = operation.query(False), self.special(operation, "body", operation.body())
        self.expect(operation, 400, "bad_request", path, dict(query, surprise="1"), body)
        if operation.is_public:
            return
        self.expect(operation, 401, "invalid_api_key", path, query, body, NOBODY)
        if operation.fields.get("x-permission") not in (None, "agent"):
            self.expect(operation, 403, "forbidden", path, query, body, weak)
        if "404" in operation.fields["responses"]:
            self.expect(operation, 404, "not_found", path, query, body)

    def expect(self, operation, status, code, *request):
        answer = self.call(operation, *request)
        self.assertEqual((answer.status, answer.error["code"]), (status, code), "%s\n%s" % (operation, answer.text))
