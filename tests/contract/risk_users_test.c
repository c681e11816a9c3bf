/* Users, what waits for them, search, pages and contacts: risk's core over its real store and socket. */
#include <sys/stat.h>

#include "backfill.h"
#include "expire.h"
#include "read.h"
#include "rescore.h"
#include "risk_served.h"
#include "sweep.h"

static uint64_t qualifier; /* of the last record */

/* ---- words of the tests ---- */

/* A record of an act of `email` (profile `id`, "" for none) `ago_s` seconds ago, with one parameter. */
static void put_record(ts_buf *out, const char *app_name, const char *event, const char *email,
                       const char *id, int64_t ago_s, const char *name, const char *value)
{
    char at[TS_RFC3339_SIZE];

    ts_time_format(ts_wall_ms() - ago_s * 1000, true, at);
    ts_buf_printf(
        out,
        "{\"id\":{\"time\":\"%s\",\"uniqueQualifier\":\"%llu\",\"applicationName\":\"%s\","
        "\"customerId\":\"C1\"},\"actor\":{\"email\":\"%s\",\"profileId\":\"%s\"},"
        "\"ipAddress\":\"198.51.100.7\",\"events\":[{\"name\":\"%s\",\"parameters\":[{"
        "\"name\":\"%s\",\"value\":\"%s\"}]}]}\n",
        at, (unsigned long long)++qualifier, app_name, email, id, event, name, value);
}

/* An act that a rule knows and that does not prove by itself that the actor works here. */
static void put_leak(ts_buf *out, const char *email)
{
    put_record(out, "drive", "change_owner", email, "", 60, "visibility_change", "external");
}

static void put_grant(ts_buf *out, const char *event, const char *email, int64_t ago_s)
{
    put_record(out, "token", event, email, "", ago_s, "client_id", "some-client");
}

static void post(const ts_buf *body, uint32_t wanted)
{
    Ts__Risk__IngestRequest request = TS__RISK__INGEST_REQUEST__INIT;
    const Ts__Risk__IngestReply *reply = NULL;

    request.source = text("google_workspace");
    request.content_type = text("ndjson");
    request.body.data = (uint8_t *)body->data;
    request.body.len = body->size;
    CHECK_EQ(served_call(&s, tenant, &ts_risk_ingest, &request.base, &reply), TS_OK);
    CHECK_EQ(reply->n_rejected, 0);
    CHECK_EQ(reply->accepted, wanted);
}

static void employ(const char *email)
{
    Ts__Risk__DirectoryRow row = TS__RISK__DIRECTORY_ROW__INIT;

    row.email = text(email);
    row.name = text("Somebody");
    CHECK_EQ(upload(&row, 1)->created, 1);
}

static const Ts__Risk__UserProfile *profile_of(const char *email)
{
    Ts__Risk__GetUserRequest request = TS__RISK__GET_USER_REQUEST__INIT;
    const Ts__Risk__UserProfile *reply = NULL;
    ts_status st;

    request.email = text(email);
    st = served_call(&s, tenant, &ts_risk_get_user, &request.base, &reply);
    CHECK(st == TS_OK || st == TS_NOT_FOUND);
    return reply;
}

static void tell_incident(uint64_t revision, const char *status, const char *email,
                          const uint8_t firing[16])
{
    Ts__IncidentChanged change = TS__INCIDENT_CHANGED__INIT;
    ProtobufCBinaryData id = { 16, (uint8_t *)(uintptr_t)firing };
    char *users[] = { text(email) };

    change.incident_id = text("inc_1");
    change.revision = revision;
    change.status = text(status);
    change.affected_users = users;
    change.n_affected_users = 1;
    change.detection_ids = &id;
    change.n_detection_ids = 1;
    served_hand_over(&s, &ts_risk_accept, tenant, "incident_changed", ts_wall_ms(), &change.base);
}

