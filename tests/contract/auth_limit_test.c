/* The rate limit over the bus: exact, for many callers at once too; a repeated call counts once; a restart or a kill never
 * lets more through. Counting tests begin anew, with another key, if a minute ended under them. */
#include <pthread.h>

#include "auth_spawned.h"

#define TRIES   5
#define CALLERS 4

static unsigned admitted_of(const key *k, unsigned calls)
{
    unsigned admitted = 0;

    for (unsigned i = 0; i < calls; i++) {
        admitted += authorize(k)->admitted ? 1 : 0;
        served_forget(&s);
    }
    return admitted;
}

static int64_t begun_ms;

static bool minute_is_over(void)
{
    return !same_minute(begun_ms, ts_wall_ms());
}

/* Runs a test that counts until one run lies within a minute. */
static void count_in_a_minute(void (*test)(const key *k))
{
    bool counted = false;

    for (int i = 0; i < TRIES && !counted; i++) {
        key k = new_key(TS_PERM_INGEST);

        begun_ms = ts_wall_ms();
        test(&k);
        counted = !minute_is_over();
    }
    CHECK(counted);
}

static void exact(const key *k)
{
    unsigned admitted = admitted_of(k, LIMIT - 1);
    Ts__Auth__AuthorizeReply last = *authorize(k);
    Ts__Auth__AuthorizeReply next = *authorize(k);

    if (minute_is_over())
        return;
    CHECK_EQ(admitted, LIMIT - 1);
    CHECK(last.admitted);
    CHECK_EQ(last.limit, LIMIT);
    CHECK_EQ(last.remaining, 0);
    CHECK_EQ(last.reset_s, (begun_ms / TS_MINUTE_MS + 1) * 60);
    CHECK(next.known && !next.admitted);
    CHECK_EQ(next.remaining, 0);
    CHECK_EQ(next.reset_s, last.reset_s);
    CHECK(next.retry_after_s >= 1 && next.retry_after_s <= 60);
}

static void exactly_the_limit_is_admitted(void)
{
    count_in_a_minute(exact);
}

static void apart(const key *k)
{
    key other = new_key(TS_PERM_INGEST);
    unsigned first = admitted_of(k, LIMIT + 1);
    unsigned second = admitted_of(&other, LIMIT + 1);

    if (!minute_is_over())
        CHECK(first == LIMIT && second == LIMIT);
}

static void each_key_has_a_limit_of_its_own(void)
{
    count_in_a_minute(apart);
}

static void tiers(const key *k)
{
    unsigned first = admitted_of(k, LIMIT + 10);
    unsigned more;
    unsigned none;

    set_tier(k->org, "enterprise");
    more = admitted_of(k, LIMIT + 10);
    set_tier(k->org, "standard");
    none = admitted_of(k, 1);
    if (!minute_is_over())
        CHECK(first == LIMIT && more == LIMIT && none == 0);
}

static void a_new_tier_counts_from_the_next_call(void)
{
    count_in_a_minute(tiers);
}

/* ---- many at once ---- */

typedef struct caller {
    pthread_t thread;
    const key *key;
    unsigned admitted;
} caller;

static void *call_often(void *argument)
{
    caller *c = argument;
    Ts__Auth__AuthorizeRequest request = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ts_arena *arena = ts_arena_new((size_t)1 << 20);

    CHECK(arena != NULL);
    request.key_sha256.data = (uint8_t *)(uintptr_t)c->key->sha256;
    request.key_sha256.len = 32;
    request.cost = 1;
    for (int i = 0; i < LIMIT; i++) {
        ts_caller who = served_caller(nobody, "", "");
        ProtobufCMessage *reply = NULL;

        CHECK_EQ(ts_rpc_call(s.peer, &ts_auth_authorize, &who, &request.base, arena, &reply, NULL),
                 TS_OK);
        c->admitted += ((const Ts__Auth__AuthorizeReply *)reply)->admitted ? 1 : 0;
        ts_arena_reset(arena);
    }
    ts_arena_free(arena);
    return NULL;
}

