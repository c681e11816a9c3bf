/* A table of fixed size, each question in the one place that its hash gives it: a newer answer takes the place of an older one.
 *
 * Between calls, under `lock`: `used` is the size of all entries, at most `max_bytes`. When room is short a hand goes over the
 * table and takes out what has not been asked for since it came by last (the clock algorithm).
 */
#include "answers.h"

#include <pthread.h>

#include "ts/id.h"

#define PLACES 1024 /* a power of two */

typedef struct entry {
    const ts_method *method;
    ts_tenant tenant;
    uint64_t version;
    size_t request_n, answer_n;
    bool was_asked; /* since the hand came by */
    char bytes[];   /* request, answer */
} entry;

struct bus_answers {
    size_t max_bytes;
    pthread_mutex_t lock; /* guards all below */
    size_t used;
    size_t hand;
    entry *places[PLACES];
};

bus_answers *bus_answers_new(size_t max_bytes)
{
    bus_answers *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return NULL;
    a->max_bytes = max_bytes;
    pthread_mutex_init(&a->lock, NULL);
    return a;
}

void bus_answers_free(bus_answers *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++)
        free(a->places[i]);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static size_t place_of(const bus_question *q)
{
    uint64_t whose[3] = { ts_hash_mem(q->method->name, strlen(q->method->name)), q->tenant.org,
                          (uint64_t)q->tenant.mode };
    uint64_t hash = ts_hash_mem(whose, sizeof(whose)) ^ ts_hash_mem(q->request.p, q->request.n);

    return (size_t)(hash % PLACES);
}

static bool is_of(const entry *e, const bus_question *q)
{
    return e->method == q->method && e->tenant.org == q->tenant.org &&
           e->tenant.mode == q->tenant.mode && e->request_n == q->request.n &&
           (q->request.n == 0 || memcmp(e->bytes, q->request.p, q->request.n) == 0);
}

static size_t size_of(const entry *e)
{
    return sizeof(*e) + e->request_n + e->answer_n;
}

/* Under the lock, as the next. */
static void take_out(bus_answers *a, size_t place)
{
    entry *e = a->places[place];

    if (e == NULL)
        return;
    a->used -= size_of(e);
    a->places[place] = NULL;
    free(e);
}

/* Ends: once round, and nothing is asked for any more. */
static void make_room(bus_answers *a, size_t size)
{
    while (a->used > a->max_bytes - size) {
        entry *e = a->places[a->hand];

        if (e != NULL && e->was_asked)
            e->was_asked = false;
        else
            take_out(a, a->hand);
        a->hand = (a->hand + 1) % PLACES;
    }
}

ts_str bus_answers_find(bus_answers *a, const bus_question *q, uint64_t version, ts_arena *arena)
{
    ts_str found = TS_STR_NULL;
    size_t place;
    entry *e;

    if (q->request.n > BUS_QUESTION_MAX)
        return found;
    place = place_of(q);
    pthread_mutex_lock(&a->lock);
    e = a->places[place];
    if (e != NULL && is_of(e, q)) {
        if (e->version != version) {
            take_out(a, place);
        } else {
            e->was_asked = true;
            found = ts_arena_str(arena, ts_str_n(e->bytes + e->request_n, e->answer_n));
        }
    }
    pthread_mutex_unlock(&a->lock);
    return found;
}

void bus_answers_keep(bus_answers *a, const bus_question *q, uint64_t version, ts_str answer)
{
    size_t most = a->max_bytes / BUS_ANSWERS_SHARE;
    size_t place;
    entry *e;

    if (q->request.n > BUS_QUESTION_MAX || answer.n > most ||
        sizeof(*e) + q->request.n + answer.n > most)
        return;
    e = malloc(sizeof(*e) + q->request.n + answer.n);
    if (e == NULL)
        return;
    *e = (entry){ .method = q->method,
                  .tenant = q->tenant,
                  .version = version,
                  .request_n = q->request.n,
                  .answer_n = answer.n };
    if (q->request.n > 0)
        memcpy(e->bytes, q->request.p, q->request.n);
    if (answer.n > 0)
        memcpy(e->bytes + q->request.n, answer.p, answer.n);
    place = place_of(q);
    pthread_mutex_lock(&a->lock);
    take_out(a, place);
    make_room(a, size_of(e));
    a->places[place] = e;
    a->used += size_of(e);
    pthread_mutex_unlock(&a->lock);
}
