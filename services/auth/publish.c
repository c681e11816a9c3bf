#include "proto/publish.h"
#include "auth.h"
#include "proto/shapes.h"
#include "ts/json.h"

#define DATA_MAX 8192

void auth_publish_key(ts_batch *b, const char *event, const Ts__Auth__ApiKey *key, int64_t now_ms)
{
    TS_CLEANUP(ts_buf_done) ts_buf data = TS_BUF_INIT(DATA_MAX);
    ts_tenant tenant = { key->org, key->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    ts_str parts[] = { ts_str_of(event), ts_str_of(key->id) };
    ts_jsonw json = ts_jsonw_on(&data);

    ts_jsonw_object(&json);
    ts_jsonw_key(&json, "api_key");
    ts_api_key_json(&json, key);
    ts_jsonw_object_end(&json);
    ts_webhook_publish(b, AUTH_TO_WEBHOOKS, tenant, event, ts_hash_parts(parts, TS_COUNT(parts)),
                       now_ms, &data);
}
