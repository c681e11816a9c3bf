"""A Docker engine and a compose project, started for a test and taken down after it."""

import json
import os
import shutil
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REGISTRY_BASE = "debian:bookworm-slim"
OWN_BASE = "teamsentry-base:bookworm"
ENGINE_SECONDS = 60


def run(*words, check=True, timeout=600, environment=None):
    """Standard output; the whole output in the error if it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout,
                          env=environment or os.environ, cwd=ROOT, stdin=subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise AssertionError("%s ended with %d:\n%s\n%s" % (" ".join(words), done.returncode, done.stdout[-4000:],
                                                             done.stderr[-4000:]))
    return done.stdout


def answers(host=None):
    environment = dict(os.environ, DOCKER_HOST=host) if host else os.environ
    try:
        return subprocess.run(["docker", "version"], env=environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class Engine:
    """The engine that runs here, else one of our own, which ends with the test. Its images stay in `cache`, if given."""

    def __init__(self):
        self.process = None
        self.directory = None
        if answers():
            return
        self.directory = tempfile.mkdtemp(prefix="ts-engine-")
        host = "unix://%s/docker.sock" % self.directory
        self.log = open(os.path.join(self.directory, "log"), "w")
        self.process = subprocess.Popen(
            ["dockerd", "--host", host, "--data-root", self.directory + "/data", "--exec-root", self.directory + "/exec",
             "--pidfile", self.directory + "/pid"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True)
        deadline = time.monotonic() + ENGINE_SECONDS
        while not answers(host):
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.log.name) as log:
                    raise AssertionError("dockerd does not answer:\n" + log.read()[-4000:])
            time.sleep(0.2)
        os.environ["DOCKER_HOST"] = host

    def close(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.environ.pop("DOCKER_HOST", None)
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def base(self):
        """The name of a Debian 12 image: what a registry gives, else one made by debootstrap."""
        names = run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
        for name in (REGISTRY_BASE, OWN_BASE):
            if name in names:
                return name
        if subprocess.run(["docker", "pull", "-q", REGISTRY_BASE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, timeout=300).returncode == 0:
            return REGISTRY_BASE
        run(os.path.join(ROOT, "deploy/docker/base.sh"), OWN_BASE)
        return OWN_BASE


class Project:
    """docker-compose.yml under a name of its own."""

    def __init__(self, name, environment, *files):
        self.name = name
        self.environment = dict(os.environ, COMPOSE_PROJECT_NAME=name, **environment)
        self.words = ["docker-compose"]
        for file in ("docker-compose.yml",) + files:
            self.words += ["-f", os.path.join(ROOT, file)]

    def compose(self, *words, **options):
        return run(*self.words, *words, environment=self.environment, **options)

    def ctl(self, *words):
        """teamsentryctl's answer as JSON."""
        return json.loads(self.compose("run", "--rm", "-T", "ctl", *words, "--json"))

    def containers(self, service):
        return self.compose("ps", "-q", service).split()

    def inspect(self, container):
        return json.loads(run("docker", "inspect", container))[0]

    def health(self, service):
        """One word for each container: healthy, starting, unhealthy, or its state if it does not run."""
        words = []
        for container in self.containers(service):
            state = self.inspect(container)["State"]
            words.append(state["Health"]["Status"] if state["Running"] and "Health" in state else state["Status"])
        return words

    def address(self, container, network):
        return self.inspect(container)["NetworkSettings"]["Networks"]["%s_%s" % (self.name, network)]["IPAddress"]

    def logs(self):
        return self.compose("logs", "--tail", "15", check=False)[-8000:]

    def down(self):
        self.compose("--profile", "demo", "--profile", "tools", "down", "--volumes", "--remove-orphans", "--timeout", "20",
                     check=False)
