/* Two stores with what hands rows over from the one to the other: a producer that makes and counts rows, a consumer that counts
 * them. Either can be stopped, and started again from another directory. */
#ifndef CONTRACT_BACKUP_PAIR_H
#define CONTRACT_BACKUP_PAIR_H

#include "check.h"
#include "proto/methods.h"
#include "ts/outbox.h"

enum { EFFECTS, INBOX };
static const ts_family families[] = { { .name = "effects", .is_global = true },
                                      { .name = "inbox", .is_global = true },
                                      { .name = NULL } };

typedef struct pair {
    ts_store *producer, *consumer;
    ts_inbox *inbox;
    ts_rpc_server *server;
    ts_peer *peer;
    ts_relay *relay;
} pair;

static char directory[64];

/* The metrics' registry keeps pointing at relays, so that they live as long as the process; here there are many. */
static ts_relay *relays[256];
static size_t relay_count;

static inline void path_of(char ret[192], const char *where, const char *name)
{
    snprintf(ret, 192, "%s/%s%s", directory, where, name);
}

static inline ts_store *open_store(const char *where, const char *name)
{
    char path[192];
    ts_store_options o = { .directory = path, .families = families, .schema = 1 };
    ts_store *store = NULL;

    path_of(path, where, name);
    CHECK_EQ(ts_store_open(&o, &store, NULL), TS_OK);
    return store;
}

static inline uint64_t count_of(ts_store *store)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 16);
    uint64_t n = 0;
    ts_str value;

    if (ts_store_get(store, EFFECTS, TS_STR_LIT("count"), arena, &value) == TS_OK)
        CHECK_EQ(ts_parse_u64(value, &n), TS_OK);
    return n;
}

static inline void put_count(ts_batch *b, ts_store *store, uint64_t n)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
    ts_batch_put(b, store, EFFECTS, TS_STR_LIT("count"), ts_str_of(text));
}

static atomic_bool refuses; /* the consumer: for now */
static atomic_uint refused;

/* Counts, as ai-usage does: nothing here would notice a row that comes twice. */
static inline ts_status apply(void *service, const Ts__HandOverRow *row, ts_arena *arena,
                              ts_batch *batch, ts_error *err)
{
    (void)row;
    (void)arena;
    (void)err;
    if (atomic_load(&refuses)) {
        atomic_fetch_add(&refused, 1);
        return TS_UNAVAILABLE;
    }
    put_count(batch, service, count_of(service) + 1);
    return TS_OK;
}

static inline ts_status rpc_accept(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_inbox_accept(((pair *)call->service)->inbox, call, (const Ts__HandOverRequest *)in,
                           (Ts__HandOverReply *)out);
}

static const ts_rpc_row rows[] = { { &ts_aiusage_accept, rpc_accept, true }, { 0 } };

static inline void start_consumer(pair *p, const char *where)
{
    char address[192];
    ts_rpc_options o = {
        .address = address, .service_name = "consumer", .rows = rows, .service = p
    };

    snprintf(address, sizeof(address), "ipc://%s/bus", directory);
    p->consumer = open_store(where, "consumer");
    CHECK_EQ(ts_inbox_new(p->consumer, INBOX, "consumer", apply, p->consumer, &p->inbox), TS_OK);
    CHECK_EQ(ts_rpc_server_start(&o, &p->server, NULL), TS_OK);
}

static inline void stop_consumer(pair *p)
{
    ts_rpc_server_stop(TS_TAKE(p->server));
    ts_inbox_free(TS_TAKE(p->inbox));
    ts_store_close(TS_TAKE(p->consumer));
}

static inline void start_producer(pair *p, const char *where)
{
    char address[192];
    ts_relay_options o = { .stream = 0,
                           .method = &ts_aiusage_accept,
                           .service_name = "producer",
                           .peer_name = "consumer" };

    snprintf(address, sizeof(address), "ipc://%s/bus", directory);
    p->producer = open_store(where, "producer");
    CHECK_EQ(ts_peer_new("consumer", address, &p->peer, NULL), TS_OK);
    o.store = p->producer;
    o.peer = p->peer;
    CHECK_EQ(ts_relay_start(&o, &p->relay, NULL), TS_OK);
    CHECK(relay_count < TS_COUNT(relays));
    relays[relay_count++] = p->relay;
}

static inline void stop_producer(pair *p)
{
    ts_relay_stop(TS_TAKE(p->relay));
    ts_peer_free(TS_TAKE(p->peer));
    ts_store_close(TS_TAKE(p->producer));
}

static inline void start(pair *p, const char *where)
{
    start_consumer(p, where);
    start_producer(p, where);
}

static inline void stop(pair *p)
{
    stop_producer(p);
    stop_consumer(p);
}

static inline void produce_all(ts_store *store, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
        Ts__AiUse use = TS__AI_USE__INIT;

        put_count(b, store, count_of(store) + 1);
        ts_outbox_add(b, 0, (ts_tenant){ 1, TS_MODE_LIVE }, "ai_use", 1, &use.base);
        CHECK_EQ(ts_store_write(store, b, NULL), TS_OK);
    }
    CHECK_EQ(ts_store_sync_all(store), TS_OK);
}

static inline void produce(ts_store *store)
{
    produce_all(store, 1);
}

static inline uint64_t waiting(ts_store *store)
{
    uint64_t first;
    uint64_t last;

    ts_stream_bounds(store, 0, &first, &last);
    return last + 1 - first;
}

static inline void begin(void)
{
    scratch_directory(directory);
}

static inline void end(void)
{
    remove_directory(directory);
}

/* Copies a store as it is now, to be opened under that name from `where`. */
static inline void checkpoint(ts_store *store, const char *where, const char *name)
{
    char path[192];

    path_of(path, where, name);
    CHECK_EQ(ts_store_checkpoint(store, path, NULL), TS_OK);
}

/* Makes rows, and waits until the consumer has them all. */
static inline void hand_over(const pair *p, unsigned count)
{
    produce_all(p->producer, count);
    CHECK_SOON(waiting(p->producer) == 0);
}

#endif
