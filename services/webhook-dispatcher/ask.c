#include "ask.h"

#include "ts/id.h"
#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define REPLY_BYTES_MAX  (32u << 20)
#define PAUSE_FIRST_MS   100
#define PAUSE_LAST_MS    2000
#define REPORT_MS        5000 /* deadline of a report */
#define REPORT_MAX       128  /* results in one */
#define ANSWER_MARGIN_MS 3000 /* a question's deadline beyond the time it waits */
#define GATHER_MS        2
#define LEAVE_AGAIN_MS   100 /* it may have come before the question */
#define NAME_SIZE        23  /* 22 random characters */

struct asker {
    const dispatcher_config *config;
    /* The ledger, over a connection for each use: either can be given up alone. */
    ts_peer *questions; /* NULL: no more are asked */
    ts_peer *reports;
    work *work;
    sender *sender;
    char name[NAME_SIZE]; /* at the ledger */
    pthread_t asking, telling;
    bool is_asking;
    /* Guarded by the work's lock. */
    bool has_asked, has_told; /* the thread has ended */
    bool is_over;             /* what is not told now is not told */
};

static ts_caller caller(int64_t deadline_ms)
{
    return (ts_caller){ .request_id = "",
                        .actor = "service:webhook-dispatcher",
                        .client_addr = "",
                        .traceparent = "",
                        .idempotency_key = "",
                        .deadline_boot_ms = ts_boot_ms() + deadline_ms };
}

/* ---- the ends of the threads ---- */

static void say_ended(asker *a, bool *has_ended)
{
    pthread_mutex_lock(&a->work->lock);
    *has_ended = true;
    pthread_cond_broadcast(&a->work->changed);
    pthread_mutex_unlock(&a->work->lock);
}

/* Locked. Not beyond that time. */
static void await_end(asker *a, const bool *has_ended, int64_t until_boot_ms)
{
    int64_t left_ms;

    while (!*has_ended && (left_ms = until_boot_ms - ts_boot_ms()) > 0)
        work_wait(a->work, left_ms);
}

/* ---- asking ---- */

static bool is_short(const work *w)
{
    return w->slots - w->taken < w->slots / 4;
}

/* Free slots; waits for one, and a moment for more of them if there are few: a question costs much the same for one delivery
 * and for many. 0: it is time to stop. */
static uint32_t wait_for_slots(work *w)
{
    int64_t until_boot_ms;
    uint32_t free_slots;

    pthread_mutex_lock(&w->lock);
    while (!w->stopping && w->taken >= w->slots)
        work_wait(w, -1);
    until_boot_ms = ts_boot_ms() + GATHER_MS;
    while (!w->stopping && is_short(w) && ts_boot_ms() < until_boot_ms)
        work_wait(w, until_boot_ms - ts_boot_ms());
    free_slots = w->stopping ? 0 : w->slots - w->taken;
    pthread_mutex_unlock(&w->lock);
    return free_slots;
}

/* Gives up early if it is time to stop. */
static void pause_for(work *w, int64_t ms)
{
    int64_t until_boot_ms = ts_boot_ms() + ms;

    pthread_mutex_lock(&w->lock);
    while (!w->stopping && ts_boot_ms() < until_boot_ms)
        work_wait(w, until_boot_ms - ts_boot_ms());
    pthread_mutex_unlock(&w->lock);
}

/* Takes over the arena: it lives until the last delivery in it is done. */
static bool take_batch(asker *a, const Ts__Webhooks__LeaseReply *reply, ts_arena *take_arena)
{
    work *w = a->work;
    work_batch *batch = calloc(1, sizeof(*batch));
    size_t taken = 0;

    if (batch == NULL)
        return false; /* the leases end by themselves */
    batch->arena = take_arena;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < reply->n_deliveries; i++) {
        work_job *job = calloc(1, sizeof(*job));

        if (job == NULL)
            break;
        job->batch = batch;
        job->delivery = reply->deliveries[i];
        job->lease_until_boot_ms = ts_boot_ms() + reply->deliveries[i]->lease_ms;
        job->error = "";
        batch->refs++;
        w->taken++;
        taken++;
        work_push(&w->todo, job);
    }
    pthread_mutex_unlock(&w->lock);
    if (taken == 0)
        free(batch);
    else
        sender_wake(a->sender);
    return taken > 0;
}

