/* incidents under test: its core served over a socket, detections in a few words, and the questions that tests ask. */
#ifndef CONTRACT_INCIDENTS_SERVED_H
#define CONTRACT_INCIDENTS_SERVED_H

#include "incidents.h"
#include "served.h"

#define HOUR           TS_HOUR_MS
#define KEEP_CLOSED_MS (400 * TS_DAY_MS)

static served s;
static incidents app;
static int64_t now_ms; /* of every detection's base time */
static ts_tenant tenant = { 1, TS_MODE_LIVE };

static const chain_limits limits = { .gap_ms = 24 * TS_HOUR_MS,
                                     .span_ms = 7 * TS_DAY_MS,
                                     .open_severity = 2 };

static inline void start(void)
{
    served_open_store(&s, incidents_families);
    CHECK_EQ(incidents_init(&app, s.store, &limits, KEEP_CLOSED_MS), TS_OK);
    CHECK_EQ(
        ts_inbox_new(s.store, INCIDENTS_INBOX, "incidents", incidents_apply_row, &app, &app.inbox),
        TS_OK);
    ts_inbox_guard(app.inbox, incidents_lock_tenant, incidents_unlock_tenant);
    ts_inbox_erases(app.inbox, "incidents", INCIDENTS_TO_AUTH, incidents_forget);
    served_start(&s, "incidents", incidents_rows, &app);
}

static inline void stop(void)
{
    served_stop(&s);
    ts_inbox_free(app.inbox);
    ts_store_close(TS_TAKE(s.store));
}

/* Each test has an organization of its own. */
static inline void fresh_organization(void)
{
    tenant.org++;
    served_forget(&s);
}

static inline char *text(const char *z)
{
    return (char *)(uintptr_t)z; /* only packed */
}

typedef struct shape {
    const char *id; /* up to 15 characters; the detection's identity */
    const char *rule;
    uint32_t severity;
    const char *user;
    int64_t at_hours; /* from now_ms */
    uint32_t count;
    const char *dedup;
    bool historical;
    const char *tactic;
} shape;

static inline void detect_as(const shape *wanted)
{
    Ts__Detection d = TS__DETECTION__INIT;
    Ts__Evidence evidence = TS__EVIDENCE__INIT;
    Ts__Evidence *list[] = { &evidence };
    uint8_t id[16] = { 0 };
    char *tactics[] = { text(wanted->tactic == NULL ? "TA0001" : wanted->tactic) };

    memcpy(id, wanted->id, strlen(wanted->id));
    d.id.data = id;
    d.id.len = sizeof(id);
    d.rule_id = text(wanted->rule);
    d.title = text(wanted->rule);
    d.severity = wanted->severity;
    d.user_email = text(wanted->user);
    d.event_ms = now_ms + wanted->at_hours * HOUR;
    d.last_event_ms = d.event_ms + (wanted->count == 0 ? 0 : wanted->count - 1) * 1000;
    d.count = wanted->count == 0 ? 1 : wanted->count;
    d.dedup_key = text(wanted->dedup == NULL ? wanted->user : wanted->dedup);
    d.historical = wanted->historical;
    d.tactics = tactics;
    d.n_tactics = 1;
    evidence.event_id = text("rec_1");
    evidence.summary = text("login failure");
    d.evidence = list;
    d.n_evidence = 1;
    served_hand_over(&s, &ts_incidents_accept, tenant, "detection", now_ms, &d.base);
}

static inline void detect(const char *id, const char *rule, uint32_t severity, const char *user,
                          int64_t at_hours)
{
    detect_as(&(shape){
        .id = id, .rule = rule, .severity = severity, .user = user, .at_hours = at_hours });
}

/* ---- asking ---- */

static inline ts_status ask_list(Ts__Incidents__ListRequest *request,
                                 const Ts__Incidents__IncidentList **ret)
{
    return served_call(&s, tenant, &ts_incidents_list, &request->base, ret);
}

static inline const Ts__Incidents__IncidentList *
list_of(const char *status, int severity, const char *user, uint32_t limit, uint64_t offset)
{
    Ts__Incidents__ListRequest request = TS__INCIDENTS__LIST_REQUEST__INIT;
    const Ts__Incidents__IncidentList *list = NULL;

    request.status = text(status);
    request.severity = severity;
    request.user = text(user);
    request.limit = limit;
    request.offset = offset;
    CHECK_EQ(ask_list(&request, &list), TS_OK);
    return list;
}

static inline const Ts__Incidents__IncidentList *all(void)
{
    return list_of("all", -1, "", 200, 0);
}

static inline const Ts__Incidents__Incident *only(void)
{
    const Ts__Incidents__IncidentList *list = all();

    CHECK_EQ(list->total, 1);
    CHECK_EQ(list->n_incidents, 1);
    return list->incidents[0];
}

