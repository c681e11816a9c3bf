/* The table of agent/tools.h: words for models, and nothing of any organization. */
#include "agent/tools.h"

/* What the form "concise" leaves out: members that repeat what stands beside them, and the events' own fields. */
#define PAGE_PLACE "data.pagination.limit", "data.pagination.offset"
#define USER_PLACE(at)                                                                             \
    at "user.first_seen_at", at "user.scored_at", at "active_rules[].mitre_tactic",                \
        at "active_rules[].mitre_tactic_name", at "active_rules[].mitre_technique",                \
        at "active_rules[].evidence[].event_id", at "active_rules[].evidence[].fields",            \
        at "anomalies[].z_score", at "recent_activity[].event_id", at "recent_activity[].target"
#define INCIDENT_PLACE(at) at "rule_ids", at "mitre_tactics", at "updated_at"
#define INCIDENT_DETAILS(at)                                                                       \
    INCIDENT_PLACE(at), at "timeline[].actor", at "triggered_rules[].mitre_tactics",               \
        at "triggered_rules[].mitre_techniques", at "triggered_rules[].first_at",                  \
        at "triggered_rules[].last_at", at "evidence[].event_id", at "evidence[].fields"
#define APP_PLACE(at)                                                                              \
    at "client_id", at "users", at "first_seen_at", at "status_changed_at", at "scopes[].scope"

static const char *const overview_concise[] = { INCIDENT_PLACE("data.incidents.latest[]."),
                                                "data.ai_usage.top_tools[].vendor", NULL };
static const char *const profile_concise[] = { USER_PLACE("data."), NULL };
static const char *const page_concise[] = { PAGE_PLACE, NULL };
static const char *const incidents_concise[] = { INCIDENT_PLACE("data.incidents[]."), PAGE_PLACE,
                                                 NULL };
static const char *const incident_concise[] = { INCIDENT_DETAILS("data.incident."), NULL };
static const char *const ai_concise[] = { "data.groups[].vendor", "data.period.from", NULL };
static const char *const apps_concise[] = { APP_PLACE("data.apps[]."), PAGE_PLACE, NULL };
static const char *const contacts_concise[] = { "data.contacts[].kind", "data.contacts[].added_by",
                                                PAGE_PLACE, NULL };
/* An answer to a question has the shape of one of the above. */
static const char *const query_concise[] = { USER_PLACE("data.results."),
                                             INCIDENT_PLACE("data.results.incidents[]."),
                                             INCIDENT_DETAILS("data.results.incident."),
                                             APP_PLACE("data.results.apps[]."),
                                             "data.results.groups[].vendor",
                                             "data.results.pagination.limit",
                                             "data.results.pagination.offset",
                                             NULL };

#define READS false, true, false /* after `true`: destructive, idempotent, open world */

