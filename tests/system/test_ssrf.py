"""Where webhooks must not go, and whom they must not trust: names that lead inside, names that change, redirects, broken TLS.

Runs in a network of its own in which public addresses are this machine's, so that a delivery to one can be seen to arrive."""

import os
import socket
import ssl
import tempfile
import threading
import unittest

import base
import inside
import suite
import test_webhooks
from certificates import Certificates

REASON = inside.enter()

PUBLIC, PUBLIC6 = "93.184.216.34", "2606:2800:220:1::1"
ALLOWED, PRIVATE = "10.9.0.1", "10.8.0.1"
INSIDE_PORT = 8081  # only addresses inside listen here

FORBIDDEN = {
    "loop": ["127.0.0.1"], "loop-high": ["127.255.255.254"], "zero": ["0.0.0.0"], "ten": [PRIVATE], "cgnat": ["100.64.0.1"],
    "link": ["169.254.169.254"], "lan": ["192.168.1.1"], "lan-b": ["172.16.0.1"], "ietf": ["192.0.0.8"], "test-net": ["203.0.113.7"],
    "bench": ["198.18.0.1"], "multicast": ["224.0.0.1"], "reserved": ["240.0.0.1"], "broadcast": ["255.255.255.255"],
    "azure": ["168.63.129.16"], "loop6": ["::1"], "any6": ["::"], "mapped": ["::ffff:127.0.0.1"], "mapped-public": ["::ffff:" + PUBLIC],
    "compatible": ["::127.0.0.1"], "siit": ["::ffff:0:127.0.0.1"], "nat64": ["64:ff9b::a9fe:a9fe"], "nat64-local": ["64:ff9b:1::1"],
    "6to4": ["2002:a9fe:a9fe::1"], "teredo": ["2001::1"], "doc": ["2001:db8::1"], "link6": ["fe80::1"], "ula": ["fd00:ec2::254"],
    "site": ["fec0::1"], "multicast6": ["ff02::1"], "srv6": ["5f00::1"], "discard": ["100::1"],
    "cname": ["=target.example.com"], "mixed": [PUBLIC, "127.0.0.1"], "mixed-first": ["127.0.0.1", PUBLIC], "mixed6": [PUBLIC, "::1"],
}
NAMES = {name + ".example.com": addresses for name, addresses in FORBIDDEN.items()}
NAMES.update({
    "target.example.com": ["127.0.0.1"], "allowed.example.com": [ALLOWED], "public.example.com": [PUBLIC], "public6.example.com": [PUBLIC6],
    "rebind.example.com": lambda count: [PUBLIC] if count == 1 else ["127.0.0.1"],
    "good.example.com": [PUBLIC], "wrong.example.com": [PUBLIC], "old.example.com": [PUBLIC], "self.example.com": [PUBLIC], "stall.example.com": [PUBLIC],
})
TLS_PORTS = {"good": 8443, "wrong": 8444, "old": 8445, "self": 8446, "stall": 8447}


class Listener(test_webhooks.Crowd):
    """The crowd of test_webhooks at an address and port, behind TLS if there is a certificate."""

    def __init__(self, address, port, certificate=None, stalls=False):
        self.context = None
        self.stalls = stalls
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate + ".pem", certificate + ".key")
        super().__init__(address, port)

    def serve(self, connection):
        try:
            if self.stalls:
                self.closing.wait(10)
            elif self.context is None:
                super().serve(connection)
            else:
                with connection, self.context.wrap_socket(connection, server_side=True) as wrapped:
                    super().serve(wrapped)
        except OSError:
            pass

    def answer_inward(self, connection, count):
        self.plain(connection, 302, b"Location: http://127.0.0.1:%d/ok\r\n" % INSIDE_PORT)

    def answer_once(self, connection, count):
        self.plain(connection, 500, b"Connection: close\r\n")