static unsigned admitted_by_many(const key *k, void (*meanwhile)(const key *k))
{
    caller callers[CALLERS];
    unsigned admitted = 0;

    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = (caller){ .key = k };
        CHECK_EQ(pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
    }
    if (meanwhile != NULL)
        meanwhile(k);
    for (size_t i = 0; i < CALLERS; i++) {
        CHECK_EQ(pthread_join(callers[i].thread, NULL), 0);
        admitted += callers[i].admitted;
    }
    return admitted;
}

static void many(const key *k)
{
    unsigned admitted = admitted_by_many(k, NULL);

    if (!minute_is_over())
        CHECK_EQ(admitted, LIMIT);
}

static void many_callers_share_one_limit(void)
{
    count_in_a_minute(many);
}

static void revoke_it(const key *k)
{
    revoke_key(k);
    CHECK(!authorize(k)->known);
}

static void a_key_that_is_revoked_under_load_stays_revoked(void)
{
    key k = new_key(TS_PERM_INGEST);

    CHECK(admitted_by_many(&k, revoke_it) <= LIMIT);
    CHECK(!authorize(&k)->known);
}

/* ---- with clocks of our own ---- */

static void use_own_clock_after_restart(void)
{
    restart();
    app.clock = set_clock;
}

static ts_status call_with_id(const key *k, const uint8_t id[16], Ts__Auth__AuthorizeReply *ret)
{
    Ts__Auth__AuthorizeRequest request = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ts_error err = { "", "" };
    ts_call c = { .arena = s.arena, .error = &err, .service = &app };

    memcpy(c.call_id, id, sizeof(c.call_id));
    request.key_sha256.data = (uint8_t *)(uintptr_t)k->sha256;
    request.key_sha256.len = 32;
    request.cost = 1;
    ts__auth__authorize_reply__init(ret);
    return auth_rpc_authorize(&c, &request.base, &ret->base);
}

static void a_repeated_call_counts_once_and_gets_the_same_answer(void)
{
    Ts__Auth__AuthorizeReply first;
    Ts__Auth__AuthorizeReply again;
    Ts__Auth__AuthorizeReply next;
    uint8_t id[16] = "a call's own id";
    uint8_t other[16] = "another one's";
    key k = new_key(TS_PERM_INGEST);

    use_own_clock();
    CHECK_EQ(call_with_id(&k, id, &first), TS_OK);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(call_with_id(&k, id, &again), TS_OK);
        CHECK(again.admitted);
        CHECK_EQ(again.remaining, first.remaining);
        CHECK_EQ(again.reset_s, first.reset_s);
    }
    CHECK_EQ(call_with_id(&k, other, &next), TS_OK);
    CHECK_EQ(next.remaining, first.remaining - 1);
    restart();
}

static void a_key_ends_at_its_moment(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    key k;

    use_own_clock();
    request.org = new_org();
    request.name = text("short");
    request.expires_ms = moment.wall_ms + 1000;
    CHECK_EQ(create_key(&request, &k), TS_OK);
    pass_ms(999);
    CHECK(authorize(&k)->known);
    pass_ms(1);
    CHECK(!authorize(&k)->known);
    restart();
}

/* The clock was a day ahead when the key was used last: what the next use leaves behind is the right time. */
static void a_use_is_noted_also_after_the_clock_was_set_back(void)
{
    key k = new_key(TS_PERM_INGEST);

    use_own_clock();
    moment.wall_ms += TS_DAY_MS;
    CHECK(authorize(&k)->admitted);
    CHECK_EQ(get_key(&k)->last_used_ms, moment.wall_ms);
    moment.wall_ms -= TS_DAY_MS;
    pass_ms(TS_MINUTE_MS);
    CHECK(authorize(&k)->admitted);
    CHECK_EQ(get_key(&k)->last_used_ms, moment.wall_ms);
    pass_ms(TS_MINUTE_MS - 1); /* noted once a minute */
    CHECK(authorize(&k)->admitted);
    CHECK_EQ(get_key(&k)->last_used_ms, moment.wall_ms - (TS_MINUTE_MS - 1));
    restart();
}

