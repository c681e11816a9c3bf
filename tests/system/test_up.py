"""deploy/up.sh and its supervisor: what is killed comes back, whatever was killed with it; what is stopped is gone."""

import glob
import os
import signal
import subprocess
import tempfile
import time
import unittest

import suite

MEMBERS = len(suite.SERVICES)
NOBODY = 65534


def members(data):
    """Processes that belong to a data directory, by the environment they were started with."""
    wanted = ("TS_UP_DATA=" + data).encode()
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                if wanted in file.read().split(b"\0"):
                    found.append(int(path.split("/")[2]))
        except OSError:
            continue
    return found


class Supervisor(unittest.TestCase):
    def run_supervisor(self, seconds, directory):
        os.mkdir(os.path.join(directory, "run"))
        with open(os.path.join(directory, "ts-stubborn"), "w") as file:
            file.write("#!/bin/sh\ntrap '' TERM\n: > '%s/deaf'\nwhile :; do sleep 1; done\n" % directory)
        os.chmod(file.name, 0o700)
        return subprocess.Popen([os.path.join(suite.BIN, "ts-supervisor"), directory, directory, "stubborn"], stdin=subprocess.DEVNULL,
                                env=dict(os.environ, TS_STOP_S=seconds), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_who_does_not_end_in_the_time_that_is_given_is_killed(self):
        with tempfile.TemporaryDirectory(prefix="ts-stubborn-") as directory:
            child = self.run_supervisor("1", directory)
            suite.wait_until(lambda: os.path.exists(os.path.join(directory, "deaf")), 20, "it runs, and hears no signal")
            child.send_signal(signal.SIGTERM)
            said = child.communicate(timeout=suite.PATIENCE_SECONDS)[0]
        self.assertEqual(child.returncode, 0, said)
        self.assertIn("some did not end in 1 s, killed", said)

    def test_a_time_that_is_none_is_refused(self):
        for seconds in ("0", "-1", "3601", "soon"):
            with tempfile.TemporaryDirectory(prefix="ts-stubborn-") as directory:
                child = self.run_supervisor(seconds, directory)
                said = child.communicate(timeout=suite.PATIENCE_SECONDS)[0]
            self.assertEqual((child.returncode, said), (2, "ts-supervisor: TS_STOP_S must be a number of seconds from 1 to 3600\n"))


class Up(unittest.TestCase):
    def setUp(self):
        self.own = suite.Suite()
        self.addCleanup(self.own.close)
        self.data = os.path.realpath(self.own.data)

    def pids(self):
        return {service: self.own.pid(service) for service in suite.SERVICES}

    def kill_supervisor(self):
        """Returns when it holds nothing any more: a signal alone is only on its way."""
        pid = self.supervisor()
        os.kill(pid, signal.SIGKILL)

        def is_over():
            try:
                with open("/proc/%d/stat" % pid) as file:
                    return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
            except FileNotFoundError:
                return True

        suite.wait_until(is_over, 20, "the supervisor has ended")

    def supervisor(self):
        with open(os.path.join(self.data, "run", "supervisor.pid")) as file:
            return int(file.read())

    def wait_back(self, old):
        for service in suite.SERVICES:
            self.own.wait_restarted(service, old[service])

    def test_all_killed_at_once_come_back_again_and_again(self):
        self.own.start()
        for _ in range(4):
            old = self.pids()
            for pid in old.values():
                os.kill(pid, signal.SIGKILL)
            self.wait_back(old)
        self.assertEqual(self.own.client().get("/v1/overview").status, 200)
        log = os.path.join(self.data, "run", "supervisor.log")
        with open(log) as file:
            text = file.read()
        self.assertEqual(text.count('msg="ended with 137'), 4 * MEMBERS, text)

    def test_one_that_dies_young_waits_longer_each_time_up_to_5_s(self):
        self.own.start()
        for _ in range(7):
            self.own.wait_restarted("auth", self.own.kill("auth"))
        with open(os.path.join(self.data, "run", "supervisor.log")) as file:
            waits = [line.split("after ")[1].split(" s")[0] for line in file if "service=auth" in line]
        self.assertEqual(waits[1:7], ["0.2", "0.5", "1", "2", "5", "5"])

    def test_what_a_killed_supervisor_leaves_is_stopped(self):
        self.own.start()
        self.kill_supervisor()
        done = self.own.up("--status", "--data", self.own.data)
        self.assertEqual(done.returncode, 1)
        self.own.stop()
        self.assertEqual(members(self.data), [])

    def test_what_a_killed_supervisor_leaves_gives_way_to_a_new_suite(self):
        self.own.start()
        self.kill_supervisor()
        old = self.pids()
        self.own.start()
        for service, pid in self.pids().items():
            self.assertNotEqual(pid, old[service])
        self.assertEqual(self.own.client().get("/v1/overview").status, 200)

    def test_stale_pid_files_harm_nobody(self):
        bystander = subprocess.Popen(["sleep", "60"])
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        self.own.start()
        self.own.stop()
        for name in ["supervisor"] + ["ts-" + service for service in suite.SERVICES]:
            with open(os.path.join(self.data, "run", name + ".pid"), "w") as file:
                file.write("%d\n" % bystander.pid)
        self.own.is_running = True
        self.own.stop()
        self.assertIsNone(bystander.poll())
        self.own.start()
        self.assertIsNone(bystander.poll())

    def test_one_directory_has_one_suite(self):
        self.own.start()
        pids = self.pids()
        other = self.own.up("--daemon", "--port", str(suite.free_ports(suite.PORTS)), "--data", self.own.data + "/../data/")
        self.assertEqual(other.returncode, 1)
        self.assertIn("already", other.stdout)
        self.assertEqual(self.pids(), pids)
        self.assertTrue(all(self.own.is_ready(service) for service in suite.SERVICES))

    def test_status_tells_whether_all_are_ready(self):
        self.assertEqual(self.own.up("--status", "--data", self.own.data).returncode, 1)
        self.own.start()
        done = self.own.up("--status", "--data", self.own.data)
        self.assertEqual(done.returncode, 0, done.stdout)
        for service in suite.SERVICES:
            self.assertRegex(done.stdout, r"(?m)^%s +ready +http://127\.0\.0\.1:%d$" % (service, self.own.ops_port(service)))

    def test_a_busy_ops_port_is_named_with_the_option(self):
        with suite.socket.create_server(("127.0.0.1", self.own.port + 5)):
            done = self.own.up("--daemon", "--port", str(self.own.port), "--data", self.own.data)
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.own.port + 5), done.stdout)
        self.assertIn("--port", done.stdout)
        self.assertEqual(members(self.data), [])

    def test_a_wrong_setting_is_named_and_nothing_starts(self):
        self.own.environment["TS_RISK_RETENTION_DAYS"] = "for ever"
        done = self.own.up("--daemon", "--port", str(self.own.port), "--data", self.own.data)
        self.assertEqual(done.returncode, 1)
        self.assertIn("TS_RISK_RETENTION_DAYS", done.stdout)
        self.assertEqual(members(self.data), [])

    def test_a_long_drain_gets_its_time(self):
        self.own.environment["TS_WEBHOOK_DISPATCHER_DRAIN_MS"] = "20000"
        self.own.start()
        for pid in [self.supervisor(), self.own.pid("webhook-dispatcher")]:
            with open("/proc/%d/environ" % pid) as file:
                self.assertIn("TS_STOP_S=26", file.read().split("\0"))
        with open(os.path.join(self.data, "run", "stop_seconds")) as file:
            self.assertEqual(file.read(), "26\n")  # for whoever stops it later, whatever his environment

    def test_a_drain_longer_than_the_time_that_is_given_is_refused(self):
        self.own.environment["TS_STOP_S"] = "13"
        done = self.own.up("--daemon", "--port", str(self.own.port), "--data", self.own.data)
        self.assertEqual(done.returncode, 1)
        self.assertIn("TS_WEBHOOK_DISPATCHER_DRAIN_MS: with it a stop may take 14 s, and after 13 s (TS_STOP_S)", done.stdout)
        self.assertEqual(members(self.data), [])

    def test_a_deep_directory_gets_its_sockets_elsewhere(self):
        """The limit is one of bytes, whatever characters the locale makes of them."""
        self.own.environment["LC_ALL"] = "C.UTF-8"
        self.own.data = os.path.join(self.own.directory, "\u65e5" * 40, "data")
        self.own.start()
        self.assertEqual(self.own.client().get("/v1/overview").status, 200)
        self.own.stop()
        self.assertNotIn("API key: ", self.own.start())
        self.assertEqual(self.own.client().get("/v1/overview").status, 200)
        with open(os.path.join(self.own.data, "run", "bus.path")) as file:
            place = file.read().strip()
        self.assertTrue(place.startswith("/tmp/teamsentry."))
        self.assertEqual(os.stat(place).st_mode & 0o777, 0o700)
        self.own.stop()
        self.addCleanup(suite.shutil.rmtree, place, True)

    def test_an_organization_that_is_gone_is_no_quickstart(self):
        self.own.start()
        old = self.own.ctl("org", "list")["organizations"][0]["id"]
        self.own.ctl("org", "delete", "Quickstart", "--yes")
        os.unlink(os.path.join(self.own.data, "run", "quickstart"))
        self.own.stop()
        self.own.start()
        self.assertEqual(self.own.client().get("/v1/overview").status, 200)
        with open(os.path.join(self.own.data, "run", "quickstart")) as file:
            self.assertNotEqual(file.read().split()[0], old)

    def test_what_cannot_be_looked_into_is_not_called_stopped(self):
        os.makedirs(os.path.join(self.own.data, "run"))
        os.chmod(self.own.data, 0)
        os.chmod(self.own.directory, 0o711)
        self.addCleanup(os.chmod, self.own.data, 0o700)
        for command in ("--stop", "--status"):
            done = subprocess.run([suite.UP, command, "--data", self.own.data], env=self.own.environment, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=suite.STOP_SECONDS, user=NOBODY if os.geteuid() == 0 else None)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(self.own.data, done.stdout)
            self.assertIn("sudo", done.stdout)

    def test_the_caller_s_descriptors_are_not_kept(self):
        reader, writer = os.pipe()
        done = subprocess.run([suite.UP, "--daemon", "--port", str(self.own.port), "--data", self.own.data],
                              env=self.own.environment, pass_fds=[writer], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=suite.START_SECONDS)
        self.own.is_running = True
        os.close(writer)
        self.assertEqual(done.returncode, 0, done.stdout)
        with os.fdopen(reader, "rb") as pipe:
            os.set_blocking(pipe.fileno(), False)
            self.assertEqual(pipe.read(), b"", "None would mean that somebody still holds the other end")

    def test_ctrl_c_ends_the_foreground_and_all_of_the_suite(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number.name):
                child = subprocess.Popen([suite.UP, "--port", str(self.own.port), "--data", self.own.data],
                                         env=self.own.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True)
                self.own.is_running = True
                for line in child.stdout:
                    if "Ctrl-C" in line:
                        break
                self.assertEqual(suite.http_get(self.own.port, "/healthz")[0], 200)
                child.send_signal(number)
                code = child.wait(suite.STOP_SECONDS)
                rest = child.stdout.read()
                child.stdout.close()
                self.assertEqual(code, 0, rest)
                self.assertEqual(members(self.data), [])

    def test_the_demo_shows_something_and_leaves_no_usable_key(self):
        self.own.environment["TS_DEMO_PEOPLE"] = "60"
        started = self.own.up("--daemon", "--demo", "--port", str(self.own.port), "--data", self.own.data, timeout=240)
        self.own.is_running = True
        self.assertEqual(started.returncode, 0, started.stdout)
        key = suite.re.search(r"^API key: (\S+)$", started.stdout, suite.re.M).group(1)
        api = self.own.client(key)
        suite.wait_until(lambda: api.get("/v1/incidents").data["pagination"]["total"] > 0, 60, "incidents", 0.5)
        users = api.pages("/v1/users", "users")
        self.assertGreaterEqual(len(users), 60)
        # A living organization: people with names, teams and managers, and behaviour to compare with.
        self.assertGreaterEqual(sum(u["name"] != "" and u["department"] != "" for u in users), 60)
        profiles = [api.get("/v1/users/" + u["email"]).data for u in users[:10]]
        self.assertTrue(any(p["user"]["manager"] for p in profiles))
        self.assertTrue(any(p["user"]["mfa_enrolled"] is not None for p in profiles))
        self.assertTrue(any(p["anomalies"] for p in profiles), "no day is unlike the others")
        self.assertGreater(api.get("/v1/ai-usage", days=28, group_by="day").data["totals"]["events"],
                           api.get("/v1/ai-usage", days=7, group_by="day").data["totals"]["events"])
        api.close()
        listed = self.ctl("key", "list", "Quickstart")
        self.assertRegex(listed.stdout, r"revoked .* Demo +ingest")

    def ctl(self, *words):
        return self.own.run_ctl(*words)

    def test_teamsentryctl_exit_codes_say_who_erred(self):
        done = self.ctl("org", "list")
        self.assertEqual(done.returncode, 1, "nobody answers")
        self.assertIn("auth does not answer at ipc://", done.stderr)
        self.own.start()
        self.assertEqual(self.ctl("org", "list").returncode, 0)
        self.assertEqual(self.ctl("org", "burn").returncode, 2)
        self.assertEqual(self.ctl("key", "list", "no-such").returncode, 1)
        made = self.ctl("key", "create", "Quickstart", "--name", "n", "--permissions", "root")
        self.assertEqual((made.returncode, made.stdout), (2, ""))
        made = self.ctl("key", "create", "Quickstart", "--name", "n", "--permissions", "read:users")
        self.assertEqual(made.returncode, 0, made.stderr)
        secret = made.stdout.split()[-1]
        api = self.own.client(secret)
        self.assertEqual(api.get("/v1/users").status, 200)
        self.assertEqual(self.ctl("key", "revoke", "Quickstart", made.stdout.split()[0]).returncode, 0)
        self.assertEqual(api.get("/v1/users").status, 401)
        api.close()


if __name__ == "__main__":
    unittest.main()
