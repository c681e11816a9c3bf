#include "ts/audit.h"

#include "ts/outbox.h"

/* Packing only reads. */
static char *lend(const char *text)
{
    return (char *)(uintptr_t)(text == NULL ? "" : text);
}

static void add(ts_batch *b, unsigned stream, ts_tenant tenant, Ts__AuditEntry *entry,
                ts_str details)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(TS_AUDIT_DETAILS_MAX);

    ts_buf_str(&text, details);
    if (ts_buf_status(&text) != TS_OK) {
        ts_batch_append(b, TS_STORE_STREAMS, TS_STR_NULL); /* fails the batch: nothing half */
        return;
    }
    entry->details = lend(text.data);
    ts_outbox_add(b, stream, tenant, TS_AUDIT_KIND, entry->at_ms, &entry->base);
}

void ts_audit_add(ts_batch *b, unsigned stream, const ts_call *call, const char *action,
                  const char *object, ts_str details)
{
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;

    entry.action = lend(action);
    entry.object = lend(object);
    entry.actor = lend(call->caller.actor);
    entry.client_addr = lend(call->caller.client_addr);
    entry.request_id = lend(call->caller.request_id);
    entry.at_ms = call->now_ms;
    add(b, stream, call->tenant, &entry, details);
}

void ts_audit_add_own(ts_batch *b, unsigned stream, ts_tenant tenant, const char *actor,
                      int64_t now_ms, const char *action, const char *object, ts_str details)
{
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;

    entry.action = lend(action);
    entry.object = lend(object);
    entry.actor = lend(actor);
    entry.at_ms = now_ms;
    add(b, stream, tenant, &entry, details);
}
