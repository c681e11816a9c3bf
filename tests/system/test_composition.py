"""What each endpoint answers while a service is late or down: 503 for what it needs, less for what is optional, all else as
ever. Late is a stopped process, whose socket still takes calls; down is a dead one that nobody starts again."""

import json
import os
import signal
import threading

import base
import records
import suite

# A service that is stopped answers only after this; with sanitizers the others take longer too.
CALL_MS = 3000 if suite.is_sanitized() else 2000
BACK_SECONDS = 60

NONE = ()
RISK, INCIDENTS, AI_USAGE, WEBHOOKS = ("risk",), ("incidents",), ("ai-usage",), ("webhooks",)


def call(path, needed, optional=NONE, method="GET", body=None):
    return {"path": path, "needed": needed, "optional": optional, "method": method, "body": body}


def ask(question, needed, optional=NONE):
    return call("/v1/agent/query", needed, optional, "POST", {"query": question})


# operationId -> calls, each with the services that its answer needs and those that only add to it. auth is needed by all that
# is not public. Ids name nothing: that their owner says so (404) shows that it was asked.
TABLE = {
    "getOverview": [
        call("/v1/overview", ("risk", "incidents")),
        call("/v1/overview?include_incidents=true", ("risk", "incidents")),
        call("/v1/overview?include_ai_usage=true", ("risk", "incidents"), AI_USAGE),
    ],
    "listUsers": [call("/v1/users?limit=1", RISK)],
    "listHighRiskUsers": [call("/v1/users/high-risk", RISK)],
    "getUser": [call("/v1/users/nobody@lumen-works.example?include_timeline=true", RISK)],
    "searchUsers": [call("/v1/users/search?query=a", RISK)],
    "putDirectoryUsers": [call("/v1/directory/users", RISK, NONE, "PUT", [])],
    "listApps": [call("/v1/apps", RISK)],
    "getApp": [call("/v1/apps/app_1", RISK)],
    "updateApp": [call("/v1/apps/app_1", RISK, NONE, "PATCH", {"status": "trusted"})],
    "listTrustedContacts": [call("/v1/trusted-contacts", RISK)],
    "addTrustedContact": [call("/v1/trusted-contacts", RISK, NONE, "POST", {"value": "partner.example"})],
    "removeTrustedContact": [call("/v1/trusted-contacts/nobody.example", RISK, NONE, "DELETE")],
    "listIncidents": [call("/v1/incidents", INCIDENTS)],
    "getIncident": [call("/v1/incidents/inc_1", INCIDENTS)],
    "updateIncident": [call("/v1/incidents/inc_1", INCIDENTS, NONE, "PATCH", {"status": "resolved"})],
    "listAgentTools": [call("/v1/agent/tools", NONE)],
    "askQuestion": [
        ask("Who has the highest risk?", RISK),
        ask("Which incidents are open?", INCIDENTS),
        ask("open incidents of Qorvath", INCIDENTS, RISK),
        ask("Which AI tools were used this week?", AI_USAGE),
        ask("write me a poem", NONE),
    ],
    "reopenIncident": [call("/v1/incidents/inc_1/reopen", INCIDENTS, NONE, "POST", {})],
    "getAiUsage": [call("/v1/ai-usage", AI_USAGE)],
    "getAgentSummary": [call("/v1/agent/summary", RISK, INCIDENTS + AI_USAGE)],
    "callMcp": [call("/mcp", NONE, NONE, "POST", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})],
    "ingestEvents": [call("/v1/events?source=google_workspace", RISK, NONE, "POST", [])],
    "listWebhookEndpoints": [call("/v1/webhooks/endpoints", WEBHOOKS)],
    "createWebhookEndpoint": [call("/v1/webhooks/endpoints", WEBHOOKS, NONE, "POST", {"url": "https://hooks.example/x"})],
    "getWebhookEndpoint": [call("/v1/webhooks/endpoints/whe_1", WEBHOOKS)],
    "deleteWebhookEndpoint": [call("/v1/webhooks/endpoints/whe_1", WEBHOOKS, NONE, "DELETE")],
    "updateWebhookEndpoint": [call("/v1/webhooks/endpoints/whe_1", WEBHOOKS, NONE, "PATCH", {"enabled": False})],
    "rotateWebhookSecret": [call("/v1/webhooks/endpoints/whe_1/rotate-secret", WEBHOOKS, NONE, "POST", {})],
    "promoteWebhookSecret": [call("/v1/webhooks/endpoints/whe_1/promote-secret", WEBHOOKS, NONE, "POST")],
    "testWebhookEndpoint": [call("/v1/webhooks/endpoints/whe_1/test", WEBHOOKS, NONE, "POST")],
    "replayFailedWebhooks": [call("/v1/webhooks/endpoints/whe_1/replay-failed", WEBHOOKS, NONE, "POST", {})],
    "listWebhookEvents": [call("/v1/webhooks/events", WEBHOOKS)],
    "getWebhookEvent": [call("/v1/webhooks/events/evt_1", WEBHOOKS)],
    "replayWebhookEvent": [call("/v1/webhooks/events/evt_1/replay", WEBHOOKS, NONE, "POST")],
    "listApiKeys": [call("/v1/api-keys", NONE)],
    "createApiKey": [call("/v1/api-keys", NONE, NONE, "POST", {"name": "x", "mode": "test"})],
    "getApiKey": [call("/v1/api-keys/key_1", NONE)],
    "updateApiKey": [call("/v1/api-keys/key_1", NONE, NONE, "PATCH", {"name": "x"})],
    "revokeApiKey": [call("/v1/api-keys/key_1", NONE, NONE, "DELETE")],
    "rotateApiKey": [call("/v1/api-keys/key_1/rotate", NONE, NONE, "POST", {})],
    "listAuditLog": [call("/v1/audit-log", NONE)],
    # HEAD fetches the first page, as GET does, and leaves no mark in the audit log.
    "exportUsers": [call("/v1/exports/users.csv", RISK, NONE, "HEAD")],
    "exportIncidents": [call("/v1/exports/incidents.csv", INCIDENTS, NONE, "HEAD")],
    "exportApps": [call("/v1/exports/apps.csv", RISK, NONE, "HEAD")],
    "exportAiUsage": [call("/v1/exports/ai-usage.csv", AI_USAGE, NONE, "HEAD")],
    "getDocs": [call("/docs", NONE)],
    "getAgentPage": [call("/docs/agents", NONE)],
    "getLlmsTxt": [call("/llms.txt", NONE)],
    "getOpenApi": [call("/v1/openapi.json", NONE)],
    "getHealth": [call("/healthz", NONE)],
}
PUBLIC = ("getDocs", "getAgentPage", "getLlmsTxt", "getOpenApi", "getHealth")


