/* Detections as risk hands them over. The same one may come again, with more events in it. */
#include "detection.h"
#include "place.h"
#include "publish.h"
#include "ts/backup.h"
#include "ts/tenancy.h"
#include "ts/time.h"
#include "upgrade.h"

#define ID_SIZE 16

static uint64_t open_of(const Ts__Incidents__Totals *totals)
{
    uint64_t open = 0;

    for (size_t i = 0; i < totals->n_counts; i++) {
        if (!incident_is_closed((incident_status)(i / CHAIN_SEVERITIES)))
            open += totals->counts[i];
    }
    return open;
}

ts_status incidents_init(incidents *app, ts_store *store, const chain_limits *limits,
                         int64_t keep_closed_ms)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 16);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    uint64_t open = 0;
    ts_status upgraded = upgrade_run(store);

    if (upgraded != TS_OK)
        return upgraded;
    *app = (incidents){ .store = store, .limits = *limits, .keep_closed_ms = keep_closed_ms };
    for (uint32_t i = 0; i < CHAIN_SEVERITIES; i++) {
        static const char *const labels[CHAIN_SEVERITIES] = {
            "severity=\"informational\"", "severity=\"low\"", "severity=\"medium\"",
            "severity=\"high\"", "severity=\"critical\""
        };

        app->opened[i] = ts_counter("ts_incidents_opened_total", labels[i], "incidents opened");
    }
    app->open = ts_gauge("ts_incidents_open", "", "incidents open or investigating");
    app->joined =
        ts_counter("ts_incidents_detections_joined_total", "", "detections taken into incidents");
    app->waiting = ts_counter("ts_incidents_detections_waiting_total", "",
                              "detections put aside until an incident opens");
    app->historical = ts_counter("ts_incidents_detections_historical_total", "",
                                 "detections too old to open or join");
    app->expired = ts_counter("ts_incidents_expired_total", "", "closed incidents deleted by age");
    it = ts_iter_new(store, INCIDENTS_TOTALS, TS_STR_NULL, TS_STR_NULL, false);
    if (it == NULL || arena == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        ts_status st;

        ts_arena_reset(arena);
        st = ts_arena_unpack(arena, &ts__incidents__totals__descriptor, ts_iter_value(it), &m);
        if (st != TS_OK)
            return st;
        open += open_of((const Ts__Incidents__Totals *)m);
    }
    ts_metric_set(app->open, (double)open);
    return ts_iter_status(it);
}

void incidents_lock_tenant(void *service, ts_tenant tenant)
{
    incidents_key key = incidents_tenant_key(tenant);

    ts_store_lock(((incidents *)service)->store, incidents_key_view(&key));
}

void incidents_unlock_tenant(void *service, ts_tenant tenant)
{
    incidents_key key = incidents_tenant_key(tenant);

    ts_store_unlock(((incidents *)service)->store, incidents_key_view(&key));
}

/* An incident holds it: row and incident take in what is new. */
static ts_status grow_in_incident(incidents_work *w, const Ts__Incidents__Owner *owner,
                                  const Ts__Detection *news)
{
    incidents_key key =
        incidents_timed_key(w->tenant, owner->incident.data, owner->event_ms, news->id.data);
    Ts__Incidents__Row *row = NULL;
    Ts__Detection *kept = NULL;
    ts_status st = work_load(w, INCIDENTS_DETECTIONS, &key, &ts__detection__descriptor, &kept);

    if (st != TS_OK)
        return st == TS_NOT_FOUND ? TS_CORRUPT : st;
    if (!detection_grow(kept, news))
        return TS_OK;
    st = work_load_row(w, owner->incident.data, &row);
    if (st == TS_OK)
        st = work_take_row(w, owner->incident.data, row);
    if (st != TS_OK)
        return st == TS_NOT_FOUND ? TS_CORRUPT : st;
    if (kept->event_ms != owner->event_ms)
        ts_batch_delete(w->batch, w->app->store, INCIDENTS_DETECTIONS, incidents_key_view(&key));
    work_put_detection(w, kept);
    st = chain_absorb(row, kept, w->arena);
    if (st == TS_OK)
        st = work_save(w);
    /* risk knows that it belongs here; it hears of it again only when the incident's severity moves. */
    if (st == TS_OK)
        publish_work(w, NULL, 0);
    return st;
}

