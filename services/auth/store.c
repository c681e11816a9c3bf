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

ts_status auth_find_key(ts_store *s, const uint8_t sha256[32], ts_arena *arena,
                        Ts__Auth__ApiKey **ret)
{
    ts_str row_key;
    ts_status st = ts_store_get(s, AUTH_KEY_HASHES, ts_str_n(sha256, 32), arena, &row_key);

    if (st == TS_OK)
        st = load(s, AUTH_KEYS, row_key, arena, &ts__auth__api_key__descriptor, ret);
    if (st != TS_OK)
        return st;
    /* The index found it by hash; the row's own hash decides. */
    if ((*ret)->sha256.len != 32 || !ts_equal_ct((*ret)->sha256.data, sha256, 32))
        return TS_CORRUPT;
    return TS_OK;
}

void auth_put_org(ts_batch *b, ts_store *s, const Ts__Auth__Organization *org)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf id = TS_BUF_INIT(AUTH_ROW_KEY_MAX);

    ts_buf_be64(&key, org->number);
    ts_key_text(&id, ts_str_of(org->id));
    ts_batch_put_message(b, s, AUTH_ORGS, ts_buf_view(&key), &org->base);
    ts_batch_put(b, s, AUTH_ORG_IDS, ts_buf_view(&id), ts_buf_view(&key));
    ts_batch_put(b, s, AUTH_NUMBERS, TS_STR_LIT("org"), ts_buf_view(&key));
}

void auth_put_key(ts_batch *b, ts_store *s, const Ts__Auth__ApiKey *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    ts_tenant tenant = { row->org, row->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };

    auth_row_key(&key, tenant, row->id);
    ts_batch_put_message(b, s, AUTH_KEYS, ts_buf_view(&key), &row->base);
    ts_batch_put(b, s, AUTH_KEY_HASHES, ts_str_n(row->sha256.data, row->sha256.len),
                 ts_buf_view(&key));
}

static ts_status save_numbers(ts_store *s, unsigned family, ts_tenant tenant, const char *key_id,
                              const uint64_t *numbers, size_t count)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf value = TS_BUF_INIT(64);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    if (b == NULL)
        return TS_NOMEM;
    auth_row_key(&key, tenant, key_id);
    for (size_t i = 0; i < count; i++)
        ts_buf_be64(&value, numbers[i]);
    ts_batch_put(b, s, family, ts_buf_view(&key), ts_buf_view(&value));
    return ts_store_write(s, b, NULL);
}

ts_status auth_save_window(ts_store *s, ts_tenant tenant, const char *key_id, int64_t minute,
                           uint32_t reserved)
{
    uint64_t numbers[] = { (uint64_t)minute, reserved };

    return save_numbers(s, AUTH_RATES, tenant, key_id, numbers, 2);
}

ts_status auth_load_window(ts_store *s, ts_tenant tenant, const char *key_id, ts_arena *arena,
                           int64_t *ret_minute, uint32_t *ret_reserved)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    ts_str value;
    ts_status st;

    auth_row_key(&key, tenant, key_id);
    st = ts_store_get(s, AUTH_RATES, ts_buf_view(&key), arena, &value);
    *ret_minute = st == TS_OK ? (int64_t)auth_read_u64(value, 0) : 0;
    *ret_reserved = st == TS_OK ? (uint32_t)auth_read_u64(value, 8) : 0;
    return st == TS_NOT_FOUND ? TS_OK : st;
}

ts_status auth_save_used(ts_store *s, ts_tenant tenant, const char *key_id, int64_t at_ms)
{
    uint64_t number = (uint64_t)at_ms;

    return save_numbers(s, AUTH_USED, tenant, key_id, &number, 1);
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
