"""Limits are exact, whatever the number of gateways and clients, and whatever becomes of auth.

A minute is a minute: the storm lasts until two boundaries of the wall clock's minutes have gone by (60 to 120 s), asleep for
most of it. The other tests run meanwhile, with keys of their own; the one that kills auth waits for the storm to end."""

import collections
import threading
import time
import unittest

import base
import client
import suite

LIMIT = 150
ENTERPRISE = 400
FAILURES = 60  # failed authentications of an address: the default
CHUNK = 64  # what a restart of auth may cost a key: AUTH_WINDOW_CHUNK
GATEWAYS = 3
THREADS = 8  # for each gateway

Seen = collections.namedtuple("Seen", "sent got status limit remaining reset retry_after")


def ask(api, path="/v1/incidents/none"):
    """A request and its limits; the path does not exist, so that errors are seen to carry the headers too."""
    sent = time.time()
    answer = api.request("GET", path)
    head = answer.headers
    return Seen(sent, time.time(), answer.status, int(head["X-RateLimit-Limit"]), int(head["X-RateLimit-Remaining"]),
                int(head["X-RateLimit-Reset"]), int(head["Retry-After"]) if "Retry-After" in head else None)


class Storm:
    """Clients that use up a key's minute, hammer on, wait as told, knock once, and begin again."""

    def __init__(self, ports, key):
        self.until = (time.time() // 60 + 2) * 60
        self.seen = []
        self.knocks = []  # what the first request after a Retry-After got
        self.failure = None
        self.lock = threading.Lock()
        self.gate = threading.Barrier(len(ports) * THREADS)
        self.threads = [threading.Thread(target=self.run, args=(client.Client(port, key),))
                        for port in ports for _ in range(THREADS)]
        for thread in self.threads:
            thread.start()

    def keep(self, one):
        with self.lock:
            self.seen.append(one)
        return one

    def use_up(self, api):
        one = self.keep(ask(api))
        while one.status != 429:
            one = self.keep(ask(api))
        for _ in range(5):
            one = self.keep(ask(api))
        return one

    def run(self, api):
        try:
            while True:
                one = self.use_up(api)
                api.close()  # idle for longer than a gateway keeps it
                if one.status != 429:
                    continue  # the minute ended meanwhile
                if time.time() >= self.until:
                    break
                time.sleep(max(0, one.got + one.retry_after - time.time()))
                knock = self.keep(ask(api))
                with self.lock:
                    self.knocks.append(knock)
                self.gate.wait(60)  # nobody hammers before all have knocked
        except Exception as error:
            self.failure = self.failure or error
            self.gate.abort()

    def join(self):
        for thread in self.threads:
            thread.join(150)


class Limits(base.SuiteCase):
    environment = {"TS_AUTH_STANDARD_LIMIT": str(LIMIT), "TS_AUTH_ENTERPRISE_LIMIT": str(ENTERPRISE)}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.others = [suite.Gateway(cls.suite) for _ in range(GATEWAYS - 1)]
        for gateway in cls.others:
            cls.addClassCleanup(gateway.close)
        cls.ports = [cls.suite.port] + [gateway.port for gateway in cls.others]
        cls.storm = Storm(cls.ports, cls.suite.make_key(cls.suite.organization("Storm"))[0])
        cls.addClassCleanup(cls.storm.join)

    def clients(self, key, count=1):
        made = [client.Client(port, key) for port in self.ports for _ in range(count)]
        for one in made:
            self.addCleanup(one.close)
        return made

    def use_up(self, clients):
        """Asks all in turn until one is refused; what was admitted."""
        admitted = []
        while True:
            for api in clients:
                one = ask(api)
                if one.status == 429:
                    return admitted, one
                admitted.append(one)

    def test_1_a_changed_tier_counts_from_the_next_request(self):
        organization = self.suite.organization("Tiers")
        clients = self.clients(self.suite.make_key(organization)[0])
        suite.enough_of(60, 20)
        admitted, refused = self.use_up(clients)
        self.assertEqual((len(admitted), refused.limit, refused.remaining), (LIMIT, LIMIT, 0))
        self.suite.ctl("org", "tier", organization, "enterprise")
        for number, api in enumerate(clients, 1):
            one = ask(api)
            self.assertEqual((one.status, one.limit, one.remaining), (404, ENTERPRISE, ENTERPRISE - LIMIT - number))
            self.assertEqual(one.reset, refused.reset, "the same minute")
        self.suite.ctl("org", "tier", organization, "standard")
        for api in clients:
            one = ask(api)
            self.assertEqual((one.status, one.limit, one.remaining), (429, LIMIT, 0))

    def test_2_a_limit_is_a_keys_own(self):
        organization = self.suite.organization("Two keys")
        first, second = (self.clients(self.suite.make_key(organization)[0]) for _ in range(2))
        suite.enough_of(60, 20)
        self.use_up(first)
        self.assertEqual(ask(second[0]).remaining, LIMIT - 1)

    def test_2_failures_of_an_address_are_limited_over_all_gateways_and_the_burst_is_told_once(self):
        """All gateways count as one, whatever is wrong with the key; of the moment an address's minute is full the log tells: by
        whom, from where, and no more of the key than its first letters. Where there is more than one organization, it is in the
        operators' own log."""
        suite.enough_of(60, 20)
        organization = self.suite.organization("Revoked")
        revoked, revoked_id = self.suite.make_key(organization)
        self.suite.ctl("key", "revoke", organization, revoked_id)
        keys = ("tsk_live_" + "A" * 32, None, "sk-somebody-elses", revoked)
        tries = [client.Client(port, key, "127.0.0.44") for key in keys for port in self.ports]
        good = [client.Client(port, self.suite.key, "127.0.0.44") for port in self.ports]
        for one in tries + good:
            self.addCleanup(one.close)
        api = tries[0]
        answers = [tries[i % len(tries)].get("/v1/users") for i in range(FAILURES - 1)]
        answers += [one.get("/v1/users") for one in [api] + tries + tries[:8]]
        at = time.time()
        self.assertEqual([a.status for a in answers], [401] * FAILURES + [429] * 20)
        self.assertEqual([int(a.headers["X-RateLimit-Remaining"]) for a in answers],
                         list(range(FAILURES - 1, -1, -1)) + [0] * 20)
        for answer in answers[FAILURES:]:
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.assertEqual([one.get("/v1/users").status for one in good], [200] * GATEWAYS, "a valid key from there still passes")

        def told():
            log = self.suite.ctl("audit", "list", "-")["entries"]
            return [e for e in log if e["action"] == "auth.failures" and e["client_addr"] == "127.0.0.44"]

        suite.wait_until(told, 20, "the log tells")
        self.assertEqual(len(told()), 1)
        entries = self.api.pages("/v1/audit-log", "entries")
        self.assertEqual([e for e in entries if e["action"] == "auth.failures"], [], "it is no organization's own")
        self.assertEqual(told()[0]["details"], {"address": "127.0.0.44", "count": FAILURES, "key_prefix": "tsk_live_AAAA"})
        self.assertEqual(told()[0]["actor"], "service:gateway")
        api.close()
        time.sleep(max(0, at + int(answers[-1].headers["Retry-After"]) - time.time()))
        self.assertEqual(api.get("/v1/users").status, 401, "whoever waited as told has a new minute")

    def test_3_the_storm_was_counted_exactly(self):
        self.storm.join()
        if self.storm.failure is not None:
            raise self.storm.failure
        windows = collections.defaultdict(list)
        for one in self.storm.seen:
            self.assertIn(one.status, (404, 429))
            self.assertEqual((one.limit, one.reset % 60), (LIMIT, 0))
            self.assertLess(one.sent, one.reset, "of a minute that had not ended when it was sent")
            self.assertGreaterEqual(one.got, one.reset - 60, "of a minute that had begun when it was answered")
            windows[one.reset].append(one)
        self.assertGreaterEqual(len(windows), 3)
        for reset, seen in sorted(windows.items()):
            admitted = sorted(one.remaining for one in seen if one.status == 404)
            refused = [one for one in seen if one.status == 429]
            print("minute to %d: %d admitted, %d refused" % (reset, len(admitted), len(refused)))
            if refused:
                self.assertEqual(admitted, list(range(LIMIT)), "each place of the minute was given once")
            else:
                self.assertEqual(admitted, list(range(LIMIT - len(admitted), LIMIT)))
            for one in refused:
                self.assertEqual(one.remaining, 0)
                self.assertGreaterEqual(one.retry_after, 1)
                self.assertLessEqual(one.sent + one.retry_after, one.reset + 1.5)
        self.assertGreaterEqual(len(self.storm.knocks), 2 * GATEWAYS * THREADS)
        for knock in self.storm.knocks:
            self.assertEqual(knock.status, 404, "whoever waited as told is let in")

    def test_4_a_killed_auth_refuses_a_chunk_early_at_most_and_nobody_sees_it_go(self):
        clients = self.clients(self.suite.make_key(self.suite.organization("Killed"))[0], 2)
        suite.enough_of(60, 30)
        admitted = []
        used = threading.Event()
        lock = threading.Lock()
        failures = []

        def hammer(api):
            try:
                one = ask(api)
                while one.status == 404:
                    with lock:
                        admitted.append(one)
                        if len(admitted) == LIMIT // 2:
                            used.set()
                    one = ask(api)
                if one.status != 429:
                    failures.append(one)
            except Exception as error:
                failures.append(error)
            used.set()

        threads = [threading.Thread(target=hammer, args=(api,)) for api in clients]
        for thread in threads:
            thread.start()
        used.wait(30)
        pid = self.suite.kill("auth")
        for thread in threads:
            thread.join(60)
        self.suite.wait_restarted("auth", pid)
        self.assertEqual(failures, [], "a restart of auth is no 503")
        self.assertEqual(len({one.reset for one in admitted}), 1, "all of one minute")
        print("%d of %d admitted around the kill" % (len(admitted), LIMIT))
        self.assertLessEqual(len(admitted), LIMIT)
        self.assertGreaterEqual(len(admitted), LIMIT - CHUNK)


if __name__ == "__main__":
    unittest.main()
