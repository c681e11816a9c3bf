/* A key's life: found, listed, changed, rotated, ended; who may do that to which; what a repeated call gets. */
#include "auth_keys.h"
#include "tend.h"
#include "ts/apikey.h"

static const Ts__WebhookPublish *published(uint64_t seq)
{
    const Ts__WebhookPublish *p = NULL;

    served_read(&s, AUTH_TO_WEBHOOKS, seq, &ts__webhook_publish__descriptor, &p);
    return p;
}

/* ---- listing ---- */

static void keys_are_listed_newest_first_and_in_pages(void)
{
    enum { KEYS = 7 };
    const Ts__Auth__KeyList *all = NULL;
    const Ts__Auth__KeyList *page = NULL;
    uint64_t org = new_org();
    key keys[KEYS];

    for (int i = 0; i < KEYS; i++)
        CHECK_EQ(make(nobody, org, i % 2 == 0 ? TS_MODE_LIVE : TS_MODE_TEST, &keys[i]), TS_OK);
    CHECK_EQ(list(nobody, org, 0, 0, &all), TS_OK);
    CHECK_EQ(all->n_keys, KEYS);
    CHECK_EQ(all->total, KEYS);
    for (size_t i = 1; i < KEYS; i++)
        CHECK(all->keys[i - 1]->created_ms >= all->keys[i]->created_ms);
    for (uint64_t offset = 0; offset < KEYS; offset++) {
        CHECK_EQ(list(nobody, org, 1, offset, &page), TS_OK);
        CHECK_EQ(page->n_keys, 1);
        CHECK_EQ(page->total, KEYS);
        CHECK_EQ(page->keys[0]->sha256.len, 0);
        CHECK(strcmp(page->keys[0]->id, all->keys[offset]->id) == 0);
    }
    CHECK_EQ(list(nobody, org, 5, KEYS, &page), TS_OK);
    CHECK_EQ(page->n_keys, 0);
    CHECK_EQ(page->total, KEYS);
    CHECK_EQ(list(nobody, org, 1000, 0, &page), TS_OK);
    expect_refused(list(nobody, org, 1001, 0, &page), TS_INVALID, "limit");
    expect_refused(list(nobody, 1000000, 1, 0, &page), TS_NOT_FOUND, "org");
}

/* ---- whose keys ---- */

static void a_key_acts_on_its_own_organization_and_a_test_key_on_test_keys(void)
{
    Ts__Auth__RevokeKeyRequest get = TS__AUTH__REVOKE_KEY_REQUEST__INIT;
    Ts__Auth__UpdateKeyRequest change;
    const Ts__Auth__KeyList *keys = NULL;
    const Ts__Auth__ApiKey *row = NULL;
    uint64_t org = new_org();
    uint64_t other = new_org();
    key live;
    key test;
    key foreign;
    key made;

    CHECK_EQ(make(nobody, org, TS_MODE_LIVE, &live), TS_OK);
    CHECK_EQ(make(nobody, org, TS_MODE_TEST, &test), TS_OK);
    CHECK_EQ(make(nobody, other, TS_MODE_LIVE, &foreign), TS_OK);

    /* A live key: both modes, its own organization, whatever the request says. */
    CHECK_EQ(make(live_of(org), 0, TS_MODE_TEST, &made), TS_OK);
    CHECK_EQ(made.org, org);
    expect_refused(make(live_of(org), other, TS_MODE_LIVE, &made), TS_DENIED, "org");
    CHECK_EQ(list(live_of(org), 0, 0, 0, &keys), TS_OK);
    CHECK_EQ(keys->total, 3);
    expect_refused(list(live_of(org), other, 0, 0, &keys), TS_DENIED, "org");
    get.id = foreign.id;
    expect_refused(call_for(live_of(org), "", &ts_auth_get_key, &get.base, &row, NULL),
                   TS_NOT_FOUND, "id");
    expect_refused(call_for(live_of(org), "", &ts_auth_revoke_key, &get.base, &row, NULL),
                   TS_NOT_FOUND, "id");
    foreign.org = 0;
    CHECK_EQ(rotate_as(live_of(org), &foreign, "", 0).status, TS_NOT_FOUND);

    /* A test key: test keys only. */
    expect_refused(make(test_of(org), 0, TS_MODE_LIVE, &made), TS_DENIED, "mode");
    CHECK_EQ(make(test_of(org), 0, TS_MODE_TEST, &made), TS_OK);
    CHECK_EQ(list(test_of(org), 0, 0, 0, &keys), TS_OK);
    CHECK_EQ(keys->total, 3);
    for (size_t i = 0; i < keys->n_keys; i++)
        CHECK_EQ(keys->keys[i]->mode, TS_MODE_TEST);
    get.id = live.id;
    expect_refused(call_for(test_of(org), "", &ts_auth_get_key, &get.base, &row, NULL), TS_DENIED,
                   "mode");
    expect_refused(call_for(test_of(org), "", &ts_auth_revoke_key, &get.base, &row, NULL),
                   TS_DENIED, "mode");
    change = update_of(&live);
    change.name = text("taken");
    expect_refused(update(test_of(org), &change, &row), TS_DENIED, "mode");
    CHECK_EQ(rotate_as(test_of(org), &live, "", 0).status, TS_DENIED);
    get.id = test.id;
    CHECK_EQ(call_for(test_of(org), "", &ts_auth_get_key, &get.base, &row, NULL), TS_OK);
    CHECK(authorize(&live)->known);

    get.id = text("key_nonsense");
    expect_refused(call_for(live_of(org), "", &ts_auth_get_key, &get.base, &row, NULL),
                   TS_NOT_FOUND, "id");
    get.id = live.id;
    /* served_call() claims no permission. */
    expect_refused(served_call(&s, live_of(org), &ts_auth_revoke_key, &get.base, &row), TS_DENIED,
                   "");
}

