#include "keys.h"

#include "proto/methods.h"

#define ID_SIZE   16
#define EMAIL_MAX 512

const ts_family incidents_families[] = {
    { .name = "incidents", .type = &ts__incidents__row__descriptor },
    { .name = "detections", .type = &ts__detection__descriptor },
    { .name = "owners", .type = &ts__incidents__owner__descriptor },
    { .name = "pending", .type = &ts__detection__descriptor },
    { .name = "story", .type = &ts__incidents__timeline_entry__descriptor },
    { .name = "lists" },
    { .name = "totals", .type = &ts__incidents__totals__descriptor },
    { .name = "inbox", .is_global = true },
    { .name = "once", .is_internal = true },
    { .name = "ranks", .is_internal = true },
    { .name = NULL },
};

const ts_ranks incidents_ranks = {
    .index = INCIDENTS_LISTS, .counts = INCIDENTS_RANKS, .rest_bytes = ID_SIZE, .newest_first = true
};

static void add(incidents_key *k, const void *bytes, size_t n)
{
    memcpy(k->bytes + k->n, bytes, n); /* every layout is shorter than INCIDENTS_KEY_MAX */
    k->n += n;
}

static void add_u32(incidents_key *k, uint32_t n)
{
    uint8_t b[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

    add(k, b, sizeof(b));
}

static void add_u64(incidents_key *k, uint64_t n)
{
    add_u32(k, (uint32_t)(n >> 32));
    add_u32(k, (uint32_t)n);
}

ts_str incidents_key_view(const incidents_key *k)
{
    return ts_str_n(k->bytes, k->n);
}

incidents_key incidents_tenant_key(ts_tenant t)
{
    uint8_t mode = (uint8_t)t.mode;
    incidents_key k;

    k.n = 0;
    add_u64(&k, t.org);
    add(&k, &mode, 1);
    return k;
}

incidents_key incidents_id_key(ts_tenant t, const uint8_t id[16])
{
    incidents_key k = incidents_tenant_key(t);

    add(&k, id, ID_SIZE);
    return k;
}

incidents_key incidents_timed_key(ts_tenant t, const uint8_t id[16], int64_t event_ms,
                                  const uint8_t detection[16])
{
    incidents_key k = incidents_id_key(t, id);

    add_u64(&k, (uint64_t)event_ms);
    add(&k, detection, ID_SIZE);
    return k;
}

incidents_key incidents_story_key(ts_tenant t, const uint8_t id[16], uint32_t number)
{
    incidents_key k = incidents_id_key(t, id);

    add_u32(&k, number);
    return k;
}

incidents_key incidents_list_key(ts_tenant t, ts_hash128 scope, int64_t created_ms,
                                 const uint8_t id[16])
{
    incidents_key k = incidents_id_key(t, scope.bytes);

    add_u64(&k, ~(uint64_t)created_ms);
    add(&k, id, ID_SIZE);
    return k;
}

void incidents_place_format(int64_t created_ms, const uint8_t id[16],
                            char ret[INCIDENTS_PLACE_SIZE])
{
    uint8_t bytes[8 + ID_SIZE];

    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)created_ms >> (56 - 8 * i));
    memcpy(bytes + 8, id, ID_SIZE);
    ts_hex(bytes, sizeof(bytes), ret);
}

ts_status incidents_place_parse(ts_str text, int64_t *ret_created_ms, uint8_t ret_id[16])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[8 + ID_SIZE] = { 0 };
    uint64_t created_ms = 0;

    if (text.n != 2 * sizeof(bytes))
        return TS_INVALID;
    for (size_t i = 0; i < text.n; i++) {
        const char *digit = memchr(digits, text.p[i], sizeof(digits) - 1);

        if (digit == NULL)
            return TS_INVALID;
        bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (uint8_t)(digit - digits));
    }
    for (size_t i = 0; i < 8; i++)
        created_ms = created_ms << 8 | bytes[i];
    if (created_ms > INT64_MAX)
        return TS_INVALID;
    *ret_created_ms = (int64_t)created_ms;
    memcpy(ret_id, bytes + 8, ID_SIZE);
    return TS_OK;
}

