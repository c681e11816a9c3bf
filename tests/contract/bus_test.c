/* The bus with real sockets: types, lanes, combining, deadlines, limits, strangers, restarts. */
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "peers.h"
#include "proto/methods.h"
#include "ts/rpc.h"

#define THREADS 16
#define CALLS   200
#define CROWD   40

static char directory[64];
static char address[128];

typedef struct service {
    atomic_int calls;
    atomic_int overviews;
    _Atomic uint64_t version; /* of all tenants' rows */
    atomic_int running;
    atomic_int most_running;
    atomic_bool hold; /* slow handlers wait while set */
    _Atomic(ts_call *) parked;
    uint8_t seen_ids[8][16];
} service;

/* Authorize echoes the cost as the limit, so that a mixed-up answer shows. */
static ts_status on_authorize(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__AuthorizeRequest *req = (const Ts__Auth__AuthorizeRequest *)in;
    service *s = call->service;

    atomic_fetch_add(&s->calls, 1);
    if (req->cost == 7777)
        return ts_fail(call->error, TS_CONFLICT, "cost", "cost %u is not liked", req->cost);
    ((Ts__Auth__AuthorizeReply *)out)->limit = req->cost;
    ((Ts__Auth__AuthorizeReply *)out)->org = call->tenant.org;
    return TS_OK;
}

static ts_status on_overview(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    service *s = call->service;

    (void)in;
    atomic_fetch_add(&s->overviews, 1);
    call->lasts = true;
    ((Ts__Risk__OverviewReply *)out)->total_users = call->tenant.org;
    return TS_OK;
}

static ts_status on_list_keys(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    struct timespec pause = { 0, 1000000 };
    service *s = call->service;
    int n = atomic_fetch_add(&s->running, 1) + 1;
    int most = atomic_load(&s->most_running);

    (void)in;
    (void)out;
    while (n > most && !atomic_compare_exchange_weak(&s->most_running, &most, n))
        ;
    while (atomic_load(&s->hold))
        nanosleep(&pause, NULL);
    atomic_fetch_sub(&s->running, 1);
    atomic_fetch_add(&s->calls, 1);
    return TS_OK;
}

static ts_status on_ingest(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__IngestRequest *req = (const Ts__Risk__IngestRequest *)in;
    service *s = call->service;
    int n = atomic_fetch_add(&s->calls, 1);

    if (n < 8)
        memcpy(s->seen_ids[n], call->call_id, 16);
    ((Ts__Risk__IngestReply *)out)->accepted = (uint32_t)req->body.len;
    return TS_OK;
}

static ts_status on_lease(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    service *s = call->service;

    (void)in;
    (void)out;
    atomic_store(&s->parked, call);
    return TS_PARKED;
}

static const ts_rpc_row rows[] = {
    { &ts_auth_authorize, on_authorize, true }, { &ts_risk_overview, on_overview, false },
    { &ts_auth_list_keys, on_list_keys, true }, { &ts_risk_ingest, on_ingest, false },
    { &ts_webhooks_lease, on_lease, true },     { 0 },
};

static ts_rpc_server *start(service *s)
{
    ts_rpc_options o = { .address = address, .service_name = "test", .rows = rows, .service = s };
    ts_rpc_server *server = NULL;
    ts_error err = { "", "" };

    CHECK_EQ(ts_rpc_server_start(&o, &server, &err), TS_OK);
    return server;
}

static ts_peer *dial_nobody(void)
{
    ts_peer *peer = NULL;

    CHECK_EQ(ts_peer_new("test", address, &peer, NULL), TS_OK);
    return peer;
}

/* To a server that is there. */
static ts_peer *dial(void)
{
    ts_peer *peer = dial_nobody();

    connect_lanes(peer, rows);
    return peer;
}

static ts_caller caller_with(int64_t timeout_ms)
{
    return (ts_caller){ .request_id = "req_test00",
                        .actor = "ctl",
                        .client_addr = "",
                        .traceparent = "",
                        .idempotency_key = "",
                        .tenant = { 5, TS_MODE_TEST },
                        .deadline_boot_ms = ts_boot_ms() + timeout_ms };
}