/* ---- changing ---- */

static void an_update_may_be_for_the_key_that_was_looked_at(void)
{
    const Ts__Auth__ApiKey *row = NULL;
    key k = new_key(TS_PERM_INGEST);
    Ts__Auth__UpdateKeyRequest request = update_of(&k);

    request.revision = get_key(&k)->revision;
    CHECK(request.revision != 0);
    (void)authorize(&k);
    CHECK_EQ(get_key(&k)->revision, request.revision); /* using it changes nothing of that */
    request.name = text("looked at");
    CHECK_EQ(update(nobody, &request, &row), TS_OK);
    request.name = text("too late");
    expect_refused(update(nobody, &request, &row), TS_PRECONDITION, "If-Match");
    CHECK(get_key(&k)->revision != request.revision);
    CHECK(strcmp(get_key(&k)->name, "looked at") == 0);
}

static void an_update_counts_from_the_next_call_and_leaves_the_rest(void)
{
    Ts__Auth__UpdateKeyRequest request;
    const Ts__Auth__ApiKey *row = NULL;
    key k = new_key(TS_PERM_INGEST);
    uint64_t sent = sent_to_webhooks();
    uint32_t left = authorize(&k)->remaining;

    request = update_of(&k);
    request.permissions = TS_PERM_AGENT;
    CHECK_EQ(update(nobody, &request, &row), TS_OK);
    CHECK_EQ(row->permissions, TS_PERM_AGENT);
    CHECK(strcmp(row->name, "a key") == 0);
    CHECK_EQ(row->sha256.len, 0);
    CHECK_EQ(authorize(&k)->permissions, TS_PERM_AGENT);
    CHECK(authorize(&k)->remaining < left); /* its window stays */

    request = update_of(&k);
    request.name = text("another name");
    request.sets_expiry = true;
    request.expires_ms = ts_wall_ms() + TS_HOUR_MS;
    CHECK_EQ(update(nobody, &request, &row), TS_OK);
    restart();
    CHECK_EQ(get_key(&k)->expires_ms, request.expires_ms);
    CHECK_EQ(get_key(&k)->permissions, TS_PERM_AGENT);
    CHECK(strcmp(get_key(&k)->name, "another name") == 0);
    CHECK(strcmp(last_entry(k.org)->action, "key.updated") == 0);
    CHECK(strstr(last_entry(k.org)->details, "\"name\":\"another name\"") != NULL);
    CHECK(strstr(last_entry(k.org)->details, "permissions") == NULL);

    request = update_of(&k);
    request.sets_expiry = true;
    CHECK_EQ(update(nobody, &request, &row), TS_OK);
    CHECK_EQ(row->expires_ms, 0);
    CHECK_EQ(update(nobody, &request, &row), TS_OK); /* the same again: nothing to log */
    CHECK_EQ(audit_of(nobody, k.org, "")->total, 5);
    CHECK_EQ(sent_to_webhooks(), sent); /* an update is no event */
}

