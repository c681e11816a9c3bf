/* ai-usage over its socket, with its real store: what is handed over is what reports say. */
#include "ai_usage.h"
#include "clocks.h"
#include "expire.h"
#include "served.h"

#define KEEP_DAYS 400

static const ts_tenant live = { 7, TS_MODE_LIVE };
static const ts_tenant test_mode = { 7, TS_MODE_TEST };

static served s;
static ai_usage app;
static int64_t today_ms; /* noon of today, UTC */

static void start(void)
{
    served_open_store(&s, ai_usage_families);
    app = (ai_usage){ .store = s.store, .keep_days = KEEP_DAYS };
    ai_usage_register_metrics(&app);
    CHECK_EQ(
        ts_inbox_new(s.store, AI_USAGE_INBOX, "ai-usage", ai_usage_apply_row, &app, &app.inbox),
        TS_OK);
    ts_inbox_guard(app.inbox, ai_usage_lock, ai_usage_unlock);
    ts_inbox_erases(app.inbox, "ai-usage", AI_USAGE_TO_AUTH, NULL);
    served_start(&s, "ai-usage", ai_usage_rows, &app);
}

static void stop(void)
{
    served_stop(&s);
    ts_inbox_free(app.inbox);
    ts_store_close(TS_TAKE(s.store));
}

static void use_in(ts_tenant tenant, const char *user, const char *tool, int days_ago)
{
    Ts__AiUse use = TS__AI_USE__INIT;

    use.tool = (char *)(uintptr_t)tool; /* only packed */
    use.vendor = (char *)(uintptr_t) "Vendor \"x\"";
    use.user_email = (char *)(uintptr_t)user;
    use.event_ms = today_ms - days_ago * TS_DAY_MS;
    served_hand_over(&s, &ts_aiusage_accept, tenant, "ai_use", today_ms, &use.base);
}

static void use(const char *user, const char *tool, int days_ago)
{
    use_in(live, user, tool, days_ago);
}

static ts_status ask(ts_tenant tenant, uint32_t days, const char *by,
                     const Ts__Aiusage__Report **ret)
{
    Ts__Aiusage__ReportRequest request = TS__AIUSAGE__REPORT_REQUEST__INIT;

    request.days = days;
    request.group_by = (char *)(uintptr_t)by;
    return served_call(&s, tenant, &ts_aiusage_report, &request.base, ret);
}

static const Ts__Aiusage__Report *report(uint32_t days, const char *by)
{
    const Ts__Aiusage__Report *rep = NULL;

    CHECK_EQ(ask(live, days, by, &rep), TS_OK);
    return rep;
}

static void an_empty_organization_reports_zeros_and_every_day(void)
{
    const Ts__Aiusage__Report *rep = report(90, "day");

    CHECK_EQ(rep->events, 0);
    CHECK_EQ(rep->n_groups, 90);
    CHECK_EQ(rep->groups_total, 90);
    CHECK_EQ(report(7, "tool")->n_groups, 0);
    CHECK_EQ(report(7, "user")->n_groups, 0);
}

static void totals_count_the_period_and_the_one_before(void)
{
    const Ts__Aiusage__Report *rep;

    use("ann@example.com", "ChatGPT", 0);
    use("ann@example.com", "ChatGPT", 0);
    use("ann@example.com", "Gemini", 6);
    use("bob@example.com", "ChatGPT", 1);
    use("", "ChatGPT", 1);                /* nobody known */
    use("cid@example.com", "Claude", 7);  /* the period before */
    use("cid@example.com", "Claude", 13); /* its first day */
    use("cid@example.com", "Claude", 14); /* before both */
    rep = report(7, "tool");
    CHECK_EQ(rep->events, 5);
    CHECK_EQ(rep->previous_events, 2);
    CHECK_EQ(rep->active_users, 2);
    CHECK_EQ(rep->tools, 2);
    CHECK_EQ(rep->unsanctioned_events, 5);
    CHECK_EQ(rep->from_ms % TS_DAY_MS, 0);
    CHECK_EQ(rep->to_ms >= rep->from_ms + 6 * TS_DAY_MS, 1);
}

