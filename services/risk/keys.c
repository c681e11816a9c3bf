#include "keys.h"

#include "proto/methods.h"
#include "ts/time.h"

#define USER_KEY_SIZE (TS_KEY_TENANT_SIZE + 8)

const ts_family risk_families[] = {
    { .name = "events", .type = &ts__risk__event__descriptor },
    { .name = "user_events" },
    { .name = "users", .type = &ts__risk__user_row__descriptor },
    { .name = "identity" },
    { .name = "user_order" },
    { .name = "firings", .type = &ts__risk__firing__descriptor },
    { .name = "firing_users" },
    { .name = "timeline", .type = &ts__risk__timeline_point__descriptor },
    { .name = "user_incidents", .type = &ts__risk__user_incident__descriptor },
    { .name = "hits", .type = &ts__risk__hit__descriptor },
    { .name = "domains" },
    { .name = "totals", .type = &ts__risk__totals__descriptor },
    { .name = "due", .is_global = true },
    { .name = "user_places" },
    { .name = "search" },
    { .name = "orphans" },
    { .name = "apps", .type = &ts__risk__app_row__descriptor },
    { .name = "app_order" },
    { .name = "app_users", .type = &ts__risk__app_user__descriptor },
    { .name = "contacts", .type = &ts__risk__contact__descriptor },
    { .name = "baselines", .type = &ts__risk__behavior_day__descriptor },
    { .name = "once", .is_internal = true },
    { .name = "inbox", .is_global = true },
    { .name = NULL },
};

void risk_key_bytes(risk_key *k, const void *bytes, size_t n)
{
    if (n > sizeof(k->bytes) - k->n) {
        k->overflow = true;
        return;
    }
    if (n > 0)
        memcpy(k->bytes + k->n, bytes, n);
    k->n += n;
}

void risk_key_u8(risk_key *k, uint8_t n)
{
    risk_key_bytes(k, &n, 1);
}

void risk_key_u32(risk_key *k, uint32_t n)
{
    uint8_t b[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

    risk_key_bytes(k, b, sizeof(b));
}

void risk_key_u64(risk_key *k, uint64_t n)
{
    risk_key_u32(k, (uint32_t)(n >> 32));
    risk_key_u32(k, (uint32_t)n);
}

void risk_key_desc(risk_key *k, int64_t ms)
{
    risk_key_u64(k, ~(uint64_t)ms);
}

void risk_key_text(risk_key *k, ts_str text)
{
    risk_key_bytes(k, text.p, text.n);
    risk_key_u8(k, 0);
}

ts_str risk_key_view(const risk_key *k)
{
    return k->overflow ? TS_STR_NULL : ts_str_n(k->bytes, k->n);
}

risk_key risk_key_tenant(ts_tenant t)
{
    risk_key k;

    k.n = 0;
    k.overflow = false;
    risk_key_u64(&k, t.org);
    risk_key_u8(&k, (uint8_t)t.mode);
    return k;
}

uint64_t risk_read_u64(ts_str bytes, size_t at)
{
    uint64_t n = 0;

    for (size_t i = 0; i < 8 && at + i < bytes.n; i++)
        n = n << 8 | (uint8_t)bytes.p[at + i];
    return n;
}

uint32_t risk_read_u32(ts_str bytes, size_t at)
{
    uint32_t n = 0;

    for (size_t i = 0; i < 4 && at + i < bytes.n; i++)
        n = n << 8 | (uint8_t)bytes.p[at + i];
    return n;
}

risk_key risk_event_key(ts_tenant t, int64_t event_ms, const uint8_t id[16])
{
    risk_key k = risk_key_tenant(t);

    risk_key_u32(&k, (uint32_t)ts_time_day(event_ms));
    risk_key_bytes(&k, id, 16);
    return k;
}

risk_key risk_user_key(ts_tenant t, uint64_t user)
{
    risk_key k = risk_key_tenant(t);

    risk_key_u64(&k, user);
    return k;
}

risk_key risk_identity_key(ts_tenant t, const char *kind, ts_str text)
{
    risk_key k = risk_key_tenant(t);

    risk_key_text(&k, ts_str_of(kind));
    risk_key_text(&k, text);
    return k;
}

risk_key risk_order_key(ts_tenant t, uint32_t score, ts_str email)
{
    risk_key k = risk_key_tenant(t);

    risk_key_u8(&k, (uint8_t)(100 - (score > 100 ? 100 : score)));
    risk_key_text(&k, email);
    return k;
}

risk_key risk_firing_key(ts_tenant t, uint64_t user, const uint8_t id[16])
{
    risk_key k = risk_user_key(t, user);

    risk_key_bytes(&k, id, 16);
    return k;
}

risk_key risk_app_key(ts_tenant t, const uint8_t app[16])
{
    risk_key k = risk_key_tenant(t);

    risk_key_bytes(&k, app, 16);
    return k;
}

risk_key risk_due_key(int64_t due_ms, ts_tenant t, uint64_t user)
{
    risk_key k;

    k.n = 0;
    k.overflow = false;
    risk_key_u64(&k, (uint64_t)due_ms);
    risk_key_u64(&k, t.org);
    risk_key_u8(&k, (uint8_t)t.mode);
    risk_key_u64(&k, user);
    return k;
}

ts_status risk_get_users(ts_store *store, ts_tenant t, unsigned family, const uint64_t *numbers,
                         size_t count, bool ascending, ts_arena *arena, ts_str *ret_values)
{
    char *bytes = ts_arena_array(arena, count + 1, USER_KEY_SIZE);
    ts_str *keys = ts_arena_array(arena, count + 1, sizeof(*keys));

    if (bytes == NULL || keys == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < count; i++) {
        risk_key key = risk_user_key(t, numbers[i]);

        memcpy(bytes + i * USER_KEY_SIZE, key.bytes, USER_KEY_SIZE);
        keys[i] = ts_str_n(bytes + i * USER_KEY_SIZE, USER_KEY_SIZE);
    }
    return ts_store_get_many(store, family, keys, count, ascending, arena, ret_values);
}
