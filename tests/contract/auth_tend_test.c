/* What auth does when a moment has come: keys that end by themselves leave room, and a row that cannot be read stops nothing. */
#include "auth_keys.h"
#include "tend.h"

/* Those that have ended by themselves leave room, once, whether they are revoked afterwards or were before. */
static void keys_that_have_ended_leave_room(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    auth_totals totals;
    uint64_t sent;
    key k[3];

    request.org = new_org();
    request.name = text("short");
    request.expires_ms = ts_wall_ms() + TS_HOUR_MS;
    for (size_t i = 0; i < TS_COUNT(k); i++)
        CHECK_EQ(create_key(&request, &k[i]), TS_OK);
    CHECK_EQ(auth_tend(&app, request.expires_ms - 1), TS_OK); /* what other tests have left */
    sent = sent_to_webhooks();
    CHECK_EQ(auth_load_totals(s.store, live_of(request.org), s.arena, &totals), TS_OK);
    CHECK(totals.keys == 3 && totals.active == 3);
    revoke_key(&k[0]);
    CHECK_EQ(auth_load_totals(s.store, live_of(request.org), s.arena, &totals), TS_OK);
    CHECK(totals.keys == 3 && totals.active == 2);
    CHECK_EQ(auth_tend(&app, request.expires_ms), TS_OK);
    CHECK_EQ(auth_tend(&app, request.expires_ms), TS_OK);
    CHECK_EQ(auth_load_totals(s.store, live_of(request.org), s.arena, &totals), TS_OK);
    CHECK(totals.keys == 3 && totals.active == 0);
    revoke_key(&k[1]);
    CHECK_EQ(auth_load_totals(s.store, live_of(request.org), s.arena, &totals), TS_OK);
    CHECK(totals.keys == 3 && totals.active == 0);
    CHECK_EQ(sent_to_webhooks(),
             sent + 2); /* the two that were revoked: an end that was known is no event */
}

static uint64_t active_of(uint64_t org)
{
    auth_totals totals;

    CHECK_EQ(auth_load_totals(s.store, live_of(org), s.arena, &totals), TS_OK);
    return totals.active;
}

/* The clock was ahead for a while, and keys were seen to end that have not: whatever is done to them then, each is counted in
 * once and out once. */
static void keys_that_ended_by_a_wrong_clock_are_counted_right(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    const Ts__Auth__ApiKey *row = NULL;
    Ts__Auth__UpdateKeyRequest rename;
    int64_t later_ms = ts_wall_ms() + 3 * TS_HOUR_MS;
    uint64_t org = new_org();
    key lasting;
    key k[3];

    CHECK_EQ(make(live_of(org), 0, TS_MODE_LIVE, &lasting), TS_OK);
    request.org = org;
    request.name = text("short");
    request.expires_ms = ts_wall_ms() + TS_HOUR_MS;
    for (size_t i = 0; i < TS_COUNT(k); i++)
        CHECK_EQ(create_key(&request, &k[i]), TS_OK);
    CHECK_EQ(auth_tend(&app, request.expires_ms), TS_OK);
    CHECK_EQ(active_of(org), 1);
    rename = update_of(&k[0]);
    rename.name = text("renamed");
    CHECK_EQ(update(nobody, &rename, &row), TS_OK);
    CHECK_EQ(active_of(org), 2);
    CHECK_EQ(update(nobody, &rename, &row), TS_OK);
    CHECK_EQ(active_of(org), 2);
    CHECK_EQ(rotate(&k[1], 0).status, TS_OK); /* the new one */
    CHECK_EQ(active_of(org), 3);
    CHECK_EQ(rotate(&k[2], 60).status, TS_OK); /* both */
    CHECK_EQ(active_of(org), 5);
    CHECK_EQ(auth_tend(&app, later_ms), TS_OK);
    CHECK_EQ(active_of(org), 1); /* that without an end */
}

/* ---- rows that cannot be read ---- */

