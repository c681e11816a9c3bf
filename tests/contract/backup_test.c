/* A cut across two stores while one hands rows over to the other: what is opened from it goes on as if nothing had been; a
 * consumer that was restored alone is not waited for; a producer that was put back without a backup does not talk to the wall. */
#include <pthread.h>
#include <rocksdb/c.h>

#include "check.h"
#include "proto/methods.h"
#include "ts/backup.h"
#include "ts/outbox.h"

#define CUTS 12

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

static void path_of(char ret[192], const char *where, const char *name)
{
    snprintf(ret, 192, "%s/%s%s", directory, where, name);
}

static ts_store *open_store(const char *where, const char *name)
{
    char path[192];
    ts_store_options o = { .directory = path, .families = families, .schema = 1 };
    ts_store *store = NULL;

    path_of(path, where, name);
    CHECK_EQ(ts_store_open(&o, &store, NULL), TS_OK);
    return store;
}

static uint64_t count_of(ts_store *store)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 16);
    uint64_t n = 0;
    ts_str value;

    if (ts_store_get(store, EFFECTS, TS_STR_LIT("count"), arena, &value) == TS_OK)
        CHECK_EQ(ts_parse_u64(value, &n), TS_OK);
    return n;
}

static void put_count(ts_batch *b, ts_store *store, uint64_t n)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
    ts_batch_put(b, store, EFFECTS, TS_STR_LIT("count"), ts_str_of(text));
}

static atomic_bool refuses; /* the consumer: for now */
static atomic_uint refused;

/* Counts, as ai-usage does: nothing here would notice a row that comes twice. */
static ts_status apply(void *service, const Ts__HandOverRow *row, ts_arena *arena, ts_batch *batch,
                       ts_error *err)
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

static ts_status rpc_accept(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_inbox_accept(((pair *)call->service)->inbox, call, (const Ts__HandOverRequest *)in,
                           (Ts__HandOverReply *)out);
}

static const ts_rpc_row rows[] = { { &ts_aiusage_accept, rpc_accept, true }, { 0 } };

static void start_consumer(pair *p, const char *where)
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

static void stop_consumer(pair *p)
{
    ts_rpc_server_stop(TS_TAKE(p->server));
    ts_inbox_free(TS_TAKE(p->inbox));
    ts_store_close(TS_TAKE(p->consumer));
}

static void start_producer(pair *p, const char *where)
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

static void stop_producer(pair *p)
{
    ts_relay_stop(TS_TAKE(p->relay));
    ts_peer_free(TS_TAKE(p->peer));
    ts_store_close(TS_TAKE(p->producer));
}

static void start(pair *p, const char *where)
{
    start_consumer(p, where);
    start_producer(p, where);
}

static void stop(pair *p)
{
    stop_producer(p);
    stop_consumer(p);
}

static void produce_all(ts_store *store, unsigned count)
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

static void produce(ts_store *store)
{
    produce_all(store, 1);
}

static uint64_t waiting(ts_store *store)
{
    uint64_t first;
    uint64_t last;

    ts_stream_bounds(store, 0, &first, &last);
    return last + 1 - first;
}

static void begin(void)
{
    scratch_directory(directory);
}

static void end(void)
{
    remove_directory(directory);
}

/* ---- what teamsentryctl does ---- */

static ts_status backup_step(ts_store *store, const char *name, uint64_t id, const char *where,
                             Ts__BackupReply *rep)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 16);
    Ts__BackupRequest req = TS__BACKUP_REQUEST__INIT;
    ts_error error = { "", "" };
    ts_call call = { .arena = arena, .error = &error };

    ts__backup_reply__init(rep);
    req.step = (char *)(uintptr_t)name; /* only read */
    req.id = id;
    req.lease_ms = 60000;
    req.directory = (char *)(uintptr_t)where;
    return ts_backup_step(store, &call, &req.base, &rep->base);
}

