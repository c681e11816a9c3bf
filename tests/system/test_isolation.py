"""Two organizations, both modes: nobody sees, counts or changes anything of another, through any route there is.

Everything is driven from /v1/openapi.json. A new route is covered by being there; where it needs what the document cannot
tell, routes.py says so."""

import json
import unittest

import base
import receiver
import records
import routes
import suite

VOLATILE = {"risk_score", "risk_level", "points", "timeline", "scored_at", "last_used_at", "risk_distribution", "high_risk_users",
            "period"}
PERMISSIONS = ["read:users", "read:incidents", "write:incidents", "read:ai_usage", "read:apps", "write:apps", "write:contacts",
               "agent", "ingest", "admin"]


class Tenant(routes.Owner):
    """An organization in one mode, its key, its people, its receiver. Each has another number of everything."""

    def __init__(self, owner, organization, mode, size):
        self.hook = receiver.Receiver()
        super().__init__(routes.token(), self.hook.url)
        self.organization = organization
        self.mode = mode
        self.size = size
        self.key, self.key_id = owner.make_key(organization, mode=mode, name=self.mark)
        self.api = owner.client(self.key)
        self.people = ["p%d.%s@%s.example" % (i, self.mark, self.mark) for i in range(size)]
        self.ids = {}
        self.cursors = []

    def records(self):
        made = []
        for person in self.people:
            made += records.takeover(person)
            made.append(records.grant(person, "ChatGPT " + self.mark, self.mark + ".apps.googleusercontent.com",
                                      ["https://www.googleapis.com/auth/drive"]))
            made.append(records.publish(person, doc=self.mark))
        return made

    def fill(self, table):
        """Makes what the API lets it make; events last, so that receivers are there to hear of them."""
        for route in sorted(table, key=lambda one: one.path == "/v1/events"):
            if route.method in ("POST", "PUT") and not route.captures:
                for number in range(self.size if route.path != "/v1/events" else 1):
                    body = route.body(self)
                    if isinstance(body, dict) and "name" in body:
                        body["name"] = "%s %d" % (self.mark, number)
                    if isinstance(body, dict) and "url" in body:
                        body["url"] = "%s/%d/%s" % (self.url, number, self.mark)
                    if isinstance(body, dict) and "value" in body:
                        body["value"] = "v%d.%s" % (number, body["value"])
                    if isinstance(body, dict) and body.get("mode") == "live":
                        body["mode"] = self.mode
                    answer = route.send(self.api, self, body=body)
                    if answer.status // 100 != 2:
                        raise AssertionError("%s: %d %s" % (route.name, answer.status, answer.text))

    def learn(self, table):
        """The path values under which its things are found, by collection."""
        for route in table:
            if not route.captures or route.collection in self.ids:
                continue
            items = []
            while True:
                answer = self.api.get(route.collection, limit=200, offset=len(items),
                                      **({"status": "all"} if "incidents" in route.path else {}))
                lists = [v for v in answer.data.values() if isinstance(v, list)]
                items += lists[0]
                if not answer.data["pagination"]["has_more"]:
                    break
            name = route.captures[0]
            self.ids[route.collection] = [item[name] if name in item else item["id"] for item in items]
        for route in table:
            if route.method == "GET" and any(p["name"] == "cursor" for p in route.query):
                answer = route.send(self.api, self, [self.ids[route.collection][0]] if route.captures else None, query={"limit": 1})
                if answer.data["pagination"]["next_cursor"] is not None:
                    self.cursors.append(answer.data["pagination"]["next_cursor"])


def scrubbed(value):
    if isinstance(value, dict):
        return {key: scrubbed(inner) for key, inner in value.items() if key not in VOLATILE}
    return [scrubbed(item) for item in value] if isinstance(value, list) else value


