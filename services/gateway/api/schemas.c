/* Each shape of the API's objects, with its members in the order in which they are sent, and each enumeration. Data alone:
 * schemas_find.c finds in it, schemas_put.c writes it. */
#include "api/schemas_table.h"

static const member pagination[] = {
    { "limit", "integer", 0 },    { "offset", "integer", 0 },      { "total", "integer", 0 },
    { "has_more", "boolean", 0 }, { "next_cursor", "?string", 0 },
};
static const member wider[] = {
    { "without", "string", 0 },
    { "total", "integer", 0 },
};
static const member organization[] = {
    { "id", "string", 0 },
    { "name", "string", 0 },
    { "total_users", "integer", 0 },
    { "monitored_users", "integer", 0 },
};
static const member risk_distribution[] = {
    { "critical", "integer", 0 }, { "high", "integer", 0 },    { "medium", "integer", 0 },
    { "low", "integer", 0 },      { "minimal", "integer", 0 },
};
static const member severities[] = {
    { "critical", "integer", 0 }, { "high", "integer", 0 },          { "medium", "integer", 0 },
    { "low", "integer", 0 },      { "informational", "integer", 0 },
};
static const member overview_incidents[] = {
    { "open", "integer", 0 },
    { "investigating", "integer", 0 },
    { "by_severity", "SeverityCounts", 0 },
    { "latest", "[]Incident", 0 },
};
static const member top_tool[] = {
    { "tool", "string", 0 },    { "vendor", "string", 0 }, { "sanctioned", "boolean", 0 },
    { "events", "integer", 0 }, { "users", "integer", 0 },
};
static const member overview_ai[] = {
    { "days", "integer", 0 },         { "total_events", "integer", 0 },
    { "active_users", "integer", 0 }, { "unsanctioned_events", "integer", 0 },
    { "top_tools", "[]TopTool", 0 },
};
static const member overview[] = {
    { "organization", "Organization", 0 },   { "risk_distribution", "RiskDistribution", 0 },
    { "high_risk_users", "integer", 0 },     { "open_incidents", "integer", 0 },
    { "incidents", "OverviewIncidents", 1 }, { "ai_usage", "OverviewAiUsage", 1 },
};
static const member user[] = {
    { "email", "string", 0 },
    { "name", "string", 0 },
    { "department", "string", 0 },
    { "risk_score", "integer", 0 },
    { "risk_level", "RiskLevel", 0 },
    { "active_rule_count", "integer", 0 },
    { "open_incident_count", "integer", 0 },
    { "is_admin", "boolean", 0 },
    { "mfa_enrolled", "?boolean", 0 },
    { "suspended", "boolean", 0 },
    { "last_seen_at", "?time", 0 },
};
static const member user_details[] = {
    { "email", "string", 0 },
    { "name", "string", 0 },
    { "department", "string", 0 },
    { "risk_score", "integer", 0 },
    { "risk_level", "RiskLevel", 0 },
    { "active_rule_count", "integer", 0 },
    { "open_incident_count", "integer", 0 },
    { "last_seen_at", "?time", 0 },
    { "title", "string", 0 },
    { "manager", "?string", 0 },
    { "is_admin", "boolean", 0 },
    { "mfa_enrolled", "?boolean", 0 },
    { "suspended", "boolean", 0 },
    { "first_seen_at", "?time", 0 },
    { "scored_at", "?time", 0 },
};
static const member user_list[] = {
    { "users", "[]User", 0 },
    { "pagination", "Pagination", 0 },
    { "wider", "[]Wider", 1 },
};
static const member high_risk_list[] = {
    { "min_risk_score", "integer", 0 },
    { "users", "[]User", 0 },
    { "pagination", "Pagination", 0 },
    { "wider", "[]Wider", 1 },
};
static const member found_list[] = {
    { "users", "[]User", 0 },
    { "truncated", "boolean", 0 },
    { "pagination", "Pagination", 0 },
    { "wider", "[]Wider", 1 },
};
static const member name_value[] = { { "name", "string", 0 }, { "value", "string", 0 } };
static const member evidence[] = {
    { "rule_id", "string", 1 },     { "event_id", "string", 0 }, { "at", "?time", 0 },
    { "source", "string", 0 },      { "summary", "string", 0 },  { "ip", "string", 0 },
    { "fields", "[]NameValue", 0 },
};
static const member active_rule[] = {
    { "rule_id", "string", 0 },
    { "title", "string", 0 },
    { "severity", "Severity", 0 },
    { "mitre_tactic", "?string", 0 },
    { "mitre_tactic_name", "?string", 0 },
    { "mitre_technique", "?string", 0 },
    { "triggered_at", "?time", 0 },
    { "last_triggered_at", "?time", 0 },
    { "count", "integer", 0 },
    { "points", "number", 0 },
    { "evidence", "[]Evidence", 0 },
    { "incident_id", "?string", 0 },
};
static const member anomaly[] = {
    { "metric", "string", 0 },  { "observed", "number", 0 },   { "expected", "number", 0 },
    { "z_score", "number", 0 }, { "detected_at", "?time", 0 }, { "explanation", "string", 0 },
};
static const member tactic[] = {
    { "tactic", "string", 0 },
    { "name", "string", 0 },
    { "techniques", "[]string", 0 },
};
static const member activity[] = {
    { "event_id", "string", 0 }, { "at", "?time", 0 },   { "source", "string", 0 },
    { "category", "string", 0 }, { "app", "string", 0 }, { "action", "string", 0 },
    { "outcome", "string", 0 },  { "ip", "string", 0 },  { "target", "string", 0 },
};
static const member score_point[] = {
    { "at", "?time", 0 },
    { "risk_score", "integer", 0 },
    { "risk_level", "RiskLevel", 0 },
    { "cause", "string", 0 },
};
static const member user_profile[] = {
    { "user", "UserDetails", 0 },           { "active_rules", "[]ActiveRule", 0 },
    { "anomalies", "[]Anomaly", 0 },        { "mitre_attack", "[]MitreTactic", 0 },
    { "recent_activity", "[]Activity", 0 }, { "timeline", "[]ScorePoint", 1 },
};
#define INCIDENT_MEMBERS                                                                           \
    { "id", "string", 0 }, { "title", "string", 0 }, { "severity", "Severity", 0 },                \
        { "status", "IncidentStatus", 0 }, { "affected_users", "[]string", 0 },                    \
        { "rule_ids", "[]string", 0 }, { "mitre_tactics", "[]string", 0 },                         \
        { "created_at", "?time", 0 }, { "updated_at", "?time", 0 },                                \
    {                                                                                              \
        "detection_count", "integer", 0                                                            \
    }