const agent_tool agent_tools[] = {
    { "get_security_overview",
      "Security overview",
      "How the organization stands now: how many users have which risk, how many incidents are "
      "open. Start here, or with get_agent_summary for what to do next. Not for one user or one "
      "incident.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/overview" } },
      { { "How are we doing?", "{}" },
        { "With open incidents and AI use",
          "{\"include_incidents\":true,\"include_ai_usage\":true}" } },
      overview_concise },
    { "get_user_risk_profile",
      "Risk profile of a user",
      "Everything about one user's risk: score 0 to 100, the rules that make it up with their "
      "points, anomalies, MITRE ATT&CK tactics, recent activity. Needs the e-mail address: find it "
      "with search_users. Not for many users at once.",
      true,
      READS,
      "user_email",
      { { NULL, "GET", "/v1/users/{email}" } },
      { { "Why is Jana at risk?", "{\"user_email\":\"jana.bianchi@lumen-works.example\"}" },
        { "And how did it come about?",
          "{\"user_email\":\"jana.bianchi@lumen-works.example\",\"include_timeline\":true}" } },
      profile_concise },
    { "list_high_risk_users",
      "High-risk users",
      "Users at or above a risk score, the highest first, at most 200. Scores run from 0 to 100; "
      "70 is high, 90 critical. Not for finding a person: that is search_users.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/users/high-risk" } },
      { { "Who is at high risk?", "{}" },
        { "The five most critical users", "{\"min_risk_score\":90,\"limit\":5}" } },
      page_concise },
    { "search_users",
      "Search users",
      "Users whose name or department has a word that begins like the query, or whose e-mail "
      "address contains it. Use it to find an address; not for listing everybody. At most 200.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/users/search" } },
      { { "Find Jana", "{\"query\":\"jana\"}" },
        { "High-risk people in finance", "{\"query\":\"finance\",\"risk_level\":\"high\"}" } },
      page_concise },
    { "list_incidents",
      "Incidents",
      "Incidents, the newest first, by default those that are open or being investigated. At most "
      "200 at once: data.pagination.next_cursor goes on as cursor. Not for what happened in one: "
      "that is get_incident_details.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/incidents" } },
      { { "What is open?", "{}" },
        { "Closed critical incidents", "{\"status\":\"closed\",\"severity\":\"critical\"}" } },
      incidents_concise },
    { "get_incident_details",
      "Details of an incident",
      "One incident with its threat chain, timeline, rules, evidence, notes and recommended "
      "actions. Needs its id, as list_incidents gives it. Not for changing it: that is "
      "update_incident_status.",
      true,
      READS,
      "incident_id",
      { { NULL, "GET", "/v1/incidents/{id}" } },
      { { "What happened?", "{\"incident_id\":\"inc_2p0bqmXTEsX9YFJrYrkyrM\"}" } },
      incident_concise },
    { "update_incident_status",
      "Change an incident's status",
      "Moves an incident to investigating, resolved or false_positive and keeps the notes with it. "
      "resolved and false_positive close it. Changes what people see: ask the user before, and say "
      "why in the notes.",
      false,
      true,
      true,
      false,
      "incident_id",
      { { NULL, "PATCH", "/v1/incidents/{id}" } },
      { { "Take it up",
          "{\"incident_id\":\"inc_2p0bqmXTEsX9YFJrYrkyrM\",\"status\":\"investigating\"}" },
        { "Close it with a reason", "{\"incident_id\":\"inc_2p0bqmXTEsX9YFJrYrkyrM\",\"status\":"
                                    "\"resolved\",\"notes\":\"Password reset.\"}" } },
      incident_concise },
    { "get_ai_usage_report",
      "AI usage report",
      "Use of AI tools in the last days, sanctioned or not, grouped by tool, user or day. At most "
      "90 days. Not for apps that users connected: that is list_trusted_apps.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/ai-usage" } },
      { { "Which AI tools are used?", "{}" },
        { "Who used them this month?", "{\"days\":30,\"group_by\":\"user\"}" } },
      ai_concise },
    { "list_trusted_apps",
      "Third-party apps",
      "Third-party apps that users connected, with their scopes and risk, the highest risk first: "
      "all of them, or only those that are trusted or untrusted. At most 200 at once: "
      "data.pagination.next_cursor goes on as cursor. It changes no trust.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/apps" } },
      { { "Which apps are trusted?", "{\"status\":\"trusted\"}" },
        { "Which ones did nobody vet?", "{\"status\":\"untrusted\",\"limit\":10}" } },
      apps_concise },
    { "manage_trusted_contacts",
      "Trusted contacts",
      "Domains and e-mail addresses outside that may get things from here: action list shows them, "
      "add and remove change them and need `value`. A wrong entry silences alerts: ask the user "
      "before you change anything.",
      false,
      true,
      true,
      false,
      "value",
      { { "list", "GET", "/v1/trusted-contacts" },
        { "add", "POST", "/v1/trusted-contacts" },
        { "remove", "DELETE", "/v1/trusted-contacts/{value}" } },
      { { "Who is trusted?", "{\"action\":\"list\"}" },
        { "Trust the printer's domain",
          "{\"action\":\"add\",\"value\":\"partner.example\",\"note\":\"our printer\"}" } },
      contacts_concise },
    { "security_query",
      "Ask in plain words",
      "Answers a question about this organization's security in English and says how it understood "
      "it. Use it when no other tool fits. It never changes anything.",
      true,
      READS,
      NULL,
      { { NULL, "POST", "/v1/agent/query" } },
      { { "A question", "{\"query\":\"Who has the highest risk?\"}" } },
      query_concise },
    { "get_agent_summary",
      "What matters now",
      "The whole organization in brief: the three things that matter most, why, and next steps as "
      "calls of these tools. At most 2,000 tokens. Not for details.",
      true,
      READS,
      NULL,
      { { NULL, "GET", "/v1/agent/summary" } },
      { { "Where should I start?", "{}" } },
      NULL },
};
const size_t agent_tool_count = TS_COUNT(agent_tools);