@unittest.skipIf(REASON, REASON)
class Ssrf(test_webhooks.Triggering):
    @classmethod
    def setUpClass(cls):
        inside.set_up([PUBLIC, PUBLIC6, ALLOWED, PRIVATE])
        cls.directory = tempfile.TemporaryDirectory(prefix="ts-tls-")
        cls.addClassCleanup(cls.directory.cleanup)
        certificates = Certificates(cls.directory.name)
        certificates.sign("good", "good.example.com")
        certificates.sign("wrong", "another.example.com")
        certificates.sign("old", "old.example.com", expired=True)
        certificates.make_authority("self", "self.example.com")
        cls.environment = {
            "TS_WEBHOOKS_RETRY_SCHEDULE": "1s", "TS_WEBHOOK_DISPATCHER_TIMEOUT_MS": "1500", "TS_WEBHOOK_DISPATCHER_DNS_CACHE_S": "0",
            "TS_WEBHOOKS_ALLOW_CIDRS": ALLOWED + "/32", "TS_WEBHOOK_DISPATCHER_CA_FILE": certificates.path("ca.pem"),
        }
        cls.names = inside.NameServer(NAMES)
        cls.addClassCleanup(cls.names.close)
        cls.secret = [Listener(address, INSIDE_PORT) for address in ("127.0.0.1", PRIVATE, "::1")]
        cls.open = [Listener(address, 8080) for address in (PUBLIC, PUBLIC6, ALLOWED)]
        cls.tls = [Listener(PUBLIC, TLS_PORTS[name], certificates.path(name)) for name in ("good", "wrong", "old", "self")]
        cls.tls.append(Listener(PUBLIC, TLS_PORTS["stall"], stalls=True))
        for listener in cls.secret + cls.open + cls.tls:
            cls.addClassCleanup(listener.close)
        super().setUpClass()

    def outcomes(self, urls):
        """name -> (status, classes of its attempts), for one event sent to all of them."""
        endpoints = {name: self.endpoint(url) for name, url in urls.items()}
        self.trigger()
        found = {}
        for name, endpoint in endpoints.items():
            delivery = self.ended(endpoint)
            found[name] = (delivery["status"], [a["error"] or a["status_code"] for a in delivery["attempts"]])
            for attempt in delivery["attempts"]:
                if attempt["error"] == "blocked_address":  # an oracle for what is inside, if it said more
                    self.assertEqual((attempt["response"], attempt["status_code"]), ("", None))
        return found

    def test_no_name_leads_inside(self):
        found = self.outcomes({name: "http://%s.example.com:%d/ok" % (name, INSIDE_PORT) for name in FORBIDDEN})
        for name, outcome in found.items():
            with self.subTest(name):
                self.assertEqual(outcome, ("failed", ["blocked_address"] * 2))
        self.assertEqual([listener.seen for listener in self.secret], [{}, {}, {}])

    def test_public_and_allowed_addresses_are_reached(self):
        found = self.outcomes({name: "http://%s.example.com:8080/ok" % name for name in ("public", "public6", "allowed")})
        self.assertEqual(set(map(str, found.values())), {str(("delivered", [200]))})

    def test_a_name_that_changes_and_a_redirect_do_not_lead_inside(self):
        found = self.outcomes({"rebind": "http://rebind.example.com:8080/once", "inward": "http://public.example.com:8080/inward",
                               "unknown": "http://unknown.example.com:8080/ok"})
        self.assertEqual(found["rebind"], ("failed", ["http_status", "blocked_address"]))
        self.assertEqual(found["inward"], ("failed", ["http_status"] * 2))
        self.assertEqual(found["unknown"], ("failed", ["dns"] * 2))
        self.assertEqual(self.open[0].seen.get("once"), 1)
        self.assertEqual([listener.seen for listener in self.secret], [{}, {}, {}])

    def test_only_good_certificates_are_trusted(self):
        found = self.outcomes({name: "https://%s.example.com:%d/ok" % (name, port) for name, port in TLS_PORTS.items()})
        self.assertEqual(found["good"], ("delivered", [200]))
        for name in ("wrong", "old", "self"):
            self.assertEqual(found[name], ("failed", ["tls"] * 2), name)
        self.assertEqual(found["stall"], ("failed", ["timeout"] * 2))


if __name__ == "__main__":
    unittest.main()
