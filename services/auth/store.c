#include "store.h"

static ts_status load(ts_store *s, unsigned family, ts_str key, ts_arena *arena,
                      const ProtobufCMessageDescriptor *type, void *ret)
{
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(s, family, key, arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(arena, type, value, &m);
    if (st == TS_OK)
        memcpy(ret, &m, sizeof(m));
    return st;
}

ts_status auth_load_org(ts_store *s, uint64_t number, ts_arena *arena, Ts__Auth__Organization **ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    ts_buf_be64(&key, number);
    return load(s, AUTH_ORGS, ts_buf_view(&key), arena, &ts__auth__organization__descriptor, ret);
}

ts_status auth_load_key(ts_store *s, ts_tenant tenant, const char *id, ts_arena *arena,
                        Ts__Auth__ApiKey **ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_row_key(&key, tenant, id);
    return load(s, AUTH_KEYS, ts_buf_view(&key), arena, &ts__auth__api_key__descriptor, ret);
}

ts_status auth_load_key_at(ts_store *s, ts_str row_key, ts_arena *arena, Ts__Auth__ApiKey **ret)
{
    return load(s, AUTH_KEYS, row_key, arena, &ts__auth__api_key__descriptor, ret);
}

ts_tenant auth_key_tenant(const Ts__Auth__ApiKey *key)
{
    return (ts_tenant){ key->org, key->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
}

ts_status auth_find_key(ts_store *s, const uint8_t sha256[32], ts_arena *arena,
                        Ts__Auth__ApiKey **ret)
{
    ts_str row_key;
    ts_status st = ts_store_get(s, AUTH_KEY_HASHES, ts_str_n(sha256, 32), arena, &row_key);

    if (st == TS_OK)
        st = auth_load_key_at(s, row_key, arena, ret);
    if (st != TS_OK)
        return st;
    /* The index found it by hash; the row's own hash decides. */
    if ((*ret)->sha256.len != 32 || !ts_equal_ct((*ret)->sha256.data, sha256, 32))
        return TS_CORRUPT;
    return TS_OK;
}

ts_status auth_load_number(ts_store *s, const char *name, ts_arena *arena, uint64_t *ret)
{
    ts_str value;
    ts_status st = ts_store_get(s, AUTH_NUMBERS, ts_str_of(name), arena, &value);

    *ret = st == TS_OK ? auth_read_u64(value, 0) : 0;
    return st == TS_NOT_FOUND ? TS_OK : st;
}

void auth_put_number(ts_batch *b, ts_store *s, const char *name, uint64_t number)
{
    TS_CLEANUP(ts_buf_done) ts_buf value = TS_BUF_INIT(8);

    ts_buf_be64(&value, number);
    ts_batch_put(b, s, AUTH_NUMBERS, ts_str_of(name), ts_buf_view(&value));
}

void auth_put_org(ts_batch *b, ts_store *s, const Ts__Auth__Organization *org)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf id = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    ts_buf_be64(&key, org->number);
    ts_key_text(&id, ts_str_of(org->id));
    ts_batch_put_message(b, s, AUTH_ORGS, ts_buf_view(&key), &org->base);
    ts_batch_put(b, s, AUTH_ORG_IDS, ts_buf_view(&id), ts_buf_view(&key));
}

void auth_put_key(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_row_key(&key, auth_key_tenant(row), row->id);
    ts_batch_put_message(b, s, AUTH_KEYS, ts_buf_view(&key), &row->base);
    ts_batch_put(b, s, AUTH_KEY_HASHES, ts_str_n(row->sha256.data, row->sha256.len),
                 ts_buf_view(&key));
}

void auth_put_key_listed(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_list_key(&key, auth_key_tenant(row), row->created_ms, row->id);
    ts_batch_put(b, s, AUTH_KEY_LIST, ts_buf_view(&key), TS_STR_NULL);
}

void auth_put_key_due(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    if (row->expires_ms == 0 || row->revoked_ms != 0)
        return;
    auth_due_key(&key, row->expires_ms, auth_key_tenant(row), row->id);
    ts_batch_put(b, s, AUTH_DUE, ts_buf_view(&key), TS_STR_NULL);
}

void auth_delete_key_due(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_due_key(&key, row->expires_ms, auth_key_tenant(row), row->id);
    ts_batch_delete(b, s, AUTH_DUE, ts_buf_view(&key));
}

void auth_delete_key(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf listed = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_row_key(&key, auth_key_tenant(row), row->id);
    auth_list_key(&listed, auth_key_tenant(row), row->created_ms, row->id);
    ts_batch_delete(b, s, AUTH_KEY_HASHES, ts_str_n(row->sha256.data, row->sha256.len));
    ts_batch_delete(b, s, AUTH_KEYS, ts_buf_view(&key));
    ts_batch_delete(b, s, AUTH_RATES, ts_buf_view(&key));
    ts_batch_delete(b, s, AUTH_USED, ts_buf_view(&key));
    ts_batch_delete(b, s, AUTH_KEY_LIST, ts_buf_view(&listed));
    auth_delete_key_due(b, s, row);
}

ts_status auth_load_totals(ts_store *s, ts_tenant tenant, ts_arena *arena, auth_totals *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    ts_str value;
    ts_status st;

    ts_key_tenant(&key, tenant);
    st = ts_store_get(s, AUTH_TOTALS, ts_buf_view(&key), arena, &value);
    *ret = (auth_totals){ 0, 0 };
    if (st == TS_OK)
        *ret = (auth_totals){ auth_read_u64(value, 0), auth_read_u64(value, 8) };
    return st == TS_NOT_FOUND ? TS_OK : st;
}

void auth_put_totals(ts_batch *b, ts_store *s, ts_tenant tenant, auth_totals totals)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf value = TS_BUF_INIT(16);

    ts_key_tenant(&key, tenant);
    ts_buf_be64(&value, totals.keys);
    ts_buf_be64(&value, totals.active);
    ts_batch_put(b, s, AUTH_TOTALS, ts_buf_view(&key), ts_buf_view(&value));
}

