/* Walks over users and apps, page by page: each is met once, whatever moves meanwhile. */
#include "read.h"
#include "risk_words.h"

/* a@acme.example and so on. */
static void employ_until(char last)
{
    for (char c = 'a'; c <= last; c++) {
        char email[] = "x@acme.example";

        email[0] = c;
        employ(email);
    }
}

static void a_walk_by_position_meets_everybody_once(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    Ts__Risk__ListUsersRequest request = TS__RISK__LIST_USERS_REQUEST__INIT;
    const Ts__Risk__UserList *page = NULL;
    char last[64] = "";
    uint32_t last_score = 100;
    unsigned met = 0;

    fresh_organization();
    employ_until('g');
    put_leak(&body, "d@acme.example");
    post(&body, 1);
    request.limit = 2;
    do {
        CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_OK);
        for (size_t i = 0; i < page->n_users; i++, met++) {
            const Ts__Risk__UserRow *u = page->users[i];

            CHECK(u->score < last_score || (u->score == last_score && strcmp(u->email, last) > 0));
            last_score = u->score;
            snprintf(last, sizeof(last), "%s", u->email);
        }
        request.after = page->next;
    } while (page->n_users == 2);
    CHECK_EQ(met, 7);
    CHECK_EQ(page->total, 7);
    request.after = text("0000000000zzzz");
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_INVALID);
    CHECK(strcmp(s.error.param, "cursor") == 0);
    request.after = text("2R00000000001"); /* a score of 151 */
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_INVALID);
    request.after = text("0000000099999"); /* no such user */
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_INVALID);
}

/* All users of a walk by number, page by page; between pages somebody's score moves past every place of the order by score. Gives
 * how often each address of "a".."i" came. */
static unsigned walk_by_number(const char *level, bool moves, unsigned met[9])
{
    Ts__Risk__ListUsersRequest request = TS__RISK__LIST_USERS_REQUEST__INIT;
    const Ts__Risk__UserList *page = NULL;
    unsigned pages = 0;
    char after[64] = "";

    memset(met, 0, 9 * sizeof(met[0]));
    request.limit = 2;
    request.by_number = true;
    request.risk_level = text(level);
    request.after = after;
    do {
        CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_OK);
        CHECK(page->n_users <= 2);
        for (size_t i = 0; i < page->n_users; i++)
            met[page->users[i]->email[0] - 'a']++;
        snprintf(after, sizeof(after), "%s", page->next);
        if (moves && after[0] != '\0') {
            TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
            char email[] = "x@acme.example";

            /* The last of the alphabet come to the front, behind the walk if it went by score. */
            email[0] = (char)('i' - (char)pages);
            put_leak(&body, email);
            post(&body, 1);
        }
        CHECK(++pages < 20);
    } while (after[0] != '\0');
    return pages;
}

static void a_walk_by_number_meets_each_once_while_scores_move(void)
{
    Ts__Risk__ListUsersRequest request = TS__RISK__LIST_USERS_REQUEST__INIT;
    const Ts__Risk__UserList *page = NULL;
    unsigned met[9];
    unsigned minimal = 0;

    fresh_organization();
    employ_until('i');
    CHECK_EQ(walk_by_number("", true, met), 5);
    for (size_t i = 0; i < TS_COUNT(met); i++)
        CHECK_EQ(met[i], 1);
    /* A level is looked at row by row. */
    (void)walk_by_number("minimal", false, met);
    for (size_t i = 0; i < TS_COUNT(met); i++)
        minimal += met[i];
    request.limit = 200;
    request.risk_level = text("minimal");
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_OK);
    CHECK_EQ(page->n_users, minimal);
    CHECK(minimal > 0 && minimal < 9);
    for (size_t i = 0; i < page->n_users; i++)
        CHECK_EQ(met[page->users[i]->email[0] - 'a'], 1);
    /* Nobody is past the end, and a place of another order is none. */
    request.by_number = true;
    request.risk_level = text("");
    request.after = text("zzzzzzzzzz");
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_INVALID);
    CHECK(strcmp(s.error.param, "cursor") == 0);
    request.after = text("AzL8n0Y58m7"); /* 2^63 - 1 */
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_OK);
    CHECK_EQ(page->n_users, 0);
    CHECK(page->next[0] == '\0');
}

