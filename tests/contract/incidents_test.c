/* incidents over its socket, with its real store: which detections become which incident, and what is told of it. */
#include "incidents.h"
#include "served.h"

#define HOUR TS_HOUR_MS

static served s;
static incidents app;
static int64_t now_ms; /* of every detection's base time */
static ts_tenant tenant = { 1, TS_MODE_LIVE };

static const chain_limits limits = { .gap_ms = 24 * TS_HOUR_MS,
                                     .span_ms = 7 * TS_DAY_MS,
                                     .open_severity = 2 };

static void start(void)
{
    served_open_store(&s, incidents_families);
    CHECK_EQ(incidents_init(&app, s.store, &limits), TS_OK);
    CHECK_EQ(
        ts_inbox_new(s.store, INCIDENTS_INBOX, "incidents", incidents_apply_row, &app, &app.inbox),
        TS_OK);
    ts_inbox_guard(app.inbox, incidents_lock_tenant, incidents_unlock_tenant);
    served_start(&s, "incidents", incidents_rows, &app);
}

static void stop(void)
{
    served_stop(&s);
    ts_inbox_free(app.inbox);
    ts_store_close(TS_TAKE(s.store));
}

/* Each test has an organization of its own. */
static void fresh_organization(void)
{
    tenant.org++;
    served_forget(&s);
}

static char *text(const char *z)
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

static void detect_as(const shape *wanted)
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

static void detect(const char *id, const char *rule, uint32_t severity, const char *user,
                   int64_t at_hours)
{
    detect_as(&(shape){
        .id = id, .rule = rule, .severity = severity, .user = user, .at_hours = at_hours });
}

/* ---- asking ---- */

static ts_status ask_list(Ts__Incidents__ListRequest *request,
                          const Ts__Incidents__IncidentList **ret)
{
    return served_call(&s, tenant, &ts_incidents_list, &request->base, ret);
}

static const Ts__Incidents__IncidentList *list_of(const char *status, int severity,
                                                  const char *user, uint32_t limit, uint64_t offset)
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

static const Ts__Incidents__IncidentList *all(void)
{
    return list_of("all", -1, "", 200, 0);
}

static const Ts__Incidents__Incident *only(void)
{
    const Ts__Incidents__IncidentList *list = all();

    CHECK_EQ(list->total, 1);
    CHECK_EQ(list->n_incidents, 1);
    return list->incidents[0];
}

static const Ts__Incidents__IncidentDetails *get(const char *id)
{
    Ts__Incidents__GetRequest request = TS__INCIDENTS__GET_REQUEST__INIT;
    const Ts__Incidents__IncidentDetails *details = NULL;

    request.id = text(id);
    CHECK_EQ(served_call(&s, tenant, &ts_incidents_get, &request.base, &details), TS_OK);
    return details;
}

static ts_status update(const char *id, const char *status, const char *notes,
                        const Ts__Incidents__IncidentDetails **ret)
{
    Ts__Incidents__UpdateStatusRequest request = TS__INCIDENTS__UPDATE_STATUS_REQUEST__INIT;

    request.id = text(id);
    request.status = text(status);
    request.notes = text(notes);
    return served_call(&s, tenant, &ts_incidents_update_status, &request.base, ret);
}

static const Ts__Incidents__IncidentDetails *updated(const char *id, const char *status,
                                                     const char *notes)
{
    const Ts__Incidents__IncidentDetails *details = NULL;

    CHECK_EQ(update(id, status, notes, &details), TS_OK);
    return details;
}

static const Ts__Incidents__SummaryReply *summary(void)
{
    Ts__Incidents__SummaryRequest request = TS__INCIDENTS__SUMMARY_REQUEST__INIT;
    const Ts__Incidents__SummaryReply *reply = NULL;

    CHECK_EQ(served_call(&s, tenant, &ts_incidents_summary, &request.base, &reply), TS_OK);
    return reply;
}

