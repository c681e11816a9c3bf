#!/usr/bin/env python3
"""Lists, search, profile and overview of one organization with few users, then with many. See README.md."""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.parse

import ingest  # noqa: E402  (finds the release build and tests/system)
import records
import suite

DEPARTMENTS = ["Engineering", "Sales", "Customer Success", "People", "Finance", "Legal", "Marketing", "Operations", "Research",
               "Security", "Facilities", "Board Office"]
DOMAIN = "wide-company.example"
UPLOAD = 10000  # rows of an upload
SCOPES = ["https://www.googleapis.com/auth/drive.readonly", "https://mail.google.com/", "openid", "email",
          "https://www.googleapis.com/auth/calendar.readonly"]


def words(rng, count, syllables):
    parts = ["an", "be", "cor", "da", "el", "fi", "gra", "ho", "is", "jo", "ka", "lu", "mi", "no", "or", "pe", "ri", "sa", "te",
             "ul", "vi", "wa", "yo", "zi"]
    made = set()
    while len(made) < count:
        made.add("".join(rng.choice(parts) for _ in range(syllables)).capitalize())
    return sorted(made)


def people(count):
    rng = random.Random(7)
    first, last = words(rng, 300, 2), words(rng, 4000, 3)
    rows = []
    for number in range(count):
        name = (rng.choice(first), rng.choice(last))
        rows.append({"email": "%s.%s.%d@%s" % (name[0].lower(), name[1].lower(), number, DOMAIN), "name": "%s %s" % name,
                     "department": rng.choice(DEPARTMENTS), "is_admin": number % 500 == 0})
    return rows


def retry(call):
    while True:
        answer = call()
        if answer.status != 429:
            return answer
        time.sleep(float(answer.headers["Retry-After"]))


def upload(client, rows):
    begin = time.perf_counter()
    for at in range(0, len(rows), UPLOAD):
        answer = retry(lambda: client.send("PUT", "/v1/directory/users", rows[at:at + UPLOAD]))
        if answer.status != 200 or answer.data["rejected"]:
            raise SystemExit("refused: %d %s" % (answer.status, answer.text[:300]))
    return time.perf_counter() - begin


def post(client, events):
    for at in range(0, len(events), 500):
        answer = retry(lambda: client.events(events[at:at + 500]))
        if answer.status != 202 or answer.data["rejected"]:
            raise SystemExit("refused: %d %s" % (answer.status, answer.text[:300]))


def trouble(rows):
    """One user of fifty forwards mail outside: a level of its own in the order of the list."""
    return [records.record("user_accounts", row["email"], "email_forwarding_change", "email_forwarding_out_of_domain",
                           {"email_forwarding_destination_address": "drop@elsewhere.example"}) for row in rows[::50]]


def grants(rows, apps):
    return [records.record("token", rows[(app * 7 + user * 13) % len(rows)]["email"], "auth", "authorize",
                           {"client_id": "client-%d" % app, "app_name": "App %d" % app, "scope": SCOPES[app % 3:app % 3 + 2]})
            for app in range(apps) for user in range(1 + app % 20)]


def questions(rows, count):
    """What is asked, by kind: the same kinds for both sizes."""
    rng = random.Random(11)
    some = [rng.choice(rows) for _ in range(count)]

    def search(texts):
        return ["/v1/users/search?" + urllib.parse.urlencode({"query": text}) for text in texts]

    return {
        "users page 1": ["/v1/users"] * count,
        "high-risk": ["/v1/users/high-risk?min_risk_score=40"] * count,
        "overview": ["/v1/overview"] * count,
        "profile": ["/v1/users/%s" % row["email"] for row in some],
        "apps": ["/v1/apps"] * count,
        "search last name": search(row["name"].split(" ")[1] for row in some),
        "search first name": search(row["name"].split(" ")[0] for row in some),
        "search both": search(row["name"] for row in some),
        "search department": search(row["department"] for row in some),
        "search two letters": search(row["name"][:2] for row in some),
        "search one letter": search(row["name"][:1] for row in some),
        "search in address": search(row["email"][3:10] for row in some),
        "search domain": search("wide-com" for _ in some),
        "search address": search(row["email"] for row in some),
    }


def ask(client, paths):
    """Milliseconds of each answer."""
    took = []
    for path in paths:
        while True:
            begin = time.perf_counter()
            answer = client.request("GET", path)
            used = time.perf_counter() - begin
            if answer.status != 429:
                break
            time.sleep(float(answer.headers["Retry-After"]))
        if answer.status != 200:
            raise SystemExit("%s: %d %s" % (path, answer.status, answer.text[:300]))
        took.append(used * 1000)
    return took


def p99(took):
    return sorted(took)[max(0, int(len(took) * 0.99) - 1)]


def measure(client, rows, count):
    figures = {}
    for name, paths in questions(rows, count).items():
        ask(client, paths[:20])
        figures[name] = ask(client, paths)
    return figures


def walk(client, path, name, pages):
    """Milliseconds of each page of a walk by cursor."""
    took, cursor = [], None
    for _ in range(pages):
        query = "limit=200" + ("&cursor=" + cursor if cursor else "")
        begin = time.perf_counter()
        answer = retry(lambda: client.request("GET", path + "?" + query))
        took.append((time.perf_counter() - begin) * 1000)
        cursor = answer.data["pagination"]["next_cursor"]
        if cursor is None:
            break
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=1000, help="users at first (1000)")
    parser.add_argument("--many", type=int, default=100000, help="users in the end (100000)")
    parser.add_argument("--apps", type=int, default=500, help="apps (500)")
    parser.add_argument("--requests", type=int, default=300, help="of each kind and size (300)")
    options = parser.parse_args()
    ingest.build()
    rows = people(options.many)
    few = rows[:options.few]
    with suite.Suite({"TS_RISK_LOG_LEVEL": "warn", **suite.ANSWERS_ANEW}) as running:
        client = running.client()
        ingest.use_tier(running, client)
        took = upload(client, few)
        post(client, trouble(few) + grants(few, options.apps))
        small = measure(client, few, options.requests)
        took = upload(client, rows)
        print("%d users and %d apps; the upload took %.1f s (%.0f users/s)" % (len(rows), options.apps, took, len(rows) / took))
        post(client, trouble(rows))
        large = measure(client, rows, options.requests)
        print("%-20s %9s %9s %9s %9s %7s" % ("ms", "p50 few", "p50 many", "p99 few", "p99 many", "ratio"))
        for name in small:
            print("%-20s %9.2f %9.2f %9.2f %9.2f %7.2f" % (
                name, statistics.median(small[name]), statistics.median(large[name]), p99(small[name]), p99(large[name]),
                p99(large[name]) / p99(small[name])))
        for offset in (0, 10000, len(rows) - 50):
            took = ask(client, ["/v1/users?limit=50&offset=%d" % offset] * options.requests)
            print("offset %-13d p50 %.2f ms, p99 %.2f ms" % (offset, statistics.median(took), p99(took)))
        pages = walk(client, "/v1/users", "users", 100)
        print("cursor, %d pages of 200: first ten %.2f ms, last ten %.2f ms (medians)" % (
            len(pages), statistics.median(pages[:10]), statistics.median(pages[-10:])))
        with open("/proc/%d/status" % running.pid("risk")) as file:
            print("risk: " + next(line for line in file if line.startswith("VmRSS")).strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
