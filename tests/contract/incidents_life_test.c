/* The life of an incident and its lists, over the socket and with the real store. */
#include <pthread.h>

#include "clocks.h"
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

static void a_clock_far_ahead_deletes_no_incident_and_time_that_passed_does(void)
{
    atomic_bool stopping = false;

    now_ms = ts_wall_ms();
    detect("a", "r", 3, "ann@example.com", -1);
    (void)updated(only()->id, "resolved", "");
    detect("w", "small", 1, "bob@example.com", 0);
    clocks_wall_ms = ts_wall_ms();
    expire_job(&app, &stopping);
    clocks_set(2 * KEEP_CLOSED_MS);
    expire_job(&app, &stopping);
    clocks_run(TS_DAY_MS);
    expire_job(&app, &stopping);
    CHECK_EQ(list_of("closed", -1, "", 5, 0)->total, 1);
    detect("g", "great", 3, "bob@example.com", 1);
    CHECK_EQ(list_of("open", -1, "", 5, 0)->incidents[0]->detection_count, 2);
    clocks_set(-2 * KEEP_CLOSED_MS);
    clocks_run(KEEP_CLOSED_MS);
    expire_job(&app, &stopping);
    CHECK_EQ(list_of("closed", -1, "", 5, 0)->total, 0);
    CHECK_EQ(list_of("open", -1, "", 5, 0)->total, 1);
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

static const Ts__Incidents__IncidentList *page_after(Ts__Incidents__ListRequest *request,
                                                     const Ts__Incidents__IncidentList *before)
{
    const Ts__Incidents__IncidentList *list = NULL;

    request->after = before == NULL ? text("") : before->next;
    CHECK_EQ(ask_list(request, &list), TS_OK);
    return list;
}

/* Every combination of filters, page by page: each page goes on where the last ended, whatever came or left in between. */
static void pages_go_on_where_the_last_one_ended(void)
{
    static const char *const states[] = { "all", "open", "closed" };
    int64_t first_ms = now_ms;
    unsigned combinations = 0;
    char id[8];

    for (int i = 0; i < 12; i++) {
        snprintf(id, sizeof(id), "d%d", i);
        now_ms = first_ms + i * TS_DAY_MS * 2;
        detect(id, "r", i % 3 == 0 ? 3 : 2, i % 2 == 0 ? "ann@example.com" : "bob@example.com", 0);
    }
    (void)updated(all()->incidents[1]->id, "resolved", "");
    (void)updated(all()->incidents[4]->id, "resolved", "");
    for (unsigned bits = 0; bits < 3 * 2 * 2 * 2 * 2; bits++) {
        Ts__Incidents__ListRequest request = TS__INCIDENTS__LIST_REQUEST__INIT;
        const Ts__Incidents__IncidentList *whole;
        const Ts__Incidents__IncidentList *page = NULL;
        size_t seen = 0;

        request.status = text(states[bits / 16]);
        request.severity = (bits & 1) != 0 ? 2 : -1;
        request.user = text((bits & 2) != 0 ? "ANN@example.com" : "");
        request.since_ms = (bits & 4) != 0 ? first_ms + TS_DAY_MS * 3 : 0;
        request.until_ms = (bits & 8) != 0 ? first_ms + TS_DAY_MS * 20 : 0;
        request.limit = 200;
        whole = page_after(&request, NULL);
        CHECK_EQ(whole->total, whole->n_incidents);
        for (size_t i = 0; i < whole->n_incidents; i++) {
            const Ts__Incidents__Incident *one = whole->incidents[i];

            CHECK((bits & 1) == 0 || one->severity == 2);
            CHECK((bits & 2) == 0 || strcmp(one->affected_users[0], "ann@example.com") == 0);
            CHECK((bits & 4) == 0 || one->created_ms >= request.since_ms);
            CHECK((bits & 8) == 0 || one->created_ms < request.until_ms);
            CHECK(bits / 16 == 0 || (one->closed_ms != 0) == (bits / 16 == 2));
        }
        request.limit = 2;
        while ((page = page_after(&request, page))->n_incidents > 0) {
            CHECK_EQ(page->total, whole->total);
            for (size_t i = 0; i < page->n_incidents; i++)
                CHECK(strcmp(page->incidents[i]->id, whole->incidents[seen++]->id) == 0);
        }
        CHECK_EQ(seen, whole->n_incidents);
        CHECK_EQ(page->next[0], 0);
        request.after = text("");
        request.offset = 1;
        CHECK_EQ(page_after(&request, NULL)->n_incidents, whole->n_incidents < 1 ? 0
                                                          : whole->n_incidents - 1 > 2
                                                              ? 2
                                                              : whole->n_incidents - 1);
        combinations++;
        served_forget(&s);
    }
    CHECK_EQ(combinations, 48);
}

static void a_page_keeps_its_place_when_others_come_and_go(void)
{
    Ts__Incidents__ListRequest request = TS__INCIDENTS__LIST_REQUEST__INIT;
    const Ts__Incidents__IncidentList *page;
    const Ts__Incidents__IncidentList *refused = NULL;
    int64_t first_ms = now_ms;
    char id[8];

    for (int i = 0; i < 4; i++) {
        snprintf(id, sizeof(id), "d%d", i);
        now_ms = first_ms + i * TS_DAY_MS * 2;
        detect(id, "r", 3, "ann@example.com", 0);
    }
    request.status = text("open");
    request.severity = -1;
    request.limit = 2;
    page = page_after(&request, NULL);
    (void)updated(page->incidents[1]->id, "resolved", ""); /* the very place leaves the list */
    now_ms += TS_DAY_MS * 2;
    detect("new", "r", 3, "ann@example.com", 0);
    request.offset = 2; /* in whose place it stands */
    page = page_after(&request, page);
    CHECK_EQ(page->n_incidents, 2);
    CHECK_EQ(page->incidents[0]->created_ms, first_ms + TS_DAY_MS * 2);
    CHECK_EQ(page->incidents[1]->created_ms, first_ms);
    request.after = text("nonsense");
    CHECK_EQ(ask_list(&request, &refused), TS_INVALID);
    CHECK(strcmp(s.error.param, "cursor") == 0);
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
    CHECK_EQ(summary_with(false, true)->n_latest, 0);
    CHECK_EQ(summary_with(false, true)->open, 5);
}

static void the_summary_with_its_trend_names_the_worst_and_counts_what_was_opened(void)
{
    static const struct {
        const char *id;
        uint32_t severity;
        int64_t days_ago;
    } made[] = { { "a", 2, 20 }, { "b", 4, 13 }, { "c", 2, 8 }, { "d", 3, 3 },
                 { "e", 2, 1 },  { "f", 3, 0 },  { "g", 2, 0 } };
    const Ts__Incidents__SummaryReply *rep;
    char user[32];

    for (size_t i = 0; i < TS_COUNT(made); i++) {
        /* A minute past the full day: none of them lies on the edge of a period. */
        now_ms = ts_wall_ms() - made[i].days_ago * TS_DAY_MS - TS_MINUTE_MS;
        snprintf(user, sizeof(user), "%s@example.com", made[i].id);
        detect(made[i].id, "r", made[i].severity, user, 0);
    }
    rep = summary_with(true, false);
    CHECK_EQ(rep->n_worst, 3);
    CHECK(strcmp(rep->worst[0]->affected_users[0], "b@example.com") == 0);
    CHECK(strcmp(rep->worst[1]->affected_users[0], "f@example.com") == 0);
    CHECK(strcmp(rep->worst[2]->affected_users[0], "d@example.com") == 0);
    CHECK(strcmp(rep->oldest->affected_users[0], "a@example.com") == 0);
    CHECK_EQ(rep->day->opened, 2);
    CHECK_EQ(rep->day->opened_before, 1);
    CHECK_EQ(rep->week->opened, 4);
    CHECK_EQ(rep->week->opened_before, 2);
    CHECK(summary()->day == NULL);
    CHECK_EQ(summary()->n_worst, 0);
    (void)updated(rep->worst[0]->id, "resolved", "");
    CHECK_EQ(summary_with(true, false)->week->opened_before,
             2); /* closed, but opened all the same */
    CHECK(strcmp(summary_with(true, false)->worst[0]->affected_users[0], "f@example.com") == 0);
}

static void details_say_how_much_they_show(void)
{
    const Ts__Incidents__IncidentDetails *details;
    char id[16];

    for (int i = 0; i < 1001; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        detect(id, "r", 3, "ann@example.com", 0);
    }
    details = get(only()->id);
    CHECK_EQ(details->incident->detection_count, 1001);
    CHECK_EQ(details->n_detections, 1000);
    CHECK_EQ(details->detections_with_evidence, 200);
    CHECK_EQ(details->detections[199]->n_evidence, 1);
    CHECK_EQ(details->detections[200]->n_evidence, 0);
    CHECK(strstr(details->timeline[details->n_timeline - 1]->text, "and 1 more detection") != NULL);
}

/* ---- kept answers ---- */

/* Every question whose answer is kept, in a few forms each. served_call() holds each kept one against one made anew. */
static void ask_all_that_is_kept(void)
{
    static const char *const groups[] = { "all", "open", "closed" };
    static const char *const users[] = { "", "ann@example.com", "nobody@example.com" };

    for (size_t g = 0; g < TS_COUNT(groups); g++) {
        for (size_t u = 0; u < TS_COUNT(users); u++) {
            (void)list_of(groups[g], -1, users[u], 200, 0);
            (void)list_of(groups[g], 3, users[u], 1, 1);
        }
    }
    (void)summary();
    served_forget(&s);
}
#define ALL_THAT_IS_KEPT (3 * 3 * 2 + 1)

static void ask_around(void (*change)(void))
{
    served_ask_around(&s, ask_all_that_is_kept, ALL_THAT_IS_KEPT, change);
}

static void one_opens(void)
{
    detect("kept_a", "r", 3, "ann@example.com", -1);
}

static void another_opens(void)
{
    detect("kept_b", "r", 4, "bob@example.com", -1);
}

static void one_grows(void)
{
    detect("kept_c", "r", 4, "ann@example.com", 0);
}

static void one_is_taken_up(void)
{
    (void)updated(list_of("open", -1, "ann@example.com", 1, 0)->incidents[0]->id, "investigating",
                  "");
}

static void one_is_closed(void)
{
    (void)updated(list_of("open", -1, "ann@example.com", 1, 0)->incidents[0]->id, "resolved", "");
}

static void one_is_reopened(void)
{
    const Ts__Incidents__IncidentDetails *details = NULL;
    const Ts__Incidents__Incident *closed = list_of("closed", -1, "", 1, 0)->incidents[0];

    CHECK_EQ(reopen(closed->id, "", 0, &details), TS_OK);
}

static void one_expires(void)
{
    atomic_bool stopping = false;
    uint64_t count = 0;

    one_is_closed();
    CHECK_EQ(all()->total, 2);
    served_forget(&s);
    ask_all_that_is_kept();
    CHECK_EQ(expire_closed(&app, ts_wall_ms() + 2 * KEEP_CLOSED_MS, &stopping, &count), TS_OK);
    CHECK(count > 0);
    CHECK_EQ(all()->total, 1);
}

static void the_test_mode_changes(void)
{
    tenant.mode = TS_MODE_TEST;
    one_opens();
    CHECK_EQ(all()->total, 1);
    tenant.mode = TS_MODE_LIVE;
}

static void it_starts_again(void)
{
    stop();
    start();
}

static void kept_answers_are_what_would_be_said_now(void)
{
    static void (*const changes[])(
        void) = { one_opens,       another_opens,         one_grows,
                  one_is_taken_up, one_is_closed,         one_is_reopened,
                  it_starts_again, the_test_mode_changes, one_expires };
    Ts__Incidents__SummaryRequest request = TS__INCIDENTS__SUMMARY_REQUEST__INIT;
    const Ts__Incidents__SummaryReply *reply = NULL;
    uint64_t test_total;

    now_ms = ts_wall_ms();
    for (size_t i = 0; i < TS_COUNT(changes); i++)
        ask_around(changes[i]);
    tenant.mode = TS_MODE_TEST;
    test_total = all()->total;
    CHECK_EQ(test_total, 1); /* what is asked alike in both modes is kept for each */
    tenant.mode = TS_MODE_LIVE;
    CHECK_EQ(all()->total, 1);
    (void)summary();
    served_erase(&s, &ts_incidents_accept, tenant.org);
    CHECK_EQ(served_call(&s, tenant, &ts_incidents_summary, &request.base, &reply), TS_NOT_FOUND);
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
    RUN_FRESH(a_clock_far_ahead_deletes_no_incident_and_time_that_passed_does);
    RUN_FRESH(an_incident_of_many_detections_leaves_in_slices);
    RUN_FRESH(an_incident_past_its_time_is_not_reopened);
    RUN_FRESH(what_waits_for_ever_leaves_too);
    RUN_FRESH(a_repeated_call_is_answered_the_same_and_changes_nothing);
    RUN_FRESH(one_of_many_closes_while_detections_join);
    RUN_FRESH(the_summary_counts_what_is_open);
    RUN_FRESH(the_summary_with_its_trend_names_the_worst_and_counts_what_was_opened);
    RUN_FRESH(details_say_how_much_they_show);
    RUN_FRESH(wrong_lists_are_named);
    RUN_FRESH(lists_filter_page_and_count);
    RUN_FRESH(pages_go_on_where_the_last_one_ended);
    RUN_FRESH(a_page_keeps_its_place_when_others_come_and_go);
    RUN_FRESH(lists_are_bounded_by_time_of_creation);
    RUN_FRESH(kept_answers_are_what_would_be_said_now);
    end();
    return 0;
}
