/* A service under test: its real store, inbox and RPC server in this process, reached over a socket in a directory of its
 * own. Rows are handed over as a producer's relay would, under a producer id and with sequence numbers of our own. */
#ifndef CONTRACT_SERVED_H
#define CONTRACT_SERVED_H

#include "peers.h"
#include "ts/outbox.h"
#include "ts/store.h"
#include "ts/tenancy.h"

#define CALL_MS       30000
#define ANSWERS_BYTES ((size_t)2 << 20)

typedef struct served {
    char directory[64];
    ts_store *store;
    ts_rpc_server *server;
    ts_peer *peer;
    ts_arena *arena; /* of the answers; emptied by served_forget() */
    ts_error error;  /* words of the last call */
    uint64_t seq;
    /* The same service without kept answers: what it says is what a kept one must still say. Made when one is given. */
    ts_rpc_server *anew;
    ts_peer *anew_peer;
    const ts_rpc_row *rows;
    void *service;
    unsigned kept;      /* answers that were, and were compared */
    unsigned pages;     /* of the last export */
    size_t arena_bytes; /* of a call; 0: as in the service */
} served;

static inline void served_open_store(served *s, const ts_family *families)
{
    char path[128];
    ts_store_options o = { .directory = path, .families = families, .schema = 1 };

    snprintf(path, sizeof(path), "%s/store", s->directory);
    CHECK_EQ(ts_store_open(&o, &s->store, NULL), TS_OK);
}

/* Who calls: nobody in particular but for this, with CALL_MS of time. */
static inline ts_caller served_caller(ts_tenant tenant, const char *actor, const char *repeat_key)
{
    return (ts_caller){ .tenant = tenant,
                        .request_id = "",
                        .actor = actor,
                        .client_addr = "",
                        .traceparent = "",
                        .idempotency_key = repeat_key,
                        .deadline_boot_ms = ts_boot_ms() + CALL_MS };
}

static inline void served_listen(served *s, const char *name, size_t answers_bytes,
                                 ts_rpc_server **ret, ts_peer **ret_peer)
{
    char address[128];
    ts_rpc_options o = {
        .address = address,
        .service_name = name,
        .rows = s->rows,
        .service = s->service,
        .serves = ts_tenancy_serves,
        .serves_context = s->store,
        .version = ts_tenancy_version,
        .version_context = s->store,
        .answers_bytes = answers_bytes,
        .arena_bytes = s->arena_bytes,
    };

    snprintf(address, sizeof(address), "ipc://%s/%s", s->directory, name);
    CHECK_EQ(ts_rpc_server_start(&o, ret, NULL), TS_OK);
    CHECK_EQ(ts_peer_new(name, address, ret_peer, NULL), TS_OK);
    connect_lanes(*ret_peer, s->rows);
}

static inline void served_start(served *s, const char *name, const ts_rpc_row *rows, void *service)
{
    s->rows = rows;
    s->service = service;
    s->arena = ts_arena_new((size_t)64 << 20);
    CHECK(s->arena != NULL);
    served_listen(s, name, ANSWERS_BYTES, &s->server, &s->peer);
}

static inline void served_stop(served *s)
{
    ts_peer_free(TS_TAKE(s->anew_peer));
    ts_rpc_server_stop(TS_TAKE(s->anew));
    ts_peer_free(TS_TAKE(s->peer));
    ts_rpc_server_stop(TS_TAKE(s->server));
    ts_arena_free(TS_TAKE(s->arena));
}

static inline ts_status served_ask(served *s, ts_peer *peer, ts_tenant tenant,
                                   const ts_method *method, const ProtobufCMessage *in,
                                   ProtobufCMessage **ret)
{
    ts_caller caller = served_caller(tenant, "key:key_test", "");

    memset(&s->error, 0, sizeof(s->error));
    return ts_rpc_call(peer, method, &caller, in, s->arena, ret, &s->error);
}

static inline ts_str served_packed(served *s, const ProtobufCMessage *m)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t *bytes = ts_arena_alloc(s->arena, n + 1);

    CHECK(bytes != NULL);
    return ts_str_n(bytes, protobuf_c_message_pack(m, bytes));
}

