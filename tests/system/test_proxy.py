"""The shipped nginx configuration in a real nginx, TLS and all, before two gateways."""

import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import time
import unittest

import base
import client
import records
import suite

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
CONFIGURATION = os.path.join(suite.ROOT, "deploy", "nginx", "teamsentry.conf")
MIB = 1 << 20


class TlsClient(client.Client):
    def __init__(self, proxy, key, source=None):
        super().__init__(proxy.tls_port, key, source)
        self.context = ssl.create_default_context(cafile=proxy.certificate)

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, source_address=self.source, context=self.context)


class Nginx:
    """The file as it is shipped; what it marks CHANGE is changed, and nothing else."""

    def __init__(self, directory, gateway_ports, name="nginx"):
        self.directory = os.path.join(directory, name)
        self.plain_port = suite.free_ports(2)
        self.tls_port = self.plain_port + 1
        self.certificate = os.path.join(self.directory, "certificate.pem")
        self.access_log = os.path.join(self.directory, "access.log")
        self.error_log = os.path.join(self.directory, "error.log")
        self.key = os.path.join(self.directory, "key.pem")
        self.process = None
        os.mkdir(self.directory, 0o755)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.key,
                        "-out", self.certificate], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.write(gateway_ports)
        self.process = subprocess.Popen([NGINX, "-p", self.directory, "-c", "nginx.conf", "-e", os.path.join(self.directory, "start.log")],
                                        stdin=subprocess.DEVNULL)
        suite.wait_until(self.is_listening, 20, "nginx listens")

    def write(self, gateway_ports):
        with open(CONFIGURATION) as file:
            text = file.read()
        changes = {
            "server 127.0.0.1:8080 max_fails=2 fail_timeout=2s;":
                "\n".join("server 127.0.0.1:%d max_fails=2 fail_timeout=2s;" % port for port in gateway_ports),
            "listen 80;": "listen 127.0.0.1:%d;" % self.plain_port,
            "listen 443 ssl http2;": "listen 127.0.0.1:%d ssl http2;" % self.tls_port,
            "server_name api.example.com;": "server_name 127.0.0.1;",
            "/etc/teamsentry/tls/fullchain.pem": self.certificate,
            "/etc/teamsentry/tls/privkey.pem": self.key,
            "/var/log/nginx/teamsentry.log": self.access_log,
            "/var/log/nginx/teamsentry-error.log": self.error_log,
        }
        for shipped, ours in changes.items():
            for line in text.splitlines():
                if shipped in line and "# CHANGE" not in line:
                    raise AssertionError("not marked CHANGE: " + line)
            if shipped not in text:
                raise AssertionError("not in the file: " + shipped)
            text = text.replace(shipped, ours)
        with open(os.path.join(self.directory, "teamsentry.conf"), "w") as file:
            file.write(text)
        temporary = "".join("%s_temp_path %s/%s;\n" % (kind, self.directory, kind)
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(os.path.join(self.directory, "nginx.conf"), "w") as file:
            file.write("%sdaemon off;\nworker_processes 2;\npid %s/pid;\nevents {}\nhttp {\n%sinclude teamsentry.conf;\n}\n"
                       % ("user root;\n" if os.getuid() == 0 else "", self.directory, temporary))

    def is_listening(self):
        if self.process.poll() is not None:
            raise AssertionError("nginx ended: " + self.text("start.log"))
        with suite.socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.tls_port)) == 0

    def text(self, name):
        with open(os.path.join(self.directory, name), errors="replace") as file:
            return file.read()

    def close(self):
        self.process.terminate()
        self.process.wait(20)


