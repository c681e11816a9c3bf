#include "orphans.h"

#include "apps.h"

risk_key orphan_key(ts_tenant t, ts_str email, enum orphan_kind kind, ts_str id)
{
    risk_key k = risk_key_tenant(t);

    risk_key_text(&k, email);
    risk_key_u8(&k, (uint8_t)kind);
    risk_key_bytes(&k, id.p, id.n);
    return k;
}

static void take_firing(work_user *u, work_firing *f)
{
    f->moved = !f->is_new;
    f->user = u->row->number;
    f->changed = true;
    f->row->user_email = (char *)(uintptr_t) "";
    if (!f->row->historical)
        work_user_rescore(u, f->row->rule_id);
}

static ts_status adopt_firing(risk_work *w, work_user *u, ts_str id)
{
    work_firing *f = NULL;
    ts_status st;

    if (id.n != 16)
        return TS_CORRUPT;
    st = work_firing_get(w, 0, (const uint8_t *)id.p, &f);
    if (st != TS_OK || f->user != 0)
        return st;
    if (f->row->count > 0)
        take_firing(u, f);
    else
        f->user = u->row->number; /* pruned: nothing to move, and what comes now is the user's */
    return TS_OK;
}

static ts_status adopt_incident(risk_work *w, work_user *u, ts_str id, ts_str value)
{
    risk_key key = risk_user_key(w->tenant, u->row->number);
    ProtobufCMessage *m = NULL;
    ts_status st = ts_arena_unpack(w->arena, &ts__risk__user_incident__descriptor, value, &m);

    if (st != TS_OK)
        return st;
    risk_key_bytes(&key, id.p, id.n);
    ts_batch_put(w->batch, w->store, RISK_USER_INCIDENTS, risk_key_view(&key), value);
    if (((const Ts__Risk__UserIncident *)m)->open)
        u->row->open_incident_count++;
    u->touched = true;
    return TS_OK;
}

static ts_status adopt_app(risk_work *w, const work_user *u, ts_str id, ts_str value)
{
    ProtobufCMessage *m = NULL;
    const Ts__Risk__AppUser *row;
    work_app *app = NULL;
    ts_status st = ts_arena_unpack(w->arena, &ts__risk__app_user__descriptor, value, &m);

    if (st == TS_OK)
        st = id.n == 16 ? apps_get(w, (const uint8_t *)id.p, &app) : TS_CORRUPT;
    if (st != TS_OK)
        return st;
    row = (const Ts__Risk__AppUser *)m;
    return apps_note_user(w, app, ts_str_of(u->row->email), row->active, row->changed_ms);
}

static ts_status adopt_row(risk_work *w, work_user *u, ts_str id, int kind, ts_str value)
{
    switch (kind) {
    case ORPHAN_FIRING: return adopt_firing(w, u, id);
    case ORPHAN_INCIDENT: return adopt_incident(w, u, id, value);
    case ORPHAN_APP: return adopt_app(w, u, id, value);
    default: return TS_CORRUPT;
    }
}

static ts_status adopt_stored(risk_work *w, work_user *u, ts_str email)
{
    risk_key prefix = risk_key_tenant(w->tenant);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_status st = TS_OK;

    risk_key_text(&prefix, email);
    it = ts_iter_prefix(w->store, RISK_ORPHANS, risk_key_view(&prefix), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; st == TS_OK && ts_iter_valid(it); ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        ts_str id;

        if (key.n < prefix.n + 1)
            return TS_CORRUPT;
        id = ts_arena_str(w->arena, ts_str_n(key.p + prefix.n + 1, key.n - prefix.n - 1));
        if (id.p == NULL)
            return TS_NOMEM;
        ts_batch_delete(w->batch, w->store, RISK_ORPHANS, key);
        st = adopt_row(w, u, id, (uint8_t)key.p[prefix.n], ts_iter_value(it));
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

ts_status orphans_adopt(risk_work *w, work_user *u, ts_str email)
{
    ts_status st = adopt_stored(w, u, email);

    for (work_firing *f = w->firings; st == TS_OK && f != NULL; f = f->next) {
        if (f->user == 0 && f->row->count > 0 && ts_str_is(email, f->row->user_email))
            take_firing(u, f);
    }
    return st;
}
