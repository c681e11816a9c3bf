#include "dispatch.h"

#include <time.h>

#include "ts/log.h"

#define EXPIRE_ARENA_BYTES (8u << 20)
#define REPLY_BYTES_MAX    (4u << 20) /* bodies in one reply; beyond it the next reply has the rest */
#define RETRY_MS           1000       /* after the store said no */
#define KNOWN_MAX          256        /* dispatchers; more share the slots of these */
#define KNOWN_MS           60000      /* one that did not ask for so long is gone */

typedef struct waiter {
    ts_call *call;
    Ts__Webhooks__LeaseReply *reply;
    uint32_t credits;
    int64_t until_boot_ms;
    ts_str dispatcher; /* in the call's arena */
    struct waiter *next;
} waiter;

/* Who asked of late, and how many deliveries it can have under way. */
typedef struct known {
    uint64_t name; /* hash */
    uint32_t slots;
    int64_t seen_boot_ms;
} known;

_Static_assert(DISPATCH_CREDITS_MAX <= LEASES_OF_ROW, "an answer is one row of leases");

struct dispatch {
    ledger *ledger;
    pthread_t thread;
    bool has_thread;
    bool closed; /* guarded by the ledger's lock, like the list */
    bool stopping;
    waiter *first, *last; /* who waits longest comes first */
    known known[KNOWN_MAX];
    size_t known_count;
};

/* Locked. All slots there are, of which slow endpoints may have a share. */
static void count_slots(dispatch *d, ts_str dispatcher, uint32_t slots)
{
    uint64_t name = ts_hash_mem(dispatcher.p, dispatcher.n);
    int64_t now_boot_ms = ts_boot_ms();
    uint32_t sum = slots;
    size_t kept = 0;

    for (size_t i = 0; i < d->known_count; i++) {
        if (d->known[i].name == name || now_boot_ms - d->known[i].seen_boot_ms > KNOWN_MS)
            continue;
        sum += d->known[i].slots;
        d->known[kept++] = d->known[i];
    }
    d->known_count = kept;
    if (slots > 0 && kept < KNOWN_MAX)
        d->known[d->known_count++] = (known){ name, slots, now_boot_ms };
    d->ledger->ready.slots = sum;
}

void dispatch_park(dispatch *d, ts_call *call, const Ts__Webhooks__LeaseRequest *request,
                   Ts__Webhooks__LeaseReply *reply)
{
    waiter *w = ts_arena_alloc(call->arena, sizeof(*w));
    int64_t wait_ms = request->wait_ms;
    bool closed;

    if (w == NULL) {
        ts_rpc_finish(call, &reply->base, TS_NOMEM);
        return;
    }
    w->call = call;
    w->reply = reply;
    w->credits = request->credits > DISPATCH_CREDITS_MAX ? DISPATCH_CREDITS_MAX : request->credits;
    if (wait_ms > DISPATCH_WAIT_MAX_MS)
        wait_ms = DISPATCH_WAIT_MAX_MS;
    w->until_boot_ms = ts_boot_ms() + wait_ms;
    w->dispatcher = ts_str_of(request->dispatcher);
    pthread_mutex_lock(&d->ledger->lock);
    count_slots(d, w->dispatcher,
                request->slots > w->credits && request->slots <= DISPATCH_SLOTS_MAX ? request->slots
                                                                                    : w->credits);
    closed = d->closed;
    if (!closed) {
        if (d->last == NULL)
            d->first = w;
        else
            d->last->next = w;
        d->last = w;
        pthread_cond_broadcast(&d->ledger->wake);
    }
    pthread_mutex_unlock(&d->ledger->lock);
    if (closed)
        ts_rpc_finish(call, &reply->base, TS_OK);
}

void dispatch_leave(dispatch *d, ts_str dispatcher)
{
    waiter *left = NULL;
    waiter **at;

    pthread_mutex_lock(&d->ledger->lock);
    count_slots(d, dispatcher, 0);
    d->last = NULL;
    for (at = &d->first; *at != NULL;) {
        waiter *w = *at;

        if (ts_str_eq(w->dispatcher, dispatcher)) {
            *at = w->next;
            w->next = left;
            left = w;
        } else {
            d->last = w;
            at = &w->next;
        }
    }
    pthread_mutex_unlock(&d->ledger->lock);
    while (left != NULL) {
        waiter *w = left;

        left = w->next; /* it is gone once it is answered */
        ts_rpc_finish(w->call, &w->reply->base, TS_OK);
    }
}

static waiter *take_first(dispatch *d)
{
    waiter *w = d->first;

    d->first = w->next;
    if (d->first == NULL)
        d->last = NULL;
    return w;
}

