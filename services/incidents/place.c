/* A detection too small to open an incident waits in its chain. When an incident of that chain opens or grows, those waiting
 * that fit its span join it, each of them stretching the span for the others. */
#include "place.h"

#include "find.h"
#include "publish.h"

#define ID_SIZE 16

typedef struct waiting {
    Ts__Detection *detection;
    bool taken;
} waiting;

void place_forget(incidents_work *w, const uint8_t chain[16], int64_t event_ms,
                  const uint8_t detection[16])
{
    incidents_key key = incidents_timed_key(w->tenant, chain, event_ms, detection);

    ts_batch_delete(w->batch, w->app->store, INCIDENTS_PENDING, incidents_key_view(&key));
}

/* Those that wait in a chain, by time, without `except`: the one in hand may still stand there in the store. */
static ts_status load_waiting(const incidents_work *w, const uint8_t chain[16],
                              const Ts__Detection *except, waiting **ret, size_t *ret_count)
{
    incidents_key prefix = incidents_id_key(w->tenant, chain);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it =
        ts_iter_prefix(w->app->store, INCIDENTS_PENDING, incidents_key_view(&prefix), false);
    waiting *list = NULL;
    size_t capacity = 0;
    size_t count = 0;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && count < PLACE_WAITING_MAX; ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        ts_status st = ts_arena_unpack(w->arena, &ts__detection__descriptor, ts_iter_value(it), &m);
        Ts__Detection *d = (Ts__Detection *)m;

        if (st != TS_OK)
            return st;
        if (d->id.len != ID_SIZE)
            return TS_CORRUPT;
        if (memcmp(d->id.data, except->id.data, ID_SIZE) == 0)
            continue;
        if (!ts_arena_grow(w->arena, &list, count, &capacity, sizeof(*list)))
            return TS_NOMEM;
        list[count++] = (waiting){ .detection = d };
    }
    *ret = list;
    *ret_count = count;
    return ts_iter_status(it);
}

static ts_status take_waiting(incidents_work *w, const Ts__Detection *in_hand)
{
    const Ts__Incidents__Incident *incident = w->row->incident;
    waiting *list = NULL;
    bool again = true;
    size_t count = 0;
    ts_status st = load_waiting(w, w->row->chain.data, in_hand, &list, &count);

    /* Each round takes one at least, or is the last. */
    while (again && st == TS_OK) {
        again = false;
        for (size_t i = 0; i < count && st == TS_OK; i++) {
            Ts__Detection *d = list[i].detection;

            if (list[i].taken || incident->detection_count >= CHAIN_DETECTIONS_MAX ||
                !chain_fits(&w->app->limits, incident->first_event_ms, incident->last_event_ms, d))
                continue;
            place_forget(w, w->row->chain.data, d->event_ms, d->id.data);
            st = work_join(w, d);
            list[i].taken = true;
            again = true;
        }
    }
    return st;
}

/* ---- the waiting room ---- */

static void drop(incidents_work *w, const uint8_t chain[16], const Ts__Detection *d)
{
    incidents_key owner = incidents_id_key(w->tenant, d->id.data);

    place_forget(w, chain, d->event_ms, d->id.data);
    ts_batch_delete(w->batch, w->app->store, INCIDENTS_OWNERS, incidents_key_view(&owner));
}

/* No incident that the newcomer could be in reaches back to what is more than a span older. */
static ts_status let_wait(incidents_work *w, const Ts__Detection *d)
{
    ts_hash128 chain = chain_of(d);
    incidents_key key = incidents_timed_key(w->tenant, chain.bytes, d->event_ms, d->id.data);
    Ts__Incidents__Owner owner = TS__INCIDENTS__OWNER__INIT;
    waiting *list = NULL;
    size_t count = 0;
    ts_status st = load_waiting(w, chain.bytes, d, &list, &count);

    if (st != TS_OK)
        return st;
    for (size_t i = 0; i < count; i++) {
        bool is_old = list[i].detection->event_ms < d->event_ms - w->app->limits.span_ms;

        if (is_old || count - i >= PLACE_WAITING_MAX)
            drop(w, chain.bytes, list[i].detection);
    }
    ts_batch_put_message(w->batch, w->app->store, INCIDENTS_PENDING, incidents_key_view(&key),
                         &d->base);
    owner.chain.data = chain.bytes;
    owner.chain.len = ID_SIZE;
    owner.event_ms = d->event_ms;
    key = incidents_id_key(w->tenant, d->id.data);
    ts_batch_put_message(w->batch, w->app->store, INCIDENTS_OWNERS, incidents_key_view(&key),
                         &owner.base);
    ts_metric_add(w->app->waiting, 1);
    return TS_OK;
}

/* ---- */

static ts_status open_incident(incidents_work *w, const Ts__Detection *d)
{
    char text[160];
    ts_status st = work_new_row(w, d);

    if (st != TS_OK)
        return st;
    (void)snprintf(text, sizeof(text), "Incident opened by rule %.100s.", d->rule_id);
    work_tell(w, STORY_CREATED, text, "system");
    return TS_OK;
}

ts_status place_detection(incidents_work *w, const Ts__Detection *d)
{
    Ts__Incidents__Row *row = NULL;
    uint8_t id[ID_SIZE];
    ts_status st = find_incident(w, d, id, &row);

    if (st == TS_NOT_FOUND && d->severity < w->app->limits.open_severity)
        return let_wait(w, d);
    if (st == TS_NOT_FOUND)
        st = open_incident(w, d);
    else if (st == TS_OK)
        st = work_take_row(w, id, row);
    if (st == TS_OK)
        st = work_join(w, d);
    if (st == TS_OK && !incident_is_closed(w->status))
        st = take_waiting(w, d);
    if (st == TS_OK)
        st = work_save(w);
    if (st == TS_OK)
        publish_work(w, w->joined, w->joined_count);
    return st;
}
