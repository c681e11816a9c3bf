#include "disable.h"

#include "endpoint.h"
#include "ts/audit.h"
#include "ts/json.h"
#include "ts/log.h"
#include "ts/outbox.h"

#define DATA_MAX 32768

bool disable_is_due(const ledger *l, const ready_endpoint *e)
{
    return l->options.disable_after_ms > 0 && !e->is_gone && !e->is_paused &&
           e->failing_since_ms != 0 && e->failures >= l->options.disable_failures &&
           clock_now(&l->clock) - e->failing_since_ms >= l->options.disable_after_ms;
}

static ts_status publish(ledger *l, const ready_endpoint *e, const Ts__Webhooks__Endpoint *row,
                         ts_arena *arena, ts_batch *batch)
{
    TS_CLEANUP(ts_buf_done) ts_buf data = TS_BUF_INIT(DATA_MAX);
    ts_jsonw w = ts_jsonw_on(&data);
    Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;
    ts_str parts[] = { TS_STR_LIT("webhook.endpoint_disabled"), ts_str_of(e->id),
                       ts_str_n(&e->failing_since_ms, sizeof(e->failing_since_ms)) };
    ts_hash128 cause = ts_hash_parts(parts, TS_COUNT(parts));

    ts_jsonw_object(&w);
    endpoint_show(&w, row);
    ts_jsonw_ktime(&w, "failing_since", e->failing_since_ms);
    ts_jsonw_key(&w, "failures");
    ts_jsonw_u64(&w, e->failures);
    ts_jsonw_object_end(&w);
    if (ts_buf_status(&data) != TS_OK)
        return ts_buf_status(&data);
    p.cause.data = cause.bytes;
    p.cause.len = sizeof(cause.bytes);
    p.event = (char *)(uintptr_t) "webhook.endpoint_disabled"; /* only read */
    p.at_ms = ts_wall_ms();
    p.data = data.data;
    return ledger_publish(l, e->tenant, &p, NULL, arena, batch, NULL);
}

ts_status disable_endpoint(ledger *l, ready_endpoint *e, ts_arena *arena, uint64_t *ret_ticket)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    Ts__Webhooks__Endpoint *row = NULL;
    char details[96];
    int n;
    ts_status st;

    if (batch == NULL)
        return TS_NOMEM;
    st = row_endpoint(l->store, e->tenant, ts_str_of(e->id), arena, &row);
    if (st != TS_OK)
        return st;
    row->enabled = false;
    row->disabled_reason = (char *)(uintptr_t)ENDPOINT_FAILING; /* only packed */
    st = ledger_endpoint_apply(l, e, row); /* first: it is not owed the event of its own end */
    if (st == TS_OK)
        st = publish(l, e, row, arena, batch);
    if (st != TS_OK)
        return st;
    row_put_endpoint(batch, l->store, e->tenant, row);
    n = snprintf(details, sizeof(details), "{\"reason\":\"failing\",\"failures\":%u}", e->failures);
    ts_audit_add_own(batch, WEBHOOKS_TO_AUTH, e->tenant, "service:webhooks", ts_wall_ms(),
                     "endpoint.disabled", e->id, ts_str_n(details, (size_t)n));
    ts_metric_add(l->metrics.disabled, 1);
    ts_warn(TS_MSG("endpoint disabled: nothing but failures"), TS_F_Z("endpoint_id", e->id),
            TS_F_U64("failures", e->failures));
    return ts_store_write(l->store, batch, ret_ticket);
}
