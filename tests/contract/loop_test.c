/* Loops, fibers and waiting, with threads around them. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "check.h"
#include "ts/log.h"
#include "ts/wait.h"

#define FIBERS 50
#define ROUNDS 200
#define ASIDES 3

static const ts_loop_options options = {
    .stack_bytes = 64 * 1024, .fibers_max = FIBERS, .fibers_idle = 8, .asides_max = ASIDES
};

typedef struct stage {
    ts_loop *loop;
    pthread_t thread;
    ts_task task; /* runs on the loop */
    pthread_mutex_t mutex;
    ts_cond cond;
    int turn;        /* guarded by mutex */
    atomic_int done; /* fibers that have ended */
} stage;

static void *run(void *context)
{
    ts_loop_run(((stage *)context)->loop);
    return NULL;
}

static void begin(stage *s, void (*task)(ts_task *task))
{
    *s = (stage){ .task = { .run = task } };
    pthread_mutex_init(&s->mutex, NULL);
    s->cond = TS_COND_INIT;
    CHECK_EQ(ts_loop_new(&options, &s->loop), TS_OK);
    CHECK_EQ(pthread_create(&s->thread, NULL, run, s), 0);
    ts_loop_post(s->loop, &s->task);
}

static void finish(stage *s)
{
    ts_loop_end(s->loop);
    CHECK_EQ(pthread_join(s->thread, NULL), 0);
    ts_loop_free(s->loop);
    pthread_mutex_destroy(&s->mutex);
}

static stage *stage_of(ts_task *task)
{
    return (stage *)(void *)((char *)task - offsetof(stage, task));
}

/* ---- a condition handed around among fibers and threads ---- */

static void take_turns(stage *s, int parity)
{
    pthread_mutex_lock(&s->mutex);
    for (int i = 0; i < ROUNDS; i++) {
        while (s->turn % 2 != parity)
            CHECK(ts_cond_wait(&s->cond, &s->mutex, ts_boot_ms() + 30000));
        s->turn++;
        ts_cond_broadcast(&s->cond);
    }
    pthread_mutex_unlock(&s->mutex);
}

static void even_fiber(void *context)
{
    stage *s = context;

    take_turns(s, 0);
    atomic_fetch_add(&s->done, 1);
}

static void go_even(ts_task *task)
{
    stage *s = stage_of(task);

    CHECK_EQ(ts_loop_go(s->loop, even_fiber, s), TS_OK);
}

static void a_thread_and_a_fiber_take_turns(void)
{
    stage s;

    begin(&s, go_even);
    take_turns(&s, 1);
    finish(&s); /* waits for the fiber */
    CHECK_EQ(s.turn, 2 * ROUNDS);
    CHECK_EQ(atomic_load(&s.done), 1);
}

/* ---- deadlines and posts that race ---- */

typedef struct poster {
    ts_wake *wake;
    pthread_mutex_t mutex; /* guards wake */
    atomic_bool is_over;
} poster;

static poster the_poster = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void *post_whatever_waits(void *unused)
{
    (void)unused;
    while (!atomic_load(&the_poster.is_over)) {
        ts_wake *w;

        pthread_mutex_lock(&the_poster.mutex);
        w = TS_TAKE(the_poster.wake);
        pthread_mutex_unlock(&the_poster.mutex);
        if (w != NULL)
            ts_wake_post(w);
    }
    return NULL;
}

/* Deadlines of 0 to 2 ms against a thread that posts as soon as it sees: none is lost, none comes twice, none comes late. */
static void race(void *context)
{
    stage *s = context;

    for (int i = 0; i < 500; i++) {
        bool is_posted, is_withdrawn;
        ts_wake wake;

        ts_wake_init(&wake);
        pthread_mutex_lock(&the_poster.mutex);
        the_poster.wake = &wake;
        pthread_mutex_unlock(&the_poster.mutex);
        is_posted = ts_wake_wait(&wake, ts_boot_ms() + i % 3);
        if (!is_posted) {
            pthread_mutex_lock(&the_poster.mutex);
            is_withdrawn = the_poster.wake == &wake;
            if (is_withdrawn)
                the_poster.wake = NULL;
            pthread_mutex_unlock(&the_poster.mutex);
            CHECK(is_withdrawn || ts_wake_wait(&wake, TS_FOREVER));
        }
        ts_wake_done(&wake);
    }
    atomic_fetch_add(&s->done, 1);
}

static void go_race(ts_task *task)
{
    stage *s = stage_of(task);

    CHECK_EQ(ts_loop_go(s->loop, race, s), TS_OK);
}

