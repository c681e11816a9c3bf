/* One lock guards all. A step of reading in holds it while it looks into the store: a write that the step has not seen tells of
 * its rows afterwards, one that it has seen tells of the same again. So nothing can be missed, and the price is that writes
 * wait for a step, some 60 us, when they change somebody's place. */
#include "search/places.h"

#include <pthread.h>
#include <stdlib.h>

#include "search/place_table.h"
#include "ts/id.h"

#define BUCKETS    1024
#define STEP       256                 /* users that are read in under the lock */
#define STEP_BYTES ((size_t)STEP * 64) /* about what they take */

typedef struct owner {
    ts_tenant tenant;
    place_table table;
    uint64_t covered; /* users with smaller numbers are in the table */
    bool is_whole;    /* there are no others: who comes new is added */
    _Atomic int64_t asked_ms;
    struct owner *next;
} owner;

struct places {
    ts_store *store;
    size_t max_bytes;
    pthread_rwlock_t lock; /* guards all below */
    size_t used;
    owner *buckets[BUCKETS];
};

/* ---- under the lock ---- */

static owner **find(places *p, ts_tenant t)
{
    uint64_t whose[2] = { t.org, (uint64_t)t.mode };
    owner **at = &p->buckets[ts_hash_mem(whose, sizeof(whose)) % BUCKETS];

    while (*at != NULL && ((*at)->tenant.org != t.org || (*at)->tenant.mode != t.mode))
        at = &(*at)->next;
    return at;
}

static void forget(places *p, owner **at)
{
    owner *o = *at;

    *at = o->next;
    p->used -= sizeof(*o) + o->table.bytes;
    place_table_done(&o->table);
    free(o);
}

static bool put(places *p, owner *o, uint64_t user, ts_str place)
{
    size_t before = o->table.bytes;
    bool done = place_table_put(&o->table, user, place);

    p->used += o->table.bytes - before;
    return done;
}

/* Whoever has not searched for the longest time goes, if that is long enough. */
static owner **longest_idle(places *p, const owner *other_than, int64_t now_ms)
{
    int64_t oldest_ms = now_ms - PLACES_KEEP_MS;
    owner **ret = NULL;

    for (size_t i = 0; i < BUCKETS; i++) {
        for (owner **at = &p->buckets[i]; *at != NULL; at = &(*at)->next) {
            int64_t asked_ms = atomic_load(&(*at)->asked_ms);

            if (*at != other_than && asked_ms <= oldest_ms) {
                oldest_ms = asked_ms;
                ret = at;
            }
        }
    }
    return ret;
}

static bool make_room(places *p, const owner *for_whom, int64_t now_ms)
{
    while (p->used + STEP_BYTES > p->max_bytes) {
        owner **idle = longest_idle(p, for_whom, now_ms);

        if (idle == NULL)
            return false;
        forget(p, idle);
    }
    return true;
}

static owner *add(places *p, ts_tenant t, int64_t now_ms)
{
    owner **at = find(p, t);

    *at = calloc(1, sizeof(**at));
    if (*at != NULL) {
        (*at)->tenant = t;
        atomic_store(&(*at)->asked_ms, now_ms);
        p->used += sizeof(**at);
    }
    return *at;
}