static void cut(const pair *p, uint64_t id, const char *where)
{
    char path[192];
    Ts__BackupReply rep;

    do {
        CHECK_EQ(backup_step(p->producer, "pause", id, "", &rep), TS_OK);
    } while (!rep.quiet);
    path_of(path, where, "consumer");
    CHECK_EQ(backup_step(p->consumer, "checkpoint", id, path, &rep), TS_OK);
    path_of(path, where, "producer");
    CHECK_EQ(backup_step(p->producer, "checkpoint", id, path, &rep), TS_OK);
    CHECK_EQ(backup_step(p->producer, "resume", id, "", &rep), TS_OK);
    CHECK(rep.held);
}

/* ---- tests ---- */

static atomic_bool stopping;

static void *keep_producing(void *argument)
{
    while (!atomic_load(&stopping))
        produce(argument);
    return NULL;
}

static void a_cut_goes_on_as_if_nothing_had_been(void)
{
    pair p = { 0 };
    pthread_t writer;
    unsigned with_rows = 0;

    begin();
    start(&p, "");
    atomic_store(&stopping, false);
    CHECK_EQ(pthread_create(&writer, NULL, keep_producing, p.producer), 0);
    for (uint64_t i = 1; i <= CUTS; i++) {
        char where[16];

        CHECK_SOON(count_of(p.consumer) > 20 * i);
        snprintf(where, sizeof(where), "cut%llu-", (unsigned long long)i);
        cut(&p, i, where);
    }
    atomic_store(&stopping, true);
    pthread_join(writer, NULL);
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), count_of(p.producer));
    stop(&p);

    for (uint64_t i = 1; i <= CUTS; i++) {
        char where[16];
        uint64_t made;

        snprintf(where, sizeof(where), "cut%llu-", (unsigned long long)i);
        start(&p, where);
        made = count_of(p.producer);
        with_rows += waiting(p.producer) > 0;
        CHECK(made > 20 * i);
        CHECK_SOON(waiting(p.producer) == 0);
        CHECK_EQ(count_of(p.consumer), made);
        produce(p.producer);
        CHECK_SOON(count_of(p.consumer) == made + 1);
        stop(&p);
    }
    printf("  %u of %d cuts had rows on their way\n", with_rows, CUTS);
    end();
}

static void a_pause_holds_rows_back_until_it_ends_by_itself_or_is_ended(void)
{
    pair p = { 0 };
    ts_error error = { "", "" };
    Ts__BackupReply rep;

    begin();
    start(&p, "");
    produce(p.producer);
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK(!ts_store_is_quiet(p.producer)); /* not paused */

    CHECK_EQ(ts_store_pause(p.producer, 7, 60000, &error), TS_OK);
    CHECK_SOON(ts_store_is_quiet(p.producer));
    produce(p.producer);
    CHECK_EQ(ts_store_pause(p.producer, 8, 60000, &error), TS_CONFLICT);
    CHECK(strstr(error.text, "another backup") != NULL);
    CHECK_EQ(ts_store_pause(p.producer, 7, 60000, &error), TS_OK);
    CHECK(!ts_store_resume(p.producer, 8));
    CHECK_EQ(waiting(p.producer), 1);
    CHECK(ts_store_resume(p.producer, 7));
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK(!ts_store_resume(p.producer, 7));

    CHECK_EQ(ts_store_pause(p.producer, 9, 20, &error), TS_OK);
    produce(p.producer);
    CHECK_SOON(waiting(p.producer) == 0); /* nobody has ended it */
    CHECK_EQ(ts_store_pause(p.producer, 9, 60000, &error), TS_CONFLICT);
    CHECK(!ts_store_resume(p.producer, 9));

    CHECK_EQ(backup_step(p.producer, "pause", 0, "", &rep), TS_INVALID);
    CHECK_EQ(backup_step(p.producer, "stop", 1, "", &rep), TS_INVALID);
    CHECK_EQ(backup_step(p.producer, "checkpoint", 1, "relative", &rep), TS_INVALID);
    CHECK_EQ(backup_step(p.producer, "checkpoint", 1, directory, &rep), TS_CONFLICT);
    stop(&p);
    end();
}