/* A kept answer against one made anew, unless something has changed meanwhile. */
static inline void served_compare(served *s, ts_tenant tenant, const ts_method *method,
                                  const ProtobufCMessage *in, const ProtobufCMessage *kept,
                                  uint64_t version)
{
    ProtobufCMessage *out = NULL;

    if (s->anew == NULL)
        served_listen(s, "anew", 0, &s->anew, &s->anew_peer);
    CHECK_EQ(served_ask(s, s->anew_peer, tenant, method, in, &out), TS_OK);
    if (version == 0 || ts_store_version(s->store, tenant.org) != version)
        return;
    s->kept++;
    CHECK(ts_str_eq(served_packed(s, kept), served_packed(s, out)));
}

/* *ret (a message's pointer) lives until served_forget(). */
static inline ts_status served_call(served *s, ts_tenant tenant, const ts_method *method,
                                    const ProtobufCMessage *in, void *ret)
{
    /* Without a store, the service is another process. */
    const bool may_be_kept = s->store != NULL && method->lane == TS_LANE_SLOW &&
                             (method->flags & TS_RPC_IDEMPOTENT) != 0;
    uint64_t version = may_be_kept ? ts_store_version(s->store, tenant.org) : 0;
    double kept = may_be_kept ? metric("ts_rpc_server_kept_total") : 0;
    ProtobufCMessage *out = NULL;
    ts_status st = served_ask(s, s->peer, tenant, method, in, &out);

    if (st != TS_OK)
        return st;
    if (may_be_kept && metric("ts_rpc_server_kept_total") > kept)
        served_compare(s, tenant, method, in, out, version);
    memcpy(ret, &out, sizeof(out));
    return st;
}

static inline void served_forget(served *s)
{
    ts_arena_reset(s->arena);
}

/* Hands over the row numbered `seq`; gives the last number that the service has. */
static inline uint64_t served_hand_over_at(served *s, uint64_t seq, const ts_method *accept,
                                           ts_tenant tenant, const char *kind, int64_t at_ms,
                                           const ProtobufCMessage *payload)
{
    static uint8_t producer[16] = "a test's store.";
    uint8_t bytes[16384];
    Ts__HandOverRequest request = TS__HAND_OVER_REQUEST__INIT;
    Ts__HandOverRow row = TS__HAND_OVER_ROW__INIT;
    Ts__HandOverRow *rows[] = { &row };
    const Ts__HandOverReply *reply = NULL;

    CHECK(protobuf_c_message_get_packed_size(payload) <= sizeof(bytes));
    row.seq = seq;
    row.org = tenant.org;
    row.mode = (uint32_t)tenant.mode;
    row.kind = (char *)(uintptr_t)kind; /* only packed */
    row.at_ms = at_ms;
    row.payload.data = bytes;
    row.payload.len = protobuf_c_message_pack(payload, bytes);
    request.producer.data = producer;
    request.producer.len = sizeof(producer);
    request.epoch = 1;
    request.rows = rows;
    request.n_rows = 1;
    CHECK_EQ(served_call(s, (ts_tenant){ 0, TS_MODE_LIVE }, accept, &request.base, &reply), TS_OK);
    return reply->last_seq;
}

/* The next row. */
static inline void served_hand_over(served *s, const ts_method *accept, ts_tenant tenant,
                                    const char *kind, int64_t at_ms,
                                    const ProtobufCMessage *payload)
{
    s->seq++;
    CHECK_EQ(served_hand_over_at(s, s->seq, accept, tenant, kind, at_ms, payload), s->seq);
}

/* Rows in a stream of the service's outbox. */
static inline uint64_t served_sent(served *s, unsigned stream)
{
    uint64_t first;
    uint64_t last;

    CHECK_EQ(ts_store_sync_all(s->store), TS_OK);
    ts_stream_bounds(s->store, stream, &first, &last);
    return last + 1 - first;
}

/* Payload of row `seq` (from 1) as a message of that type. */
static inline void served_read(served *s, unsigned stream, uint64_t seq,
                               const ProtobufCMessageDescriptor *type, void *ret)
{
    ProtobufCMessage *m = NULL;
    const Ts__HandOverRow *row;
    ts_str bytes;

    CHECK_EQ(ts_stream_read(s->store, stream, seq, s->arena, &bytes), TS_OK);
    CHECK_EQ(ts_arena_unpack(s->arena, &ts__hand_over_row__descriptor, bytes, &m), TS_OK);
    row = (const Ts__HandOverRow *)m;
    CHECK_EQ(ts_arena_unpack(s->arena, type, ts_str_n(row->payload.data, row->payload.len), &m),
             TS_OK);
    memcpy(ret, &m, sizeof(m));
}

