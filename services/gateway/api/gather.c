/* Parts of one answer, fetched from several services at the same time.
 *
 * The caller queues all parts but the first, works on the first itself, then on every other that no helper has taken yet,
 * and at last waits for those that helpers are at. So no request waits for a free helper, and with no helper at all the
 * parts simply run one after the other.
 */
#include "api/api.h"

#include <pthread.h>

/* One part's memory: the largest is a report of a few hundred groups. */
#define PART_ARENA_MAX ((size_t)16 * 1024 * 1024)
#define PARTS_MAX      8

/* One answer's parts, on its caller's stack. */
typedef struct gathering {
    api *app;
    const ts_caller *caller;
    pthread_cond_t
        done; /* of its own: a part that is done wakes one caller, not those of all other answers */
    size_t left; /* parts that are not done */
} gathering;

typedef struct job {
    api_part *part;
    gathering *of;
    struct job *next;
    bool is_taken;
} job;

struct api_helpers {
    pthread_mutex_t
        mutex;           /* guards the queue, is_ending, is_taken of jobs and left of gatherings */
    pthread_cond_t news; /* a job was queued, or the end */
    job *first;
    bool is_ending;
    pthread_t *threads;
    size_t count;
};

static void run_part(api *a, api_part *part, const ts_caller *caller)
{
    part->arena = ts_arena_new(PART_ARENA_MAX);
    if (part->arena == NULL) {
        part->status = TS_NOMEM;
        return;
    }
    part->status = api_rpc(a, part->peer, part->method, caller, part->in, part->arena, &part->out,
                           &part->error);
    if (part->status != TS_OK)
        part->out = NULL;
}

/* Takes the job out of the queue; the mutex is held. */
static void unlink_job(api_helpers *h, job *wanted)
{
    for (job **place = &h->first; *place != NULL; place = &(*place)->next) {
        if (*place == wanted) {
            *place = wanted->next;
            break;
        }
    }
    wanted->is_taken = true;
}

/* The mutex is held, and is given up while the part runs. */
static void run_job(api_helpers *h, job *j)
{
    unlink_job(h, j);
    pthread_mutex_unlock(&h->mutex);
    run_part(j->of->app, j->part, j->of->caller);
    pthread_mutex_lock(&h->mutex);
    /* Under the mutex to the end: its caller is gone as soon as it sees that nothing is left. */
    if (--j->of->left == 0)
        pthread_cond_signal(&j->of->done);
}

static void *help(void *context)
{
    api_helpers *h = context;

    pthread_mutex_lock(&h->mutex);
    while (!h->is_ending) {
        if (h->first != NULL)
            run_job(h, h->first);
        else
            pthread_cond_wait(&h->news, &h->mutex);
    }
    pthread_mutex_unlock(&h->mutex);
    return NULL;
}

api_helpers *api_helpers_new(size_t threads)
{
    api_helpers *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->news, NULL);
    h->threads = calloc(threads == 0 ? 1 : threads, sizeof(pthread_t));
    /* Fewer threads than wished for only means less at the same time. */
    while (h->threads != NULL && h->count < threads &&
           pthread_create(&h->threads[h->count], NULL, help, h) == 0)
        h->count++;
    return h;
}

void api_helpers_free(api_helpers *h)
{
    if (h == NULL)
        return;
    pthread_mutex_lock(&h->mutex);
    h->is_ending = true;
    pthread_cond_broadcast(&h->news);
    pthread_mutex_unlock(&h->mutex);
    for (size_t i = 0; i < h->count; i++)
        (void)pthread_join(h->threads[i], NULL);
    pthread_cond_destroy(&h->news);
    pthread_mutex_destroy(&h->mutex);
    free(h->threads);
    free(h);
}

static void run_all(api_helpers *h, gathering *g, job *jobs, size_t count)
{
    pthread_cond_init(&g->done, NULL);
    pthread_mutex_lock(&h->mutex);
    for (size_t i = count; i > 1; i--) {
        jobs[i - 1].next = h->first;
        h->first = &jobs[i - 1];
        pthread_cond_signal(&h->news); /* one helper for each, not all for one */
    }
    for (size_t i = 0; i < count; i++) {
        if (!jobs[i].is_taken)
            run_job(h, &jobs[i]);
    }
    while (g->left > 0)
        pthread_cond_wait(&g->done, &h->mutex);
    pthread_mutex_unlock(&h->mutex);
    pthread_cond_destroy(&g->done);
}

ts_status api_gather(http_exchange *x, api_part *parts, size_t count)
{
    api *a = api_of(x);
    job jobs[PARTS_MAX] = { { .part = NULL } };
    ts_caller caller;
    gathering g = { .app = a, .caller = &caller, .left = count };
    ts_status st;

    if (count > PARTS_MAX)
        return TS_INTERNAL;
    st = api_caller(x, a->config->call_ms, &caller);
    if (st != TS_OK)
        return st;
    for (size_t i = 0; i < count; i++) {
        jobs[i].part = &parts[i];
        jobs[i].of = &g;
    }
    run_all(a->helpers, &g, jobs, count);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].status == TS_OK)
            continue;
        x->error = parts[i].error;
        api_soften(x, parts[i].method, parts[i].status);
        if (parts[i].optional == NULL)
            return parts[i].status;
        if (parts[i].status != TS_NOT_FOUND)
            http_name_add(&x->degraded, parts[i].optional);
        x->error = (ts_error){ .text = "" };
    }
    return TS_OK;
}

void api_parts_done(api_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ts_arena_free(parts[i].arena);
        parts[i].arena = NULL;
        parts[i].out = NULL;
    }
}
