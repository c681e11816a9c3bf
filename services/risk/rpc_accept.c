/* What incidents tells risk: which detections belong to which incident and what became of it. False
 * positives leave the score at once, resolved ones count half; a reopened incident brings them
 * back. */
#include "orphans.h"
#include "rescore.h"
#include "risk.h"
#include "ts/backup.h"
#include "ts/tenancy.h"
#include "ts/time.h"

#define FIRINGS_PER_ROW 20000

void risk_lock_tenant(void *service, ts_tenant tenant)
{
    work_lock(((risk *)service)->store, tenant);
}

void risk_unlock_tenant(void *service, ts_tenant tenant)
{
    work_unlock(((risk *)service)->store, tenant);
}

static const char *disposition_of(const char *status)
{
    if (strcmp(status, "false_positive") == 0 || strcmp(status, "resolved") == 0)
        return status;
    return "";
}

static ts_status mark_firing(risk_work *w, const Ts__IncidentChanged *change, const uint8_t id[16])
{
    work_firing *f = NULL;
    work_user *u = NULL;
    uint64_t owner = 0;
    ts_status st = work_firing_owner(w, id, &owner);

    if (st == TS_NOT_FOUND)
        return TS_OK; /* pruned: nothing of it counts any more */
    if (st == TS_OK)
        st = work_firing_get(w, owner, id, &f);
    if (st != TS_OK || f->is_new || f->row->incident_revision >= change->revision)
        return st;
    f->row->incident_id = change->incident_id;
    f->row->incident_revision = change->revision;
    f->row->disposition = (char *)(uintptr_t)disposition_of(change->status); /* only packed */
    f->changed = true;
    if (owner == 0)
        return TS_OK;
    st = work_user_by_number(w, owner, &u);
    if (st == TS_OK)
        work_user_rescore(u, change->status);
    return st == TS_NOT_FOUND ? TS_OK : st;
}

/* The count of open incidents that the user lists show. */
static ts_status count_incident(risk_work *w, const Ts__IncidentChanged *change, const char *email)
{
    bool open = strcmp(change->status, "open") == 0 || strcmp(change->status, "investigating") == 0;
    Ts__Risk__UserIncident row = TS__RISK__USER_INCIDENT__INIT;
    ProtobufCMessage *m = NULL;
    work_user *u = NULL;
    bool was_open = false;
    unsigned family = RISK_USER_INCIDENTS;
    risk_key key;
    ts_str value;
    ts_status st = work_user_by_email(w, ts_str_of(email), &u);

    if (st == TS_NOT_FOUND) {
        /* Not one of ours, or not yet. */
        family = RISK_ORPHANS;
        key = orphan_key(w->tenant, ts_str_of(email), ORPHAN_INCIDENT, TS_STR_NULL);
    } else if (st == TS_OK) {
        key = risk_user_key(w->tenant, u->row->number);
    } else {
        return st;
    }
    risk_key_text(&key, ts_str_of(change->incident_id));
    st = ts_store_get(w->store, family, risk_key_view(&key), w->arena, &value);
    if (st == TS_OK) {
        const Ts__Risk__UserIncident *old;

        st = ts_arena_unpack(w->arena, &ts__risk__user_incident__descriptor, value, &m);
        if (st != TS_OK)
            return st;
        old = (const Ts__Risk__UserIncident *)m;
        if (old->revision >= change->revision)
            return TS_OK;
        was_open = old->open;
    } else if (st != TS_NOT_FOUND) {
        return st;
    }
    row.revision = change->revision;
    row.open = open;
    ts_batch_put_message(w->batch, w->store, family, risk_key_view(&key), &row.base);
    if (u == NULL)
        return TS_OK;
    if (open && !was_open)
        u->row->open_incident_count++;
    else if (!open && was_open && u->row->open_incident_count > 0)
        u->row->open_incident_count--;
    u->touched = true;
    return TS_OK;
}

static ts_status apply_change(risk_work *w, const Ts__IncidentChanged *change)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < change->n_detection_ids && st == TS_OK; i++) {
        if (change->detection_ids[i].len != 16)
            return TS_INVALID;
        st = mark_firing(w, change, change->detection_ids[i].data);
    }
    for (size_t i = 0; i < change->n_affected_users && st == TS_OK; i++)
        st = count_incident(w, change, change->affected_users[i]);
    return st == TS_OK ? work_finish(w) : st;
}

ts_status risk_apply_row(void *service, const Ts__HandOverRow *row, ts_arena *arena,
                         ts_batch *batch, ts_error *err)
{
    risk *app = service;
    ts_tenant tenant = { row->org, row->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    ProtobufCMessage *m = NULL;
    const Ts__IncidentChanged *change;
    risk_work w;
    ts_status st;

    if (strcmp(row->kind, "incident_changed") != 0)
        return ts_fail(err, TS_INVALID, "kind", "risk takes rows of kind incident_changed");
    st = ts_arena_unpack(arena, &ts__incident_changed__descriptor,
                         ts_str_n(row->payload.data, row->payload.len), &m);
    if (st != TS_OK)
        return st;
    change = (const Ts__IncidentChanged *)m;
    if (change->n_detection_ids > FIRINGS_PER_ROW)
        return ts_fail(err, TS_INVALID, "detection_ids", "too many detections");
    st = work_begin_in(&w, app->store, tenant, ts_wall_ms(), arena, batch);
    if (st == TS_OK)
        st = apply_change(&w, change);
    return st;
}

ts_status risk_rpc_accept(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    risk *app = call->service;

    return ts_inbox_accept(app->inbox, call, (const Ts__HandOverRequest *)in,
                           (Ts__HandOverReply *)out);
}

ts_status risk_rpc_export(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_tenancy_export(((risk *)call->service)->store, "risk", call, in, out);
}

ts_status risk_rpc_backup(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_backup_step(((risk *)call->service)->store, call, in, out);
}
