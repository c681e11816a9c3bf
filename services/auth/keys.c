#include "keys.h"

#include "proto/methods.h"

#define DUE_HEADER (1 + 8)

static const char *const hashes[] = { "sha256", "revision", NULL }; /* the latter is never stored */

/* The audit log's families are tenant families too: their keys are longer than a tenant and begin with the organization. */
const ts_family auth_families[] = {
    { .name = "orgs", .is_global = true, .type = &ts__auth__organization__descriptor },
    { .name = "org_ids", .is_global = true },
    { .name = "keys", .type = &ts__auth__api_key__descriptor, .hidden = hashes },
    { .name = "key_hashes", .is_global = true },
    { .name = "rates", .is_internal = true },
    { .name = "used" },
    { .name = "numbers", .is_global = true },
    { .name = "once", .is_internal = true },
    { .name = "inbox", .is_global = true },
    { .name = "key_list", .is_internal = true },
    { .name = "totals", .is_internal = true },
    { .name = "due", .is_global = true },
    { .name = "audit", .type = &ts__auth__audit_row__descriptor },
    { .name = "audit_heads", .is_internal = true },
    { .name = "audit_index", .is_internal = true },
    { .name = "audit_counts", .is_internal = true },
    { .name = "audit_ranks", .is_internal = true },
    { .name = NULL },
};

const ts_ranks auth_audit_ranks = { .index = AUTH_AUDIT_INDEX,
                                    .counts = AUTH_AUDIT_RANKS,
                                    .rest_bytes = 8 };

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
