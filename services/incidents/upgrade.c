#include "upgrade.h"

#include "incidents.h"
#include "lifecycle.h"
#include "ts/log.h"

#define ID_SIZE     16
#define ARENA_BYTES ((size_t)16 << 20)

typedef struct upgrade {
    ts_store *s;
    ts_arena *arena; /* of one row */
} upgrade;

/* Chains and rules have lists beside those of the API; only an incident can tell which of its own are which. */
static ts_status is_of_api(void *context, ts_str key, bool *ret)
{
    const upgrade *u = context;
    incidents_key row_key = { .n = 0 };
    Ts__Incidents__Row *row = NULL;
    incident_status status;
    ts_hash128 *scopes;
    ts_hash128 scope;
    ts_status st;

    ts_arena_reset(u->arena);
    memcpy(row_key.bytes, key.p, TS_KEY_TENANT_SIZE);
    memcpy(row_key.bytes + TS_KEY_TENANT_SIZE, key.p + key.n - ID_SIZE, ID_SIZE);
    row_key.n = TS_KEY_TENANT_SIZE + ID_SIZE;
    memcpy(scope.bytes, key.p + TS_KEY_TENANT_SIZE, sizeof(scope.bytes));
    st = incidents_load_row(u->s, incidents_key_view(&row_key), u->arena, &row);
    if (st == TS_NOT_FOUND) {
        char text[TS_ID_SIZE];
        ts_hash128 id;

        memcpy(id.bytes, row_key.bytes + TS_KEY_TENANT_SIZE, sizeof(id.bytes));
        ts_id_format("inc_", id, text);
        ts_warn(TS_MSG("left out a list that names an incident which is not there"),
                TS_F_Z("incident_id", text));
        *ret = false;
        return TS_OK;
    }
    if (st == TS_OK)
        st = incident_status_read(row->incident->status, &status);
    if (st != TS_OK)
        return st;
    scopes = ts_arena_array(u->arena, INCIDENTS_SCOPES(row->incident->n_affected_users),
                            sizeof(*scopes));
    if (scopes == NULL)
        return TS_NOMEM;
    *ret = incidents_has_scope(
        scopes,
        incidents_list_scopes(incident_is_closed(status) ? GROUP_CLOSED : GROUP_OPEN,
                              (int)row->incident->severity, row->incident->affected_users,
                              row->incident->n_affected_users, scopes),
        scope);
    return TS_OK;
}

static ts_status upgrade_tenant(upgrade *u, ts_str tenant, Ts__Incidents__Totals *totals)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    ts_status st = ts_ranks_rebuild(&incidents_ranks, u->s, tenant, is_of_api, u);

    if (st != TS_OK)
        return st;
    if (b == NULL)
        return TS_NOMEM;
    totals->ranked = true;
    ts_batch_put_message(b, u->s, INCIDENTS_TOTALS, tenant, &totals->base);
    return ts_store_write(u->s, b, NULL);
}

static ts_status upgrade_all(upgrade *u, ts_arena *totals_arena)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(u->s, INCIDENTS_TOTALS, TS_STR_NULL, TS_STR_NULL, false);
    uint64_t count = 0;
    ts_status st = TS_OK;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        Ts__Incidents__Totals *totals;

        ts_arena_reset(totals_arena);
        st = ts_arena_unpack(totals_arena, &ts__incidents__totals__descriptor, ts_iter_value(it),
                             &m);
        totals = (Ts__Incidents__Totals *)m;
        /* Of an erased organization no row can be put; what is left of it goes when auth tells it again. */
        if (st == TS_OK && !totals->ranked &&
            !ts_store_is_erased(u->s, incidents_key_tenant(ts_iter_key(it)).org)) {
            st = upgrade_tenant(u, ts_iter_key(it), totals);
            count++;
        }
    }
    if (st == TS_OK)
        st = ts_iter_status(it);
    if (count > 0)
        ts_info(TS_MSG("lists counted by time"), TS_F_U64("tenants", count), TS_F_STATUS(st));
    return st;
}

ts_status upgrade_run(ts_store *s)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_BYTES);
    TS_CLEANUP(ts_arena_free_p) ts_arena *totals_arena = ts_arena_new(ARENA_BYTES);
    upgrade u = { s, arena };

    return arena == NULL || totals_arena == NULL ? TS_NOMEM : upgrade_all(&u, totals_arena);
}
