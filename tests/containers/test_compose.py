"""What a newcomer does with docker-compose.yml, and what an engine does to it: from `up` to a signed webhook, scaled, killed,
cut off and healed."""

import collections
import http.client
import json
import os
import signal
import ssl
import threading
import time
import unittest

import client
import receiver
import records
from engine import Engine, Project, run
from suite import free_ports, wait_until

OUTSIDE = "10.213.251.1"  # tests/containers/override.yml
STORES = ["auth", "risk", "incidents", "ai-usage", "webhooks"]
SERVICES = STORES + ["gateway", "webhook-dispatcher"]
IMAGE_MAX_BYTES = 120 * 1000 * 1000
STOP_SECONDS = 30
TRAFFIC_EVENTS = 100000
TRAFFIC_REQUESTS = 4000
TRAFFIC_READS = ("/v1/overview", "/v1/users", "/v1/incidents", "/v1/ai-usage", "/v1/apps", "/v1/agent/summary")
NOISELESS = 90  # a rule that fires for more people in a minute only counts


class TlsClient(client.Client):
    """Through the front door, whose certificate is its own."""

    def connect(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)


class ComposeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()
        cls.addClassCleanup(cls.engine.close)
        cls.port = free_ports(1)
        cls.project = Project("tstest%d" % os.getpid(), {
            "TS_BASE": cls.engine.base(), "TS_PORT": str(cls.port), "TS_VERSION": "test",
            "TS_WEBHOOKS_ALLOW_HTTP": "1", "TS_WEBHOOKS_ALLOW_CIDRS": OUTSIDE + "/32",
            "TS_WEBHOOKS_RETRY_SCHEDULE": "1s,1s,2s,2s,4s", "TS_RISK_MIN_FREE_MIB": "64",
        }, "tests/containers/override.yml")
        cls.addClassCleanup(cls.project.down)
        began = time.monotonic()
        cls.project.compose("--profile", "tools", "build", timeout=1800)
        built = time.monotonic()
        cls.project.compose("up", "-d")
        cls.wait_healthy()
        cls.key = cls.new_org("Acme", "enterprise")
        api = TlsClient(cls.port, cls.key)
        answer = api.get("/v1/overview")
        api.close()
        assert answer.status == 200, answer.text
        print("built in %.0f s; first answer %.1f s after up" % (built - began, time.monotonic() - built), flush=True)

    @classmethod
    def new_org(cls, name, tier="standard", permissions="admin"):
        """The key of a new organization."""
        org = cls.project.ctl("org", "create", name, "--tier", tier)["organization"]["id"]
        return cls.project.ctl("key", "create", org, "--name", name, "--permissions", permissions)["secret"]

    @classmethod
    def wait_healthy(cls, services=SERVICES):
        for service in list(services) + ["front"]:
            wait_until(lambda: set(cls.project.health(service)) == {"healthy"}, 60, service + " is healthy", 0.5)

    def setUp(self):
        self.api = self.client(self.key)

    def client(self, key):
        api = TlsClient(self.port, key)
        self.addCleanup(api.close)
        return api

    def receive(self, *events, api=None):
        hook = receiver.Receiver(OUTSIDE)
        self.addCleanup(hook.close)
        endpoint, secret = (api or self.api).create_endpoint(hook.url, events)
        self.addCleanup((api or self.api).request, "DELETE", "/v1/webhooks/endpoints/" + endpoint)
        return hook, secret

    def incident(self, name):
        """Posts a takeover of somebody new; her address."""
        email = records.person(name)
        answer = self.api.events(records.takeover(email))
        self.assertEqual(answer.status, 202, answer.text)
        self.assertEqual(answer.data["rejected"], [])
        return email

    def test_events_become_an_incident_and_a_signed_webhook(self):
        hook, secret = self.receive("incident.created")
        email = self.incident("ana")
        delivery = hook.wait("incident.created", 30, affected_user=email)
        self.assertTrue(receiver.own_verify(delivery["body"], delivery["headers"]["x-teamsentry-signature"], secret))
        self.assertTrue(receiver.standard_verify(delivery, secret))
        found = self.api.get("/v1/incidents/" + delivery["json"]["data"]["incident_id"])
        self.assertEqual(found.data["incident"]["affected_users"], [email])

    def test_images_hold_what_runs_and_nothing_else(self):
        for service in SERVICES + ["front", "ctl"]:
            image = "teamsentry/%s:test" % service
            facts = self.project.inspect(image)
            self.assertLess(facts["Size"], IMAGE_MAX_BYTES, image)
            self.assertEqual(facts["Config"]["User"], "10001:10001", image)
            for tool in ("gcc", "cc", "make", "cmake", "git", "curl"):
                words = ["docker", "run", "--rm", "--entrypoint", "sh", image, "-c", "command -v %s || true" % tool]
                self.assertEqual(run(*words), "", image)
        sbom = run("docker", "run", "--rm", "--entrypoint", "cat", "teamsentry/risk:test", "/usr/share/teamsentry.spdx.json")
        document = json.loads(sbom)
        names = {p["name"] for p in document["packages"]}
        self.assertEqual(document["spdxVersion"], "SPDX-2.3")
        self.assertLessEqual({"libnng1", "librocksdb7.8", "libssl3", "libc6"}, names)

    def an_hour_in_a_minute(self):
        """TRAFFIC_EVENTS records, and reads beside them."""
        lines = run("docker", "run", "--rm", "--entrypoint", "ts-simulator", "teamsentry/ctl:test", "--events", str(TRAFFIC_EVENTS),
                    "--days", "20", "--seed", "11").splitlines()
        failures = []

        def read(count):
            api = TlsClient(self.port, self.key)
            for i in range(count):
                answer = api.get(TRAFFIC_READS[i % len(TRAFFIC_READS)])
                if answer.status != 200:
                    failures.append(answer.text)
            api.close()

        threads = [threading.Thread(target=read, args=(TRAFFIC_REQUESTS // 8,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        taken = 0
        for i in range(0, len(lines), 2500):
            answer = self.api.events("\n".join(lines[i:i + 2500]), content_type="application/x-ndjson", zipped=True)
            self.assertEqual(answer.status, 202, answer.text)
            taken += answer.data["accepted"] + answer.data["duplicates"]
        for thread in threads:
            thread.join()
        self.assertEqual(failures[:3], [])
        self.assertGreaterEqual(taken, TRAFFIC_EVENTS)

    def test_containers_write_only_to_their_volumes(self):
        began = time.monotonic()
        self.an_hour_in_a_minute()
        print("%d events and %d requests in %.0f s" % (TRAFFIC_EVENTS, TRAFFIC_REQUESTS, time.monotonic() - began), flush=True)
        for service in SERVICES + ["front"]:
            for container in self.project.containers(service):
                self.assertEqual(run("docker", "diff", container), "", service)
                facts = self.project.inspect(container)["HostConfig"]
                self.assertTrue(facts["ReadonlyRootfs"], service)
                self.assertEqual(facts["CapDrop"], ["ALL"], service)

    def test_each_reaches_only_whom_it_must(self):
        def reaches(source, target, port):
            container = self.project.containers(source)[0]
            script = "timeout 2 bash -c 'exec 3<>/dev/tcp/%s/%d' 2>/dev/null && echo yes || echo no" % (target, port)
            return run("docker", "exec", container, "bash", "-c", script).strip() == "yes"

        self.assertTrue(reaches("gateway", "auth", 7010))
        self.assertTrue(reaches("webhook-dispatcher", "webhooks", 7053))
        auth = self.project.address(self.project.containers("auth")[0], "core")
        for target in ("auth", auth):
            self.assertFalse(reaches("webhook-dispatcher", target, 7010), "a dispatcher reaches nobody but the ledger")
            self.assertFalse(reaches("front", target, 7010), "the front door reaches nobody but gateways")
        self.assertFalse(reaches("risk", OUTSIDE, 22) or reaches("risk", "1.1.1.1", 80), "stores have no way out")

    def test_a_crashed_service_comes_back_by_itself_and_nothing_is_lost(self):
        hook, _ = self.receive("incident.created")
        people = []
        for service in SERVICES:
            container = self.project.containers(service)[0]
            before = self.project.inspect(container)["State"]
            os.kill(before["Pid"], signal.SIGKILL)
            # For a moment the engine still calls the dead one healthy.
            wait_until(lambda: self.project.inspect(container)["State"]["StartedAt"] != before["StartedAt"], 60,
                       service + " is started again")
            self.wait_healthy([service])
            people.append(self.incident("crash"))
        for email in people:
            hook.wait("incident.created", 60, affected_user=email)

    def test_a_service_cut_off_its_network_catches_up_when_it_is_back(self):
        hook, _ = self.receive("incident.created")
        container = self.project.containers("incidents")[0]
        network = self.project.name + "_core"
        run("docker", "network", "disconnect", network, container)
        try:
            email = self.incident("cut")
            answer = self.api.get("/v1/incidents")
            self.assertEqual(answer.status, 503, answer.text)
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            overview = self.api.get("/v1/users")
            self.assertEqual(overview.status, 200, overview.text)
            self.assertEqual(hook.of("incident.created"), [])
        finally:
            run("docker", "network", "connect", "--alias", "incidents", network, container)
        hook.wait("incident.created", 60, affected_user=email)
        wait_until(lambda: self.api.get("/v1/incidents").status == 200, 30, "incidents answers again")

    def test_dispatchers_scale_up_and_down_under_load(self):
        key = self.new_org("Scaled")
        hook, _ = self.receive("incident.created", api=self.client(key))
        posted = []
        failures = []
        done = threading.Event()

        def load():
            api = TlsClient(self.port, key)
            while not done.is_set() and len(posted) < NOISELESS:
                email = records.person("scale")
                answer = api.events(records.takeover(email))
                if answer.status != 202:
                    failures.append(answer.text)
                posted.append(email)
                time.sleep(0.3)
            api.close()

        thread = threading.Thread(target=load)
        thread.start()
        try:
            for count in (4, 1):
                self.project.compose("up", "-d", "--no-recreate", "--scale", "webhook-dispatcher=%d" % count)
                wait_until(lambda: self.project.health("webhook-dispatcher") == ["healthy"] * count, 60,
                           "%d dispatchers" % count, 0.5)
        finally:
            done.set()
            thread.join()
        self.assertEqual(failures, [])
        wait_until(lambda: {d["json"]["data"]["affected_user"] for d in hook.of("incident.created")} >= set(posted), 60,
                   "each incident is delivered")
        times = collections.Counter(d["json"]["id"] for d in hook.of("incident.created"))
        self.assertEqual([n for n in times.values() if n > 1], [], "dispatchers that were told to stop finished first")

    def test_two_gateways_keep_one_limit(self):
        key = self.new_org("Limited", permissions="read:users")
        self.project.compose("up", "-d", "--no-recreate", "--scale", "gateway=2")
        self.wait_healthy(["gateway"])
        admitted = collections.Counter()
        refused = collections.Counter()
        lock = threading.Lock()

        def hammer(calls):
            api = TlsClient(self.port, key)
            for _ in range(calls):
                answer = api.get("/v1/users", limit=1)
                with lock:
                    (admitted if answer.status == 200 else refused)[answer.headers["X-RateLimit-Reset"]] += 1
                    self.assertIn(answer.status, (200, 429), answer.text)
            api.close()

        threads = [threading.Thread(target=hammer, args=(300,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        served = [run("docker", "logs", c) for c in self.project.containers("gateway")]
        self.assertEqual(len(served), 2)
        for window in set(admitted) | set(refused):
            self.assertLessEqual(admitted[window], 1000)
            if refused[window]:
                self.assertEqual(admitted[window], 1000, "nobody is refused before the limit")
        self.assertTrue(refused, "the limit was reached")
        self.project.compose("up", "-d", "--no-recreate", "--scale", "gateway=1")

    def test_stopping_drains_within_the_grace_period(self):
        for service in SERVICES:
            began = time.monotonic()
            self.project.compose("stop", service)
            took = time.monotonic() - began
            state = self.project.inspect(self.project.compose("ps", "-aq", service).split()[0])["State"]
            self.assertEqual(state["ExitCode"], 0, "%s: %s" % (service, self.project.logs()))
            self.assertLess(took, STOP_SECONDS, service)
            self.project.compose("start", service)
        self.wait_healthy()
        self.assertEqual(self.api.get("/v1/overview").status, 200)
