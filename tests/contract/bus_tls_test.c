/* The bus over TLS: who has no certificate of the same authority, or not the name, gets no answer; and a connection that breaks
 * ends, at whatever moment it does. */
#include <nng/nng.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "peers.h"
#include "ts/wait.h"

#define CALL_MS         30000
#define REFUSED_MS      1500 /* the time that a call gets that must not be answered */
#define LATE_MS         100
#define SILENCE_MS      500
#define ADDRESSES_TRIED 50

static const char *self; /* argv[0] */
static char directory[64];
static char address[64];

static ts_status on_overview(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)in;
    ((Ts__Risk__OverviewReply *)out)->total_users = call->tenant.org;
    return TS_OK;
}

static atomic_bool is_begun;
static atomic_bool may_end;

/* On the thread that reads from the connection: nothing is under way there meanwhile. */
static ts_status on_authorize(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)call;
    (void)in;
    (void)out;
    atomic_store(&is_begun, true);
    CHECK_SOON(atomic_load(&may_end));
    return TS_OK;
}

static _Atomic(ts_call *) parked;

static ts_status on_lease(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)in;
    (void)out;
    atomic_store(&parked, call);
    return TS_PARKED;
}

static const ts_rpc_row rows[] = {
    { &ts_risk_overview, on_overview, false },
    { &ts_auth_authorize, on_authorize, true },
    { &ts_webhooks_lease, on_lease, true },
    { NULL, NULL, false },
};

/* Every read of the bus begins here, late if that is set: a connection may end between a send that failed and the read. */
static atomic_bool reads_are_late;

void __real_nng_stream_recv(nng_stream *stream, nng_aio *aio); /* NOLINT: the linker's name */
void __wrap_nng_stream_recv(nng_stream *stream, nng_aio *aio); /* NOLINT: as above */

void __wrap_nng_stream_recv(nng_stream *stream, nng_aio *aio) /* NOLINT: as above */
{
    if (atomic_load(&reads_are_late))
        ts_pause_ms(LATE_MS);
    __real_nng_stream_recv(stream, aio);
}

/* Two authorities, each with a certificate for "localhost" and one for "elsewhere". */
static void make_certificates(void)
{
    char authority[96];

    for (int i = 1; i <= 2; i++) {
        snprintf(authority, sizeof(authority), "%s/%d", directory, i);
        CHECK_EQ(
            RUN_PROGRAM(TS_SOURCE_DIR "/deploy/tls/make.sh", authority, "localhost", "elsewhere"),
            0);
    }
}

/* Who we are from now on: an authority's number for each file, and the name in the certificate. */
static void be(int ca, int cert, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%d/ca.pem", directory, ca);
    setenv("TS_BUS_TLS_CA", path, 1); /* NOLINT(concurrency-mt-unsafe): before threads read it */
    snprintf(path, sizeof(path), "%s/%d/%s.pem", directory, cert, name);
    setenv("TS_BUS_TLS_CERT", path, 1); /* NOLINT(concurrency-mt-unsafe): as above */
}

/* Below the ports of system tests (20000) and of outgoing connections; each lane has one. */
static void choose_address(void)
{
    static unsigned chosen;

    snprintf(address, sizeof(address), "tls+tcp://localhost:%u",
             12000 + ((unsigned)getpid() + 7 * chosen++) % 2000 * TS_LANES);
}

/* At an address that nobody has: `address`, from then on. */
static ts_rpc_server *serve(void)
{
    ts_rpc_options o = { .address = address, .service_name = "risk", .rows = rows };
    ts_rpc_server *server = NULL;
    ts_error err = { "", "" };
    ts_status st = TS_UNAVAILABLE;

    for (int i = 0; i < ADDRESSES_TRIED && st == TS_UNAVAILABLE; i++) {
        choose_address();
        st = ts_rpc_server_start(&o, &server, &err);
    }
    if (st != TS_OK)
        fprintf(stderr, "%s\n", err.text);
    CHECK(server != NULL);
    return server;
}

