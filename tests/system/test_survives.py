"""kill -9 of any process at any moment: what was acknowledged is there, once; a calm play is the yardstick."""

import http.client
import json
import os
import random
import subprocess
import threading
import time

import base
import receiver
import records
import suite

EVENTS = 5000 if suite.is_sanitized() else 20000
POST = 500
RETRY_SECONDS = 60


def simulate(path):
    """A company's days. Not older than a week at the edge: what is historical must not depend on the second of the play."""
    done = subprocess.run([os.path.join(suite.BIN, "ts-simulator"), "--days", "5", "--events", str(EVENTS), "--seed", "7",
                           "--out", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(done.stdout)
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file.read().splitlines() if line]
    return ["\n".join(lines[i:i + POST]) for i in range(0, len(lines), POST)]


def post_until_acknowledged(api, body):
    """The same body again on 503 and broken connections. (accepted, duplicates, attempts)"""
    deadline = time.monotonic() + RETRY_SECONDS
    attempts = 0
    while True:
        attempts += 1
        why = None
        try:
            answer = api.events(body, content_type="application/x-ndjson")
            if answer.status == 202:
                if answer.data["rejected"]:
                    raise AssertionError("rejected: %s" % answer.data["rejected"][:3])
                return answer.data["accepted"], answer.data["duplicates"], attempts
            if answer.status != 503:
                raise AssertionError("only 503 is an answer to a crash: %d %s" % (answer.status, answer.text))
            if "Retry-After" not in answer.headers:
                raise AssertionError("503 without Retry-After")
            why = answer.text
        except (OSError, http.client.HTTPException) as error:
            why = repr(error)
        if time.monotonic() > deadline:
            raise AssertionError("no acknowledgement within %d s; the last answer: %s" % (RETRY_SECONDS, why))
        time.sleep(0.2)


class Killer:
    """Kills one process after the other, each a moment after a post began, and sees that it comes back."""

    def __init__(self, running):
        self.running = running
        self.left = list(suite.SERVICES)
        self.thread = None
        self.error = None

    def is_idle(self):
        return self.thread is None or not self.thread.is_alive()

    def strike(self):
        if self.left and self.is_idle():
            self.thread = threading.Thread(target=self.kill_one, args=(self.left.pop(0), random.uniform(0, 0.1)))
            self.thread.start()

    def kill_one(self, service, delay):
        try:
            time.sleep(delay)
            self.running.wait_restarted(service, self.running.kill(service))
        except Exception as error:  # told by finish(), in the test's own thread
            self.error = error

    def finish(self):
        while self.left or not self.is_idle():
            self.strike()
            if self.thread is not None:
                self.thread.join()
        if self.error is not None:
            raise self.error


class Survives(base.SuiteCase):
    def play(self, running, bodies, killer=None):
        """(accepted and duplicate events, snapshot, deliveries) when all is done."""
        api = running.client()
        with receiver.Receiver() as hook:
            api.create_endpoint(hook.url, ["incident.created"])
            events = 0
            for number, body in enumerate(bodies):
                if killer is not None and number > 0:
                    killer.strike()
                accepted, duplicates, _ = post_until_acknowledged(api, body)
                events += accepted + duplicates
            if killer is not None:
                killer.finish()
            running.settle()
            snapshot = api.snapshot()
            wanted = {incident[0] for incident in snapshot["incidents"]}
            suite.wait_until(lambda: wanted <= {d["json"]["data"]["incident_id"] for d in list(hook.deliveries)}, 90,
                             "incident.created of each incident", 0.5)
            ids = {}
            for delivery in list(hook.deliveries):
                ids.setdefault(delivery["json"]["data"]["incident_id"], set()).add(delivery["json"]["id"])
        api.close()
        return events, snapshot, ids

    def test_each_acknowledged_event_once_whatever_dies(self):
        bodies = simulate(os.path.join(self.suite.directory, "events.ndjson"))
        with suite.Suite() as calm:
            calm_events, expected, _ = self.play(calm, bodies)
        self.assertGreaterEqual(calm_events, EVENTS)
        self.assertTrue(expected["incidents"], "the yardstick must show something")

        events, seen, ids = self.play(self.suite, bodies, Killer(self.suite))
        self.assertEqual(events, calm_events)
        for part in expected:
            self.assertEqual(seen[part], expected[part], part)
        self.assertEqual(set(ids), {incident[0] for incident in seen["incidents"]})
        for incident, event_ids in ids.items():
            self.assertEqual(len(event_ids), 1, "one id for incident.created of " + incident)

        again = [post_until_acknowledged(self.api, body)[:2] for body in bodies]
        self.assertEqual(sum(accepted for accepted, _ in again), 0, "nothing that was acknowledged is missing")
        self.assertEqual(sum(duplicates for _, duplicates in again), calm_events)

    def close_until_answered(self, api, incident, number):
        """Closes with an Idempotency-Key of its own, again and again while there is no answer."""
        head = {"Content-Type": "application/json", "Idempotency-Key": "close-%d" % number}
        body = json.dumps({"status": "resolved", "notes": "note %d" % number})
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                answer = api.request("PATCH", "/v1/incidents/" + incident, body, head)
                if answer.status == 200:
                    return
                self.assertEqual(answer.status, 503, answer.text)
            except (OSError, http.client.HTTPException):
                pass
            self.assertLess(time.monotonic(), deadline, "no answer")
            time.sleep(0.1)

    def test_a_change_of_an_incident_is_made_once_whatever_dies(self):
        """In a suite of its own: the others count what is there."""
        people = [records.person() for _ in range(6)]
        with suite.Suite() as own:
            api = own.client()
            for email in people:
                self.assertEqual(api.events(records.takeover(email)).status, 202)
            own.settle()
            wanted = [api.get("/v1/incidents", user=email).data["incidents"][0]["id"] for email in people]
            for number, incident in enumerate(wanted):
                victim = ("incidents", "auth", "risk")[number % 3]
                old = own.pid(victim)
                killer = threading.Timer(random.uniform(0, 0.02), own.kill, (victim,))
                killer.start()
                self.close_until_answered(api, incident, number)
                killer.join()
                own.wait_restarted(victim, old)
                self.close_until_answered(api, incident, number)  # a repeat is no second closing
                details = api.get("/v1/incidents/" + incident).data["incident"]
                self.assertEqual((details["status"], [note["text"] for note in details["notes"]]), ("resolved", ["note %d" % number]))
                self.assertEqual(len([e for e in details["timeline"] if e["kind"] == "status"]), 1)
            own.settle()
            for email in people:
                self.assertEqual(api.user(email)["open_incident_count"], 0, "risk has heard of it")
            api.close()

    def test_a_restart_of_all_keeps_all(self):
        with suite.Suite() as own:
            api = own.client()
            body = simulate(os.path.join(own.directory, "events.ndjson"))[-1]
            post_until_acknowledged(api, body)
            own.settle()
            before = api.snapshot()
            own.stop()
            own.start()
            api.close()
            self.assertEqual(api.snapshot(), before)
            accepted, duplicates, _ = post_until_acknowledged(api, body)
            self.assertEqual((accepted, duplicates > 0), (0, True))
            api.close()

    def test_events_are_taken_in_while_readers_of_the_outbox_are_down(self):
        """Risk needs neither incidents nor webhooks to acknowledge."""
        records = json.loads("[" + ",".join(simulate(os.path.join(self.suite.directory, "more.ndjson"))[0].splitlines()) + "]")
        for record in records:
            record["id"]["uniqueQualifier"] = "9" + record["id"]["uniqueQualifier"]
        dead = {service: self.suite.kill(service) for service in ("incidents", "webhooks", "ai-usage")}
        answer = self.api.events(records[:100])
        self.assertEqual(answer.status, 202, answer.text)
        for service, pid in dead.items():
            self.suite.wait_restarted(service, pid)
        self.suite.settle()