static const member incident[] = { INCIDENT_MEMBERS };
static const member threat_step[] = {
    { "tactic", "string", 0 },
    { "name", "string", 0 },
    { "rule_id", "string", 0 },
    { "at", "?time", 0 },
};
static const member story[] = {
    { "at", "?time", 0 },
    { "kind", "string", 0 },
    { "text", "string", 0 },
    { "actor", "string", 0 },
};
static const member note[] = {
    { "at", "?time", 0 },
    { "actor", "string", 0 },
    { "text", "string", 0 },
};
static const member triggered_rule[] = {
    { "rule_id", "string", 0 },
    { "title", "string", 0 },
    { "severity", "Severity", 0 },
    { "mitre_tactics", "[]string", 0 },
    { "mitre_techniques", "[]string", 0 },
    { "count", "integer", 0 },
    { "first_at", "?time", 0 },
    { "last_at", "?time", 0 },
};
static const member action[] = {
    { "priority", "integer", 0 },
    { "action", "string", 0 },
    { "reason", "string", 0 },
};
static const member incident_full[] = {
    INCIDENT_MEMBERS,
    { "threat_chain", "[]ThreatStep", 0 },
    { "timeline", "[]TimelineEntry", 0 },
    { "notes", "[]Note", 0 },
    { "triggered_rules", "[]TriggeredRule", 0 },
    { "evidence", "[]Evidence", 0 },
    { "recommended_actions", "[]RecommendedAction", 0 },
    { "resolution", "?string", 0 },
    { "closed_at", "?time", 0 },
    { "detections_shown", "integer", 0 },
    { "detections_with_evidence", "integer", 0 },
};
static const member incident_list[] = {
    { "incidents", "[]Incident", 0 },
    { "pagination", "Pagination", 0 },
    { "wider", "[]Wider", 1 },
};
static const member incident_details[] = { { "incident", "FullIncident", 0 } };
static const member period[] = {
    { "days", "integer", 0 },
    { "from", "?time", 0 },
    { "to", "?time", 0 },
};
static const member totals[] = {
    { "events", "integer", 0 },        { "active_users", "integer", 0 },
    { "tools", "integer", 0 },         { "unsanctioned_events", "integer", 0 },
    { "events_before", "integer", 0 }, { "change_percent", "?number", 0 },
};
static const member group[] = {
    { "tool", "string", 1 },        { "vendor", "string", 1 },  { "sanctioned", "boolean", 1 },
    { "email", "string", 1 },       { "date", "string", 1 },    { "events", "integer", 0 },
    { "users", "integer", 1 },      { "tools", "[]string", 1 }, { "first_seen_at", "?time", 1 },
    { "last_used_at", "?time", 1 },
};
static const member ai_usage[] = {
    { "period", "Period", 0 },        { "totals", "AiTotals", 0 },  { "group_by", "string", 0 },
    { "groups_total", "integer", 0 }, { "groups", "[]AiGroup", 0 },
};
static const member agent_user[] = {
    { "email", "string", 0 },
    { "risk_score", "integer", 0 },
    { "risk_level", "RiskLevel", 0 },
    { "risk_score_a_day_before", "?integer", 0 },
    { "active_rule_count", "integer", 0 },
    { "open_incident_count", "integer", 0 },
};
static const member agent_risk[] = {
    { "monitored_users", "integer", 0 },
    { "risk_distribution", "RiskDistribution", 0 },
    { "high_risk_users", "integer", 0 },
    { "top_users", "[]AgentUser", 0 },
};
static const member agent_incident[] = {
    { "id", "string", 0 },
    { "title", "string", 0 },
    { "severity", "Severity", 0 },
    { "status", "IncidentStatus", 0 },
    { "affected_user", "?string", 0 },
    { "affected_user_count", "integer", 0 },
    { "detection_count", "integer", 0 },
    { "created_at", "?time", 0 },
};
static const member agent_trend[] = {
    { "opened", "integer", 0 },
    { "opened_before", "integer", 0 },
};
static const member agent_incidents[] = {
    { "open_incidents", "integer", 0 },  { "open", "integer", 0 },
    { "investigating", "integer", 0 },   { "by_severity", "SeverityCounts", 0 },
    { "worst", "[]AgentIncident", 0 },   { "last_day", "IncidentTrend", 0 },
    { "last_week", "IncidentTrend", 0 },
};
static const member agent_ai[] = {
    { "days", "integer", 0 },          { "total_events", "integer", 0 },
    { "events_before", "integer", 0 }, { "change_percent", "?number", 0 },
    { "active_users", "integer", 0 },  { "unsanctioned_events", "integer", 0 },
    { "new_tools", "integer", 0 },     { "top_tools", "[]TopTool", 0 },
};
static const member agent_app[] = {
    { "id", "string", 0 },          { "name", "string", 0 },
    { "risk_score", "integer", 0 }, { "risk_level", "RiskLevel", 0 },
    { "user_count", "integer", 0 }, { "is_ai_tool", "boolean", 0 },
};
static const member agent_apps[] = {
    { "untrusted", "integer", 0 },
    { "riskiest", "[]AgentApp", 0 },
};
static const member agent_proof[] = {
    { "kind", "string", 0 }, { "id", "?string", 0 }, { "value", "number", 0 },
    { "unit", "string", 0 }, { "at", "?time", 0 },
};
static const member agent_change[] = {
    { "since", "ChangeSince", 0 }, { "subject", "ChangeSubject", 0 }, { "id", "?string", 0 },
    { "now", "integer", 0 },       { "before", "integer", 0 },        { "text", "string", 0 },
};
static const member agent_insight[] = {
    { "severity", "Severity", 0 },
    { "text", "string", 0 },
    { "evidence", "[]InsightEvidence", 0 },
};
static const member agent_arguments[] = {
    { "incident_id", "string", 1 },
    { "user_email", "string", 1 },
    { "include_timeline", "boolean", 1 },
    { "min_risk_score", "integer", 1 },
    { "status", "string", 1 },
    { "limit", "integer", 1 },
    { "days", "integer", 1 },
    { "group_by", "string", 1 },
    { "include_incidents", "boolean", 1 },
    { "include_ai_usage", "boolean", 1 },
};
static const member agent_step[] = {
    { "priority", "integer", 0 }, { "action", "string", 0 },           { "why", "string", 0 },
    { "tool", "string", 0 },      { "arguments", "StepArguments", 0 },
};
static const member agent_left_out[] = {
    { "part", "string", 0 },
    { "reason", "string", 0 },
    { "permission", "string", 0 },
};
static const member agent_summary[] = {
    { "headline", "string", 0 },          { "risk", "AgentRisk", 1 },
    { "incidents", "AgentIncidents", 1 }, { "ai_usage", "AgentAiUsage", 1 },
    { "apps", "AgentApps", 1 },           { "changes", "[]Change", 0 },
    { "insights", "[]Insight", 0 },       { "next_steps", "[]NextStep", 0 },
    { "left_out", "[]LeftOut", 0 },
};
static const member tool_annotations[] = {
    { "readOnlyHint", "boolean", 0 },
    { "destructiveHint", "boolean", 0 },
    { "idempotentHint", "boolean", 0 },
    { "openWorldHint", "boolean", 0 },
};
static const member tool_rest[] = { { "method", "string", 0 }, { "path", "string", 0 } };
static const member tool_example[] = {
    { "description", "string", 0 },
    { "arguments", "object", 0 },
};
static const member agent_tool[] = {
    { "name", "string", 0 },
    { "title", "string", 0 },
    { "description", "string", 0 },
    { "input_schema", "object", 0 },
    { "output_schema", "object", 0 },
    { "annotations", "ToolAnnotations", 0 },
    { "permission", "string", 0 },
    { "rest", "ToolRest", 0 },
    { "examples", "[]ToolExample", 0 },
};
static const member agent_tool_list[] = { { "tools", "[]AgentTool", 0 } };
static const member answer_range[] = {
    { "from", "?time", 0 },
    { "to", "?time", 0 },
    { "tz", "string", 0 },
    { "assumed", "boolean", 0 },
};
static const member answer_correction[] = { { "from", "string", 0 }, { "to", "string", 0 } };
static const member answer_interpretation[] = {
    { "intent", "string", 0 },        { "source", "string", 1 },
    { "slots", "object", 0 },         { "time_range", "?TimeRange", 0 },
    { "assumptions", "[]string", 0 }, { "corrections", "[]Correction", 0 },
    { "unparsed", "[]string", 0 },    { "flags", "[]string", 1 },
    { "questions", "[]string", 1 },   { "confidence", "number", 0 },
    { "restated", "string", 0 },
};
static const member answer_request[] = {
    { "method", "string", 0 },
    { "path", "string", 0 },
    { "body", "object", 1 },
};
static const member answer_further[] = {
    { "request", "PlainRequest", 0 },
    { "results", "?object", 0 },
};
static const member agent_answer[] = {
    { "answered", "boolean", 0 },
    { "text", "string", 1 },
    { "interpretation", "Interpretation", 0 },
    { "results", "?object", 0 },
    { "filtered_by", "[]string", 1 },
    { "equivalent_request", "?PlainRequest", 0 },
    { "further_results", "[]FurtherResult", 1 },
    { "follow_ups", "[]string", 1 },
    { "examples", "[]string", 1 },
    { "restated_summary", "string", 1 },
};
static const member submitted_actor[] = {
    { "email", "string", 1 },
    { "id", "string", 1 },
};
static const member submitted_person[] = { { "email", "string", 0 } };
static const member submitted_event[] = {
    { "id", "string", 1 },
    { "time", "time", 0 },
    { "kind", "EventKind", 0 },
    { "action", "string", 0 },
    { "outcome", "EventOutcome", 1 },
    { "app", "string", 1 },
    { "actor", "SubmittedActor", 1 },
    { "user", "SubmittedPerson", 1 },
    { "target", "SubmittedPerson", 1 },
    { "ip", "string", 1 },
    { "user_agent", "string", 1 },
    { "client_id", "string", 1 },
    { "app_name", "string", 1 },
    { "scopes", "[]string", 1 },
    { "application_name", "string", 1 },
    { "fields", "object", 1 },
};
static const member rejected[] = { { "index", "integer", 0 }, { "reason", "string", 0 } };
static const member ingested[] = {
    { "accepted", "integer", 0 },
    { "duplicates", "integer", 0 },
    { "rejected_count", "integer", 0 },
    { "rejected", "[]Rejected", 0 },
};
static const member directory_rejected[] = {
    { "index", "integer", 0 },
    { "param", "string", 1 },
    { "reason", "string", 0 },
};
static const member directory_uploaded[] = {
    { "created", "integer", 0 },        { "updated", "integer", 0 },
    { "unchanged", "integer", 0 },      { "rejected_count", "integer", 0 },
    { "rejected", "[]RejectedRow", 0 },
};
static const member app_scope[] = {
    { "scope", "string", 0 },
    { "sensitivity", "Sensitivity", 0 },
    { "meaning", "string", 0 },
};
static const member app[] = {
    { "id", "string", 0 },
    { "name", "string", 0 },
    { "client_id", "?string", 0 },
    { "publisher", "?string", 0 },
    { "status", "AppStatus", 0 },
    { "risk_level", "RiskLevel", 0 },
    { "risk_score", "integer", 0 },
    { "scopes", "[]AppScope", 0 },
    { "user_count", "integer", 0 },
    { "users", "[]string", 0 },
    { "first_seen_at", "?time", 0 },
    { "last_used_at", "?time", 0 },
    { "is_ai_tool", "boolean", 0 },
    { "note", "?string", 0 },
    { "status_changed_at", "?time", 0 },
};
static const member app_list[] = { { "apps", "[]App", 0 },
                                   { "pagination", "Pagination", 0 },
                                   { "wider", "[]Wider", 1 } };
