#include "list.h"

#include "lifecycle.h"

ts_status list_load(const ts_call *call, ts_str key, Ts__Incidents__Incident **ret)
{
    const incidents *app = call->service;
    const uint8_t *id = incidents_key_last_id(key);
    Ts__Incidents__Row *row = NULL;
    incidents_key row_key;
    ts_str value;
    ts_status st;

    if (id == NULL)
        return TS_CORRUPT;
    row_key = incidents_id_key(call->tenant, id);
    st = incidents_load_row(app->store, incidents_key_view(&row_key), call->arena, &row);
    if (st == TS_OK)
        *ret = row->incident;
    if (st != TS_NOT_FOUND)
        return st;
    st = ts_store_get(app->store, INCIDENTS_LISTS, key, call->arena, &value);
    return st == TS_OK ? TS_CORRUPT : st;
}

static incidents_key view_of(const ts_call *call, const list_query *query)
{
    return incidents_list_view(call->tenant,
                               incidents_list_scope(query->group, query->severity, query->user));
}

static bool has_no_time(const list_query *query)
{
    return query->until_ms < 0 || (query->until_ms != 0 && query->until_ms <= query->since_ms);
}

static int64_t until_of(const list_query *query)
{
    return query->until_ms == 0 ? TS_RANKS_END : query->until_ms;
}

ts_status list_count(const ts_call *call, const list_query *query, uint64_t *ret)
{
    const incidents *app = call->service;
    incidents_key view = view_of(call, query);

    *ret = 0;
    return has_no_time(query)
               ? TS_OK
               : ts_ranks_count(&incidents_ranks, app->store, incidents_key_view(&view),
                                query->since_ms, until_of(query), ret);
}

/* Moves *from to the incident that has `offset` of the list before it, counting those that are newer than all of the list.
 * TS_NOT_FOUND: there is none. */
static ts_status skip(const ts_call *call, const list_query *query, incidents_key *from)
{
    const incidents *app = call->service;
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(INCIDENTS_KEY_MAX);
    incidents_key view = view_of(call, query);
    uint64_t newer = 0;
    ts_status st = ts_ranks_count(&incidents_ranks, app->store, incidents_key_view(&view),
                                  until_of(query), TS_RANKS_END, &newer);

    if (st == TS_OK)
        st = query->offset > UINT64_MAX - newer
                 ? TS_NOT_FOUND
                 : ts_ranks_find(&incidents_ranks, app->store, incidents_key_view(&view),
                                 newer + query->offset, &key);
    if (st != TS_OK)
        return st;
    memcpy(from->bytes, key.data, key.size);
    from->n = key.size;
    return TS_OK;
}

/* Where the page begins, behind *ret_skip others. */
static ts_status find_begin(const ts_call *call, const list_query *query, incidents_key *ret,
                            uint64_t *ret_skip)
{
    ts_hash128 scope = incidents_list_scope(query->group, query->severity, query->user);

    *ret = incidents_list_from(call->tenant, scope, until_of(query));
    *ret_skip = 0;
    if (query->offset > 0) {
        ts_status st = skip(call, query, ret);

        /* It is behind the end; or the last of a bucket left the list while we counted, then walking finds the page. */
        if (st == TS_NOT_FOUND)
            *ret_skip = query->offset;
        return st == TS_NOT_FOUND ? TS_OK : st;
    }
    /* A place outside the asked time is as if the list began there. */
    if (query->after_id != NULL && query->after_ms < until_of(query))
        *ret = incidents_list_behind(call->tenant, scope, query->after_ms, query->after_id);
    return TS_OK;
}

static ts_iter *walk(const ts_call *call, const list_query *query, incidents_key from)
{
    const incidents *app = call->service;
    ts_hash128 scope = incidents_list_scope(query->group, query->severity, query->user);
    incidents_key until =
        incidents_list_from(call->tenant, scope, query->since_ms > 0 ? query->since_ms : 1);

    if (ts_str_cmp(incidents_key_view(&from), incidents_key_view(&until)) > 0)
        from = until;
    return ts_iter_new(app->store, INCIDENTS_LISTS, incidents_key_view(&from),
                       incidents_key_view(&until), query->oldest_first);
}

ts_status list_read(const ts_call *call, const list_query *query, Ts__Incidents__Incident ***ret,
                    size_t *ret_count)
{
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    Ts__Incidents__Incident **list = NULL;
    incidents_key from;
    uint64_t left;
    size_t count = 0;
    ts_status st;

    *ret_count = 0;
    if (has_no_time(query))
        return TS_OK;
    st = find_begin(call, query, &from, &left);
    if (st != TS_OK)
        return st;
    list = ts_arena_array(call->arena, query->limit, sizeof(*list));
    it = walk(call, query, from);
    if (it == NULL || list == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && count < query->limit; ts_iter_next(it)) {
        if (left > 0) {
            left--;
            continue;
        }
        st = list_load(call, ts_iter_key(it), &list[count]);
        if (st == TS_NOT_FOUND)
            continue;
        if (st != TS_OK)
            return st;
        count++;
    }
    *ret = list;
    *ret_count = count;
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
