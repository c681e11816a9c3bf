/* The inventory of apps. */
#include "apps.h"
#include "read.h"
#include "ts/audit.h"
#include "ts/id.h"
#include "ts/json.h"
#include "ts/once.h"

static ts_status parse_list(const char *status, enum apps_list *ret, ts_error *err)
{
    if (strcmp(status, "all") == 0)
        *ret = APPS_ALL;
    else if (strcmp(status, "trusted") == 0)
        *ret = APPS_TRUSTED;
    else if (strcmp(status, "untrusted") == 0)
        *ret = APPS_UNTRUSTED;
    else
        return ts_fail(err, TS_INVALID, "status", "status must be trusted, untrusted or all");
    return TS_OK;
}

static ts_status show_app(const ts_call *call, const uint8_t id[16], const Ts__Risk__AppRow *row,
                          Ts__Risk__App *ret)
{
    const risk *app = call->service;

    return apps_show(app->store, call->tenant, risk_ingest_catalogue(app->ingest), call->arena, id,
                     row, NULL, 0, ret);
}

static ts_status read_app(const ts_call *call, const uint8_t id[16], Ts__Risk__App *ret)
{
    const risk *app = call->service;
    risk_key key = risk_app_key(call->tenant, id);
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(app->store, RISK_APPS, risk_key_view(&key), call->arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(call->arena, &ts__risk__app_row__descriptor, value, &m);
    return st == TS_OK ? show_app(call, id, (const Ts__Risk__AppRow *)m, ret) : st;
}

#define SCORE_DIGITS 2

/* Where a page ends: the last app's score and id. */
static ts_status mark_end(const ts_call *call, Ts__Risk__AppList *rep)
{
    const Ts__Risk__App *last;
    char score[SCORE_DIGITS];

    if (rep->n_apps == 0)
        return TS_OK;
    last = rep->apps[rep->n_apps - 1];
    ts_base62_u64(last->risk_score, score, SCORE_DIGITS);
    rep->next = ts_arena_printf(call->arena, "%.*s%s", SCORE_DIGITS, score,
                                last->id + sizeof(APPS_ID_PREFIX) - 1);
    return rep->next == NULL ? TS_NOMEM : TS_OK;
}

/* Behind the last app of an earlier page, wherever it stands by now. */
static ts_status go_behind(const ts_call *call, enum apps_list list, ts_str after, risk_key *from)
{
    uint64_t score = 0;
    Ts__Risk__App last;
    ts_hash128 id;
    ts_status st = TS_INVALID;

    if (after.n > SCORE_DIGITS)
        st = ts_base62_read(ts_str_n(after.p, SCORE_DIGITS), &score);
    if (st == TS_OK)
        st = ts_id_parse("", ts_str_n(after.p + SCORE_DIGITS, after.n - SCORE_DIGITS), &id);
    if (st == TS_OK)
        st = read_app(call, id.bytes, &last);
    if (st == TS_INVALID || st == TS_NOT_FOUND || score > 100)
        return risk_refuse_cursor(call->error);
    if (st != TS_OK)
        return st;
    *from = apps_order_key(call->tenant, list, (uint32_t)score, ts_str_of(last.name), call->arena,
                           id.bytes);
    risk_key_u8(from, 0); /* the first key after it */
    return TS_OK;
}

static ts_status collect_apps(const ts_call *call, const Ts__Risk__ListAppsRequest *req,
                              enum apps_list list, Ts__Risk__AppList *rep)
{
    const risk *app = call->service;
    risk_key from = risk_key_tenant(call->tenant);
    risk_key until = risk_key_tenant(call->tenant);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    uint64_t skip = req->after[0] == '\0' ? req->offset : 0;
    ts_status st = TS_OK;

    risk_key_u8(&from, (uint8_t)list);
    risk_key_u8(&until, (uint8_t)(list + 1));
    if (req->after[0] != '\0')
        st = go_behind(call, list, ts_str_of(req->after), &from);
    if (st != TS_OK)
        return st;
    it =
        ts_iter_new(app->store, RISK_APP_ORDER, risk_key_view(&from), risk_key_view(&until), false);
    rep->apps = ts_arena_array(call->arena, req->limit, sizeof(*rep->apps));
    if (it == NULL || rep->apps == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && rep->n_apps < req->limit; ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        Ts__Risk__App *shown;

        if (skip > 0) {
            skip--;
            continue;
        }
        shown = ts_arena_alloc(call->arena, sizeof(*shown));
        if (shown == NULL)
            return TS_NOMEM;
        st = key.n < 16 ? TS_CORRUPT : read_app(call, (const uint8_t *)key.p + key.n - 16, shown);
        if (st == TS_NOT_FOUND)
            continue;
        if (st != TS_OK)
            return st;
        rep->apps[rep->n_apps++] = shown;
    }
    st = ts_iter_status(it);
    return st == TS_OK ? mark_end(call, rep) : st;
}

/* Over the rows themselves, whose keys never change. */
static ts_status collect_by_id(const ts_call *call, const Ts__Risk__ListAppsRequest *req,
                               enum apps_list list, Ts__Risk__AppList *rep)
{
    const risk *app = call->service;
    risk_key from = risk_key_tenant(call->tenant);
    risk_key until = risk_key_tenant(call->tenant);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    static const uint8_t last[17] = { 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                      255, 255, 255, 255, 255, 255, 255, 0 };
    char place[TS_ID_SIZE];
    ts_hash128 id = { .bytes = { 0 } };
    ts_status st = TS_OK;

    if (req->after[0] != '\0' && ts_id_parse("", ts_str_of(req->after), &id) != TS_OK)
        return risk_refuse_cursor(call->error);
    risk_key_bytes(&from, id.bytes, sizeof(id.bytes));
    if (req->after[0] != '\0')
        risk_key_u8(&from, 0); /* the first key after it */
    risk_key_bytes(&until, last, sizeof(last));
    it = ts_iter_new(app->store, RISK_APPS, risk_key_view(&from), risk_key_view(&until), false);
    rep->apps = ts_arena_array(call->arena, req->limit, sizeof(*rep->apps));
    if (it == NULL || rep->apps == NULL)
        return TS_NOMEM;
    for (size_t i = 0; ts_iter_valid(it) && i < RISK_SCAN_MAX && rep->n_apps < req->limit;
         i++, ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        ProtobufCMessage *m = NULL;
        const Ts__Risk__AppRow *row;
        Ts__Risk__App *shown;

        st = key.n < sizeof(id.bytes) ? TS_CORRUPT
                                      : ts_arena_unpack(call->arena, &ts__risk__app_row__descriptor,
                                                        ts_iter_value(it), &m);
        if (st != TS_OK)
            return st;
        memcpy(id.bytes, key.p + key.n - sizeof(id.bytes), sizeof(id.bytes));
        row = (const Ts__Risk__AppRow *)m;
        if (list != APPS_ALL && row->trusted != (list == APPS_TRUSTED))
            continue;
        shown = ts_arena_alloc(call->arena, sizeof(*shown));
        if (shown == NULL)
            return TS_NOMEM;
        st = show_app(call, id.bytes, row, shown);
        if (st != TS_OK)
            return st;
        rep->apps[rep->n_apps++] = shown;
    }
    st = ts_iter_status(it);
    if (st != TS_OK || !ts_iter_valid(it))
        return st;
    ts_id_format("", id, place);
    rep->next = ts_arena_z(call->arena, ts_str_of(place));
    return rep->next == NULL ? TS_NOMEM : TS_OK;
}

ts_status risk_rpc_list_apps(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__ListAppsRequest *req = (const Ts__Risk__ListAppsRequest *)in;
    Ts__Risk__AppList *rep = (Ts__Risk__AppList *)out;
    const Ts__Risk__Totals *totals = NULL;
    enum apps_list list;
    ts_status st = risk_check_limit(req->limit, call->error);

    if (st == TS_OK)
        st = parse_list(req->status, &list, call->error);
    if (st == TS_OK)
        st = risk_read_totals(call, &totals);
    if (st != TS_OK)
        return st;
    rep->total = (list != APPS_UNTRUSTED ? totals->trusted_apps : 0) +
                 (list != APPS_TRUSTED ? totals->untrusted_apps : 0);
    return req->by_id ? collect_by_id(call, req, list, rep) : collect_apps(call, req, list, rep);
}

static ts_status no_app(ts_error *err)
{
    return ts_fail(err, TS_NOT_FOUND, "id", "There is no such app.");
}

ts_status risk_rpc_get_app(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__AppId *req = (const Ts__Risk__AppId *)in;
    ts_hash128 id;
    ts_status st;

    if (ts_id_parse(APPS_ID_PREFIX, ts_str_of(req->id), &id) != TS_OK)
        return no_app(call->error);
    st = read_app(call, id.bytes, (Ts__Risk__App *)out);
    return st == TS_NOT_FOUND ? no_app(call->error) : st;
}

static void audit_status(risk_work *w, const ts_call *call, const Ts__Risk__UpdateAppRequest *req,
                         bool was_trusted)
{
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(TS_AUDIT_DETAILS_MAX);
    ts_jsonw json = ts_jsonw_on(&details);

    ts_jsonw_object(&json);
    ts_jsonw_kz(&json, "from", was_trusted ? "trusted" : "untrusted");
    ts_jsonw_kz(&json, "to", req->status);
    ts_jsonw_kbool(&json, "note", req->note[0] != '\0');
    ts_jsonw_object_end(&json);
    ts_audit_add(w->batch, RISK_TO_AUTH, call, "app.status_changed", req->id,
                 ts_buf_view(&details));
}

/* Under the lock, up to the batch. */
static ts_status change_app(risk_work *w, const ts_call *call,
                            const Ts__Risk__UpdateAppRequest *req, const uint8_t id[16],
                            bool trusted, Ts__Risk__App *rep)
{
    const risk *app = call->service;
    const catalogue *c = risk_ingest_catalogue(app->ingest);
    work_app *changed = NULL;
    bool was_trusted;
    ts_status st = apps_get(w, id, &changed);

    if (st != TS_OK)
        return st == TS_NOT_FOUND ? no_app(call->error) : st;
    was_trusted = changed->row->trusted;
    st = apps_set_status(w, c, changed, trusted, req->note);
    if (st == TS_OK)
        st = work_finish(w);
    if (st == TS_OK)
        st = apps_show(app->store, call->tenant, c, call->arena, id, changed->row, NULL, 0, rep);
    if (st == TS_OK)
        st = ts_once_keep(w->batch, app->store, RISK_ONCE, call, &req->base, &rep->base);
    if (st == TS_OK)
        audit_status(w, call, req, was_trusted);
    return st;
}

ts_status risk_rpc_update_app(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__UpdateAppRequest *req = (const Ts__Risk__UpdateAppRequest *)in;
    risk *app = call->service;
    enum apps_list list;
    uint64_t ticket = 0;
    bool found = false;
    ts_hash128 id;
    risk_work w;
    ts_status st;

    if (ts_id_parse(APPS_ID_PREFIX, ts_str_of(req->id), &id) != TS_OK)
        return no_app(call->error);
    if (parse_list(req->status, &list, NULL) != TS_OK || list == APPS_ALL)
        return ts_fail(call->error, TS_INVALID, "status", "status must be trusted or untrusted");
    st = risk_check_note(req->note, call->error);
    if (st == TS_OK)
        st = work_begin(&w, app->store, call->tenant, call->now_ms, call->arena);
    if (st != TS_OK)
        return st;
    st = ts_once_find(app->store, RISK_ONCE, call, in, out, &found);
    if (st == TS_OK && !found) {
        st = change_app(&w, call, req, id.bytes, list == APPS_TRUSTED, (Ts__Risk__App *)out);
        if (st == TS_OK)
            st = ts_store_write(app->store, w.batch, &ticket);
    }
    work_end(&w);
    if (st != TS_OK)
        return st;
    return found ? ts_store_sync_all(app->store) : ts_store_sync(app->store, ticket);
}