static unsigned count_rows(unsigned family, const risk_key *prefix)
{
    ts_iter *it = ts_iter_prefix(s.store, family, risk_key_view(prefix), false);
    unsigned n = 0;

    for (; ts_iter_valid(it); ts_iter_next(it))
        n++;
    ts_iter_free(it);
    return n;
}

static unsigned orphans(void)
{
    risk_key prefix = risk_key_tenant(tenant);

    return count_rows(RISK_ORPHANS, &prefix);
}

static unsigned firings_of(uint64_t user)
{
    risk_key prefix = risk_user_key(tenant, user);

    return count_rows(RISK_FIRINGS, &prefix);
}

static void nobodys_firing(uint8_t ret[16])
{
    risk_key prefix = risk_user_key(tenant, 0);
    ts_iter *it = ts_iter_prefix(s.store, RISK_FIRINGS, risk_key_view(&prefix), false);

    CHECK(ts_iter_valid(it));
    memcpy(ret, ts_iter_key(it).p + prefix.n, 16);
    ts_iter_free(it);
}

/* ---- what waits for a user ---- */

static void firings_incidents_and_apps_become_the_users_when_it_is_made(void)
{
    static const char email[] = "late@later.example";
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    const Ts__Risk__UserProfile *p;
    uint8_t firing[16];

    fresh_organization();
    put_leak(&body, email);
    put_grant(&body, "authorize", email, 60);
    post(&body, 2);
    CHECK(profile_of(email) == NULL);
    CHECK_EQ(firings_of(0), 1);
    nobodys_firing(firing);
    tell_incident(1, "open", email, firing);
    CHECK_EQ(orphans(), 3);

    employ(email);
    p = profile_of(email);
    CHECK_EQ(p->n_active_rules, 1);
    CHECK(strcmp(p->active_rules[0]->rule_id, "drive_ownership_moved_outside") == 0);
    CHECK(strcmp(p->active_rules[0]->incident_id, "inc_1") == 0);
    CHECK(p->user->score > 0);
    CHECK(p->active_rules[0]->points > p->user->score - 0.001 &&
          p->active_rules[0]->points < p->user->score + 0.001);
    CHECK_EQ(p->user->open_incident_count, 1);
    CHECK_EQ(orphans(), 0);
    CHECK_EQ(firings_of(0), 0);

    /* What is known by the firing's id finds it at its new place. */
    tell_incident(2, "false_positive", email, firing);
    p = profile_of(email);
    CHECK_EQ(p->user->score, 0);
    CHECK_EQ(p->user->open_incident_count, 0);
    /* The same act again moves the count of the user's firing, and is not nobody's. */
    ts_buf_clear(&body);
    put_leak(&body, email);
    post(&body, 1);
    CHECK_EQ(firings_of(0), 0);
    CHECK_EQ(firings_of(p->user->number), 1);
}

static void firings_of_an_address_become_those_of_who_gets_it(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    uint64_t number;

    fresh_organization();
    put_record(&body, "login", "login_success", "ann@acme.example", "1001", 300, "login_type", "x");
    post(&body, 1);
    number = profile_of("ann@acme.example")->user->number;
    ts_buf_clear(&body);
    put_leak(&body, "anna@other.example");
    post(&body, 1);
    CHECK_EQ(firings_of(0), 1);
    /* The source's id says that this is Ann. */
    ts_buf_clear(&body);
    put_record(&body, "login", "login_success", "anna@other.example", "1001", 30, "login_type",
               "x");
    post(&body, 1);
    CHECK_EQ(profile_of("anna@other.example")->user->number, number);
    CHECK_EQ(profile_of("ann@acme.example")->n_active_rules, 1);
    CHECK_EQ(firings_of(0), 0);
    CHECK_EQ(firings_of(number), 1);
}

