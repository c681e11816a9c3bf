/* A cut across two stores while one hands rows over to the other: what is opened from it goes on as if nothing had been. A
 * consumer that was restored alone is not waited for, and what it lost is counted. */
#include <pthread.h>
#include <rocksdb/c.h>

#include "backup_pair.h"
#include "ts/backup.h"

#define CUTS 12

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
    hand_over(&p, 1);
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
    hand_over(&p, 1); /* nobody has ended it */
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
    pair p = { 0 };

    begin();
    start(&p, "");
    hand_over(&p, 3);
    checkpoint(p.consumer, "old-", "consumer");
    hand_over(&p, 4);
    CHECK_EQ(count_of(p.consumer), 7);
    stop_consumer(&p);
    start_consumer(&p, "old-");
    CHECK_EQ(count_of(p.consumer), 3);
    hand_over(&p, 2);
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
    pair p = { 0 };

    begin();
    start(&p, "");
    hand_over(&p, 1);
    checkpoint(p.consumer, "old-", "consumer");
    hand_over(&p, 4);
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
    pair p = { 0 };

    begin();
    start(&p, "");
    hand_over(&p, 3);
    checkpoint(p.consumer, "old-", "consumer");
    hand_over(&p, 4);
    stop_producer(&p);
    start_producer(&p, "");
    hand_over(&p, 2);
    stop(&p);
    start(&p, "old-"); /* another producer: nothing is known of it, nor missed */
    hand_over(&p, 2);
    CHECK_EQ(metric("ts_inbox_lost_total") - in_before, 0);
    stop_producer(&p);
    start_producer(&p, "");
    hand_over(&p, 1);
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

int main(void)
{
    RUN(a_cut_goes_on_as_if_nothing_had_been);
    RUN(a_pause_holds_rows_back_until_it_ends_by_itself_or_is_ended);
    RUN(who_does_not_know_is_not_quiet);
    RUN(a_consumer_restored_alone_is_not_waited_for);
    RUN(rows_that_are_lost_are_counted_once_however_often_the_next_one_comes);
    RUN(what_is_lost_is_seen_over_a_start_of_the_producer);
    RUN(rows_of_many_lives_may_wait);
    RUN(a_store_that_counted_its_epochs_goes_on);
    return 0;
}
