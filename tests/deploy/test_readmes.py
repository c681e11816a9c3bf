"""What the READMEs say, held against the code: settings and their defaults, metrics, methods, endpoints, commands, options, files."""

import functools
import os
import re
import subprocess
import unittest

from suite import BIN, ROOT, SERVICES

# How tables of settings write what --help calls empty or 0.
EMPTY = {"", "none", "the system's"}
OFF = {"off": "0"}
METRIC = r"\bts_(?:[a-z]+_)*(?:total|seconds|bytes|info|room|stalled|rows|open|rules|ready|connections|endpoints|deliveries)"
# Names of code that look like metrics.
NO_METRICS = {"ts_store_version"}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def tracked(*patterns):
    done = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60)
    if done.returncode == 0:
        return done.stdout.split()
    found = [os.path.relpath(os.path.join(folder, name), ROOT) for folder, _, names in os.walk(ROOT) for name in names]
    return [f for f in found if any(re.fullmatch(p.replace(".", r"\.").replace("*", ".*"), f) for p in patterns)]


def readme(process):
    return read("services/%s/README.md" % process)


def rows(text, head):
    """The rows of the table that begins with this head: lists of cells."""
    table = re.search(r"^\| %s \|.*\n\|[-|]+\n((?:\|.*\n)+)" % head, text, re.M)
    return [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.group(1).splitlines()] if table else []


def names_in(cell):
    return re.findall(r"`([^`]+)`", cell)


@functools.lru_cache(maxsize=None)
def said(program, *words):
    done = subprocess.run([os.path.join(BIN, program), *words], stdout=subprocess.PIPE, text=True, timeout=60)
    return done.stdout


def settings_of(service):
    """{variable: default} as the program itself lists them."""
    found = re.findall(r"^  (TS_[A-Z_]+)\n      .*\n      default: ([^\n]*?)(?:, from \d+ to \d+|, 0 or 1)?$", said("ts-" + service, "--help"),
                       re.M)
    return {name: "" if default == "empty" else default for name, default in found}


def normal(default):
    """A default as a table shows it, in the words of --help."""
    default = default.strip("`")
    return "" if default in EMPTY else OFF.get(default, default)


def metrics_of(folder):
    """Names that sources register; the store's stand in a table."""
    calls = r"(?:ts_counter|ts_gauge|ts_histogram|ts_gauge_func)\(\s*\"(ts_\w+)\"|^    \{ \"(ts_\w+)\", \""
    names = set()
    for path in tracked(folder + "/*.c"):
        names |= {a or b for a, b in re.findall(calls, read(path), re.M)}
    return names


def expanded(text):
    """Names of metrics in a text, with `ts_x_*_total` (a, b) and `ts_x_*` (a, b) written out."""
    names = set(re.findall(METRIC, text)) - NO_METRICS
    for front, end, words in re.findall(r"`(ts_\w+_)\*(_total)?` \(([a-z, ]+)\)", text):
        for word in words.split(", "):
            names.add(front + word + (end or ("" if word == "seconds" else "_total")))
    return names


