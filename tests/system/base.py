"""A test case that has a suite for all tests of its class. Tests keep apart by people and records of their own."""

import unittest

import suite


class SuiteCase(unittest.TestCase):
    environment = None  # settings of its own

    @classmethod
    def setUpClass(cls):
        cls.suite = suite.Suite(cls.environment)
        cls.addClassCleanup(cls.suite.close)
        cls.suite.start()

    def setUp(self):
        self.api = self.suite.client()
        self.addCleanup(self.api.close)

    def post(self, records, **options):
        """Posts records of which each must be accepted for the first time."""
        answer = self.api.events(records, **options)
        self.assertEqual(answer.status, 202, answer.text)
        self.assertEqual(answer.data["rejected"], [])
        self.assertEqual((answer.data["accepted"], answer.data["duplicates"]), (len(records), 0))
        return answer
