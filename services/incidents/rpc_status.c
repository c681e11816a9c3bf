/* incidents.UpdateStatus: an analyst takes an incident up or closes it. */
#include "details.h"
#include "publish.h"

#define NOTES_MAX    4000
#define STORY_MAX    1000 /* rows of the story; closing is always possible */
#define CALL_ID_SIZE 16
#define CALLS_KEPT   8 /* changes by which a repeated call is known */

static ts_status check_notes(const char *notes, ts_error *err)
{
    if (strlen(notes) > NOTES_MAX || !ts_utf8_valid(ts_str_of(notes)))
        return ts_fail(err, TS_INVALID, "notes", "notes must be UTF-8 of at most %d bytes",
                       NOTES_MAX);
    return TS_OK;
}

static bool is_repeat(const Ts__Incidents__Row *row, const ts_call *call)
{
    for (size_t i = 0; i < row->n_call_ids; i++) {
        if (row->call_ids[i].len == CALL_ID_SIZE &&
            memcmp(row->call_ids[i].data, call->call_id, CALL_ID_SIZE) == 0)
            return true;
    }
    return false;
}

static ts_status remember_call(incidents_work *w, ts_call *call)
{
    Ts__Incidents__Row *row = w->row;
    size_t kept = row->n_call_ids < CALLS_KEPT ? row->n_call_ids : CALLS_KEPT - 1;
    ProtobufCBinaryData *list = ts_arena_array(w->arena, kept + 1, sizeof(*list));

    if (list == NULL)
        return TS_NOMEM;
    if (kept > 0)
        memcpy(list, row->call_ids + (row->n_call_ids - kept), kept * sizeof(*list));
    list[kept].data = call->call_id;
    list[kept].len = CALL_ID_SIZE;
    row->call_ids = list;
    row->n_call_ids = kept + 1;
    return TS_OK;
}

/* risk gives every detection of the incident its disposition. */
static ts_status load_detection_ids(const incidents_work *w, ProtobufCBinaryData **ret,
                                    size_t *ret_count)
{
    incidents_key prefix = incidents_id_key(w->tenant, w->id);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it =
        ts_iter_prefix(w->app->store, INCIDENTS_DETECTIONS, incidents_key_view(&prefix), false);
    ProtobufCBinaryData *list = NULL;
    size_t capacity = 0;
    size_t count = 0;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && count < CHAIN_DETECTIONS_MAX; ts_iter_next(it)) {
        const uint8_t *id = incidents_key_last_id(ts_iter_key(it));
        ts_str copy;

        if (id == NULL)
            return TS_CORRUPT;
        copy = ts_arena_str(w->arena, ts_str_n(id, 16));
        if (copy.p == NULL || !ts_arena_grow(w->arena, &list, count, &capacity, sizeof(*list)))
            return TS_NOMEM;
        list[count].data = (uint8_t *)(uintptr_t)copy.p;
        list[count++].len = 16;
    }
    *ret = list;
    *ret_count = count;
    return ts_iter_status(it);
}

static void tell(incidents_work *w, incident_status to, const char *notes, const char *actor)
{
    char text[128];

    if (to != w->old_status) {
        (void)snprintf(text, sizeof(text), "Status changed from %s to %s.",
                       incident_status_name(w->old_status), incident_status_name(to));
        work_tell(w, STORY_STATUS, text, actor);
    }
    if (notes[0] != '\0')
        work_tell(w, STORY_NOTE, notes, actor);
}

static ts_status change(incidents_work *w, ts_call *call, incident_status to, char *notes)
{
    ProtobufCBinaryData *detections = NULL;
    size_t count = 0;
    ts_status st;

    if (!incident_is_closed(to) && w->row->entries >= STORY_MAX)
        return ts_fail(call->error, TS_CONFLICT, "notes",
                       "The incident has its %d notes and changes; it can only be closed.",
                       STORY_MAX);
    tell(w, to, notes, call->caller.actor);
    if (to != w->old_status)
        work_set_status(w, to);
    if (incident_is_closed(to))
        w->row->incident->resolution = notes;
    st = remember_call(w, call);
    if (st == TS_OK)
        st = work_save(w);
    if (st == TS_OK && to != w->old_status)
        st = load_detection_ids(w, &detections, &count);
    return st == TS_OK ? publish_work(w, detections, count) : st;
}

/* Runs under the tenant's lock; *ret_ticket is 0 if there was nothing to change. */
static ts_status update(ts_call *call, const Ts__Incidents__UpdateStatusRequest *req,
                        const uint8_t id[16], incident_status to, uint64_t *ret_ticket)
{
    incidents *app = call->service;
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Incidents__Row *row = NULL;
    incidents_work w;
    ts_status st;

    if (batch == NULL)
        return TS_NOMEM;
    work_begin(&w, app, call->tenant, call->now_ms, call->arena, batch);
    st = work_load_row(&w, id, &row);
    if (st == TS_NOT_FOUND)
        return ts_fail(call->error, TS_NOT_FOUND, "id", "There is no such incident.");
    if (st == TS_OK)
        st = work_take_row(&w, id, row);
    if (st != TS_OK || is_repeat(row, call))
        return st;
    st = incident_move(w.status, to, call->error);
    if (st != TS_OK)
        return st;
    if (to == w.status && req->notes[0] == '\0')
        return TS_OK;
    st = change(&w, call, to, req->notes);
    return st == TS_OK ? ts_store_write(app->store, batch, ret_ticket) : st;
}

ts_status incidents_rpc_update_status(ts_call *call, const ProtobufCMessage *in,
                                      ProtobufCMessage *out)
{
    const Ts__Incidents__UpdateStatusRequest *req = (const Ts__Incidents__UpdateStatusRequest *)in;
    incidents *app = call->service;
    incident_status to = INCIDENT_OPEN;
    uint64_t ticket = 0;
    uint8_t id[16];
    ts_status st;

    st = incident_status_parse(req->status, &to, call->error);
    if (st == TS_OK)
        st = check_notes(req->notes, call->error);
    if (st == TS_OK)
        st = details_id(req->id, id, call->error);
    if (st != TS_OK)
        return st;
    incidents_lock_tenant(app, call->tenant);
    st = update(call, req, id, to, &ticket);
    incidents_unlock_tenant(app, call->tenant);
    /* A repeat waits too: the call that it repeats may not be on disk yet. */
    if (st == TS_OK)
        st = ticket != 0 ? ts_store_sync(app->store, ticket) : ts_store_sync_all(app->store);
    return st == TS_OK ? details_fill(call, id, (Ts__Incidents__IncidentDetails *)out) : st;
}