static ts_status authorize(ts_peer *peer, uint32_t cost, int64_t timeout_ms, uint32_t *ret,
                           ts_error *err)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Auth__AuthorizeRequest req = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ts_caller caller = caller_with(timeout_ms);
    ProtobufCMessage *out = NULL;
    ts_status st;

    req.cost = cost;
    st = ts_rpc_call(peer, &ts_auth_authorize, &caller, &req.base, arena, &out, err);
    if (st == TS_OK)
        *ret = ((Ts__Auth__AuthorizeReply *)out)->limit;
    return st;
}

static ts_status list_keys(ts_peer *peer, int64_t timeout_ms)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Auth__ListKeysRequest req = TS__AUTH__LIST_KEYS_REQUEST__INIT;
    ts_caller caller = caller_with(timeout_ms);
    ProtobufCMessage *out = NULL;

    return ts_rpc_call(peer, &ts_auth_list_keys, &caller, &req.base, arena, &out, NULL);
}

static ts_status ingest(ts_peer *peer, size_t body_bytes, uint32_t *ret)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(UINT64_C(64) << 20);
    Ts__Risk__IngestRequest req = TS__RISK__INGEST_REQUEST__INIT;
    ts_caller caller = caller_with(10000);
    ProtobufCMessage *out = NULL;
    uint8_t *body = calloc(1, body_bytes + 1);
    ts_status st;

    CHECK(body != NULL);
    req.body.data = body;
    req.body.len = body_bytes;
    st = ts_rpc_call(peer, &ts_risk_ingest, &caller, &req.base, arena, &out, NULL);
    if (st == TS_OK)
        *ret = ((Ts__Risk__IngestReply *)out)->accepted;
    free(body);
    return st;
}

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

static ts_status overview(ts_peer *peer, int64_t timeout_ms, ts_error *err)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Risk__OverviewRequest req = TS__RISK__OVERVIEW_REQUEST__INIT;
    ts_caller caller = caller_with(timeout_ms);
    ProtobufCMessage *out = NULL;

    return ts_rpc_call(peer, &ts_risk_overview, &caller, &req.base, arena, &out, err);
}

static void a_peer_that_is_down_fails_a_call_before_its_deadline(void)
{
    ts_peer *peer = dial_nobody();
    ts_error err = { "", "" };
    int64_t started_ms = ts_boot_ms();

    CHECK_EQ(overview(peer, 20000, &err), TS_UNAVAILABLE);
    CHECK(ts_boot_ms() - started_ms < 15000);
    CHECK(strcmp(err.text, "test is not reachable") == 0);
    ts_peer_free(peer);
}

