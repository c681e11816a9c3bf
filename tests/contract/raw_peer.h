/* A server of one method and the calls to it, and bare sockets in its place: for what a peer does that is none, or none any more. */
#ifndef CONTRACT_RAW_PEER_H
#define CONTRACT_RAW_PEER_H

#include <sys/socket.h>
#include <sys/un.h>

#include "check.h"
#include "proto/methods.h"
#include "ts/rpc.h"

#define CALL_MS       5000
#define PATIENCE_S    30
#define GREETING      "TSBUS\0\0\1"
#define GREETING_SIZE 8

static char directory[64];
static char address[128];

static inline ts_status on_authorize(ts_call *call, const ProtobufCMessage *in,
                                     ProtobufCMessage *out)
{
    (void)call;
    ((Ts__Auth__AuthorizeReply *)out)->limit = ((const Ts__Auth__AuthorizeRequest *)in)->cost;
    return TS_OK;
}

static const ts_rpc_row rows[] = { { &ts_auth_authorize, on_authorize, true }, { 0 } };

static inline ts_rpc_server *serve(void)
{
    ts_rpc_options o = { .address = address, .service_name = "test", .rows = rows };
    ts_rpc_server *server = NULL;
    ts_error err = { "", "" };

    CHECK_EQ(ts_rpc_server_start(&o, &server, &err), TS_OK);
    return server;
}

static inline ts_status authorize(ts_peer *peer)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    Ts__Auth__AuthorizeRequest req = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ts_caller caller = { .request_id = "",
                         .actor = "ctl",
                         .client_addr = "",
                         .traceparent = "",
                         .idempotency_key = "",
                         .deadline_boot_ms = ts_boot_ms() + CALL_MS };
    ProtobufCMessage *out = NULL;

    req.cost = 1;
    return ts_rpc_call(peer, &ts_auth_authorize, &caller, &req.base, arena, &out, NULL);
}

static inline struct sockaddr_un fast_lane(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };

    snprintf(name.sun_path, sizeof(name.sun_path), "%s/test-fast", directory);
    return name;
}

/* A listener in the fast lane's place. */
static inline int listen_raw(void)
{
    struct sockaddr_un name = fast_lane();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ts_ignore(unlink(name.sun_path) == 0 ? TS_OK : TS_NOT_FOUND); /* there may be none */
    CHECK(fd >= 0);
    CHECK_EQ(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    CHECK_EQ(listen(fd, 8), 0);
    return fd;
}

static inline void be_patient(int fd)
{
    struct timeval patience = { PATIENCE_S, 0 };

    CHECK(fd >= 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
}

/* To the fast lane of whoever serves. */
static inline int connect_raw(void)
{
    struct sockaddr_un name = fast_lane();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    be_patient(fd);
    CHECK_EQ(connect(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

static inline void say(int fd, const char *bytes, size_t n)
{
    CHECK_EQ(send(fd, bytes, n, MSG_NOSIGNAL), n);
}

#endif
