/* What a start makes good: users of a store from before the search index, apps of another catalogue. */
#include <sys/stat.h>

#include "backfill.h"
#include "risk_words.h"

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

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(users_from_before_the_index_come_into_it);
    RUN(apps_follow_another_catalogue_at_start);
    stop();
    remove_directory(s.directory);
    return 0;
}
