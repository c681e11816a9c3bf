#!/usr/bin/env python3
"""Writes deploy/grafana/dashboards/*.json: one for the whole suite, one for each process. `build.py --check` writes nothing and
fails if a file is not what it would write.

A panel is (title, unit, [(query, legend), ...]). Units are Grafana's names."""

import json
import os
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dashboards")
WIDTH, HEIGHT, COLUMNS = 8, 8, 3


def rate(metric, by="", where=""):
    return "sum%s (rate(%s%s[$__rate_interval]))" % (" by (%s)" % by if by else "", metric, "{%s}" % where if where else "")


def quantile(q, metric, by="", where=""):
    inner = rate(metric + "_bucket", "le" + (", " + by if by else ""), where)
    return "histogram_quantile(%s, %s)" % (q, inner)


def process_panels(name):
    """What every process shows."""
    mine = 'process="%s"' % name
    return [
        ("Ready", "short", [("ts_ready{%s}" % mine, "{{instance}}")]),
        ("CPU", "percentunit", [("rate(process_cpu_seconds_total{%s}[$__rate_interval])" % mine, "{{instance}}")]),
        ("Resident memory", "bytes", [("process_resident_memory_bytes{%s}" % mine, "{{instance}}")]),
        ("Open files", "short", [("process_open_fds{%s}" % mine, "{{instance}}")]),
    ]


def server_panels(name):
    mine = 'process="%s"' % name
    return [
        ("Calls answered", "reqps", [(rate("ts_rpc_server_calls_total", "method", mine), "{{method}}")]),
        ("Calls answered with an error", "reqps", [(rate("ts_rpc_server_failures_total", "method", mine), "{{method}}")]),
        ("Time of a call, p99", "s", [(quantile(0.99, "ts_rpc_server_seconds", "method", mine), "{{method}}")]),
    ]


def client_panels(name):
    mine = 'process="%s"' % name
    return [
        ("Calls made", "reqps", [(rate("ts_rpc_client_calls_total", "peer, method", mine), "{{peer}} {{method}}")]),
        ("Calls without an answer", "reqps", [(rate("ts_rpc_client_failures_total", "peer", mine), "{{peer}}")]),
        ("Time to an answer, p99", "s", [(quantile(0.99, "ts_rpc_client_seconds", "peer", mine), "{{peer}}")]),
    ]


def store_panels(name):
    mine = 'process="%s"' % name
    return [
        ("Store", "bytes", [("ts_store_bytes{%s}" % mine, "{{kind}}")]),
        ("Free disk", "bytes", [("ts_store_disk_free_bytes{%s}" % mine, "free")]),
        ("Writes held up", "short", [("ts_store_write_stalled{%s}" % mine, "stalled"),
                                     ("ts_store_has_room{%s}" % mine, "has room")]),
        ("Sync, p99", "s", [(quantile(0.99, "ts_store_sync_seconds", "", mine), "p99")]),
    ]


def hand_over_panels(name, sends=True, takes=True):
    mine = 'process="%s"' % name
    panels = []
    if sends:
        panels += [
            ("Owed to others: rows", "short", [("ts_outbox_rows{%s}" % mine, "{{peer}}")]),
            ("Owed to others: age of the oldest", "s", [("ts_outbox_oldest_seconds{%s}" % mine, "{{peer}}")]),
        ]
    if takes:
        panels.append(("Handed over by others", "ops", [
            (rate("ts_inbox_applied_total", "", mine), "applied"), (rate("ts_inbox_repeated_total", "", mine), "repeated"),
            (rate("ts_inbox_parked_total", "", mine), "parked")]))
    return panels