static void tools_come_with_vendor_users_and_first_use(void)
{
    const Ts__Aiusage__Report *rep = report(7, "tool");

    CHECK_EQ(rep->n_groups, 2);
    CHECK(strcmp(rep->groups[0]->key, "ChatGPT") == 0);
    CHECK_EQ(rep->groups[0]->events, 4);
    CHECK_EQ(rep->groups[0]->users, 2);
    CHECK_EQ(rep->groups[0]->first_seen_ms, today_ms - TS_DAY_MS);
    CHECK(strcmp(rep->groups[0]->vendor, "Vendor \"x\"") == 0);
    CHECK(strcmp(rep->groups[1]->key, "Gemini") == 0);
    CHECK_EQ(rep->groups[1]->users, 1);
}

static void users_come_with_their_tools_and_last_use(void)
{
    const Ts__Aiusage__Report *rep = report(7, "user");

    CHECK_EQ(rep->n_groups, 2);
    CHECK(strcmp(rep->groups[0]->key, "ann@example.com") == 0);
    CHECK_EQ(rep->groups[0]->events, 3);
    CHECK_EQ(rep->groups[0]->n_tools, 2);
    CHECK(strcmp(rep->groups[0]->tools[0], "ChatGPT") == 0);
    CHECK(strcmp(rep->groups[0]->tools[1], "Gemini") == 0);
    CHECK_EQ(rep->groups[0]->last_used_ms, today_ms);
    CHECK_EQ(rep->groups[1]->events, 1);
}

static void days_ascend_and_count_each_user_once(void)
{
    const Ts__Aiusage__Report *rep = report(7, "day");
    char today[TS_RFC3339_SIZE];

    ts_time_format(today_ms, false, today);
    today[10] = '\0';
    CHECK_EQ(rep->n_groups, 7);
    CHECK(strcmp(rep->groups[6]->key, today) == 0);
    CHECK_EQ(rep->groups[6]->events, 2);
    CHECK_EQ(rep->groups[6]->users, 1);
    CHECK_EQ(rep->groups[5]->events, 2);
    CHECK_EQ(rep->groups[5]->users, 1);
    CHECK_EQ(rep->groups[4]->events, 0);
    CHECK_EQ(rep->groups[0]->events, 1);
}

static void a_late_event_moves_no_last_use_back(void)
{
    use("ann@example.com", "ChatGPT", 5);
    CHECK_EQ(report(1, "tool")->active_users, 1);
    CHECK_EQ(report(7, "tool")->groups[0]->users, 2);
    CHECK_EQ(report(7, "tool")->groups[0]->first_seen_ms, today_ms - 5 * TS_DAY_MS);
}

static void a_row_handed_over_again_counts_once(void)
{
    uint64_t before = report(7, "tool")->events;
    Ts__AiUse again = TS__AI_USE__INIT;

    again.tool = (char *)(uintptr_t) "ChatGPT";
    again.event_ms = today_ms;
    CHECK_EQ(
        served_hand_over_at(&s, s.seq, &ts_aiusage_accept, live, "ai_use", today_ms, &again.base),
        s.seq);
    CHECK_EQ(report(7, "tool")->events, before);
}

static void a_row_that_cannot_be_counted_blocks_nothing(void)
{
    uint64_t before = report(7, "tool")->events;

    use("ann@example.com", "", 0);
    use("ann@example.com", "ChatGPT", 0);
    CHECK_EQ(report(7, "tool")->events, before + 1);
}

static void each_tool_is_announced_once(void)
{
    const Ts__WebhookPublish *p = NULL;
    uint64_t sent = served_sent(&s, AI_USAGE_TO_WEBHOOKS);

    CHECK_EQ(sent, 3);
    served_read(&s, AI_USAGE_TO_WEBHOOKS, 1, &ts__webhook_publish__descriptor, &p);
    CHECK(strcmp(p->event, "ai_tool.first_seen") == 0);
    CHECK_EQ(p->cause.len, 16);
    CHECK(strstr(p->data, "{\"tool\":\"ChatGPT\",\"vendor\":\"Vendor \\\"x\\\"\","
                          "\"user_email\":\"ann@example.com\",\"first_seen_at\":\"") == p->data);
    CHECK(strstr(p->data, "\"sanctioned\":false}") != NULL);
    use("bob@example.com", "Claude", 0);
    CHECK_EQ(served_sent(&s, AI_USAGE_TO_WEBHOOKS), sent);
}

