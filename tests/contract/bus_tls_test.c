/* The bus over TLS: who has no certificate of the same authority, or not the name, gets no answer. */
#include "check.h"
#include "proto/methods.h"
#include "ts/rpc.h"

#define CALL_MS    30000
#define REFUSED_MS 1500 /* the time that a call gets that must not be answered */

static char directory[64];
static char address[64];

static ts_status on_overview(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)in;
    ((Ts__Risk__OverviewReply *)out)->total_users = call->tenant.org;
    return TS_OK;
}

static const ts_rpc_row rows[] = {
    { &ts_risk_overview, on_overview, false },
    { NULL, NULL, false },
};

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

static ts_rpc_server *serve(const char *at)
{
    ts_rpc_options o = { .address = at, .service_name = "risk", .rows = rows };
    ts_rpc_server *server = NULL;
    ts_error err = { "", "" };

    if (ts_rpc_server_start(&o, &server, &err) != TS_OK)
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
    server = serve(address);
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
    server = serve(address);
    CHECK_EQ(ask_until_answered(), TS_OK);
    be(1, 2, "localhost"); /* trusts the server, is not trusted by it */
    CHECK_EQ(ask(address, REFUSED_MS), TS_UNAVAILABLE);
    ts_rpc_server_stop(server);
}

static void a_server_of_another_authority_is_not_asked(void)
{
    ts_rpc_server *server;

    be(2, 1, "localhost");
    server = serve(address);
    CHECK_EQ(ask(address, REFUSED_MS), TS_UNAVAILABLE);
    ts_rpc_server_stop(server);
}

static void a_server_under_another_name_is_not_asked(void)
{
    ts_rpc_server *server;

    be(1, 1, "elsewhere");
    server = serve(address);
    be(1, 1, "localhost");
    CHECK_EQ(ask(address, REFUSED_MS), TS_UNAVAILABLE);
    ts_rpc_server_stop(server);
}

static void plain_tcp_gets_nothing_from_a_tls_port(void)
{
    ts_rpc_server *server;
    char plain[64];

    be(1, 1, "localhost");
    server = serve(address);
    snprintf(plain, sizeof(plain), "%s", address + strlen("tls+"));
    CHECK_EQ(ask(plain, REFUSED_MS), TS_UNAVAILABLE);
    CHECK_EQ(ask_until_answered(), TS_OK);
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

int main(void)
{
    scratch_directory(directory);
    make_certificates();
    /* A port of our own: process ids are unique on a machine, and the range lies below outgoing connections. */
    snprintf(address, sizeof(address), "tls+tcp://localhost:%d",
             12000 + (int)(getpid() % 2000) * 4);
    RUN(both_sides_know_each_other);
    RUN(a_client_of_another_authority_is_not_heard);
    RUN(a_server_of_another_authority_is_not_asked);
    RUN(a_server_under_another_name_is_not_asked);
    RUN(plain_tcp_gets_nothing_from_a_tls_port);
    RUN(without_certificates_nothing_starts);
    remove_directory(directory);
    return 0;
}