static void updates_that_are_wrong_are_refused(void)
{
    Ts__Auth__UpdateKeyRequest request;
    const Ts__Auth__ApiKey *row = NULL;
    key k = new_key(TS_PERM_INGEST);
    char name[102];

    memset(name, 'x', sizeof(name));
    name[101] = '\0';
    request = update_of(&k);
    request.name = name;
    expect_refused(update(nobody, &request, &row), TS_INVALID, "name");
    request = update_of(&k);
    request.permissions = TS_PERM_ALL + 1;
    expect_refused(update(nobody, &request, &row), TS_INVALID, "permissions");
    request = update_of(&k);
    request.sets_expiry = true;
    request.expires_ms = ts_wall_ms() - 1;
    expect_refused(update(nobody, &request, &row), TS_INVALID, "expires_at");
    revoke_key(&k);
    request = update_of(&k);
    request.name = text("late");
    expect_refused(update(nobody, &request, &row), TS_CONFLICT, "id");
}

/* ---- rotating ---- */

static void a_rotated_key_works_on_beside_the_new_one_and_then_ends(void)
{
    key old = new_key(TS_PERM_INGEST | TS_PERM_AGENT);
    uint64_t sent = sent_to_webhooks();
    int64_t before_ms = ts_wall_ms();
    rotated r = rotate(&old, -1);
    const Ts__Auth__ApiKey *row = get_key(&old);
    int64_t ends_ms;

    CHECK_EQ(r.status, TS_OK);
    CHECK(ts_api_key_form_valid(ts_str_of(r.secret)));
    CHECK(strcmp(r.row.name, "a key") == 0);
    CHECK_EQ(r.row.permissions, TS_PERM_INGEST | TS_PERM_AGENT);
    CHECK_EQ(r.row.expires_ms, 0);
    CHECK(strcmp(row->rotated_to, r.key.id) == 0);
    CHECK(row->expires_ms >= before_ms + TS_DAY_MS && row->expires_ms <= ts_wall_ms() + TS_DAY_MS);
    CHECK(authorize(&old)->admitted && authorize(&r.key)->admitted);
    CHECK_EQ(sent_to_webhooks(), sent + 1);
    CHECK(strcmp(published(sent + 1)->event, "api_key.created") == 0);
    CHECK(strstr(published(sent + 1)->data, r.key.id) != NULL);
    CHECK(strcmp(last_entry(old.org)->action, "key.rotated") == 0);
    CHECK(strcmp(last_entry(old.org)->object, old.id) == 0);

    /* Its time is over: webhooks hear of it, once, and it stays ended. */
    ends_ms = row->expires_ms;
    CHECK_EQ(auth_tend(&app, ends_ms - 1), TS_OK);
    CHECK_EQ(sent_to_webhooks(), sent + 1);
    CHECK_EQ(auth_tend(&app, ends_ms), TS_OK);
    CHECK_EQ(auth_tend(&app, ends_ms + 1), TS_OK);
    CHECK_EQ(sent_to_webhooks(), sent + 2);
    CHECK(strcmp(published(sent + 2)->event, "api_key.revoked") == 0);
    CHECK(strstr(published(sent + 2)->data, old.id) != NULL);
    CHECK_EQ(published(sent + 2)->at_ms, ends_ms);
    CHECK_EQ(get_key(&old)->revoked_ms, ends_ms);
    CHECK(!authorize(&old)->known);
    CHECK(authorize(&r.key)->admitted);
}

static void without_overlap_the_old_key_ends_in_that_moment(void)
{
    key old = new_key(TS_PERM_INGEST);
    uint64_t sent = sent_to_webhooks();
    rotated r;

    CHECK(authorize(&old)->admitted);
    r = rotate(&old, 0);
    CHECK_EQ(r.status, TS_OK);
    CHECK(!authorize(&old)->known);
    CHECK(authorize(&r.key)->admitted);
    CHECK_EQ(sent_to_webhooks(), sent + 2);
    CHECK(strcmp(published(sent + 1)->event, "api_key.created") == 0);
    CHECK(strcmp(published(sent + 2)->event, "api_key.revoked") == 0);
    CHECK_EQ(auth_tend(&app, ts_wall_ms() + TS_DAY_MS), TS_OK);
    CHECK_EQ(sent_to_webhooks(), sent + 2);
}

