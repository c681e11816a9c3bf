/* Answers of risk that are kept: each is what would be said now. */
#include "risk_words.h"
#include "sweep.h"

/* Every question whose answer is kept, in a few forms each. served_call() holds each kept one against one made anew. */
static void ask_all_that_is_kept(void)
{
    static const char *const levels[] = { "", "minimal", "critical" };
    Ts__Empty nothing = TS__EMPTY__INIT;
    const Ts__Risk__OverviewReply *overview = NULL;

    CHECK_EQ(served_call(&s, tenant, &ts_risk_overview, &nothing.base, &overview), TS_OK);
    for (size_t i = 0; i < TS_COUNT(levels); i++) {
        Ts__Risk__ListUsersRequest request = TS__RISK__LIST_USERS_REQUEST__INIT;
        const Ts__Risk__UserList *list = NULL;

        request.risk_level = text(levels[i]);
        request.limit = 20;
        CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &list), TS_OK);
        (void)search_for("ann", levels[i], 20);
        (void)search_for("nobody", levels[i], 20);
    }
    served_forget(&s);
}
#define ALL_THAT_IS_KEPT (1 + 3 * 3)

static void ask_around(void (*change)(void))
{
    served_ask_around(&s, ask_all_that_is_kept, ALL_THAT_IS_KEPT, change);
}

static void she_is_employed(void)
{
    employ("ann@kept.example");
}

static void she_is_renamed(void)
{
    Ts__Risk__DirectoryRow row = TS__RISK__DIRECTORY_ROW__INIT;

    row.email = text("ann@kept.example");
    row.name = text("Nobody");
    CHECK_EQ(upload(&row, 1)->updated, 1);
}

static void she_leaks(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(4096);

    put_leak(&body, "ann@kept.example");
    post(&body, 1);
}

static void she_has_an_incident(void)
{
    uint8_t id[16] = { 1 };

    tell_incident(1, "open", "ann@kept.example", id);
}

static void her_score_falls_with_time(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)16 << 20);
    const uint32_t score = search_for("ann", "", 1)->users[0]->score;
    size_t count = 0;

    CHECK(score > 0);
    CHECK_EQ(risk_sweep_once(s.store, ts_wall_ms() + 365 * TS_DAY_MS, arena, &count), TS_OK);
    CHECK(count > 0);
    CHECK(search_for("ann", "", 1)->users[0]->score < score);
}

static void the_test_mode_changes(void)
{
    tenant.mode = TS_MODE_TEST;
    she_is_employed();
    CHECK_EQ(search_for("ann", "", 20)->total, 1);
    tenant.mode = TS_MODE_LIVE;
}

static void kept_answers_are_what_would_be_said_now(void)
{
    static void (*const changes[])(void) = { she_is_employed,     the_test_mode_changes,
                                             she_leaks,           she_is_renamed,
                                             she_has_an_incident, her_score_falls_with_time };
    Ts__Empty nothing = TS__EMPTY__INIT;
    const Ts__Risk__OverviewReply *overview = NULL;

    for (size_t i = 0; i < TS_COUNT(changes); i++)
        ask_around(changes[i]);
    served_erase(&s, &ts_risk_accept, tenant.org);
    CHECK_EQ(served_call(&s, tenant, &ts_risk_overview, &nothing.base, &overview), TS_NOT_FOUND);
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    fresh_organization();
    RUN(kept_answers_are_what_would_be_said_now);
    stop();
    remove_directory(s.directory);
    return 0;
}
