/* A producer that was put back, from a checkpoint of its own or as a copy of its directory: nothing of it comes twice, and nothing
 * that it makes from then on is taken for a repeat. */
#include "backup_pair.h"

/* ---- a producer restored alone ---- */

/* The peer has taken the `waiting_then` rows that wait in the copy afterwards, and `more` that the copy does not know. Nothing comes twice, and what is made from then on, under numbers that were given out before, comes too. */
static void restore_producer(unsigned before, unsigned waiting_then, unsigned more)
{
    uint64_t taken;
    pair p = { 0 };

    begin();
    start(&p, "");
    hand_over(&p, before);
    stop_consumer(&p);
    produce_all(p.producer, waiting_then);
    checkpoint(p.producer, "copy-", "producer");
    start_consumer(&p, "");
    hand_over(&p, more);
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
    CHECK_EQ(metric("ts_inbox_lost_total"), 0);
    end();
}

/* Rows of two epochs wait in the second copy. */
static void a_restored_producer_may_be_restored_again(void)
{
    uint64_t taken;
    pair p = { 0 };

    begin();
    start(&p, "");
    hand_over(&p, 2);
    stop_consumer(&p);
    produce_all(p.producer, 3);
    checkpoint(p.producer, "one-", "producer");
    start_consumer(&p, "");
    hand_over(&p, 4);
    stop(&p);
    start_producer(&p, "one-");
    produce_all(p.producer, 2);
    checkpoint(p.producer, "two-", "producer");
    start_consumer(&p, "");
    hand_over(&p, 1);
    taken = count_of(p.consumer);
    CHECK_EQ(taken, 2 + 3 + 4 + 2 + 1);
    stop_producer(&p);
    start_producer(&p, "two-");
    hand_over(&p, 2);
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
    if (step == IS_BACKED_UP)
        checkpoint(p->producer, "new-", "producer");
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
    uint64_t taken;
    pair p = { 0 };

    begin();
    start(&p, "");
    hand_over(&p, met);
    stop_consumer(&p);
    produce_all(p.producer, waiting_then);
    stop_producer(&p);
    copy_producer("", "old-");
    start(&p, "");
    hand_over(&p, lost);
    taken = count_of(p.consumer);
    CHECK_EQ(taken, met + waiting_then + lost);
    stop(&p);

    start_producer(&p, "old-"); /* nobody to talk to yet */
    produce_all(p.producer, fresh);
    go_on_from(&p, then);
    start_consumer(&p, "");
    CHECK_SOON(waiting(p.producer) == 0);
    hand_over(&p, 3);
    CHECK_EQ(count_of(p.consumer), taken + fresh + 3);
    CHECK_EQ(metric("ts_inbox_lost_total"), 0);
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
    hand_over(&p, 5);
    stop_producer(&p);
    copy_producer("", "old-");
    start_producer(&p, "");
    hand_over(&p, 4);
    taken = count_of(p.consumer);
    for (unsigned i = 1; i <= 2; i++) {
        stop_producer(&p);
        copy_producer("old-", "new-");
        start_producer(&p, "new-");
        hand_over(&p, 2 * i);
        taken += 2 * i;
        CHECK_EQ(count_of(p.consumer), taken);
    }
    stop(&p);
    end();
}

int main(void)
{
    RUN(a_producer_restored_alone_sends_nothing_twice);
    RUN(a_restored_producer_may_be_restored_again);
    RUN(rows_of_a_store_that_was_put_back_are_not_taken_for_repeats);
    RUN(nor_are_they_after_whatever_is_done_to_it_before_it_meets_its_peer);
    RUN(rows_that_were_taken_before_are_repeats);
    RUN(a_store_may_be_put_back_twice);
    return 0;
}
