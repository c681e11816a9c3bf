"""Records of other people's making: each is taken or refused with a reason, and a second play changes nothing."""

import json
import os
import time
import unittest

import base
import records
import suite

PANTHER = os.path.join(suite.SHARED, "data", "panther", "panther-tests.jsonl")
SPLUNK = os.path.join(suite.SHARED, "data", "splunk-samples", "data_sources.jsonl")


def rows(path):
    if not os.path.exists(path):
        raise unittest.SkipTest("no shared data: " + path)
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def panther():
    return [row["rebuilt_reports_activity"] for row in rows(PANTHER) if row.get("rebuilt_reports_activity")]


def splunk():
    return [row["example"] for row in rows(SPLUNK) if row["name"].startswith("Google Workspace")]


def shifted(activities):
    """Copies of which each happened in the last hours, one after the other."""
    copies = json.loads(json.dumps(activities))
    for number, activity in enumerate(copies):
        activity.setdefault("id", {})["time"] = records.rfc3339(time.time() - 60 * (len(copies) - number))
    return copies


class RealRecords(base.SuiteCase):
    def play(self, activities):
        """Posts in both forms of a body; (accepted, duplicates, {index: reason}) of the first."""
        answer = self.api.events(activities)
        self.assertEqual(answer.status, 202, answer.text)
        return answer.data["accepted"], answer.data["duplicates"], {r["index"]: r["reason"] for r in answer.data["rejected"]}

    def check_twice(self, activities):
        events = [len(a["events"]) if isinstance(a.get("events"), list) else 1 for a in activities]
        accepted, duplicates, rejected = self.play(activities)
        self.assertEqual(accepted + duplicates + sum(events[i] for i in rejected), sum(events))
        for index, reason in rejected.items():
            self.assertTrue(reason, "record %d" % index)
        self.assertGreater(accepted, 0.8 * len(activities), "most are taken: %s" % rejected)
        self.suite.settle()
        before = self.api.snapshot()
        lines = "\n".join(json.dumps(a) for a in activities)
        answer = self.api.events(lines, content_type="application/x-ndjson")
        self.assertEqual(answer.status, 202, answer.text)
        self.assertEqual((answer.data["accepted"], answer.data["duplicates"]), (0, accepted + duplicates))
        self.assertEqual({r["index"]: r["reason"] for r in answer.data["rejected"]}, rejected)
        self.suite.settle()
        self.assertEqual(self.api.snapshot(), before)
        return rejected

    def test_panther(self):
        self.check_twice(shifted(panther()))

    def test_splunk(self):
        rejected = self.check_twice(shifted(splunk()))
        self.assertEqual(rejected, {})

    def test_panther_as_they_stand(self):
        """Years old or without a time: refused by index, each with its reason."""
        activities = panther()
        accepted, duplicates, rejected = self.play(activities)
        self.assertEqual((accepted, duplicates), (0, 0))
        self.assertEqual(sorted(rejected), list(range(len(activities))))
        for index, activity in enumerate(activities):
            missing = "time" not in activity.get("id", {})
            self.assertRegex(rejected[index], "missing" if missing else "too_old", json.dumps(activity)[:300])

    def test_known_attacks_are_noticed(self):
        """Of the samples that the rules' authors call malicious, some raise a score: the suite does look at them."""
        self.play(shifted([row["rebuilt_reports_activity"] for row in rows(PANTHER)
                           if row.get("rebuilt_reports_activity") and row["expected"]]))
        self.suite.settle()
        detections = suite.total(suite.metrics(self.suite.ops_port("risk")), "ts_risk_detections_total")
        self.assertGreater(detections, 0)
