#include "hits.h"

#define HIT_KEY_TAIL 25 /* event_ms (8), event id (16), base rule (1) */

static ts_status decode(risk_work *w, ts_str key, size_t prefix_n, ts_str value, risk_hit *ret)
{
    ProtobufCMessage *m = NULL;
    const Ts__Risk__Hit *row;
    ts_status st;

    if (key.n != prefix_n + HIT_KEY_TAIL)
        return TS_CORRUPT;
    st = ts_arena_unpack(w->arena, &ts__risk__hit__descriptor, value, &m);
    if (st != TS_OK)
        return st;
    row = (const Ts__Risk__Hit *)m;
    ret->at_ms = (int64_t)risk_read_u64(key, prefix_n);
    ret->rule = row->rule;
    ret->value = row->value;
    memcpy(ret->event_id, key.p + prefix_n + 8, 16);
    return TS_OK;
}

/* Newest first, so that a flood costs no more than RISK_HITS_MAX; then turned around. Rows too old
 * to matter go. */
static ts_status load(risk_work *w, risk_hits *hits, int64_t timespan_ms)
{
    ts_str prefix = risk_key_view(&hits->prefix);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = ts_iter_prefix(w->store, RISK_HITS, prefix, true);
    int64_t oldest_ms = w->now_ms - timespan_ms - RISK_HITS_LATENESS_MS;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && hits->count < RISK_HITS_MAX; ts_iter_next(it)) {
        risk_hit hit;
        ts_status st = decode(w, ts_iter_key(it), prefix.n, ts_iter_value(it), &hit);

        if (st != TS_OK)
            return st;
        if (hit.at_ms < oldest_ms) {
            ts_batch_delete(w->batch, w->store, RISK_HITS, ts_iter_key(it));
            continue;
        }
        if (!ts_arena_grow(w->arena, &hits->list, hits->count, &hits->capacity,
                           sizeof(*hits->list)))
            return TS_NOMEM;
        hits->list[hits->count++] = hit;
    }
    for (size_t i = 0; i < hits->count / 2; i++) {
        risk_hit swap = hits->list[i];

        hits->list[i] = hits->list[hits->count - 1 - i];
        hits->list[hits->count - 1 - i] = swap;
    }
    return ts_iter_status(it);
}

ts_status risk_hits_get(risk_work *w, risk_map *cache, const uint8_t correlation[16],
                        ts_hash128 group, int64_t timespan_ms, risk_hits **ret)
{
    risk_hits *hits;
    risk_key key = risk_key_tenant(w->tenant);
    ts_status st;

    cache->arena = w->arena;
    risk_key_bytes(&key, correlation, 16);
    risk_key_bytes(&key, group.bytes, sizeof(group.bytes));
    hits = risk_map_get(cache, risk_key_view(&key));
    if (hits != NULL) {
        *ret = hits;
        return TS_OK;
    }
    hits = ts_arena_alloc(w->arena, sizeof(*hits));
    if (hits == NULL)
        return TS_NOMEM;
    hits->prefix = key;
    st = load(w, hits, timespan_ms);
    if (st != TS_OK)
        return st;
    if (!risk_map_put(cache, risk_key_view(&hits->prefix), hits))
        return TS_NOMEM;
    *ret = hits;
    return TS_OK;
}

ts_status risk_hits_add(risk_work *w, risk_hits *hits, const risk_hit *hit, size_t *ret_at)
{
    Ts__Risk__Hit row = TS__RISK__HIT__INIT;
    risk_key key = hits->prefix;
    uint8_t id[16];
    size_t at = hits->count;

    if (!ts_arena_grow(w->arena, &hits->list, hits->count, &hits->capacity, sizeof(*hits->list)))
        return TS_NOMEM;
    while (at > 0 && hits->list[at - 1].at_ms > hit->at_ms)
        at--;
    memmove(&hits->list[at + 1], &hits->list[at], (hits->count - at) * sizeof(*hits->list));
    hits->list[at] = *hit;
    hits->count++;
    memcpy(id, hit->event_id, sizeof(id));
    row.rule = hit->rule;
    row.value = hit->value;
    row.event_id.data = id;
    row.event_id.len = sizeof(id);
    risk_key_u64(&key, (uint64_t)hit->at_ms);
    risk_key_bytes(&key, id, sizeof(id));
    risk_key_u8(&key, (uint8_t)hit->rule);
    ts_batch_put_message(w->batch, w->store, RISK_HITS, risk_key_view(&key), &row.base);
    *ret_at = at;
    return TS_OK;
}
