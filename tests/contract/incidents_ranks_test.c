/* What lists of incidents count and where their pages begin, against a plain look at all rows: over random histories, a kill in the
 * midst of them, a store of the schema that had no counts, and expiry beside the reader. */
#include <pthread.h>
#include <rocksdb/c.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "expire.h"
#include "incidents_served.h"
#include "list.h"

#define ACTS     400 /* of a history */
#define KILLS    3
#define ROWS_MAX 2000
#define MANY     2500
#define READS_MAX                                                                                  \
    2500 /* keys that a count or a far page may look at, however many incidents there are */
#define CALL_BYTES ((size_t)16 << 20)

static const char *self; /* argv[0] */
static uint64_t seed = 5;

static uint64_t dice(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

/* Some at the edges of buckets, some equal, the rest over two years. */
static int64_t any_time(void)
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

static void open_store(void)
{
    served_open_store(&s, incidents_families);
    CHECK_EQ(incidents_init(&app, s.store, &limits, KEEP_CLOSED_MS), TS_OK);
}

static void close_store(void)
{
    ts_store_close(TS_TAKE(s.store));
}

static void reopen_store(void)
{
    close_store();
    open_store();
}

static ts_call call_of(ts_arena *arena, ts_error *err)
{
    static uint8_t number;
    ts_call call = direct_call(arena, err);

    CHECK_EQ(ts_random(call.call_id, sizeof(call.call_id)), TS_OK);
    call.call_id[0] = number++;
    return call;
}

/* A row of risk's, as the inbox applies it. */
static void apply(const Ts__Detection *d, int64_t at_ms)
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

static void detect_at(const char *user, uint32_t severity, int64_t at_ms)
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

static int by_list_order(const void *a, const void *b)
{
    const seen *left = a;
    const seen *right = b;

    if (left->incident->created_ms != right->incident->created_ms)
        return left->incident->created_ms > right->incident->created_ms ? -1 : 1;
    return memcmp(left->id, right->id, sizeof(left->id));
}

static void look_at_all(void)
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

static bool names(const Ts__Incidents__Incident *incident, ts_str user)
{
    for (size_t i = 0; i < incident->n_affected_users; i++) {
        if (strlen(incident->affected_users[i]) == user.n &&
            strncasecmp(incident->affected_users[i], user.p, user.n) == 0)
            return true;
    }
    return user.n == 0;
}

static bool shows(const list_query *q, const Ts__Incidents__Incident *incident)
{
    return (q->group == GROUP_ALL || (incident->closed_ms != 0) == (q->group == GROUP_CLOSED)) &&
           (q->severity == ANY_SEVERITY || (uint32_t)q->severity == incident->severity) &&
           names(incident, q->user) && incident->created_ms >= q->since_ms &&
           (q->until_ms == 0 || incident->created_ms < q->until_ms);
}

static const char *const users[] = { "ann@example.com", "ANN@example.com", "bob@example.com",
                                     "cem@example.com", "dee@example.com" };

static int64_t any_bound(void)
{
    if (row_count == 0 || dice(3) == 0)
        return dice(2) == 0 ? 0 : any_time();
    return rows[dice(row_count)].incident->created_ms - 1 + (int64_t)dice(3);
}

static list_query any_query(void)
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

static void check_query(const list_query *q)
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

static void check_all(int times)
{
    look_at_all();
    for (int i = 0; i < times; i++) {
        list_query q = any_query();

        check_query(&q);
    }
}

/* ---- what happens ---- */

static void change_status(const char *id, bool is_closed)
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

static void change_any(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    ts_error err = { "", "" };
    ts_call call = call_of(arena, &err);
    list_query q = { .severity = ANY_SEVERITY, .limit = 1 };
    Ts__Incidents__Incident **page = NULL;
    uint64_t total = 0;
    size_t count = 0;

    q.group = dice(3) == 0 ? GROUP_CLOSED : GROUP_OPEN;
    CHECK_EQ(list_count(&call, &q, &total), TS_OK);
    if (total == 0)
        return;
    q.offset = dice(total);
    CHECK_EQ(list_read(&call, &q, &page, &count), TS_OK);
    CHECK_EQ(count, 1);
    change_status(page[0]->id, page[0]->closed_ms != 0);
}

static void expire_some(void)
{
    atomic_bool stopping = false;
    uint64_t count = 0;

    /* All that is closed: the wall clock closed it just now. */
    CHECK_EQ(expire_closed(&app, ts_wall_ms() + KEEP_CLOSED_MS + TS_HOUR_MS, &stopping, &count),
             TS_OK);
}

static void act(void)
{
    switch (dice(10)) {
    case 0:
    case 1:
    case 2: change_any(); break;
    case 3:
        if (dice(20) == 0)
            expire_some();
        break;
    default: detect_at(users[dice(TS_COUNT(users))], (uint32_t)dice(CHAIN_SEVERITIES), any_time());
    }
}

/* ---- the tests ---- */

static void lists_agree_with_all_rows_over_random_histories(void)
{
    check_all(30); /* of nothing */
    for (int i = 1; i <= ACTS; i++) {
        act();
        if (i % 60 == 0)
            check_all(60);
    }
    CHECK(row_count > 30);
    check_all(500);
    reopen_store();
    check_all(100);
    tenant.mode = TS_MODE_TEST; /* whose lists are others */
    check_all(20);
    CHECK_EQ(row_count, 0);
    tenant.mode = TS_MODE_LIVE;
}

/* Acts until it is killed, and says after each that it did. */
_Noreturn static void live(const char *directory, const char *number)
{
    tenant.org = 50;
    seed = 1000 + strtoull(number, NULL, 10);
    snprintf(s.directory, sizeof(s.directory), "%s", directory);
    open_store();
    for (;;) {
        act();
        if (write(STDOUT_FILENO, ".", 1) != 1)
            _exit(1); /* nobody waits any more */
    }
}

static void kill_after(unsigned acts, unsigned number)
{
    char word[16];
    char *arguments[] = { (char *)(uintptr_t)self, (char *)(uintptr_t) "live", s.directory, word,
                          NULL };
    posix_spawn_file_actions_t actions;
    int pipe_ends[2];
    pid_t pid = -1;
    char c;

    snprintf(word, sizeof(word), "%u", number);
    CHECK_EQ(pipe(pipe_ends), 0);
    CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
    CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO), 0);
    CHECK_EQ(posix_spawn_file_actions_addclose(&actions, pipe_ends[0]), 0);
    CHECK_EQ(posix_spawn(&pid, self, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    for (unsigned i = 0; i < acts; i++)
        CHECK_EQ(read(pipe_ends[0], &c, 1), 1);
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, NULL, 0), pid);
    close(pipe_ends[0]);
}

