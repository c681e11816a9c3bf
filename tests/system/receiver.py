"""A customer's webhook receiver: keeps every delivery, verifies its signature, answers what it is told to."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import threading
import time


def own_verify(payload_body, signature, secret):
    """The documented check, in our words."""
    expected = "sha256=" + hmac.new(secret.encode("utf-8"), payload_body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


def reference_verify(path):
    """The check of the published reference, run as it stands there: the document lost only its line breaks. None if the
    document is not here."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        found = re.search(r"import hmac import hashlib (def verify_signature\(.*?\):) (.*?) (return .*)", file.read())
    if found is None:
        raise AssertionError("no verify_signature in " + path)
    names = {}
    exec("import hmac\nimport hashlib\n%s\n    %s\n    %s\n" % found.groups(), names)  # the user's own document
    return names["verify_signature"]


def standard_verify(delivery, secret):
    """Standard Webhooks: id.timestamp.body under the decoded secret."""
    head = delivery["headers"]
    signed = b".".join([head["webhook-id"].encode(), head["webhook-timestamp"].encode(), delivery["body"]])
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in head["webhook-signature"].split(" ")


class Receiver:
    def __init__(self, host="127.0.0.1"):
        self.deliveries = []
        self.statuses = []  # answers still to give before 200
        self.changed = threading.Condition(threading.RLock())
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = receiver.take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *unused):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *unused):
                pass  # a dispatcher that is killed leaves broken connections

        self.server = Server((host, 0), Handler)
        self.url = "http://%s:%d/hook" % (host, self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def take(self, path, headers, body):
        with self.changed:
            status = self.statuses.pop(0) if self.statuses else 200
            self.deliveries.append({"path": path, "headers": headers, "body": body, "json": json.loads(body), "status": status, "at": time.time()})
            self.changed.notify_all()
            return status

    def of(self, event, **data):
        """Deliveries of a type whose data holds these members."""
        with self.changed:
            return [d for d in self.deliveries if d["json"]["event"] == event
                    and all(d["json"]["data"].get(k) == v for k, v in data.items())]

    def wait(self, event, seconds=60, **data):
        """The first delivery of a type that answers the description."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.of(event, **data), seconds):
                seen = sorted({d["json"]["event"] for d in self.deliveries})
                raise AssertionError("no %s %r within %g s; seen: %s" % (event, data, seconds, seen))
        return self.of(event, **data)[0]