static const Ts__WebhookPublish *webhook(uint64_t seq)
{
    const Ts__WebhookPublish *p = NULL;

    served_read(&s, INCIDENTS_TO_WEBHOOKS, seq, &ts__webhook_publish__descriptor, &p);
    return p;
}

static const Ts__IncidentChanged *told_risk(uint64_t seq)
{
    const Ts__IncidentChanged *c = NULL;

    served_read(&s, INCIDENTS_TO_RISK, seq, &ts__incident_changed__descriptor, &c);
    return c;
}

/* ---- chains ---- */

static void a_chain_of_one_user_is_one_incident(void)
{
    const Ts__Incidents__IncidentDetails *details;
    const Ts__Incidents__Incident *incident;

    detect_as(&(shape){ "a", "brute", 3, "ann@example.com", 0, 4, NULL, false, "TA0006" });
    detect_as(&(shape){ "b", "forward", 2, "ann@example.com", 2, 1, NULL, false, "TA0003" });
    detect_as(&(shape){ "c", "share", 2, "ann@example.com", 20, 1, NULL, false, "TA0010" });
    incident = only();
    CHECK_EQ(incident->detection_count, 3);
    CHECK_EQ(incident->n_rule_ids, 3);
    CHECK_EQ(incident->severity, 4); /* high, raised by three tactics */
    CHECK_EQ(incident->n_affected_users, 1);
    CHECK_EQ(incident->revision, 3);
    CHECK(strncmp(incident->id, "inc_", 4) == 0);
    CHECK(strcmp(incident->status, "open") == 0);
    details = get(incident->id);
    CHECK_EQ(details->n_detections, 3);
    CHECK_EQ(details->detections[0]->n_evidence, 1);
    CHECK_EQ(details->n_threat_chain, 3);
    CHECK(strcmp(details->threat_chain[0]->tactic, "TA0006") == 0);
    CHECK_EQ(details->n_timeline, 4);
    CHECK(strcmp(details->timeline[0]->text, "brute (4 events)") == 0);
    CHECK(strcmp(details->timeline[1]->kind, "created") == 0);
}

static void other_users_and_other_modes_have_incidents_of_their_own(void)
{
    detect("a", "r", 3, "ann@example.com", 0);
    detect("b", "r", 3, "bob@example.com", 0);
    CHECK_EQ(all()->total, 2);
    tenant.mode = TS_MODE_TEST;
    CHECK_EQ(all()->total, 0);
    detect("a", "r", 3, "ann@example.com", 0);
    CHECK_EQ(all()->total, 1);
    tenant.mode = TS_MODE_LIVE;
    CHECK_EQ(all()->total, 2);
}

static void a_gap_of_more_than_a_day_opens_another(void)
{
    detect("a", "r", 3, "ann@example.com", 0);
    detect("b", "q", 3, "ann@example.com", 24);
    CHECK_EQ(all()->total, 1);
    detect("c", "q", 3, "ann@example.com", 49);
    CHECK_EQ(all()->total, 2);
}

static void a_late_detection_extends_backwards(void)
{
    const Ts__Incidents__Incident *incident;

    detect("a", "r", 3, "ann@example.com", 0);
    detect("b", "q", 3, "ann@example.com", -20);
    incident = only();
    CHECK_EQ(incident->first_event_ms, now_ms - 20 * HOUR);
    CHECK_EQ(incident->last_event_ms, now_ms);
    detect("c", "p", 3, "ann@example.com", -40);
    CHECK_EQ(only()->detection_count, 3);
}

static void a_chain_ends_after_seven_days(void)
{
    char id[8];

    for (int day = 0; day <= 7; day++) {
        snprintf(id, sizeof(id), "d%d", day);
        detect(id, "r", 3, "ann@example.com", day * 24);
    }
    CHECK_EQ(only()->detection_count, 8);
    detect("d8", "r", 3, "ann@example.com", 8 * 24);
    CHECK_EQ(all()->total, 2);
}

