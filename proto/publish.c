#include "proto/publish.h"

#include "ts/outbox.h"

const char *const ts_webhook_kinds[TS_WEBHOOK_KINDS] = {
    "incident.created",        "incident.updated",          "incident.resolved",
    "user.risk_level_changed", "detection.triggered",       "app.connected",
    "app.status_changed",      "ai_tool.first_seen",        "api_key.created",
    "api_key.revoked",         "webhook.endpoint_disabled", "webhook.test"
};

void ts_webhook_publish(ts_batch *b, unsigned stream, ts_tenant tenant, const char *event,
                        ts_hash128 cause, int64_t at_ms, const ts_buf *data)
{
    Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;

    if (ts_buf_status(data) != TS_OK) {
        ts_batch_append(b, TS_STORE_STREAMS, TS_STR_NULL); /* fails the batch: nothing half */
        return;
    }
    p.cause.data = cause.bytes;
    p.cause.len = sizeof(cause.bytes);
    p.event = (char *)(uintptr_t)event; /* only packed */
    p.at_ms = at_ms;
    p.data = data->data;
    ts_outbox_add(b, stream, tenant, TS_KIND_WEBHOOK, at_ms, &p.base);
}
