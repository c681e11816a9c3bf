/* Answers of incidents that are kept: each is what would be said now. */
#include "expire.h"
#include "incidents_served.h"

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
    RUN_FRESH(kept_answers_are_what_would_be_said_now);
    end();
    return 0;
}