static void one_answer_of_a_walk_reads_so_many_rows_and_no_more(void)
{
    Ts__Risk__ListUsersRequest request = TS__RISK__LIST_USERS_REQUEST__INIT;
    const Ts__Risk__UserList *page = NULL;
    Ts__Risk__DirectoryRow *rows = calloc(RISK_SCAN_MAX + 1, sizeof(*rows));
    char(*emails)[32] = calloc(RISK_SCAN_MAX + 1, sizeof(*emails));

    fresh_organization();
    for (size_t i = 0; i < RISK_SCAN_MAX + 1; i++) {
        rows[i] = (Ts__Risk__DirectoryRow)TS__RISK__DIRECTORY_ROW__INIT;
        snprintf(emails[i], sizeof(emails[i]), "u%zu@acme.example", i);
        rows[i].email = emails[i];
        rows[i].name = text("Somebody");
    }
    CHECK_EQ(upload(rows, RISK_SCAN_MAX)->created, RISK_SCAN_MAX);
    request.limit = 200;
    request.by_number = true;
    request.risk_level = text("critical"); /* nobody is */
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_OK);
    CHECK_EQ(page->n_users, 0);
    CHECK(page->next[0] == '\0');
    CHECK_EQ(upload(rows + RISK_SCAN_MAX, 1)->created, 1);
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_OK);
    CHECK_EQ(page->n_users, 0);
    CHECK(page->next[0] != '\0');
    request.after = text(page->next);
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_users, &request.base, &page), TS_OK);
    CHECK(page->next[0] == '\0');
    free(rows);
    free(emails);
}

static void a_walk_over_apps_by_id_meets_each_once(void)
{
    Ts__Risk__ListAppsRequest request = TS__RISK__LIST_APPS_REQUEST__INIT;
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    const Ts__Risk__AppList *page = NULL;
    unsigned met[7] = { 0 };
    unsigned pages = 0;
    char after[64] = "";

    fresh_organization();
    employ("a@acme.example");
    for (size_t i = 0; i < TS_COUNT(met); i++) {
        char client[16];

        snprintf(client, sizeof(client), "client-%zu", i);
        put_record(&body, "token", "authorize", "a@acme.example", "", 60, "client_id", client);
    }
    post(&body, TS_COUNT(met));
    request.limit = 2;
    request.by_id = true;
    request.status = text("untrusted");
    request.after = after;
    do {
        CHECK_EQ(served_call(&s, tenant, &ts_risk_list_apps, &request.base, &page), TS_OK);
        for (size_t i = 0; i < page->n_apps; i++)
            met[page->apps[i]->client_id[7] - '0']++;
        snprintf(after, sizeof(after), "%s", page->next);
        CHECK(++pages < 20);
    } while (after[0] != '\0');
    CHECK_EQ(pages, 4);
    for (size_t i = 0; i < TS_COUNT(met); i++)
        CHECK_EQ(met[i], 1);
    request.status = text("trusted");
    request.after = text("");
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_apps, &request.base, &page), TS_OK);
    CHECK_EQ(page->n_apps, 0);
    CHECK(page->next[0] == '\0');
    request.after = text("no id");
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_apps, &request.base, &page), TS_INVALID);
    CHECK(strcmp(s.error.param, "cursor") == 0);
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(a_walk_by_position_meets_everybody_once);
    RUN(a_walk_by_number_meets_each_once_while_scores_move);
    RUN(one_answer_of_a_walk_reads_so_many_rows_and_no_more);
    RUN(a_walk_over_apps_by_id_meets_each_once);
    stop();
    remove_directory(s.directory);
    return 0;
}
