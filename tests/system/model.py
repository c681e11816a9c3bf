"""A small server that speaks the chat-completions protocol of language models and answers what a test says, well or badly."""

import http.server
import json
import ssl
import threading
import time


class Model:
    def __init__(self, certificate=None):
        """With the name of a .pem and a .key: behind TLS, as localhost."""
        self.asked = []  # {path, headers, body}
        self.connections = 0
        self.behaviour = None
        self.ending = threading.Event()
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                model.connections += 1
                super().setup()

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.asked.append({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body})
                try:
                    model.behaviour(self, body)
                except OSError:
                    pass  # the gateway had enough
                self.close_connection = True

            do_GET = do_POST

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d/v1" % self.server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate + ".pem", certificate + ".key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.url = "https://localhost:%d/v1" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.ending.set()
        self.server.shutdown()
        self.server.server_close()

    # ---- behaviours ----

    def says(self, interpretation=None, summary=None):
        """Writes these words, each where it is asked for: text, something for json.dumps, or a function of the words of the
        question that gives one of them."""
        def behave(handler, body):
            asked = json.loads(body["messages"][1]["content"])
            text = interpretation if "question" in asked else summary
            text = text(asked) if callable(text) else text
            send(handler, 200, completion(text if isinstance(text, str) else json.dumps(text)))
        self.behaviour = behave

    def answers(self, status, body=b"", **headers):
        self.behaviour = lambda handler, unused: send(handler, status, body, headers)

    def hangs(self):
        self.behaviour = lambda *unused: self.ending.wait(30)

    def drips(self):
        def behave(handler, unused):
            handler.send_response(200)
            handler.end_headers()
            while not self.ending.wait(0.02):
                handler.wfile.write(b" ")
        self.behaviour = behave

    def floods(self):
        def behave(handler, unused):
            handler.send_response(200)
            handler.end_headers()
            while not self.ending.is_set():
                handler.wfile.write(b" " * 65536)
        self.behaviour = behave

    def cuts(self):
        def behave(handler, unused):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b'{"choices":[')
        self.behaviour = behave


def completion(text):
    return json.dumps({"id": "c", "object": "chat.completion", "created": int(time.time()), "model": "small",
                       "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
                       "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()


def send(handler, status, body, headers=None):
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