class Proxy(base.SuiteCase):
    environment = {"TS_GATEWAY_TRUSTED_PROXIES": "127.0.0.1, ::1"}

    @classmethod
    def setUpClass(cls):
        if not os.path.exists(NGINX):
            raise unittest.SkipTest("nginx is not installed")
        super().setUpClass()
        cls.other = suite.Gateway(cls.suite)
        cls.addClassCleanup(cls.other.close)
        cls.proxy = Nginx(cls.suite.directory, [cls.suite.port, cls.other.port])
        cls.addClassCleanup(cls.proxy.close)

    def tls(self, key=None, source="127.0.0.77"):
        made = TlsClient(self.proxy, key or self.suite.key, source)
        self.addCleanup(made.close)
        return made

    def straight(self, source):
        """Past the proxy, to the gateway itself."""
        made = client.Client(self.suite.port, self.suite.key, source)
        self.addCleanup(made.close)
        return made

    def test_https_answers_and_says_hsts(self):
        answer = self.tls().get("/v1/overview")
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.headers["Strict-Transport-Security"], "max-age=31536000")
        self.assertEqual(answer.headers["X-Request-Id"], answer.json["meta"]["request_id"])
        self.assertEqual(len(answer.headers.get_all("Strict-Transport-Security")), 1)
        refused = self.tls("tsk_live_nonsense").get("/v1/overview")
        self.assertEqual((refused.status, refused.headers["Strict-Transport-Security"]), (401, "max-age=31536000"))

    def test_http_2(self):
        done = subprocess.run(["curl", "-s", "--http2", "--cacert", self.proxy.certificate, "-w", "%{http_version} %{http_code}",
                               "-o", os.devnull, "-H", "Authorization: Bearer " + self.suite.key,
                               "https://127.0.0.1:%d/v1/overview" % self.proxy.tls_port],
                              stdout=subprocess.PIPE, text=True, timeout=30)
        self.assertEqual(done.stdout, "2 200")

    def test_old_tls_is_refused(self):
        for version, expected in (("-tls1_1", "protocol version"), ("-tls1_2", "Cipher is ECDHE")):
            done = subprocess.run(["openssl", "s_client", version, "-cipher", "DEFAULT:@SECLEVEL=0", "-connect",
                                   "127.0.0.1:%d" % self.proxy.tls_port], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=30)
            self.assertIn(expected, done.stdout)

    def test_plain_http_is_refused(self):
        api = client.Client(self.proxy.plain_port, self.suite.key)
        self.addCleanup(api.close)
        answer = api.get("/v1/overview")
        self.assertEqual((answer.status, answer.error["code"]), (403, "forbidden"))
        self.assertNotIn("Location", answer.headers)

    def test_hsts_is_never_said_without_the_proxy(self):
        for headers in ({}, {"X-Forwarded-Proto": "https"}):
            answer = self.straight("127.0.0.5").request("GET", "/v1/overview", headers=headers)
            self.assertEqual(answer.status, 200)
            self.assertNotIn("Strict-Transport-Security", answer.headers)

    def failures_of(self, api, count, **options):
        api.key = "nonsense"
        return [api.request("GET", "/v1/overview", **options) for _ in range(count)]

    def remaining(self, api, **options):
        """What the window of failed authentications has left, as the next failure shows it."""
        return int(self.failures_of(api, 1, **options)[0].headers["X-RateLimit-Remaining"])

    def test_failures_are_counted_by_the_address_that_nginx_saw(self):
        if time.time() % 60 > 50:
            time.sleep(60.2 - time.time() % 60)
        self.assertEqual(self.remaining(self.tls(source="127.0.0.11")), 59)
        self.assertEqual(self.remaining(self.tls(source="127.0.0.11")), 58, "whichever gateway it came to")
        self.assertEqual(self.remaining(self.tls(source="127.0.0.12")), 59)
        # A spoofed header moves nothing: not through the proxy, not past it.
        spoofed = {"X-Forwarded-For": "127.0.0.13, 203.0.113.1", "Forwarded": "for=203.0.113.1", "X-Real-IP": "203.0.113.1"}
        for _ in range(2):
            self.remaining(self.tls(source="127.0.0.14"), headers=spoofed)
        self.assertEqual(self.remaining(self.tls(source="127.0.0.13")), 59, "nobody has used it up")
        straight = self.straight("127.0.0.15")
        self.assertEqual([self.remaining(straight, headers=spoofed) for _ in range(3)], [59, 58, 57])

    def audit(self, **query):
        return self.api.get("/v1/audit-log", limit=200, **query).data["entries"]

    def test_the_audit_log_has_the_clients_address(self):
        for source, api in (("127.0.0.21", self.tls(source="127.0.0.21")), ("127.0.0.22", self.straight("127.0.0.22"))):
            head = {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.9", "X-Request-Id": "req_from" + source[-2:]}
            made = api.request("POST", "/v1/api-keys", json.dumps({"name": source, "mode": "test"}), head)
            self.assertEqual(made.status, 201, made.text)
            entry = next(e for e in self.audit() if e["object"] == made.data["api_key"]["id"])
            self.assertEqual((entry["client_address"], entry["request_id"]), (source, "req_from" + source[-2:]))

    def test_large_bodies_and_answers(self):
        people = [records.person("big") for _ in range(200)]
        body = json.dumps([records.login(person) for person in people]).encode()
        api = self.tls()
        answer = api.events(body + b" " * (8 * MIB - len(body)))
        self.assertEqual((answer.status, answer.data["accepted"]), (202, 200), answer.text)
        refused = api.events(body + b" " * (8 * MIB - len(body) + 1))
        self.assertEqual((refused.status, refused.error["code"]), (413, "payload_too_large"), refused.text)
        self.assertEqual(refused.json["request_id"], refused.headers["X-Request-Id"])
        self.assertRegex(refused.json["request_id"], "^req_[0-9A-Za-z]{6,64}$")
        self.suite.settle()
        for path in ("/v1/users?limit=200", "/v1/openapi.json"):
            self.assertEqual(api.get(path).json.get("data"), self.api.get(path).json.get("data"))
            self.assertGreater(len(api.get(path).text), 20000)
        self.assertEqual(api.get("/v1/openapi.json").text, self.api.get("/v1/openapi.json").text)

    def test_neither_log_has_a_key(self):
        api = self.tls()
        self.assertEqual(api.request("GET", "/v1/users?api_key=" + self.suite.key).status, 400)
        self.assertEqual(api.get("/v1/users").status, 200)
        suite.wait_until(lambda: " /v1/users 400 " in self.proxy.text("access.log"), 10, "the access log tells")
        for name in ("access.log", "error.log", "start.log"):
            self.assertIsNone(re.search("tsk_(live|test)_[0-9A-Za-z]{8}", self.proxy.text(name)), name)

    def test_a_gateway_that_dies_takes_no_read_with_it(self):
        api = self.tls()
        pid = self.suite.kill("gateway")
        for _ in range(20):
            self.assertEqual(api.get("/v1/overview").status, 200)
        self.suite.wait_restarted("gateway", pid)
        suite.wait_until(lambda: api.get("/v1/overview").status == 200 and self.answers() > 0, 20, "nginx asks the first again")
        self.other.process.kill()
        self.other.process.wait()
        self.addCleanup(self.other.start)
        for _ in range(20):
            self.assertEqual(api.get("/v1/overview").status, 200)

    def test_no_gateway_at_all_is_a_503_of_the_api(self):
        alone = Nginx(self.suite.directory, [suite.free_ports(1)], "nginx-alone")
        self.addCleanup(alone.close)
        api = TlsClient(alone, self.suite.key)
        self.addCleanup(api.close)
        answer = api.get("/v1/overview")
        self.assertEqual((answer.status, answer.error["code"], answer.error["status"]), (503, "service_unavailable", 503))
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.assertEqual(answer.headers["X-Request-Id"], answer.json["request_id"])

    def answers(self):
        """Of the suite's own gateway since it started, as far as clients got them."""
        return suite.metrics(self.suite.ops_port("gateway")).get('ts_gateway_answers_total{class="2xx"}', 0)


if __name__ == "__main__":
    unittest.main()