static void one_post_may_hold_the_firing_and_then_its_user(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    const Ts__Risk__UserProfile *p;

    fresh_organization();
    put_leak(&body, "new@fresh.example");
    put_grant(&body, "authorize", "new@fresh.example", 60);
    put_record(&body, "login", "login_success", "new@fresh.example", "7", 30, "login_type", "x");
    put_grant(&body, "revoke", "new@fresh.example", 20);
    post(&body, 4);
    p = profile_of("new@fresh.example");
    CHECK_EQ(p->n_active_rules, 1);
    CHECK_EQ(firings_of(0), 0);
    CHECK_EQ(orphans(), 0);
}

static void a_directory_user_is_known_by_the_sources_id_from_its_first_act_on(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    uint64_t number;

    fresh_organization();
    employ("old.name@acme.example");
    number = profile_of("old.name@acme.example")->user->number;
    put_record(&body, "login", "login_success", "old.name@acme.example", "55", 60, "login_type",
               "x");
    put_record(&body, "login", "login_success", "new.name@acme.example", "55", 30, "login_type",
               "x");
    post(&body, 2);
    CHECK_EQ(profile_of("new.name@acme.example")->user->number, number);
    CHECK_EQ(profile_of("old.name@acme.example")->user->number, number);
}

static void firings_of_nobody_go_when_they_can_count_no_more(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    atomic_bool cancelled = false;
    const risk_expiry e = { s.store, TS_DAY_MS, 58, &cancelled };
    int64_t at_ms = ts_wall_ms() - 60000;
    uint64_t n = 0;

    fresh_organization();
    put_leak(&body, "stranger@far.example");
    post(&body, 1);
    CHECK_EQ(risk_expire_orphans(&e, at_ms + RISK_FIRING_KEEP_MS - 1000, &n), TS_OK);
    CHECK_EQ(n, 0);
    CHECK_EQ(firings_of(0), 1);
    CHECK_EQ(risk_expire_orphans(&e, at_ms + RISK_FIRING_KEEP_MS + TS_HOUR_MS, &n), TS_OK);
    CHECK_EQ(n, 1);
    CHECK_EQ(firings_of(0), 0);
    CHECK_EQ(orphans(), 0);
    employ("stranger@far.example");
    CHECK_EQ(profile_of("stranger@far.example")->n_active_rules, 0);
}

/* ---- lists ---- */

