#include "merge.h"

typedef struct range {
    ts_iter *it;
    index_place at;
} range;

struct merge {
    size_t count;
    bool oldest_first;
    ts_status status;
    range ranges[]; /* a heap: the first one holds the row that is next */
};

/* By the bytes of the key behind kind and state, so that a place means the same in every range. */
static int compare(const index_place *a, const index_place *b)
{
    if (a->created_ms != b->created_ms)
        return a->created_ms > b->created_ms ? -1 : 1;
    return memcmp(a->event.bytes, b->event.bytes, sizeof(a->event.bytes));
}

static bool is_before(const merge *m, const range *a, const range *b)
{
    int order = compare(&a->at, &b->at);

    return m->oldest_first ? order > 0 : order < 0;
}

static void sift_down(merge *m, size_t at)
{
    range moving = m->ranges[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= m->count)
            break;
        if (child + 1 < m->count && is_before(m, &m->ranges[child + 1], &m->ranges[child]))
            child++;
        if (!is_before(m, &m->ranges[child], &moving))
            break;
        m->ranges[at] = m->ranges[child];
        at = child;
    }
    m->ranges[at] = moving;
}

/* Reads where the iterator stands; false: the range is over, or cannot be read. */
static bool look(merge *m, range *r)
{
    if (ts_iter_valid(r->it) && key_read_place(ts_iter_key(r->it), &r->at))
        return true;
    if (ts_iter_valid(r->it))
        m->status = TS_CORRUPT;
    else if (ts_iter_status(r->it) != TS_OK)
        m->status = TS_UNAVAILABLE;
    ts_iter_free(TS_TAKE(r->it));
    return false;
}

static ts_iter *open_range(const merge_options *o, unsigned family, const webhooks_key *begin,
                           uint32_t type, uint32_t state)
{
    webhooks_key from = *begin;
    webhooks_key until;
    uint8_t bytes[2] = { (uint8_t)type, (uint8_t)state };

    key_bytes(&from, bytes, sizeof(bytes));
    until = from;
    if (o->after != NULL) {
        webhooks_key *end = o->oldest_first ? &until : &from;

        key_u64(end, ~(uint64_t)o->after->created_ms);
        key_bytes(end, o->after->event.bytes, sizeof(o->after->event.bytes));
        if (!o->oldest_first)
            key_bytes(end, "", 1); /* behind it */
    }
    if (until.n == begin->n + sizeof(bytes))
        until.bytes[until.n - 1] = (char)(state + 1);
    return ts_iter_new(o->store, family, key_view(&from), key_view(&until), o->oldest_first);
}

static bool add_range(merge *m, const merge_options *o, unsigned family, const webhooks_key *begin,
                      uint32_t type, uint32_t state)
{
    range *r = &m->ranges[m->count];

    r->it = open_range(o, family, begin, type, state);
    if (r->it == NULL)
        return false;
    if (look(m, r))
        m->count++;
    return true;
}

static bool wants(const merge_options *o, uint32_t type, uint32_t state)
{
    return (o->type == MERGE_ALL || o->type == type) &&
           (o->state == MERGE_ALL || o->state == state ||
            (state == INDEX_BARE && o->state == DELIVERY_PENDING));
}

static bool add_bare(merge *m, const merge_options *o, const merge_bare *bare)
{
    for (uint32_t type = 0; type < TYPES_COUNT; type++) {
        if ((bare->types >> type & 1) != 0 && wants(o, type, INDEX_BARE) &&
            !add_range(m, o, WEBHOOKS_OWED_INDEX, &bare->begin, type, INDEX_BARE))
            return false;
    }
    return true;
}

merge *merge_new(const merge_options *o)
{
    size_t most = TYPES_COUNT * (INDEX_STATES + o->bare_count);
    TS_CLEANUP(merge_free_p) merge *m = calloc(1, sizeof(*m) + most * sizeof(range));

    if (m == NULL)
        return NULL;
    m->oldest_first = o->oldest_first;
    /* What moves meanwhile moves from front to back: it is met once at least. */
    for (size_t i = 0; i < o->bare_count; i++) {
        if (!add_bare(m, o, &o->bare[i]))
            return NULL;
    }
    for (uint32_t type = 0; type < TYPES_COUNT; type++) {
        for (uint32_t state = 0; state < INDEX_STATES; state++) {
            if (wants(o, type, state) && !add_range(m, o, o->family, &o->begin, type, state))
                return NULL;
        }
    }
    for (size_t i = m->count / 2; i-- > 0;)
        sift_down(m, i);
    return TS_TAKE(m);
}

void merge_free(merge *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        ts_iter_free(m->ranges[i].it);
    free(m);
}

static void advance(merge *m)
{
    ts_iter_next(m->ranges[0].it);
    if (!look(m, &m->ranges[0]))
        m->ranges[0] = m->ranges[--m->count];
    if (m->count > 0)
        sift_down(m, 0);
}

bool merge_next(merge *m, index_place *ret)
{
    if (m->count == 0 || m->status != TS_OK)
        return false;
    *ret = m->ranges[0].at;
    /* One that moved while the ranges were opened stands in two of them. */
    do
        advance(m);
    while (m->count > 0 && compare(&m->ranges[0].at, ret) == 0);
    return true;
}

ts_status merge_status(const merge *m)
{
    return m->status;
}