static void a_killed_service_has_counted_what_it_has_written(void)
{
    tenant.org = 50;
    for (unsigned i = 0; i < KILLS; i++) {
        close_store();
        kill_after(100 + 37 * i, i);
        open_store();
        check_all(150);
        CHECK(row_count > 10);
    }
}

static size_t ranks_of(uint64_t org, uint64_t *ret_digest)
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

/* As schema 1 left it, but for one in `keep_one_in` rows of the counts: an upgrade that was killed. */
static void take_ranks_away(uint64_t org, unsigned keep_one_in)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    incidents_key key = incidents_tenant_key((ts_tenant){ org, TS_MODE_LIVE });
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(s.store, INCIDENTS_RANKS, incidents_key_view(&key), false);
    ProtobufCMessage *m = NULL;
    ts_str value;

    for (unsigned i = 0; ts_iter_valid(it); ts_iter_next(it), i++) {
        if (keep_one_in == 0 || i % keep_one_in != 0)
            ts_batch_delete(b, s.store, INCIDENTS_RANKS, ts_iter_key(it));
    }
    ts_arena_reset(row_arena);
    CHECK_EQ(ts_store_get(s.store, INCIDENTS_TOTALS, incidents_key_view(&key), row_arena, &value),
             TS_OK);
    CHECK_EQ(ts_arena_unpack(row_arena, &ts__incidents__totals__descriptor, value, &m), TS_OK);
    CHECK(((Ts__Incidents__Totals *)m)->ranked);
    ((Ts__Incidents__Totals *)m)->ranked = false;
    ts_batch_put_message(b, s.store, INCIDENTS_TOTALS, incidents_key_view(&key), m);
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
}