static void a_walk_by_position_meets_everybody_once(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    Ts__Risk__ListUsersRequest request = TS__RISK__LIST_USERS_REQUEST__INIT;
    const Ts__Risk__UserList *page = NULL;
    char last[64] = "";
    uint32_t last_score = 100;
    unsigned met = 0;

    fresh_organization();
    for (char c = 'a'; c <= 'g'; c++) {
        char email[] = "x@acme.example";

        email[0] = c;
        employ(email);
    }
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
    for (char c = 'a'; c <= 'i'; c++) {
        char email[] = "x@acme.example";

        email[0] = c;
        employ(email);
    }
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

static void users_from_before_the_index_come_into_it(void)
{
    risk_key key = risk_user_key(tenant, 0);
    atomic_bool cancelled = false;
    Ts__Risk__UserRow old;
    ts_batch *b;
    uint64_t n = 0;

    fresh_organization();
    employ("early.bird@acme.example");
    old = *profile_of("early.bird@acme.example")->user;
    /* As a store from before has it: the row, and nothing of the index. */
    b = ts_batch_new();
    key = risk_key_tenant(tenant);
    ts_batch_delete_range(b, s.store, RISK_SEARCH, risk_key_view(&key), TS_STR_LIT("\xff"));
    key = risk_user_key(tenant, old.number);
    ts_batch_delete(b, s.store, RISK_USER_PLACES, risk_key_view(&key));
    old.searchable = false;
    ts_batch_put_message(b, s.store, RISK_USERS, risk_key_view(&key), &old.base);
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
    ts_batch_free(b);
    CHECK_EQ(search_for("bird", "", 5)->total, 0);
    CHECK_EQ(risk_backfill(s.store, ts_wall_ms(), &cancelled, &n), TS_OK);
    CHECK_EQ(n, 1);
    CHECK_EQ(search_for("bird", "", 5)->n_users, 1);
    CHECK_EQ(risk_backfill(s.store, ts_wall_ms(), &cancelled, &n), TS_OK);
    CHECK_EQ(n, 0);
}

/* ---- limits and catalogues ---- */

/* Another engine in the place of the service's own; gives that. */
static risk_ingest *change_engine(const risk_config *other)
{
    risk_ingest *own = app.ingest;

    CHECK_EQ(risk_ingest_new(other, &app.ingest, NULL), TS_OK);
    return own;
}

static void change_back(risk_ingest *own)
{
    risk_ingest_free(app.ingest);
    app.ingest = own;
}

static void events_make_no_more_users_than_an_organization_may_have(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    risk_config small = config;
    double refused = metric("ts_risk_users_refused_total");
    risk_ingest *own;

    fresh_organization();
    small.users_max = 2;
    own = change_engine(&small);
    put_record(&body, "login", "login_success", "a@acme.example", "1", 90, "login_type", "x");
    put_record(&body, "login", "login_success", "b@acme.example", "2", 80, "login_type", "x");
    put_record(&body, "login", "login_success", "c@acme.example", "3", 70, "login_type", "x");
    put_record(&body, "login", "login_success", "a@acme.example", "1", 60, "login_type", "x");
    put_leak(&body, "c@acme.example");
    post(&body, 5);
    CHECK(profile_of("a@acme.example") != NULL);
    CHECK(profile_of("b@acme.example") != NULL);
    CHECK(profile_of("c@acme.example") == NULL);
    CHECK_EQ(metric("ts_risk_users_refused_total") - refused, 2);
    CHECK_EQ(firings_of(0), 1);
    /* Once there is room, what has waited is theirs. */
    change_back(own);
    ts_buf_clear(&body);
    put_record(&body, "login", "login_success", "c@acme.example", "3", 10, "login_type", "x");
    post(&body, 1);
    CHECK_EQ(profile_of("c@acme.example")->n_active_rules, 1);
    CHECK_EQ(metric("ts_risk_users_refused_total") - refused, 2);
}

static void write_text(const char *directory, const char *name, const char *content)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    f = fopen(path, "we");
    CHECK(f != NULL);
    CHECK(fputs(content, f) >= 0);
    CHECK_EQ(fclose(f), 0);
}

/* A catalogue of one scope and one tool. */
static catalogue *other_catalogue(void)
{
    char rules[128], directory[160];
    catalogue *c = NULL;

    snprintf(rules, sizeof(rules), "%s/rules", s.directory);
    snprintf(directory, sizeof(directory), "%s/catalogue", rules);
    CHECK_EQ(mkdir(rules, 0700), 0);
    CHECK_EQ(mkdir(directory, 0700), 0);
    write_text(directory, "oauth_scopes.yml",
               "- scope: 'https://files.example/all'\n  class: critical\n  weight: 90\n"
               "  meaning: 'Everything'\n");
    write_text(directory, "ai_tools.yml",
               "- tool: 'Filer'\n  vendor: 'Files'\n  apps: ['Filer']\n");
    CHECK_EQ(catalogue_load(rules, &c, NULL), TS_OK);
    return c;
}

/* How many apps it describes anew. */
static uint64_t follow(const catalogue *c, bool is_cancelled)
{
    atomic_bool cancelled = is_cancelled;
    uint64_t n = 77;

    CHECK_EQ(risk_backfill_apps(s.store, c, ts_wall_ms(), &cancelled, &n), TS_OK);
    return n;
}