static void a_retry_when_it_was_told_to_is_admitted(void)
{
    key k = new_key(TS_PERM_INGEST);
    const Ts__Auth__AuthorizeReply *refused;

    use_own_clock();
    CHECK_EQ(admitted_of(&k, LIMIT + 5), LIMIT);
    pass_ms(12345);
    refused = authorize(&k);
    CHECK(!refused->admitted);
    CHECK_EQ(refused->retry_after_s, 48); /* 47.655 s, rounded up */
    CHECK_EQ(refused->reset_s * 1000, moment.wall_ms - 12345 + TS_MINUTE_MS);
    pass_ms((int64_t)refused->retry_after_s * 1000);
    CHECK(authorize(&k)->admitted);
    restart();
}

/* Set by an hour, with and without a restart: the minute's limit stays what it is, and the next minute has all of it. */
static void a_wall_clock_that_is_set_opens_no_window(void)
{
    static const int64_t sets_ms[] = { TS_HOUR_MS, -TS_HOUR_MS };

    for (size_t i = 0; i < 2 * TS_COUNT(sets_ms); i++) {
        key k = new_key(TS_PERM_INGEST);

        use_own_clock();
        pass_ms(20000);
        CHECK_EQ(admitted_of(&k, LIMIT + 1), LIMIT);
        moment.wall_ms += sets_ms[i / 2];
        if (i % 2 == 1)
            use_own_clock_after_restart();
        CHECK_EQ(admitted_of(&k, 2), 0);
        pass_ms(39999);
        CHECK_EQ(admitted_of(&k, 2), 0);
        pass_ms(1);
        CHECK_EQ(admitted_of(&k, LIMIT + 1), LIMIT);
        /* And back. */
        moment.wall_ms -= sets_ms[i / 2];
        if (i % 2 == 1)
            use_own_clock_after_restart();
        CHECK_EQ(admitted_of(&k, 2), 0);
        pass_ms(TS_MINUTE_MS);
        CHECK_EQ(admitted_of(&k, LIMIT + 1), LIMIT);
        restart();
    }
}

/* A store of the first version knows no boot clock: there the wall clock decides. */
static void a_window_that_an_earlier_version_wrote_is_honoured(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf row = TS_BUF_INIT(64);
    TS_CLEANUP(ts_buf_done) ts_buf value = TS_BUF_INIT(64);
    ts_batch *b = ts_batch_new();
    key k = new_key(TS_PERM_INGEST);

    use_own_clock();
    pass_ms(1000);
    auth_row_key(&row, (ts_tenant){ k.org, TS_MODE_LIVE }, k.id);
    ts_buf_be64(&value, (uint64_t)(moment.wall_ms / TS_MINUTE_MS));
    ts_buf_be64(&value, LIMIT - 3);
    ts_batch_put(b, s.store, AUTH_RATES, ts_buf_view(&row), ts_buf_view(&value));
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    ts_batch_free(b);
    CHECK_EQ(admitted_of(&k, LIMIT), 3);
    pass_ms(TS_MINUTE_MS - 1000);
    CHECK_EQ(admitted_of(&k, LIMIT), LIMIT);
    restart();
}

/* More keys than fit into memory, in turns: those that gave way come back with what was reserved for them. */
static void a_key_that_gave_way_in_memory_is_not_admitted_more_often(void)
{
    enum { KEYS = 24, HELD = 16, ROUNDS = 12 };
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    unsigned admitted[KEYS] = { 0 };
    key keys[KEYS];

    config.cache_keys = HELD;
    restart();
    use_own_clock();
    request.org = new_org();
    request.name = text("one of many");
    for (int i = 0; i < KEYS; i++)
        CHECK_EQ(create_key(&request, &keys[i]), TS_OK);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < KEYS; i++) {
            admitted[i] += admitted_of(&keys[i], 20);
            CHECK(auth_cache_count(app.cache) <= HELD);
        }
    }
    for (int i = 0; i < KEYS; i++)
        CHECK(admitted[i] <= LIMIT && admitted[i] > 20);
    config.cache_keys = 1024;
    restart();
}