def plain(answer):
    """All of an answer but what names the request and the moment."""
    text = answer.text
    if answer.json is not None:
        whole = answer.json
        whole.pop("request_id", None)
        for name in ("request_id", "timestamp"):
            whole.get("meta", {}).pop(name, None)
        text = json.dumps(whole, sort_keys=True)
    own = ("date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "content-length")
    return answer.status, text, sorted((k.lower(), v) for k, v in answer.headers.items() if k.lower() not in own)


def without_own_words(answer):
    """The text of an answer, but for the filters of exports in the audit log: those are what the viewer itself asked for."""
    for entry in (answer.json or {}).get("data", {}).get("entries", []):
        if entry["action"] == "export.started":
            entry["details"] = {}
    return answer.text if answer.json is None else json.dumps(answer.json, ensure_ascii=False)


class Isolation(base.SuiteCase):
    environment = {"TS_AUTH_STANDARD_LIMIT": "100000"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with_key = cls.suite.client()
        cls.table = routes.of(with_key)
        with_key.close()
        cls.tenants = []
        sizes = iter((1, 2, 3, 4))
        for name in ("Alpha", "Beta"):
            organization = cls.suite.organization(name)
            for mode in ("live", "test"):
                cls.tenants.append(Tenant(cls.suite, organization, mode, next(sizes)))
                cls.addClassCleanup(cls.tenants[-1].hook.close)
                cls.addClassCleanup(cls.tenants[-1].api.close)
        # The first is full before the others have anything: what it sees must not move when they come.
        cls.tenants[0].fill(cls.table)
        cls.suite.settle()
        cls.tenants[0].learn(cls.table)
        cls.alone = cls.seen_by(cls.tenants[0])
        for tenant in cls.tenants[1:]:
            tenant.fill(cls.table)
        cls.suite.settle()
        for tenant in cls.tenants:
            tenant.learn(cls.table)

    @classmethod
    def may_see(cls, viewer, other, path):
        """A live key manages the keys of both modes of its organization, and reads the audit log of both."""
        return viewer is other or (viewer.organization == other.organization and viewer.mode == "live"
                                   and path.startswith(("/v1/api-keys", "/v1/audit-log")))

    @classmethod
    def seen_by(cls, tenant):
        """Everything that it can read, without what moves by itself. Keys and audit log may be another mode's too."""
        seen = {}
        for route in cls.table:
            if route.method != "GET" or route.path.startswith(("/v1/api-keys", "/v1/audit-log")):
                continue
            for value in tenant.ids[route.collection] if route.captures else [None]:
                answer = route.send(tenant.api, tenant, value and [value])
                seen[route.fill(value) if value else route.path] = (
                    answer.status, scrubbed(answer.json.get("data")) if answer.json is not None else answer.text)
        return seen

    def strangers(self, viewer, path):
        return [t for t in self.tenants if not self.may_see(viewer, t, path)]

    def assert_clean(self, viewer, path, text):
        for other in self.strangers(viewer, path):
            self.assertNotIn(other.mark, text, "%s of %s shows %s of %s" % (path, viewer.mode, other.mode, other.organization))

    def test_each_has_what_it_made_and_no_more(self):
        listed = sum(route.path == "/v1/directory/users" for route in self.table)  # one more who is in the directory alone
        for tenant in self.tenants:
            totals = {"/v1/users": tenant.size + listed, "/v1/webhooks/endpoints": tenant.size}
            for path, total in totals.items():
                self.assertEqual(tenant.api.get(path).data["pagination"]["total"], total, path)
            self.assertEqual(tenant.api.get("/v1/overview").data["organization"]["total_users"], totals["/v1/users"])
            self.assertGreaterEqual(len(tenant.ids["/v1/incidents"]), tenant.size)
            names = [k["name"] for k in tenant.api.pages("/v1/api-keys", "api_keys")]
            expected = 1 + tenant.size  # its own, and what it made
            if tenant.mode == "live":
                expected += next(1 + t.size for t in self.tenants if t.organization == tenant.organization and t.mode == "test")
            self.assertEqual(len(names), expected, names)

    def test_nothing_moved_for_the_first_when_the_others_came(self):
        now = self.seen_by(self.tenants[0])
        for path, before in self.alone.items():
            self.assertEqual(now.get(path), before, path)

    def test_no_route_shows_anything_of_another(self):
        asked = 0
        for viewer in self.tenants:
            own = set()
            for route in self.table:
                if route.method != "GET":
                    continue
                for value in viewer.ids[route.collection] if route.captures else [None]:
                    for query in self.queries(route):
                        answer = route.send(viewer.api, viewer, value and [value], query=query)
                        self.assertIn(answer.status, (200, 400), (route.name, query, answer.text))
                        self.assert_clean(viewer, route.path, without_own_words(answer) + str(answer.headers))
                        if viewer.mark in answer.text:
                            own.add(route.path)
                        asked += 1
            self.assertGreaterEqual(own, {"/v1/users", "/v1/users/{email}", "/v1/incidents", "/v1/incidents/{id}", "/v1/ai-usage",
                                          "/v1/webhooks/endpoints", "/v1/api-keys"}, "its own is shown there")
        print("%d requests of %d routes" % (asked, len(self.table)))

    def queries(self, route):
        """Parameters that might lead further: every flag set, long and deep lists, everybody's cursors."""
        names = {p["name"]: route.resolve(p["schema"]) for p in route.query}
        everything = {}
        for name, schema in names.items():
            if schema.get("type") == "boolean":
                everything[name] = "true"
            elif name == "limit":
                everything[name] = str(schema["maximum"])
            elif "all" in schema.get("enum", []):
                everything[name] = "all"
            elif name == "min_risk_score":
                everything[name] = "0"
        yield everything
        for name, schema in names.items():
            for choice in schema.get("enum", []):
                yield dict(everything, **{name: choice})
        if "offset" in names:
            for offset in range(0, 12, 3):
                yield dict(everything, limit=2, offset=offset)
        if "cursor" in names:
            for tenant in self.tenants:
                for cursor in tenant.cursors:
                    yield dict(everything, cursor=cursor)

    def test_anothers_things_are_as_missing_as_what_never_was(self):
        """By path, for every method; and nothing of the other has changed by it."""
        before = [self.seen_by(tenant) for tenant in self.tenants]
        compared = 0
        for viewer in self.tenants:
            for route in self.table:
                if not route.captures:
                    continue
                missing = plain(route.send(viewer.api, viewer))
                self.assertEqual(missing[0], 404, route.name)
                for other in self.strangers(viewer, route.path):
                    for value in other.ids[route.collection]:
                        if value in viewer.ids[route.collection]:
                            continue
                        answer = route.send(viewer.api, viewer, [value])
                        if route.path.startswith("/v1/api-keys") and other.organization == viewer.organization:
                            self.assertEqual(answer.status, 403, "a live key of its own organization: %s" % answer.text)
                        else:
                            self.assertEqual(plain(answer), missing, route.name)
                        compared += 1
        print("%d comparisons" % compared)
        self.assertGreater(compared, 0)
        for tenant, was in zip(self.tenants, before):
            self.assertEqual(self.seen_by(tenant), was)

    def test_asking_for_anothers_is_asking_for_nothing(self):
        """By e-mail, id, search term, wherever a query takes free text."""
        compared = 0
        for viewer in self.tenants:
            for route in self.table:
                if route.method != "GET":
                    continue
                free = [p["name"] for p in route.query if route.resolve(p["schema"]).get("type") == "string"
                        and "enum" not in route.resolve(p["schema"]) and p["name"] not in ("cursor", "since", "until")]
                own = viewer.ids[route.collection][:1] if route.captures else None
                for name in free:
                    for other in self.strangers(viewer, route.path):
                        for value, nobody in self.spellings(name, route, other):
                            theirs = route.send(viewer.api, viewer, own, query={name: value})
                            nothing = route.send(viewer.api, viewer, own, query={name: nobody})
                            self.assertIn(theirs.status, (200, 400, 404), (route.name, theirs.text))
                            self.assertEqual(plain(theirs), plain(nothing), (route.name, name, value))
                            compared += 1
        print("%d comparisons" % compared)
        self.assertGreater(compared, 0)

    def spellings(self, name, route, other):
        email = route.resolve(next(p["schema"] for p in route.query if p["name"] == name)).get("format") == "email"
        yield other.people[0], "%s@%s.example" % (routes.token(), routes.token())
        if email:
            return
        yield other.mark, routes.token()
        yield "key:" + other.key_id, "key:key_" + routes.token()
        for collection, ids in other.ids.items():
            if collection != "/v1/users":
                yield ids[0], ids[0][:4] + routes.token()

    def test_each_receiver_hears_of_its_own_alone(self):
        for tenant in self.tenants:
            tenant.hook.wait("incident.created")
        self.suite.settle()
        for tenant in self.tenants:
            with tenant.hook.changed:
                bodies = [d["body"].decode() for d in tenant.hook.deliveries]
            self.assertTrue(any(tenant.mark in body for body in bodies))
            for body in bodies:
                for other in self.tenants:
                    if other is not tenant:
                        self.assertNotIn(other.mark, body)

    def test_each_route_with_each_single_permission(self):
        organization = self.suite.organization("Permissions")
        owner = routes.Owner(routes.token())
        for permission in PERMISSIONS:
            api = self.suite.client(self.suite.make_key(organization, permission)[0])
            for route in self.table:
                self.assertIn(route.permission, PERMISSIONS, route.name)
                answer = route.send(api, owner)
                with self.subTest(route=route.name, permission=permission):
                    if permission in (route.permission, "admin"):
                        self.assertNotEqual(answer.status, 401, answer.text)
                        if answer.status == 403:  # agent routes need the data's own permission beside theirs
                            self.assertNotIn(route.permission, answer.error["message"])
                    else:
                        self.assertEqual((answer.status, answer.error["code"]), (403, "forbidden"), answer.text)
                        self.assertEqual(answer.error["message"], "The API key lacks the permission %s." % route.permission)
            api.close()


if __name__ == "__main__":
    unittest.main()