static void posts_and_deadlines_race(void)
{
    pthread_t thread;
    stage s;

    CHECK_EQ(pthread_create(&thread, NULL, post_whatever_waits, NULL), 0);
    begin(&s, go_race);
    finish(&s);
    CHECK_EQ(atomic_load(&s.done), 1);
    race(&s); /* and a thread */
    atomic_store(&the_poster.is_over, true);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* ---- many fibers ---- */

static void wait_for_turn_one(void *context)
{
    stage *s = context;
    char id[32];

    (void)snprintf(id, sizeof(id), "req_%06d", atomic_load(&s->done));
    ts_log_request(id);
    pthread_mutex_lock(&s->mutex);
    s->turn--;
    ts_cond_broadcast(&s->cond);
    while (s->turn != 1)
        CHECK(ts_cond_wait(&s->cond, &s->mutex, ts_boot_ms() + 30000));
    pthread_mutex_unlock(&s->mutex);
    ts_pause_ms(1);
    CHECK(strncmp(ts_log_request_id(), "req_", 4) == 0);
    CHECK(strcmp(ts_log_request_id(), id) == 0);
    atomic_fetch_add(&s->done, 1);
}

static void never(void *context)
{
    (void)context;
    CHECK(false);
}

static void go_many(ts_task *task)
{
    stage *s = stage_of(task);

    for (int i = 0; i < FIBERS; i++) {
        CHECK_EQ(ts_loop_go(s->loop, wait_for_turn_one, s), TS_OK);
        CHECK(ts_log_request_id()[0] == '\0'); /* the loop has none */
    }
    CHECK_EQ(ts_loop_go(s->loop, never, s), TS_LIMITED);
}

static void many_fibers_wait_at_once_and_no_more_than_allowed(void)
{
    stage s;

    for (int i = 0; i < 3; i++) { /* on stacks that are used again, and on new ones */
        begin(&s, go_many);
        pthread_mutex_lock(&s.mutex);
        while (s.turn != -FIBERS)
            CHECK(ts_cond_wait(&s.cond, &s.mutex, ts_boot_ms() + 30000));
        s.turn = 1;
        ts_cond_broadcast(&s.cond);
        pthread_mutex_unlock(&s.mutex);
        finish(&s);
        CHECK_EQ(atomic_load(&s.done), FIBERS);
    }
}

/* ---- the end of a turn, and order ---- */

static int steps; /* the loop's thread alone */

static void at_the_end_of_the_turn(ts_task *task)
{
    (void)task;
    CHECK_EQ(steps++, 2);
}

static void first_task(ts_task *task)
{
    static ts_task later = { .run = at_the_end_of_the_turn };

    (void)task;
    CHECK_EQ(steps++, 0);
    CHECK(ts_loop_later(&later));
}

static void second_task(ts_task *task)
{
    (void)task;
    CHECK_EQ(steps++, 1);
}

static void what_is_put_off_runs_when_all_of_the_turn_has_run(void)
{
    ts_task first = { .run = first_task };
    ts_task second = { .run = second_task };
    stage s = { .loop = NULL };

    CHECK(!ts_loop_later(&first)); /* no loop runs here */
    CHECK_EQ(ts_loop_new(&options, &s.loop), TS_OK);
    ts_loop_post(s.loop, &first);
    ts_loop_post(s.loop, &second);
    CHECK_EQ(pthread_create(&s.thread, NULL, run, &s), 0);
    finish(&s);
    CHECK_EQ(steps, 3);
}

/* ---- aside ---- */

static atomic_int others; /* turns that other fibers had while one computed */

static void compute(void *context)
{
    *(pthread_t *)context = pthread_self();
    CHECK(strcmp(ts_log_request_id(), "req_aside1") == 0);
    CHECK_SOON(atomic_load(&others) == 1);
}

static void compute_aside(void *context)
{
    stage *s = context;
    pthread_t where;

    ts_log_request("req_aside1");
    ts_aside(compute, &where);
    CHECK(!pthread_equal(where, pthread_self()));
    CHECK_EQ(atomic_load(&others), 1);
    atomic_fetch_add(&s->done, 1);
}

static void meanwhile(void *context)
{
    (void)context;
    atomic_fetch_add(&others, 1);
}

static void go_aside(ts_task *task)
{
    stage *s = stage_of(task);

    CHECK_EQ(ts_loop_go(s->loop, compute_aside, s), TS_OK);
    CHECK_EQ(atomic_load(&others), 0);
    CHECK_EQ(ts_loop_go(s->loop, meanwhile, s), TS_OK);
}

static void others_go_on_while_one_computes(void)
{
    pthread_t where;
    stage s;

    begin(&s, go_aside);
    finish(&s);
    CHECK_EQ(atomic_load(&s.done), 1);
    ts_log_request("req_aside1");
    ts_aside(compute, &where); /* a thread does it itself */
    CHECK(pthread_equal(where, pthread_self()));
    ts_log_request("");
}

static atomic_int at_once, most_at_once;

static void take_a_while(void *context)
{
    int now = atomic_fetch_add(&at_once, 1) + 1;
    int most = atomic_load(&most_at_once);

    (void)context;
    while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now))
        ;
    ts_pause_ms(2);
    atomic_fetch_sub(&at_once, 1);
}