DASHBOARDS = {
    "suite": ("TeamSentry", [
        ("Answers", "reqps", [(rate("ts_gateway_answers_total", "class"), "{{class}}")]),
        ("Answers that are errors of ours", "percentunit",
         [('sum(rate(ts_gateway_answers_total{class="5xx"}[$__rate_interval])) / sum(rate(ts_gateway_answers_total[$__rate_interval]))', "5xx")]),
        ("Time to an answer", "s", [(quantile(q, "ts_gateway_request_seconds", "", 'route!="POST /v1/events"'), "p%g" % (100 * q))
                                    for q in (0.5, 0.95, 0.99)]),
        ("Records taken in", "ops", [(rate("ts_risk_events_total", "result"), "{{result}}")]),
        ("Detections", "ops", [(rate("ts_risk_detections_total"), "detections")]),
        ("Open incidents", "short", [("ts_incidents_open", "open")]),
        ("Deliveries", "ops", [(rate("ts_webhooks_deliveries_total", "outcome"), "{{outcome}}")]),
        ("Age of the oldest due delivery", "s", [("ts_webhooks_oldest_due_seconds", "oldest")]),
        ("Owed between services: age of the oldest row", "s", [("max by (process, peer) (ts_outbox_oldest_seconds)", "{{process}} to {{peer}}")]),
        ("Requests without a valid key", "reqps", [(rate("ts_gateway_auth_failures_total"), "failures")]),
        ("Resident memory", "bytes", [("sum by (process) (process_resident_memory_bytes{process!=\"\"})", "{{process}}")]),
        ("CPU", "percentunit", [("sum by (process) (rate(process_cpu_seconds_total{process!=\"\"}[$__rate_interval]))", "{{process}}")]),
    ]),
    "gateway": ("TeamSentry gateway", [
        ("Requests by route", "reqps", [(rate("ts_gateway_request_seconds_count", "route"), "{{route}}")]),
        ("Errors by route", "reqps", [(rate("ts_gateway_requests_total", "route, class", 'class=~"4xx|5xx"'), "{{class}} {{route}}")]),
        ("Time by route, p99", "s", [(quantile(0.99, "ts_gateway_request_seconds", "route"), "{{route}}")]),
        ("Answers by class", "reqps", [(rate("ts_gateway_answers_total", "class"), "{{class}}")]),
        ("Connections", "short", [("ts_gateway_connections", "{{instance}}")]),
        ("Refused for want of connections", "reqps", [(rate("ts_gateway_connections_refused_total"), "refused")]),
        ("Requests without a valid key", "reqps", [(rate("ts_gateway_auth_failures_total"), "failures")]),
    ] + client_panels("gateway") + process_panels("gateway")),
    "auth": ("TeamSentry auth", [
        ("Keys checked", "reqps", [(rate("ts_auth_authorize_total", "result"), "{{result}}")]),
    ] + server_panels("auth") + hand_over_panels("auth", takes=False) + store_panels("auth") + process_panels("auth")),
    "risk": ("TeamSentry risk", [
        ("Records", "ops", [(rate("ts_risk_events_total", "result"), "{{result}}")]),
        ("Detections by rule", "ops", [("topk(10, %s > 0)" % rate("ts_risk_detections_total", "rule"), "{{rule}}")]),
        ("Records refused, by reason", "ops", [(rate("ts_risk_rejected_total", "reason"), "{{reason}}")]),
        ("Rules", "short", [("ts_risk_rules", "{{state}}")]),
        ("Users rescored by time alone", "ops", [(rate("ts_risk_swept_users_total"), "users")]),
    ] + server_panels("risk") + hand_over_panels("risk") + store_panels("risk") + process_panels("risk")),
    "incidents": ("TeamSentry incidents", [
        ("Opened, by severity", "ops", [(rate("ts_incidents_opened_total", "severity"), "{{severity}}")]),
        ("Open", "short", [("ts_incidents_open", "open")]),
        ("Detections", "ops", [(rate("ts_incidents_detections_joined_total"), "joined"),
                               (rate("ts_incidents_detections_waiting_total"), "waiting"),
                               (rate("ts_incidents_detections_historical_total"), "historical")]),
    ] + server_panels("incidents") + hand_over_panels("incidents") + store_panels("incidents") + process_panels("incidents")),
    "ai-usage": ("TeamSentry ai-usage", [
        ("Uses of AI tools", "ops", [(rate("ts_ai_usage_events_total"), "uses")]),
        ("Tools seen for the first time", "ops", [(rate("ts_ai_usage_tools_first_seen_total"), "tools")]),
    ] + server_panels("ai-usage") + hand_over_panels("ai-usage") + store_panels("ai-usage") + process_panels("ai-usage")),
    "webhooks": ("TeamSentry webhooks", [
        ("Events taken in", "ops", [(rate("ts_webhooks_events_total"), "events")]),
        ("Deliveries by outcome", "ops", [(rate("ts_webhooks_deliveries_total", "outcome"), "{{outcome}}")]),
        ("Attempts by class", "ops", [(rate("ts_webhooks_attempts_total", "class"), "{{class}}")]),
        ("Pending", "short", [("ts_webhooks_pending_deliveries", "pending"), ("ts_webhooks_leased_deliveries", "leased")]),
        ("Age of the oldest due", "s", [("ts_webhooks_oldest_due_seconds", "oldest")]),
        ("Lateness, p99", "s", [(quantile(0.99, "ts_webhooks_lateness_seconds"), "p99")]),
        ("Endpoints", "short", [("ts_webhooks_endpoints", "{{state}}")]),
        ("Leases", "ops", [(rate("ts_webhooks_leases_total", "outcome"), "{{outcome}}")]),
    ] + server_panels("webhooks") + hand_over_panels("webhooks", sends=False) + store_panels("webhooks") + process_panels("webhooks")),
    "webhook-dispatcher": ("TeamSentry webhook-dispatcher", [
        ("Dispatchers", "short", [('count(up{process="webhook-dispatcher"} == 1)', "running")]),
        ("Attempts", "ops", [(rate("ts_webhook_dispatcher_attempts_total", "instance"), "{{instance}}")]),
        ("Refused addresses", "ops", [(rate("ts_webhook_dispatcher_blocked_total"), "refused")]),
    ] + client_panels("webhook-dispatcher") + process_panels("webhook-dispatcher")),
}


def dashboard(uid, title, panels):
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "uid": "teamsentry-" + uid, "title": title, "tags": ["teamsentry"], "schemaVersion": 39, "version": 1, "editable": True,
        "timezone": "utc", "refresh": "30s", "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]},
        "panels": [{
            "id": i + 1, "type": "timeseries", "title": name, "datasource": source,
            "gridPos": {"h": HEIGHT, "w": WIDTH, "x": i % COLUMNS * WIDTH, "y": i // COLUMNS * HEIGHT},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
            "targets": [{"refId": chr(65 + n), "datasource": source, "expr": expr, "legendFormat": legend}
                        for n, (expr, legend) in enumerate(targets)],
        } for i, (name, unit, targets) in enumerate(panels)],
    }


def main():
    stale = []
    for uid, (title, panels) in DASHBOARDS.items():
        path = os.path.join(FOLDER, uid + ".json")
        text = json.dumps(dashboard(uid, title, panels), indent=1) + "\n"
        if "--check" in sys.argv:
            if not os.path.exists(path) or open(path).read() != text:
                stale.append(path)
            continue
        with open(path, "w") as file:
            file.write(text)
    if stale:
        sys.exit("not what build.py writes: " + ", ".join(stale))


if __name__ == "__main__":
    main()