static void a_patient_call_has_no_answer_only_at_its_deadline(void)
{
    ts_peer *peer = dial_nobody();
    ts_error err = { "", "" };
    uint32_t got = 0;
    int64_t started_ms = ts_boot_ms();

    CHECK_EQ(authorize(peer, 1, 1500, &got, &err), TS_UNAVAILABLE);
    CHECK(ts_boot_ms() - started_ms >= 1400);
    CHECK(strcmp(err.text, "test is not reachable") == 0);
    ts_peer_free(peer);
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

static void *lease_once(void *argument)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Webhooks__LeaseRequest req = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    ts_caller caller = caller_with(20000);
    ProtobufCMessage *out = NULL;

    CHECK_EQ(ts_rpc_call(argument, &ts_webhooks_lease, &caller, &req.base, arena, &out, NULL),
             TS_OK);
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

static void a_draining_server_says_so(void)
{
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    ts_error err = { "", "" };
    uint32_t got = 0;

    CHECK_EQ(authorize(peer, 1, 5000, &got, NULL), TS_OK);
    ts_rpc_server_drain(server, 1000);
    CHECK_EQ(overview(peer, 5000, &err), TS_UNAVAILABLE);
    CHECK(strcmp(err.text, "test is stopping") == 0);
    CHECK_EQ(authorize(peer, 1, 300, &got, &err), TS_UNAVAILABLE);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void *authorize_once(void *argument)
{
    uint32_t got = 0;

    CHECK_EQ(authorize(argument, 5, 30000, &got, NULL), TS_OK);
    CHECK_EQ(got, 5);
    return NULL;
}

/* Longer than a call waits for a connection: the peer stops, is away for more than that, and comes back. */
static void a_patient_call_outlives_a_restart_of_the_peer(void)
{
    struct timespec away = { 1, 500000000 };
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    pthread_t threads[4];
    uint32_t got = 0;

    CHECK_EQ(authorize(peer, 1, 5000, &got, NULL), TS_OK);
    ts_rpc_server_drain(server, 1000);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, authorize_once, peer), 0);
    nanosleep(&away, NULL); /* they hear that it is stopping */
    ts_rpc_server_stop(server);
    nanosleep(&away, NULL);
    server = start(&s);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&s.calls), 5);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static ts_status ingest_patiently(ts_peer *peer, int64_t timeout_ms, bool waits, uint32_t *ret)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Risk__IngestRequest req = TS__RISK__INGEST_REQUEST__INIT;
    ts_caller caller = caller_with(timeout_ms);
    uint8_t body[3] = "abc";
    ProtobufCMessage *out = NULL;
    ts_status st;

    caller.waits_restarts_out = waits;
    req.body.data = body;
    req.body.len = sizeof(body);
    st = ts_rpc_call(peer, &ts_risk_ingest, &caller, &req.base, arena, &out, NULL);
    if (st == TS_OK)
        *ret = ((Ts__Risk__IngestReply *)out)->accepted;
    return st;
}

static void *ingest_once(void *argument)
{
    uint32_t got = 0;

    CHECK_EQ(ingest_patiently(argument, 30000, true, &got), TS_OK);
    CHECK_EQ(got, 3);
    return NULL;
}

/* A change that may not be repeated: what a stopping peer refuses was never begun, so it is made again, and made once. */
static void a_change_that_waits_a_restart_out_is_made_once(void)
{
    struct timespec away = { 1, 500000000 };
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    pthread_t threads[4];
    uint32_t got = 0;

    CHECK_EQ(ingest_patiently(peer, 5000, true, &got), TS_OK);
    ts_rpc_server_drain(server, 1000);
    CHECK_EQ(ingest_patiently(peer, 5000, false, &got), TS_UNAVAILABLE);
    CHECK_EQ(ingest_patiently(peer, 100, true, &got), TS_UNAVAILABLE);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, ingest_once, peer), 0);
    nanosleep(&away, NULL); /* they hear that it is stopping */
    ts_rpc_server_stop(server);
    nanosleep(&away, NULL);
    server = start(&s);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&s.calls), 5);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

/* One that does not come back: the wait for a restart has an end before the deadline. */
static void a_peer_that_stays_away_is_not_waited_for_for_ever(void)
{
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    uint32_t got = 0;
    int64_t started_ms;

    CHECK_EQ(ingest_patiently(peer, 5000, true, &got), TS_OK);
    ts_rpc_server_stop(server);
    started_ms = ts_boot_ms();
    CHECK_EQ(ingest_patiently(peer, 60000, true, &got), TS_UNAVAILABLE);
    CHECK(ts_boot_ms() - started_ms >= 3000);
    CHECK(ts_boot_ms() - started_ms < 40000);
    ts_peer_free(peer);
}

/* ---- a peer in a process of its own, killed ---- */

static const char *self;

/* posix_spawn, not fork: nng cannot be used on the child's side of a fork. */
static pid_t spawn_server(void)
{
    char name[] = "serve";
    char *arguments[] = { (char *)(uintptr_t)self, name, address, NULL };
    pid_t pid = -1;

    CHECK_EQ(posix_spawn(&pid, self, NULL, NULL, arguments, environ), 0);
    return pid;
}

