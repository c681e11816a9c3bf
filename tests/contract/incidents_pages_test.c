/* Pages of a list of incidents while others come and go beside the reader, and what they cost among many. */
#include <pthread.h>
#include <rocksdb/c.h>

#include "incidents_plain.h"

#define MANY 2500
#define READS_MAX                                                                                  \
    2500 /* keys that a count or a far page may look at, however many incidents there are */

/* ---- what comes between the count of a list and its page ---- */

static bool newer_come;

ts_status __real_ts_ranks_find(const ts_ranks *r, ts_store *store, ts_str view, uint64_t rank,
                               ts_buf *ret); /* NOLINT: the linker's name */
ts_status __wrap_ts_ranks_find(const ts_ranks *r, ts_store *store, ts_str view, uint64_t rank,
                               ts_buf *ret); /* NOLINT */

/* The linker has it called in the place of the other. */
ts_status __wrap_ts_ranks_find(const ts_ranks *r, ts_store *store, ts_str view, uint64_t rank,
                               ts_buf *ret)
{
    char user[32];

    for (int i = 0; i < 3 && newer_come; i++) {
        snprintf(user, sizeof(user), "new%d@example.com", i);
        detect_at(user, 3, 9000 + i);
    }
    return __real_ts_ranks_find(r, store, view, rank, ret);
}

static void a_page_begins_at_its_bound_whatever_comes_meanwhile(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    const list_query q = { .severity = ANY_SEVERITY, .until_ms = 5000, .limit = 3, .offset = 1 };
    Ts__Incidents__Incident **page = NULL;
    ts_error err = { "", "" };
    ts_call call = call_of(arena, &err);
    char user[32];
    size_t count = 0;

    for (int i = 0; i < 8; i++) {
        snprintf(user, sizeof(user), "old%d@example.com", i);
        detect_at(user, 3, 1000 + i);
    }
    newer_come = true;
    CHECK_EQ(list_read(&call, &q, &page, &count), TS_OK);
    newer_come = false;
    CHECK_EQ(count, 3);
    for (size_t i = 0; i < count; i++)
        CHECK(page[i]->created_ms < q.until_ms);
}

/* ---- rows that go while a list is read ---- */

static void a_list_passes_over_what_has_just_expired_and_names_damage(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    ts_hash128 scope = incidents_list_scope(GROUP_CLOSED, ANY_SEVERITY, TS_STR_NULL);
    incidents_key view = incidents_list_view(tenant, scope);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    ProtobufCMessage *m = NULL;
    ts_str short_key = TS_STR_LIT("short"), key, packed;
    ts_error err = { "", "" };
    ts_call call = call_of(arena, &err);
    list_query q = { .group = GROUP_CLOSED, .severity = ANY_SEVERITY, .limit = 10 };
    Ts__Incidents__Incident **page = NULL;
    incidents_key row;
    size_t count = 0;

    detect_at("eve@example.com", 3, any_time());
    look_at_all();
    CHECK_EQ(row_count, 1);
    seed = 7; /* a die that closes it */
    while (rows[0].incident->closed_ms == 0) {
        change_status(rows[0].incident->id, false);
        look_at_all();
    }
    it = ts_iter_prefix(s.store, INCIDENTS_LISTS, incidents_key_view(&view), false);
    CHECK(ts_iter_valid(it)); /* the reader has looked at the list */
    key = ts_iter_key(it);
    CHECK_EQ(list_load(&call, &key, 1, &packed, &count), TS_OK);
    CHECK_EQ(count, 1);
    CHECK_EQ(ts_arena_unpack(arena, &ts__incidents__incident__descriptor, packed, &m), TS_OK);
    CHECK(strcmp(((Ts__Incidents__Incident *)m)->id, rows[0].incident->id) == 0);
    /* Its row alone is lost: that is damage, for the key and for the page. */
    row = incidents_id_key(tenant, rows[0].id);
    {
        ts_str value;

        CHECK_EQ(ts_store_get(s.store, INCIDENTS_ROWS, incidents_key_view(&row), arena, &value),
                 TS_OK);
        ts_batch_delete(b, s.store, INCIDENTS_ROWS, incidents_key_view(&row));
        CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
        CHECK_EQ(list_load(&call, &key, 1, &packed, &count), TS_CORRUPT);
        CHECK_EQ(list_read(&call, &q, &page, &count), TS_CORRUPT);
        ts_batch_free(b);
        b = ts_batch_new();
        ts_batch_put(b, s.store, INCIDENTS_ROWS, incidents_key_view(&row), value);
        CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
    }
    /* It expires while the reader still has the old list. */
    expire_some();
    CHECK_EQ(list_load(&call, &key, 1, &packed, &count), TS_OK);
    CHECK_EQ(count, 0);
    CHECK_EQ(list_load(&call, &short_key, 1, &packed, &count), TS_CORRUPT);
    CHECK_EQ(list_read(&call, &q, &page, &count), TS_OK);
    CHECK_EQ(count, 0);
}

static atomic_bool reader_ends;
static atomic_uint reads;

static bool is_closed(ts_arena *arena, const ProtobufCBinaryData *packed)
{
    ProtobufCMessage *m = NULL;

    CHECK_EQ(ts_arena_unpack(arena, &ts__incidents__incident__descriptor,
                             ts_str_n((const char *)packed->data, packed->len), &m),
             TS_OK);
    return ((const Ts__Incidents__Incident *)m)->closed_ms != 0;
}

