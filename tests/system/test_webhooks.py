"""Receivers as they are in the world: slow, broken, hostile. Each delivery ends as it should and no other suffers."""

import os
import socket
import subprocess
import threading
import unittest

import base
import suite


class Crowd:
    """A server on a plain socket whose answer hangs on the path of the request."""

    def __init__(self, address="127.0.0.1", port=0):
        self.seen = {}  # path -> number of requests
        self.lock = threading.Lock()
        self.closing = threading.Event()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, port), family=family, backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.closing.set()
        self.listener.close()

    def url(self, path, host="127.0.0.1"):
        return "http://%s:%d/%s" % (host, self.port, path)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection:
                path = self.read_request(connection)
                if path is None:
                    return
                with self.lock:
                    self.seen[path] = count = self.seen.get(path, 0) + 1
                getattr(self, "answer_" + path)(connection, count)
        except OSError:
            pass  # the sender has had enough

    def read_request(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            block = connection.recv(65536)
            if not block:
                return None
            data += block
        head, body = data.split(b"\r\n\r\n", 1)
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += connection.recv(65536)
        return head.split(b" ")[1].decode().lstrip("/")

    def plain(self, connection, status, extra=b"", body=b""):
        connection.sendall(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), extra, body))

    def answer_ok(self, connection, count):
        self.plain(connection, 200, body=b"thank you")

    def answer_flaky(self, connection, count):
        self.plain(connection, 500 if count == 1 else 202, body=b"not yet" if count == 1 else b"")

    def answer_gone(self, connection, count):
        self.plain(connection, 410)

    def answer_redirect(self, connection, count):
        self.plain(connection, 302, b"Location: http://127.0.0.1:%d/target\r\n" % self.port)

    def answer_target(self, connection, count):
        self.plain(connection, 200)

    def answer_hang(self, connection, count):
        self.closing.wait(10)

    def answer_drip(self, connection, count):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not self.closing.wait(0.1):
            connection.sendall(b".")

    def answer_endless(self, connection, count):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        for _ in range(100000):
            connection.sendall(b"x" * 65536)

    def answer_headers(self, connection, count):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(4096):
            connection.sendall(b"X-Header-%d: %s\r\n" % (number, b"x" * 200))
        connection.sendall(b"Content-Length: 0\r\n\r\n")

    def answer_slam(self, connection, count):
        pass

    def answer_garbage(self, connection, count):
        connection.sendall(b"SSH-2.0-nonsense\r\n")


class Triggering(base.SuiteCase):
    """Makes an event, and waits for what becomes of it at an endpoint."""

    def trigger(self):
        """Something happens: a key is made, and auth tells of it."""
        environment = dict(os.environ, TS_BUS_DIR=os.path.join(self.suite.data, "run", "bus"))
        subprocess.run([os.path.join(suite.BIN, "teamsentryctl"), "key", "create", "Quickstart", "--name", "Trigger"],
                       env=environment, check=True, stdout=subprocess.DEVNULL, timeout=30)

    def endpoint(self, url):
        made = self.api.create_endpoint(url, ["api_key.created"])[0]
        self.addCleanup(lambda: self.api.request("DELETE", "/v1/webhooks/endpoints/" + made))
        return made

    def delivery(self, endpoint):
        events = self.api.get("/v1/webhooks/events", endpoint_id=endpoint, status="all").data["events"]
        self.assertLessEqual(len(events), 1)
        found = [d for e in events for d in e["deliveries"] if d["endpoint_id"] == endpoint]
        return found[0] if found else {"status": "none", "attempts": []}

    def ended(self, endpoint):
        return suite.wait_until(lambda: (lambda d: d if d["status"] in ("delivered", "failed") else None)(self.delivery(endpoint)),
                                40, "delivery to %s ends" % endpoint, 0.2)


class Webhooks(Triggering):
    # Two retries after a second each; one second for an attempt. The real values are the defaults.
    environment = {"TS_WEBHOOKS_RETRY_SCHEDULE": "1s,1s", "TS_WEBHOOK_DISPATCHER_TIMEOUT_MS": "1500"}

    def setUp(self):
        super().setUp()
        self.crowd = Crowd()
        self.addCleanup(self.crowd.close)

    def test_each_receiver_gets_what_it_deserves(self):
        expected = {
            "ok": ("delivered", [(200, None)]),
            "flaky": ("delivered", [(500, "http_status"), (202, None)]),
            "gone": ("failed", [(410, "http_status")] * 3),
            "redirect": ("failed", [(302, "http_status")] * 3),
            "hang": ("failed", [(None, "timeout")] * 3),
            "drip": ("delivered", [(200, None)]),  # the status came in time; the rest is not waited for
            "endless": ("delivered", [(200, None)]),
            "headers": ("failed", [(None, "protocol")] * 3),
            "slam": ("failed", [(None, "protocol")] * 3),
            "garbage": ("failed", [(None, "protocol")] * 3),
        }
        endpoints = {path: self.endpoint(self.crowd.url(path)) for path in expected}
        self.trigger()
        for path, (status, attempts) in expected.items():
            with self.subTest(path):
                delivery = self.ended(endpoints[path])
                self.assertEqual((delivery["status"], [(a["status_code"], a["error"]) for a in delivery["attempts"]]),
                                 (status, attempts))
                self.assertIsNone(delivery["next_attempt_at"])
                for number, attempt in enumerate(delivery["attempts"], 1):
                    self.assertEqual(attempt["number"], number)
                    self.assertLessEqual(len(attempt["response"]), 1024)
        self.assertEqual(self.delivery(endpoints["ok"])["attempts"][0]["response"], "thank you")
        self.assertNotIn("target", self.crowd.seen)

    def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(self):
        """localhost leads to addresses of which one is not allowed: the attempt fails as a whole."""
        inside = self.endpoint(self.crowd.url("ok", host="localhost"))
        if "::1" not in {info[4][0] for info in socket.getaddrinfo("localhost", 1)}:
            self.skipTest("localhost has no address here that is not allowed")
        self.trigger()
        delivery = self.ended(inside)
        self.assertEqual((delivery["status"], {a["error"] for a in delivery["attempts"]}), ("failed", {"blocked_address"}))
        self.assertNotIn("ok", self.crowd.seen)

    def test_an_address_inside_is_refused_when_it_is_given(self):
        for url in ("http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://192.168.1.1/x",
                    "file:///etc/passwd", "http://user:pass@127.0.0.1/", "not a url"):
            with self.subTest(url):
                answer = self.api.send("POST", "/v1/webhooks/endpoints", {"url": url})
                self.assertEqual((answer.status, answer.error["param"]), (400, "url"))

    def test_deliveries_wait_for_a_dispatcher(self):
        """Nothing is lost while none runs, and what was under way is sent again."""
        waiting = self.endpoint(self.crowd.url("ok"))
        pid = self.suite.kill("webhook-dispatcher")
        self.trigger()
        self.suite.wait_restarted("webhook-dispatcher", pid)
        self.assertEqual(self.ended(waiting)["status"], "delivered")


if __name__ == "__main__":
    unittest.main()
