/* The table of all endpoints. Literal paths stand before those that capture a segment. */
#include "api/api.h"

#define LEVELS     "critical|high|medium|low|minimal"
#define SEVERITIES "critical|high|medium|low|informational"

#define OFFSET_MAX 1000000000

#define PAGE(fallback)                                                                             \
    { "limit", HTTP_KIND_INT, 1, 200, NULL, fallback, false, "how many to return" },               \
        { "offset", HTTP_KIND_INT, 0, OFFSET_MAX, NULL, "0", false, "how many to skip" },          \
    {                                                                                              \
        "cursor", HTTP_KIND_CURSOR, 0, 0, NULL, NULL, false,                                       \
            "next_cursor of an earlier answer, in place of offset"                                 \
    }
#define FLAG(name, help)                                                                           \
    {                                                                                              \
        name, HTTP_KIND_BOOL, 0, 0, NULL, "false", false, help                                     \
    }
#define CHOICE(name, choices, fallback, help)                                                      \
    {                                                                                              \
        name, HTTP_KIND_ENUM, 0, 0, choices, fallback, false, help                                 \
    }
#define RAW                                                                                        \
    FLAG("raw", "true: text of others whole and uncleaned, as it is kept; to look into one case, " \
                "never for a model; needs admin")
/* A list's parameters without PAGE and RAW, which stand first in it: what CSV is filtered by. */
#define FILTERS(params)     ((params) + 3)
#define RAW_FILTERS(params) ((params) + 4)
#define END                                                                                        \
    {                                                                                              \
        NULL, HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, NULL                                        \
    }

static const http_param overview_params[] = {
    FLAG("include_ai_usage", "add AI tool use of the last 7 days; needs read:ai_usage"),
    FLAG("include_incidents", "add the open incidents; needs read:incidents"),
    END,
};

static const http_param users_params[] = {
    PAGE("50"),
    RAW,
    CHOICE("risk_level", LEVELS, NULL, "only users of this level"),
    END,
};

static const http_param high_risk_params[] = {
    { "min_risk_score", HTTP_KIND_INT, 0, 100, NULL, "70", false, "lowest score to return" },
    { "limit", HTTP_KIND_INT, 1, 200, NULL, "20", false, "how many to return" },
    RAW,
    END,
};

static const http_param search_params[] = {
    { "query", HTTP_KIND_TEXT, 1, 200, NULL, NULL, true,
      "beginnings of words of name or department, or a part of the e-mail address" },
    CHOICE("risk_level", LEVELS, NULL, "only users of this level"),
    { "limit", HTTP_KIND_INT, 1, 200, NULL, "20", false, "how many to return" },
    RAW,
    END,
};

static const http_param directory_fields[] = {
    { "email", HTTP_KIND_EMAIL, 0, 0, NULL, NULL, true, "whom the row is about" },
    { "name", HTTP_KIND_TEXT, 1, 200, NULL, NULL, true, "the person's name" },
    { "department", HTTP_KIND_TEXT, 0, 200, NULL, NULL, true, "where the person works, or empty" },
    { "title", HTTP_KIND_TEXT, 0, 200, NULL, NULL, false, "what the person does" },
    { "manager", HTTP_KIND_TEXT, 0, 254, NULL, NULL, false, "e-mail address, or empty" },
    { "is_admin", HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, "may administer the workspace" },
    { "suspended", HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, "cannot sign in, is not monitored" },
    { "mfa_enrolled", HTTP_KIND_BOOL, 0, 0, NULL, NULL, false, "has a second factor" },
    END,
};

static const http_param apps_params[] = {
    PAGE("50"),
    RAW,
    CHOICE("status", "trusted|untrusted|all", "all", "only apps of this status"),
    END,
};

static const http_param app_fields[] = {
    { "status", HTTP_KIND_ENUM, 0, 0, "trusted|untrusted", NULL, true,
      "the new status: trusted or untrusted" },
    { "note", HTTP_KIND_TEXT, 0, 500, NULL, NULL, false, "why; kept with the app" },
    END,
};

static const http_param contacts_params[] = { PAGE("50"), END };

static const http_param contact_fields[] = {
    { "value", HTTP_KIND_TEXT, 1, 255, NULL, NULL, true, "a domain or an e-mail address" },
    { "note", HTTP_KIND_TEXT, 0, 500, NULL, NULL, false, "who that is" },
    END,
};

