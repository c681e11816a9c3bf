/* The life of an incident, over the socket and with the real store. */
#include <pthread.h>

#include "expire.h"
#include "incidents_served.h"

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
        CHECK(strstr(s.error.text, "reopened") != NULL); /* what is allowed */
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
    to_webhooks = incident_webhooks();
    detect("b", "r", 3, "ann@example.com", -1);
    CHECK_EQ(only()->detection_count, 2);
    CHECK(strcmp(only()->status, "false_positive") == 0);
    CHECK_EQ(incident_webhooks(), to_webhooks);
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

/* A spray and what follows are keyed by their address: whose detection it is decides. */
static void anothers_detection_from_the_same_address_is_not_judged_with(void)
{
    now_ms = ts_wall_ms();
    detect_as(&(shape){ "a", "r", 3, "ann@example.com", -2, 1, "198.51.100.7", false, NULL });
    (void)updated(only()->id, "false_positive", "");
    detect_as(&(shape){ "b", "r", 3, "bob@example.com", -1, 1, "198.51.100.7", false, NULL });
    CHECK_EQ(all()->total, 2);
    CHECK_EQ(list_of("closed", -1, "", 10, 0)->incidents[0]->n_affected_users, 1);
    CHECK_EQ(list_of("open", -1, "bob@example.com", 10, 0)->total, 1);
    detect_as(&(shape){ "c", "r", 3, "ann@example.com", -1, 1, "198.51.100.7", false, NULL });
    CHECK_EQ(list_of("closed", -1, "", 10, 0)->incidents[0]->detection_count, 2);
    /* Of nobody in particular: what is judged is the address itself. */
    detect_as(&(shape){ "d", "spray", 3, "", -2, 1, "198.51.100.7", false, NULL });
    (void)updated(list_of("open", -1, "", 1, 0)->incidents[0]->id, "resolved", "");
    detect_as(&(shape){ "e", "spray", 3, "", -1, 1, "198.51.100.7", false, NULL });
    CHECK_EQ(all()->total, 3);
    CHECK_EQ(list_of("closed", -1, "", 10, 0)->incidents[0]->detection_count, 2);
}

/* ---- opening again ---- */

static void a_closed_incident_is_reopened_and_closed_again(void)
{
    const Ts__Incidents__IncidentDetails *details = NULL;
    const Ts__IncidentChanged *change;
    char id[TS_ID_SIZE];

    now_ms = ts_wall_ms();
    detect("a", "r", 3, "ann@example.com", -2);
    detect("b", "q", 2, "ann@example.com", -1);
    snprintf(id, sizeof(id), "%s", only()->id);
    CHECK_EQ(reopen(id, "", 0, &details), TS_CONFLICT);
    CHECK(strstr(s.error.text, "open") != NULL);
    CHECK(strstr(s.error.text, "investigating, resolved or false_positive") != NULL);
    (void)updated(id, "false_positive", "a drill");
    CHECK_EQ(reopen(id, "It was none.", 0, &details), TS_OK);
    CHECK(strcmp(details->incident->status, "investigating") == 0);
    CHECK_EQ(details->incident->closed_ms, 0);
    CHECK(strcmp(details->incident->resolution, "") == 0);
    CHECK_EQ(details->n_notes, 2);
    CHECK_EQ(list_of("open", -1, "ann@example.com", 5, 0)->n_incidents, 1);
    CHECK_EQ(list_of("closed", -1, "", 5, 0)->total, 0);
    CHECK_EQ(summary()->investigating, 1);
    CHECK(strcmp(incident_webhook(incident_webhooks())->event, "incident.updated") == 0);
    change = told_risk(served_sent(&s, INCIDENTS_TO_RISK));
    CHECK(strcmp(change->status, "investigating") == 0);
    CHECK_EQ(change->n_detection_ids, 2);
    detect("c", "p", 3, "ann@example.com", 1); /* its chain goes on */
    CHECK_EQ(only()->detection_count, 3);
    CHECK_EQ(reopen(id, "", 0, &details), TS_CONFLICT);
    (void)updated(id, "resolved", "done");
    CHECK(strcmp(only()->status, "resolved") == 0);
    CHECK_EQ(reopen("inc_0000000000000000000001", "", 0, &details), TS_NOT_FOUND);
    CHECK_EQ(reopen(id, "\xff", 0, &details), TS_INVALID);
    CHECK(strcmp(s.error.param, "notes") == 0);
}