class SettingsTest(unittest.TestCase):
    def test_each_setting_stands_in_a_table_with_its_default(self):
        shared = {"OPS_ADDRESS", "OPS_PORT", "LOG_LEVEL"}  # of every service: common/README.md
        for service in SERVICES:
            real = settings_of(service)
            self.assertGreater(len(real), 6, service)
            prefix = "TS_%s_" % service.upper().replace("-", "_")
            table = {name: normal(row[1]) for row in rows(readme(service), "setting") for name in names_in(row[0])}
            own = {name: default for name, default in real.items() if name[len(prefix):] not in shared and name != "TS_STOP_S"}
            self.assertEqual({n: d for n, d in table.items() if n in own}, own, service)
            self.assertLessEqual(set(table.items()), set(real.items()), service)
            self.assertIn(prefix + "OPS_PORT", table, "each says where it is watched")

    def test_what_all_share_is_said_once(self):
        ports = {settings_of(s)["TS_%s_OPS_PORT" % s.upper().replace("-", "_")] for s in SERVICES}
        table = {row[0]: row[1] for row in rows(read("common/README.md"), "setting")}
        self.assertEqual(table["`TS_<SERVICE>_OPS_PORT`"], "%s to %s" % (min(ports), max(ports)))
        for service in SERVICES:
            for name, default in settings_of(service).items():
                if name == "TS_STOP_S":
                    self.assertEqual(table["`TS_STOP_S`"], default)
                for shared in ("OPS_ADDRESS", "LOG_LEVEL"):
                    if name.endswith(shared):
                        self.assertEqual(table["`TS_<SERVICE>_%s`" % shared], default, name)

    def test_the_few_of_the_top_are_the_services(self):
        real = {name: default for s in SERVICES for name, default in settings_of(s).items()}
        few = [(name, normal(row[1])) for row in rows(read("README.md"), "variable") for name in names_in(row[0])]
        self.assertGreater(len(few), 5)
        for name, default in few:
            if name not in ("TS_GATEWAY_LISTEN", "TS_STOP_S"):  # up.sh sets them
                self.assertEqual(real.get(name), default, name)

    def test_no_text_names_a_setting_that_is_not_there(self):
        others = [said("ts-gateway", "--help"), said("ts-simulator", "--help")]  # the bus's; a client's
        others += [read(f) for f in ("deploy/up.sh", "docker-compose.yml", "tests/system/suite.py")]
        others.append(read("common/include/ts/base.h"))  # statuses
        known = {name for s in SERVICES for name in settings_of(s)} | set(re.findall(r"\bTS_[A-Z_]+\b", " ".join(others)))
        for path in tracked("*.md"):
            for name in set(re.findall(r"\bTS_[A-Z_]*[A-Z]\b(?![_<(])", read(path))):
                self.assertTrue(name in known, "%s: %s" % (path, name))


class MetricsTest(unittest.TestCase):
    def test_each_metric_is_named_and_each_name_is_a_metric(self):
        shared = metrics_of("common")
        self.assertGreater(len(shared), 20)
        self.assertEqual(expanded(re.search(r"^Metrics: (?:.+\n)+", read("common/README.md"), re.M).group()), shared)
        for service in SERVICES:
            own = metrics_of("services/" + service)
            self.assertGreater(len(own), 1, service)
            line = re.search(r"^Metrics: (?:.+\n)+", readme(service), re.M).group()
            self.assertEqual(expanded(line), own, service)

    def test_no_text_names_a_metric_that_is_not_there(self):
        known = metrics_of("common").union(*(metrics_of("services/" + s) for s in SERVICES))
        for path in tracked("*.md"):
            text = re.sub(METRIC + r"_\*", "", read(path))
            self.assertLessEqual(expanded(text), known, path)