/* A hand-over without an answer may have had its effect: it is not quiet before it knows. */
static void who_does_not_know_is_not_quiet(void)
{
    pair p = { 0 };
    ts_error error = { "", "" };

    begin();
    start_producer(&p, "");
    CHECK_EQ(ts_store_pause(p.producer, 1, 60000, &error), TS_OK);
    CHECK(ts_store_is_quiet(p.producer)); /* nothing was ever sent */
    CHECK(ts_store_resume(p.producer, 1));
    CHECK(ts_stream_enter(p.producer, 5)); /* one that nobody relays: ours to play with */
    CHECK_EQ(ts_store_pause(p.producer, 2, 60000, &error), TS_OK);
    CHECK(!ts_store_is_quiet(p.producer));
    ts_stream_leave(p.producer, 5, false);
    CHECK(!ts_store_is_quiet(p.producer));
    CHECK(ts_stream_enter(p.producer, 5)); /* goes on until it knows */
    ts_stream_leave(p.producer, 5, true);
    CHECK(ts_store_is_quiet(p.producer));
    CHECK(!ts_stream_enter(p.producer, 5));
    stop_producer(&p);
    end();
}

static void a_consumer_restored_alone_is_not_waited_for(void)
{
    char path[192];
    pair p = { 0 };

    begin();
    start(&p, "");
    for (int i = 0; i < 3; i++)
        produce(p.producer);
    CHECK_SOON(waiting(p.producer) == 0);
    path_of(path, "old-", "consumer");
    CHECK_EQ(ts_store_checkpoint(p.consumer, path, NULL), TS_OK);
    for (int i = 0; i < 4; i++)
        produce(p.producer);
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), 7);
    stop_consumer(&p);
    start_consumer(&p, "old-");
    CHECK_EQ(count_of(p.consumer), 3);
    for (int i = 0; i < 2; i++)
        produce(p.producer);
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), 5); /* four are lost, as the metrics of both sides say */
    CHECK_EQ(metric("ts_inbox_lost_total"), 4);
    CHECK_EQ(metric("ts_outbox_lost_total{peer=\"consumer\"}"), 4);
    stop(&p);
    end();
}

static void rows_that_are_lost_are_counted_once_however_often_the_next_one_comes(void)
{
    double in_before = metric("ts_inbox_lost_total");
    double out_before = metric("ts_outbox_lost_total{peer=\"consumer\"}");
    char path[192];
    pair p = { 0 };

    begin();
    start(&p, "");
    produce(p.producer);
    CHECK_SOON(waiting(p.producer) == 0);
    path_of(path, "old-", "consumer");
    CHECK_EQ(ts_store_checkpoint(p.consumer, path, NULL), TS_OK);
    produce_all(p.producer, 4);
    CHECK_SOON(waiting(p.producer) == 0);
    stop_consumer(&p);
    start_consumer(&p, "old-");
    atomic_store(&refused, 0);
    atomic_store(&refuses, true);
    produce_all(p.producer, 2);
    CHECK_SOON(atomic_load(&refused) >= 4);
    stop_consumer(&p); /* nor by who starts again */
    start_consumer(&p, "old-");
    CHECK_SOON(atomic_load(&refused) >= 6);
    atomic_store(&refuses, false);
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), 3);
    CHECK_EQ(metric("ts_inbox_lost_total") - in_before, 4);
    CHECK_EQ(metric("ts_outbox_lost_total{peer=\"consumer\"}") - out_before, 4);
    stop(&p);
    end();
}

/* The producer was started again since, so that the consumer has never heard of the epoch that it is in. */
static void what_is_lost_is_seen_over_a_start_of_the_producer(void)
{
    double in_before = metric("ts_inbox_lost_total");
    char path[192];
    pair p = { 0 };

    begin();
    start(&p, "");
    produce_all(p.producer, 3);
    CHECK_SOON(waiting(p.producer) == 0);
    path_of(path, "old-", "consumer");
    CHECK_EQ(ts_store_checkpoint(p.consumer, path, NULL), TS_OK);
    produce_all(p.producer, 4);
    CHECK_SOON(waiting(p.producer) == 0);
    stop_producer(&p);
    start_producer(&p, "");
    produce_all(p.producer, 2);
    CHECK_SOON(waiting(p.producer) == 0);
    stop(&p);
    start(&p, "old-"); /* another producer: nothing is known of it, nor missed */
    produce_all(p.producer, 2);
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(metric("ts_inbox_lost_total") - in_before, 0);
    stop_producer(&p);
    start_producer(&p, "");
    produce_all(p.producer, 1);
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), 3 + 2 + 1);
    CHECK_EQ(metric("ts_inbox_lost_total") - in_before, 6);
    stop(&p);
    end();
}

