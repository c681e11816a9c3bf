#include "http/rate.h"

#include <pthread.h>

#include "ts/id.h"
#include "ts/time.h"

#define WAYS 8

/* A slot belongs to (hash, minute); one of an earlier minute is free. The hash stands for the address: two addresses of
 * one 64-bit hash in one minute would share a window, which harms nobody but them. */
typedef struct slot {
    uint64_t hash;
    int64_t minute;
    uint32_t count;
} slot;

struct http_rate {
    uint32_t limit;
    size_t buckets;
    pthread_mutex_t mutex; /* guards slots */
    slot *slots;
};

http_rate *http_rate_new(uint32_t limit, size_t slots)
{
    http_rate *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->limit = limit;
    r->buckets = slots < WAYS ? 1 : (slots + WAYS - 1) / WAYS;
    r->slots = calloc(r->buckets * WAYS, sizeof(slot));
    if (r->slots == NULL) {
        free(r);
        return NULL;
    }
    pthread_mutex_init(&r->mutex, NULL);
    return r;
}

void http_rate_free(http_rate *r)
{
    if (r == NULL)
        return;
    pthread_mutex_destroy(&r->mutex);
    free(r->slots);
    free(r);
}

static slot *bucket_of(http_rate *r, uint64_t hash)
{
    return &r->slots[hash % r->buckets * WAYS];
}

static slot *find(slot *bucket, uint64_t hash, int64_t minute)
{
    for (size_t i = 0; i < WAYS; i++) {
        if (bucket[i].hash == hash && bucket[i].minute == minute && bucket[i].count > 0)
            return &bucket[i];
    }
    return NULL;
}

static slot *take(slot *bucket, uint64_t hash, int64_t minute)
{
    slot *least = &bucket[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (bucket[i].minute != minute || bucket[i].count == 0) {
            least = &bucket[i];
            break;
        }
        if (bucket[i].count < least->count)
            least = &bucket[i];
    }
    *least = (slot){ .hash = hash, .minute = minute };
    return least;
}

static http_window window_of(const http_rate *r, uint32_t count, int64_t minute)
{
    return (http_window){
        .limit = r->limit,
        .remaining = count < r->limit ? r->limit - count : 0,
        .reset_s = (minute + 1) * 60,
    };
}

http_window http_rate_look(http_rate *r, ts_str address, int64_t now_ms)
{
    uint64_t hash = ts_hash_mem(address.p, address.n);
    int64_t minute = now_ms / TS_MINUTE_MS;
    uint32_t count;
    slot *s;

    pthread_mutex_lock(&r->mutex);
    s = find(bucket_of(r, hash), hash, minute);
    count = s == NULL ? 0 : s->count;
    pthread_mutex_unlock(&r->mutex);
    return window_of(r, count, minute);
}

bool http_rate_fail(http_rate *r, ts_str address, int64_t now_ms, http_window *ret)
{
    uint64_t hash = ts_hash_mem(address.p, address.n);
    int64_t minute = now_ms / TS_MINUTE_MS;
    slot *s;
    bool counted;

    pthread_mutex_lock(&r->mutex);
    s = find(bucket_of(r, hash), hash, minute);
    if (s == NULL)
        s = take(bucket_of(r, hash), hash, minute);
    counted = s->count < r->limit;
    if (counted)
        s->count++;
    *ret = window_of(r, s->count, minute);
    pthread_mutex_unlock(&r->mutex);
    return counted;
}

uint32_t http_window_wait_s(const http_window *w, int64_t now_ms)
{
    int64_t left_ms = w->reset_s * TS_SECOND_MS - now_ms;

    if (left_ms <= TS_SECOND_MS)
        return 1;
    return (uint32_t)((left_ms + TS_SECOND_MS - 1) / TS_SECOND_MS);
}