static void without_a_user_the_dedup_key_holds_the_chain(void)
{
    detect_as(&(shape){ "a", "r", 3, "", 0, 1, "domain.example", false, NULL });
    detect_as(&(shape){ "b", "q", 3, "", 1, 1, "domain.example", false, NULL });
    detect_as(&(shape){ "c", "r", 3, "", 1, 1, "other.example", false, NULL });
    CHECK_EQ(all()->total, 2);
    CHECK_EQ(all()->incidents[0]->n_affected_users, 0);
}

static void historical_detections_are_passed_over(void)
{
    detect_as(&(shape){ "a", "r", 4, "ann@example.com", 0, 1, NULL, true, NULL });
    CHECK_EQ(all()->total, 0);
}

/* ---- repeats ---- */

static void a_repeat_without_news_changes_nothing(void)
{
    uint64_t to_risk;
    uint64_t to_webhooks;

    detect("a", "r", 3, "ann@example.com", 0);
    to_risk = served_sent(&s, INCIDENTS_TO_RISK);
    to_webhooks = served_sent(&s, INCIDENTS_TO_WEBHOOKS);
    detect("a", "r", 3, "ann@example.com", 0);
    CHECK_EQ(only()->revision, 1);
    CHECK_EQ(only()->detection_count, 1);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_RISK), to_risk);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), to_webhooks);
}

static void a_higher_count_moves_the_row_and_the_revision_and_calls_nobody(void)
{
    uint64_t to_webhooks;

    detect("a", "r", 3, "ann@example.com", 0);
    to_webhooks = served_sent(&s, INCIDENTS_TO_WEBHOOKS);
    detect_as(&(shape){ "a", "r", 3, "ann@example.com", 0, 9, NULL, false, NULL });
    CHECK_EQ(only()->revision, 2);
    CHECK_EQ(only()->detection_count, 1);
    CHECK_EQ(only()->last_event_ms, now_ms + 8000);
    CHECK_EQ(get(only()->id)->detections[0]->count, 9);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), to_webhooks);
}

static void an_earlier_first_event_moves_the_row(void)
{
    detect("a", "r", 3, "ann@example.com", 0);
    detect("a", "r", 3, "ann@example.com", -1);
    CHECK_EQ(get(only()->id)->n_detections, 1);
    CHECK_EQ(only()->first_event_ms, now_ms - HOUR);
    detect_as(&(shape){ "a", "r", 3, "ann@example.com", 0, 9, NULL, false, NULL });
    CHECK_EQ(get(only()->id)->n_detections, 1);
    CHECK_EQ(only()->revision, 3);
}

/* ---- waiting ---- */

static void small_detections_wait_and_are_taken_when_one_opens(void)
{
    detect("a", "small", 1, "ann@example.com", -40);
    detect("b", "small2", 0, "ann@example.com", -20);
    detect("c", "small3", 1, "bob@example.com", -1);
    detect("z", "old", 1, "ann@example.com", -100);
    CHECK_EQ(all()->total, 0);
    detect("d", "great", 3, "ann@example.com", 0);
    CHECK_EQ(only()->detection_count, 3); /* "a" fits only since "b" has joined */
    CHECK_EQ(only()->first_event_ms, now_ms - 40 * HOUR);
    CHECK_EQ(only()->revision, 1);
    CHECK(strcmp(only()->title, "great and 2 related detections") == 0);
    CHECK_EQ(told_risk(served_sent(&s, INCIDENTS_TO_RISK))->n_detection_ids, 3);
    detect("e", "small4", 1, "ann@example.com", 3); /* joins what is open */
    CHECK_EQ(only()->detection_count, 4);
}

