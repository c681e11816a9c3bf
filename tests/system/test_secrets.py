"""No secret that was ever shown is found again anywhere: not in a store, a log, a metric, the audit log, an answer, a webhook.

But one: an endpoint's signing secret is in the store of webhooks, which must sign with it, and nowhere else.

Stores are read as bytes after everything has stopped. Their tables are compressed with LZ4, which leaves random text as it is
where it stands first, so what is looked for is the middle of a secret: it is random from end to end and shares nothing with
the prefix and the last four that are kept for show."""

import base64
import hashlib
import json
import os
import socket
import unittest
import zlib

import base
import mcp
import receiver
import records
import routes
import suite

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def unknown_key():
    """A key of the right form that nobody has made."""
    text = "tsk_live_" + "".join(DIGITS[b % 62] for b in os.urandom(26))
    number, check = zlib.crc32(text.encode()), ""
    for _ in range(6):
        check = DIGITS[number % 62] + check
        number //= 62
    return text + check


class Secrets(unittest.TestCase):
    def setUp(self):
        level = {"TS_%s_LOG_LEVEL" % s.upper().replace("-", "_"): "debug" for s in suite.SERVICES}
        self.suite = suite.Suite(level)
        self.addCleanup(self.suite.close)
        self.hook = receiver.Receiver()
        self.addCleanup(self.hook.close)
        self.keys = []  # good and bad ones alike
        self.endpoint_secrets = []
        self.answers = []  # every answer but those that create

    def keep(self, answer):
        self.answers.append("%d\n%s\n%s" % (answer.status, answer.headers, answer.text))
        return answer

    def made(self, answer, where):
        """Keeps a creating answer without the secret in it."""
        self.assertEqual(answer.status // 100, 2, answer.text)
        secret = answer.data["secret"]
        where.append(secret)
        self.answers.append("%s\n%s" % (answer.headers, answer.text.replace(secret, "", 1)))
        return secret, answer.data

    def live(self, api):
        """A working day: keys come and go, endpoints are called, incidents are closed."""
        repeat = {"Idempotency-Key": "canary-0001", "Content-Type": "application/json"}
        for mode in ("live", "test"):
            secret, data = self.made(api.send("POST", "/v1/api-keys", {"name": mode, "mode": mode}), self.keys)
            other = self.suite.client(secret)
            self.keep(other.get("/v1/users"))
            self.keep(other.get("/v1/api-keys"))
            self.made(api.request("POST", "/v1/api-keys/%s/rotate" % data["api_key"]["id"]), self.keys)
            self.keep(api.send("PATCH", "/v1/api-keys/" + data["api_key"]["id"], {"name": "renamed"}))
            self.keep(api.request("DELETE", "/v1/api-keys/" + data["api_key"]["id"]))
            self.keep(other.get("/v1/users"))
            other.close()
        self.made(api.request("POST", "/v1/api-keys", json.dumps({"name": "once", "mode": "live"}), repeat), self.keys)
        self.keep(api.request("POST", "/v1/api-keys", json.dumps({"name": "once", "mode": "live"}), repeat))
        self.keep(api.request("POST", "/v1/api-keys", json.dumps({"name": "twice", "mode": "live"}), repeat))
        organization = self.suite.organization("By hand")
        self.keys.append(self.suite.make_key(organization)[0])
        endpoint = self.made(api.send("POST", "/v1/webhooks/endpoints", {"url": self.hook.url}), self.endpoint_secrets)[1]["endpoint"]
        if any(route.path.endswith("/rotate-secret") for route in routes.of(api)):
            self.made(api.request("POST", "/v1/webhooks/endpoints/%s/rotate-secret" % endpoint["id"]), self.endpoint_secrets)
        person = records.person("canary")
        self.keep(api.events(records.takeover(person)))
        self.suite.settle()
        self.hook.wait("incident.created")
        incident = api.get("/v1/incidents", user=person).data["incidents"][0]["id"]
        self.keep(api.send("PATCH", "/v1/incidents/" + incident, {"status": "resolved", "notes": "done"}))

    def ask_as_agent(self, api, key):
        """A key wherever an agent can put one."""
        mine = mcp.Mcp(api, mcp.MODERN)
        for name, arguments in (("get_user_risk_profile", {"user_email": key}), ("get_incident_details", {"incident_id": key}),
                                ("list_incidents", {"status": key}), ("list_incidents", {key: 1}), ("get_agent_summary", {key: key}),
                                ("update_incident_status", {"incident_id": "inc_1", "status": key}), (key, {})):
            message = mine.message("tools/call", {"name": name, "arguments": arguments})
            message["params"]["_meta"][mcp.META + "clientInfo"] = {"name": key, "version": "1"}
            self.keep(mine.post(message, mine.headers(message)))
        message = mine.message(key)
        self.keep(mine.post(message, mine.headers(message)))
        self.keep(mine.post({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                             "params": {"protocolVersion": key, "clientInfo": {"name": key, "version": "1"}}}))

    def misuse(self, api):
        """Keys where they do not belong, good and bad, and errors of every kind."""
        good = self.keys[0]
        wrong = [unknown_key(), unknown_key()[:-1] + "~", "tsk_live_" + "Zz9" * 11, "sk-other-" + os.urandom(16).hex(),
                 "tsk_test_" + os.urandom(40).hex()]
        self.keys += wrong
        for key in wrong:
            other = self.suite.client(key)
            for path in ("/v1/overview", "/v1/nowhere", "/v1/users?limit=0"):
                self.keep(other.get(path))
            self.keep(other.events([]))
            other.close()
        for key in [good] + wrong[:1]:
            for query in ("api_key=" + key, "key=" + key, key, key + "=1", "limit=" + key):
                self.assertEqual(self.keep(api.request("GET", "/v1/users?" + query)).status, 400)
            for path in ("/v1/users/" + key, "/v1/incidents/" + key, "/v1/api-keys/" + key, "/" + key, "/v1/" + key):
                self.assertEqual(self.keep(api.request("GET", path)).status in (404, 405), True, path)
            for name in ("X-Api-Key", "X-Request-Id", "User-Agent", "Referer", "Cookie", "traceparent", "Origin", "If-None-Match",
                         "X-Forwarded-For", "Accept"):
                self.keep(api.request("GET", "/v1/users", headers={name: key}))
            for header in (key, "Basic " + base64.b64encode(key.encode()).decode(), "Token " + key, "Bearer  " + key + " x"):
                self.assertEqual(self.keep(api.request("GET", "/v1/users", headers={"Authorization": header})).status, 401)
            for body in ({"name": "x", "mode": key}, {"name": "x", "mode": "live", "permissions": [key]}, {key: 1}, [key], key):
                self.assertEqual(self.keep(api.send("POST", "/v1/api-keys", body)).status, 400)
            self.assertEqual(self.keep(api.request("POST", "/v1/events", "{", {"Content-Type": key})).status // 100, 4)
            self.assertEqual(self.keep(api.request("POST", "/v1/events?source=" + key, "[]",
                                                   {"Content-Type": "application/json"})).status, 400)
            self.keep(api.events([{"id": key}]))
            self.keep(api.request("BREW", "/v1/users"))
            for raw in ("GET /v1/users?%s HTTP/1.1\r\nBad Header: %s\r\n\r\n", "%s %s\r\n\r\n",
                        "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nAuthorization: Bearer %s\r\n\r\n"):
                self.answers.append(self.raw(raw % (key, key)))
            self.ask_as_agent(api, key)
        self.keep(api.send("POST", "/v1/webhooks/endpoints", {"url": "http://10.0.0.1/"}))
        pid = self.suite.kill("incidents")
        self.keep(api.get("/v1/incidents"))
        self.suite.wait_restarted("incidents", pid)

    def raw(self, text):
        with socket.create_connection(("127.0.0.1", self.suite.port), 20) as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                block = connection.recv(65536)
                if not block:
                    return answer.decode(errors="replace")
                answer += block

    def shown(self, api):
        """All that can be read of the suite while it runs."""
        for path in ("/v1/api-keys", "/v1/audit-log", "/v1/webhooks/endpoints", "/v1/webhooks/events", "/v1/users", "/v1/incidents",
                     "/v1/overview"):
            self.keep(api.get(path))
        self.keep(api.get("/v1/openapi.json"))
        for service in suite.SERVICES:
            status, text = suite.http_get(self.suite.ops_port(service), "/metrics")
            self.assertEqual(status, 200)
            self.answers.append(text)
        with self.hook.changed:
            self.answers += ["%r %r" % (d["headers"], d["body"]) for d in self.hook.deliveries]
        self.answers.append(json.dumps([self.suite.ctl(*words) for words in
                                        (("key", "list", "Quickstart"), ("org", "list"), ("audit", "list", "Quickstart"),
                                         ("audit", "list", "-"))]))

    def files(self):
        """(path, bytes) of everything that the suite has written."""
        for folder, _, names in os.walk(self.suite.directory):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        yield os.path.relpath(path, self.suite.data), file.read()

    def test_nothing_secret_is_found_anywhere(self):
        self.suite.start()
        self.keys.append(self.suite.key)
        api = self.suite.client()
        self.live(api)
        self.misuse(api)
        self.suite.settle()
        self.shown(api)
        api.close()
        self.suite.stop()

        answers = "\n".join(self.answers)
        files = list(self.files())
        print("%d keys, %d answers and texts, %d files, %d KiB" % (len(self.keys), len(self.answers), len(files),
                                                                  sum(len(b) for _, b in files) // 1024))
        for key in self.keys:
            middle = key[13:-4]
            forms = [middle, base64.b64encode(key.encode()).decode()[20:-8], key.encode().hex()[26:-8]]
            for form in forms:
                for answer in self.answers:
                    self.assertFalse(form in answer, "%s is shown in %s" % (key, answer[:3000]))
                for path, content in files:
                    self.assertFalse(form.encode() in content, "%s is in %s" % (key, path))
            digest = hashlib.sha256(key.encode()).digest()
            self.assertFalse(digest.hex() in answers)
            for path, content in files:
                if not path.startswith("auth/"):
                    self.assertFalse(digest in content or digest.hex().encode() in content, path)
        self.assertTrue(any(hashlib.sha256(self.suite.key.encode()).digest() in content for path, content in files
                            if path.startswith("auth/")), "what is kept is found, so the search works")
        for secret in self.endpoint_secrets:
            middle = secret[10:-4].encode()
            self.assertFalse(middle.decode() in answers)
            found = {path.split("/")[0] for path, content in files
                     if middle in content or base64.b64decode(secret.removeprefix("whsec_"))[3:-3] in content}
            self.assertEqual(found, {"webhooks"})


if __name__ == "__main__":
    unittest.main()
