#include "keys.h"

const char *const auth_families[] = { "orgs",  "org_ids", "keys",    "key_hashes",
                                      "rates", "used",    "numbers", NULL };

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