static ts_status read_rows(places *p, owner *o)
{
    risk_key from = risk_user_key(o->tenant, o->covered);
    risk_key until = risk_user_key(o->tenant, UINT64_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;

    it =
        ts_iter_new(p->store, RISK_USER_PLACES, risk_key_view(&from), risk_key_view(&until), false);
    if (it == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < STEP && ts_iter_valid(it); i++, ts_iter_next(it)) {
        uint64_t user = risk_read_u64(ts_iter_key(it), TS_KEY_TENANT_SIZE);

        if (!put(p, o, user, ts_iter_value(it)))
            return TS_NOMEM;
        o->covered = user + 1;
    }
    o->is_whole = !ts_iter_valid(it) && ts_iter_status(it) == TS_OK;
    return ts_iter_status(it);
}

/* ---- following the store ---- */

/* A range goes with an organization. */
static void forget_between(places *p, ts_str from, ts_str until)
{
    size_t from_n = from.n < TS_KEY_TENANT_SIZE ? from.n : TS_KEY_TENANT_SIZE;
    size_t until_n = until.n < TS_KEY_TENANT_SIZE ? until.n : TS_KEY_TENANT_SIZE;

    for (size_t i = 0; i < BUCKETS; i++) {
        owner **at = &p->buckets[i];

        while (*at != NULL) {
            risk_key key = risk_key_tenant((*at)->tenant);

            if (memcmp(key.bytes, from.p, from_n) >= 0 && memcmp(key.bytes, until.p, until_n) <= 0)
                forget(p, at);
            else
                at = &(*at)->next;
        }
    }
}

static void follow_row(places *p, ts_str key, ts_str value)
{
    ts_tenant t = { risk_read_u64(key, 0), (ts_mode)key.p[TS_KEY_TENANT_SIZE - 1] };
    uint64_t user = risk_read_u64(key, TS_KEY_TENANT_SIZE);
    owner **at = find(p, t);
    owner *o = *at;

    if (o == NULL || (user >= o->covered && !o->is_whole))
        return;
    if (user >= o->covered && p->used >= p->max_bytes) {
        o->is_whole = false;
        return;
    }
    if (!put(p, o, user, value))
        forget(p, at);
    else if (user >= o->covered)
        o->covered = user + 1;
}

/* A batch as a whole: nobody sees half of its users. */
static void follow(void *context, ts_store_changes *changes)
{
    places *p = context;
    ts_store_change change;

    pthread_rwlock_wrlock(&p->lock);
    while (ts_store_changes_next(changes, &change)) {
        if (change.until.p != NULL)
            forget_between(p, change.key, change.until);
        else
            follow_row(p, change.key, change.value);
    }
    pthread_rwlock_unlock(&p->lock);
}

/* ---- */

ts_status places_new(ts_store *store, size_t max_bytes, places **ret)
{
    places *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return TS_NOMEM;
    p->store = store;
    p->max_bytes = max_bytes;
    pthread_rwlock_init(&p->lock, NULL);
    ts_store_follow(store, RISK_USER_PLACES, follow, p);
    *ret = p;
    return TS_OK;
}

void places_free(places *p)
{
    if (p == NULL)
        return;
    ts_store_follow(p->store, RISK_USER_PLACES, NULL, NULL);
    for (size_t i = 0; i < BUCKETS; i++) {
        while (p->buckets[i] != NULL)
            forget(p, &p->buckets[i]);
    }
    pthread_rwlock_destroy(&p->lock);
    free(p);
}

size_t places_bytes(places *p)
{
    size_t used;

    pthread_rwlock_rdlock(&p->lock);
    used = p->used;
    pthread_rwlock_unlock(&p->lock);
    return used;
}

/* Whom a question is about, and those of them who are not in memory: their numbers, and where they stand in the question. */
typedef struct question {
    ts_tenant tenant;
    const uint64_t *numbers;
    size_t count;
    uint64_t *left;
    size_t *left_at;
    size_t left_count;
} question;

/* Gives what is here of those who are left. */
static ts_status look_up(places *p, question *q, int64_t now_ms, ts_arena *arena, ts_str *values)
{
    ts_status st = TS_OK;
    owner *o;

    pthread_rwlock_rdlock(&p->lock);
    o = *find(p, q->tenant);
    if (o != NULL)
        atomic_store(&o->asked_ms, now_ms);
    q->left_count = 0;
    for (size_t i = 0; i < q->count && st == TS_OK; i++) {
        ts_str place;

        if (o == NULL || (q->numbers[i] >= o->covered && !o->is_whole)) {
            q->left[q->left_count] = q->numbers[i];
            q->left_at[q->left_count++] = i;
            continue;
        }
        place = place_table_get(&o->table, q->numbers[i]);
        values[i] = place.p == NULL ? place : ts_arena_str(arena, place);
        if (place.p != NULL && values[i].p == NULL)
            st = TS_NOMEM;
    }
    pthread_rwlock_unlock(&p->lock);
    return st;
}

/* *ret_more: there may be others, and room for them. */
static ts_status read_step(places *p, ts_tenant t, int64_t now_ms, bool *ret_more)
{
    owner *o = *find(p, t);
    ts_status st;

    *ret_more = false;
    if ((o != NULL && o->is_whole) || !make_room(p, o, now_ms))
        return TS_OK;
    if (o == NULL)
        o = add(p, t, now_ms);
    if (o == NULL)
        return TS_NOMEM;
    st = read_rows(p, o);
    *ret_more = !o->is_whole;
    return st;
}

static ts_status read_in(places *p, ts_tenant t, int64_t now_ms)
{
    bool more = true;
    ts_status st = TS_OK;

    for (size_t done = 0; done < PLACES_READ_MAX && more && st == TS_OK; done += STEP) {
        pthread_rwlock_wrlock(&p->lock);
        st = read_step(p, t, now_ms, &more);
        pthread_rwlock_unlock(&p->lock);
    }
    return st;
}

static ts_status ask_store(ts_store *store, const question *q, ts_arena *arena, ts_str *values)
{
    ts_str *found = ts_arena_array(arena, q->left_count + 1, sizeof(*found));
    ts_status st = found == NULL ? TS_NOMEM
                                 : risk_get_users(store, q->tenant, RISK_USER_PLACES, q->left,
                                                  q->left_count, true, arena, found);

    for (size_t i = 0; i < q->left_count && st == TS_OK; i++)
        values[q->left_at[i]] = found[i];
    return st;
}

ts_status places_get(places *p, ts_store *store, ts_tenant t, const uint64_t *numbers, size_t count,
                     int64_t now_ms, ts_arena *arena, ts_str *ret_values)
{
    question q = { .tenant = t, .numbers = numbers, .count = count };
    ts_status st;

    if (p == NULL)
        return risk_get_users(store, t, RISK_USER_PLACES, numbers, count, true, arena, ret_values);
    q.left = ts_arena_array(arena, count + 1, sizeof(*q.left));
    q.left_at = ts_arena_array(arena, count + 1, sizeof(*q.left_at));
    if (q.left == NULL || q.left_at == NULL)
        return TS_NOMEM;
    st = look_up(p, &q, now_ms, arena, ret_values);
    if (st == TS_OK && q.left_count > PLACES_ASK_MAX) {
        st = read_in(p, t, now_ms);
        if (st == TS_OK)
            st = look_up(p, &q, now_ms, arena, ret_values);
    }
    return st == TS_OK ? ask_store(store, &q, arena, ret_values) : st;
}
