#include "auth.h"
#include "proto/shapes.h"
#include "ts/id.h"
#include "ts/json.h"

#define DATA_MAX 8192

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
    ts_api_key_json(&json, key);
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
