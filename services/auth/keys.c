#include "keys.h"

#define DUE_HEADER (1 + 8)

const char *const auth_families[] = { "orgs",  "org_ids",     "keys",        "key_hashes",
                                      "rates", "used",        "numbers",     "once",
                                      "inbox", "key_list",    "totals",      "due",
                                      "audit", "audit_heads", "audit_index", "audit_counts",
                                      NULL };

void auth_row_key(ts_buf *b, ts_tenant tenant, const char *key_id)
{
    ts_key_tenant(b, tenant);
    ts_key_text(b, ts_str_of(key_id));
}

void auth_list_key(ts_buf *b, ts_tenant tenant, int64_t created_ms, const char *key_id)
{
    ts_key_tenant(b, tenant);
    ts_key_desc64(b, (uint64_t)created_ms);
    ts_key_text(b, ts_str_of(key_id));
}

void auth_due_key(ts_buf *b, int64_t ends_ms, ts_tenant tenant, const char *key_id)
{
    ts_buf_char(b, AUTH_DUE_KEY);
    ts_buf_be64(b, (uint64_t)ends_ms);
    auth_row_key(b, tenant, key_id);
}

ts_str auth_due_row_key(ts_str due)
{
    if (due.n <= DUE_HEADER + TS_KEY_TENANT_SIZE || due.p[0] != AUTH_DUE_KEY)
        return TS_STR_NULL;
    return ts_str_n(due.p + DUE_HEADER, due.n - DUE_HEADER);
}

void auth_due_org(ts_buf *b, uint64_t org)
{
    ts_buf_char(b, AUTH_DUE_ORG);
    ts_buf_be64(b, org);
}

void auth_audit_key(ts_buf *b, uint64_t org, uint64_t entry)
{
    ts_buf_be64(b, org);
    ts_buf_be64(b, entry);
}

void auth_audit_head_key(ts_buf *b, uint64_t org, char what)
{
    ts_buf_be64(b, org);
    ts_buf_char(b, what);
}

void auth_view_key(ts_buf *b, uint64_t org, bool only_test, const char *actor)
{
    ts_buf_be64(b, org);
    ts_buf_be8(b, only_test ? 1 : 0);
    ts_key_text(b, ts_str_of(actor));
}

uint64_t auth_read_u64(ts_str value, size_t at)
{
    uint64_t n = 0;

    for (size_t i = 0; i < 8 && at + i < value.n; i++)
        n = n << 8 | (uint8_t)value.p[at + i];
    return n;
}