static const http_param user_params[] = {
    FLAG("include_timeline", "add the score of the last 7 days"),
    RAW,
    END,
};

/* Of one incident, one app. */
static const http_param one_params[] = { RAW, END };

static const http_param incidents_params[] = {
    PAGE("20"),
    CHOICE("status", "open|closed|all", "open",
           "open means open and investigating, closed means resolved and false_positive"),
    CHOICE("severity", SEVERITIES, NULL, "only incidents of this severity"),
    { "since", HTTP_KIND_TIME, 0, 0, NULL, NULL, false, "created at or after" },
    { "until", HTTP_KIND_TIME, 0, 0, NULL, NULL, false, "created before" },
    { "user", HTTP_KIND_EMAIL, 0, 0, NULL, NULL, false, "e-mail address of an affected user" },
    END,
};

static const http_param incident_fields[] = {
    { "status", HTTP_KIND_ENUM, 0, 0, "investigating|resolved|false_positive", NULL, true,
      "the new status: investigating, resolved or false_positive" },
    { "notes", HTTP_KIND_TEXT, 0, 4000, NULL, NULL, false, "why; kept with the incident" },
    END,
};

static const http_param reopen_fields[] = {
    { "notes", HTTP_KIND_TEXT, 0, 4000, NULL, NULL, false, "why; kept with the incident" },
    END,
};

static const http_param ai_usage_params[] = {
    { "days", HTTP_KIND_INT, 1, 90, NULL, "7", false, "days to look back" },
    CHOICE("group_by", "user|tool|day", "tool", "what a group is"),
    END,
};

static const http_param query_fields[] = {
    { "query", HTTP_KIND_TEXT, 1, 500, NULL, NULL, true, "the question" },
    { "context", HTTP_KIND_LIST, 1, 500, NULL, NULL, false,
      "earlier questions, oldest first, at most 10: what this one leaves out is taken from them" },
    CHOICE("response_format", "concise|detailed", "detailed",
           "concise leaves out what may be asked next"),
    END,
};

static const http_param events_params[] = {
    { "source", HTTP_KIND_ENUM, 0, 0, "google_workspace|okta|entra_id|ocsf|teamsentry", NULL, true,
      "the system that wrote the records" },
    END,
};

static const http_param endpoints_params[] = { PAGE("50"), END };

#define ENDPOINT_FIELDS                                                                                 \
    { "description", HTTP_KIND_TEXT, 0, 200, NULL, NULL, false, "for people" },                         \
        { "events", HTTP_KIND_LIST,                                                                     \
          1,        64,                                                                                 \
          NULL,     NULL,                                                                               \
          false,    "kinds of events (see /docs) or groups like incident.*; none means all" },          \
        { "enabled", HTTP_KIND_BOOL, 0,     0,                                                          \
          NULL,      "true",         false, "false: gets no new events, and what it is owed waits" },   \
        { "headers", HTTP_KIND_MAP, 1,     1024,                                                        \
          NULL,      NULL,          false, "headers to send along; their values are not shown again" }, \
        { "rate_limit", HTTP_KIND_INT, 0,     1000,                                                     \
          NULL,         "0",           false, "deliveries a second at most; 0 means no limit" },        \
    {                                                                                                   \
        "ordered", HTTP_KIND_BOOL, 0, 0, NULL, "false", false,                                          \
            "true: one at a time in the order of events; one that fails holds up the rest"              \
    }

static const http_param endpoint_fields[] = {
    { "url", HTTP_KIND_TEXT, 1, 2048, NULL, NULL, true, "where events are sent" },
    ENDPOINT_FIELDS,
    END,
};

static const http_param endpoint_update_fields[] = {
    { "url", HTTP_KIND_TEXT, 1, 2048, NULL, NULL, false, "where events are sent" },
    ENDPOINT_FIELDS,
    END,
};

static const http_param secret_fields[] = {
    { "overlap_seconds", HTTP_KIND_INT, 0, 604800, NULL, "86400", false,
      "how long the old secret goes on beside the new one" },
    END,
};

static const http_param replay_fields[] = {
    { "since", HTTP_KIND_TIME, 0, 0, NULL, NULL, false,
      "only events created at or after; all without it" },
    END,
};