/* It waits: with what is new it may open an incident or fit one by now. */
static ts_status grow_waiting(incidents_work *w, const Ts__Incidents__Owner *owner,
                              const Ts__Detection *news)
{
    incidents_key key =
        incidents_timed_key(w->tenant, owner->chain.data, owner->event_ms, news->id.data);
    Ts__Detection *kept = NULL;
    ts_status st = work_load(w, INCIDENTS_PENDING, &key, &ts__detection__descriptor, &kept);

    if (st != TS_OK)
        return st == TS_NOT_FOUND ? TS_CORRUPT : st;
    if (!detection_grow(kept, news))
        return TS_OK;
    place_forget(w, owner->chain.data, owner->event_ms, news->id.data);
    return place_detection(w, kept);
}

static ts_status take_in(incidents_work *w, const Ts__Detection *d)
{
    incidents_key key = incidents_id_key(w->tenant, d->id.data);
    Ts__Incidents__Owner *owner = NULL;
    ts_status st = work_load(w, INCIDENTS_OWNERS, &key, &ts__incidents__owner__descriptor, &owner);

    if (st == TS_NOT_FOUND) {
        st = place_detection(w, d);
        if (st == TS_OK)
            publish_detection(w, d);
        return st;
    }
    if (st != TS_OK)
        return st;
    if (owner->incident.len == ID_SIZE)
        return grow_in_incident(w, owner, d);
    if (owner->chain.len == ID_SIZE)
        return grow_waiting(w, owner, d);
    return TS_CORRUPT;
}

ts_status incidents_apply_row(void *service, const Ts__HandOverRow *row, ts_arena *arena,
                              ts_batch *batch, ts_error *err)
{
    incidents *app = service;
    ts_tenant tenant = { row->org, row->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    ProtobufCMessage *m = NULL;
    Ts__Detection *d;
    incidents_work w;
    ts_status st;

    if (strcmp(row->kind, "detection") != 0)
        return ts_fail(err, TS_INVALID, "kind", "incidents takes rows of kind detection");
    st = ts_arena_unpack(arena, &ts__detection__descriptor,
                         ts_str_n(row->payload.data, row->payload.len), &m);
    if (st != TS_OK)
        return st;
    d = (Ts__Detection *)m;
    st = detection_check(d, err);
    if (st != TS_OK)
        return st;
    if (d->historical) {
        ts_metric_add(app->historical, 1);
        return TS_OK;
    }
    /* The row's own time, not our clock: applied again after a crash, it gives the same incident. */
    work_begin(&w, app, tenant, row->at_ms > 0 ? row->at_ms : d->last_event_ms, arena, batch);
    return take_in(&w, d);
}

ts_status incidents_rpc_accept(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    incidents *app = call->service;

    return ts_inbox_accept(app->inbox, call, (const Ts__HandOverRequest *)in,
                           (Ts__HandOverReply *)out);
}

void incidents_forget(void *service, ts_tenant tenant, ts_arena *arena)
{
    incidents *app = service;
    incidents_key key = incidents_tenant_key(tenant);
    ProtobufCMessage *m = NULL;
    ts_str value;

    if (ts_store_get(app->store, INCIDENTS_TOTALS, incidents_key_view(&key), arena, &value) ==
            TS_OK &&
        ts_arena_unpack(arena, &ts__incidents__totals__descriptor, value, &m) == TS_OK)
        ts_metric_move(app->open, -(double)open_of((const Ts__Incidents__Totals *)m));
}

ts_status incidents_rpc_export(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_tenancy_export(((incidents *)call->service)->store, "incidents", call, in, out);
}

ts_status incidents_rpc_backup(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_backup_step(((incidents *)call->service)->store, call, in, out);
}