static ts_status ask(asker *a, uint32_t credits, bool *ret_given)
{
    Ts__Webhooks__LeaseRequest request = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(REPLY_BYTES_MAX);
    ts_caller who = caller(a->config->wait_ms + ANSWER_MARGIN_MS);
    const Ts__Webhooks__LeaseReply *reply;
    ProtobufCMessage *out = NULL;
    ts_error err = { "", "" };
    ts_status st;

    if (arena == NULL)
        return TS_NOMEM;
    request.dispatcher = a->name;
    request.credits = credits;
    request.slots = a->work->slots;
    request.wait_ms = (uint32_t)a->config->wait_ms;
    st = ts_rpc_call(a->questions, &ts_webhooks_lease, &who, &request.base, arena, &out, &err);
    if (st != TS_OK)
        return st;
    reply = (const Ts__Webhooks__LeaseReply *)out;
    *ret_given = reply->n_deliveries > 0 && take_batch(a, reply, arena);
    if (*ret_given)
        arena = NULL;
    return TS_OK;
}

static void *ask_main(void *argument)
{
    asker *a = argument;
    int64_t pause_ms = PAUSE_FIRST_MS;
    bool was_well = true;
    uint32_t credits;

    while ((credits = wait_for_slots(a->work)) > 0) {
        int64_t asked_boot_ms = ts_boot_ms();
        bool given = false;
        ts_status st = ask(a, credits, &given);

        if (st != TS_OK && was_well)
            ts_warn(TS_MSG("the ledger does not answer, asked again later"), TS_F_STATUS(st));
        was_well = st == TS_OK;
        if (given || (st == TS_OK && ts_boot_ms() - asked_boot_ms >= PAUSE_FIRST_MS)) {
            pause_ms = PAUSE_FIRST_MS;
            continue;
        }
        /* No answer, or an empty one at once: the ledger is away or about to go. */
        pause_for(a->work, pause_ms);
        pause_ms = 2 * pause_ms > PAUSE_LAST_MS ? PAUSE_LAST_MS : 2 * pause_ms;
    }
    say_ended(a, &a->has_asked);
    return NULL;
}

static void leave(asker *a, int64_t until_boot_ms)
{
    Ts__Webhooks__LeaseRequest request = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(REPLY_BYTES_MAX);
    ts_caller who = caller(until_boot_ms - ts_boot_ms());
    ProtobufCMessage *out = NULL;

    if (arena == NULL)
        return;
    request.dispatcher = a->name;
    request.leaving = true;
    /* A ledger that does not answer this does not answer the question either, which is given up then. */
    ts_ignore(
        ts_rpc_call(a->questions, &ts_webhooks_lease, &who, &request.base, arena, &out, NULL));
}

/* ---- telling ---- */

static void fill(Ts__Webhooks__DeliveryResult *r, work_job *job)
{
    const Ts__Webhooks__LeasedDelivery *d = job->delivery;

    ts__webhooks__delivery_result__init(r);
    r->org = d->org;
    r->mode = d->mode;
    r->event_id = d->event_id;
    r->endpoint_id = d->endpoint_id;
    r->attempt = d->attempt;
    r->token = d->token;
    r->returned = job->returned;
    r->status_code = job->status_code;
    r->duration_ms = job->duration_ms;
    r->at_ms = job->at_ms;
    r->error = (char *)(uintptr_t)job->error; /* only packed */
    r->response.data = (uint8_t *)job->response;
    r->response.len = job->response_n;
}

/* Up to REPORT_MAX finished jobs; waits for the first. 0: it is over. */
static size_t take_done(work *w, work_job *list[REPORT_MAX])
{
    size_t n = 0;

    pthread_mutex_lock(&w->lock);
    while (w->done.first == NULL && !w->finishing)
        work_wait(w, -1);
    while (n < REPORT_MAX && w->done.first != NULL)
        list[n++] = work_pop(&w->done);
    pthread_mutex_unlock(&w->lock);
    return n;
}

static ts_status tell(asker *a, work_job *const *jobs, size_t count)
{
    Ts__Webhooks__DeliveryResult results[REPORT_MAX];
    Ts__Webhooks__DeliveryResult *list[REPORT_MAX];
    Ts__Webhooks__ResultRequest request = TS__WEBHOOKS__RESULT_REQUEST__INIT;
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(REPLY_BYTES_MAX);
    ts_caller who = caller(REPORT_MS);
    ProtobufCMessage *out = NULL;
    ts_error err = { "", "" };

    if (arena == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < count; i++) {
        fill(&results[i], jobs[i]);
        list[i] = &results[i];
    }
    request.results = list;
    request.n_results = count;
    return ts_rpc_call(a->reports, &ts_webhooks_result, &who, &request.base, arena, &out, &err);
}