static inline const Ts__Incidents__IncidentDetails *get(const char *id)
{
    Ts__Incidents__GetRequest request = TS__INCIDENTS__GET_REQUEST__INIT;
    const Ts__Incidents__IncidentDetails *details = NULL;

    request.id = text(id);
    CHECK_EQ(served_call(&s, tenant, &ts_incidents_get, &request.base, &details), TS_OK);
    return details;
}

static inline ts_status update(const char *id, const char *status, const char *notes,
                               const Ts__Incidents__IncidentDetails **ret)
{
    Ts__Incidents__UpdateStatusRequest request = TS__INCIDENTS__UPDATE_STATUS_REQUEST__INIT;

    request.id = text(id);
    request.status = text(status);
    request.notes = text(notes);
    return served_call(&s, tenant, &ts_incidents_update_status, &request.base, ret);
}

static inline const Ts__Incidents__IncidentDetails *updated(const char *id, const char *status,
                                                            const char *notes)
{
    const Ts__Incidents__IncidentDetails *details = NULL;

    CHECK_EQ(update(id, status, notes, &details), TS_OK);
    return details;
}

static inline const Ts__Incidents__SummaryReply *summary_with(bool trend, bool without_latest)
{
    Ts__Incidents__SummaryRequest request = TS__INCIDENTS__SUMMARY_REQUEST__INIT;
    const Ts__Incidents__SummaryReply *reply = NULL;

    request.with_trend = trend;
    request.without_latest = without_latest;
    CHECK_EQ(served_call(&s, tenant, &ts_incidents_summary, &request.base, &reply), TS_OK);
    return reply;
}

static inline const Ts__Incidents__SummaryReply *summary(void)
{
    return summary_with(false, false);
}

static inline const Ts__WebhookPublish *webhook(uint64_t seq)
{
    const Ts__WebhookPublish *p = NULL;

    served_read(&s, INCIDENTS_TO_WEBHOOKS, seq, &ts__webhook_publish__descriptor, &p);
    return p;
}

/* Webhook events about incidents; detection.triggered stands between them and is not counted. */
static inline uint64_t incident_webhooks(void)
{
    uint64_t all_rows = served_sent(&s, INCIDENTS_TO_WEBHOOKS);
    uint64_t count = 0;

    for (uint64_t seq = 1; seq <= all_rows; seq++)
        count += strncmp(webhook(seq)->event, "incident.", 9) == 0;
    return count;
}

/* The number-th of them, from 1. */
static inline const Ts__WebhookPublish *incident_webhook(uint64_t number)
{
    uint64_t seq = 0;

    while (number > 0) {
        CHECK(seq < served_sent(&s, INCIDENTS_TO_WEBHOOKS));
        number -= strncmp(webhook(++seq)->event, "incident.", 9) == 0;
    }
    return webhook(seq);
}

static inline const Ts__AuditEntry *told_auth(uint64_t seq)
{
    const Ts__AuditEntry *entry = NULL;

    served_read(&s, INCIDENTS_TO_AUTH, seq, &ts__audit_entry__descriptor, &entry);
    return entry;
}

/* A change of an incident's status that comes over no socket, for the handler itself. Its id is the caller's to fill: a call
 * with the id of another is that one, repeated. */
static inline ts_call direct_call(ts_arena *arena, ts_error *err)
{
    return (ts_call){ .caller = served_caller(tenant, "key:key_test", ""),
                      .tenant = tenant,
                      .method = &ts_incidents_update_status,
                      .arena = arena,
                      .error = err,
                      .service = &app,
                      .now_ms = ts_wall_ms() };
}

static inline ts_status reopen(const char *id, const char *notes, uint64_t revision,
                               const Ts__Incidents__IncidentDetails **ret)
{
    Ts__Incidents__ReopenRequest request = TS__INCIDENTS__REOPEN_REQUEST__INIT;

    request.id = text(id);
    request.notes = text(notes);
    request.revision = revision;
    return served_call(&s, tenant, &ts_incidents_reopen, &request.base, ret);
}

static inline const Ts__IncidentChanged *told_risk(uint64_t seq)
{
    const Ts__IncidentChanged *c = NULL;

    served_read(&s, INCIDENTS_TO_RISK, seq, &ts__incident_changed__descriptor, &c);
    return c;
}

static inline void begin(void)
{
    now_ms = ts_wall_ms();
    scratch_directory(s.directory);
    start();
}

static inline void end(void)
{
    stop();
    remove_directory(s.directory);
}

#define RUN_FRESH(test)                                                                            \
    do {                                                                                           \
        fresh_organization();                                                                      \
        RUN(test);                                                                                 \
    } while (0)

#endif
