#include "find.h"

#define ID_SIZE   16
#define LOOKED_AT 32 /* incidents of one list that are looked at, newest first */

typedef bool find_match(const incidents_work *w, const Ts__Incidents__Row *row,
                        const Ts__Detection *d);

static bool is_of_chain(const Ts__Incidents__Row *row, const Ts__Detection *d)
{
    ts_hash128 chain = chain_of(d);

    return memcmp(row->chain.data, chain.bytes, ID_SIZE) == 0;
}

static bool fits_open(const incidents_work *w, const Ts__Incidents__Row *row,
                      const Ts__Detection *d)
{
    const Ts__Incidents__Incident *incident = row->incident;

    return incident->closed_ms == 0 && is_of_chain(row, d) &&
           chain_fits(&w->app->limits, incident->first_event_ms, incident->last_event_ms, d);
}

static bool was_judged_with(const incidents_work *w, const Ts__Incidents__Row *row,
                            const Ts__Detection *d)
{
    (void)w;
    return row->incident->closed_ms != 0 && is_of_chain(row, d) &&
           d->event_ms < row->incident->closed_ms;
}

static ts_status find_in(const incidents_work *w, ts_hash128 scope, const Ts__Detection *d,
                         find_match *match, uint8_t ret_id[16], Ts__Incidents__Row **ret_row)
{
    incidents_key prefix = incidents_id_key(w->tenant, scope.bytes);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it =
        ts_iter_prefix(w->app->store, INCIDENTS_LISTS, incidents_key_view(&prefix), false);

    if (it == NULL)
        return TS_NOMEM;
    for (unsigned i = 0; ts_iter_valid(it) && i < LOOKED_AT; ts_iter_next(it), i++) {
        const uint8_t *id = incidents_key_last_id(ts_iter_key(it));
        Ts__Incidents__Row *row = NULL;
        ts_status st = id == NULL ? TS_CORRUPT : work_load_row(w, id, &row);

        if (st != TS_OK)
            return st == TS_NOT_FOUND ? TS_CORRUPT : st;
        if (row->incident->detection_count < CHAIN_DETECTIONS_MAX && match(w, row, d)) {
            memcpy(ret_id, id, ID_SIZE);
            *ret_row = row;
            return TS_OK;
        }
    }
    return ts_iter_status(it) == TS_OK ? TS_NOT_FOUND : TS_UNAVAILABLE;
}

ts_status find_incident(const incidents_work *w, const Ts__Detection *d, uint8_t ret_id[16],
                        Ts__Incidents__Row **ret_row)
{
    ts_hash128 rule = incidents_rule_scope(ts_str_of(d->rule_id), ts_str_of(d->dedup_key));
    ts_hash128 chain = chain_of(d);
    ts_status st = TS_NOT_FOUND;

    if (d->dedup_key[0] != '\0') {
        st = find_in(w, rule, d, fits_open, ret_id, ret_row);
        if (st == TS_NOT_FOUND)
            st = find_in(w, rule, d, was_judged_with, ret_id, ret_row);
    }
    if (st == TS_NOT_FOUND)
        st = find_in(w, incidents_chain_scope(chain.bytes), d, fits_open, ret_id, ret_row);
    return st;
}