/* False: it is over. */
static bool pause_telling(asker *a, int64_t ms)
{
    bool is_over;

    pthread_mutex_lock(&a->work->lock);
    if (!a->is_over)
        work_wait(a->work, a->work->finishing ? PAUSE_FIRST_MS : ms);
    is_over = a->is_over;
    pthread_mutex_unlock(&a->work->lock);
    return !is_over;
}

/* Until the ledger has it: a result that is told late still counts if it is a success. */
static void tell_until_told(asker *a, work_job *const *jobs, size_t count)
{
    int64_t pause_ms = PAUSE_FIRST_MS;

    for (;;) {
        ts_status st = tell(a, jobs, count);

        if (st == TS_OK)
            return;
        if (st == TS_INVALID || !pause_telling(a, pause_ms)) {
            ts_warn(TS_MSG("results not told, their leases end by themselves"),
                    TS_F_U64("results", count), TS_F_STATUS(st));
            return;
        }
        pause_ms = 2 * pause_ms > PAUSE_LAST_MS ? PAUSE_LAST_MS : 2 * pause_ms;
    }
}

static void *tell_main(void *argument)
{
    asker *a = argument;
    work_job *jobs[REPORT_MAX];
    size_t count;

    while ((count = take_done(a->work, jobs)) > 0) {
        tell_until_told(a, jobs, count);
        work_release(a->work, jobs, count);
    }
    say_ended(a, &a->has_told);
    return NULL;
}

static ts_status prepare(asker *a, const char *ledger, ts_error *err)
{
    ts_status st = ts_peer_new("webhooks", ledger, &a->questions, err);

    if (st == TS_OK)
        st = ts_peer_new("webhooks", ledger, &a->reports, err);
    if (st == TS_OK && ts_random_base62(a->name, NAME_SIZE - 1) != TS_OK)
        st = ts_fail(err, TS_INTERNAL, "", "no random bytes");
    if (st == TS_OK && pthread_create(&a->telling, NULL, tell_main, a) != 0)
        st = ts_fail(err, TS_NOMEM, "", "cannot start a thread");
    return st;
}

static void free_asker(asker *a)
{
    ts_peer_free(a->questions);
    ts_peer_free(a->reports);
    free(a);
}

ts_status asker_start(const dispatcher_config *config, const char *ledger, work *w, sender *s,
                      asker **ret, ts_error *err)
{
    asker *a = calloc(1, sizeof(*a));
    ts_status st;

    if (a == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    *a = (asker){ .config = config, .work = w, .sender = s };
    st = prepare(a, ledger, err);
    if (st != TS_OK) {
        free_asker(a);
        return st;
    }
    if (pthread_create(&a->asking, NULL, ask_main, a) != 0) {
        asker_stop(a);
        return ts_fail(err, TS_NOMEM, "", "cannot start a thread");
    }
    a->is_asking = true;
    *ret = a;
    return TS_OK;
}

void asker_stop_asking(asker *a)
{
    int64_t until_boot_ms = ts_boot_ms() + ASKER_LEAVE_MS;

    if (a == NULL || !a->is_asking)
        return;
    pthread_mutex_lock(&a->work->lock);
    a->work->stopping = true;
    pthread_cond_broadcast(&a->work->changed);
    while (!a->has_asked && ts_boot_ms() < until_boot_ms) {
        int64_t again_boot_ms = ts_boot_ms() + LEAVE_AGAIN_MS;

        pthread_mutex_unlock(&a->work->lock);
        leave(a, until_boot_ms);
        pthread_mutex_lock(&a->work->lock);
        await_end(a, &a->has_asked, again_boot_ms);
    }
    pthread_mutex_unlock(&a->work->lock);
    ts_peer_cancel(a->questions);
    pthread_join(a->asking, NULL);
    ts_peer_free(TS_TAKE(a->questions)); /* the ledger sees it go, and leases it nothing */
    a->is_asking = false;
}

void asker_stop(asker *a)
{
    if (a == NULL)
        return;
    asker_stop_asking(a);
    pthread_mutex_lock(&a->work->lock);
    a->work->finishing = true;
    pthread_cond_broadcast(&a->work->changed);
    await_end(a, &a->has_told, ts_boot_ms() + ASKER_REPORT_MS);
    a->is_over = true;
    pthread_cond_broadcast(&a->work->changed);
    pthread_mutex_unlock(&a->work->lock);
    ts_peer_cancel(a->reports);
    pthread_join(a->telling, NULL);
    free_asker(a);
}
