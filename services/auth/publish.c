#include "auth.h"
#include "ts/id.h"
#include "ts/json.h"

#define DATA_MAX 8192

static void write_key(ts_jsonw *json, const Ts__Auth__ApiKey *key)
{
    ts_jsonw_object(json);
    ts_jsonw_kz(json, "id", key->id);
    ts_jsonw_kz(json, "name", key->name);
    ts_jsonw_kz(json, "mode", key->mode == TS_MODE_TEST ? "test" : "live");
    ts_jsonw_key(json, "permissions");
    ts_jsonw_array(json);
    for (uint64_t bit = 1; (bit & TS_PERM_ALL) != 0; bit <<= 1) {
        if ((key->permissions & bit) != 0)
            ts_jsonw_z(json, ts_permission_name(bit));
    }
    ts_jsonw_array_end(json);
    ts_jsonw_kz(json, "prefix", key->prefix);
    ts_jsonw_kz(json, "last4", key->last4);
    ts_jsonw_ktime(json, "created_at", key->created_ms);
    ts_jsonw_ktime(json, "expires_at", key->expires_ms);
    ts_jsonw_ktime(json, "revoked_at", key->revoked_ms);
    ts_jsonw_object_end(json);
}

void auth_publish_key(ts_batch *b, const char *event, const Ts__Auth__ApiKey *key, int64_t now_ms)
{
    Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;
    TS_CLEANUP(ts_buf_done) ts_buf data = TS_BUF_INIT(DATA_MAX);
    ts_tenant tenant = { key->org, key->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    ts_str parts[] = { ts_str_of(event), ts_str_of(key->id) };
    ts_hash128 cause = ts_hash_parts(parts, TS_COUNT(parts));
    ts_jsonw json = ts_jsonw_on(&data);

    ts_jsonw_object(&json);
    ts_jsonw_key(&json, "api_key");
    write_key(&json, key);
    ts_jsonw_object_end(&json);
    if (ts_buf_status(&data) != TS_OK) {
        ts_batch_append(b, TS_STORE_STREAMS, TS_STR_NULL); /* fails the batch: nothing half */
        return;
    }
    p.cause.data = cause.bytes;
    p.cause.len = sizeof(cause.bytes);
    p.event = (char *)(uintptr_t)event; /* only packed */
    p.at_ms = now_ms;
    p.data = data.data;
    ts_outbox_add(b, AUTH_TO_WEBHOOKS, tenant, "webhook", now_ms, &p.base);
}