static void take_it_aside(void *context)
{
    stage *s = context;

    for (int i = 0; i < 3; i++)
        ts_aside(take_a_while, NULL);
    atomic_fetch_add(&s->done, 1);
}

static void go_aside_all(ts_task *task)
{
    stage *s = stage_of(task);

    for (int i = 0; i < FIBERS; i++)
        CHECK_EQ(ts_loop_go(s->loop, take_it_aside, s), TS_OK);
}

static void no_more_compute_at_once_than_allowed(void)
{
    stage s;

    begin(&s, go_aside_all);
    finish(&s);
    CHECK_EQ(atomic_load(&s.done), FIBERS);
    CHECK_EQ(atomic_load(&most_at_once), ASIDES);
}

/* ---- descriptors ---- */

typedef struct pair {
    ts_watch a, b;
    ts_loop *loop;
    atomic_int calls;
} pair;

static pair the_pair;

/* Both are ready in one turn; the first to be told unwatches the other. */
static void on_one(ts_watch *w, uint32_t events)
{
    CHECK((events & EPOLLIN) != 0);
    atomic_fetch_add(&the_pair.calls, 1);
    ts_loop_unwatch(the_pair.loop, &the_pair.a);
    ts_loop_unwatch(the_pair.loop, &the_pair.b);
    (void)w;
}

static void watch_both(ts_task *task)
{
    the_pair.loop = stage_of(task)->loop;
    CHECK_EQ(ts_loop_watch(the_pair.loop, &the_pair.a, EPOLLIN), TS_OK);
    CHECK_EQ(ts_loop_watch(the_pair.loop, &the_pair.b, EPOLLIN), TS_OK);
}

/* Two sockets that stay ready to be read from, in the_pair. */
static void make_pair(int x[2], int y[2], void (*ready)(ts_watch *w, uint32_t events))
{
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, x), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, y), 0);
    CHECK_EQ(write(x[1], "a", 1), 1);
    CHECK_EQ(write(y[1], "a", 1), 1);
    the_pair.a = (ts_watch){ .fd = x[0], .ready = ready };
    the_pair.b = (ts_watch){ .fd = y[0], .ready = ready };
    atomic_store(&the_pair.calls, 0);
}

static void what_is_unwatched_is_not_told_in_the_same_turn(void)
{
    int x[2], y[2];
    stage s;

    make_pair(x, y, on_one);
    begin(&s, watch_both);
    CHECK_SOON(atomic_load(&the_pair.calls) == 1);
    finish(&s);
    CHECK_EQ(atomic_load(&the_pair.calls), 1);
    for (int i = 0; i < 2; i++) {
        (void)close(x[i]);
        (void)close(y[i]);
    }
}

/* ---- pace ---- */

#define PACE_US    5000
#define PACE_TURNS 6

static int64_t turn_began_us[PACE_TURNS];
static int paced_turns; /* the loop's thread alone, as the above */

/* Both stay ready, so that each turn has both. */
static void on_paced(ts_watch *w, uint32_t events)
{
    (void)events;
    if (w == &the_pair.b || paced_turns == PACE_TURNS)
        return;
    turn_began_us[paced_turns++] = ts_boot_us();
    if (paced_turns < PACE_TURNS)
        return;
    ts_loop_unwatch(the_pair.loop, &the_pair.a);
    ts_loop_unwatch(the_pair.loop, &the_pair.b);
    atomic_fetch_add(&the_pair.calls, 1);
}

static void turns_keep_apart_while_many_descriptors_are_active(void)
{
    ts_loop_options paced = options;
    stage s = { .task = { .run = watch_both } };
    int x[2], y[2];

    paced.turn_us = PACE_US;
    paced.turn_from = 2;
    make_pair(x, y, on_paced);
    pthread_mutex_init(&s.mutex, NULL);
    CHECK_EQ(ts_loop_new(&paced, &s.loop), TS_OK);
    CHECK_EQ(pthread_create(&s.thread, NULL, run, &s), 0);
    ts_loop_post(s.loop, &s.task);
    CHECK_SOON(atomic_load(&the_pair.calls) == 1);
    finish(&s);
    /* The second may follow the first at once: whether many are active is known after the first. */
    for (int i = 2; i < PACE_TURNS; i++)
        CHECK(turn_began_us[i] - turn_began_us[0] >= (i - 1) * (int64_t)PACE_US);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(close(x[i]), 0);
        CHECK_EQ(close(y[i]), 0);
    }
}

int main(void)
{
    a_thread_and_a_fiber_take_turns();
    posts_and_deadlines_race();
    many_fibers_wait_at_once_and_no_more_than_allowed();
    what_is_put_off_runs_when_all_of_the_turn_has_run();
    others_go_on_while_one_computes();
    no_more_compute_at_once_than_allowed();
    what_is_unwatched_is_not_told_in_the_same_turn();
    turns_keep_apart_while_many_descriptors_are_active();
    return 0;
}
