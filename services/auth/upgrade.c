/* From earlier layouts: 1 had no list, totals and ends of keys, 2 no ranks of the audit log.
 *
 * Each tenant's rows are written in one batch, from its keys alone, and the ranks from the log's index: writing them twice
 * changes nothing, so an upgrade that was killed begins anew. The note that it is done comes last.
 */
#include "store.h"

#define LAYOUT_KEYS 2
#define LAYOUT      3
#define ARENA_BYTES ((size_t)16 << 20)

static bool is_tenant(ts_str row_key, ts_tenant tenant)
{
    TS_CLEANUP(ts_buf_done) ts_buf prefix = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    ts_key_tenant(&prefix, tenant);
    return ts_str_starts(row_key, ts_buf_view(&prefix));
}

/* The iterator moves past one tenant's keys. */
static ts_status upgrade_tenant(ts_store *s, ts_iter *it, ts_arena *arena)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    auth_totals totals = { 0, 0 };
    ts_tenant tenant = { 0, TS_MODE_LIVE };

    if (b == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        const Ts__Auth__ApiKey *key;
        ts_status st;

        if (totals.keys > 0 && !is_tenant(ts_iter_key(it), tenant))
            break;
        ts_arena_reset(arena);
        st = ts_arena_unpack(arena, &ts__auth__api_key__descriptor, ts_iter_value(it), &m);
        if (st != TS_OK)
            return st;
        key = (const Ts__Auth__ApiKey *)m;
        tenant = auth_key_tenant(key);
        auth_put_key_listed(b, s, key);
        auth_put_key_due(b, s, key);
        totals.keys++;
        totals.active += key->revoked_ms == 0;
    }
    auth_put_totals(b, s, tenant, totals);
    return ts_store_write(s, b, NULL);
}

/* Earlier versions wrote the number of whichever organization was changed last. */
static ts_status mend_last_org(ts_store *s, ts_batch *b)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(s, AUTH_ORGS, TS_STR_NULL, TS_STR_NULL, true);

    if (it == NULL)
        return TS_NOMEM;
    if (ts_iter_valid(it))
        auth_put_number(b, s, "org", auth_read_u64(ts_iter_key(it), 0));
    return ts_iter_status(it);
}

static ts_status upgrade_keys(ts_store *s, ts_arena *arena)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(s, AUTH_KEYS, TS_STR_NULL, TS_STR_NULL, false);
    ts_status st = TS_OK;

    if (it == NULL)
        return TS_NOMEM;
    while (st == TS_OK && ts_iter_valid(it))
        st = upgrade_tenant(s, it, arena);
    return st == TS_OK ? ts_iter_status(it) : st;
}

static ts_status upgrade_from(ts_store *s, uint64_t layout, ts_arena *arena)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    ts_status st = TS_OK;

    if (b == NULL)
        return TS_NOMEM;
    if (layout < LAYOUT_KEYS)
        st = upgrade_keys(s, arena);
    if (st == TS_OK && layout < LAYOUT_KEYS)
        st = mend_last_org(s, b);
    if (st == TS_OK)
        st = ts_ranks_rebuild(&auth_audit_ranks, s, TS_STR_NULL, NULL, NULL);
    if (st != TS_OK)
        return st;
    auth_put_number(b, s, "layout", LAYOUT);
    return ts_store_commit(s, b);
}

ts_status auth_upgrade(ts_store *s)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_BYTES);
    uint64_t layout = 0;
    ts_status st;

    if (arena == NULL)
        return TS_NOMEM;
    st = auth_load_number(s, "layout", arena, &layout);
    return st != TS_OK || layout >= LAYOUT ? st : upgrade_from(s, layout, arena);
}