static void a_waiting_detection_that_grows_may_open(void)
{
    detect("a", "r", 1, "ann@example.com", 0);
    detect_as(&(shape){ "a", "r", 1, "ann@example.com", 0, 3, NULL, false, NULL });
    CHECK_EQ(all()->total, 0);
    detect_as(&(shape){ "a", "r", 2, "ann@example.com", 0, 3, NULL, false, NULL });
    CHECK_EQ(only()->detection_count, 1);
    CHECK_EQ(get(only()->id)->detections[0]->count, 3);
    detect("b", "q", 3, "ann@example.com", 0);
    CHECK_EQ(only()->detection_count, 2); /* it does not wait any more */
}

/* ---- life ---- */

static void an_incident_is_taken_up_and_resolved_with_notes(void)
{
    const Ts__Incidents__IncidentDetails *details;

    detect("a", "r", 3, "ann@example.com", -1);
    details = updated(only()->id, "investigating", "Asked Ann.");
    CHECK(strcmp(details->incident->status, "investigating") == 0);
    CHECK_EQ(details->n_notes, 1);
    CHECK(strcmp(details->notes[0]->actor, "key:key_test") == 0);
    CHECK_EQ(details->incident->closed_ms, 0);
    details = updated(only()->id, "investigating", "Ann says no.");
    CHECK_EQ(details->n_notes, 2);
    CHECK_EQ(details->incident->revision, 3);
    details = updated(only()->id, "investigating", "");
    CHECK_EQ(details->incident->revision, 3);
    details = updated(only()->id, "resolved", "Password changed.");
    CHECK(strcmp(details->incident->status, "resolved") == 0);
    CHECK(strcmp(details->incident->resolution, "Password changed.") == 0);
    CHECK(details->incident->closed_ms > 0);
    CHECK_EQ(details->n_timeline, 1 + 1 + 2 + 3); /* detection, created, changes, notes */
    CHECK(strcmp(details->timeline[5]->text, "Status changed from investigating to resolved.") ==
          0);
}

static void a_closed_incident_refuses_every_change(void)
{
    static const char *const states[] = { "investigating", "resolved", "false_positive" };
    const Ts__Incidents__IncidentDetails *details = NULL;

    detect("a", "r", 3, "ann@example.com", 0);
    (void)updated(only()->id, "false_positive", "");
    for (size_t i = 0; i < TS_COUNT(states); i++) {
        CHECK_EQ(update(only()->id, states[i], "x", &details), TS_CONFLICT);
        CHECK(s.error.text[0] != '\0');
    }
    CHECK_EQ(only()->revision, 2);
}

static void wrong_changes_are_named(void)
{
    const Ts__Incidents__IncidentDetails *details = NULL;
    static char notes[4002];

    detect("a", "r", 3, "ann@example.com", 0);
    memset(notes, 'n', sizeof(notes) - 1);
    CHECK_EQ(update(only()->id, "resolved", notes, &details), TS_INVALID);
    CHECK(strcmp(s.error.param, "notes") == 0);
    CHECK_EQ(update(only()->id, "resolved", "\xff", &details), TS_INVALID);
    CHECK(strcmp(s.error.param, "notes") == 0);
    notes[4000] = '\0';
    CHECK_EQ(update(only()->id, "open", "", &details), TS_INVALID);
    CHECK(strcmp(s.error.param, "status") == 0);
    CHECK_EQ(update("inc_nothing", "resolved", "", &details), TS_NOT_FOUND);
    CHECK_EQ(update("inc_0000000000000000000001", "resolved", "", &details), TS_NOT_FOUND);
    CHECK_EQ(update(only()->id, "resolved", notes, &details), TS_OK);
}