/* Each life leaves a row that waits, in the epoch of that life; all come, once. */
static void rows_of_many_lives_may_wait(void)
{
    enum { LIVES = 40 };
    pair p = { 0 };

    begin();
    for (unsigned i = 0; i < LIVES; i++) {
        start_producer(&p, "");
        produce(p.producer);
        stop_producer(&p);
    }
    start(&p, "");
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), LIVES);
    stop(&p);
    end();
}

/* As a version left it that counted epochs: the store's, and above it how often a stream had begun another. What was taken in
 * them is known for repeats. */
static void a_store_that_counted_its_epochs_goes_on(void)
{
    static const char epoch[8] = { 0, 0, 0, 0, 0, 0, 0, 2 };
    static const char turn[8] = { 0, 0, 0, 0, 0, 0, 0, 3 };
    const char *names[] = { "default", "stream", "effects", "inbox" };
    rocksdb_options_t *o = rocksdb_options_create();
    const rocksdb_options_t *options[] = { o, o, o, o };
    rocksdb_column_family_handle_t *handles[4];
    rocksdb_writeoptions_t *w = rocksdb_writeoptions_create();
    char *error = NULL;
    uint64_t last = 0;
    char path[192];
    rocksdb_t *db;
    pair p = { 0 };

    begin();
    start_producer(&p, "");
    produce_all(p.producer, 2);
    stop_producer(&p);
    path_of(path, "", "producer");
    db = rocksdb_open_column_families(o, path, 4, names, options, handles, &error);
    CHECK(error == NULL);
    rocksdb_put_cf(db, w, handles[0], "epoch", 5, epoch, 8, &error);
    rocksdb_put_cf(db, w, handles[0], "turn/0", 6, turn, 8, &error);
    CHECK(error == NULL);
    for (size_t i = 0; i < 4; i++)
        rocksdb_column_family_handle_destroy(handles[i]);
    rocksdb_close(db);
    rocksdb_writeoptions_destroy(w);
    rocksdb_options_destroy(o);
    for (int i = 0; i < 2; i++) { /* nor does the next start forget it */
        p.producer = open_store("", "producer");
        CHECK_EQ(ts_stream_epoch_of(p.producer, 0, 1, &last), UINT64_C(3) << 32 | 2);
        CHECK_EQ(last, 2);
        CHECK_EQ(ts_stream_epoch_of(p.producer, 0, 9, &last), ts_store_epoch(p.producer));
        CHECK_EQ(last, UINT64_MAX);
        produce(p.producer);
        ts_store_close(TS_TAKE(p.producer));
    }
    start(&p, "");
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), 4);
    stop(&p);
    end();
}

/* ---- a producer restored alone ---- */

/* The peer has taken the `waiting_then` rows that wait in the copy afterwards, and `more` that the copy does not know. Nothing comes twice, and what is made from then on, under numbers that were given out before, comes too. */
static void restore_producer(unsigned before, unsigned waiting_then, unsigned more)
{
    double lost_before = metric("ts_inbox_lost_total");
    char path[192];
    uint64_t taken;
    pair p = { 0 };

    begin();
    start(&p, "");
    produce_all(p.producer, before);
    CHECK_SOON(waiting(p.producer) == 0);
    stop_consumer(&p);
    produce_all(p.producer, waiting_then);
    path_of(path, "copy-", "producer");
    CHECK_EQ(ts_store_checkpoint(p.producer, path, NULL), TS_OK);
    start_consumer(&p, "");
    produce_all(p.producer, more);
    CHECK_SOON(waiting(p.producer) == 0);
    taken = count_of(p.consumer);
    CHECK_EQ(taken, before + waiting_then + more);
    stop(&p);
    start_producer(&p, "copy-"); /* nobody to talk to yet */
    produce_all(p.producer, 2);
    stop_producer(&p);
    start_producer(&p, "copy-"); /* nor after the next start */
    produce_all(p.producer, 1);
    start_consumer(&p, "");
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), taken + 3);
    stop(&p);
    CHECK_EQ(metric("ts_inbox_lost_total") - lost_before, 0);
    end();
}

