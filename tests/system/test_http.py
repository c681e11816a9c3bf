"""HTTP itself, byte by byte: what two parsers might read in two ways, slow and idle clients, and what RFC 9110 promises."""

import email.utils
import gzip
import json
import os
import re
import resource
import socket
import subprocess
import time

import base
import suite

ORIGIN = "https://console.lumen-works.example"
IDLE = 1000
HEADER_MS = 4000 if suite.is_sanitized() else 1500
PATIENCE = 30
# Differ between two answers to the same question.
MOVING = {"date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"}


class Raw:
    """A connection on which a test decides about every byte."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(PATIENCE)
        self.rest = b""

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        self.rest += data
        return len(data) > 0

    def answer(self, is_head=False):
        """(status, {header: value}, body) of the next answer; None if the connection ended before one."""
        while b"\r\n\r\n" not in self.rest:
            if not self.fill():
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        status = int(lines[0].split(" ")[1])
        length = 0 if is_head or status in (100, 204, 304) else int(headers.get("content-length", 0))
        while len(self.rest) < length:
            if not self.fill():
                raise AssertionError("the body ends early")
        body, self.rest = self.rest[:length], self.rest[length:]
        return status, headers, body

    def is_over(self):
        """Nothing more comes, and the connection ends."""
        while self.fill():
            pass
        return self.rest == b""


class Http(base.SuiteCase):
    environment = {"TS_GATEWAY_HEADER_MS": str(HEADER_MS), "TS_GATEWAY_REQUEST_MS": "1500",
                   "TS_GATEWAY_CORS_ORIGINS": ORIGIN, "TS_GATEWAY_AUTH_FAILURES": "100000",
                   "TS_GATEWAY_KEEP_ALIVE_MS": "120000"}

    def raw(self):
        connection = Raw(self.suite.port)
        self.addCleanup(connection.close)
        return connection

    def ask(self, data, is_head=False):
        """The one answer to these bytes on a connection of their own."""
        connection = self.raw()
        connection.send(data)
        return connection.answer(is_head)

    def head(self, line, *fields, key=True):
        auth = ["Authorization: Bearer " + self.suite.key] if key else []
        return "\r\n".join([line + " HTTP/1.1", "Host: ts", *auth, *fields, "", ""]).encode()

    # ---- what must not be understood ----

    SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: ts\r\n\r\n"
    REFUSED = {
        "length and transfer encoding": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "transfer encoding and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "two lengths": b"Content-Length: 4\r\nContent-Length: 5\r\n",
        "one length twice": b"Content-Length: 4\r\nContent-Length: 4\r\n",
        "list of lengths": b"Content-Length: 4, 4\r\n",
        "negative length": b"Content-Length: -4\r\n",
        "length with a sign": b"Content-Length: +4\r\n",
        "length in hex": b"Content-Length: 0x4\r\n",
        "length beyond all numbers": b"Content-Length: 99999999999999999999999\r\n",
        "unknown transfer encoding": b"Transfer-Encoding: xchunked\r\n",
        "two transfer encodings": b"Transfer-Encoding: gzip, chunked\r\n",
        "transfer encoding twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "space before the colon": b"Content-Length : 4\r\n",
        "tab before the colon": b"Content-Length\t: 4\r\n",
        "space in a name": b"Con tent: 4\r\n",
        "name that is no token": b"Conten\xc3\xa4t: 4\r\n",
        "name in brackets": b"(Content): 4\r\n",
        "no name": b": 4\r\n",
        "no colon": b"Content-Length\r\n",
        "folded line": b"X-A: a\r\n b\r\nContent-Length: 4\r\n",
        "folded first line": b" X-A: a\r\n",
        "bare LF": b"X-A: a\nContent-Length: 4\r\n",
        "bare LF twice": b"X-A: a\nX-B: b\n",
        "bare CR": b"X-A: a\rContent-Length: 4\r\n",
        "CR at the end of a value": b"Content-Length: 4\r\r\n",
        "CR at the front of a value": b"Transfer-Encoding:\rchunked\r\n",
        "NUL": b"X-A: a\x00b\r\n",
        "control character": b"X-A: a\x01b\r\n",
        "unknown expectation": b"Expect: a-miracle\r\n",
        "two hosts": b"Host: other\r\n",
        "two keys": b"Authorization: Bearer x\r\nAuthorization: Bearer y\r\n",
        "two idempotency keys": b"Idempotency-Key: a\r\nIdempotency-Key: b\r\n",
        "two media types": b"Content-Type: application/json\r\nContent-Type: text/plain\r\n",
    }

    def refused(self, data, statuses=(400,)):
        connection = self.raw()
        connection.send(data)
        answer = connection.answer()
        self.assertIsNotNone(answer)
        self.assertIn(answer[0], statuses, answer)
        error = json.loads(answer[2])
        self.assertEqual(error["error"]["status"], answer[0])
        self.assertEqual(error["request_id"], answer[1]["x-request-id"])
        self.assertIn("x-ratelimit-limit", answer[1])
        self.assertEqual(answer[1]["connection"], "close")
        self.assertTrue(connection.is_over(), "what came behind was read as a request of its own")

    def test_framing_that_two_may_read_in_two_ways(self):
        for name, lines in self.REFUSED.items():
            with self.subTest(name):
                self.refused(b"POST /v1/events HTTP/1.1\r\nHost: ts\r\n" + lines + b"\r\n0\r\n\r\n" + self.SMUGGLED)

    def test_request_lines(self):
        for line in (b"GET /healthz HTTP/1.1\nHost: ts\r\n\r\n", b"GET /healthz HTTP/1.2\r\nHost: ts\r\n\r\n",
                     b"GET /healthz HTTP/2.0\r\nHost: ts\r\n\r\n", b"GET /healthz HTTP/1.1\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nX-A: b\r\n\r\n", b"GET /healthz\r\nHost: ts\r\n\r\n",
                     b"FOO /healthz HTTP/1.1\r\nHost: ts\r\n\r\n", b"get /healthz HTTP/1.1\r\nHost: ts\r\n\r\n",
                     b"CONNECT ts:80 HTTP/1.1\r\nHost: ts\r\n\r\n", b"NONSENSE\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n"):
            with self.subTest(line):
                self.refused(line)

    def test_what_looks_odd_but_is_right(self):
        own = "127.0.0.1:%d" % self.suite.port
        for data in (b"GET /healthz HTTP/1.1\r\nHost: ts\r\nX-Empty:\r\nX-Blank:   \r\nX-Tail: a  \r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nhOST:ts\r\n\r\n", b"GET /healthz HTTP/1.0\r\n\r\n",
                     b"GET /healthz? HTTP/1.1\r\nHost: ts\r\n\r\n",
                     ("GET http://%s/healthz HTTP/1.1\r\nHost: %s\r\n\r\n" % (own, own)).encode()):
            with self.subTest(data):
                self.assertEqual(self.ask(data)[0], 200)

    def test_addresses(self):
        for path, status in (("/v1/users/%00", 400), ("/v1/users/a%00b@ts.example", 400), ("/v1/users/%0a", 400),
                             ("/v1/users/%zz", 400), ("/v1/users/%c0%af", 400), ("/v1/users/a%2Fb@ts.example", 404),
                             ("/v1%2Fusers", 404), ("/%76%31/users", 200), ("/v1/users/", 404), ("//v1/users", 404),
                             ("/v1/../healthz", 404), ("/v1/users?limit=%31", 200), ("/v1/users?limit=1%00", 400),
                             ("/v1/users?api_key=" + self.suite.key, 400), ("/healthz?" + self.suite.key, 400)):
            with self.subTest(path):
                self.assertEqual(self.ask(self.head("GET " + path))[0], status)

    def test_many_and_long_headers(self):
        def many(count):
            return b"GET /healthz HTTP/1.1\r\nHost: ts\r\n" + b"".join(b"X-%d: a\r\n" % i for i in range(count - 1)) + b"\r\n"
        self.assertEqual(self.ask(many(63))[0], 200)
        for count in (64, 65, 200):
            self.refused(many(count), (431,))
        long = b"GET /healthz HTTP/1.1\r\nHost: ts\r\nX-A: %s\r\n\r\n"
        self.assertEqual(self.ask(long % (b"a" * 12000))[0], 200)
        at_most = 16384 - len(long % b"")
        self.assertEqual(self.ask(long % (b"a" * at_most))[0], 200)
        self.refused(long % (b"a" * (at_most + 1)), (431,))
        self.refused(long % (b"a" * 20000), (431,))
        self.refused(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: ts\r\n\r\n", (431,))

    # ---- slow and idle ----

    def others_are_served(self):
        began = time.monotonic()
        self.assertEqual(self.api.get("/v1/overview").status, 200)
        self.assertEqual(self.ask(b"GET /healthz HTTP/1.1\r\nHost: ts\r\n\r\n")[0], 200)
        return time.monotonic() - began

    def test_slow_headers_hold_nobody_up_and_end(self):
        slow = [self.raw() for _ in range(200)]
        for connection in slow:
            connection.send(b"GET /healthz HTTP/1.1\r\nHost: ts\r\nX-Slow: ")
        self.others_are_served()
        for connection in slow:
            answer = connection.answer()
            self.assertTrue(answer is None or answer[0] == 400, answer)
            self.assertTrue(connection.is_over())

    def test_slow_body(self):
        connection = self.raw()
        connection.send(self.head("POST /v1/events?source=google_workspace", "Content-Type: application/json",
                                  "Content-Length: 1000"))
        connection.send(b"[")
        self.others_are_served()
        status, headers, body = connection.answer()
        self.assertEqual((status, headers["connection"]), (400, "close"), body)
        self.assertTrue(connection.is_over())

    def test_a_thousand_idle_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < IDLE + 200:
            self.skipTest("at most %d descriptors are allowed here" % hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 200), hard))
        idle = []
        for _ in range(IDLE):
            idle.append(self.raw())
            idle[-1].send(self.head("GET /healthz", key=False))
        for connection in idle:
            self.assertEqual(connection.answer()[0], 200)
        self.others_are_served()
        for connection in idle:
            connection.send(self.head("GET /healthz", key=False))
        for connection in idle:
            self.assertEqual(connection.answer()[0], 200)

    def gateway_with(self, connections, soft, hard, *options):
        """(what a gateway of so many connections says that may have so many descriptors, its code, the limit that it made itself)"""
        port = suite.free_ports(2)
        settings = {"TS_BUS_DIR": self.suite.bus, "TS_GATEWAY_LISTEN": "127.0.0.1:%d" % port, "TS_GATEWAY_OPS_PORT": str(port + 1),
                    "TS_GATEWAY_CONNECTIONS": str(connections)}
        child = subprocess.Popen([os.path.join(suite.BIN, "ts-gateway"), *options], env=dict(self.suite.environment, **settings), text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)))
        suite.wait_until(lambda: child.poll() is not None or suite.http_get(port + 1, "/readyz")[0] == 200, 30, "it is ready or over")
        made = None if child.poll() is not None else resource.prlimit(child.pid, resource.RLIMIT_NOFILE)
        child.terminate()
        said = child.communicate(timeout=PATIENCE)[0]
        return said, child.returncode, made

    def test_connections_need_descriptors(self):
        """The bus and the ops port have theirs, however many clients come: else a full gateway looks like one that is down."""
        said, code, made = self.gateway_with(100, 64, 100 + 256)
        self.assertEqual((code, made), (0, (356, 356)), said)
        said, code, made = self.gateway_with(101, 64, 100 + 256)
        self.assertEqual((code, made), (1, None), said)
        self.assertRegex(said, 'msg="cannot start".*101 connections need 357 file descriptors.*356.*setting=TS_GATEWAY_CONNECTIONS')
        said, code, _ = self.gateway_with(100, 64, 100 + 256, "--check-config")
        self.assertEqual(code, 0, said)
        said, code, _ = self.gateway_with(101, 64, 100 + 256, "--check-config")
        self.assertEqual(code, 2, said)
        self.assertRegex(said, r"\ATS_GATEWAY_CONNECTIONS: 101 connections need 357 file descriptors .* is 356\n\Z")

    # ---- one connection, many requests ----

    def test_pipelining(self):
        connection = self.raw()
        ids = ["req_pipe%04d" % i for i in range(30)]
        body = b'{"surprise":1}'
        data = b""
        for number, one in enumerate(ids):
            if number % 3 == 2:
                data += self.head("POST /v1/webhooks/endpoints", "X-Request-Id: " + one, "Content-Type: application/json",
                                  "Content-Length: %d" % len(body)) + body
            else:
                data += self.head("GET /v1/users?limit=1" if number % 3 else "GET /nowhere", "X-Request-Id: " + one)
        connection.send(data)
        for number, one in enumerate(ids):
            status, headers, _ = connection.answer()
            self.assertEqual((headers["x-request-id"], status), (one, (404, 200, 400)[number % 3]))

    def test_expect_100_continue(self):
        fields = ("Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue")
        connection = self.raw()
        connection.send(self.head("POST /v1/events?source=google_workspace", *fields))
        self.assertEqual(connection.answer()[0], 100)
        connection.send(b"[]")
        self.assertEqual(connection.answer()[0], 202)
        for line, change, status in (("POST /v1/events?source=nothing", fields, 400), ("GET /v1/users", fields, 200),
                                     ("POST /v1/events?source=google_workspace",
                                      (fields[0], "Content-Length: 99999999", fields[2]), 413),
                                     ("POST /v1/events?source=google_workspace",
                                      ("Content-Type: text/plain", *fields[1:]), 415)):
            with self.subTest(line):
                connection = self.raw()
                connection.send(self.head(line, *change))
                self.assertEqual(connection.answer()[0], status, "no 100 before a refusal")
                self.assertTrue(connection.is_over(), "a body that nobody asked for must not be taken for a request")

    def test_chunked_bodies(self):
        line = "POST /v1/events?source=google_workspace"
        fields = ("Content-Type: application/json", "Transfer-Encoding: chunked")
        self.assertEqual(self.ask(self.head(line, *fields) + b"1\r\n[\r\n1\r\n]\r\n0\r\n\r\n")[0], 202)
        self.assertEqual(self.ask(self.head(line, *fields) + b"zz\r\n[]\r\n0\r\n\r\n")[0], 400)

    # ---- HEAD, OPTIONS, methods ----

    def test_head_has_the_headers_of_get(self):
        document = json.loads(self.api.get("/v1/openapi.json").text)
        paths = [path for path, item in document["paths"].items()
                 if "get" in item and "{" not in path and "/exports/" not in path]
        paths += ["/nowhere", "/v1/nowhere", "/v1/users/nobody@ts.example", "/v1/users?limit=0"]
        for path in paths:
            required = [p for p in document["paths"].get(path, {}).get("get", {}).get("parameters", [])
                        if p.get("in") == "query" and p["required"]]
            query = "&".join("%s=%s" % (p["name"], p["example"]) for p in required)
            for fields in ((), ("Accept-Encoding: gzip",), ("Origin: " + ORIGIN,)):
                with self.subTest(path=path, fields=fields):
                    line = path + ("?" + query if query else "")
                    get = self.ask(self.head("GET " + line, *fields))
                    head = self.ask(self.head("HEAD " + line, *fields), is_head=True)
                    self.assertEqual(head[0], get[0])
                    if get[0] < 400:  # an error's length depends on nothing but its request id
                        self.assertEqual({k: v for k, v in head[1].items() if k not in MOVING | {"content-length"}},
                                         {k: v for k, v in get[1].items() if k not in MOVING | {"content-length"}})
                        self.assertAlmostEqual(int(head[1]["content-length"]), int(get[1]["content-length"]), delta=8)

    def test_head_sends_no_body(self):
        connection = self.raw()
        connection.send(self.head("HEAD /v1/overview") + self.head("GET /healthz", key=False))
        self.assertEqual(connection.answer(is_head=True)[0], 200)
        self.assertEqual(connection.answer()[2], b'{"status":"ok"}')

    def test_methods(self):
        status, headers, body = self.ask(self.head("OPTIONS /v1/incidents/inc_1", key=False))
        self.assertEqual((status, set(re.split(", ", headers["allow"])), body),
                         (204, {"GET", "HEAD", "PATCH", "OPTIONS"}, b""))
        status, headers, body = self.ask(self.head("DELETE /v1/incidents"))
        self.assertEqual((status, set(re.split(", ", headers["allow"]))), (405, {"GET", "HEAD", "OPTIONS"}))
        self.assertEqual(json.loads(body)["error"]["code"], "method_not_allowed")
        self.assertEqual(self.ask(self.head("OPTIONS /v1/nowhere"))[0], 404)
        self.assertEqual(self.ask(self.head("DELETE /v1/incidents", key=False))[0], 401)

    def test_unknown_paths(self):
        for path, key, status in (("/v1/nowhere", False, 401), ("/v1", False, 401), ("/v1/nowhere", True, 404), ("/", False, 404),
                                  ("/nowhere", False, 404), ("/V1/users", False, 404), ("/.htpasswd", False, 404)):
            with self.subTest(path):
                self.assertEqual(self.ask(self.head("GET " + path, key=key))[0], status)

    def test_every_answer_may_not_be_guessed_at(self):
        for line in ("GET /healthz", "GET /docs", "GET /v1/users", "GET /v1/nowhere", "FOO /"):
            self.assertEqual(self.ask(self.head(line))[1]["x-content-type-options"], "nosniff")
        policy = self.ask(self.head("GET /docs", key=False))[1]["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("script-src", policy)

    # ---- caching and encodings ----

    def test_etags(self):
        line = "GET /v1/openapi.json"
        for accept in ((), ("Accept-Encoding: gzip",)):
            _, headers, _ = self.ask(self.head(line, *accept))
            tag = headers["etag"]
            self.assertRegex(tag, '^"[0-9a-z-]+"$')
            self.assertEqual(tag.endswith('-gzip"'), bool(accept))
            for known in (tag, "W/" + tag, "*", '"a", ' + tag, '"a",W/"b" ,%s' % tag):
                status, seen, body = self.ask(self.head(line, "If-None-Match: " + known, *accept))
                self.assertEqual((status, body, seen["etag"]), (304, b"", tag), known)
                self.assertNotIn("content-length", seen)
                self.assertIn("x-request-id", seen)
            for other in ('"a"', tag[:-2] + '"', "W/" + tag[:-2] + '"', tag.strip('"'), '""', ","):
                self.assertEqual(self.ask(self.head(line, "If-None-Match: " + other, *accept))[0], 200, other)
        plain = self.ask(self.head(line))[1]["etag"]
        self.assertEqual(self.ask(self.head(line, "If-None-Match: " + plain, "Accept-Encoding: gzip"))[0], 304)

    def test_gzip(self):
        line = "GET /v1/openapi.json"
        plain = self.ask(self.head(line))
        self.assertNotIn("content-encoding", plain[1])
        self.assertIn("Accept-Encoding", plain[1]["vary"])
        for accept, zipped in (("gzip", True), ("deflate, gzip;q=0.5", True), ("*", True), ("br", False), ("identity", False),
                               ("gzip;q=0", False), ("gzip;q=0.2, identity", False), ("gzip;q=nonsense", False)):
            with self.subTest(accept):
                _, headers, body = self.ask(self.head(line, "Accept-Encoding: " + accept))
                self.assertEqual(headers.get("content-encoding") == "gzip", zipped)
                self.assertEqual(gzip.decompress(body) if zipped else body, plain[2])
                self.assertIn("Accept-Encoding", headers["vary"])
        small = self.ask(self.head("GET /healthz", "Accept-Encoding: gzip"))
        self.assertNotIn("content-encoding", small[1])

    def test_key_material_is_never_compressed_nor_kept(self):
        body = json.dumps({"url": "https://hooks.example/" + "a" * 1500}).encode()
        status, headers, answer = self.ask(self.head("POST /v1/webhooks/endpoints", "Accept-Encoding: gzip",
                                                     "Content-Type: application/json", "Content-Length: %d" % len(body)) + body)
        self.assertEqual(status, 201, answer)
        self.assertGreater(len(answer), 1024)
        self.assertIn(b'"whsec_', answer)
        self.assertEqual((headers.get("content-encoding"), headers["cache-control"]), (None, "no-store"))

    # ---- browsers ----

    def test_cors(self):
        allow = "access-control-allow-origin"
        for origin, answer in ((ORIGIN, ORIGIN), ("https://evil.example", None), (ORIGIN + ".evil.example", None),
                               ("null", None), (ORIGIN.upper(), None)):
            for status, line in ((200, "GET /v1/users"), (404, "GET /v1/nowhere"), (204, "OPTIONS /v1/users")):
                got = self.ask(self.head(line, "Origin: " + origin, "Access-Control-Request-Method: GET"))
                self.assertEqual((got[0], got[1].get(allow)), (status, answer))
                self.assertIn("Origin", got[1]["vary"])
                self.assertNotIn("access-control-allow-credentials", got[1])
        _, headers, _ = self.ask(self.head("OPTIONS /v1/incidents/inc_1", "Origin: " + ORIGIN, key=False))
        self.assertIn("PATCH", headers["access-control-allow-methods"])
        for name in ("Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"):
            self.assertIn(name, headers["access-control-allow-headers"])
        _, headers, _ = self.ask(self.head("GET /v1/users", "Origin: " + ORIGIN))
        for name in ("ETag", "X-Request-Id", "X-RateLimit-Remaining", "Retry-After"):
            self.assertIn(name, headers["access-control-expose-headers"])
        self.assertNotIn(allow, self.ask(self.head("GET /v1/users"))[1])

    # ---- names and types ----

    def test_request_ids(self):
        for given in ("req_abc123", "req_" + "a" * 64):
            self.assertEqual(self.ask(self.head("GET /healthz", "X-Request-Id: " + given))[1]["x-request-id"], given)
        for given in ("abc", "req_a b c d e f", "req_" + "a" * 65, "req_abc12", "req_abc-123", "<script>"):
            got = self.ask(self.head("GET /healthz", "X-Request-Id: " + given))[1]["x-request-id"]
            self.assertNotEqual(got, given)
            self.assertRegex(got, "^req_[0-9A-Za-z]{6,64}$")

    def test_dates(self):
        before = int(time.time())
        shown = self.ask(self.head("GET /healthz"))[1]["date"]
        moment = int(email.utils.parsedate_to_datetime(shown).timestamp())
        self.assertEqual(email.utils.formatdate(moment, usegmt=True), shown)  # the day of the week as well
        self.assertTrue(before <= moment <= time.time(), shown)

    def test_media_types_and_sizes(self):
        def post(kind, body, *more):
            return self.ask(self.head("POST /v1/webhooks/endpoints", "Content-Length: %d" % len(body), *kind, *more) + body)[0]
        json_type = ("Content-Type: application/json",)
        self.assertEqual(post((), b"{}"), 415)
        self.assertEqual(post(("Content-Type: text/json",), b"{}"), 415)
        self.assertEqual(post(("Content-Type: application/json; charset=utf-8",), b"{}"), 400)
        self.assertEqual(post(json_type, b"{}", "Content-Encoding: gzip"), 415)
        self.assertEqual(post(json_type, b""), 400)
        self.assertEqual(post(json_type, b'{"url":"' + b"a" * 70000 + b'"}'), 413)
