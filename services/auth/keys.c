#include "keys.h"

#include "proto/methods.h"

static const char *const hashes[] = { "sha256", NULL };

const ts_family auth_families[] = {
    { .name = "orgs", .is_global = true, .type = &ts__auth__organization__descriptor },
    { .name = "org_ids", .is_global = true },
    { .name = "keys", .type = &ts__auth__api_key__descriptor, .hidden = hashes },
    { .name = "key_hashes", .is_global = true },
    { .name = "rates", .is_internal = true },
    { .name = "used" },
    { .name = "numbers", .is_global = true },
    { .name = NULL },
};

void auth_row_key(ts_buf *b, ts_tenant tenant, const char *key_id)
{
    ts_key_tenant(b, tenant);
    ts_key_text(b, ts_str_of(key_id));
}

uint64_t auth_read_u64(ts_str value, size_t at)
{
    uint64_t n = 0;

    for (size_t i = 0; i < 8 && at + i < value.n; i++)
        n = n << 8 | (uint8_t)value.p[at + i];
    return n;
}
