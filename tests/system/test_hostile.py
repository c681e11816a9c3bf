"""Whatever an attacker writes where names, titles and notes are shown: it is cleaned and cut, named as what it is, and never
part of what an agent takes for our own words. Every endpoint of the OpenAPI document that answers a GET is looked at."""

import json
import re
import urllib.parse

import base
import hostile
import mcp
import receiver
import records
import summaries
import suite

BYTES_MAX = 4200  # of the longest text, a note
OUR_OWN_WORDS = ("headline", "insights", "next_steps", "left_out")
PER_PATH = 80     # objects looked at one by one
BRIEF = re.compile(r"\.(name|department|client_id|scope|value|app|action|target|unparsed\[\]|user\.title|evidence\[\]\.summary)$")
BRIEF_MAX = 120   # characters of what was not written with a key


class Hostile(base.SuiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.texts = hostile.texts()
        cls.people = {name: records.person("h") for name in cls.texts}
        cls.marks = [mark for mark, _ in cls.texts.values()]
        cls.hook = receiver.Receiver()
        cls.addClassCleanup(cls.hook.close)
        api = cls.suite.client()
        api.create_endpoint(cls.hook.url)
        cls.paths = api.get("/v1/openapi.json").json["paths"]
        cls.play(api)
        cls.suite.settle()
        cls.note(api)
        api.close()

    @classmethod
    def play(cls, api):
        """Each text in every field of a record that is anybody's to fill."""
        cls.kept = {}  # names as they were taken
        # As long as a name may be, and known before the detection that carries it.
        answer = api.send("PUT", "/v1/directory/users", [{"email": cls.people["long_wide"], "name": "\u4e16" * 200, "department": ""}])
        if answer.status != 200 or answer.data.get("rejected"):
            raise AssertionError(answer.text)
        for name, (_, text) in cls.texts.items():
            email = cls.people[name]
            made = records.takeover(email) + [records.publish(email, 200 - i, "doc%d" % i) for i in range(3)]
            made.append(records.grant(email, text, "client-of-" + name, [text[:200], "https://mail.google.com/"]))
            for record in made:
                for parameter in ("doc_title", "user_agent", "login_challenge_method", "target_user"):
                    record["events"][0]["parameters"].append({"name": parameter, "value": text})
                record["events"][0]["parameters"].append({"name": text[:100], "value": text})
            answer = api.events(made)
            if answer.status != 202:
                raise AssertionError(answer.text)
        if "/v1/directory/users" in cls.paths:
            rows = [{"email": email, "name": cls.texts[name][1], "department": cls.texts[name][1], "title": cls.texts[name][1]}
                    for name, email in cls.people.items()]
            for row in rows:
                answer = api.send("PUT", "/v1/directory/users", [row])
                if answer.status >= 500:
                    raise AssertionError(answer.text)
                if answer.status != 200 or answer.data["rejected"]:  # too long, say: then as much of it as is taken
                    short = {key: value if key == "email" else value.replace("\0", "")[:200] for key, value in row.items()}
                    answer = api.send("PUT", "/v1/directory/users", [short])
                    if answer.status != 200 or answer.data["rejected"]:
                        raise AssertionError(answer.text)
                    row = short
                cls.kept[row["email"]] = row["name"].strip(" \t\r\n\v\f")

    @classmethod
    def note(cls, api):
        """And in the notes of an incident. What cannot be a note is refused by its name."""
        cls.incidents = api.pages("/v1/incidents", "incidents", status="all")
        cls.noted = 0
        for number, (_, text) in enumerate(cls.texts.values()):
            incident = cls.incidents[number % len(cls.incidents)]
            answer = api.send("PATCH", "/v1/incidents/" + incident["id"], {"status": "investigating", "notes": text})
            if answer.status == 400 and (len(text) > 4000 or "\0" in text):
                if answer.error["param"] != "notes":
                    raise AssertionError(answer.text)
                continue
            if answer.status != 200:
                raise AssertionError(answer.text)
            cls.noted += 1
        closed = cls.incidents[-1]["id"]
        api.send("PATCH", "/v1/incidents/" + closed, {"status": "resolved", "notes": cls.texts["instruction"][1]})

    def has_mark(self, text):
        return any(mark in text for mark in self.marks)

    def look_at(self, path, answer):
        """Paths of the texts of others that the answer holds."""
        self.assertEqual(answer.status, 200, "%s: %s" % (path, answer.text[:500]))
        if not isinstance(answer.json, dict) or "data" not in answer.json:
            return set()
        named = set(answer.json["meta"].get("untrusted_fields", ()))
        seen = set()
        for where, leaf in summaries.leaves({"data": answer.data}):
            self.assertFalse(self.has_mark(where), "%s: a member is named by others: %s" % (path, where))
            if not isinstance(leaf, str):
                continue
            bad = sorted({"U+%04X" % ord(c) for c in leaf if c in hostile.FORBIDDEN})
            self.assertEqual(bad, [], "%s: %s is not clean: %r" % (path, where, leaf[:200]))
            self.assertLessEqual(len(leaf.encode()), BYTES_MAX, "%s: %s is too long" % (path, where))
            if where in named and BRIEF.search(where):
                self.assertLessEqual(len(leaf), BRIEF_MAX, "%s: %s is too long" % (path, where))
            if self.has_mark(leaf):
                seen.add(where)
        self.assertLessEqual(seen, named, "%s: not named in meta.untrusted_fields" % path)
        self.assertFalse(self.has_mark(answer.json["summary"]), answer.json["summary"])
        for member in OUR_OWN_WORDS:
            self.assertFalse(self.has_mark(json.dumps(answer.data.get(member))), member)
        return seen

    def addresses_of(self, pattern):
        """The pattern with what may stand for its {...}: users by address, all else by the ids of the list before it."""
        head, _, rest = pattern.partition("/{")
        name, _, tail = rest.partition("}")
        if not rest:
            return [pattern]
        if name == "email":
            return [head + "/" + urllib.parse.quote(email, safe="") + tail for email in self.people.values()]
        whole = {"/v1/incidents": {"status": "all", "limit": 200}}
        items = [value for value in self.api.get(head, **whole.get(head, {})).data.values() if isinstance(value, list)]
        ids = [item["id"] for item in items[0][:PER_PATH] if "id" in item] if items else []
        return [head + "/" + id_ + tail for id_ in ids]

    def test_no_answer_carries_it_anywhere_but_where_it_says(self):
        queries = {"/v1/users/search": "?query=hx", "/v1/overview": "?include_incidents=true&include_ai_usage=true",
                   "/v1/incidents": "?status=all&limit=200", "/v1/users": "?limit=200",
                   "/v1/users/{email}": "?include_timeline=true"}
        seen, looked_at = set(), 0
        for pattern in sorted(self.paths):
            if "get" not in self.paths[pattern] or pattern.endswith(".csv") or not pattern.startswith("/v1/"):
                continue
            for address in self.addresses_of(pattern):
                seen |= self.look_at(address, self.api.request("GET", address + queries.get(pattern, "")))
                looked_at += 1
        self.assertGreater(looked_at, len(self.people))
        # The test sees what it is about.
        self.assertLessEqual({"data.incident.notes[].text", "data.incident.timeline[].text", "data.incident.resolution",
                              "data.incident.evidence[].fields[].value"}, seen)
        self.assertGreater(self.noted, 40)
        if "/v1/directory/users" in self.paths:
            self.assertLessEqual({"data.users[].name", "data.users[].department"}, seen)
        if "/v1/apps" in self.paths:
            self.assertIn("data.apps[].name", seen)

    def test_who_investigates_sees_it_as_it_came(self):
        self.assertGreater(len(self.kept), 40)
        hidden = cut = 0
        for email, name in self.kept.items():
            path = "/v1/users/" + urllib.parse.quote(email, safe="")
            shown, raw = self.api.get(path), self.api.get(path, raw="true")
            self.assertEqual(raw.data["user"]["name"], name)
            self.assertEqual(raw.json["meta"]["untrusted_fields"], shown.json["meta"]["untrusted_fields"])
            self.assertEqual(raw.json["summary"], shown.json["summary"])
            self.assertEqual(raw.json["user"], raw.data["user"])
            hidden += bool(set(name) & set(hostile.FORBIDDEN))
            seen = [c for c in name if c not in hostile.FORBIDDEN or c in "\n\r\t\u2028\u2029\x85"]
            is_cut = shown.data["user"]["name"].endswith("\u2026")
            self.assertEqual(is_cut, len(seen) > BRIEF_MAX, (name, shown.data["user"]["name"]))
            cut += is_cut
        self.assertGreater(hidden, 8)
        self.assertGreater(cut, 1)
        raw = {app["id"]: app["name"] for app in self.api.get("/v1/apps", limit=200, raw="true").data["apps"]}
        shown = {app["id"]: app["name"] for app in self.api.get("/v1/apps", limit=200).data["apps"]}
        self.assertEqual(set(raw), set(shown))
        self.assertTrue(any("\u202e" in name for name in raw.values()))
        texts = [leaf for i in self.incidents[:PER_PATH] for where, leaf in summaries.leaves(
            self.api.get("/v1/incidents/" + i["id"], raw="true").data) if where.endswith("fields[].value")]
        self.assertTrue(any(set(text) & set(hostile.FORBIDDEN) for text in texts))

    def test_a_long_name_loses_no_detection(self):
        self.assertGreater(self.api.get("/v1/incidents", user=self.people["long_wide"], status="all").data["pagination"]["total"], 0)

    def test_exports_are_clean(self):
        for name in ("users", "incidents", "apps"):
            answer = self.api.request("GET", "/v1/exports/%s.csv" % name)
            self.assertEqual(answer.status, 200)
            self.assertTrue(self.has_mark(answer.text) or name == "incidents", name)
            self.assertEqual(set(answer.text) & set(hostile.FORBIDDEN) - set("\r\n"), set(), name)

    # ---- the same through every tool of an agent ----

    def look_at_result(self, name, result):
        """Paths of the texts of others in a tool's result: they are between the two lines only, and named."""
        text = result["content"][0]["text"]
        if result["isError"]:
            self.assertFalse(self.has_mark(text), text)
            self.assertFalse(set(text) & set(hostile.FORBIDDEN), text)
            return set()
        answer = result["structuredContent"]
        named = set(answer["meta"].get("untrusted_fields", ()))
        before, inside, after = text, "", ""
        if named:
            mark = re.search(r"\n(data-[0-9a-f]{24})\n", text).group(1)
            before, inside, after = text.split("\n%s\n" % mark)
            self.assertNotIn(mark, inside)
        else:
            inside = text[len(answer["summary"]) + 2:]
            before = answer["summary"]
        self.assertFalse(self.has_mark(before + after + json.dumps(answer["meta"])), name)
        self.assertFalse(self.has_mark(answer["summary"]), name)
        self.assertFalse(set(before + after) - {"\n"} & set(hostile.FORBIDDEN), name)
        seen = set()
        told = json.loads(inside)
        exact = list(summaries.leaves({"data": answer["data"]}))
        for (where, leaf), (_, shown) in zip(exact, summaries.leaves({"data": told["data"]}), strict=True):
            self.assertFalse(self.has_mark(where), where)
            if not isinstance(leaf, str):
                continue
            is_askers = where.startswith(("data.interpretation.", "data.equivalent_request."))
            self.assertEqual(set(leaf) & set(hostile.FORBIDDEN), set(), where)
            if BRIEF.search(where) and where in named and not is_askers:
                self.assertLessEqual(len(leaf), BRIEF_MAX, where)
            self.assertEqual(shown.replace("[", "").replace("]", "").replace("hxxp", "http"),
                             leaf.replace("[", "").replace("]", "").replace("hxxp", "http"), where)
            if self.has_mark(leaf):
                seen.add(where)
                if not is_askers:
                    self.assertNotRegex(shown, r"(?i)https?://|javascript:|evil\.example", where)
        self.assertLessEqual(seen, named, name)
        return seen

    def test_no_tool_carries_it_anywhere_but_between_the_lines(self):
        organization = self.api.get("/v1/overview").data["organization"]["id"]
        api = self.suite.client(self.suite.make_key(organization, "admin")[0])
        self.addCleanup(api.close)
        mine = mcp.Mcp(api, mcp.MODERN)
        tools = {tool["name"]: tool for tool in mine.tools()}
        self.assertFalse(self.has_mark(json.dumps([list(tools.values()), mine.ask("server/discover")])))
        detailed = {"response_format": "detailed"}
        calls = {name: [] for name in tools}
        calls["get_security_overview"] = [{"include_incidents": True, "include_ai_usage": True}]
        calls["list_high_risk_users"] = [{"min_risk_score": 0, "limit": 200}]
        calls["list_incidents"] = [{"status": "all", "limit": 200}, dict(detailed, status="all", limit=200)]
        calls["get_incident_details"] = [dict(form, incident_id=i["id"]) for i in self.incidents[:80] for form in ({}, detailed)]
        calls["get_ai_usage_report"] = [{"group_by": by} for by in ("tool", "user", "day")]
        calls["list_trusted_apps"] = [{"limit": 200}, dict(detailed, limit=200)]
        calls["get_agent_summary"] = [{}]
        for number, (name, (_, text)) in enumerate(self.texts.items()):
            calls["get_user_risk_profile"].append(dict(detailed if number % 2 else {}, user_email=self.people[name]))
            # And as an argument: as what is looked for, as what is asked, as a reason, as an id.
            calls["search_users"].append({"query": text[:200]})
            calls["security_query"].append({"query": text[:500]})
            calls["update_incident_status"].append({"incident_id": self.incidents[0]["id"], "status": "investigating", "notes": text})
            calls["manage_trusted_contacts"].append({"action": "add", "value": "h%d.example" % number, "note": text[:500]})
            if number % 6 == 0:
                calls["get_user_risk_profile"].append({"user_email": text[:250]})
                calls["get_incident_details"].append({"incident_id": text[:250]})
                calls["list_incidents"].append({"status": text})
        calls["search_users"].append({"query": "hx", "limit": 200})
        calls["manage_trusted_contacts"].append({"action": "list", "limit": 200})
        seen, succeeded = set(), set()
        for name, all_arguments in calls.items():
            self.assertTrue(all_arguments, "%s is not called: tell here how" % name)
            for arguments in all_arguments:
                result = mine.call(name, **arguments)
                seen |= {"%s %s" % (name, where) for where in self.look_at_result(name, result)}
                succeeded |= set() if result["isError"] else {name}
        self.assertEqual(succeeded, set(tools))
        self.assertTrue(mine.call("get_user_risk_profile", user_email=self.people["html"], raw=True)["isError"])
        # The test sees what it is about.
        self.assertLessEqual({"get_incident_details data.incident.notes[].text", "update_incident_status data.incident.notes[].text",
                              "get_incident_details data.incident.evidence[].fields[].value", "list_trusted_apps data.apps[].name",
                              "get_user_risk_profile data.user.name", "search_users data.users[].name",
                              "manage_trusted_contacts data.contacts[].note", "security_query data.interpretation.restated"}, seen)

    def test_webhooks_carry_nothing_that_is_not_seen(self):
        suite.wait_until(lambda: len(self.hook.of("incident.created")) >= len(self.incidents), 60, "a webhook of each incident")
        for delivery in list(self.hook.deliveries):
            for where, leaf in summaries.leaves(delivery["json"]["data"]):
                if isinstance(leaf, str):
                    self.assertFalse(set(leaf) & set(hostile.FORBIDDEN), where)

    def test_the_corpus_is_large_enough(self):
        self.assertGreaterEqual(len(self.texts), 50)