def degraded(answer):
    """meta.degraded, or None."""
    return answer.json.get("meta", {}).get("degraded") if answer.json is not None else None


def stop(pid):
    """Stops a process. The signal is only sent when kill() returns: on a busy machine its threads go on for a while."""
    os.kill(pid, signal.SIGSTOP)

    def is_stopped():
        states = set()
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/stat" % (pid, task)) as file:
                states.add(file.read().rsplit(")", 1)[1].split()[0])
        return states == {"T"}

    suite.wait_until(is_stopped, 30, "process %d stands still" % pid, 0.01)


class Composition(base.SuiteCase):
    # All routes once for each missing service are more than one key may ask in a minute.
    environment = {"TS_AUTH_STANDARD_LIMIT": "100000", "TS_GATEWAY_CALL_MS": str(CALL_MS), "TS_GATEWAY_INGEST_MS": str(CALL_MS)}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        api = cls.suite.client()
        answer = api.events(records.takeover(records.person("part")))
        assert answer.status == 202, answer.text
        cls.suite.settle()
        api.close()
        cls.operations = {item[method]["operationId"] for item in
                          json.loads(suite.http_get(cls.suite.port, "/v1/openapi.json")[1])["paths"].values()
                          for method in item}

    def test_every_route_is_in_the_table(self):
        self.assertEqual(self.operations, set(TABLE), "a new route needs a row that tells what it needs")

    def ask(self, one, answers, name):
        api = self.suite.client()
        try:
            head = {"Content-Type": "application/json"} if one["body"] is not None else {}
            body = None if one["body"] is None else json.dumps(one["body"])
            answers[name] = api.request(one["method"], one["path"], body, head)
        finally:
            api.close()

    def ask_all(self):
        """Every call of the table, all at once: late ones wait side by side."""
        answers = {}
        threads = [threading.Thread(target=self.ask, args=(one, answers, (operation, one["method"], one["path"], str(one["body"]))))
                   for operation, calls in TABLE.items() for one in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), len(threads), "each call is answered")
        return answers

    def check_all(self, missing):
        answers = self.ask_all()
        for operation, calls in TABLE.items():
            for one in calls:
                with self.subTest(missing=missing, call="%s %s" % (one["method"], one["path"])):
                    self.check(operation, one, missing, answers[(operation, one["method"], one["path"], str(one["body"]))])

    def check(self, operation, one, missing, answer):
        is_public = operation in PUBLIC
        if not is_public and (missing == "auth" or missing in one["needed"]):
            self.assertEqual(answer.status, 503, answer.text)
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            if one["method"] != "HEAD":
                self.assertEqual(answer.error["code"], "service_unavailable")
                self.assertIn(missing, answer.error["message"])
            return
        self.assertIn(answer.status, (200, 201, 202, 404), answer.text)
        self.assertEqual(degraded(answer), [missing] if missing in one["optional"] else None)
        if missing in one["optional"]:
            self.assertIn("not available", answer.json["summary"])

    def wait_whole(self):
        """Every call of the table is answered by those that it needs."""
        def whole():
            return all(answer.status < 500 and degraded(answer) is None for answer in self.ask_all().values())
        suite.wait_until(whole, BACK_SECONDS, "all services answer again")

    def supervisor(self):
        with open(os.path.join(self.suite.data, "run", "supervisor.pid")) as file:
            return int(file.read())

    def said(self, message, peer):
        with open(os.path.join(self.suite.data, "run", "ts-gateway.log")) as file:
            return sum('msg="%s" ' % message in line and "peer=" + peer in line.split() for line in file)

    def test_with_all_services(self):
        self.wait_whole()
        self.check_all(None)

    def test_late(self):
        for service in suite.SERVICES[1:]:
            self.wait_whole()
            pid = self.suite.pid(service)
            stop(pid)
            try:
                self.check_all(service)
            finally:
                os.kill(pid, signal.SIGCONT)
        self.wait_whole()

    def test_down(self):
        for service in suite.SERVICES[1:]:
            self.wait_whole()
            stop(self.supervisor())
            try:
                pid = self.suite.kill(service)
                suite.wait_until(lambda: not self.suite.is_ready(service), 10, service + " is dead")
                said = self.said("waiting for peer", service)
                self.check_all(service)
                if service != "webhook-dispatcher":  # whom a gateway never asks
                    self.assertEqual(self.said("waiting for peer", service), said + 1, "once, however many ask")
            finally:
                os.kill(self.supervisor(), signal.SIGCONT)
            self.suite.wait_restarted(service, pid)
        self.wait_whole()
