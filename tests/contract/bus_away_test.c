/* The bus while the peer is away: down, stopping, started again, standing still, killed. */
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bus_served.h"

/* The wall clock as we and the bus's library see it. */
static atomic_int_fast64_t ahead_s;

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    long rv = syscall(SYS_clock_gettime, clock, ret);

    if (rv == 0 && clock == CLOCK_REALTIME)
        ret->tv_sec += atomic_load(&ahead_s);
    return (int)rv;
}

/* As when a machine starts with a clock that is an hour ahead, and learns the time while its services look for each other. */
static void a_wall_clock_that_is_set_back_delays_no_dial(void)
{
    service s = { 0 };
    ts_rpc_server *server;
    ts_peer *peer = dial_nobody();
    uint32_t got = 0;

    atomic_store(&ahead_s, 3600);
    CHECK_EQ(authorize(peer, 1, 300, &got, NULL), TS_UNAVAILABLE);
    atomic_store(&ahead_s, 0);
    server = start(&s);
    CHECK_EQ(authorize(peer, 1, 30000, &got, NULL), TS_OK);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
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

/* Four calls reach a peer that is stopping; it is away for longer than a call waits for a connection, and comes back. */
static ts_rpc_server *restart_under(void *(*call)(void *peer), service *s, ts_rpc_server *server,
                                    ts_peer *peer)
{
    struct timespec away = { 1, 500000000 };
    pthread_t threads[4];

    for (size_t i = 0; i < TS_COUNT(threads); i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, call, peer), 0);
    nanosleep(&away, NULL); /* they hear that it is stopping */
    ts_rpc_server_stop(server);
    nanosleep(&away, NULL);
    server = start(s);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    return server;
}

static void a_patient_call_outlives_a_restart_of_the_peer(void)
{
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    uint32_t got = 0;

    CHECK_EQ(authorize(peer, 1, 5000, &got, NULL), TS_OK);
    ts_rpc_server_drain(server, 1000);
    server = restart_under(authorize_once, &s, server, peer);
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
    service s = { 0 };
    ts_rpc_server *server = start(&s);
    ts_peer *peer = dial();
    uint32_t got = 0;

    CHECK_EQ(ingest_patiently(peer, 5000, true, &got), TS_OK);
    ts_rpc_server_drain(server, 1000);
    CHECK_EQ(ingest_patiently(peer, 5000, false, &got), TS_UNAVAILABLE);
    CHECK_EQ(ingest_patiently(peer, 100, true, &got), TS_UNAVAILABLE);
    server = restart_under(ingest_once, &s, server, peer);
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

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 3 && strcmp(argv[1], "serve") == 0) {
        snprintf(address, sizeof(address), "%s", argv[2]);
        return serve();
    }
    scratch_directory(directory);
    snprintf(address, sizeof(address), "ipc://%s/test", directory);
    RUN(a_wall_clock_that_is_set_back_delays_no_dial);
    RUN(a_peer_that_is_down_fails_a_call_before_its_deadline);
    RUN(a_patient_call_has_no_answer_only_at_its_deadline);
    RUN(a_draining_server_says_so);
    RUN(a_patient_call_outlives_a_restart_of_the_peer);
    RUN(a_change_that_waits_a_restart_out_is_made_once);
    RUN(a_peer_that_stays_away_is_not_waited_for_for_ever);
    RUN(a_peer_that_stands_still_holds_nobody_past_the_deadline);
    RUN(calls_go_on_when_the_peer_is_killed_and_comes_back);
    remove_directory(directory);
    return 0;
}
