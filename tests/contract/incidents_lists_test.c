/* Lists of incidents, their summary and what details show of one, over the socket and with the real store. */
#include "incidents_served.h"

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

/* One every two days, from then on. */
static void detect_four(int64_t first_ms)
{
    char id[8];

    for (int i = 0; i < 4; i++) {
        snprintf(id, sizeof(id), "d%d", i);
        now_ms = first_ms + i * TS_DAY_MS * 2;
        detect(id, "r", 3, "ann@example.com", 0);
    }
}

static void a_page_keeps_its_place_when_others_come_and_go(void)
{
    Ts__Incidents__ListRequest request = TS__INCIDENTS__LIST_REQUEST__INIT;
    const Ts__Incidents__IncidentList *page;
    const Ts__Incidents__IncidentList *refused = NULL;
    int64_t first_ms = now_ms;

    detect_four(first_ms);
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

    detect_four(first_ms);
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

int main(void)
{
    begin();
    RUN_FRESH(the_summary_counts_what_is_open);
    RUN_FRESH(the_summary_with_its_trend_names_the_worst_and_counts_what_was_opened);
    RUN_FRESH(details_say_how_much_they_show);
    RUN_FRESH(wrong_lists_are_named);
    RUN_FRESH(lists_filter_page_and_count);
    RUN_FRESH(pages_go_on_where_the_last_one_ended);
    RUN_FRESH(a_page_keeps_its_place_when_others_come_and_go);
    RUN_FRESH(lists_are_bounded_by_time_of_creation);
    end();
    return 0;
}