static ts_status ask(const char *at, int64_t timeout_ms)
{
    ts_arena *arena = ts_arena_new((size_t)1 << 20);
    Ts__Risk__OverviewRequest request = TS__RISK__OVERVIEW_REQUEST__INIT;
    ts_caller caller = { .tenant = { 7, TS_MODE_LIVE },
                         .request_id = "",
                         .actor = "ctl",
                         .client_addr = "",
                         .traceparent = "",
                         .idempotency_key = "",
                         .deadline_boot_ms = ts_boot_ms() + timeout_ms };
    ProtobufCMessage *out = NULL;
    ts_peer *peer = NULL;
    ts_status st = ts_peer_new("risk", at, &peer, NULL);

    if (st == TS_OK)
        st = ts_rpc_call(peer, &ts_risk_overview, &caller, &request.base, arena, &out, NULL);
    if (st == TS_OK)
        CHECK_EQ(((Ts__Risk__OverviewReply *)(void *)out)->total_users, 7);
    ts_peer_free(peer);
    ts_arena_free(arena);
    return st;
}

static ts_status ask_until_answered(void)
{
    ts_status st = TS_UNAVAILABLE;

    for (int i = 0; i < 30 && st != TS_OK; i++)
        st = ask(address, CALL_MS);
    return st;
}

static void both_sides_know_each_other(void)
{
    ts_rpc_server *server;

    be(1, 1, "localhost");
    server = serve();
    CHECK_EQ(ask_until_answered(), TS_OK);
    /* Any name will do for a client: what counts is who signed it. */
    be(1, 1, "elsewhere");
    CHECK_EQ(ask_until_answered(), TS_OK);
    ts_rpc_server_stop(server);
}

static void a_client_of_another_authority_is_not_heard(void)
{
    ts_rpc_server *server;

    be(1, 1, "localhost");
    server = serve();
    CHECK_EQ(ask_until_answered(), TS_OK);
    be(1, 2, "localhost"); /* trusts the server, is not trusted by it */
    CHECK_EQ(ask(address, REFUSED_MS), TS_UNAVAILABLE);
    ts_rpc_server_stop(server);
}

static void a_server_of_another_authority_is_not_asked(void)
{
    ts_rpc_server *server;

    be(2, 1, "localhost");
    server = serve();
    CHECK_EQ(ask(address, REFUSED_MS), TS_UNAVAILABLE);
    ts_rpc_server_stop(server);
}

static void a_server_under_another_name_is_not_asked(void)
{
    ts_rpc_server *server;

    be(1, 1, "elsewhere");
    server = serve();
    be(1, 1, "localhost");
    CHECK_EQ(ask(address, REFUSED_MS), TS_UNAVAILABLE);
    ts_rpc_server_stop(server);
}

static void plain_tcp_gets_nothing_from_a_tls_port(void)
{
    ts_rpc_server *server;
    char plain[64];

    be(1, 1, "localhost");
    server = serve();
    snprintf(plain, sizeof(plain), "%s", address + strlen("tls+"));
    CHECK_EQ(ask(plain, REFUSED_MS), TS_UNAVAILABLE);
    CHECK_EQ(ask_until_answered(), TS_OK);
    ts_rpc_server_stop(server);
}

static ts_caller patient_caller(void)
{
    return (ts_caller){ .request_id = "",
                        .actor = "ctl",
                        .client_addr = "",
                        .traceparent = "",
                        .idempotency_key = "",
                        .deadline_boot_ms = ts_boot_ms() + CALL_MS };
}

static void *lease_once(void *peer)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)1 << 20);
    Ts__Webhooks__LeaseRequest request = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    ts_caller caller = patient_caller();
    ProtobufCMessage *out = NULL;

    CHECK_EQ(ts_rpc_call(peer, &ts_webhooks_lease, &caller, &request.base, arena, &out, NULL),
             TS_OK);
    return NULL;
}