static void *read_on(void *context)
{
    (void)context;
    while (!atomic_load(&reader_ends)) {
        TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
        Ts__Incidents__ListRequest request = TS__INCIDENTS__LIST_REQUEST__INIT;
        Ts__Incidents__IncidentRows rep = TS__INCIDENTS__INCIDENT_ROWS__INIT;
        ts_error err = { "", "" };
        ts_call call = call_of(arena, &err);

        request.status = text("closed");
        request.severity = -1;
        request.limit = 200;
        request.offset = atomic_load(&reads) % 3;
        CHECK_EQ(incidents_rpc_list(&call, &request.base, &rep.base), TS_OK);
        for (size_t i = 0; i < rep.n_incidents; i++)
            CHECK(is_closed(arena, &rep.incidents[i]));
        atomic_fetch_add(&reads, 1);
    }
    return NULL;
}

static void lists_are_read_while_their_incidents_expire(void)
{
    pthread_t reader;
    unsigned before;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 25; i++)
            detect_at(users[2 + i % 3], 3, INT64_C(1760000000000) + i * 2 * TS_DAY_MS);
        look_at_all();
        for (size_t i = 0; i < row_count; i++) {
            while (rows[i].incident->closed_ms == 0) {
                TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
                Ts__Incidents__UpdateStatusRequest update =
                    TS__INCIDENTS__UPDATE_STATUS_REQUEST__INIT;
                Ts__Incidents__IncidentDetails rep = TS__INCIDENTS__INCIDENT_DETAILS__INIT;
                ts_error err = { "", "" };
                ts_call call = call_of(arena, &err);

                update.id = rows[i].incident->id;
                update.status = text("resolved");
                CHECK_EQ(incidents_rpc_update_status(&call, &update.base, &rep.base), TS_OK);
                rows[i].incident->closed_ms = 1;
            }
        }
        atomic_store(&reader_ends, false);
        CHECK_EQ(pthread_create(&reader, NULL, read_on, NULL), 0);
        before = atomic_load(&reads);
        CHECK_SOON(atomic_load(&reads) > before + 2);
        expire_some();
        before = atomic_load(&reads);
        CHECK_SOON(atomic_load(&reads) > before + 2);
        atomic_store(&reader_ends, true);
        CHECK_EQ(pthread_join(reader, NULL), 0);
        check_all(50);
        CHECK_EQ(row_count, 0);
    }
    {
        uint64_t digest;

        CHECK_EQ(ranks_of(tenant.org, &digest), 0); /* nothing that is counted is left */
    }
}

/* ---- what it costs ---- */

static uint64_t keys_read(const list_query *q, uint64_t *ret_total)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    ts_error err = { "", "" };
    ts_call call = call_of(arena, &err);
    rocksdb_perfcontext_t *perf = rocksdb_perfcontext_create();
    Ts__Incidents__Incident **page = NULL;
    size_t count = 0;
    uint64_t keys;

    rocksdb_set_perf_level(rocksdb_enable_count);
    rocksdb_perfcontext_reset(perf);
    CHECK_EQ(list_count(&call, q, ret_total), TS_OK);
    CHECK_EQ(list_read(&call, q, &page, &count), TS_OK);
    keys = rocksdb_perfcontext_metric(perf, rocksdb_next_on_memtable_count) +
           rocksdb_perfcontext_metric(perf, rocksdb_prev_on_memtable_count) +
           rocksdb_perfcontext_metric(perf, rocksdb_internal_key_skipped_count);
    rocksdb_set_perf_level(rocksdb_disable);
    rocksdb_perfcontext_destroy(perf);
    CHECK_EQ(count, q->limit);
    return keys;
}

static void many_incidents_cost_a_count_no_more_than_few(void)
{
    const int64_t first_ms = INT64_C(1760000000000);
    const int64_t step_ms = TS_DAY_MS / 8; /* over a year and a third */
    const list_query queries[] = {
        { .severity = ANY_SEVERITY, .until_ms = first_ms + (MANY - 50) * step_ms, .limit = 1 },
        { .severity = ANY_SEVERITY, .since_ms = first_ms + 3, .limit = 1 },
        { .severity = ANY_SEVERITY,
          .since_ms = first_ms + 3,
          .until_ms = first_ms + (MANY - 50) * step_ms + 1,
          .limit = 1 },
        { .severity = ANY_SEVERITY, .limit = 1, .offset = MANY - 10 },
        { .severity = ANY_SEVERITY,
          .until_ms = first_ms + (MANY - 50) * step_ms,
          .limit = 1,
          .offset = MANY / 2 },
    };
    char user[32];

    for (int i = 0; i < MANY; i++) {
        snprintf(user, sizeof(user), "u%d@example.com", i);
        detect_at(user, 3, first_ms + i * step_ms);
    }
    for (size_t i = 0; i < TS_COUNT(queries); i++) {
        uint64_t total = 0;
        uint64_t keys = keys_read(&queries[i], &total);

        printf("  %llu keys read for a count of %llu\n", (unsigned long long)keys,
               (unsigned long long)total);
        CHECK(total >= MANY - 50);
        CHECK(keys > 0 && keys <= READS_MAX);
    }
}

int main(void)
{
    begin_plain();
    tenant.org = 60;
    RUN(a_list_passes_over_what_has_just_expired_and_names_damage);
    RUN(lists_are_read_while_their_incidents_expire);
    tenant.org = 61;
    RUN(many_incidents_cost_a_count_no_more_than_few);
    tenant.org = 63;
    RUN(a_page_begins_at_its_bound_whatever_comes_meanwhile);
    end_plain();
    return 0;
}