static void sanction(const char *tool, bool sanctioned)
{
    Ts__AiToolTrust news = TS__AI_TOOL_TRUST__INIT;

    news.tool = (char *)(uintptr_t)tool; /* only packed */
    news.trusted = sanctioned;
    served_hand_over(&s, &ts_aiusage_accept, live, "ai_tool_trust", today_ms, &news.base);
}

static const Ts__Aiusage__Group *group_of(const Ts__Aiusage__Report *rep, const char *key)
{
    for (size_t i = 0; i < rep->n_groups; i++) {
        if (strcmp(rep->groups[i]->key, key) == 0)
            return rep->groups[i];
    }
    CHECK(false);
    return NULL;
}

static void a_sanctioned_tool_is_no_shadow_of_any_day(void)
{
    const Ts__Aiusage__Report *rep = report(90, "tool");
    uint64_t all = rep->events;
    uint64_t chatgpt = group_of(rep, "ChatGPT")->events;
    const Ts__Aiusage__Report *other = NULL;

    CHECK_EQ(rep->unsanctioned_events, all);
    sanction("ChatGPT", true);
    rep = report(90, "tool");
    CHECK(group_of(rep, "ChatGPT")->sanctioned);
    CHECK(!group_of(rep, "Gemini")->sanctioned);
    CHECK_EQ(rep->unsanctioned_events, all - chatgpt);
    use("ann@example.com", "ChatGPT", 0); /* and of days to come */
    CHECK_EQ(report(90, "day")->unsanctioned_events, all - chatgpt);
    CHECK_EQ(report(90, "user")->unsanctioned_events, all - chatgpt);
    CHECK_EQ(group_of(report(90, "tool"), "ChatGPT")->first_seen_ms,
             today_ms - 5 * TS_DAY_MS); /* all else of it stays */
    CHECK_EQ(ask(test_mode, 90, "tool", &other), TS_OK);
    CHECK_EQ(other->unsanctioned_events, other->events);
    sanction("ChatGPT", false);
    CHECK_EQ(report(90, "tool")->unsanctioned_events, all + 1);
}

static void a_tool_may_be_sanctioned_before_its_first_use(void)
{
    uint64_t sent = served_sent(&s, AI_USAGE_TO_WEBHOOKS);
    const Ts__WebhookPublish *p = NULL;
    uint64_t tools = report(7, "tool")->tools;

    sanction("Copilot", true);
    CHECK_EQ(report(7, "tool")->tools, tools);
    CHECK_EQ(served_sent(&s, AI_USAGE_TO_WEBHOOKS), sent);
    use("ann@example.com", "Copilot", 0);
    CHECK_EQ(served_sent(&s, AI_USAGE_TO_WEBHOOKS), sent + 1);
    served_read(&s, AI_USAGE_TO_WEBHOOKS, sent + 1, &ts__webhook_publish__descriptor, &p);
    CHECK(strstr(p->data, "\"sanctioned\":true}") != NULL);
    CHECK_EQ(group_of(report(7, "tool"), "Copilot")->first_seen_ms, today_ms);
    CHECK(group_of(report(7, "tool"), "Copilot")->sanctioned);
    sanction("", true); /* names none: parked */
    use("ann@example.com", "Copilot", 0);
    CHECK_EQ(group_of(report(7, "tool"), "Copilot")->events, 2);
}

static unsigned rows_of(unsigned family)
{
    ts_iter *it = ts_iter_new(s.store, family, TS_STR_NULL, TS_STR_NULL, false);
    unsigned n = 0;

    for (; ts_iter_valid(it); ts_iter_next(it))
        n++;
    ts_iter_free(it);
    return n;
}

