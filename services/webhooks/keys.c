#include "keys.h"

#include "proto/methods.h"

static const char *const secrets[] = { "secret", "next_secret", "value", NULL };
#define FACT_SOLE 2
#define FACT_BARE 4

static const char *const tokens[] = { "token", "bare", NULL }; /* old, and never stored */

const ts_family webhooks_families[] = {
    { .name = "endpoints", .type = &ts__webhooks__endpoint__descriptor, .hidden = secrets },
    { .name = "events", .type = &ts__webhooks__stored_event__descriptor },
    { .name = "event_order" },
    { .name = "event_status" },
    { .name = "deliveries", .type = &ts__webhooks__stored_delivery__descriptor, .hidden = tokens },
    { .name = "due" },
    { .name = "leases", .is_global = true },
    { .name = "totals", .type = &ts__webhooks__totals__descriptor },
    { .name = "inbox", .is_global = true },
    { .name = "states", .type = &ts__webhooks__stored_state__descriptor },
    { .name = "event_index" },
    { .name = "owed_index", .type = &ts__webhooks__stored_delivery__descriptor, .hidden = tokens },
    { .name = "owed_totals", .type = &ts__webhooks__totals__descriptor },
    { .name = "replays", .type = &ts__webhooks__replay_job__descriptor },
    { .name = "once", .is_internal = true },
    { .name = NULL },
};

void key_bytes(webhooks_key *k, const void *bytes, size_t n)
{
    if (n > sizeof(k->bytes) - k->n)
        n = sizeof(k->bytes) - k->n;
    if (n > 0)
        memcpy(k->bytes + k->n, bytes, n);
    k->n += n;
}

void key_u64(webhooks_key *k, uint64_t n)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(n >> (56 - 8 * i));
    key_bytes(k, bytes, sizeof(bytes));
}

static void key_u8(webhooks_key *k, uint8_t n)
{
    key_bytes(k, &n, 1);
}

static void key_text(webhooks_key *k, ts_str text)
{
    key_bytes(k, text.p, text.n);
    key_u8(k, 0);
}

static void add_tenant(webhooks_key *k, ts_tenant t)
{
    key_u64(k, t.org);
    key_u8(k, (uint8_t)t.mode);
}

webhooks_key key_tenant(ts_tenant t)
{
    webhooks_key k = { .n = 0 };

    add_tenant(&k, t);
    return k;
}

webhooks_key key_endpoint(ts_tenant t, ts_str endpoint)
{
    webhooks_key k = key_tenant(t);

    key_text(&k, endpoint);
    return k;
}

webhooks_key key_event(ts_tenant t, ts_hash128 event)
{
    webhooks_key k = key_tenant(t);

    key_bytes(&k, event.bytes, sizeof(event.bytes));
    return k;
}

static void add_place(webhooks_key *k, const index_place *at)
{
    key_u8(k, (uint8_t)at->type);
    key_u8(k, (uint8_t)at->state);
    key_u64(k, ~(uint64_t)at->created_ms);
    key_bytes(k, at->event.bytes, sizeof(at->event.bytes));
}

webhooks_key key_event_index(ts_tenant t, const index_place *at)
{
    webhooks_key k = key_tenant(t);

    add_place(&k, at);
    return k;
}

webhooks_key key_owed_index(ts_tenant t, ts_str endpoint, const index_place *at)
{
    webhooks_key k = key_endpoint(t, endpoint);

    add_place(&k, at);
    return k;
}

webhooks_key key_delivery(ts_tenant t, ts_hash128 event, ts_str endpoint)
{
    webhooks_key k = key_event(t, event);

    key_text(&k, endpoint);
    return k;
}

webhooks_key key_due(ts_tenant t, ts_str endpoint, int64_t due_ms, ts_hash128 event)
{
    webhooks_key k = key_endpoint(t, endpoint);

    key_u64(&k, (uint64_t)due_ms);
    key_bytes(&k, event.bytes, sizeof(event.bytes));
    return k;
}

webhooks_key key_leases(int64_t until_ms, uint64_t number)
{
    webhooks_key k = { .n = 0 };

    key_u64(&k, (uint64_t)until_ms);
    key_u64(&k, number);
    return k;
}