static void kill_server(pid_t pid)
{
    int status = 0;

    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
}

static void *ingest_in_vain(void *argument)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(UINT64_C(64) << 20);
    Ts__Risk__IngestRequest req = TS__RISK__INGEST_REQUEST__INIT;
    ts_caller caller = caller_with(700);
    ProtobufCMessage *out = NULL;
    int64_t started_ms = ts_boot_ms();

    req.body.len = (size_t)8 << 20;
    req.body.data = calloc(1, req.body.len);
    CHECK(req.body.data != NULL);
    CHECK_EQ(ts_rpc_call(argument, &ts_risk_ingest, &caller, &req.base, arena, &out, NULL),
             TS_UNAVAILABLE);
    CHECK(ts_boot_ms() - started_ms < 15000);
    free(req.body.data);
    return NULL;
}

/* Eight callers fill what may lie for it, and the rest is refused at once; none of them hangs. */
static void a_peer_that_stands_still_holds_nobody_past_the_deadline(void)
{
    pid_t pid = spawn_server();
    ts_peer *peer = dial();
    pthread_t threads[10];
    uint32_t got = 0;

    CHECK_EQ(authorize(peer, 1, 20000, &got, NULL), TS_OK);
    CHECK_EQ(ingest(peer, 100, &got), TS_OK);
    CHECK_EQ(kill(pid, SIGSTOP), 0);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, ingest_in_vain, peer), 0);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(kill(pid, SIGCONT), 0);
    CHECK_SOON(ingest(peer, 200, &got) == TS_OK);
    CHECK_EQ(got, 200);
    ts_peer_free(peer);
    kill_server(pid);
}

static atomic_int answered;

static void *call_through_restarts(void *argument)
{
    for (uint32_t i = 1; i <= 100; i++) {
        uint32_t got = 0;

        CHECK_EQ(authorize(argument, i, 30000, &got, NULL), TS_OK);
        CHECK_EQ(got, i);
        atomic_fetch_add(&answered, 1);
    }
    return NULL;
}

static void calls_go_on_when_the_peer_is_killed_and_comes_back(void)
{
    pid_t pid = spawn_server();
    ts_peer *peer = dial();
    pthread_t threads[4];

    atomic_store(&answered, 0);
    for (size_t i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, call_through_restarts, peer), 0);
    for (int round = 1; round <= 3; round++) {
        int goal = round * 90;

        CHECK_SOON(atomic_load(&answered) >= goal);
        kill_server(pid);
        pid = spawn_server();
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&answered), 400);
    kill_server(pid);
    ts_peer_free(peer);
}

static int serve(void)
{
    service s = { 0 };
    sigset_t set;
    int number;

    (void)start(&s);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigwait(&set, &number);
    return 0;
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

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 3 && strcmp(argv[1], "serve") == 0) {
        snprintf(address, sizeof(address), "%s", argv[2]);
        return serve();
    }
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
    RUN(a_peer_that_is_down_fails_a_call_before_its_deadline);
    RUN(a_patient_call_has_no_answer_only_at_its_deadline);
    RUN(a_patient_call_outlives_a_restart_of_the_peer);
    RUN(a_change_that_waits_a_restart_out_is_made_once);
    RUN(a_peer_that_stays_away_is_not_waited_for_for_ever);
    RUN(a_message_over_the_limit_is_refused_before_it_is_sent);
    RUN(a_parked_call_is_finished_by_another_thread);
    RUN(a_server_that_stops_waits_for_parked_calls);
    RUN(a_draining_server_says_so);
    RUN(a_peer_that_stands_still_holds_nobody_past_the_deadline);
    RUN(calls_go_on_when_the_peer_is_killed_and_comes_back);
    RUN(an_answer_is_given_again_until_the_version_moves);
    RUN(a_server_without_room_for_answers_keeps_none);
    RUN(what_does_not_last_is_made_anew);
    remove_directory(directory);
    return 0;
}