static const http_param webhook_events_params[] = {
    PAGE("50"),
    CHOICE("status", "pending|delivered|failed|all", "all", "state of the delivery"),
    { "endpoint_id", HTTP_KIND_TEXT, 1, 64, NULL, NULL, false, "only events for this endpoint" },
    { "event", HTTP_KIND_TEXT, 1, 64, NULL, NULL, false,
      "only events of this kind, as incident.created" },
    END,
};

#define YEAR_S 31536000

static const http_param keys_params[] = { PAGE("50"), END };

static const http_param key_fields[] = {
    { "name", HTTP_KIND_TEXT, 1, 100, NULL, NULL, true, "what the key is for" },
    { "mode", HTTP_KIND_ENUM, 0, 0, "live|test", NULL, true, "whose data it sees: live or test" },
    { "permissions", HTTP_KIND_LIST, 1, 32, NULL, NULL, false,
      "by default every read:*, write:incidents and agent; admin implies all" },
    { "expires_at", HTTP_KIND_TIME, 0, 0, NULL, NULL, false, "when it ends; null: never" },
    END,
};

static const http_param key_change_fields[] = {
    { "name", HTTP_KIND_TEXT, 1, 100, NULL, NULL, false, "what the key is for" },
    { "permissions", HTTP_KIND_LIST, 1, 32, NULL, NULL, false, "in place of those it has" },
    { "expires_at", HTTP_KIND_TIME, 0, 0, NULL, NULL, false, "when it ends; null: never" },
    END,
};

static const http_param rotate_fields[] = {
    { "overlap_seconds", HTTP_KIND_INT, 0, YEAR_S, NULL, NULL, false,
      "how long the old key works on; 86400 unless the operator chose otherwise" },
    END,
};

static const http_param audit_params[] = {
    PAGE("50"),
    { "since", HTTP_KIND_TIME, 0, 0, NULL, NULL, false, "at or after" },
    { "until", HTTP_KIND_TIME, 0, 0, NULL, NULL, false, "before" },
    { "actor", HTTP_KIND_TEXT, 1, 64, NULL, NULL, false,
      "only what this one did: key:<id>, ctl, service:<name>" },
    END,
};

static ts_status healthz(http_exchange *x)
{
    ts_buf_z(&x->data, "{\"status\":\"ok\"}");
    return TS_OK;
}