static void rows_leave_when_no_report_can_ask_for_them(void)
{
    const ts_tenant later = { 9, TS_MODE_TEST };
    atomic_bool stopping = false;
    const Ts__Aiusage__Report *rep = NULL;
    unsigned before[AI_USAGE_TOOLS];
    uint64_t count = 0;
    uint64_t events = report(90, "tool")->events;

    CHECK_EQ(expire_rows(&app, today_ms, &stopping, &count), TS_OK);
    CHECK_EQ(count, 0);
    for (unsigned family = 0; family < AI_USAGE_TOOLS; family++)
        before[family] = rows_of(family);
    use_in(later, "old@example.com", "Claude", KEEP_DAYS);
    use("old@example.com", "Claude", KEEP_DAYS + 1);
    CHECK_EQ(rows_of(AI_USAGE_DAY_USERS), before[AI_USAGE_DAY_USERS] + 2);
    CHECK_EQ(expire_rows(&app, today_ms, &stopping, &count), TS_OK);
    CHECK_EQ(count,
             7); /* of one day: a day, tool, user, and two each of last uses and their days */
    CHECK_EQ(rows_of(AI_USAGE_DAY_USERS), before[AI_USAGE_DAY_USERS] + 1);
    CHECK_EQ(rows_of(AI_USAGE_LAST_USE), before[AI_USAGE_LAST_USE] + 2);
    CHECK_EQ(expire_rows(&app, today_ms + TS_DAY_MS, &stopping, &count), TS_OK);
    for (unsigned family = 0; family < AI_USAGE_TOOLS; family++)
        CHECK_EQ(rows_of(family), before[family]);
    CHECK_EQ(report(90, "tool")->events, events);
    /* Somebody long gone comes back. */
    use_in(later, "old@example.com", "Claude", 0);
    CHECK_EQ(ask(later, 7, "tool", &rep), TS_OK);
    CHECK_EQ(rep->active_users, 1);
    CHECK_EQ(rep->groups[0]->users, 1);
    CHECK_EQ(rep->groups[0]->first_seen_ms, today_ms - KEEP_DAYS * TS_DAY_MS);
}

static void a_clock_far_ahead_deletes_no_use_and_time_that_passed_does(void)
{
    const ts_tenant own = { 11, TS_MODE_LIVE };
    atomic_bool stopping = false;
    unsigned before = rows_of(AI_USAGE_DAY_USERS);

    clocks_wall_ms = today_ms;
    expire_job(&app, &stopping);
    use_in(own, "ann@example.com", "Claude", KEEP_DAYS - 3);
    clocks_set(365 * TS_DAY_MS);
    expire_job(&app, &stopping);
    clocks_run(TS_DAY_MS);
    expire_job(&app, &stopping);
    CHECK_EQ(rows_of(AI_USAGE_DAY_USERS), before + 1);
    clocks_set(-365 * TS_DAY_MS);
    clocks_run(3 * TS_DAY_MS);
    expire_job(&app, &stopping);
    CHECK_EQ(rows_of(AI_USAGE_DAY_USERS), before);
}

static void modes_do_not_see_each_other(void)
{
    const Ts__Aiusage__Report *rep = NULL;
    uint64_t sent = served_sent(&s, AI_USAGE_TO_WEBHOOKS);

    CHECK_EQ(ask(test_mode, 90, "tool", &rep), TS_OK);
    CHECK_EQ(rep->events, 0);
    use_in(test_mode, "ann@example.com", "ChatGPT", 0);
    CHECK_EQ(ask(test_mode, 90, "tool", &rep), TS_OK);
    CHECK_EQ(rep->events, 1);
    CHECK_EQ(served_sent(&s, AI_USAGE_TO_WEBHOOKS), sent + 1);
}

static void wrong_questions_are_named(void)
{
    const Ts__Aiusage__Report *rep = NULL;

    CHECK_EQ(ask(live, 0, "tool", &rep), TS_INVALID);
    CHECK(strcmp(s.error.param, "days") == 0);
    CHECK_EQ(ask(live, 91, "tool", &rep), TS_INVALID);
    CHECK_EQ(ask(live, 7, "vendor", &rep), TS_INVALID);
    CHECK(strcmp(s.error.param, "group_by") == 0);
}

static const Ts__Aiusage__Report *walk_from(ts_tenant tenant, uint32_t limit, const char *after)
{
    Ts__Aiusage__ReportRequest request = TS__AIUSAGE__REPORT_REQUEST__INIT;
    const Ts__Aiusage__Report *rep = NULL;

    request.days = 7;
    request.group_by = (char *)(uintptr_t) "user";
    request.limit = limit;
    request.after = (char *)(uintptr_t)after;
    CHECK_EQ(served_call(&s, tenant, &ts_aiusage_report, &request.base, &rep), TS_OK);
    return rep;
}

