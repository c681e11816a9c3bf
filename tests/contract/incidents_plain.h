/* incidents without a server, detections at any time, and a plain look at all rows: what lists count and where their pages begin
 * is held against it. */
#ifndef CONTRACT_INCIDENTS_PLAIN_H
#define CONTRACT_INCIDENTS_PLAIN_H

#include "expire.h"
#include "incidents_served.h"
#include "list.h"

#define ROWS_MAX   2000
#define CALL_BYTES ((size_t)16 << 20)

static uint64_t seed = 5;

static inline uint64_t dice(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

/* Some at the edges of buckets, some equal, the rest over two years. */
static inline int64_t any_time(void)
{
    static const int64_t edges[] = { INT64_C(409) << 32, INT64_C(104961) << 24,
                                     INT64_C(26870912) << 16 };
    const int64_t base = INT64_C(1760000000000);

    switch (dice(4)) {
    case 0: return edges[dice(TS_COUNT(edges))] - 1 + (int64_t)dice(3);
    case 1: return base + (int64_t)dice(5);
    case 2: return base + (int64_t)dice(TS_DAY_MS);
    default: return base + (int64_t)dice(UINT64_C(2) * 365 * 86400000);
    }
}

/* ---- the store without a server ---- */

static inline void open_store(void)
{
    served_open_store(&s, incidents_families);
    CHECK_EQ(incidents_init(&app, s.store, &limits, KEEP_CLOSED_MS), TS_OK);
}

static inline void close_store(void)
{
    ts_store_close(TS_TAKE(s.store));
}

static inline void reopen_store(void)
{
    close_store();
    open_store();
}

static inline ts_call call_of(ts_arena *arena, ts_error *err)
{
    static uint8_t number;
    ts_call call = direct_call(arena, err);

    CHECK_EQ(ts_random(call.call_id, sizeof(call.call_id)), TS_OK);
    call.call_id[0] = number++;
    return call;
}

/* A row of risk's, as the inbox applies it. */
static inline void apply(const Ts__Detection *d, int64_t at_ms)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    Ts__HandOverRow row = TS__HAND_OVER_ROW__INIT;
    ts_error err = { "", "" };
    uint8_t bytes[1024];

    row.org = tenant.org;
    row.kind = text("detection");
    row.at_ms = at_ms;
    row.payload.data = bytes;
    CHECK(protobuf_c_message_get_packed_size(&d->base) <= sizeof(bytes));
    row.payload.len = protobuf_c_message_pack(&d->base, bytes);
    incidents_lock_tenant(&app, tenant);
    CHECK_EQ(incidents_apply_row(&app, &row, arena, b, &err), TS_OK);
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    incidents_unlock_tenant(&app, tenant);
}

static inline void detect_at(const char *user, uint32_t severity, int64_t at_ms)
{
    static char *tactics[] = { (char *)(uintptr_t) "TA0001", (char *)(uintptr_t) "TA0006",
                               (char *)(uintptr_t) "TA0010" };
    Ts__Detection d = TS__DETECTION__INIT;
    ts_hash128 id;

    CHECK_EQ(ts_random(id.bytes, sizeof(id.bytes)), TS_OK);
    d.id.data = id.bytes;
    d.id.len = sizeof(id.bytes);
    d.rule_id = text(severity % 2 == 0 ? "rule_a" : "rule_b");
    d.title = text("A rule");
    d.severity = severity;
    d.user_email = text(user);
    /* Without a user of its own, a chain is that of its dedup key, whoever is named. */
    d.dedup_key = text(user);
    d.event_ms = d.last_event_ms = at_ms;
    d.count = 1;
    d.tactics = &tactics[dice(3)];
    d.n_tactics = 1;
    apply(&d, at_ms);
}

/* ---- the plain look ---- */

typedef struct seen {
    uint8_t id[16];
    Ts__Incidents__Incident *incident;
} seen;

static seen rows[ROWS_MAX];
static size_t row_count;
static ts_arena *row_arena;

static inline int by_list_order(const void *a, const void *b)
{
    const seen *left = a;
    const seen *right = b;

    if (left->incident->created_ms != right->incident->created_ms)
        return left->incident->created_ms > right->incident->created_ms ? -1 : 1;
    return memcmp(left->id, right->id, sizeof(left->id));
}

static inline void look_at_all(void)
{
    incidents_key prefix = incidents_tenant_key(tenant);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(s.store, INCIDENTS_ROWS, incidents_key_view(&prefix), false);

    ts_arena_reset(row_arena);
    row_count = 0;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;

        CHECK(row_count < ROWS_MAX);
        CHECK_EQ(ts_arena_unpack(row_arena, &ts__incidents__row__descriptor, ts_iter_value(it), &m),
                 TS_OK);
        memcpy(rows[row_count].id, incidents_key_last_id(ts_iter_key(it)), 16);
        rows[row_count++].incident = ((Ts__Incidents__Row *)m)->incident;
    }
    qsort(rows, row_count, sizeof(rows[0]), by_list_order);
}