class SurfaceTest(unittest.TestCase):
    def test_each_method_stands_in_its_service_s_table(self):
        real = set(re.findall(r'^METHOD\(\w+, "([a-z]+\.\w+)"', read("proto/methods.c"), re.M))
        self.assertGreater(len(real), 50)
        told = set()
        for service in SERVICES:
            for row in rows(readme(service), "method"):
                names = names_in(row[0])
                peer = names[0].split(".")[0]
                told |= {n if "." in n else peer + "." + n for n in names}
        self.assertEqual(told, real)

    def test_each_endpoint_stands_in_the_gateway_s_table(self):
        routes = re.findall(r'"(/[^"? ]*)"', re.sub(r"/\*.*?\*/", "", read("services/gateway/api/routes.c"), flags=re.S))
        self.assertGreater(len(set(routes)), 30)
        cells = " ".join(row[1] for row in rows(readme("gateway"), "file"))
        for route in set(routes):
            last = route.rsplit("/", 1)[1]
            short = route.rsplit("/", 1)[0] if last.startswith("{") else last  # "GET, PATCH of one", `rotate-secret`
            self.assertTrue(route in cells or short in cells, route)
        for path in re.findall(r"(/v1/[\w/{}.-]+)", cells):
            self.assertIn(path, routes)

    def test_the_kinds_of_webhook_events_are_those_of_the_ledger(self):
        table = re.search(r"ts_webhook_kinds\[TS_WEBHOOK_KINDS\] = \{(.*?)\};", read("proto/publish.c"), re.S).group(1)
        real = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', table))
        self.assertEqual(len(real), 12)
        page = re.search(r"document_events\[\] = \{(.*?)\n\};", read("services/gateway/api/document.c"), re.S).group(1)
        self.assertEqual(set(re.findall(r'\{ "([a-z_.]+)"', page)), real)
        section = re.search(r"^## Webhooks\n(.*?)^## ", read("README.md"), re.M | re.S).group(1)
        self.assertEqual({n for n in names_in(section) if re.fullmatch(r"[a-z_]+\.[a-z_]+", n)}, real)

    def test_the_commands_are_those_of_the_help(self):
        text = said("teamsentryctl", "--help")
        real = {}
        for line in text.splitlines():
            command = re.fullmatch(r"  teamsentryctl (.+)", line)
            option = re.match(r"      (--[a-z]+) ", line)
            if command:
                last = real.setdefault(command.group(1), set())
            elif option:
                last.add(option.group(1))
        told = {}
        for line in re.findall(r"^    teamsentryctl (.+)$", readme("teamsentryctl"), re.M):
            words = re.split(r" (?=\[?--)", line, maxsplit=1)
            told[words[0]] = set(re.findall(r"--[a-z]+", line))
        self.assertEqual(told, real)

    def test_commands_elsewhere_are_whole(self):
        """A command in a runbook that is copied and refused for a missing word costs minutes that nobody has."""
        usages = [line.split() for line in re.findall(r"^  teamsentryctl (.+)$", said("teamsentryctl", "--help"), re.M)]
        count = 0
        for path in tracked("*.md"):
            for code in re.findall(r"`([^`]*)`|^    (.+)$", read(path), re.M):
                found = re.search(r"\bteamsentryctl ((?:[\w-]+|-)(?: (?:[\w.-]+))*)", " ".join("".join(code).split()))
                if found is None or path.endswith("teamsentryctl/README.md"):
                    continue
                words = re.split(r" --", found.group(1))[0].split()
                usage = [u for u in usages if u[:2] == words[:2]] or [u for u in usages if u[:1] == words[:1] and len(u) == 1]
                self.assertTrue(usage or "--help" in found.group(1), "%s: %s" % (path, found.group(1)))
                wanted = len(usage[0]) if usage else 0
                is_name = "--" not in found.group(1) and words[:2] == ["audit", "verify"]  # a command by its name
                self.assertTrue(not usage or is_name or len(words) == wanted, "%s: %s" % (path, found.group(1)))
                count += 1
        self.assertGreater(count, 8)

    def test_options_that_are_named_are_there(self):
        simulator, up = said("ts-simulator", "--help"), read("deploy/up.sh")
        for option in set(re.findall(r"--[a-z][a-z-]+", readme("simulator"))) - {"--help", "--demo"}:
            self.assertIn("\n  %s " % option, simulator)
        told = re.search(r"lists its options \(([^)]*)\)", read("README.md")).group(1)
        self.assertEqual(set(names_in(told)), set(re.findall(r"^#.*?(--[a-z]+) ", up, re.M)) - {"--help"})

    def test_each_setting_of_the_compose_project_is_in_its_table(self):
        real = dict(re.findall(r"\$\{(TS_[A-Z_]+):-([^}]*)\}", read("docker-compose.yml")))
        real.update(dict.fromkeys(re.findall(r"\$\{(TS_[A-Z_]+)(?::?\?[^}]*)?\}", read("docker-compose.yml")), None))
        table = {}
        for row in rows(read("deploy/docker/README.md"), "variable"):
            for name, default in zip(names_in(row[0]), row[1].split(", ") + [row[1]] * 9):
                table[name] = default
        self.assertEqual(set(table), set(real))


class FilesTest(unittest.TestCase):
    def test_links_and_named_files_are_there(self):
        everything = tracked("*")
        for path in tracked("*.md"):
            folder, text = os.path.dirname(path), read(path)
            for link in re.findall(r"\]\(([^)#]+)\)", text):
                if not re.match(r"\w+:", link):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, folder, link)), "%s: %s" % (path, link))
            for name in re.findall(r"`([\w/.-]+\.(?:c|h|py|sh|yml|js|mjs|conf|proto))`", text):
                if name != "docker-compose.override.yml":  # the operator's own
                    self.assertTrue(any(f == name or f.endswith("/" + name) for f in everything), "%s: %s" % (path, name))