static const Ts__Risk__App *first_app(void)
{
    Ts__Risk__ListAppsRequest request = TS__RISK__LIST_APPS_REQUEST__INIT;
    const Ts__Risk__AppList *reply = NULL;

    request.status = text("all");
    request.limit = 10;
    CHECK_EQ(served_call(&s, tenant, &ts_risk_list_apps, &request.base, &reply), TS_OK);
    CHECK_EQ(reply->total, 1);
    return reply->apps[0];
}

static unsigned places_of_apps(void)
{
    risk_key prefix = risk_key_tenant(tenant);

    return count_rows(RISK_APP_ORDER, &prefix);
}

static void apps_follow_another_catalogue_at_start(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    TS_CLEANUP(catalogue_free_p) catalogue *other = other_catalogue();
    uint64_t told;
    char at[TS_RFC3339_SIZE];

    fresh_organization();
    employ("ann@acme.example");
    ts_time_format(ts_wall_ms() - 60000, true, at);
    ts_buf_printf(&body,
                  "{\"id\":{\"time\":\"%s\",\"uniqueQualifier\":\"%llu\",\"applicationName\":"
                  "\"token\"},\"actor\":{\"email\":\"ann@acme.example\"},\"events\":[{\"name\":"
                  "\"authorize\",\"parameters\":[{\"name\":\"app_name\",\"value\":\"Filer\"},"
                  "{\"name\":\"scope\",\"multiValue\":[\"https://files.example/all\"]}]}]}\n",
                  at, (unsigned long long)++qualifier);
    post(&body, 1);
    CHECK_EQ(first_app()->risk_score, 40); /* of a scope that nobody knows */
    CHECK(!first_app()->is_ai_tool);
    CHECK_EQ(follow(risk_ingest_catalogue(app.ingest), false), 0);
    CHECK_EQ(follow(other, true), 0);
    CHECK_EQ(first_app()->risk_score, 40);

    told = served_sent(&s, RISK_TO_WEBHOOKS);
    CHECK_EQ(follow(other, false), 1);
    CHECK_EQ(first_app()->risk_score, 90);
    CHECK(first_app()->is_ai_tool);
    CHECK_EQ(places_of_apps(), 2); /* among all and the untrusted */
    CHECK_EQ(served_sent(&s, RISK_TO_WEBHOOKS), told);
    CHECK_EQ(follow(other, false), 0);
}

/* ---- changes that come twice ---- */

static ts_status add_contact(const char *key, const char *value, const Ts__Risk__Contact **ret)
{
    Ts__Risk__AddContactRequest request = TS__RISK__ADD_CONTACT_REQUEST__INIT;
    bool replayed = false;
    ts_caller caller = served_caller(tenant, "key:key_test", key);
    ProtobufCMessage *out = NULL;
    ts_status st;

    caller.ret_replayed = &replayed;
    request.value = text(value);
    st = ts_rpc_call(s.peer, &ts_risk_add_contact, &caller, &request.base, s.arena, &out, &s.error);
    *ret = (const Ts__Risk__Contact *)out;
    return st;
}

static void a_contact_is_added_once_and_audited_once(void)
{
    Ts__Risk__ContactValue gone = TS__RISK__CONTACT_VALUE__INIT;
    const Ts__Risk__Contact *first = NULL, *again = NULL;
    const Ts__Risk__ContactValue *removed = NULL;
    const Ts__AuditEntry *entry = NULL;
    uint64_t before;

    fresh_organization();
    before = served_sent(&s, RISK_TO_AUTH);
    CHECK_EQ(add_contact("k1", "acme.example", &first), TS_OK);
    CHECK_EQ(add_contact("k1", "acme.example", &again), TS_OK);
    CHECK_EQ(again->added_ms, first->added_ms);
    CHECK_EQ(add_contact("k1", "other.example", &again), TS_CONFLICT);
    CHECK_EQ(add_contact("k2", "ACME.example", &again), TS_OK); /* another call, the same contact */
    CHECK_EQ(again->added_ms, first->added_ms);
    CHECK_EQ(served_sent(&s, RISK_TO_AUTH), before + 1);
    served_read(&s, RISK_TO_AUTH, before + 1, &ts__audit_entry__descriptor, &entry);
    CHECK(strcmp(entry->action, "contact.added") == 0);
    CHECK(strcmp(entry->object, "acme.example") == 0);
    CHECK(strcmp(entry->actor, "key:key_test") == 0);
    gone.value = text("acme.example");
    CHECK_EQ(served_call(&s, tenant, &ts_risk_remove_contact, &gone.base, &removed), TS_OK);
    served_read(&s, RISK_TO_AUTH, before + 2, &ts__audit_entry__descriptor, &entry);
    CHECK(strcmp(entry->action, "contact.removed") == 0);
    CHECK_EQ(served_call(&s, tenant, &ts_risk_remove_contact, &gone.base, &removed), TS_NOT_FOUND);
}