static void what_happened_before_the_closing_joins_the_closed_incident(void)
{
    uint64_t to_webhooks;
    const Ts__IncidentChanged *change;

    now_ms = ts_wall_ms(); /* closing is at the wall clock */
    detect("a", "r", 3, "ann@example.com", -2);
    (void)updated(only()->id, "false_positive", "");
    to_webhooks = served_sent(&s, INCIDENTS_TO_WEBHOOKS);
    detect("b", "r", 3, "ann@example.com", -1);
    CHECK_EQ(only()->detection_count, 2);
    CHECK(strcmp(only()->status, "false_positive") == 0);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), to_webhooks);
    change = told_risk(served_sent(&s, INCIDENTS_TO_RISK));
    CHECK(strcmp(change->status, "false_positive") == 0);
    CHECK_EQ(change->n_detection_ids, 1);
    CHECK_EQ(change->detection_ids[0].data[0], 'b');
    detect("c", "q", 3, "ann@example.com", -1); /* another rule: not what was judged */
    CHECK_EQ(all()->total, 2);
    detect("d", "r", 3, "ann@example.com", 1); /* after the closing: joins the open one */
    CHECK_EQ(all()->total, 2);
    CHECK_EQ(list_of("open", -1, "", 10, 0)->incidents[0]->detection_count, 2);
}

/* ---- lists ---- */

static void lists_filter_page_and_count(void)
{
    char id[8];
    char user[32];

    for (int i = 0; i < 12; i++) {
        snprintf(id, sizeof(id), "d%d", i);
        snprintf(user, sizeof(user), "user%d@example.com", i % 6);
        now_ms += TS_DAY_MS * 2;
        detect(id, "r", i % 2 == 0 ? 3 : 2, user, 0);
    }
    CHECK_EQ(all()->n_incidents, 12);
    for (size_t i = 1; i < 12; i++)
        CHECK(all()->incidents[i - 1]->created_ms > all()->incidents[i]->created_ms);
    CHECK_EQ(list_of("all", -1, "", 5, 10)->n_incidents, 2);
    CHECK_EQ(list_of("all", -1, "", 5, 10)->total, 12);
    CHECK_EQ(list_of("all", -1, "", 5, 12)->n_incidents, 0);
    CHECK_EQ(list_of("open", 3, "", 5, 0)->total, 6);
    CHECK_EQ(list_of("open", 3, "", 5, 0)->n_incidents, 5);
    CHECK_EQ(list_of("open", 4, "", 5, 0)->total, 0);
    CHECK_EQ(list_of("all", -1, "USER1@example.com", 5, 0)->total, 2);
    CHECK_EQ(list_of("all", 3, "user1@example.com", 5, 0)->total, 0);
    (void)updated(all()->incidents[3]->id, "resolved", "");
    CHECK_EQ(list_of("open", -1, "", 200, 0)->total, 11);
    CHECK_EQ(list_of("open", -1, "", 200, 0)->n_incidents, 11);
    CHECK_EQ(list_of("closed", -1, "", 200, 0)->total, 1);
    CHECK_EQ(list_of("closed", -1, "", 200, 0)->n_incidents, 1);
    CHECK_EQ(list_of("all", -1, "", 200, 0)->n_incidents, 12);
}

static void lists_are_bounded_by_time_of_creation(void)
{
    Ts__Incidents__ListRequest request = TS__INCIDENTS__LIST_REQUEST__INIT;
    const Ts__Incidents__IncidentList *list = NULL;
    int64_t first_ms = now_ms;

    for (int i = 0; i < 4; i++) {
        char id[8];

        snprintf(id, sizeof(id), "d%d", i);
        now_ms = first_ms + i * TS_DAY_MS * 2;
        detect(id, "r", 3, "ann@example.com", 0);
    }
    request.status = text("all");
    request.severity = -1;
    request.limit = 1;
    request.since_ms = first_ms + TS_DAY_MS * 2;
    request.until_ms = first_ms + TS_DAY_MS * 6;
    CHECK_EQ(ask_list(&request, &list), TS_OK);
    CHECK_EQ(list->total, 2);
    CHECK_EQ(list->n_incidents, 1);
    CHECK_EQ(list->incidents[0]->created_ms, first_ms + TS_DAY_MS * 4);
    request.until_ms = 0;
    CHECK_EQ(ask_list(&request, &list), TS_OK);
    CHECK_EQ(list->total, 3);
    request.until_ms = request.since_ms;
    CHECK_EQ(ask_list(&request, &list), TS_OK);
    CHECK_EQ(list->total, 0);
}

