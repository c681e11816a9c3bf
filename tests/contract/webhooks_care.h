/* What tests ask of endpoints and events beyond publishing and delivering. */
#ifndef CONTRACT_WEBHOOKS_CARE_H
#define CONTRACT_WEBHOOKS_CARE_H

#include "ts/audit.h"
#include "webhooks_ledger.h"

/* An id that outlives a restart: answers die with it. */
static inline const char *kept_id(const Ts__Webhooks__Endpoint *e)
{
    static char ids[8][TS_ID_SIZE];
    static unsigned n;

    n = (n + 1) % TS_COUNT(ids);
    snprintf(ids[n], sizeof(ids[n]), "%s", e->id);
    return ids[n];
}

static inline ts_status update(Ts__Webhooks__UpdateEndpointRequest *request, const char *id,
                               unsigned fields, const Ts__Webhooks__Endpoint **ret)
{
    request->id = (char *)(uintptr_t)id; /* only packed */
    request->fields = fields;
    return served_call(&s, live, &ts_webhooks_update_endpoint, &request->base, ret);
}

static inline void set_enabled(const char *id, bool enabled)
{
    Ts__Webhooks__UpdateEndpointRequest request = TS__WEBHOOKS__UPDATE_ENDPOINT_REQUEST__INIT;
    const Ts__Webhooks__Endpoint *after = NULL;

    request.enabled = enabled;
    CHECK_EQ(update(&request, id, WEBHOOKS_FIELD_ENABLED, &after), TS_OK);
    CHECK_EQ(after->enabled, enabled);
}

static inline const Ts__Webhooks__Endpoint *get(const char *id)
{
    Ts__Webhooks__EndpointId request = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    const Ts__Webhooks__Endpoint *found = NULL;

    request.id = (char *)(uintptr_t)id;
    CHECK_EQ(served_call(&s, live, &ts_webhooks_get_endpoint, &request.base, &found), TS_OK);
    return found;
}

static inline const Ts__Webhooks__EventList *list(const char *status, const char *endpoint_id,
                                                  const char *event, uint64_t offset,
                                                  uint32_t limit)
{
    Ts__Webhooks__ListEventsRequest request = TS__WEBHOOKS__LIST_EVENTS_REQUEST__INIT;
    const Ts__Webhooks__EventList *found = NULL;

    request.status = (char *)(uintptr_t)status; /* only packed */
    request.endpoint_id = (char *)(uintptr_t)endpoint_id;
    request.event = (char *)(uintptr_t)event;
    request.limit = limit;
    request.offset = offset;
    CHECK_EQ(served_call(&s, live, &ts_webhooks_list_events, &request.base, &found), TS_OK);
    return found;
}

/* The action of the newest audit entry. */
static inline const Ts__AuditEntry *last_audit(void)
{
    const Ts__AuditEntry *entry = NULL;

    served_read(&s, WEBHOOKS_TO_AUTH, served_sent(&s, WEBHOOKS_TO_AUTH),
                &ts__audit_entry__descriptor, &entry);
    return entry;
}

/* Publishes in the ledger itself: quicker than a row at a time over the bus. */
static inline void publish_many(const char *event, unsigned first, unsigned count, int64_t at_ms)
{
    ts_arena *arena = ts_arena_new(1u << 20);

    for (unsigned i = first; i < first + count; i++) {
        ts_batch *batch = ts_batch_new();
        Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;
        uint8_t cause[16] = { 200, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };

        p.cause.data = cause;
        p.cause.len = sizeof(cause);
        p.event = (char *)(uintptr_t)event; /* only packed */
        p.at_ms = at_ms + i;
        p.data = (char *)(uintptr_t) "{}";
        webhooks_lock(&app, live);
        CHECK_EQ(ledger_publish(&app.ledger, live, &p, NULL, arena, batch, NULL), TS_OK);
        CHECK_EQ(ts_store_write(s.store, batch, NULL), TS_OK);
        webhooks_unlock(&app, live);
        ts_batch_free(batch);
        ts_arena_reset(arena);
    }
    ts_arena_free(arena);
}

/* Answers with `status` whatever is due now. */
static inline unsigned answer_all(uint32_t status)
{
    unsigned n = 0;

    for (;;) {
        const Ts__Webhooks__LeaseReply *reply = lease(64, 0);

        if (reply->n_deliveries == 0)
            return n;
        for (size_t i = 0; i < reply->n_deliveries; i++, n++)
            result_of(reply->deliveries[i], status, "", false);
        served_forget(&s);
    }
}

#endif