static inline bool names(const Ts__Incidents__Incident *incident, ts_str user)
{
    for (size_t i = 0; i < incident->n_affected_users; i++) {
        if (strlen(incident->affected_users[i]) == user.n &&
            strncasecmp(incident->affected_users[i], user.p, user.n) == 0)
            return true;
    }
    return user.n == 0;
}

static inline bool shows(const list_query *q, const Ts__Incidents__Incident *incident)
{
    return (q->group == GROUP_ALL || (incident->closed_ms != 0) == (q->group == GROUP_CLOSED)) &&
           (q->severity == ANY_SEVERITY || (uint32_t)q->severity == incident->severity) &&
           names(incident, q->user) && incident->created_ms >= q->since_ms &&
           (q->until_ms == 0 || incident->created_ms < q->until_ms);
}

static const char *const users[] = { "ann@example.com", "ANN@example.com", "bob@example.com",
                                     "cem@example.com", "dee@example.com" };

static inline int64_t any_bound(void)
{
    if (row_count == 0 || dice(3) == 0)
        return dice(2) == 0 ? 0 : any_time();
    return rows[dice(row_count)].incident->created_ms - 1 + (int64_t)dice(3);
}

static inline list_query any_query(void)
{
    return (list_query){ .group = (incidents_group)dice(3),
                         .severity = (int)dice(CHAIN_SEVERITIES + 2) < CHAIN_SEVERITIES
                                         ? (int)dice(CHAIN_SEVERITIES)
                                         : ANY_SEVERITY,
                         .user =
                             dice(2) == 0 ? TS_STR_NULL : ts_str_of(users[dice(TS_COUNT(users))]),
                         .since_ms = any_bound(),
                         .until_ms = any_bound(),
                         .limit = 1 + (uint32_t)dice(7),
                         .offset = dice(3) == 0 ? 0 : dice(row_count + 2) };
}

static inline void check_query(const list_query *q)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    ts_error err = { "", "" };
    ts_call call = call_of(arena, &err);
    Ts__Incidents__Incident **page = NULL;
    uint64_t total = 0, expected = 0;
    size_t count = 0, found = 0;

    CHECK_EQ(list_count(&call, q, &total), TS_OK);
    CHECK_EQ(list_read(&call, q, &page, &count), TS_OK);
    for (size_t i = 0; i < row_count; i++) {
        if (!shows(q, rows[i].incident))
            continue;
        if (expected >= q->offset && found < q->limit) {
            CHECK(found < count);
            CHECK(strcmp(page[found++]->id, rows[i].incident->id) == 0);
        }
        expected++;
    }
    CHECK_EQ(total, expected);
    CHECK_EQ(count, found);
}

static inline void check_all(int times)
{
    look_at_all();
    for (int i = 0; i < times; i++) {
        list_query q = any_query();

        check_query(&q);
    }
}

/* ---- what happens ---- */

static inline void change_status(const char *id, bool is_closed)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    static const char *const to[] = { "investigating", "resolved", "false_positive" };
    Ts__Incidents__IncidentDetails rep = TS__INCIDENTS__INCIDENT_DETAILS__INIT;
    Ts__Incidents__UpdateStatusRequest update = TS__INCIDENTS__UPDATE_STATUS_REQUEST__INIT;
    Ts__Incidents__ReopenRequest again = TS__INCIDENTS__REOPEN_REQUEST__INIT;
    ts_error err = { "", "" };
    ts_call call = call_of(arena, &err);

    update.id = again.id = text(id);
    update.status = text(to[dice(3)]);
    if (is_closed)
        call.method = &ts_incidents_reopen;
    CHECK_EQ(is_closed ? incidents_rpc_reopen(&call, &again.base, &rep.base)
                       : incidents_rpc_update_status(&call, &update.base, &rep.base),
             TS_OK);
}

static inline void expire_some(void)
{
    atomic_bool stopping = false;
    uint64_t count = 0;

    /* All that is closed: the wall clock closed it just now. */
    CHECK_EQ(expire_closed(&app, ts_wall_ms() + KEEP_CLOSED_MS + TS_HOUR_MS, &stopping, &count),
             TS_OK);
}

/* ---- the counts ---- */

static inline size_t ranks_of(uint64_t org, uint64_t *ret_digest)
{
    incidents_key prefix = incidents_tenant_key((ts_tenant){ org, TS_MODE_LIVE });
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(s.store, INCIDENTS_RANKS, incidents_key_view(&prefix), false);
    size_t count = 0;

    *ret_digest = 0;
    for (; ts_iter_valid(it); ts_iter_next(it), count++) {
        ts_str parts[] = { ts_iter_key(it), ts_iter_value(it) };
        ts_hash128 hash = ts_hash_parts(parts, TS_COUNT(parts));
        uint64_t first;

        memcpy(&first, hash.bytes, sizeof(first));
        *ret_digest += first;
    }
    return count;
}

static inline void begin_plain(void)
{
    row_arena = ts_arena_new((size_t)64 << 20);
    scratch_directory(s.directory);
    open_store();
}

static inline void end_plain(void)
{
    close_store();
    ts_arena_free(row_arena);
    remove_directory(s.directory);
}

#endif
