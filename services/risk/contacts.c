#include "contacts.h"

risk_key contact_key(ts_tenant t, ts_str value)
{
    risk_key k = risk_key_tenant(t);

    risk_key_text(&k, value);
    return k;
}

ts_status contacts_load(ts_store *store, ts_tenant t, risk_map *ret)
{
    risk_key prefix = risk_key_tenant(t);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(store, RISK_CONTACTS, risk_key_view(&prefix), false);

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        char *value;

        if (key.n < prefix.n + 2)
            return TS_CORRUPT;
        value = ts_arena_z(ret->arena, ts_str_n(key.p + prefix.n, key.n - prefix.n - 1));
        if (value == NULL || !risk_map_put(ret, ts_str_of(value), value))
            return TS_NOMEM;
    }
    return ts_iter_status(it);
}