/* A read that takes too long ends a connection of nng's TLS: so none may have a limit. */
static void a_call_that_waits_in_silence_is_answered(void)
{
    static Ts__Webhooks__LeaseReply reply = TS__WEBHOOKS__LEASE_REPLY__INIT;
    ts_rpc_server *server;
    ts_peer *peer = NULL;
    pthread_t thread;

    be(1, 1, "localhost");
    server = serve();
    CHECK_EQ(ts_peer_new("webhooks", address, &peer, NULL), TS_OK);
    connect_lanes(peer, rows);
    CHECK_EQ(pthread_create(&thread, NULL, lease_once, peer), 0);
    CHECK_SOON(atomic_load(&parked) != NULL);
    ts_pause_ms(3 * SILENCE_MS);
    CHECK(ts_rpc_caller_is_there(atomic_load(&parked)));
    ts_rpc_finish(atomic_load(&parked), &reply.base, TS_OK);
    pthread_join(thread, NULL);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

/* A server that hangs up before the client has begun to read: freeing the client's side waits for its end. */
static void a_connection_that_is_refused_before_it_is_read_from_ends(void)
{
    ts_rpc_server *server;

    be(1, 1, "localhost");
    server = serve();
    be(1, 2, "localhost");
    atomic_store(&reads_are_late, true);
    CHECK_EQ(ask(address, REFUSED_MS), TS_UNAVAILABLE);
    atomic_store(&reads_are_late, false);
    ts_rpc_server_stop(server);
}

/* Of connections that have ended, the library closes the sockets a little later. */
static int settled_sockets(void)
{
    int count = open_sockets();

    for (int same = 0; same < 10; same++) {
        int now;

        ts_pause_ms(LATE_MS / 5);
        now = open_sockets();
        same = now == count ? same : 0;
        count = now;
    }
    return count;
}

/* Ends by a signal only. */
_Noreturn static void call_for_ever(const char *at)
{
    Ts__Auth__AuthorizeRequest request = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ts_arena *arena = ts_arena_new((size_t)1 << 20);
    ProtobufCMessage *out = NULL;
    ts_peer *peer = NULL;

    CHECK_EQ(ts_peer_new("auth", at, &peer, NULL), TS_OK);
    for (;;) {
        ts_caller caller = patient_caller();

        ts_ignore(ts_rpc_call(peer, &ts_auth_authorize, &caller, &request.base, arena, &out, NULL));
    }
}

/* A client that is killed says no word of TLS: only its socket tells. */
static void a_client_that_dies_while_its_call_is_handled_is_let_go(void)
{
    char *arguments[] = { (char *)(uintptr_t)self, address, NULL };
    ts_rpc_server *server;
    pid_t pid = -1;
    int before;

    be(1, 1, "localhost");
    server = serve();
    before = settled_sockets();
    CHECK_EQ(posix_spawn(&pid, self, NULL, NULL, arguments, environ), 0);
    CHECK_SOON(atomic_load(&is_begun));
    CHECK_EQ(open_sockets(), before + 1);
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, NULL, 0), pid);
    ts_pause_ms(LATE_MS); /* the end is heard of */
    atomic_store(&may_end, true);
    CHECK_SOON(open_sockets() == before);
    ts_rpc_server_stop(server);
}

static void without_certificates_nothing_starts(void)
{
    ts_rpc_options o = { .address = address, .service_name = "risk", .rows = rows };
    ts_rpc_server *server = NULL;
    ts_error err = { "", "" };

    unsetenv("TS_BUS_TLS_CERT"); /* NOLINT(concurrency-mt-unsafe): no other thread reads it now */
    CHECK_EQ(ts_rpc_server_start(&o, &server, &err), TS_INVALID);
    CHECK(strcmp(err.param, "TS_BUS_TLS_CERT") == 0);
    be(1, 1, "nobody");
    CHECK_EQ(ts_rpc_server_start(&o, &server, &err), TS_INVALID);
    CHECK(server == NULL);
}

int main(int argc, char **argv)
{
    char silence[8];

    self = argv[0];
    if (argc > 1)
        call_for_ever(argv[1]);
    scratch_directory(directory);
    make_certificates();
    snprintf(silence, sizeof(silence), "%d", SILENCE_MS);
    setenv("TS_BUS_SILENCE_MS", silence, 1); /* NOLINT(concurrency-mt-unsafe): no thread yet */
    RUN(both_sides_know_each_other);
    RUN(a_client_of_another_authority_is_not_heard);
    RUN(a_server_of_another_authority_is_not_asked);
    RUN(a_server_under_another_name_is_not_asked);
    RUN(plain_tcp_gets_nothing_from_a_tls_port);
    RUN(a_call_that_waits_in_silence_is_answered);
    RUN(a_connection_that_is_refused_before_it_is_read_from_ends);
    RUN(a_client_that_dies_while_its_call_is_handled_is_let_go);
    RUN(without_certificates_nothing_starts);
    remove_directory(directory);
    return 0;
}
