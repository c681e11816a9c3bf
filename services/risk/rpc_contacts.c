/* Whom the organization trusts. */
#include "contacts.h"
#include "read.h"
#include "ts/audit.h"
#include "ts/once.h"
#include "work.h"

ts_status risk_rpc_list_contacts(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__ListContactsRequest *req = (const Ts__Risk__ListContactsRequest *)in;
    const risk *app = call->service;
    Ts__Risk__ContactList *rep = (Ts__Risk__ContactList *)out;
    risk_key prefix = risk_key_tenant(call->tenant);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    const Ts__Risk__Totals *totals = NULL;
    uint64_t skip = req->offset;
    ts_status st = risk_check_limit(req->limit, call->error);

    if (st == TS_OK)
        st = risk_read_totals(call, &totals);
    if (st != TS_OK)
        return st;
    rep->total = totals->contacts;
    it = ts_iter_prefix(app->store, RISK_CONTACTS, risk_key_view(&prefix), false);
    rep->contacts = ts_arena_array(call->arena, req->limit, sizeof(*rep->contacts));
    if (it == NULL || rep->contacts == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && rep->n_contacts < req->limit; ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;

        if (skip > 0) {
            skip--;
            continue;
        }
        st = ts_arena_unpack(call->arena, &ts__risk__contact__descriptor, ts_iter_value(it), &m);
        if (st != TS_OK)
            return st;
        rep->contacts[rep->n_contacts++] = (Ts__Risk__Contact *)m;
    }
    return ts_iter_status(it);
}

/* The contact that is there; TS_NOT_FOUND. */
static ts_status read_contact(const ts_call *call, const risk_key *key, Ts__Risk__Contact **ret)
{
    const risk *app = call->service;
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(app->store, RISK_CONTACTS, risk_key_view(key), call->arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(call->arena, &ts__risk__contact__descriptor, value, &m);
    if (st == TS_OK)
        *ret = (Ts__Risk__Contact *)m;
    return st;
}

static ts_status put_contact(risk_work *w, const ts_call *call,
                             const Ts__Risk__AddContactRequest *req, ts_str value,
                             Ts__Risk__Contact *rep)
{
    risk_key key = contact_key(call->tenant, value);
    Ts__Risk__Contact *known = NULL;
    ts_status st = read_contact(call, &key, &known);

    if (st == TS_OK) {
        *rep = *known;
        if (req->note[0] == '\0' || strcmp(req->note, known->note) == 0)
            return TS_OK; /* as it is */
        rep->note = req->note;
    } else if (st == TS_NOT_FOUND) {
        if (w->totals->contacts >= CONTACTS_MAX)
            return ts_fail(call->error, TS_CONFLICT, "value",
                           "The organization has its %d trusted contacts.", CONTACTS_MAX);
        rep->value = ts_arena_z(call->arena, value);
        rep->note = req->note;
        rep->added_ms = call->now_ms;
        rep->added_by = (char *)(uintptr_t)call->caller.actor; /* only packed */
        w->totals->contacts++;
        if (rep->value == NULL)
            return TS_NOMEM;
    } else {
        return st;
    }
    ts_batch_put_message(w->batch, w->store, RISK_CONTACTS, risk_key_view(&key), &rep->base);
    ts_audit_add(w->batch, RISK_TO_AUTH, call, "contact.added", rep->value, TS_STR_NULL);
    return TS_OK;
}

/* What both changes of contacts share: once, the change, the batch, its sync. */
typedef ts_status contact_change(risk_work *w, ts_call *call, const ProtobufCMessage *in,
                                 ts_str value, ProtobufCMessage *out);

static ts_status change_contact(ts_call *call, const ProtobufCMessage *in, ts_str value,
                                ProtobufCMessage *out, contact_change *change)
{
    risk *app = call->service;
    uint64_t ticket = 0;
    bool found = false;
    risk_work w;
    ts_status st = work_begin(&w, app->store, call->tenant, call->now_ms, call->arena);

    if (st != TS_OK)
        return st;
    st = ts_once_find(app->store, RISK_ONCE, call, in, out, &found);
    if (st == TS_OK && !found) {
        st = change(&w, call, in, value, out);
        if (st == TS_OK)
            st = ts_once_keep(w.batch, app->store, RISK_ONCE, call, in, out);
        if (st == TS_OK)
            st = work_write(&w, &ticket);
    }
    work_end(&w);
    if (st != TS_OK)
        return st;
    return found ? ts_store_sync_all(app->store) : ts_store_sync(app->store, ticket);
}

static ts_status add_contact(risk_work *w, ts_call *call, const ProtobufCMessage *in, ts_str value,
                             ProtobufCMessage *out)
{
    return put_contact(w, call, (const Ts__Risk__AddContactRequest *)in, value,
                       (Ts__Risk__Contact *)out);
}

ts_status risk_rpc_add_contact(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__AddContactRequest *req = (const Ts__Risk__AddContactRequest *)in;
    ts_str value = TS_STR_NULL;
    ts_status st = contact_parse(call->arena, ts_str_of(req->value), &value, call->error);

    if (st == TS_OK)
        st = risk_check_note(req->note, call->error);
    return st == TS_OK ? change_contact(call, in, value, out, add_contact) : st;
}

static ts_status remove_contact(risk_work *w, ts_call *call, const ProtobufCMessage *in,
                                ts_str value, ProtobufCMessage *out)
{
    risk_key key = contact_key(call->tenant, value);
    Ts__Risk__ContactValue *rep = (Ts__Risk__ContactValue *)out;

    (void)in;
    if (!ts_store_has(w->store, RISK_CONTACTS, risk_key_view(&key)))
        return ts_fail(call->error, TS_NOT_FOUND, "value", "There is no such trusted contact.");
    rep->value = ts_arena_z(call->arena, value);
    if (rep->value == NULL)
        return TS_NOMEM;
    ts_batch_delete(w->batch, w->store, RISK_CONTACTS, risk_key_view(&key));
    if (w->totals->contacts > 0)
        w->totals->contacts--;
    ts_audit_add(w->batch, RISK_TO_AUTH, call, "contact.removed", rep->value, TS_STR_NULL);
    return TS_OK;
}

ts_status risk_rpc_remove_contact(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__ContactValue *req = (const Ts__Risk__ContactValue *)in;
    ts_str value = TS_STR_NULL;

    if (contact_parse(call->arena, ts_str_of(req->value), &value, NULL) != TS_OK)
        return ts_fail(call->error, TS_NOT_FOUND, "value", "There is no such trusted contact.");
    return change_contact(call, in, value, out, remove_contact);
}