static void a_change_for_another_revision_is_refused(void)
{
    const Ts__Incidents__IncidentDetails *details = NULL;
    Ts__Incidents__UpdateStatusRequest request = TS__INCIDENTS__UPDATE_STATUS_REQUEST__INIT;

    detect("a", "r", 3, "ann@example.com", 0);
    request.id = text(only()->id);
    request.status = text("resolved");
    request.revision = 2;
    CHECK_EQ(served_call(&s, tenant, &ts_incidents_update_status, &request.base, &details),
             TS_PRECONDITION);
    CHECK(strcmp(only()->status, "open") == 0);
    request.revision = 1;
    CHECK_EQ(served_call(&s, tenant, &ts_incidents_update_status, &request.base, &details), TS_OK);
    CHECK_EQ(reopen(only()->id, "", 1, &details), TS_PRECONDITION);
    CHECK_EQ(reopen(only()->id, "", 2, &details), TS_OK);
}

/* ---- age ---- */

static void closed_incidents_leave_when_their_time_is_over(void)
{
    const Ts__Incidents__IncidentDetails *details = NULL;
    atomic_bool stopping = false;
    uint64_t count = 0;
    int64_t closed_ms;
    char id[TS_ID_SIZE];

    now_ms = ts_wall_ms();
    detect("a", "r", 3, "ann@example.com", -2);
    detect("b", "q", 3, "ann@example.com", -1);
    detect("o", "r", 3, "bob@example.com", -1);
    (void)updated(list_of("open", -1, "ann@example.com", 1, 0)->incidents[0]->id, "resolved", "x");
    snprintf(id, sizeof(id), "%s", list_of("closed", -1, "", 1, 0)->incidents[0]->id);
    closed_ms = list_of("closed", -1, "", 1, 0)->incidents[0]->closed_ms;

    CHECK_EQ(expire_closed(&app, closed_ms + KEEP_CLOSED_MS, &stopping, &count), TS_OK);
    CHECK_EQ(get(id)->n_detections, 2);
    CHECK_EQ(expire_closed(&app, closed_ms + KEEP_CLOSED_MS + 1, &stopping, &count), TS_OK);
    CHECK(count >= 1); /* the organizations of other tests may have theirs */
    {
        Ts__Incidents__GetRequest request = TS__INCIDENTS__GET_REQUEST__INIT;

        request.id = id;
        CHECK_EQ(served_call(&s, tenant, &ts_incidents_get, &request.base, &details), TS_NOT_FOUND);
    }
    CHECK_EQ(list_of("all", -1, "", 5, 0)->total, 1); /* the open one stays, however old */
    CHECK_EQ(list_of("all", -1, "", 5, 0)->n_incidents, 1);
    CHECK_EQ(list_of("closed", -1, "ann@example.com", 5, 0)->total, 0);
    CHECK_EQ(list_of("all", 3, "ann@example.com", 5, 0)->total, 0);
    CHECK_EQ(summary()->open, 1);
    CHECK_EQ(expire_closed(&app, closed_ms + KEEP_CLOSED_MS + 1, &stopping, &count), TS_OK);
    CHECK_EQ(count, 0);
    /* Nothing of it is known any more: the same detection opens an incident as if it were new. */
    detect("a", "r", 3, "ann@example.com", -2);
    CHECK_EQ(list_of("open", -1, "ann@example.com", 5, 0)->total, 1);
}

static void an_incident_of_many_detections_leaves_in_slices(void)
{
    atomic_bool stopping = false;
    uint64_t count = 0;
    char id[16];

    now_ms = ts_wall_ms();
    for (int i = 0; i < EXPIRE_SLICE + 5; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        detect(id, "r", 3, "ann@example.com", -1);
    }
    (void)updated(only()->id, "false_positive", "");
    CHECK_EQ(expire_closed(&app, now_ms + 2 * KEEP_CLOSED_MS, &stopping, &count), TS_OK);
    CHECK_EQ(all()->total, 0);
    for (unsigned family = INCIDENTS_ROWS; family <= INCIDENTS_LISTS; family++) {
        incidents_key prefix = incidents_tenant_key(tenant);
        ts_iter *it = ts_iter_prefix(s.store, family, incidents_key_view(&prefix), false);

        CHECK(!ts_iter_valid(it));
        ts_iter_free(it);
    }
    {
        incidents_key prefix = incidents_tenant_key(tenant);
        TS_CLEANUP(ts_iter_free_p)
        ts_iter *it = ts_iter_prefix(s.store, INCIDENTS_RANKS, incidents_key_view(&prefix), false);

        CHECK(!ts_iter_valid(it));
    }
}

static void an_incident_past_its_time_is_not_reopened(void)
{
    const Ts__Incidents__IncidentDetails *details = NULL;

    now_ms = ts_wall_ms();
    detect("a", "r", 3, "ann@example.com", -2);
    (void)updated(only()->id, "resolved", "");
    app.keep_closed_ms = -TS_HOUR_MS; /* as if it were closed long ago */
    CHECK_EQ(reopen(only()->id, "", 0, &details), TS_CONFLICT);
    CHECK(strstr(s.error.text, "too long ago") != NULL);
    app.keep_closed_ms = KEEP_CLOSED_MS;
    CHECK_EQ(reopen(only()->id, "", 0, &details), TS_OK);
}

