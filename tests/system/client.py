"""The REST API as a client sees it."""

import gzip
import http.client
import json
import time
import urllib.parse

import summaries


class Answer:
    def __init__(self, status, headers, text):
        self.status = status
        self.headers = headers
        self.text = text
        self.json = json.loads(text) if text and "json" in headers.get("Content-Type", "") else None

    @property
    def data(self):
        if self.json is None or "data" not in self.json:
            raise AssertionError("no data: %d %s" % (self.status, self.text[:500]))
        return self.json["data"]

    @property
    def error(self):
        if self.json is None or "error" not in self.json:
            raise AssertionError("no error: %d %s" % (self.status, self.text[:500]))
        return self.json["error"]


IDLE_SECONDS = 5  # well below what a gateway keeps an idle connection for


class Client:
    """One keep-alive connection, made anew when it broke or was idle. Not for two threads at once. Whatever is asked, the
    summary of a successful answer is looked at (summaries.py)."""

    def __init__(self, port, key, source=None):
        self.port = port
        self.source = source and (source, 0)  # address of 127.0.0.0/8 to come from
        self.key = key
        self.connection = None
        self.used = 0

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=self.source)

    def request(self, method, path, body=None, headers=None, query=None):
        """Raises OSError or http.client.HTTPException if no whole answer came."""
        head = {"Authorization": "Bearer " + self.key} if self.key else {}
        head.update(headers or {})
        if query:
            path += "?" + urllib.parse.urlencode(query)
        if time.monotonic() - self.used > IDLE_SECONDS:
            self.close()
        if self.connection is None:
            self.connection = self.connect()
        try:
            self.connection.request(method, path, body, head)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        self.used = time.monotonic()
        if answer.will_close:
            self.close()
        answer = Answer(answer.status, answer.headers, text.decode())
        if 200 <= answer.status < 300:
            summaries.check(method, path, answer.json)
        return answer

    def get(self, path, **query):
        try:
            return self.request("GET", path, query=query)
        except (OSError, http.client.HTTPException):
            return self.request("GET", path, query=query)  # an idle connection may have been closed: once more

    def send(self, method, path, fields):
        return self.request(method, path, json.dumps(fields), {"Content-Type": "application/json"})

    def events(self, body, source="google_workspace", content_type="application/json", zipped=False):
        """Posts text, bytes, or what json.dumps takes."""
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        headers = {"Content-Type": content_type}
        if zipped:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body)
        return self.request("POST", "/v1/events", body, headers, {"source": source} if source is not None else None)

    def pages(self, path, name, **query):
        """All items of a list, page by page."""
        items = []
        while True:
            data = self.get(path, limit=200, offset=len(items), **query).data
            items += data[name]
            if not data["pagination"]["has_more"]:
                return items

    def user(self, email):
        """A profile's user, or None."""
        answer = self.get("/v1/users/" + urllib.parse.quote(email, safe=""))
        return answer.data["user"] if answer.status == 200 else None

    def create_endpoint(self, url, events=()):
        """(id, secret)"""
        fields = {"url": url}
        if events:
            fields["events"] = list(events)
        answer = self.send("POST", "/v1/webhooks/endpoints", fields)
        if answer.status != 201:
            raise AssertionError("endpoint refused: %d %s" % (answer.status, answer.text))
        data = answer.data
        return data["endpoint"]["id"], data.get("secret") or data["endpoint"]["secret"]

    def snapshot(self):
        """What must not change when the same records come again. Scores are left out: they fall with time."""
        overview = self.get("/v1/overview").data
        users = [(u["email"], u["active_rule_count"], u["open_incident_count"]) for u in self.pages("/v1/users", "users")]
        incidents = [(i["id"], i["title"], i["severity"], i["status"], i["detection_count"], tuple(i["rule_ids"]),
                      tuple(i["affected_users"])) for i in self.pages("/v1/incidents", "incidents", status="all")]
        usage = self.get("/v1/ai-usage", days=90, group_by="tool").data
        return {
            "total_users": overview["organization"]["total_users"],
            "open_incidents": overview["open_incidents"],
            "users": sorted(users),
            "incidents": sorted(incidents),
            "ai_events": usage["totals"]["events"],
            "ai_users": usage["totals"]["active_users"],
            "ai_tools": sorted((g["tool"], g["events"], g["users"]) for g in usage["groups"]),
        }