static void a_store_without_counts_gets_them_whatever_was_begun(void)
{
    static const uint64_t orgs[] = { 2, 50 };
    static const unsigned keep_one_in[] = { 0, 2, 1 };

    for (size_t i = 0; i < TS_COUNT(keep_one_in); i++) {
        for (size_t o = 0; o < TS_COUNT(orgs); o++) {
            uint64_t digest, again;
            size_t count = ranks_of(orgs[o], &digest);

            CHECK(count > 100);
            take_ranks_away(orgs[o], keep_one_in[i]);
            tenant.org = orgs[o];
            reopen_store();
            CHECK_EQ(ranks_of(orgs[o], &again), count); /* what moves made is what the lists say */
            CHECK_EQ(again, digest);
            check_all(100);
            act(); /* goes on from there */
            check_all(50);
            reopen_store();
            check_all(20);
        }
    }
}

/* Killed between the tombstone and the end of the rows, and started as a version with another schema. */
static void an_organization_that_ended_half_is_not_counted_any_more(void)
{
    uint64_t digest;

    detect_at("eve@example.com", 3, any_time());
    take_ranks_away(tenant.org, 0);
    CHECK_EQ(ts_store_fence(s.store, tenant.org, 1, NULL), TS_OK);
    reopen_store();
    CHECK_EQ(ranks_of(tenant.org, &digest), 0);
}

static void a_list_that_names_nothing_is_left_out_of_the_counts(void)
{
    ts_hash128 scope = incidents_list_scope(GROUP_OPEN, ANY_SEVERITY, ts_str_of("gus@example.com"));
    static const uint8_t nobody[16] = "nothing is here";
    incidents_key key = incidents_list_key(tenant, scope, 1000, nobody);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    uint64_t digest, again;
    size_t count = ranks_of(tenant.org, &digest);

    ts_batch_put(b, s.store, INCIDENTS_LISTS, incidents_key_view(&key), TS_STR_NULL);
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
    take_ranks_away(tenant.org, 0);
    reopen_store();
    CHECK_EQ(ranks_of(tenant.org, &again), count);
    CHECK_EQ(again, digest);
}

static void a_page_is_found_by_walking_if_its_rank_has_gone(void)
{
    incidents_key view =
        incidents_list_view(tenant, incidents_list_scope(GROUP_ALL, ANY_SEVERITY, TS_STR_NULL));
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(s.store, INCIDENTS_RANKS, incidents_key_view(&view), false);
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    ts_error err = { "", "" };
    ts_call call = call_of(arena, &err);
    list_query q = { .severity = ANY_SEVERITY, .limit = 3, .offset = 4 };
    Ts__Incidents__Incident **page = NULL;
    size_t count = 0;

    look_at_all();
    CHECK(row_count > 10);
    for (; ts_iter_valid(it); ts_iter_next(it))
        ts_batch_delete(b, s.store, INCIDENTS_RANKS, ts_iter_key(it));
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
    CHECK_EQ(list_read(&call, &q, &page, &count), TS_OK);
    CHECK_EQ(count, 3);
    for (size_t i = 0; i < count; i++)
        CHECK(strcmp(page[i]->id, rows[4 + i].incident->id) == 0);
    q.offset = row_count;
    CHECK_EQ(list_read(&call, &q, &page, &count), TS_OK);
    CHECK_EQ(count, 0);
}

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

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 4 && strcmp(argv[1], "live") == 0)
        live(argv[2], argv[3]);
    row_arena = ts_arena_new((size_t)64 << 20);
    scratch_directory(s.directory);
    open_store();
    tenant.org = 2;
    RUN(lists_agree_with_all_rows_over_random_histories);
    RUN(a_killed_service_has_counted_what_it_has_written);
    RUN(a_store_without_counts_gets_them_whatever_was_begun);
    RUN(a_list_that_names_nothing_is_left_out_of_the_counts);
    RUN(a_page_is_found_by_walking_if_its_rank_has_gone);
    tenant.org = 60;
    RUN(a_list_passes_over_what_has_just_expired_and_names_damage);
    RUN(lists_are_read_while_their_incidents_expire);
    tenant.org = 61;
    RUN(many_incidents_cost_a_count_no_more_than_few);
    tenant.org = 63;
    RUN(a_page_begins_at_its_bound_whatever_comes_meanwhile);
    tenant.org = 62;
    RUN(an_organization_that_ended_half_is_not_counted_any_more);
    close_store();
    ts_arena_free(row_arena);
    remove_directory(s.directory);
    return 0;
}
