#include "proto/publish.h"
#include "ai_usage.h"
#include "ts/json.h"

#define DATA_MAX 4096

void ai_usage_publish_first_seen(ts_batch *b, ts_tenant tenant, const Ts__AiUse *use,
                                 bool sanctioned, int64_t now_ms)
{
    static const char event[] = "ai_tool.first_seen";
    TS_CLEANUP(ts_buf_done) ts_buf data = TS_BUF_INIT(DATA_MAX);
    ts_jsonw json = ts_jsonw_on(&data);
    uint64_t scope[2] = { tenant.org, (uint64_t)tenant.mode };
    ts_str parts[] = { ts_str_of(event), ts_str_n(scope, sizeof(scope)), ts_str_of(use->tool) };

    ts_jsonw_object(&json);
    ts_jsonw_kz(&json, "tool", use->tool);
    ts_jsonw_kz(&json, "vendor", use->vendor);
    ts_jsonw_kz(&json, "user_email", use->user_email);
    ts_jsonw_ktime(&json, "first_seen_at", use->event_ms);
    ts_jsonw_kbool(&json, "sanctioned", sanctioned);
    ts_jsonw_object_end(&json);
    ts_webhook_publish(b, AI_USAGE_TO_WEBHOOKS, tenant, event,
                       ts_hash_parts(parts, TS_COUNT(parts)), now_ms, &data);
}
