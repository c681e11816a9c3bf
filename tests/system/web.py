"""Tools from npm: Spectral, which reads the OpenAPI document, and Prism, which checks requests and answers against it."""

import os
import shutil
import subprocess
import unittest

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