/* Deletes all rows of a family. */
static inline void served_clear(served *s, unsigned family)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(s->store, family, TS_STR_NULL, TS_STR_NULL, false);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    for (; ts_iter_valid(it); ts_iter_next(it))
        ts_batch_delete(b, s->store, family, ts_iter_key(it));
    CHECK_EQ(ts_store_write(s->store, b, NULL), TS_OK);
}

/* ---- the end of an organization ---- */

/* Tells the service, as auth would. */
static inline void served_erase(served *s, const ts_method *accept, uint64_t org)
{
    Ts__OrganizationErase erase = TS__ORGANIZATION_ERASE__INIT;

    served_hand_over(s, accept, (ts_tenant){ org, TS_MODE_LIVE }, TS_KIND_ERASE, ts_wall_ms(),
                     &erase.base);
}

/* Keys that begin with the organization's number, in all families, whatever the table says of them. */
static inline size_t served_rows_of(served *s, const ts_family *families, uint64_t org)
{
    TS_CLEANUP(ts_buf_done) ts_buf prefix = TS_BUF_INIT(8);
    size_t count = 0;

    ts_buf_be64(&prefix, org);
    for (unsigned i = 0; families[i].name != NULL; i++) {
        TS_CLEANUP(ts_iter_free_p)
        ts_iter *it = ts_iter_prefix(s->store, i, ts_buf_view(&prefix), false);

        for (; ts_iter_valid(it); ts_iter_next(it))
            count++;
        CHECK_EQ(ts_iter_status(it), TS_OK);
    }
    return count;
}

static inline size_t served_parked(served *s, unsigned inbox_family)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(s->store, inbox_family, TS_STR_LIT("p"), false);
    size_t count = 0;

    for (; ts_iter_valid(it); ts_iter_next(it))
        count++;
    return count;
}

/* All lines of an export, page by page; they live until served_forget(). */
static inline size_t served_export(served *s, const ts_method *method, ts_tenant tenant,
                                   uint32_t limit, char ***ret_lines)
{
    Ts__ExportRequest request = TS__EXPORT_REQUEST__INIT;
    const Ts__ExportReply *reply = NULL;
    char **lines = NULL;
    size_t capacity = 0;
    size_t count = 0;

    s->pages = 0;
    do {
        request.limit = limit;
        CHECK_EQ(served_call(s, tenant, method, &request.base, &reply), TS_OK);
        CHECK(reply->n_rows <= limit);
        for (size_t i = 0; i < reply->n_rows; i++) {
            CHECK(ts_arena_grow(s->arena, &lines, count, &capacity, sizeof(*lines)));
            lines[count++] = reply->rows[i];
        }
        request.cursor = reply->cursor;
        s->pages++;
    } while (request.cursor.len > 0);
    *ret_lines = lines;
    return count;
}

static inline bool is_secret_name(const char *name)
{
    static const char *const words[] = { "secret", "sha256", "token", "password" };

    for (size_t i = 0; i < TS_COUNT(words); i++) {
        if (strstr(name, words[i]) != NULL)
            return true;
    }
    return false;
}

static inline void check_hidden(const ts_family *family, const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &type->fields[i];
        bool hidden = false;

        for (const char *const *h = family->hidden; h != NULL && *h != NULL; h++)
            hidden = hidden || strcmp(*h, f->name) == 0;
        if (is_secret_name(f->name) && !hidden)
            fprintf(stderr, "%s: %s is not hidden\n", family->name, f->name);
        CHECK(hidden || !is_secret_name(f->name));
        if (f->type == PROTOBUF_C_TYPE_MESSAGE)
            check_hidden(family, f->descriptor);
    }
}

/* What sounds like a secret is in no export, also what the next one adds. */
static inline void served_check_hidden(const ts_family *families)
{
    for (unsigned i = 0; families[i].name != NULL; i++) {
        if (families[i].type != NULL && !families[i].is_global && !families[i].is_internal)
            check_hidden(&families[i], families[i].type);
    }
}

/* `ask` asks for `count` answers that are kept: they are from before the change, so that what it should have moved is seen. */
static inline void served_ask_around(served *s, void (*ask)(void), unsigned count,
                                     void (*change)(void))
{
    unsigned before;

    ask();
    before = s->kept;
    ask();
    CHECK(s->kept >= before + count / 2); /* two may fall into one place */
    change();
    ask();
}

#endif
