/* The bus with real sockets: types, lanes, combining, deadlines, limits, strangers, parked calls, kept answers. */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "bus_served.h"

#define STOPS 40

#define THREADS 16
#define CALLS   200
#define CROWD   40

static void *authorize_many(void *argument)
{
    ts_peer *peer = argument;

    for (uint32_t i = 1; i <= CALLS; i++) {
        uint32_t got = 0;

        CHECK_EQ(authorize(peer, i, 20000, &got, NULL), TS_OK);
        CHECK_EQ(got, i);
    }
    return NULL;
}

static void concurrent_fast_calls_share_messages_and_get_their_own_answers(void)
{
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, authorize_many, peer), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&s.calls), THREADS * CALLS);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void words_of_an_error_cross_the_wire(void)
{
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    ts_error err = { "", "" };
    uint32_t got = 0;

    CHECK_EQ(authorize(peer, 7777, 5000, &got, &err), TS_CONFLICT);
    CHECK(strcmp(err.param, "cost") == 0);
    CHECK(strcmp(err.text, "cost 7777 is not liked") == 0);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void a_call_without_organization_is_refused_unless_the_method_allows_it(void)
{
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Risk__OverviewRequest req = TS__RISK__OVERVIEW_REQUEST__INIT;
    ts_caller caller = caller_with(5000);
    ProtobufCMessage *out = NULL;

    CHECK_EQ(ts_rpc_call(peer, &ts_risk_overview, &caller, &req.base, arena, &out, NULL), TS_OK);
    CHECK_EQ(((Ts__Risk__OverviewReply *)out)->total_users, 5);
    caller.tenant.org = 0;
    CHECK_EQ(ts_rpc_call(peer, &ts_risk_overview, &caller, &req.base, arena, &out, NULL),
             TS_INVALID);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void *list_keys_once(void *argument)
{
    CHECK_EQ(list_keys(argument, 20000), TS_OK);
    return NULL;
}

static void slow_calls_are_bounded_and_never_hold_up_fast_ones(void)
{
    service s = { 0 };
    ts_rpc_server *server;
    ts_peer *peer;
    pthread_t threads[THREADS];
    uint32_t got = 0;

    atomic_store(&s.hold, true);
    server = start(&s);
    peer = dial();
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, list_keys_once, peer), 0);
    CHECK_SOON(atomic_load(&s.running) == 4);
    CHECK_EQ(authorize(peer, 9, 5000, &got, NULL), TS_OK);
    CHECK_EQ(got, 9);
    atomic_store(&s.hold, false);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&s.most_running), 4);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

/* The slow lane has 16 places for calls: the rest waits unread. */
static void calls_beyond_the_places_of_a_lane_wait_for_their_turn(void)
{
    service s = { 0 };
    ts_rpc_server *server;
    ts_peer *peer;
    pthread_t threads[CROWD];

    atomic_store(&s.hold, true);
    server = start(&s);
    peer = dial();
    for (size_t i = 0; i < CROWD; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, list_keys_once, peer), 0);
    CHECK_SOON(atomic_load(&s.running) == 4);
    atomic_store(&s.hold, false);
    for (size_t i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&s.calls), CROWD);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void *let_go_when_three_run(void *argument)
{
    service *s = argument;

    CHECK_SOON(atomic_load(&s->running) == 3);
    atomic_store(&s->hold, false);
    return NULL;
}