static void a_cost_above_a_whole_minute_is_refused_with_words(void)
{
    const Ts__Auth__AuthorizeReply *reply = NULL;
    key k = new_key(TS_PERM_INGEST);

    use_own_clock();
    CHECK_EQ(authorize_as(k.sha256, 32, LIMIT + 1, &reply), TS_INVALID);
    CHECK(strcmp(s.error.param, "cost") == 0);
    CHECK_EQ(authorize_as(k.sha256, 32, LIMIT, &reply), TS_OK);
    CHECK(reply->admitted && reply->remaining == 0);
    restart();
}

/* ---- restarts ---- */

/* At most the limit in all; and at most a chunk less for each restart. */
static void restarted(const key *k)
{
    unsigned admitted = admitted_of(k, 30);

    restart();
    admitted += admitted_of(k, 30);
    restart();
    admitted += admitted_of(k, LIMIT);
    if (!minute_is_over())
        CHECK(admitted <= LIMIT && admitted >= LIMIT - 2 * AUTH_WINDOW_CHUNK);
}

static void a_restart_within_the_minute_never_admits_more(void)
{
    count_in_a_minute(restarted);
}

/* Asks for a key that nobody has: counts nothing. */
static bool server_answers(void)
{
    const Ts__Auth__AuthorizeReply *reply = NULL;
    uint8_t unknown[32] = { 0 };

    return authorize_as(unknown, sizeof(unknown), 1, &reply) == TS_OK;
}

static unsigned killed_admitted;

/* The server is another process; here is only a peer. */
static void killed(const key *k)
{
    killed_admitted = 0;
    for (int round = 0; round < 4; round++) {
        pid_t pid = spawn_server();

        CHECK_SOON(server_answers());
        killed_admitted += admitted_of(k, round == 3 ? LIMIT : 25);
        kill_server(pid);
    }
}

static void kill_9_within_the_minute_never_admits_more(void)
{
    bool counted = false;

    for (int i = 0; i < TRIES && !counted; i++) {
        key k = new_key(TS_PERM_INGEST);

        begun_ms = ts_wall_ms();
        stop_and_connect();
        killed(&k);
        counted = !minute_is_over();
        disconnect_and_start();
    }
    CHECK(counted);
    CHECK(killed_admitted <= LIMIT);
    CHECK(killed_admitted > 0);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 3)
        serve(argv[2]);
    scratch_directory(s.directory);
    start();
    RUN(exactly_the_limit_is_admitted);
    RUN(each_key_has_a_limit_of_its_own);
    RUN(a_new_tier_counts_from_the_next_call);
    RUN(many_callers_share_one_limit);
    RUN(a_key_that_is_revoked_under_load_stays_revoked);
    RUN(a_repeated_call_counts_once_and_gets_the_same_answer);
    RUN(a_key_ends_at_its_moment);
    RUN(a_use_is_noted_also_after_the_clock_was_set_back);
    RUN(a_retry_when_it_was_told_to_is_admitted);
    RUN(a_wall_clock_that_is_set_opens_no_window);
    RUN(a_window_that_an_earlier_version_wrote_is_honoured);
    RUN(a_key_that_gave_way_in_memory_is_not_admitted_more_often);
    RUN(a_cost_above_a_whole_minute_is_refused_with_words);
    RUN(a_restart_within_the_minute_never_admits_more);
    RUN(kill_9_within_the_minute_never_admits_more);
    stop();
    remove_directory(s.directory);
    return 0;
}
