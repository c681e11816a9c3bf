#include "merge.h"

typedef struct range {
    ts_iter *it;
    index_place at;
} range;

struct merge {
    range ranges[MERGE_RANGES]; /* a heap: the first one holds the row that is next */
    size_t count;
    bool oldest_first;
    ts_status status;
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

static ts_iter *open_range(const merge_options *o, uint32_t type, uint32_t state)
{
    webhooks_key from = o->begin;
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
    if (until.n == o->begin.n + sizeof(bytes))
        until.bytes[until.n - 1] = (char)(state + 1);
    return ts_iter_new(o->store, o->family, key_view(&from), key_view(&until), o->oldest_first);
}

static bool add_range(merge *m, const merge_options *o, uint32_t type, uint32_t state)
{
    range *r = &m->ranges[m->count];

    r->it = open_range(o, type, state);
    if (r->it == NULL)
        return false;
    if (look(m, r))
        m->count++;
    return true;
}

merge *merge_new(const merge_options *o)
{
    TS_CLEANUP(merge_free_p) merge *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->oldest_first = o->oldest_first;
    for (uint32_t type = 0; type < TYPES_COUNT; type++) {
        for (uint32_t state = 0; state < DELIVERY_STATES; state++) {
            if ((o->type == MERGE_ALL || o->type == type) &&
                (o->state == MERGE_ALL || o->state == state) && !add_range(m, o, type, state))
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

bool merge_next(merge *m, index_place *ret)
{
    if (m->count == 0 || m->status != TS_OK)
        return false;
    *ret = m->ranges[0].at;
    ts_iter_next(m->ranges[0].it);
    if (!look(m, &m->ranges[0]))
        m->ranges[0] = m->ranges[--m->count];
    if (m->count > 0)
        sift_down(m, 0);
    return true;
}

ts_status merge_status(const merge *m)
{
    return m->status;
}