static const member app_details[] = { { "app", "App", 0 } };
static const member contact[] = {
    { "value", "string", 0 },   { "kind", "ContactKind", 0 }, { "note", "?string", 0 },
    { "added_at", "?time", 0 }, { "added_by", "string", 0 },
};
static const member contact_list[] = {
    { "contacts", "[]Contact", 0 },
    { "pagination", "Pagination", 0 },
};
static const member contact_details[] = { { "contact", "Contact", 0 } };
static const member contact_removed[] = { { "value", "string", 0 }, { "deleted", "boolean", 0 } };
static const member endpoint[] = {
    { "id", "string", 0 },
    { "url", "string", 0 },
    { "description", "string", 0 },
    { "events", "[]string", 0 },
    { "enabled", "boolean", 0 },
    { "created_at", "?time", 0 },
    { "disabled_reason", "?string", 0 },
    { "header_names", "[]string", 0 },
    { "rate_limit", "integer", 0 },
    { "ordered", "boolean", 0 },
    { "secret_rotation_ends_at", "?time", 0 },
};
static const member endpoint_list[] = {
    { "endpoints", "[]Endpoint", 0 },
    { "pagination", "Pagination", 0 },
};
static const member endpoint_details[] = { { "endpoint", "Endpoint", 0 } };
static const member endpoint_created[] = {
    { "endpoint", "Endpoint", 0 },
    { "secret", "string", 1 },
};
static const member deleted[] = { { "id", "string", 0 }, { "deleted", "boolean", 0 } };
static const member attempt[] = {
    { "number", "integer", 0 },      { "at", "?time", 0 },      { "status_code", "?integer", 0 },
    { "duration_ms", "integer", 0 }, { "error", "?string", 0 }, { "response", "string", 0 },
};
static const member delivery[] = {
    { "endpoint_id", "string", 0 },
    { "status", "string", 0 },
    { "attempts", "[]Attempt", 0 },
    { "next_attempt_at", "?time", 0 },
};
static const member webhook_event[] = {
    { "id", "string", 0 },     { "event", "string", 0 },          { "created_at", "?time", 0 },
    { "status", "string", 0 }, { "deliveries", "[]Delivery", 0 },
};
static const member webhook_event_list[] = {
    { "events", "[]WebhookEvent", 0 },
    { "pagination", "Pagination", 0 },
};
static const member webhook_event_details[] = { { "event", "WebhookEvent", 0 } };
static const member webhook_replay[] = {
    { "event_id", "string", 1 },
    { "endpoint_id", "string", 1 },
    { "deliveries", "integer", 0 },
    { "since", "?time", 1 },
};
static const member api_key[] = {
    { "id", "string", 0 },          { "name", "string", 0 },
    { "mode", "KeyMode", 0 },       { "permissions", "[]string", 0 },
    { "prefix", "string", 0 },      { "last4", "string", 0 },
    { "created_at", "?time", 0 },   { "expires_at", "?time", 0 },
    { "last_used_at", "?time", 0 }, { "revoked_at", "?time", 0 },
    { "rotated_to", "?string", 0 },
};
static const member api_key_list[] = {
    { "api_keys", "[]ApiKey", 0 },
    { "pagination", "Pagination", 0 },
};
static const member api_key_details[] = { { "api_key", "ApiKey", 0 } };
static const member api_key_created[] = { { "api_key", "ApiKey", 0 }, { "secret", "string", 1 } };
static const member api_key_rotated[] = {
    { "api_key", "ApiKey", 0 },
    { "secret", "string", 1 },
    { "replaces", "string", 0 },
};
static const member audit_entry[] = {
    { "number", "integer", 0 },     { "at", "?time", 0 },     { "action", "string", 0 },
    { "object", "?string", 0 },     { "actor", "string", 0 }, { "client_address", "?string", 0 },
    { "request_id", "?string", 0 }, { "mode", "KeyMode", 0 }, { "details", "object", 0 },
};
static const member audit_list[] = {
    { "entries", "[]AuditEntry", 0 },
    { "pagination", "Pagination", 0 },
};
static const member meta[] = {
    { "request_id", "string", 0 },
    { "timestamp", "time", 0 },
    { "untrusted_fields", "[]string", 1 },
    { "degraded", "[]string", 1 },
};
static const member error_body[] = {
    { "code", "string", 0 },
    { "message", "string", 0 },
    { "status", "integer", 0 },
    { "param", "string", 1 },
};
static const member error[] = { { "error", "ErrorBody", 0 }, { "request_id", "string", 0 } };
static const member health[] = { { "status", "string", 0 } };