static void an_overlap_ends_no_later_than_the_key_would_have(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    rotated r;
    key k;

    request.org = new_org();
    request.name = text("short");
    request.mode = TS_MODE_TEST;
    request.expires_ms = ts_wall_ms() + TS_HOUR_MS;
    CHECK_EQ(create_key(&request, &k), TS_OK);
    r = rotate(&k, 86400);
    CHECK_EQ(r.status, TS_OK);
    CHECK_EQ(get_key(&k)->expires_ms, request.expires_ms);
    CHECK_EQ(r.row.expires_ms, request.expires_ms);
    CHECK_EQ(r.row.mode, TS_MODE_TEST);
    CHECK(strncmp(r.secret, "tsk_test_", 9) == 0);
}

static void what_cannot_be_rotated_says_so(void)
{
    Ts__Auth__UpdateKeyRequest change;
    const Ts__Auth__ApiKey *row = NULL;
    key k = new_key(TS_PERM_INGEST);
    key gone = new_key(TS_PERM_INGEST);

    expect_refused(rotate(&k, config.overlap_max_s + 1).status, TS_INVALID, "overlap_seconds");
    CHECK_EQ(rotate(&k, config.overlap_max_s).status, TS_OK);
    expect_refused(rotate(&k, 0).status, TS_CONFLICT, "id");
    change = update_of(&k);
    change.sets_expiry = true; /* it would never end */
    expect_refused(update(nobody, &change, &row), TS_CONFLICT, "id");
    CHECK(revoke_key(&k)->revoked_ms != 0);
    revoke_key(&gone);
    expect_refused(rotate(&gone, 0).status, TS_CONFLICT, "id");
}

/* ---- repeated calls ---- */

static void a_repeat_gets_the_same_key_without_its_secret(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    const Ts__Auth__CreateKeyReply *first = NULL;
    const Ts__Auth__CreateKeyReply *again = NULL;
    const Ts__Auth__KeyList *keys = NULL;
    ts_tenant tenant = live_of(new_org());
    uint64_t sent = sent_to_webhooks();
    bool replayed = false;
    char id[TS_ID_SIZE];
    rotated r;
    rotated repeated;

    request.name = text("once");
    CHECK_EQ(call_for(tenant, "k1", &ts_auth_create_key, &request.base, &first, &replayed), TS_OK);
    CHECK(!replayed && first->secret[0] != '\0');
    snprintf(id, sizeof(id), "%s", first->key->id);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(call_for(tenant, "k1", &ts_auth_create_key, &request.base, &again, &replayed),
                 TS_OK);
        CHECK(replayed);
        CHECK(strcmp(again->key->id, id) == 0);
        CHECK(again->secret[0] == '\0');
        CHECK_EQ(again->key->sha256.len, 0);
        restart();
    }
    request.name = text("twice");
    CHECK_EQ(call_for(tenant, "k1", &ts_auth_create_key, &request.base, &again, &replayed),
             TS_CONFLICT);
    CHECK_EQ(list(tenant, 0, 0, 0, &keys), TS_OK);
    CHECK_EQ(keys->total, 1);
    CHECK_EQ(audit_of(tenant, 0, "")->total, 2);
    CHECK_EQ(sent_to_webhooks(), sent + 1);

    r.key.org = 0;
    snprintf(r.key.id, sizeof(r.key.id), "%s", keys->keys[0]->id);
    repeated = rotate_as(tenant, &r.key, "k2", 0);
    CHECK(repeated.status == TS_OK && !repeated.replayed);
    r = rotate_as(tenant, &r.key, "k2", 0);
    CHECK(r.status == TS_OK && r.replayed);
    CHECK(strcmp(r.key.id, repeated.key.id) == 0);
    CHECK(r.secret[0] == '\0');
}

/* No row of the store holds a key, whoever looks. */
static void a_secret_is_nowhere_in_the_store(void)
{
    rotated r;
    key k = new_key(TS_PERM_ADMIN);

    served_check_hidden(auth_families);
    r = rotate(&k, 60);
    for (unsigned family = 0; auth_families[family].name != NULL; family++) {
        ts_iter *it = ts_iter_new(s.store, family, TS_STR_NULL, TS_STR_NULL, false);

        for (; ts_iter_valid(it); ts_iter_next(it)) {
            ts_str parts[] = { ts_iter_key(it), ts_iter_value(it) };

            for (size_t i = 0; i < TS_COUNT(parts); i++)
                CHECK(memmem(parts[i].p, parts[i].n, r.secret + 13, 20) == NULL);
        }
        ts_iter_free(it);
    }
}

/* ---- limits ---- */

