/* incidents.UpdateStatus and incidents.Reopen: an analyst takes an incident up, closes it, opens it again. */
#include "details.h"
#include "publish.h"
#include "ts/audit.h"
#include "ts/json.h"
#include "ts/once.h"

#define NOTES_MAX 4000
#define STORY_MAX 1000 /* rows of the story; closing is always possible */

/* What a caller wants of an incident. */
typedef struct wish {
    const ProtobufCMessage *request;
    uint8_t id[16];
    bool reopen;
    incident_status to; /* unless it is to reopen */
    char *notes;
    uint64_t revision; /* 0: any */
} wish;

static ts_status check_notes(const char *notes, ts_error *err)
{
    if (strlen(notes) > NOTES_MAX || !ts_utf8_valid(ts_str_of(notes)))
        return ts_fail(err, TS_INVALID, "notes", "notes must be UTF-8 of at most %d bytes",
                       NOTES_MAX);
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

/* ---- the change ---- */

static void tell(incidents_work *w, const wish *wanted, incident_status to, const char *actor)
{
    char text[128];

    if (to != w->old_status) {
        (void)snprintf(text, sizeof(text), "Status changed from %s to %s.",
                       incident_status_name(w->old_status), incident_status_name(to));
        work_tell(w, STORY_STATUS, text, actor);
    }
    if (wanted->notes[0] != '\0')
        work_tell(w, STORY_NOTE, wanted->notes, actor);
}

static void audit(incidents_work *w, const ts_call *call, const wish *wanted, incident_status to)
{
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(TS_AUDIT_DETAILS_MAX);
    const char *id = w->row->incident->id;
    ts_jsonw json = ts_jsonw_on(&details);

    ts_jsonw_object(&json);
    if (to != w->old_status) {
        ts_jsonw_kz(&json, "from", incident_status_name(w->old_status));
        ts_jsonw_kz(&json, "to", incident_status_name(to));
    }
    ts_jsonw_kbool(&json, "note", wanted->notes[0] != '\0');
    ts_jsonw_object_end(&json);
    ts_audit_add(w->batch, INCIDENTS_TO_AUTH, call,
                 wanted->reopen        ? "incident.reopened"
                 : to != w->old_status ? "incident.status_changed"
                                       : "incident.note_added",
                 id, ts_buf_view(&details));
}

static ts_status remember(incidents_work *w, ts_call *call, const wish *wanted)
{
    Ts__Incidents__Incident incident = TS__INCIDENTS__INCIDENT__INIT;
    Ts__Incidents__IncidentDetails answer = TS__INCIDENTS__INCIDENT_DETAILS__INIT;

    /* Whoever asks again gets the incident as it is then: its id is all there is to keep. */
    incident.id = w->row->incident->id;
    answer.incident = &incident;
    return ts_once_keep(w->batch, w->app->store, INCIDENTS_ONCE, call, wanted->request,
                        &answer.base);
}

static ts_status change(incidents_work *w, ts_call *call, const wish *wanted, incident_status to)
{
    ProtobufCBinaryData *detections = NULL;
    size_t count = 0;
    ts_status st;

    if (!incident_is_closed(to) && w->row->entries >= STORY_MAX)
        return ts_fail(call->error, TS_CONFLICT, "notes",
                       "The incident has its %d notes and changes; it can only be closed.",
                       STORY_MAX);
    tell(w, wanted, to, call->caller.actor);
    audit(w, call, wanted, to);
    if (to != w->old_status) {
        static char none[] = "";

        work_set_status(w, to);
        w->row->incident->resolution = incident_is_closed(to) ? wanted->notes : none;
    }
    st = remember(w, call, wanted);
    if (st == TS_OK)
        st = work_save(w);
    if (st == TS_OK && to != w->old_status)
        st = load_detection_ids(w, &detections, &count);
    if (st == TS_OK)
        publish_work(w, detections, count);
    return st;
}

static ts_status decide(const incidents_work *w, const wish *wanted, incident_status *ret,
                        ts_error *err)
{
    const Ts__Incidents__Incident *incident = w->row->incident;

    if (wanted->revision != 0 && wanted->revision != incident->revision)
        return ts_fail(err, TS_PRECONDITION, "If-Match",
                       "The incident has changed since; read it again.");
    if (!wanted->reopen) {
        *ret = wanted->to;
        return incident_move(w->status, wanted->to, err);
    }
    /* Its rows are about to be deleted, or are being. */
    if (incident_is_over(incident->closed_ms, w->now_ms, w->app->keep_closed_ms))
        return ts_fail(err, TS_CONFLICT, "status",
                       "The incident was closed too long ago to be reopened.");
    return incident_reopen(w->status, ret, err);
}

/* Runs under the tenant's lock; *ret_ticket is 0 if there was nothing to change. */
static ts_status apply(ts_call *call, const wish *wanted, ProtobufCMessage *out,
                       uint64_t *ret_ticket)
{
    incidents *app = call->service;
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Incidents__Row *row = NULL;
    incident_status to = INCIDENT_OPEN;
    bool found = false;
    incidents_work w;
    ts_status st;

    if (batch == NULL)
        return TS_NOMEM;
    st = ts_once_find(app->store, INCIDENTS_ONCE, call, wanted->request, out, &found);
    if (st != TS_OK || found)
        return st;
    work_begin(&w, app, call->tenant, call->now_ms, call->arena, batch);
    st = work_load_row(&w, wanted->id, &row);
    if (st == TS_NOT_FOUND)
        return ts_fail(call->error, TS_NOT_FOUND, "id", "There is no such incident.");
    if (st == TS_OK)
        st = work_take_row(&w, wanted->id, row);
    if (st == TS_OK)
        st = decide(&w, wanted, &to, call->error);
    if (st != TS_OK || (to == w.status && wanted->notes[0] == '\0'))
        return st;
    st = change(&w, call, wanted, to);
    return st == TS_OK ? ts_store_write(app->store, batch, ret_ticket) : st;
}

static ts_status fulfil(ts_call *call, const wish *wanted, ProtobufCMessage *out)
{
    incidents *app = call->service;
    uint64_t ticket = 0;
    ts_status st;

    incidents_lock_tenant(app, call->tenant);
    st = apply(call, wanted, out, &ticket);
    incidents_unlock_tenant(app, call->tenant);
    /* A repeat waits too: the call that it repeats may not be on disk yet. */
    if (st == TS_OK)
        st = ticket != 0 ? ts_store_sync(app->store, ticket) : ts_store_sync_all(app->store);
    return st == TS_OK ? details_fill(call, wanted->id, (Ts__Incidents__IncidentDetails *)out) : st;
}

ts_status incidents_rpc_update_status(ts_call *call, const ProtobufCMessage *in,
                                      ProtobufCMessage *out)
{
    const Ts__Incidents__UpdateStatusRequest *req = (const Ts__Incidents__UpdateStatusRequest *)in;
    wish wanted = { .request = in, .notes = req->notes, .revision = req->revision };
    ts_status st = incident_status_parse(req->status, &wanted.to, call->error);

    if (st == TS_OK)
        st = check_notes(req->notes, call->error);
    if (st == TS_OK)
        st = details_id(req->id, wanted.id, call->error);
    return st == TS_OK ? fulfil(call, &wanted, out) : st;
}

ts_status incidents_rpc_reopen(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__ReopenRequest *req = (const Ts__Incidents__ReopenRequest *)in;
    wish wanted = { .request = in, .reopen = true, .notes = req->notes, .revision = req->revision };
    ts_status st = check_notes(req->notes, call->error);

    if (st == TS_OK)
        st = details_id(req->id, wanted.id, call->error);
    return st == TS_OK ? fulfil(call, &wanted, out) : st;
}