static void a_walk_meets_each_user_once_while_use_goes_on(void)
{
    static const ts_tenant tenant = { 8, TS_MODE_LIVE };
    char after[512] = "";
    unsigned met[9] = { 0 };
    unsigned pages = 0;

    for (char c = 'i'; c >= 'a'; c--) {
        char user[] = "x@example.com";

        user[0] = c;
        use_in(tenant, user, "ChatGPT", (c - 'a') % 4);
        use_in(tenant, user, "Gemini", c == 'e' ? 20 : 3);
    }
    use_in(tenant, "f@example.com.au", "ChatGPT", 30); /* not in these days */
    do {
        const Ts__Aiusage__Report *rep = walk_from(tenant, 2, after);

        CHECK(rep->n_groups <= 2);
        for (size_t i = 0; i < rep->n_groups; i++) {
            const Ts__Aiusage__Group *group = rep->groups[i];

            CHECK(strlen(group->key) == 13);
            CHECK(i == 0 || strcmp(rep->groups[i - 1]->key, group->key) < 0);
            CHECK_EQ(group->n_tools, group->key[0] == 'e' ? 1 : 2);
            met[group->key[0] - 'a']++;
        }
        snprintf(after, sizeof(after), "%s", rep->next);
        /* By number of events these would come first now. */
        use_in(tenant, "a@example.com", "ChatGPT", 0);
        use_in(tenant, "i@example.com", "ChatGPT", 1);
        CHECK(++pages < 20);
    } while (after[0] != '\0');
    CHECK_EQ(pages, 5);
    for (size_t i = 0; i < TS_COUNT(met); i++)
        CHECK_EQ(met[i], 1);
    CHECK_EQ(walk_from(tenant, 1000, "")->n_groups, 9);
    CHECK(walk_from(tenant, 1000, "")->next[0] == '\0');
    CHECK_EQ(walk_from(tenant, 10, "")->n_groups, 9);
    CHECK(walk_from(tenant, 10, "")->next[0] == '\0');
    CHECK_EQ(walk_from(tenant, 9, "")->n_groups, 8);
    CHECK(strcmp(walk_from(tenant, 9, "")->next, "h@example.com") == 0);
    CHECK_EQ(walk_from(tenant, 9, "zz")->n_groups, 0);
    CHECK_EQ(walk_from((ts_tenant){ 9, TS_MODE_LIVE }, 9, "")->n_groups, 0);
}

static void a_walk_has_bounds(void)
{
    Ts__Aiusage__ReportRequest request = TS__AIUSAGE__REPORT_REQUEST__INIT;
    const Ts__Aiusage__Report *rep = NULL;

    request.days = 7;
    request.group_by = (char *)(uintptr_t) "user";
    request.limit = 1001;
    CHECK_EQ(served_call(&s, live, &ts_aiusage_report, &request.base, &rep), TS_INVALID);
    CHECK(strcmp(s.error.param, "limit") == 0);
    request.limit = 1;
    request.group_by = (char *)(uintptr_t) "tool";
    CHECK_EQ(served_call(&s, live, &ts_aiusage_report, &request.base, &rep), TS_INVALID);
    CHECK(strcmp(s.error.param, "group_by") == 0);
}

static void everything_is_there_after_a_restart(void)
{
    uint64_t events = report(90, "tool")->events;
    uint64_t users = report(90, "tool")->active_users;

    stop();
    start();
    CHECK_EQ(report(90, "tool")->events, events);
    CHECK_EQ(report(90, "tool")->active_users, users);
}