static void wrong_lists_are_named(void)
{
    Ts__Incidents__ListRequest request = TS__INCIDENTS__LIST_REQUEST__INIT;
    const Ts__Incidents__IncidentList *list = NULL;

    request.status = text("all");
    request.severity = -1;
    CHECK_EQ(ask_list(&request, &list), TS_INVALID);
    CHECK(strcmp(s.error.param, "limit") == 0);
    request.limit = 201;
    CHECK_EQ(ask_list(&request, &list), TS_INVALID);
    request.limit = 1;
    request.severity = 5;
    CHECK_EQ(ask_list(&request, &list), TS_INVALID);
    CHECK(strcmp(s.error.param, "severity") == 0);
    request.severity = -1;
    request.status = text("resolved");
    CHECK_EQ(ask_list(&request, &list), TS_INVALID);
    CHECK(strcmp(s.error.param, "status") == 0);
}

static void the_summary_counts_what_is_open(void)
{
    char id[8];
    char user[32];

    for (int i = 0; i < 7; i++) {
        snprintf(id, sizeof(id), "d%d", i);
        snprintf(user, sizeof(user), "user%d@example.com", i);
        detect(id, "r", i < 2 ? 4 : 2, user, 0);
    }
    (void)updated(all()->incidents[0]->id, "investigating", "");
    (void)updated(all()->incidents[1]->id, "resolved", "");
    CHECK_EQ(summary()->open, 5);
    CHECK_EQ(summary()->investigating, 1);
    CHECK_EQ(summary()->n_by_severity, 5);
    CHECK_EQ(summary()->by_severity[4] + summary()->by_severity[2], 6);
    CHECK_EQ(summary()->n_latest, 5);
}

/* ---- what others are told ---- */

static void webhooks_tell_of_opening_changes_and_closing(void)
{
    uint64_t at = served_sent(&s, INCIDENTS_TO_WEBHOOKS);
    uint64_t risk_at = served_sent(&s, INCIDENTS_TO_RISK);
    char id[TS_ID_SIZE];
    char expected[512];

    detect("a", "r", 2, "ann@example.com", 0);
    snprintf(id, sizeof(id), "%s", only()->id);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), at + 1);
    CHECK(strcmp(webhook(at + 1)->event, "incident.created") == 0);
    CHECK_EQ(webhook(at + 1)->cause.len, 16);
    snprintf(expected, sizeof(expected),
             "{\"incident_id\":\"%s\",\"severity\":\"medium\",\"title\":\"r\","
             "\"affected_user\":\"ann@example.com\",\"affected_users\":[\"ann@example.com\"],"
             "\"status\":\"open\",\"rule_ids\":[\"r\"],\"mitre_tactics\":[\"TA0001\"]}",
             id);
    CHECK(strcmp(webhook(at + 1)->data, expected) == 0);

    detect("b", "r", 2, "ann@example.com", 1); /* a mere join */
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), at + 1);
    detect("c", "q", 3, "ann@example.com", 2); /* severer */
    CHECK(strcmp(webhook(at + 2)->event, "incident.updated") == 0);
    CHECK(strstr(webhook(at + 2)->data, "\"severity\":\"high\"") != NULL);
    (void)updated(id, "investigating", "");
    CHECK(strcmp(webhook(at + 3)->event, "incident.updated") == 0);
    (void)updated(id, "investigating", "a note");
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), at + 3);
    (void)updated(id, "resolved", "");
    CHECK(strcmp(webhook(at + 4)->event, "incident.resolved") == 0);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), at + 4);

    CHECK_EQ(served_sent(&s, INCIDENTS_TO_RISK), risk_at + 5);
    CHECK_EQ(told_risk(risk_at + 2)->n_detection_ids, 1);
    CHECK_EQ(told_risk(risk_at + 4)->n_detection_ids, 3); /* investigating: all of them */
    CHECK_EQ(told_risk(risk_at + 5)->n_detection_ids, 3);
    CHECK(strcmp(told_risk(risk_at + 5)->status, "resolved") == 0);
    CHECK_EQ(told_risk(risk_at + 5)->revision, 6);
}