incidents_key incidents_list_behind(ts_tenant t, ts_hash128 scope, int64_t created_ms,
                                    const uint8_t id[16])
{
    incidents_key k = incidents_list_key(t, scope, created_ms, id);

    add(&k, "", 1); /* the least key that is greater */
    return k;
}

incidents_key incidents_list_view(ts_tenant t, ts_hash128 scope)
{
    return incidents_id_key(t, scope.bytes);
}

incidents_key incidents_list_from(ts_tenant t, ts_hash128 scope, int64_t until_ms)
{
    incidents_key k = incidents_id_key(t, scope.bytes);

    add_u64(&k, ~(uint64_t)(until_ms - 1));
    return k;
}

uint64_t incidents_read_u64(const char *p)
{
    uint64_t n = 0;

    for (size_t i = 0; i < 8; i++)
        n = n << 8 | (uint8_t)p[i];
    return n;
}

ts_tenant incidents_key_tenant(ts_str key)
{
    return (ts_tenant){ incidents_read_u64(key.p), key.p[8] == 0 ? TS_MODE_LIVE : TS_MODE_TEST };
}

const uint8_t *incidents_key_last_id(ts_str key)
{
    if (key.n < TS_KEY_TENANT_SIZE + ID_SIZE)
        return NULL;
    return (const uint8_t *)key.p + key.n - ID_SIZE;
}

ts_hash128 incidents_list_scope(incidents_group group, int severity, ts_str user)
{
    char lower[EMAIL_MAX];
    uint8_t numbers[2] = { (uint8_t)group, (uint8_t)(severity + 1) };
    ts_str parts[] = { TS_STR_LIT("list"), ts_str_n(numbers, sizeof(numbers)), user };

    if (user.n > 0 && user.n <= sizeof(lower)) {
        for (size_t i = 0; i < user.n; i++)
            lower[i] =
                (char)(user.p[i] >= 'A' && user.p[i] <= 'Z' ? user.p[i] + ('a' - 'A') : user.p[i]);
        parts[2] = ts_str_n(lower, user.n);
    }
    return ts_hash_parts(parts, TS_COUNT(parts));
}

bool incidents_has_scope(const ts_hash128 *scopes, size_t count, ts_hash128 scope)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(scopes[i].bytes, scope.bytes, sizeof(scope.bytes)) == 0)
            return true;
    }
    return false;
}

size_t incidents_list_scopes(incidents_group group, int severity, char *const *users,
                             size_t user_count, ts_hash128 *ret)
{
    const incidents_group groups[2] = { GROUP_ALL, group };
    const int severities[2] = { ANY_SEVERITY, severity };
    size_t count = 0;

    for (size_t i = 0; i < INCIDENTS_SCOPES(user_count); i++) {
        ts_str user = i < 4 ? TS_STR_NULL : ts_str_of(users[i / 4 - 1]);
        ts_hash128 scope = incidents_list_scope(groups[i % 2], severities[i / 2 % 2], user);

        /* Users that differ in case only are one. */
        if (!incidents_has_scope(ret, count, scope))
            ret[count++] = scope;
    }
    return count;
}

ts_hash128 incidents_chain_scope(const uint8_t chain[16])
{
    ts_str parts[] = { TS_STR_LIT("chain"), ts_str_n(chain, ID_SIZE) };

    return ts_hash_parts(parts, TS_COUNT(parts));
}

ts_hash128 incidents_rule_scope(ts_str rule_id, ts_str dedup_key)
{
    ts_str parts[] = { TS_STR_LIT("rule"), rule_id, dedup_key };

    return ts_hash_parts(parts, TS_COUNT(parts));
}
