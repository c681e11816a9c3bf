#include "list.h"

#include "lifecycle.h"

static ts_status load_incident(const ts_call *call, const uint8_t id[16],
                               Ts__Incidents__Incident **ret)
{
    const incidents *app = call->service;
    incidents_key key = incidents_id_key(call->tenant, id);
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st =
        ts_store_get(app->store, INCIDENTS_ROWS, incidents_key_view(&key), call->arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(call->arena, &ts__incidents__row__descriptor, value, &m);
    if (st != TS_OK)
        return st;
    *ret = ((const Ts__Incidents__Row *)m)->incident;
    return *ret == NULL ? TS_CORRUPT : TS_OK;
}

static ts_iter *range_of(const ts_call *call, const list_query *query)
{
    const incidents *app = call->service;
    ts_hash128 scope = incidents_list_scope(query->group, query->severity, query->user);
    int64_t until_ms = query->until_ms == 0 ? INT64_MAX : query->until_ms;
    incidents_key from = incidents_list_from(call->tenant, scope, until_ms);
    incidents_key until =
        incidents_list_from(call->tenant, scope, query->since_ms > 0 ? query->since_ms : 1);

    /* A place outside the asked time is as if the list began or ended there. */
    if (query->after_id != NULL && query->after_ms < until_ms)
        from = incidents_list_behind(call->tenant, scope, query->after_ms, query->after_id);
    if (ts_str_cmp(incidents_key_view(&from), incidents_key_view(&until)) > 0)
        from = until;
    return ts_iter_new(app->store, INCIDENTS_LISTS, incidents_key_view(&from),
                       incidents_key_view(&until), query->oldest_first);
}

/* An incident may be expired between our look at the list and at its row; a list that still names it is damaged. */
static ts_status judge_missing(const ts_call *call, ts_str key)
{
    const incidents *app = call->service;
    ts_str value;
    ts_status st = ts_store_get(app->store, INCIDENTS_LISTS, key, call->arena, &value);

    return st == TS_OK ? TS_CORRUPT : st;
}

ts_status list_read(const ts_call *call, const list_query *query, Ts__Incidents__Incident ***ret,
                    size_t *ret_count, uint64_t *ret_total)
{
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    Ts__Incidents__Incident **list = NULL;
    uint64_t walked = 0;
    size_t count = 0;

    *ret_count = 0;
    *ret_total = 0;
    if (query->until_ms < 0 || (query->until_ms != 0 && query->until_ms <= query->since_ms))
        return TS_OK;
    list = ts_arena_array(call->arena, query->limit, sizeof(*list));
    it = range_of(call, query);
    if (it == NULL || list == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it), walked++) {
        const uint8_t *id = incidents_key_last_id(ts_iter_key(it));
        ts_status st;

        if (count == query->limit && (!query->count || walked >= LIST_COUNT_MAX))
            break;
        if (walked < query->offset || count == query->limit)
            continue;
        st = id == NULL ? TS_CORRUPT : load_incident(call, id, &list[count]);
        if (st == TS_NOT_FOUND)
            st = judge_missing(call, ts_iter_key(it));
        if (st == TS_NOT_FOUND)
            continue;
        if (st != TS_OK)
            return st;
        count++;
    }
    *ret = list;
    *ret_count = count;
    *ret_total = walked;
    return ts_iter_status(it);
}

ts_status list_totals(const ts_call *call, const Ts__Incidents__Totals **ret)
{
    const incidents *app = call->service;
    incidents_key key = incidents_tenant_key(call->tenant);
    ProtobufCMessage *m = NULL;
    ts_str value = TS_STR_NULL;
    ts_status st =
        ts_store_get(app->store, INCIDENTS_TOTALS, incidents_key_view(&key), call->arena, &value);

    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    /* No bytes are a valid message with no counts. */
    st = ts_arena_unpack(call->arena, &ts__incidents__totals__descriptor, value, &m);
    if (st == TS_OK)
        *ret = (const Ts__Incidents__Totals *)m;
    return st;
}

uint64_t list_total_of(const Ts__Incidents__Totals *totals, unsigned status, int severity)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < CHAIN_SEVERITIES; i++) {
        size_t at = (size_t)status * CHAIN_SEVERITIES + i;

        if ((severity == ANY_SEVERITY || severity == (int)i) && at < totals->n_counts)
            n += totals->counts[at];
    }
    return n;
}