static void what_cannot_be_applied_blocks_nothing(void)
{
    Ts__Detection d = TS__DETECTION__INIT;

    served_hand_over(&s, &ts_incidents_accept, tenant, "detection", now_ms, &d.base);
    served_hand_over(&s, &ts_incidents_accept, tenant, "ai_use", now_ms, &d.base);
    detect("a", "r", 3, "ann@example.com", 0);
    CHECK_EQ(all()->total, 1);
}

static void everything_is_there_after_a_restart(void)
{
    char id[TS_ID_SIZE];

    detect("a", "r", 3, "ann@example.com", 0);
    detect("w", "small", 1, "bob@example.com", 0);
    snprintf(id, sizeof(id), "%s", only()->id);
    (void)updated(id, "investigating", "a note");
    stop();
    start();
    CHECK(strcmp(only()->id, id) == 0);
    CHECK_EQ(get(id)->n_notes, 1);
    CHECK_EQ(summary()->investigating, 1);
    detect("a", "r", 3, "ann@example.com", 0);
    CHECK_EQ(only()->revision, 2);
    detect("b", "q", 3, "ann@example.com", 1);
    CHECK_EQ(only()->detection_count, 2);
    detect("v", "great", 3, "bob@example.com", 0);
    CHECK_EQ(list_of("all", -1, "bob@example.com", 5, 0)->incidents[0]->detection_count, 2);
}

#define RUN_FRESH(test)                                                                            \
    do {                                                                                           \
        fresh_organization();                                                                      \
        RUN(test);                                                                                 \
    } while (0)

int main(void)
{
    now_ms = ts_wall_ms();
    scratch_directory(s.directory);
    start();
    RUN_FRESH(a_chain_of_one_user_is_one_incident);
    RUN_FRESH(other_users_and_other_modes_have_incidents_of_their_own);
    RUN_FRESH(a_gap_of_more_than_a_day_opens_another);
    RUN_FRESH(a_late_detection_extends_backwards);
    RUN_FRESH(a_chain_ends_after_seven_days);
    RUN_FRESH(without_a_user_the_dedup_key_holds_the_chain);
    RUN_FRESH(historical_detections_are_passed_over);
    RUN_FRESH(a_repeat_without_news_changes_nothing);
    RUN_FRESH(a_higher_count_moves_the_row_and_the_revision_and_calls_nobody);
    RUN_FRESH(an_earlier_first_event_moves_the_row);
    RUN_FRESH(small_detections_wait_and_are_taken_when_one_opens);
    RUN_FRESH(a_waiting_detection_that_grows_may_open);
    RUN_FRESH(an_incident_is_taken_up_and_resolved_with_notes);
    RUN_FRESH(a_closed_incident_refuses_every_change);
    RUN_FRESH(wrong_changes_are_named);
    RUN_FRESH(what_happened_before_the_closing_joins_the_closed_incident);
    RUN_FRESH(the_summary_counts_what_is_open);
    RUN_FRESH(webhooks_tell_of_opening_changes_and_closing);
    RUN_FRESH(what_cannot_be_applied_blocks_nothing);
    RUN_FRESH(everything_is_there_after_a_restart);
    RUN_FRESH(wrong_lists_are_named);
    RUN_FRESH(lists_filter_page_and_count);
    RUN_FRESH(lists_are_bounded_by_time_of_creation);
    stop();
    remove_directory(s.directory);
    return 0;
}
