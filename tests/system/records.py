"""Google Workspace audit records as the Reports API gives them, and of Okta's System Log, about people who exist in one test only."""

import datetime
import hashlib
import itertools
import os
import time

counter = itertools.count(int.from_bytes(os.urandom(5), "big"))

HOME = "198.51.100.20"
ABROAD = "203.0.113.66"


def rfc3339(seconds):
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (at.microsecond // 1000)


def person(name="ana"):
    return "%s.%x@lumen-works.example" % (name, next(counter))


def record(app, email, event_type, name, parameters=None, ago=60, ip=HOME):
    """`ago` is in seconds. Values are given plain: text, bool, int, list."""
    def parameter(key, value):
        kind = {bool: "boolValue", int: "intValue", list: "multiValue"}.get(type(value), "value")
        return {"name": key, kind: str(value) if kind == "intValue" else value}

    return {
        "kind": "admin#reports#activity",
        "id": {"time": rfc3339(time.time() - ago), "uniqueQualifier": str(next(counter)), "applicationName": app,
               "customerId": "C03az79cb"},
        "etag": '"made"',
        "actor": {"callerType": "USER", "email": email, "profileId": str(int.from_bytes(hashlib.sha256(email.encode()).digest()[:6], "big"))},
        "ipAddress": ip,
        "events": [{"type": event_type, "name": name,
                    "parameters": [parameter(k, v) for k, v in (parameters or {}).items()]}],
    }


def okta(email, event_type, members, ago=60, ip=HOME):
    """An event of the Okta System Log; `members` stand beside those that each has."""
    return dict({
        "uuid": "%x" % next(counter), "published": rfc3339(time.time() - ago), "eventType": event_type,
        "actor": {"id": "00u" + hashlib.sha256(email.encode()).hexdigest()[:17], "type": "User", "alternateId": email},
        "client": {"ipAddress": ip}, "outcome": {"result": "SUCCESS", "reason": None}}, **members)


def login(email, ago=60, ip=HOME, suspicious=False):
    return record("login", email, "login", "login_success",
                  {"login_type": "google_password", "login_challenge_method": ["password"], "is_suspicious": suspicious},
                  ago, ip)


def failed_login(email, ago=60, ip=ABROAD):
    return record("login", email, "login", "login_failure",
                  {"login_type": "google_password", "login_challenge_method": ["password"],
                   "login_failure_type": "login_failure_invalid_password"}, ago, ip)


def grant(email, app, client_id, scopes, ago=60):
    return record("token", email, "auth", "authorize",
                  {"client_id": client_id, "app_name": app, "client_type": "WEB", "scope": scopes}, ago)


def publish(email, ago=60, doc="1aBcD"):
    """A file made public on the web."""
    return record("drive", email, "acl_change", "change_document_visibility",
                  {"primary_event": True, "doc_id": doc, "doc_type": "spreadsheet", "doc_title": "Salaries 2025",
                   "visibility": "public_on_the_web", "old_visibility": "private", "new_value": ["public_on_the_web"],
                   "old_value": ["private"], "visibility_change": "external", "target_domain": "all", "owner": email}, ago)


def takeover(email, ago=600, failures=15):
    """Guessing, then in, from far away; the second factor off."""
    day = [login(email, ago + 90000), login(email, ago + 7200)]
    guesses = [failed_login(email, ago - i * 5) for i in range(failures)]
    after = ago - failures * 5
    inside = [login(email, after - 5, ABROAD, suspicious=True),
              record("login", email, "2sv_change", "2sv_disable", {}, after - 60, ABROAD),
              record("login", email, "email_forwarding_change", "email_forwarding_out_of_domain",
                     {"email_forwarding_destination_address": "drop@elsewhere.example"}, after - 90, ABROAD)]
    return day + guesses + inside
