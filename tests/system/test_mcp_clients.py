"""POST /mcp as others see it: the official clients, MCP's own conformance suite, Inspector, and mcp-remote, which is how a
program that only speaks stdio gets here. All from npm, in the versions of tests/web/package-lock.json."""

import json
import os
import re
import subprocess

import base
import key_proxy
import mcp
import records
import suite
import test_mcp
import web

TWELVE = test_mcp.TWELVE

# Scenarios that must have passed, so that a run of nothing is none.
PASSED = {"2025-11-25": {"server-initialize", "ping", "tools-list", "dns-rebinding-protection"},
          "2026-07-28": {"tools-list", "dns-rebinding-protection", "http-header-validation"}}
WALKS = 4  # below


def readme_server():
    """(URL, headers) that README gives to Claude Code, and the server that it gives to Claude Desktop."""
    with open(os.path.join(suite.ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    url, name, value = re.search(r'claude mcp add --transport http \w+ (\S+) --header "(\w+): ([^"]+)"', text).groups()
    server = json.loads(re.search(r"```json\n(\{.*?mcpServers.*?)\n```", text, re.S).group(1))["mcpServers"]["teamsentry"]
    return url, {name: value}, server


def first_json(text):
    """The first object in what a program said."""
    return json.JSONDecoder().raw_decode(text[text.index("{"):])[0]


class McpClients(base.SuiteCase):
    @classmethod
    def setUpClass(cls):
        web.package("@modelcontextprotocol", "sdk", "package.json")
        super().setUpClass()
        cls.url = "http://127.0.0.1:%d/mcp" % cls.suite.port
        # A walk resolves an incident: there are as many people as walks.
        api = cls.suite.client()
        for number in range(WALKS):
            assert api.events(records.takeover(records.person("walk%d" % number))).status == 202
        cls.suite.settle()
        cls.organization = api.get("/v1/overview").data["organization"]["id"]
        api.close()

    def run_node(self, words, major, seconds=120):
        """(exit code, output) of a program for Node, in a directory of its own."""
        done = subprocess.run([web.node(major), *words], cwd=self.suite.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=seconds,
                              env=dict(os.environ, HOME=self.suite.directory, NO_COLOR="1"))
        return done.returncode, done.stdout

    # ---- the official clients ----

    def walk(self, *words):
        code, said = self.run_node([os.path.join(web.WEB, "mcp_walk.mjs"), *words], major=20)
        self.assertEqual(code, 0, said)
        self.assertIn("walked: overview, high-risk, profile, incident, resolve, summary", said)

    def test_walk_v1_as_readme_says_for_claude_code(self):
        url, headers, _ = readme_server()
        self.assertEqual(url.replace(":8080/", ":%d/" % self.suite.port), self.url)
        self.walk("v1", self.url, json.dumps({name: value.replace("$KEY", self.suite.key) for name, value in headers.items()}))

    def test_walk_v2(self):
        for mode in ("auto", mcp.MODERN):
            with self.subTest(mode):
                self.walk("v2", self.url, json.dumps({"Authorization": "Bearer " + self.suite.key}), mode)

    def test_walk_through_mcp_remote_as_readme_says_for_claude_desktop(self):
        url, _, server = readme_server()
        bridge = web.package("mcp-remote", "dist", "proxy.js")
        self.assertEqual([server["command"], *server["args"][:3]], ["npx", "-y", "mcp-remote", url])
        server["command"] = web.node(20)
        server["args"] = [bridge, self.url, *server["args"][3:]]
        server["env"] = {name: value.replace("tsk_live_...", self.suite.key) for name, value in server["env"].items()}
        server["env"]["HOME"] = self.suite.directory
        self.walk("stdio", json.dumps(server))

    # ---- conformance ----

    def conform(self, version):
        """Exit 0 means: nothing failed but what the baseline names, and all that it names did."""
        suite_of = web.package("@modelcontextprotocol", "conformance", "dist", "index.js")
        key = self.suite.make_key(self.suite.organization("Conformance " + version, "enterprise"))[0]
        with key_proxy.KeyProxy(self.suite.port, key) as proxy:
            code, said = self.run_node([suite_of, "server", "--url", "http://127.0.0.1:%d/mcp" % proxy.port, "--requirements", version,
                                        "--expected-failures", os.path.join(web.WEB, "mcp_baseline-%s.yml" % version), "-o",
                                        os.path.join(self.suite.directory, "conformance-" + version)], major=22, seconds=300)
        self.assertEqual(code, 0, said[-6000:])
        passed = re.findall(r"^\S+ ([\w-]+): ([1-9]\d*) passed, 0 failed", said, re.M)
        self.assertLessEqual(PASSED[version], {name for name, _ in passed}, said[-6000:])
        print(re.search("^Total: .*", said, re.M).group(0))

    def test_conformance_2025_11_25(self):
        self.conform("2025-11-25")

    def test_conformance_2026_07_28(self):
        self.conform("2026-07-28")

    # ---- Inspector ----

    def inspect(self, *words):
        tool = web.package("@modelcontextprotocol", "inspector", "package.json")
        with open(tool) as file:
            binary = json.load(file)["bin"]["mcp-inspector"]
        return self.run_node([os.path.join(os.path.dirname(tool), binary), "--cli", self.url, "--transport", "http", "--header",
                              "Authorization: Bearer " + self.suite.key, *words], major=22)

    def test_inspector(self):
        for era in ((), ("--protocol-era", "modern")):
            code, said = self.inspect(*era, "--method", "tools/list", "--strict")
            self.assertEqual(code, 0, said)
            self.assertEqual([tool["name"] for tool in first_json(said)["tools"]], TWELVE)
            code, said = self.inspect(*era, "--method", "tools/call", "--tool-name", "list_incidents", "--tool-arg", "limit=1")
            self.assertEqual(code, 0, said)
            self.assertFalse(first_json(said)["isError"])
        code, said = self.inspect("--method", "tools/call", "--tool-name", "get_incident_details", "--tool-arg", "incident_id=inc_none")
        self.assertEqual(code, 5, said)  # a result with isError
        self.assertIn("not_found: ", said)


if __name__ == "__main__":
    import unittest
    unittest.main()