/* Rows of two epochs wait in the second copy. */
static void a_restored_producer_may_be_restored_again(void)
{
    char path[192];
    uint64_t taken;
    pair p = { 0 };

    begin();
    start(&p, "");
    produce_all(p.producer, 2);
    CHECK_SOON(waiting(p.producer) == 0);
    stop_consumer(&p);
    produce_all(p.producer, 3);
    path_of(path, "one-", "producer");
    CHECK_EQ(ts_store_checkpoint(p.producer, path, NULL), TS_OK);
    start_consumer(&p, "");
    produce_all(p.producer, 4);
    CHECK_SOON(waiting(p.producer) == 0);
    stop(&p);
    start_producer(&p, "one-");
    produce_all(p.producer, 2);
    path_of(path, "two-", "producer");
    CHECK_EQ(ts_store_checkpoint(p.producer, path, NULL), TS_OK);
    start_consumer(&p, "");
    produce_all(p.producer, 1);
    CHECK_SOON(waiting(p.producer) == 0);
    taken = count_of(p.consumer);
    CHECK_EQ(taken, 2 + 3 + 4 + 2 + 1);
    stop_producer(&p);
    start_producer(&p, "two-");
    produce_all(p.producer, 2);
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), taken + 2);
    stop(&p);
    end();
}

static void a_producer_restored_alone_sends_nothing_twice(void)
{
    restore_producer(5, 3, 4);
    restore_producer(0, 3, 0); /* the peer knew nothing of it */
    restore_producer(5, 0, 2);
    restore_producer(5, 600, 1); /* more than go at once */
}

/* ---- a producer's directory put back as it was, by whoever knows nothing of backups: a snapshot of its disk ---- */

static void copy_producer(const char *from, const char *to)
{
    char source[192];
    char target[192];

    path_of(source, from, "producer");
    path_of(target, to, "producer");
    CHECK_EQ(RUN_PROGRAM("rm", "-rf", target), 0);
    CHECK_EQ(RUN_PROGRAM("cp", "-r", source, target), 0);
}

/* What is done to the store that was put back before it meets its peer. */
typedef enum put_back_step { STAYS, STARTS_AGAIN, IS_BACKED_UP, IS_COPIED } put_back_step;

static void go_on_from(pair *p, put_back_step step)
{
    char path[192];

    if (step == IS_BACKED_UP) {
        path_of(path, "new-", "producer");
        CHECK_EQ(ts_store_checkpoint(p->producer, path, NULL), TS_OK);
    }
    if (step == STAYS)
        return;
    stop_producer(p);
    if (step == IS_COPIED)
        copy_producer("old-", "new-");
    start_producer(p, step == STARTS_AGAIN ? "old-" : "new-");
}

/* After `met` rows, `waiting_then` rows wait in the snapshot and are taken over afterwards, `lost` more come and go with it, `fresh` new ones are
 * there when the two meet again. What was made is counted once, whatever number it has. */