static void what_waits_for_ever_leaves_too(void)
{
    atomic_bool stopping = false;
    uint64_t count = 0;
    int64_t over_ms;

    now_ms = ts_wall_ms();
    over_ms = now_ms + limits.span_ms + EXPIRE_WAITING_MS;
    detect("w", "small", 1, "ann@example.com", 0);
    CHECK_EQ(expire_waiting(&app, over_ms, &stopping, &count), TS_OK);
    CHECK_EQ(count, 0);
    CHECK_EQ(expire_waiting(&app, over_ms + 1, &stopping, &count), TS_OK);
    CHECK_EQ(count, 1);
    detect("g", "great", 3, "ann@example.com", 1);
    CHECK_EQ(only()->detection_count, 1);
}

static ts_status update_by_call(ts_arena *arena, uint8_t call_number, const char *id,
                                Ts__Incidents__IncidentDetails *rep)
{
    Ts__Incidents__UpdateStatusRequest request = TS__INCIDENTS__UPDATE_STATUS_REQUEST__INIT;
    ts_error err = { "", "" };
    ts_call call = direct_call(arena, &err);

    call.call_id[0] = call_number;
    request.id = text(id);
    request.status = text("resolved");
    request.notes = text("done");
    ts__incidents__incident_details__init(rep);
    return incidents_rpc_update_status(&call, &request.base, &rep->base);
}

static void a_repeated_call_is_answered_the_same_and_changes_nothing(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Incidents__IncidentDetails rep;
    uint64_t to_risk;

    detect("a", "r", 3, "ann@example.com", 0);
    CHECK_EQ(update_by_call(arena, 1, only()->id, &rep), TS_OK);
    CHECK_EQ(rep.incident->revision, 2);
    to_risk = served_sent(&s, INCIDENTS_TO_RISK);
    CHECK_EQ(update_by_call(arena, 1, only()->id, &rep), TS_OK);
    CHECK_EQ(rep.incident->revision, 2);
    CHECK_EQ(rep.n_notes, 1);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_RISK), to_risk);
    CHECK_EQ(update_by_call(arena, 2, only()->id, &rep), TS_CONFLICT);
}

/* Of many at once one closes it; whatever joins meanwhile is neither lost nor counted twice. */
static void *close_it(void *id)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Incidents__IncidentDetails rep;
    static atomic_uint call_number = 100;
    uint8_t number = (uint8_t)atomic_fetch_add(&call_number, 1);

    return update_by_call(arena, number, id, &rep) == TS_OK ? id : NULL;
}

static void one_of_many_closes_while_detections_join(void)
{
    pthread_t threads[8];
    char id[TS_ID_SIZE];
    unsigned closed = 0;

    detect("a", "r", 3, "ann@example.com", 0);
    snprintf(id, sizeof(id), "%s", only()->id);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, close_it, id), 0);
    for (int i = 0; i < 20; i++) {
        char detection[8];

        snprintf(detection, sizeof(detection), "j%d", i);
        detect(detection, "r", 3, "ann@example.com", -1);
    }
    for (size_t i = 0; i < TS_COUNT(threads); i++) {
        void *done = NULL;

        CHECK_EQ(pthread_join(threads[i], &done), 0);
        closed += done != NULL;
    }
    CHECK_EQ(closed, 1);
    CHECK_EQ(only()->detection_count, 21); /* open or closed, all lie before the closing */
    CHECK_EQ(only()->revision, 22);
    CHECK_EQ(get(id)->n_detections, 21);
    CHECK_EQ(list_of("closed", -1, "", 5, 0)->n_incidents, 1);
    CHECK_EQ(list_of("open", -1, "", 5, 0)->n_incidents, 0);
    CHECK_EQ(summary()->open, 0);
}

int main(void)
{
    begin();
    RUN_FRESH(an_incident_is_taken_up_and_resolved_with_notes);
    RUN_FRESH(a_closed_incident_refuses_every_change);
    RUN_FRESH(wrong_changes_are_named);
    RUN_FRESH(what_happened_before_the_closing_joins_the_closed_incident);
    RUN_FRESH(anothers_detection_from_the_same_address_is_not_judged_with);
    RUN_FRESH(a_closed_incident_is_reopened_and_closed_again);
    RUN_FRESH(a_change_for_another_revision_is_refused);
    RUN_FRESH(closed_incidents_leave_when_their_time_is_over);
    RUN_FRESH(an_incident_of_many_detections_leaves_in_slices);
    RUN_FRESH(an_incident_past_its_time_is_not_reopened);
    RUN_FRESH(what_waits_for_ever_leaves_too);
    RUN_FRESH(a_repeated_call_is_answered_the_same_and_changes_nothing);
    RUN_FRESH(one_of_many_closes_while_detections_join);
    end();
    return 0;
}