const http_route api_routes[] = {
    { "GET", "/v1/overview", TS_PERM_READ_USERS, HTTP_MIRROR, HTTP_BODY_NONE, 200, overview_params,
      NULL, api_overview, "getOverview",
      "Security summary of the organization: risk distribution, open incidents, AI usage.",
      "Overview" },
    { "GET", "/v1/users", TS_PERM_READ_USERS, 0, HTTP_BODY_NONE, 200, users_params, NULL, api_users,
      "listUsers", "Monitored users with their risk, highest first.", "UserList" },
    { "GET", "/v1/users/high-risk", TS_PERM_READ_USERS, 0, HTTP_BODY_NONE, 200, high_risk_params,
      NULL, api_users_high_risk, "listHighRiskUsers", "Users at or above a risk score.",
      "HighRiskUserList" },
    { "GET", "/v1/users/search", TS_PERM_READ_USERS, 0, HTTP_BODY_NONE, 200, search_params, NULL,
      api_users_search, "searchUsers",
      "Users by the beginning of words of name or department, or by a part of the address.",
      "FoundUserList" },
    { "GET", "/v1/users/{email}", TS_PERM_READ_USERS, HTTP_MIRROR, HTTP_BODY_NONE, 200, user_params,
      NULL, api_user, "getUser",
      "Risk profile of a user: active rules, anomalies, MITRE ATT&CK mapping, recent activity.",
      "UserProfile" },
    { "GET", "/v1/incidents", TS_PERM_READ_INCIDENTS, 0, HTTP_BODY_NONE, 200, incidents_params,
      NULL, api_incidents, "listIncidents", "Incidents, newest first.", "IncidentList" },
    { "GET", "/v1/incidents/{id}", TS_PERM_READ_INCIDENTS, 0, HTTP_BODY_NONE, 200, one_params, NULL,
      api_incident, "getIncident",
      "An incident with its threat chain, timeline, rules, evidence and recommended actions.",
      "IncidentDetails" },
    { "PATCH", "/v1/incidents/{id}", TS_PERM_WRITE_INCIDENTS, 0, HTTP_BODY_JSON, 200, NULL,
      incident_fields, api_incident_update, "updateIncident",
      "Move an incident to another status, with a note.", "IncidentDetails" },
    { "POST", "/v1/incidents/{id}/reopen", TS_PERM_WRITE_INCIDENTS, 0, HTTP_BODY_JSON, 200, NULL,
      reopen_fields, api_incident_reopen, "reopenIncident",
      "Open a closed incident again: it becomes investigating.", "IncidentDetails" },
    { "GET", "/v1/ai-usage", TS_PERM_READ_AI_USAGE, 0, HTTP_BODY_NONE, 200, ai_usage_params, NULL,
      api_ai_usage, "getAiUsage", "Use of AI tools by tool, user or day.", "AiUsage" },
    { "GET", "/v1/agent/summary", TS_PERM_AGENT, 0, HTTP_BODY_NONE, 200, NULL, NULL,
      api_agent_summary, "getAgentSummary",
      "The whole organization in brief: what matters most, why, and what to do next.",
      "AgentSummary" },
    { "GET", "/v1/agent/tools", TS_PERM_AGENT, 0, HTTP_BODY_NONE, 200, NULL, NULL, api_agent_tools,
      "listAgentTools",
      "The tools that this key may call over MCP, with schemas, permissions and examples.",
      "AgentToolList" },
    { "POST", "/mcp", TS_PERM_AGENT, HTTP_PLAIN | HTTP_GUARDED, HTTP_BODY_RPC, 200, NULL, NULL,
      api_mcp, "callMcp", "MCP, Streamable HTTP: JSON-RPC in and out.", NULL },
    { "POST", "/v1/agent/query", TS_PERM_AGENT, HTTP_REPEATABLE, HTTP_BODY_JSON, 200, NULL,
      query_fields, api_agent_query, "askQuestion",
      "A question in plain words: how it was understood, the answer, and the plain request that "
      "gives the same. Needs the permission of the data asked for as well; changes nothing.",
      "AgentAnswer" },
    { "POST", "/v1/events", TS_PERM_INGEST, HTTP_REPEATABLE, HTTP_BODY_EVENTS, 202, events_params,
      NULL, api_events, "ingestEvents",
      "Take in audit records: a JSON object, an array, or NDJSON; gzip is accepted. At most 8 MiB "
      "and 10,000 records.",
      "Ingested" },
    { "PUT", "/v1/directory/users", TS_PERM_INGEST, 0, HTTP_BODY_LIST, 200, NULL, directory_fields,
      api_directory, "putDirectoryUsers",
      "Who works here: users are made or brought up to date; whom the list leaves out stays. At "
      "most "
      "10,000 rows; a bad one is rejected by its index and the rest is kept.",
      "DirectoryUploaded" },
    { "GET", "/v1/apps", TS_PERM_READ_APPS, 0, HTTP_BODY_NONE, 200, apps_params, NULL, api_apps,
      "listApps", "Third-party apps with scopes and risk, highest risk first.", "AppList" },
    { "GET", "/v1/apps/{id}", TS_PERM_READ_APPS, 0, HTTP_BODY_NONE, 200, one_params, NULL, api_app,
      "getApp", "A third-party app.", "AppDetails" },
    { "PATCH", "/v1/apps/{id}", TS_PERM_WRITE_APPS, 0, HTTP_BODY_JSON, 200, NULL, app_fields,
      api_app_update, "updateApp", "Trust an app, or no longer.", "AppDetails" },
    { "GET", "/v1/trusted-contacts", TS_PERM_READ_USERS, 0, HTTP_BODY_NONE, 200, contacts_params,
      NULL, api_contacts, "listTrustedContacts",
      "Domains and addresses outside that may get things from here.", "ContactList" },
    { "POST", "/v1/trusted-contacts", TS_PERM_WRITE_CONTACTS, 0, HTTP_BODY_JSON, 201, NULL,
      contact_fields, api_contact_add, "addTrustedContact",
      "Trust a domain or an e-mail address; what is trusted already stays.", "ContactDetails" },
    { "DELETE", "/v1/trusted-contacts/{value}", TS_PERM_WRITE_CONTACTS, 0, HTTP_BODY_NONE, 200,
      NULL, NULL, api_contact_remove, "removeTrustedContact", "Trust a contact no longer.",
      "ContactRemoved" },
    { "GET", "/v1/webhooks/endpoints", TS_PERM_ADMIN, 0, HTTP_BODY_NONE, 200, endpoints_params,
      NULL, api_endpoints, "listWebhookEndpoints", "Webhook endpoints.", "EndpointList" },
    { "POST", "/v1/webhooks/endpoints", TS_PERM_ADMIN, HTTP_SECRET, HTTP_BODY_JSON, 201, NULL,
      endpoint_fields, api_endpoint_create, "createWebhookEndpoint",
      "Create a webhook endpoint; its secret is in this answer only.", "EndpointCreated" },
    { "GET", "/v1/webhooks/endpoints/{id}", TS_PERM_ADMIN, 0, HTTP_BODY_NONE, 200, NULL, NULL,
      api_endpoint, "getWebhookEndpoint", "A webhook endpoint.", "EndpointDetails" },
    { "PATCH", "/v1/webhooks/endpoints/{id}", TS_PERM_ADMIN, 0, HTTP_BODY_JSON, 200, NULL,
      endpoint_update_fields, api_endpoint_update, "updateWebhookEndpoint",
      "Change a webhook endpoint; what is not given stays.", "EndpointDetails" },
    { "DELETE", "/v1/webhooks/endpoints/{id}", TS_PERM_ADMIN, 0, HTTP_BODY_NONE, 200, NULL, NULL,
      api_endpoint_delete, "deleteWebhookEndpoint", "Delete a webhook endpoint.", "Deleted" },
    { "POST", "/v1/webhooks/endpoints/{id}/rotate-secret", TS_PERM_ADMIN, HTTP_SECRET,
      HTTP_BODY_JSON, 200, NULL, secret_fields, api_endpoint_rotate, "rotateWebhookSecret",
      "A new secret beside the old one, which goes on until overlap_seconds are over or the new "
      "one is promoted; it is in this answer only.",
      "EndpointCreated" },
    { "POST", "/v1/webhooks/endpoints/{id}/promote-secret", TS_PERM_ADMIN, 0, HTTP_BODY_NONE, 200,
      NULL, NULL, api_endpoint_promote, "promoteWebhookSecret",
      "End a rotation now: the new secret alone signs.", "EndpointDetails" },
    { "POST", "/v1/webhooks/endpoints/{id}/test", TS_PERM_ADMIN, 0, HTTP_BODY_NONE, 202, NULL, NULL,
      api_endpoint_test, "testWebhookEndpoint", "Send a webhook.test event to this endpoint.",
      "WebhookReplay" },
    { "POST", "/v1/webhooks/endpoints/{id}/replay-failed", TS_PERM_ADMIN, 0, HTTP_BODY_JSON, 202,
      NULL, replay_fields, api_endpoint_replay, "replayFailedWebhooks",
      "Queue everything again that failed at this endpoint, the oldest first and no faster than it "
      "keeps up.",
      "WebhookReplay" },
    { "GET", "/v1/webhooks/events", TS_PERM_ADMIN, 0, HTTP_BODY_NONE, 200, webhook_events_params,
      NULL, api_webhook_events, "listWebhookEvents",
      "Webhook events with their deliveries and attempts, newest first. With endpoint_id, status "
      "is "
      "that of the delivery to it.",
      "WebhookEventList" },
    { "GET", "/v1/webhooks/events/{id}", TS_PERM_ADMIN, 0, HTTP_BODY_NONE, 200, NULL, NULL,
      api_webhook_event, "getWebhookEvent", "A webhook event with its deliveries and attempts.",
      "WebhookEventDetails" },
    { "POST", "/v1/webhooks/events/{id}/replay", TS_PERM_ADMIN, 0, HTTP_BODY_NONE, 202, NULL, NULL,
      api_webhook_event_replay, "replayWebhookEvent",
      "Send an event again where it failed, or everywhere if it failed nowhere: same id, same "
      "bytes.",
      "WebhookReplay" },
    { "GET", "/v1/api-keys", TS_PERM_ADMIN, HTTP_SECRET, HTTP_BODY_NONE, 200, keys_params, NULL,
      api_keys, "listApiKeys", "API keys, newest first, without their secrets.", "ApiKeyList" },
    { "POST", "/v1/api-keys", TS_PERM_ADMIN, HTTP_SECRET, HTTP_BODY_JSON, 201, NULL, key_fields,
      api_key_create, "createApiKey", "Create an API key; its secret is in this answer only.",
      "ApiKeyCreated" },
    { "GET", "/v1/api-keys/{id}", TS_PERM_ADMIN, HTTP_SECRET, HTTP_BODY_NONE, 200, NULL, NULL,
      api_key, "getApiKey", "An API key, without its secret.", "ApiKeyDetails" },
    { "PATCH", "/v1/api-keys/{id}", TS_PERM_ADMIN, HTTP_SECRET, HTTP_BODY_JSON, 200, NULL,
      key_change_fields, api_key_update, "updateApiKey",
      "Change an API key's name, permissions or end.", "ApiKeyDetails" },
    { "DELETE", "/v1/api-keys/{id}", TS_PERM_ADMIN, HTTP_SECRET, HTTP_BODY_NONE, 200, NULL, NULL,
      api_key_revoke, "revokeApiKey", "Revoke an API key, from the next request on.",
      "ApiKeyDetails" },
    { "POST", "/v1/api-keys/{id}/rotate", TS_PERM_ADMIN, HTTP_SECRET, HTTP_BODY_JSON, 201, NULL,
      rotate_fields, api_key_rotate, "rotateApiKey",
      "A new key in the place of this one, which works on for overlap_seconds.", "ApiKeyRotated" },
    { "GET", "/v1/audit-log", TS_PERM_ADMIN, 0, HTTP_BODY_NONE, 200, audit_params, NULL,
      api_audit_log, "listAuditLog", "The audit log, newest first.", "AuditList" },
    { "GET", "/v1/exports/users.csv", TS_PERM_READ_USERS, HTTP_STREAM, HTTP_BODY_NONE, 200,
      RAW_FILTERS(users_params), NULL, api_export_users, "exportUsers",
      "All users of the filter as CSV, highest risk first.", NULL },
    { "GET", "/v1/exports/incidents.csv", TS_PERM_READ_INCIDENTS, HTTP_STREAM, HTTP_BODY_NONE, 200,
      FILTERS(incidents_params), NULL, api_export_incidents, "exportIncidents",
      "All incidents of the filter as CSV, newest first.", NULL },
    { "GET", "/v1/exports/apps.csv", TS_PERM_READ_APPS, HTTP_STREAM, HTTP_BODY_NONE, 200,
      RAW_FILTERS(apps_params), NULL, api_export_apps, "exportApps",
      "All connected apps of the filter as CSV, highest risk first.", NULL },
    { "GET", "/v1/exports/ai-usage.csv", TS_PERM_READ_AI_USAGE, HTTP_STREAM, HTTP_BODY_NONE, 200,
      ai_usage_params, NULL, api_export_ai_usage, "exportAiUsage",
      "Use of AI tools by tool, user or day as CSV.", NULL },
    { "GET", "/docs", 0, HTTP_PUBLIC | HTTP_PLAIN | HTTP_PAGE | HTTP_ASIDE, HTTP_BODY_NONE, 200,
      NULL, NULL, api_docs, "getDocs", "This API as a page for people.", NULL },
    { "GET", "/docs/agents", 0, HTTP_PUBLIC | HTTP_PLAIN | HTTP_TEXT, HTTP_BODY_NONE, 200, NULL,
      NULL, api_agent_page, "getAgentPage",
      "What an agent has to know: how to connect, what can be asked, limits, safety.", NULL },
    { "GET", "/llms.txt", 0, HTTP_PUBLIC | HTTP_PLAIN | HTTP_TEXT, HTTP_BODY_NONE, 200, NULL, NULL,
      api_llms, "getLlmsTxt", "What is here for language models, as llmstxt.org has it.", NULL },
    { "GET", "/v1/openapi.json", 0, HTTP_PUBLIC | HTTP_PLAIN | HTTP_ASIDE, HTTP_BODY_NONE, 200,
      NULL, NULL, api_openapi, "getOpenApi", "This document.", NULL },
    { "GET", "/healthz", 0, HTTP_PUBLIC | HTTP_PLAIN, HTTP_BODY_NONE, 200, NULL, NULL, healthz,
      "getHealth", "The gateway is alive.", "Health" },
};
const size_t api_route_count = TS_COUNT(api_routes);