#define SHAPE(name, members)                                                                       \
    {                                                                                              \
        name, members, TS_COUNT(members)                                                           \
    }
const shape schemas_shapes[] = {
    SHAPE("Pagination", pagination),
    SHAPE("Wider", wider),
    SHAPE("Organization", organization),
    SHAPE("RiskDistribution", risk_distribution),
    SHAPE("SeverityCounts", severities),
    SHAPE("OverviewIncidents", overview_incidents),
    SHAPE("TopTool", top_tool),
    SHAPE("OverviewAiUsage", overview_ai),
    SHAPE("Overview", overview),
    SHAPE("User", user),
    SHAPE("UserDetails", user_details),
    SHAPE("UserList", user_list),
    SHAPE("HighRiskUserList", high_risk_list),
    SHAPE("FoundUserList", found_list),
    SHAPE("NameValue", name_value),
    SHAPE("Evidence", evidence),
    SHAPE("ActiveRule", active_rule),
    SHAPE("Anomaly", anomaly),
    SHAPE("MitreTactic", tactic),
    SHAPE("Activity", activity),
    SHAPE("ScorePoint", score_point),
    SHAPE("UserProfile", user_profile),
    SHAPE("Incident", incident),
    SHAPE("ThreatStep", threat_step),
    SHAPE("TimelineEntry", story),
    SHAPE("Note", note),
    SHAPE("TriggeredRule", triggered_rule),
    SHAPE("RecommendedAction", action),
    SHAPE("FullIncident", incident_full),
    SHAPE("IncidentList", incident_list),
    SHAPE("IncidentDetails", incident_details),
    SHAPE("Period", period),
    SHAPE("AiTotals", totals),
    SHAPE("AiGroup", group),
    SHAPE("AiUsage", ai_usage),
    SHAPE("AgentUser", agent_user),
    SHAPE("AgentRisk", agent_risk),
    SHAPE("AgentIncident", agent_incident),
    SHAPE("IncidentTrend", agent_trend),
    SHAPE("AgentIncidents", agent_incidents),
    SHAPE("AgentAiUsage", agent_ai),
    SHAPE("AgentApp", agent_app),
    SHAPE("AgentApps", agent_apps),
    SHAPE("InsightEvidence", agent_proof),
    SHAPE("Change", agent_change),
    SHAPE("Insight", agent_insight),
    SHAPE("StepArguments", agent_arguments),
    SHAPE("NextStep", agent_step),
    SHAPE("LeftOut", agent_left_out),
    SHAPE("AgentSummary", agent_summary),
    SHAPE("ToolAnnotations", tool_annotations),
    SHAPE("ToolRest", tool_rest),
    SHAPE("ToolExample", tool_example),
    SHAPE("AgentTool", agent_tool),
    SHAPE("AgentToolList", agent_tool_list),
    SHAPE("TimeRange", answer_range),
    SHAPE("Correction", answer_correction),
    SHAPE("Interpretation", answer_interpretation),
    SHAPE("PlainRequest", answer_request),
    SHAPE("FurtherResult", answer_further),
    SHAPE("AgentAnswer", agent_answer),
    SHAPE("SubmittedActor", submitted_actor),
    SHAPE("SubmittedPerson", submitted_person),
    SHAPE("SubmittedEvent", submitted_event),
    SHAPE("Rejected", rejected),
    SHAPE("Ingested", ingested),
    SHAPE("RejectedRow", directory_rejected),
    SHAPE("DirectoryUploaded", directory_uploaded),
    SHAPE("AppScope", app_scope),
    SHAPE("App", app),
    SHAPE("AppList", app_list),
    SHAPE("AppDetails", app_details),
    SHAPE("Contact", contact),
    SHAPE("ContactList", contact_list),
    SHAPE("ContactDetails", contact_details),
    SHAPE("ContactRemoved", contact_removed),
    SHAPE("Endpoint", endpoint),
    SHAPE("EndpointList", endpoint_list),
    SHAPE("EndpointDetails", endpoint_details),
    SHAPE("EndpointCreated", endpoint_created),
    SHAPE("Deleted", deleted),
    SHAPE("Attempt", attempt),
    SHAPE("Delivery", delivery),
    SHAPE("WebhookEvent", webhook_event),
    SHAPE("WebhookEventList", webhook_event_list),
    SHAPE("WebhookEventDetails", webhook_event_details),
    SHAPE("WebhookReplay", webhook_replay),
    SHAPE("ApiKey", api_key),
    SHAPE("ApiKeyList", api_key_list),
    SHAPE("ApiKeyDetails", api_key_details),
    SHAPE("ApiKeyCreated", api_key_created),
    SHAPE("ApiKeyRotated", api_key_rotated),
    SHAPE("AuditEntry", audit_entry),
    SHAPE("AuditList", audit_list),
    SHAPE("Meta", meta),
    SHAPE("ErrorBody", error_body),
    SHAPE("Error", error),
    SHAPE("Health", health),
};

const size_t schemas_shape_count = TS_COUNT(schemas_shapes);

const char *const schemas_enums[][2] = {
    { "RiskLevel", "critical|high|medium|low|minimal" },
    { "Severity", "critical|high|medium|low|informational" },
    { "KeyMode", "live|test" },
    { "IncidentStatus", "open|investigating|resolved|false_positive" },
    { "AppStatus", "trusted|untrusted" },
    { "Sensitivity", "critical|restricted|sensitive|basic|unknown" },
    { "ContactKind", "domain|email" },
    { "EventKind", "other|sign_in|sso|warning|account|admin|app_grant|app_use|app_revoke|file|"
                   "file_view|file_take|file_share|file_delete|ai" },
    { "EventOutcome", "success|failure" },
    { "ChangeSince", "yesterday|last_week" },
    { "ChangeSubject", "incidents_opened|risk_score|ai_events|ai_tools_first_seen" },
};
const size_t schemas_enum_count = TS_COUNT(schemas_enums);