static void write_key_row(const key *k, ts_str value)
{
    TS_CLEANUP(ts_buf_done) ts_buf row_key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    auth_row_key(&row_key, live_of(k->org), k->id);
    ts_batch_put(b, s.store, AUTH_KEYS, ts_buf_view(&row_key), value);
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
}

static ts_str read_key_row(const key *k, ts_arena *arena)
{
    TS_CLEANUP(ts_buf_done) ts_buf row_key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    ts_str value = TS_STR_NULL;

    auth_row_key(&row_key, live_of(k->org), k->id);
    CHECK_EQ(ts_store_get(s.store, AUTH_KEYS, ts_buf_view(&row_key), arena, &value), TS_OK);
    return value;
}

/* An organization that is due to be erased and is not there. */
static void put_due_org(uint64_t org)
{
    TS_CLEANUP(ts_buf_done) ts_buf due = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    auth_due_org(&due, org);
    ts_batch_put(b, s.store, AUTH_DUE, ts_buf_view(&due), TS_STR_NULL);
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
}

static double spoilt(void)
{
    return metric("ts_auth_due_spoilt_total");
}

static void a_row_that_is_spoilt_stops_nothing_and_is_counted_once(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    int64_t ends_ms = ts_wall_ms() + TS_HOUR_MS;
    double before = spoilt();
    ts_str row;
    key k[2];

    request.name = text("short");
    for (size_t i = 0; i < TS_COUNT(k); i++) {
        request.org = new_org();
        request.expires_ms = ends_ms + (int64_t)i; /* the spoilt one comes first */
        CHECK_EQ(create_key(&request, &k[i]), TS_OK);
    }
    row = read_key_row(&k[0], arena);
    write_key_row(&k[0], TS_STR_LIT("\xff\xff\xff"));
    put_due_org(1000000);
    CHECK_EQ(auth_tend(&app, ends_ms + 1), TS_OK);
    CHECK_EQ(active_of(k[0].org), 1);
    CHECK_EQ(active_of(k[1].org), 0);
    CHECK_EQ(spoilt() - before, 2);
    CHECK_EQ(auth_tend(&app, ends_ms + 2), TS_OK);
    CHECK_EQ(spoilt() - before, 2);
    restart(); /* looks again */
    CHECK_EQ(auth_tend(&app, ends_ms + 3), TS_OK);
    CHECK_EQ(spoilt() - before, 4);
    write_key_row(&k[0], row);
    restart();
    CHECK_EQ(auth_tend(&app, ends_ms + 4), TS_OK);
    CHECK_EQ(active_of(k[0].org), 0);
    CHECK_EQ(spoilt() - before, 5);
}

static void as_many_spoilt_rows_are_left_alone_as_the_setting_says(void)
{
    int64_t now_ms = ts_wall_ms();
    double before;

    restart();
    CHECK_EQ(auth_tend(&app, now_ms), TS_OK); /* what other tests have left */
    before = spoilt();
    for (uint64_t org = 2000000; app.spoilt_count < 3; org++) {
        put_due_org(org);
        CHECK_EQ(auth_tend(&app, now_ms), TS_OK);
    }
    CHECK(spoilt() > before);
    before = spoilt();
    CHECK_EQ(auth_tend(&app, now_ms), TS_OK);
    CHECK_EQ(spoilt() - before, 0);
    put_due_org(3000000); /* there is no place for it */
    for (int i = 1; i <= 2; i++) {
        CHECK_EQ(auth_tend(&app, now_ms), TS_OK);
        CHECK_EQ(spoilt() - before, i);
    }
    CHECK_EQ(app.spoilt_count, 3);
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(keys_that_have_ended_leave_room);
    RUN(keys_that_ended_by_a_wrong_clock_are_counted_right);
    RUN(a_row_that_is_spoilt_stops_nothing_and_is_counted_once);
    RUN(as_many_spoilt_rows_are_left_alone_as_the_setting_says);
    stop();
    remove_directory(s.directory);
    return 0;
}