static uint64_t read_u64(const char *p)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < 8; i++)
        n = n << 8 | (uint8_t)p[i];
    return n;
}

bool key_read_due(ts_str key, size_t prefix_n, int64_t *ret_due_ms, ts_hash128 *ret_event)
{
    if (key.n != prefix_n + 8 + sizeof(ret_event->bytes))
        return false;
    *ret_due_ms = (int64_t)read_u64(key.p + prefix_n);
    memcpy(ret_event->bytes, key.p + prefix_n + 8, sizeof(ret_event->bytes));
    return true;
}

bool key_read_place(ts_str key, index_place *ret)
{
    const char *p;

    if (key.n < TS_KEY_TENANT_SIZE + INDEX_PLACE_SIZE)
        return false;
    p = key.p + key.n - INDEX_PLACE_SIZE;
    ret->type = (uint8_t)p[0];
    ret->state = (uint8_t)p[1];
    ret->created_ms = (int64_t)~read_u64(p + 2);
    memcpy(ret->event.bytes, p + 10, sizeof(ret->event.bytes));
    return ret->type < TYPES_COUNT && ret->state < INDEX_STATES;
}

void due_write_facts(const due_facts *facts, uint8_t ret[DUE_FACTS_SIZE])
{
    for (unsigned i = 0; i < 8; i++)
        ret[i] = (uint8_t)((uint64_t)facts->next_attempt_ms >> (56 - 8 * i));
    for (unsigned i = 0; i < 4; i++)
        ret[8 + i] = (uint8_t)(facts->attempt >> (24 - 8 * i));
    ret[12] = (uint8_t)((facts->is_sole ? FACT_SOLE : 0) | (facts->is_bare ? FACT_BARE : 0));
}

due_facts due_read_facts(ts_str value)
{
    due_facts facts = { 0 };

    if (value.n != DUE_FACTS_SIZE)
        return facts;
    facts.next_attempt_ms = (int64_t)read_u64(value.p);
    for (unsigned i = 8; i < 12; i++)
        facts.attempt = facts.attempt << 8 | (uint8_t)value.p[i];
    facts.is_sole = (value.p[12] & FACT_SOLE) != 0;
    facts.is_bare = (value.p[12] & FACT_BARE) != 0;
    return facts;
}

bool key_read_leases(ts_str key, int64_t *ret_until_ms, uint64_t *ret_number)
{
    if (key.n != 16)
        return false;
    *ret_until_ms = (int64_t)read_u64(key.p);
    *ret_number = read_u64(key.p + 8);
    return true;
}

static ts_tenant read_tenant(const char *p)
{
    return (ts_tenant){ read_u64(p), p[8] == 0 ? TS_MODE_LIVE : TS_MODE_TEST };
}

bool key_read_lease(ts_str key, int64_t *ret_until_ms, ts_tenant *ret_tenant, ts_hash128 *ret_event,
                    ts_str *ret_endpoint)
{
    size_t fixed = 8 + TS_KEY_TENANT_SIZE + sizeof(ret_event->bytes);

    if (key.n < fixed + 2 || key.p[key.n - 1] != '\0')
        return false;
    *ret_until_ms = (int64_t)read_u64(key.p);
    *ret_tenant = read_tenant(key.p + 8);
    memcpy(ret_event->bytes, key.p + 8 + TS_KEY_TENANT_SIZE, sizeof(ret_event->bytes));
    *ret_endpoint = ts_str_n(key.p + fixed, key.n - fixed - 1);
    return true;
}

bool key_read_endpoint(ts_str key, ts_tenant *ret_tenant, ts_str *ret_endpoint)
{
    if (key.n < TS_KEY_TENANT_SIZE + 2 || key.p[key.n - 1] != '\0')
        return false;
    *ret_tenant = read_tenant(key.p);
    *ret_endpoint = ts_str_n(key.p + TS_KEY_TENANT_SIZE, key.n - TS_KEY_TENANT_SIZE - 1);
    return true;
}

bool key_read_tenant(ts_str key, ts_tenant *ret_tenant)
{
    if (key.n != TS_KEY_TENANT_SIZE)
        return false;
    *ret_tenant = read_tenant(key.p);
    return true;
}