static void calls_of_one_thread_are_under_way_at_the_same_time(void)
{
    service s = { 0 };
    ts_rpc_server *server;
    ts_peer *peer;
    Ts__Auth__ListKeysRequest req = TS__AUTH__LIST_KEYS_REQUEST__INIT;
    Ts__Auth__AuthorizeRequest bad = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ts_caller caller = caller_with(20000);
    ts_rpc_part parts[4] = { { .method = &ts_auth_authorize, .in = &bad.base } };
    pthread_t thread;

    bad.cost = 7777;
    atomic_store(&s.hold, true);
    server = start(&s);
    peer = dial();
    for (size_t i = 0; i < TS_COUNT(parts); i++) {
        if (i > 0)
            parts[i] = (ts_rpc_part){ .method = &ts_auth_list_keys, .in = &req.base };
        parts[i].peer = peer;
        parts[i].arena = ts_arena_new(1 << 20);
    }
    CHECK_EQ(pthread_create(&thread, NULL, let_go_when_three_run, &s), 0);
    ts_rpc_call_all(&caller, parts, TS_COUNT(parts));
    pthread_join(thread, NULL);
    CHECK_EQ(parts[0].status, TS_CONFLICT);
    CHECK(parts[0].out == NULL && strcmp(parts[0].error.param, "cost") == 0);
    for (size_t i = 0; i < TS_COUNT(parts); i++) {
        if (i > 0)
            CHECK(parts[i].status == TS_OK && parts[i].out != NULL);
        ts_arena_free(parts[i].arena);
    }
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

/* A connection to the lane of fast calls that speaks whatever it likes. */
static int connect_raw(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(name.sun_path, sizeof(name.sun_path), "%s/test-fast", directory);
    CHECK(fd >= 0);
    CHECK_EQ(connect(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

/* The greeting comes whatever the stranger says; after it nothing but the end. */
static void expect_hang_up(int fd)
{
    char greeting[8];
    char more;

    CHECK_EQ(recv(fd, greeting, sizeof(greeting), MSG_WAITALL), 8);
    CHECK(memcmp(greeting, "TSBUS\0\0\1", 8) == 0);
    CHECK(recv(fd, &more, 1, 0) <= 0);
    close(fd);
}

static void a_stranger_is_hung_up_on_and_others_are_served(void)
{
    static const char too_long[] = "TSBUS\0\0\1\xff\xff\xff\x7f\1\0\0\0\0\0\0\0";
    static const char no_call[] = "TSBUS\0\0\1\4\0\0\0\1\0\0\0\0\0\0\0\xff\xff\xff\xff";
    const struct {
        const char *bytes;
        size_t n;
    } words[] = {
        { "GET / HTTP/1.1\r\n\r\n", 18 },
        { "TSBUS\0\0\2", 8 }, /* a later version */
        { too_long, sizeof(too_long) - 1 },
        { no_call, sizeof(no_call) - 1 },
    };
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    int silent = connect_raw();
    uint32_t got = 0;

    for (size_t i = 0; i < TS_COUNT(words); i++) {
        int fd = connect_raw();

        CHECK_EQ(send(fd, words[i].bytes, words[i].n, MSG_NOSIGNAL), (ssize_t)words[i].n);
        expect_hang_up(fd);
        CHECK_EQ(authorize(peer, 3, 5000, &got, NULL), TS_OK);
        CHECK_EQ(got, 3);
    }
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
    expect_hang_up(silent);
}

static void a_late_peer_costs_no_more_than_the_deadline(void)
{
    service s = { 0 };
    ts_rpc_server *server;
    ts_peer *peer;
    int64_t started_ms;

    atomic_store(&s.hold, true);
    server = start(&s);
    peer = dial();
    started_ms = ts_boot_ms();
    CHECK_EQ(list_keys(peer, 300), TS_UNAVAILABLE);
    CHECK(ts_boot_ms() - started_ms >= 300);
    atomic_store(&s.hold, false);
    CHECK_SOON(atomic_load(&s.running) == 0);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void a_message_over_the_limit_is_refused_before_it_is_sent(void)
{
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    uint32_t got = 0;

    CHECK_EQ(ingest(peer, UINT64_C(8) << 20, &got), TS_OK);
    CHECK_EQ(got, 8 << 20);
    CHECK_EQ(ingest(peer, UINT64_C(17) << 20, &got), TS_TOO_LARGE);
    CHECK_EQ(atomic_load(&s.calls), 1);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static ts_status lease(ts_peer *peer, ts_error *err)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Webhooks__LeaseRequest req = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    ts_caller caller = caller_with(20000);
    ProtobufCMessage *out = NULL;

    return ts_rpc_call(peer, &ts_webhooks_lease, &caller, &req.base, arena, &out, err);
}

static void *lease_once(void *argument)
{
    CHECK_EQ(lease(argument, NULL), TS_OK);
    return NULL;
}

static void a_parked_call_is_finished_by_another_thread(void)
{
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    Ts__Webhooks__LeaseReply rep = TS__WEBHOOKS__LEASE_REPLY__INIT;
    pthread_t thread;

    CHECK_EQ(pthread_create(&thread, NULL, lease_once, peer), 0);
    CHECK_SOON(atomic_load(&s.parked) != NULL);
    ts_rpc_finish(atomic_load(&s.parked), &rep.base, TS_OK);
    pthread_join(thread, NULL);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void *finish_late(void *argument)
{
    static Ts__Webhooks__LeaseReply rep = TS__WEBHOOKS__LEASE_REPLY__INIT;
    struct timespec pause = { 0, 100000000 };

    nanosleep(&pause, NULL);
    ts_rpc_finish(argument, &rep.base, TS_OK);
    return NULL;
}

static void a_server_that_stops_waits_for_parked_calls(void)
{
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    pthread_t asks;
    pthread_t answers;

    CHECK_EQ(pthread_create(&asks, NULL, lease_once, peer), 0);
    CHECK_SOON(atomic_load(&s.parked) != NULL);
    CHECK_EQ(pthread_create(&answers, NULL, finish_late, atomic_load(&s.parked)), 0);
    ts_rpc_server_stop(server);
    pthread_join(answers, NULL);
    pthread_join(asks, NULL);
    ts_peer_free(peer);
}

static void *stop(void *argument)
{
    ts_rpc_server_stop(argument);
    return NULL;
}

/* While it waits for a parked call its connections are there: what still comes is refused and not left without a word, which
 * would leave callers in doubt whether it was run. */
static void a_server_that_waits_for_its_last_call_refuses_others(void)
{
    static Ts__Webhooks__LeaseReply rep = TS__WEBHOOKS__LEASE_REPLY__INIT;
    struct timespec pause = { 0, 10000000 };
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    pthread_t asks;
    pthread_t stops;
    uint32_t got;

    CHECK_EQ(pthread_create(&asks, NULL, lease_once, peer), 0);
    CHECK_SOON(atomic_load(&s.parked) != NULL);
    CHECK_EQ(pthread_create(&stops, NULL, stop, server), 0);
    CHECK_SOON(authorize(peer, 1, 50, &got, NULL) != TS_OK); /* it has begun */
    for (int i = 0; i < 20; i++) { /* some before no call is taken any more, the rest after */
        ts_error err = { "", "" };

        CHECK_EQ(lease(peer, &err), TS_UNAVAILABLE);
        CHECK(strcmp(err.text, "test is stopping") == 0);
        nanosleep(&pause, NULL);
    }
    ts_rpc_finish(atomic_load(&s.parked), &rep.base, TS_OK);
    pthread_join(asks, NULL);
    pthread_join(stops, NULL);
    ts_peer_free(peer);
}

typedef struct caller_loop {
    ts_peer *peer;
    atomic_bool *stopping;
} caller_loop;

static void *call_until_stopped(void *argument)
{
    const caller_loop *c = argument;

    while (!atomic_load(c->stopping))
        (void)!list_keys(c->peer, 100);
    return NULL;
}

/* A call may be on its way to the workers while the last of them goes. */
static void a_server_stops_whatever_comes_meanwhile(void)
{
    for (int i = 0; i < STOPS; i++) {
        service s = { 0 };
        atomic_bool stopping = false;
        ts_rpc_server *server = start(&s);
        caller_loop c = { dial(), &stopping };
        pthread_t threads[8];

        for (size_t t = 0; t < TS_COUNT(threads); t++)
            CHECK_EQ(pthread_create(&threads[t], NULL, call_until_stopped, &c), 0);
        CHECK_SOON(atomic_load(&s.calls) > 50);
        ts_rpc_server_stop(server);
        atomic_store(&stopping, true);
        for (size_t t = 0; t < TS_COUNT(threads); t++)
            pthread_join(threads[t], NULL);
        ts_peer_free(c.peer);
    }
}

/* ---- kept answers ---- */

static uint64_t version_of(const void *context, uint64_t org)
{
    const service *s = context;

    (void)org;
    return atomic_load(&s->version);
}

static ts_rpc_server *start_keeping(service *s, size_t answers_bytes)
{
    ts_rpc_options o = { .address = address,
                         .service_name = "test",
                         .rows = rows,
                         .service = s,
                         .version = version_of,
                         .version_context = s,
                         .answers_bytes = answers_bytes };
    ts_rpc_server *server = NULL;

    CHECK_EQ(ts_rpc_server_start(&o, &server, NULL), TS_OK);
    return server;
}

/* Asks, and gives how many handlers have run. */
static int overviews_after_asking(service *s, ts_peer *peer, uint64_t org)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 16);
    Ts__Risk__OverviewRequest req = TS__RISK__OVERVIEW_REQUEST__INIT;
    ts_caller caller = caller_with(20000);
    ProtobufCMessage *out = NULL;
    ts_error err = { "", "" };

    caller.tenant = (ts_tenant){ org, TS_MODE_LIVE };
    CHECK_EQ(ts_rpc_call(peer, &ts_risk_overview, &caller, &req.base, arena, &out, &err), TS_OK);
    CHECK_EQ(((const Ts__Risk__OverviewReply *)out)->total_users, org);
    return atomic_load(&s->overviews);
}

static void an_answer_is_given_again_until_the_version_moves(void)
{
    service s = { .version = 2 };
    ts_rpc_server *server = start_keeping(&s, 65536);
    ts_peer *peer = dial();

    CHECK_EQ(overviews_after_asking(&s, peer, 7), 1);
    CHECK_EQ(overviews_after_asking(&s, peer, 7), 1);
    CHECK_EQ(overviews_after_asking(&s, peer, 8), 2); /* another's is not its own */
    atomic_store(&s.version, 4);
    CHECK_EQ(overviews_after_asking(&s, peer, 7), 3);
    CHECK_EQ(overviews_after_asking(&s, peer, 7), 3);
    atomic_store(&s.version, 0); /* rows are moving: neither given nor kept */
    CHECK_EQ(overviews_after_asking(&s, peer, 7), 4);
    CHECK_EQ(overviews_after_asking(&s, peer, 7), 5);
    atomic_store(&s.version, 4);
    CHECK_EQ(overviews_after_asking(&s, peer, 7), 5);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void a_server_without_room_for_answers_keeps_none(void)
{
    service s = { .version = 2 };
    ts_rpc_server *server = start_keeping(&s, 0);
    ts_peer *peer = dial();

    CHECK_EQ(overviews_after_asking(&s, peer, 7), 1);
    CHECK_EQ(overviews_after_asking(&s, peer, 7), 2);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void what_does_not_last_is_made_anew(void)
{
    service s = { .version = 2 };
    ts_rpc_server *server = start_keeping(&s, 65536);
    ts_peer *peer = dial();

    for (int i = 1; i <= 3; i++) {
        TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 16);
        Ts__Auth__AuthorizeRequest req = TS__AUTH__AUTHORIZE_REQUEST__INIT;
        ts_caller caller = caller_with(20000);
        ProtobufCMessage *out = NULL;

        CHECK_EQ(ts_rpc_call(peer, &ts_auth_authorize, &caller, &req.base, arena, &out, NULL),
                 TS_OK);
        CHECK_EQ(atomic_load(&s.calls), i);
    }
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

int main(void)
{
    scratch_directory(directory);
    snprintf(address, sizeof(address), "ipc://%s/test", directory);
    RUN(concurrent_fast_calls_share_messages_and_get_their_own_answers);
    RUN(words_of_an_error_cross_the_wire);
    RUN(a_call_without_organization_is_refused_unless_the_method_allows_it);
    RUN(slow_calls_are_bounded_and_never_hold_up_fast_ones);
    RUN(calls_beyond_the_places_of_a_lane_wait_for_their_turn);
    RUN(calls_of_one_thread_are_under_way_at_the_same_time);
    RUN(a_stranger_is_hung_up_on_and_others_are_served);
    RUN(a_late_peer_costs_no_more_than_the_deadline);
    RUN(a_message_over_the_limit_is_refused_before_it_is_sent);
    RUN(a_parked_call_is_finished_by_another_thread);
    RUN(a_server_that_stops_waits_for_parked_calls);
    RUN(a_server_that_waits_for_its_last_call_refuses_others);
    RUN(a_server_stops_whatever_comes_meanwhile);
    RUN(an_answer_is_given_again_until_the_version_moves);
    RUN(a_server_without_room_for_answers_keeps_none);
    RUN(what_does_not_last_is_made_anew);
    remove_directory(directory);
    return 0;
}