bool auth_key_is_counted(ts_store *s, const Ts__Auth__ApiKey *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    if (row->revoked_ms != 0 || row->expires_ms == 0)
        return row->revoked_ms == 0;
    auth_due_key(&key, row->expires_ms, auth_key_tenant(row), row->id);
    return ts_store_has(s, AUTH_DUE, ts_buf_view(&key));
}

static void put_numbers(ts_batch *b, ts_store *s, unsigned family, ts_str key,
                        const uint64_t *numbers, size_t count)
{
    TS_CLEANUP(ts_buf_done) ts_buf value = TS_BUF_INIT(64);

    for (size_t i = 0; i < count; i++)
        ts_buf_be64(&value, numbers[i]);
    ts_batch_put(b, s, family, key, ts_buf_view(&value));
}

ts_status auth_save_use(ts_store *s, ts_tenant tenant, const char *key_id,
                        const auth_window_saved *window, int64_t used_ms)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    uint64_t used = (uint64_t)used_ms;

    if (b == NULL)
        return TS_NOMEM;
    auth_row_key(&key, tenant, key_id);
    if (window != NULL) {
        uint64_t numbers[] = { (uint64_t)window->minute, window->reserved, window->boot_id,
                               (uint64_t)window->ends_boot_ms };

        put_numbers(b, s, AUTH_RATES, ts_buf_view(&key), numbers, TS_COUNT(numbers));
    }
    if (used_ms != 0)
        put_numbers(b, s, AUTH_USED, ts_buf_view(&key), &used, 1);
    return ts_store_write(s, b, NULL);
}

ts_status auth_load_window(ts_store *s, ts_tenant tenant, const char *key_id, ts_arena *arena,
                           auth_window_saved *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    ts_str value = TS_STR_NULL;
    ts_status st;

    auth_row_key(&key, tenant, key_id);
    st = ts_store_get(s, AUTH_RATES, ts_buf_view(&key), arena, &value);
    /* Earlier versions wrote the first two numbers: the rest reads as 0, no boot of any machine. */
    *ret = (auth_window_saved){ .minute = (int64_t)auth_read_u64(value, 0),
                                .reserved = (uint32_t)auth_read_u64(value, 8),
                                .boot_id = auth_read_u64(value, 16),
                                .ends_boot_ms = (int64_t)auth_read_u64(value, 24) };
    return st == TS_NOT_FOUND ? TS_OK : st;
}

int64_t auth_load_used(ts_store *s, ts_tenant tenant, const char *key_id, ts_arena *arena)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    ts_str value;

    auth_row_key(&key, tenant, key_id);
    if (ts_store_get(s, AUTH_USED, ts_buf_view(&key), arena, &value) != TS_OK)
        return 0;
    return (int64_t)auth_read_u64(value, 0);
}

static ts_status load_or_new(ts_store *s, unsigned family, ts_str key, ts_arena *arena,
                             const ProtobufCMessageDescriptor *type, void *ret)
{
    ts_status st = load(s, family, key, arena, type, ret);
    ProtobufCMessage *m;

    if (st != TS_NOT_FOUND)
        return st;
    m = ts_arena_alloc(arena, type->sizeof_message);
    if (m == NULL)
        return TS_NOMEM;
    protobuf_c_message_init(type, m);
    memcpy(ret, &m, sizeof(m));
    return TS_OK;
}

ts_status auth_load_audit_head(ts_store *s, uint64_t org, ts_arena *arena,
                               Ts__Auth__AuditHead **ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_audit_head_key(&key, org, AUTH_AUDIT_HEAD);
    return load_or_new(s, AUTH_AUDIT_HEADS, ts_buf_view(&key), arena,
                       &ts__auth__audit_head__descriptor, ret);
}

ts_status auth_load_audit_anchor(ts_store *s, uint64_t org, ts_arena *arena,
                                 Ts__Auth__AuditAnchor **ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_audit_head_key(&key, org, AUTH_AUDIT_ANCHOR);
    return load_or_new(s, AUTH_AUDIT_HEADS, ts_buf_view(&key), arena,
                       &ts__auth__audit_anchor__descriptor, ret);
}

ts_status auth_load_audit_row(ts_store *s, uint64_t org, uint64_t entry, ts_arena *arena,
                              Ts__Auth__AuditRow **ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    auth_audit_key(&key, org, entry);
    return load(s, AUTH_AUDIT, ts_buf_view(&key), arena, &ts__auth__audit_row__descriptor, ret);
}