static void an_organization_has_so_many_keys_and_no_more(void)
{
    ts_tenant tenant = live_of(new_org());
    key first;
    key k;

    config.keys_max = 3;
    CHECK_EQ(make(tenant, 0, TS_MODE_LIVE, &first), TS_OK);
    CHECK_EQ(make(tenant, 0, TS_MODE_TEST, &k), TS_OK);
    CHECK_EQ(make(tenant, 0, TS_MODE_LIVE, &k), TS_OK);
    expect_refused(make(tenant, 0, TS_MODE_LIVE, &k), TS_CONFLICT, "");
    expect_refused(make(tenant, 0, TS_MODE_TEST, &k), TS_CONFLICT, "");
    CHECK_EQ(rotate(&first, 60).status, TS_CONFLICT);
    CHECK_EQ(rotate(&first, 0).status, TS_OK); /* one for the other */
    expect_refused(make(tenant, 0, TS_MODE_LIVE, &k), TS_CONFLICT, "");
    revoke_key(&k);
    CHECK_EQ(make(tenant, 0, TS_MODE_LIVE, &k), TS_OK);
    expect_refused(make(tenant, 0, TS_MODE_LIVE, &k), TS_CONFLICT, "");
    config.keys_max = 10000;
}

static void a_name_may_be_as_long_as_the_setting_says(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    key k;

    config.name_max = 5;
    request.org = 1;
    request.name = text("12345");
    CHECK_EQ(create_key(&request, &k), TS_OK);
    request.name = text("123456");
    expect_refused(create_key(&request, &k), TS_INVALID, "name");
    CHECK(strstr(s.error.text, "1 to 5") != NULL);
    config.name_max = 100;
}

/* ---- stores of the first version ---- */

static void a_store_of_the_first_version_gets_its_lists(void)
{
    const Ts__Auth__KeyList *before = NULL;
    const Ts__Auth__KeyList *after = NULL;
    auth_totals totals;
    ts_batch *b = ts_batch_new();
    uint64_t org = new_org();
    uint64_t next = new_org() + 1;
    key live[3];
    key test;

    for (size_t i = 0; i < TS_COUNT(live); i++)
        CHECK_EQ(make(nobody, org, TS_MODE_LIVE, &live[i]), TS_OK);
    CHECK_EQ(make(nobody, org, TS_MODE_TEST, &test), TS_OK);
    revoke_key(&live[0]);
    CHECK_EQ(rotate(&live[1], 60).status, TS_OK);
    served_clear(&s, AUTH_KEY_LIST);
    served_clear(&s, AUTH_TOTALS);
    served_clear(&s, AUTH_DUE);
    served_clear(&s, AUTH_NUMBERS);
    auth_put_number(b, s.store, "org",
                    org); /* what the first version wrote when `org` was changed last */
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    ts_batch_free(b);

    restart();
    CHECK_EQ(new_org(), next);
    CHECK_EQ(list(nobody, org, 0, 0, &before), TS_OK);
    CHECK_EQ(before->n_keys, 5);
    CHECK_EQ(before->total, 5);
    CHECK_EQ(auth_load_totals(s.store, live_of(org), s.arena, &totals), TS_OK);
    CHECK(totals.keys == 4 && totals.active == 3);
    restart(); /* the upgrade is done once */
    CHECK_EQ(list(nobody, org, 0, 0, &after), TS_OK);
    CHECK_EQ(after->total, 5);
    CHECK_EQ(auth_tend(&app, get_key(&live[1])->expires_ms), TS_OK);
    CHECK(get_key(&live[1])->revoked_ms != 0);
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(keys_are_listed_newest_first_and_in_pages);
    RUN(a_key_acts_on_its_own_organization_and_a_test_key_on_test_keys);
    RUN(an_update_may_be_for_the_key_that_was_looked_at);
    RUN(an_update_counts_from_the_next_call_and_leaves_the_rest);
    RUN(updates_that_are_wrong_are_refused);
    RUN(a_rotated_key_works_on_beside_the_new_one_and_then_ends);
    RUN(without_overlap_the_old_key_ends_in_that_moment);
    RUN(an_overlap_ends_no_later_than_the_key_would_have);
    RUN(what_cannot_be_rotated_says_so);
    RUN(a_repeat_gets_the_same_key_without_its_secret);
    RUN(a_secret_is_nowhere_in_the_store);
    RUN(an_organization_has_so_many_keys_and_no_more);
    RUN(a_name_may_be_as_long_as_the_setting_says);
    RUN(a_store_of_the_first_version_gets_its_lists);
    stop();
    remove_directory(s.directory);
    return 0;
}
