/* Expiry on a real store: what is over goes, what is not stays, over slices and over tenants. */
#include "check.h"
#include "clocks.h"
#include "detect/sigma/correlation.h"
#include "expire.h"
#include "hits.h"
#include "keys.h"
#include "sweep.h"
#include "ts/store.h"
#include "ts/time.h"

#define NOW_MS    (INT64_C(20000) * TS_DAY_MS + TS_HOUR_MS)
#define RETENTION (INT64_C(30) * TS_DAY_MS)
#define MANY      (RISK_EXPIRE_SLICE + 100)

static const uint8_t id[16] = { 1 };

static void put(ts_store *store, unsigned family, const risk_key *key)
{
    ts_batch *b = ts_batch_new();

    ts_batch_put(b, store, family, risk_key_view(key), TS_STR_LIT("x"));
    CHECK_EQ(ts_store_write(store, b, NULL), TS_OK);
    ts_batch_free(b);
}

static uint64_t count(ts_store *store, unsigned family)
{
    ts_iter *it = ts_iter_new(store, family, TS_STR_NULL, TS_STR_NULL, false);
    uint64_t n = 0;

    for (; ts_iter_valid(it); ts_iter_next(it))
        n++;
    ts_iter_free(it);
    return n;
}

static void put_hit(ts_store *store, uint64_t org, uint32_t number, int64_t at_ms)
{
    risk_key key = risk_key_tenant((ts_tenant){ org, TS_MODE_LIVE });

    risk_key_bytes(&key, id, 16);
    risk_key_bytes(&key, id, 16);
    risk_key_u64(&key, (uint64_t)at_ms);
    risk_key_u32(&key, number);
    risk_key_bytes(&key, id, 12);
    risk_key_u8(&key, 0);
    put(store, RISK_HITS, &key);
}

static void put_event(ts_store *store, uint64_t org, int64_t at_ms)
{
    ts_tenant tenant = { org, TS_MODE_TEST };
    risk_key key = risk_event_key(tenant, at_ms, id);

    put(store, RISK_EVENTS, &key);
    key = risk_user_key(tenant, 7);
    risk_key_desc(&key, at_ms);
    risk_key_bytes(&key, id, 16);
    put(store, RISK_USER_EVENTS, &key);
}

static void hits_that_no_window_reaches_go(ts_store *store)
{
    atomic_bool cancelled = false;
    const risk_expiry e = { store, RETENTION, 58, &cancelled };
    int64_t edge_ms = NOW_MS - SIGMA_TIMESPAN_MAX_MS - RISK_HITS_LATENESS_MS;
    uint64_t n = 0;

    for (uint32_t i = 0; i < MANY; i++)
        put_hit(store, 1 + i % 3, i, edge_ms - 1);
    put_hit(store, 1, 0, edge_ms);
    put_hit(store, 2, 0, NOW_MS);
    CHECK_EQ(risk_expire_hits(&e, NOW_MS, &n), TS_OK);
    CHECK_EQ(n, MANY);
    CHECK_EQ(count(store, RISK_HITS), 2);
}

static void events_over_their_retention_go_with_their_index(ts_store *store)
{
    atomic_bool cancelled = false;
    const risk_expiry e = { store, RETENTION, 58, &cancelled };
    uint64_t n = 0;

    put_event(store, 1, NOW_MS);
    put_event(store, 1, NOW_MS - RETENTION);
    put_event(store, 1, NOW_MS - RETENTION - 2 * TS_HOUR_MS); /* within the day of grace */
    put_event(store, 1, NOW_MS - RETENTION - 3 * TS_DAY_MS);
    put_event(store, 2, NOW_MS - RETENTION - 3 * TS_DAY_MS);
    CHECK_EQ(risk_expire_events(&e, NOW_MS, &n), TS_OK);
    CHECK_EQ(n, 4);
    CHECK_EQ(count(store, RISK_EVENTS), 3);
    CHECK_EQ(count(store, RISK_USER_EVENTS), 3);
}

static void a_clock_far_ahead_deletes_no_event_and_time_that_passed_does(ts_store *store)
{
    atomic_bool stopping = false;
    const risk_sweep_options o = {
        .store = store, .retention_ms = RETENTION, .baseline_days = 58, .catch_up_days = 7
    };

    clocks_wall_ms = NOW_MS;
    risk_sweep_expire(&o, &stopping);
    CHECK_EQ(count(store, RISK_HITS), 2);
    clocks_set(365 * TS_DAY_MS);
    risk_sweep_expire(&o, &stopping);
    clocks_run(TS_DAY_MS - 2 * TS_HOUR_MS);
    risk_sweep_expire(&o, &stopping);
    CHECK_EQ(count(store, RISK_EVENTS), 3);
    CHECK_EQ(count(store, RISK_USER_EVENTS), 3);
    CHECK_EQ(count(store, RISK_HITS), 1); /* the other one was on the edge */
    clocks_set(-365 * TS_DAY_MS);
    clocks_run(RETENTION + 2 * TS_DAY_MS);
    risk_sweep_expire(&o, &stopping);
    CHECK_EQ(count(store, RISK_EVENTS), 0);
    CHECK_EQ(count(store, RISK_USER_EVENTS), 0);
    CHECK_EQ(count(store, RISK_HITS), 0);
}

static void a_stop_ends_it_after_a_slice(ts_store *store)
{
    atomic_bool cancelled = true;
    const risk_expiry e = { store, RETENTION, 58, &cancelled };
    uint64_t n = 0;

    for (uint32_t i = 0; i < MANY; i++)
        put_hit(store, 9, i, 1);
    CHECK_EQ(risk_expire_hits(&e, NOW_MS, &n), TS_OK);
    CHECK(n > 0 && n <= RISK_EXPIRE_SLICE);
}

int main(void)
{
    char directory[64];
    ts_store_options o = { .directory = directory, .families = risk_families, .schema = 1 };
    ts_store *store = NULL;
    ts_error error;

    scratch_directory(directory);
    CHECK_EQ(ts_store_open(&o, &store, &error), TS_OK);
    hits_that_no_window_reaches_go(store);
    events_over_their_retention_go_with_their_index(store);
    a_clock_far_ahead_deletes_no_event_and_time_that_passed_does(store);
    a_stop_ends_it_after_a_slice(store);
    ts_store_close(store);
    remove_directory(directory);
    return 0;
}