static void an_upload_is_audited_and_bounded(void)
{
    Ts__Risk__PutDirectoryRequest request = TS__RISK__PUT_DIRECTORY_REQUEST__INIT;
    const Ts__Risk__PutDirectoryReply *reply = NULL;
    Ts__Risk__DirectoryRow rows[3];
    Ts__Risk__DirectoryRow *list[] = { &rows[0], &rows[1], &rows[2] };
    const Ts__AuditEntry *entry = NULL;
    uint64_t before;

    fresh_organization();
    before = served_sent(&s, RISK_TO_AUTH);
    for (size_t i = 0; i < TS_COUNT(rows); i++) {
        ts__risk__directory_row__init(&rows[i]);
        rows[i].name = text("N");
    }
    rows[0].email = text("a@acme.example");
    rows[1].email = text("b@acme.example");
    rows[2].email = text("c@acme.example");
    config.directory_rows = 2;
    request.rows = list;
    request.n_rows = 3;
    CHECK_EQ(served_call(&s, tenant, &ts_risk_put_directory, &request.base, &reply), TS_TOO_LARGE);
    config.directory_rows = 3;
    config.users_max = 2;
    reply = upload(rows, 3);
    CHECK_EQ(reply->created, 2);
    CHECK_EQ(reply->n_rejected, 1);
    CHECK_EQ(reply->rejected[0]->index, 2);
    config.directory_rows = 10000;
    config.users_max = 1000000;
    served_read(&s, RISK_TO_AUTH, before + 1, &ts__audit_entry__descriptor, &entry);
    CHECK(strcmp(entry->action, "directory.uploaded") == 0);
    CHECK(strcmp(entry->details, "{\"created\":2,\"updated\":0,\"unchanged\":0,\"rejected\":1}") ==
          0);
}

/* ---- kept answers ---- */

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
    RUN(firings_incidents_and_apps_become_the_users_when_it_is_made);
    RUN(firings_of_an_address_become_those_of_who_gets_it);
    RUN(one_post_may_hold_the_firing_and_then_its_user);
    RUN(a_directory_user_is_known_by_the_sources_id_from_its_first_act_on);
    RUN(firings_of_nobody_go_when_they_can_count_no_more);
    RUN(a_walk_by_position_meets_everybody_once);
    RUN(a_walk_by_number_meets_each_once_while_scores_move);
    RUN(one_answer_of_a_walk_reads_so_many_rows_and_no_more);
    RUN(a_walk_over_apps_by_id_meets_each_once);
    RUN(users_from_before_the_index_come_into_it);
    RUN(events_make_no_more_users_than_an_organization_may_have);
    RUN(apps_follow_another_catalogue_at_start);
    RUN(a_contact_is_added_once_and_audited_once);
    RUN(an_upload_is_audited_and_bounded);
    fresh_organization();
    RUN(kept_answers_are_what_would_be_said_now);
    stop();
    remove_directory(s.directory);
    return 0;
}