static void put_back_then(unsigned met, unsigned waiting_then, unsigned lost, unsigned fresh,
                          put_back_step then)
{
    double lost_before = metric("ts_inbox_lost_total");
    uint64_t taken;
    pair p = { 0 };

    begin();
    start(&p, "");
    produce_all(p.producer, met);
    CHECK_SOON(waiting(p.producer) == 0);
    stop_consumer(&p);
    produce_all(p.producer, waiting_then);
    stop_producer(&p);
    copy_producer("", "old-");
    start(&p, "");
    produce_all(p.producer, lost);
    CHECK_SOON(waiting(p.producer) == 0);
    taken = count_of(p.consumer);
    CHECK_EQ(taken, met + waiting_then + lost);
    stop(&p);

    start_producer(&p, "old-"); /* nobody to talk to yet */
    produce_all(p.producer, fresh);
    go_on_from(&p, then);
    start_consumer(&p, "");
    CHECK_SOON(waiting(p.producer) == 0);
    produce_all(p.producer, 3);
    CHECK_SOON(waiting(p.producer) == 0);
    CHECK_EQ(count_of(p.consumer), taken + fresh + 3);
    CHECK_EQ(metric("ts_inbox_lost_total") - lost_before, 0);
    stop(&p);
    end();
}

static void put_back(unsigned waiting_then, unsigned lost, unsigned fresh)
{
    put_back_then(5, waiting_then, lost, fresh, STAYS);
}

static void rows_of_a_store_that_was_put_back_are_not_taken_for_repeats(void)
{
    put_back(0, 4, 2); /* fewer than were lost */
    put_back(0, 4, 9); /* more */
    put_back(0, 1, 1); /* the very number */
    put_back(3, 4, 2);
}

/* As many as were lost, fewer and more; and with a snapshot from before the first row. */
static void nor_are_they_after_whatever_is_done_to_it_before_it_meets_its_peer(void)
{
    static const put_back_step steps[] = { STARTS_AGAIN, IS_BACKED_UP, IS_COPIED };

    for (size_t i = 0; i < TS_COUNT(steps); i++) {
        put_back_then(5, 0, 4, 2, steps[i]);
        put_back_then(5, 3, 4, 4, steps[i]);
        put_back_then(0, 0, 4, 9, steps[i]);
    }
    put_back_then(0, 0, 1, 1, STAYS);
}

/* It had not heard that all was taken: that is what happens whenever a process is killed, and no sign of anything. */
static void rows_that_were_taken_before_are_repeats(void)
{
    put_back(3, 0, 4);
    put_back(300, 0, 0); /* more than go at once */
}

static void a_store_may_be_put_back_twice(void)
{
    uint64_t taken;
    pair p = { 0 };

    begin();
    start(&p, "");
    produce_all(p.producer, 5);
    CHECK_SOON(waiting(p.producer) == 0);
    stop_producer(&p);
    copy_producer("", "old-");
    start_producer(&p, "");
    produce_all(p.producer, 4);
    CHECK_SOON(waiting(p.producer) == 0);
    taken = count_of(p.consumer);
    for (unsigned i = 1; i <= 2; i++) {
        stop_producer(&p);
        copy_producer("old-", "new-");
        start_producer(&p, "new-");
        produce_all(p.producer, 2 * i);
        taken += 2 * i;
        CHECK_SOON(waiting(p.producer) == 0);
        CHECK_EQ(count_of(p.consumer), taken);
    }
    stop(&p);
    end();
}

int main(void)
{
    RUN(a_cut_goes_on_as_if_nothing_had_been);
    RUN(a_pause_holds_rows_back_until_it_ends_by_itself_or_is_ended);
    RUN(who_does_not_know_is_not_quiet);
    RUN(a_consumer_restored_alone_is_not_waited_for);
    RUN(rows_that_are_lost_are_counted_once_however_often_the_next_one_comes);
    RUN(what_is_lost_is_seen_over_a_start_of_the_producer);
    RUN(rows_of_many_lives_may_wait);
    RUN(a_producer_restored_alone_sends_nothing_twice);
    RUN(a_restored_producer_may_be_restored_again);
    RUN(rows_of_a_store_that_was_put_back_are_not_taken_for_repeats);
    RUN(nor_are_they_after_whatever_is_done_to_it_before_it_meets_its_peer);
    RUN(rows_that_were_taken_before_are_repeats);
    RUN(a_store_may_be_put_back_twice);
    RUN(a_store_that_counted_its_epochs_goes_on);
    return 0;
}
