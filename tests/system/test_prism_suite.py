"""The functional tests once more through Prism: whatever they ask and are answered is as the OpenAPI document says."""

import json
import os

import suite
import test_directory
import test_main_path
import web


class ThroughPrism:
    """Before a case's class: its client asks through a proxy."""

    @classmethod
    def setUpClass(cls):
        web.tool("prism")
        super().setUpClass()
        cls.prism = cls.enterClassContext(web.Prism(web.save_document(cls.suite)[0], cls.suite.port, suite.free_ports(1)))

    def setUp(self):
        super().setUp()
        self.api = web.Client(self.suite.port, self.suite.key, self.prism)
        self.addCleanup(self.api.close)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        assert cls.prism.passed > 0, "nothing went through Prism"


class MainPathThroughPrism(ThroughPrism, test_main_path.MainPath):
    def test_what_is_not_as_the_document_says_is_noticed(self):
        """Held against a document that asks for a member that no answer has, and for fewer users than the gateway gives."""
        with open(web.save_document(self.suite)[0], encoding="utf-8") as file:
            document = json.load(file)
        overview = document["paths"]["/v1/overview"]["get"]["responses"]["200"]["content"]["application/json"]
        overview["schema"] = {"allOf": [overview["schema"], {"type": "object", "required": ["surprise"]}]}
        limit = {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 1}}
        users = document["paths"]["/v1/users"]["get"]
        users["parameters"] = [p for p in users["parameters"] if p.get("name") != "limit"] + [limit]
        path = os.path.join(self.suite.directory, "wrong.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)
        with web.Prism(path, self.suite.port, suite.free_ports(1)) as prism:
            api = web.Client(self.suite.port, self.suite.key, prism)
            self.addCleanup(api.close)
            self.assertEqual(api.get("/v1/users", limit=1).status, 200)
            with self.assertRaisesRegex(AssertionError, "(?s)not as the document says: GET /v1/overview.*surprise"):
                api.get("/v1/overview")
            with self.assertRaisesRegex(AssertionError, "(?s)refuses what the gateway takes: GET /v1/users.*limit"):
                api.get("/v1/users", limit=2)


class DirectoryThroughPrism(ThroughPrism, test_directory.DirectoryTest):
    pass
