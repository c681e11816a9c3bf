"""The end of one organization beside the life of another: exported, backed up, deleted while its events come in and every
process is killed, nowhere to be found, and back from the backup."""

import http.client
import json
import os
import shutil
import subprocess
import threading
import time

import base
import receiver
import records
import suite

STORES = ["auth", "risk", "incidents", "ai-usage", "webhooks"]
SERVICES = [name for name in STORES if name != "auth"]
PERMISSIONS = "admin,ingest"
WAIT = 120 if suite.is_sanitized() else 40


class Organization:
    """A customer in both modes: `word` stands in all its people's addresses and in nobody else's data."""

    def __init__(self, case, name, word):
        self.case = case
        self.name = name
        self.word = word
        self.id = case.ctl_json("org", "create", name)["organization"]["id"]
        self.keys = {mode: case.ctl_json("key", "create", name, "--name", "n", "--mode", mode, "--permissions",
                                         PERMISSIONS)["secret"] for mode in ("live", "test")}
        self.people = {mode: records.person(word + "-" + mode) for mode in self.keys}

    def client(self, mode="live"):
        api = self.case.suite.client(self.keys[mode])
        self.case.addCleanup(api.close)
        return api

    def happen(self, url):
        """Something of every kind in both modes: users, scores, incidents, AI tools, deliveries."""
        for mode in self.keys:
            api = self.client(mode)
            answer = api.send("POST", "/v1/webhooks/endpoints", {"url": url})
            self.case.assertEqual(answer.status, 201, answer.text)
            body = records.takeover(self.people[mode]) + [
                records.grant(self.people[mode], "ChatGPT", "chatgpt.apps.googleusercontent.com",
                              ["https://www.googleapis.com/auth/drive"])]
            answer = api.events(body)
            self.case.assertEqual((answer.status, answer.data["accepted"]), (202, len(body)), answer.text)

    def view(self, mode="live"):
        """What the API shows of it."""
        api = self.client(mode)
        users = api.get("/v1/users").data["users"]
        incidents = api.get("/v1/incidents").data["incidents"]
        return {"users": sorted(user["email"] for user in users),
                "incidents": sorted((i["id"], i["status"], i["severity"]) for i in incidents),
                "endpoints": len(api.get("/v1/webhooks/endpoints").data["endpoints"])}


class Poster(threading.Thread):
    """Goes on posting for an organization until its key is refused for good."""

    def __init__(self, running, key, word):
        super().__init__()
        self.api = running.client(key)
        self.word = word
        self.accepted = 0
        self.last = None
        self.stopping = False

    def run(self):
        while not self.stopping:
            try:
                answer = self.api.events(records.takeover(records.person(self.word)))
                self.last = answer.status
                self.accepted += answer.status == 202
                if answer.status == 401:
                    break
                if answer.status != 202:
                    time.sleep(0.05)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        self.api.close()