/* Fills a waiter's reply from what is due; true if it is to be answered at once. */
static bool serve(dispatch *d, waiter *w, int64_t now_ms)
{
    ts_arena *arena = w->call->arena;
    Ts__Webhooks__LeaseReply *reply = w->reply;
    ts_status st;

    /* A dispatcher that was killed: what it would get would wait for the end of its lease. */
    if (!ts_rpc_caller_is_there(w->call))
        return true;
    if (reply->deliveries == NULL)
        reply->deliveries =
            ts_arena_array(arena, w->credits, sizeof(Ts__Webhooks__LeasedDelivery *));
    if (reply->deliveries == NULL)
        return false;
    st = ledger_lease(d->ledger, now_ms, w->credits, REPLY_BYTES_MAX, arena, reply);
    if (st != TS_OK)
        ts_log_error(TS_MSG("lease failed"), TS_F_STATUS(st));
    return reply->n_deliveries > 0;
}

/* Locked; unlocks while it answers. */
static void answer(dispatch *d, waiter *w)
{
    pthread_mutex_unlock(&d->ledger->lock);
    ts_rpc_finish(w->call, &w->reply->base, TS_OK);
    pthread_mutex_lock(&d->ledger->lock);
}

static void answer_all(dispatch *d)
{
    while (d->first != NULL)
        answer(d, take_first(d));
}

/* Answers those for whom something is due, or who have waited long enough: none that nothing was looked up for, however little
 * it waits. All have much the same patience, so that the first one's is over first; one that is out of order waits a little
 * longer than it asked for, never for ever. */
static void answer_some(dispatch *d)
{
    while (d->first != NULL && (serve(d, d->first, clock_now(&d->ledger->clock)) ||
                                d->first->until_boot_ms <= ts_boot_ms()))
        answer(d, take_first(d));
}

static void sleep_until(dispatch *d, int64_t boot_ms)
{
    int64_t wait_ms = boot_ms - ts_boot_ms();
    struct timespec until;

    if (boot_ms == INT64_MAX) {
        pthread_cond_wait(&d->ledger->wake, &d->ledger->lock);
        return;
    }
    if (wait_ms <= 0)
        return;
    until = ts_monotonic_in(wait_ms);
    pthread_cond_timedwait(&d->ledger->wake, &d->ledger->lock, &until);
}

/* When there is something to do without anybody calling. */
static int64_t next_moment(const dispatch *d)
{
    const ledger *l = d->ledger;
    int64_t moment = INT64_MAX;
    int64_t due_ms = ready_next_due(&l->ready);

    if (l->next_lease_ms != READY_NEVER)
        moment = l->next_lease_ms - l->clock.offset_ms;
    if (d->first == NULL)
        return moment;
    if (due_ms != READY_NEVER && due_ms - l->clock.offset_ms < moment)
        moment = due_ms - l->clock.offset_ms;
    return d->first->until_boot_ms < moment ? d->first->until_boot_ms : moment;
}

static void *dispatch_main(void *argument)
{
    dispatch *d = argument;
    ledger *l = d->ledger;
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(EXPIRE_ARENA_BYTES);

    pthread_mutex_lock(&l->lock);
    while (!d->stopping && arena != NULL) {
        ts_status st;

        if (d->closed) {
            answer_all(d);
            sleep_until(d, INT64_MAX);
            continue;
        }
        st = ledger_expire(l, clock_now(&l->clock), arena);
        if (st != TS_OK) {
            ts_log_error(TS_MSG("leases cannot be taken back"), TS_F_STATUS(st));
            l->next_lease_ms = clock_now(&l->clock) + RETRY_MS;
        }
        answer_some(d);
        if (!d->stopping && !d->closed)
            sleep_until(d, next_moment(d));
    }
    answer_all(d);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

ts_status dispatch_start(ledger *l, dispatch **ret, ts_error *err)
{
    dispatch *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    d->ledger = l;
    if (pthread_create(&d->thread, NULL, dispatch_main, d) != 0) {
        free(d);
        return ts_fail(err, TS_NOMEM, "", "cannot start the queue's thread");
    }
    d->has_thread = true;
    *ret = d;
    return TS_OK;
}

void dispatch_close(dispatch *d)
{
    if (d == NULL)
        return;
    pthread_mutex_lock(&d->ledger->lock);
    d->closed = true;
    pthread_cond_broadcast(&d->ledger->wake);
    while (d->first != NULL) {
        waiter *w = take_first(d);

        answer(d, w);
    }
    pthread_mutex_unlock(&d->ledger->lock);
}

void dispatch_stop(dispatch *d)
{
    if (d == NULL)
        return;
    pthread_mutex_lock(&d->ledger->lock);
    d->closed = true;
    d->stopping = true;
    pthread_cond_broadcast(&d->ledger->wake);
    pthread_mutex_unlock(&d->ledger->lock);
    if (d->has_thread)
        pthread_join(d->thread, NULL);
    free(d);
}
