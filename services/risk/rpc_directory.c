/* risk.PutDirectory: who works here. Users are made or brought up to date; whom an upload does not name stays. */
#include "directory.h"
#include "read.h"
#include "ts/audit.h"
#include "ts/json.h"
#include "ts/once.h"
#include "work.h"

typedef struct upload {
    ts_call *call;
    risk_work w;
    Ts__Risk__PutDirectoryReply *rep;
    risk_map rows_by_user; /* number -> its row: an account stands once in an upload */
    size_t capacity;
} upload;

static ts_status reject(upload *u, uint32_t index, const char *reason)
{
    Ts__Risk__PutDirectoryReply *rep = u->rep;
    Ts__Risk__Rejected *r = ts_arena_alloc(u->call->arena, sizeof(*r));

    if (r == NULL || !ts_arena_grow(u->call->arena, &rep->rejected, rep->n_rejected, &u->capacity,
                                    sizeof(*rep->rejected)))
        return TS_NOMEM;
    ts__risk__rejected__init(r);
    r->index = index;
    r->reason = (char *)(uintptr_t)reason; /* only packed */
    rep->rejected[rep->n_rejected++] = r;
    return TS_OK;
}

static ts_status find_or_make(upload *u, const Ts__Risk__DirectoryRow *row, work_user **ret,
                              const char **ret_reason)
{
    const risk *app = u->call->service;
    ts_status st = work_user_by_email(&u->w, ts_str_of(row->email), ret);

    if (st != TS_NOT_FOUND)
        return st;
    if (u->w.totals->last_user_number >= (uint64_t)app->config->users_max) {
        *ret_reason = ts_arena_printf(u->call->arena, "the organization has its %lld users",
                                      (long long)app->config->users_max);
        return *ret_reason == NULL ? TS_NOMEM : TS_INVALID;
    }
    st =
        work_user_add(&u->w, ts_str_of(row->email), "directory", TS_STR_NULL, u->call->now_ms, ret);
    if (st == TS_OK)
        (*ret)->row->last_seen_ms = 0; /* listed, not seen */
    return st;
}

static ts_status apply_row(upload *u, Ts__Risk__DirectoryRow *row)
{
    const Ts__Risk__DirectoryRow *earlier;
    const char *reason = NULL;
    work_user *user = NULL;
    ts_str number;
    bool was_admin, differs;
    ts_status st = directory_check(u->call->arena, row, &reason);

    if (st == TS_OK)
        st = find_or_make(u, row, &user, &reason);
    if (st == TS_INVALID)
        return reject(u, row->index, reason);
    if (st != TS_OK)
        return st;
    number = ts_str_n(&user->row->number, sizeof(user->row->number));
    earlier = risk_map_get(&u->rows_by_user, number);
    if (earlier != NULL) {
        reason = ts_arena_printf(u->call->arena, "the same account as row %u", earlier->index);
        return reason == NULL ? TS_NOMEM : reject(u, row->index, reason);
    }
    if (!risk_map_put(&u->rows_by_user, number, row))
        return TS_NOMEM;
    was_admin = user->row->is_admin;
    differs = directory_merge(user->row, row);
    if (was_admin != (user->row->is_admin != 0))
        work_user_rescore(user, "directory");
    user->touched = user->touched || differs;
    if (user->is_new)
        u->rep->created++;
    else if (differs)
        u->rep->updated++;
    else
        u->rep->unchanged++;
    return TS_OK;
}

static void audit(upload *u)
{
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(TS_AUDIT_DETAILS_MAX);
    ts_jsonw json = ts_jsonw_on(&details);

    ts_jsonw_object(&json);
    ts_jsonw_ki64(&json, "created", u->rep->created);
    ts_jsonw_ki64(&json, "updated", u->rep->updated);
    ts_jsonw_ki64(&json, "unchanged", u->rep->unchanged);
    ts_jsonw_ki64(&json, "rejected", (int64_t)u->rep->n_rejected);
    ts_jsonw_object_end(&json);
    ts_audit_add(u->w.batch, RISK_TO_AUTH, u->call, "directory.uploaded", "",
                 ts_buf_view(&details));
}

static ts_status apply_upload(upload *u, const Ts__Risk__PutDirectoryRequest *req)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < req->n_rows && st == TS_OK; i++)
        st = apply_row(u, req->rows[i]);
    return st;
}

/* Rows are cleaned in place: the request itself stays as it came, for the memory of answers. */
static ts_status copy_request(ts_arena *arena, const Ts__Risk__PutDirectoryRequest *req,
                              Ts__Risk__PutDirectoryRequest *ret)
{
    ts__risk__put_directory_request__init(ret);
    ret->rows = ts_arena_array(arena, req->n_rows + 1, sizeof(*ret->rows));
    if (ret->rows == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < req->n_rows; i++) {
        ret->rows[i] = ts_arena_alloc(arena, sizeof(*ret->rows[i]));
        if (ret->rows[i] == NULL)
            return TS_NOMEM;
        *ret->rows[i] = *req->rows[i];
    }
    ret->n_rows = req->n_rows;
    return TS_OK;
}

ts_status risk_rpc_put_directory(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__PutDirectoryRequest *req = (const Ts__Risk__PutDirectoryRequest *)in;
    risk *app = call->service;
    upload u = { .call = call, .rep = (Ts__Risk__PutDirectoryReply *)out };
    Ts__Risk__PutDirectoryRequest cleaned;
    uint64_t ticket = 0;
    bool found = false;
    ts_status st;

    if (req->n_rows > (size_t)app->config->directory_rows)
        return ts_fail(call->error, TS_TOO_LARGE, "", "an upload may have at most %lld rows",
                       (long long)app->config->directory_rows);
    if (!ts_store_has_room(app->store))
        return ts_fail(call->error, TS_UNAVAILABLE, TS_PARAM_DISK,
                       "the disk is nearly full: nothing is taken in");
    u.rows_by_user.arena = call->arena;
    st = copy_request(call->arena, req, &cleaned);
    if (st == TS_OK)
        st = work_begin(&u.w, app->store, call->tenant, call->now_ms, call->arena);
    if (st != TS_OK)
        return st;
    st = ts_once_find(app->store, RISK_ONCE, call, in, out, &found);
    if (st == TS_OK && !found) {
        st = apply_upload(&u, &cleaned);
        if (st == TS_OK)
            st = ts_once_keep(u.w.batch, app->store, RISK_ONCE, call, in, out);
        if (st == TS_OK) {
            audit(&u);
            st = work_write(&u.w, &ticket);
        }
    }
    work_end(&u.w);
    if (st != TS_OK)
        return st;
    return found ? ts_store_sync_all(app->store) : ts_store_sync(app->store, ticket);
}