class Tenancy(base.SuiteCase):
    def ctl(self, *words):
        done = self.suite.run_ctl(*words)
        self.assertEqual(done.returncode, 0, done.stderr + self.suite.logs())
        return done.stdout

    def ctl_json(self, *words):
        return json.loads(self.ctl(*words, "--json"))

    def scan(self, directory, number, word):
        """{'store/family': (keys that begin with the organization, rows that hold the word)}, what is 0 left out."""
        found = {}
        for store in STORES:
            done = subprocess.run([os.path.join(suite.BIN, "store_scan"), os.path.join(directory, store), str(number), word],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            for line in done.stdout.splitlines():
                family, keys, rows = line.rsplit(" ", 2)
                if int(keys) or int(rows):
                    found["%s/%s" % (store, family)] = (int(keys), int(rows))
        return found

    def backup(self, name):
        directory = os.path.join(self.suite.directory, name)
        self.ctl("backup", "--out", directory)
        with open(os.path.join(directory, "manifest.json")) as file:
            self.assertEqual(json.load(file)["stores"], STORES)
        return directory

    def check_export(self, organization, other):
        path = os.path.join(self.suite.directory, "export.ndjson")
        answer = self.ctl_json("org", "export", organization.name, "--out", path)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path) as file:
            text = file.read()
        rows = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(len(rows), answer["rows"])
        self.assertEqual({(row["service"], row["mode"]) for row in rows},
                         {(service, mode) for service in STORES for mode in ("live", "test")})
        self.assertEqual(len({(row["service"], row["family"], row["mode"], row["key"]) for row in rows}), len(rows))
        self.assertNotIn(other.word, text)
        for secret in ("whsec_", '"sha256"', organization.keys["live"][-12:], organization.keys["test"][-12:]):
            self.assertNotIn(secret, text)
        raw = [row["value"]["raw"] for row in rows if row["service"] == "risk" and row["family"] == "events"]
        self.assertEqual({event["actor"]["email"] for event in raw}, set(organization.people.values()))
        log = self.ctl_json("audit", "list", organization.name)
        self.assertIn("organization.exported", json.dumps(log))

    def delete_among_kills(self, organization):
        """Every process dies while the organization goes and its events still come."""
        poster = Poster(self.suite, organization.keys["live"], organization.word)
        poster.start()
        try:
            suite.wait_until(lambda: poster.accepted > 2, 20, "posts come in")
            self.ctl("org", "delete", organization.name, "--yes")
            for service in SERVICES + ["auth"]:
                self.suite.wait_restarted(service, self.suite.kill(service), WAIT)
            suite.wait_until(lambda: self.status_of(organization) == "deleted", WAIT, "the organization is deleted")
            suite.wait_until(lambda: not poster.is_alive(), WAIT, "the key is refused")
        finally:
            poster.stopping = True
            poster.join()
        self.assertEqual(poster.last, 401)

    def status_of(self, organization):
        listed = self.suite.run_ctl("org", "show", organization.id, "--json")
        return json.loads(listed.stdout)["organization"]["status"] if listed.returncode == 0 else None

    def restore(self, directory):
        self.suite.stop()
        for store in STORES:
            shutil.rmtree(os.path.join(self.suite.data, store))
            shutil.copytree(os.path.join(directory, store), os.path.join(self.suite.data, store))
        self.suite.start()

    def test_one_organization_goes_and_the_other_stays(self):
        target = receiver.Receiver()
        self.addCleanup(target.close)
        gone, stays = Organization(self, "Gone Ltd", "gonegone"), Organization(self, "Stays Ltd", "staysstays")
        for organization in (gone, stays):
            organization.happen(target.url)
        self.suite.settle()
        suite.wait_until(lambda: all(o.view(m)["incidents"] for o in (gone, stays) for m in o.keys), 30, "incidents")
        before = {mode: stays.view(mode) for mode in stays.keys}
        self.assertIn(stays.people["live"], before["live"]["users"])

        self.check_export(gone, stays)
        whole = self.backup("before")
        # Numbers are given out in order: the first one is of up.sh's own organization.
        found = self.scan(whole, 2, gone.word)
        for store in SERVICES:
            counts = [counts for family, counts in found.items() if family.startswith(store + "/")]
            self.assertGreater(min(sum(keys for keys, _ in counts), sum(rows for _, rows in counts)), 0, found)
        stayed = self.scan(whole, 3, stays.word)

        self.delete_among_kills(gone)
        self.suite.settle(WAIT)
        after = self.backup("after")
        left = self.scan(after, 2, gone.word)
        # auth keeps what it must: the row that says "deleted", and the log of what was done.
        kept = {family: counts for family, counts in left.items() if not family.startswith("auth/")}
        self.assertEqual(kept, {})
        self.assertEqual([family for family, (_, rows) in left.items() if rows], [])
        for family, (keys, rows) in self.scan(after, 3, stays.word).items():
            if not family.startswith("auth/"):
                self.assertGreaterEqual((keys, rows), stayed[family], family)
        self.assertEqual({mode: stays.view(mode) for mode in stays.keys}, before)
        self.assertEqual(gone.client("test").get("/v1/users").status, 401)
        rows = [json.loads(line) for line in self.suite.run_ctl("org", "export", gone.id).stdout.splitlines()]
        self.assertEqual({row["service"] for row in rows}, {"auth"})
        self.assertIn("organization.exported", json.dumps(rows))

        self.restore(whole)
        self.assertEqual(self.status_of(gone), "active")
        self.assertEqual({mode: stays.view(mode) for mode in stays.keys}, before)
        back = records.person(gone.word)
        answer = gone.client().events(records.takeover(back))
        self.assertEqual(answer.status, 202, answer.text)
        self.suite.settle(WAIT)
        suite.wait_until(lambda: back in gone.view()["users"], 30, "events go their way again")
        suite.wait_until(lambda: any(back in json.dumps(i) for i in gone.client().get("/v1/incidents").data["incidents"]),
                         30, "incidents are opened again")