static void an_erased_organization_is_counted_no_more(void)
{
    const ts_tenant gone = { 70, TS_MODE_LIVE };
    const ts_tenant gone_test = { 70, TS_MODE_TEST };
    const Ts__Aiusage__Report *rep = NULL;
    char **lines = NULL;
    size_t others = served_rows_of(&s, ai_usage_families, live.org);
    uint64_t told = served_sent(&s, AI_USAGE_TO_AUTH);

    served_check_hidden(ai_usage_families);
    use_in(gone, "ann@corp.example", "ChatGPT", 0);
    use_in(gone_test, "ann@corp.example", "ChatGPT", 1);
    CHECK(served_rows_of(&s, ai_usage_families, gone.org) > 0);
    CHECK_EQ(served_export(&s, &ts_aiusage_export, gone, 2, &lines),
             served_rows_of(&s, ai_usage_families, gone.org));
    served_erase(&s, &ts_aiusage_accept, gone.org);
    use_in(gone, "ann@corp.example", "ChatGPT", 0);
    CHECK_EQ(served_rows_of(&s, ai_usage_families, gone.org), 0);
    CHECK_EQ(served_rows_of(&s, ai_usage_families, live.org), others);
    CHECK_EQ(served_sent(&s, AI_USAGE_TO_AUTH), told + 1);
    CHECK_EQ(ask(gone, 7, "tool", &rep), TS_NOT_FOUND);
}

/* What is read row by row is not kept: a large organization's report is as small as its list of tools and users. */
static void a_report_takes_the_memory_of_its_groups_not_of_its_rows(void)
{
    enum { USERS = 10, TOOLS = 20, DAYS = 90, ARENA_BYTES = 1 << 19 };
    const ts_tenant large = { 71, TS_MODE_LIVE };
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    Ts__Aiusage__Use row = TS__AIUSAGE__USE__INIT;
    const Ts__Aiusage__Report *rep = NULL;
    char user[16];
    char tool[16];

    row.events = 1;
    for (int day = 0; day < DAYS; day++) {
        for (int i = 0; i < USERS * TOOLS; i++) {
            TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AI_USAGE_KEY_MAX);

            snprintf(user, sizeof(user), "u%d", i / TOOLS);
            snprintf(tool, sizeof(tool), "t%d", i % TOOLS);
            ai_usage_day_user_key(&key, large, ts_time_day(today_ms) - day, ts_str_of(user),
                                  ts_str_of(tool));
            ts_batch_put_message(b, s.store, AI_USAGE_DAY_USERS, ts_buf_view(&key), &row.base);
        }
    }
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
    served_stop(&s);
    s.arena_bytes = ARENA_BYTES;
    served_start(&s, "ai-usage", ai_usage_rows, &app);
    CHECK_EQ(ask(large, DAYS, "user", &rep), TS_OK);
    CHECK_EQ(rep->n_groups, USERS);
    CHECK_EQ(rep->groups[0]->events, TOOLS * DAYS);
    CHECK_EQ(rep->groups[0]->n_tools, TOOLS);
}

int main(void)
{
    wait_for_a_whole_day();
    today_ms = ts_time_day(ts_wall_ms()) * TS_DAY_MS + 12 * TS_HOUR_MS;
    scratch_directory(s.directory);
    start();
    RUN(an_empty_organization_reports_zeros_and_every_day);
    RUN(totals_count_the_period_and_the_one_before);
    RUN(tools_come_with_vendor_users_and_first_use);
    RUN(users_come_with_their_tools_and_last_use);
    RUN(days_ascend_and_count_each_user_once);
    RUN(a_late_event_moves_no_last_use_back);
    RUN(a_row_handed_over_again_counts_once);
    RUN(a_row_that_cannot_be_counted_blocks_nothing);
    RUN(each_tool_is_announced_once);
    RUN(modes_do_not_see_each_other);
    RUN(a_sanctioned_tool_is_no_shadow_of_any_day);
    RUN(a_tool_may_be_sanctioned_before_its_first_use);
    RUN(rows_leave_when_no_report_can_ask_for_them);
    RUN(a_clock_far_ahead_deletes_no_use_and_time_that_passed_does);
    RUN(wrong_questions_are_named);
    RUN(a_walk_meets_each_user_once_while_use_goes_on);
    RUN(a_walk_has_bounds);
    RUN(everything_is_there_after_a_restart);
    RUN(an_erased_organization_is_counted_no_more);
    RUN(a_report_takes_the_memory_of_its_groups_not_of_its_rows);
    stop();
    remove_directory(s.directory);
    return 0;
}
