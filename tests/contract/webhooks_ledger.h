/* The ledger under test, and what a gateway and a dispatcher would ask it. */
#ifndef CONTRACT_WEBHOOKS_LEDGER_H
#define CONTRACT_WEBHOOKS_LEDGER_H

#include "served.h"
#include "webhooks.h"

#define SOON_MS  25000  /* of waiting for what comes */
#define LEASE_MS 600000 /* no lease ends by itself, however slow the machine is: see shift() */

static const ts_tenant live = { 7, TS_MODE_LIVE };
static const ts_tenant other = { 8, TS_MODE_LIVE };

static served s;
static webhooks app;
static webhooks_config config;
static ledger_options options;
static const tend_options keep = { .keep_delivered_ms = INT64_MAX / 4,
                                   .keep_failed_ms = INT64_MAX / 4 };

static inline void start_with(const char *waits)
{
    snprintf(config.retry_schedule, sizeof(config.retry_schedule), "%s", waits);
    snprintf(config.allow_cidrs, sizeof(config.allow_cidrs), "127.0.0.0/8");
    config.allow_http = true;
    config.endpoints_max = 3;
    options.parallel = 2;
    options.lease_ms = LEASE_MS;
    served_open_store(&s, webhooks_families);
    app = (webhooks){ .store = s.store, .config = &config };
    CHECK_EQ(webhooks_config_parse(&config, &app.rules, &app.retry, NULL), TS_OK);
    options.retry = &app.retry;
    CHECK_EQ(ledger_open(&app.ledger, s.store, &options, NULL), TS_OK);
    CHECK_EQ(
        ts_inbox_new(s.store, WEBHOOKS_INBOX, "webhooks", webhooks_apply_row, &app, &app.inbox),
        TS_OK);
    ts_inbox_groups(app.inbox, webhooks_close_rows);
    ts_inbox_guard(app.inbox, webhooks_lock, webhooks_unlock);
    ts_inbox_erases(app.inbox, "webhooks", WEBHOOKS_TO_AUTH, webhooks_forget);
    CHECK_EQ(dispatch_start(&app.ledger, &app.dispatch, NULL), TS_OK);
    CHECK_EQ(tend_start(&app.ledger, &keep, &app.tend, NULL), TS_OK);
    served_start(&s, "webhooks", webhooks_rows, &app);
}

static inline void stop(void)
{
    dispatch_close(app.dispatch);
    served_stop(&s);
    tend_stop(app.tend);
    dispatch_stop(app.dispatch);
    ts_inbox_free(app.inbox);
    ledger_close(&app.ledger);
    ts_store_close(TS_TAKE(s.store));
}

static inline void begin(const char *waits)
{
    memset(&s, 0, sizeof(s));
    scratch_directory(s.directory);
    start_with(waits);
}

static inline void end(void)
{
    stop();
    remove_directory(s.directory);
}

/* ---- what a gateway and a dispatcher would ask ---- */

static inline ts_status make_endpoint(ts_tenant tenant, const char *url, const char *filter,
                                      const Ts__Webhooks__Endpoint **ret)
{
    Ts__Webhooks__CreateEndpointRequest request = TS__WEBHOOKS__CREATE_ENDPOINT_REQUEST__INIT;
    char *filters[] = { (char *)(uintptr_t)filter }; /* only packed */

    request.url = (char *)(uintptr_t)url;
    request.events = filters;
    request.n_events = filter == NULL ? 0 : 1;
    return served_call(&s, tenant, &ts_webhooks_create_endpoint, &request.base, ret);
}

static inline const Ts__Webhooks__Endpoint *endpoint(ts_tenant tenant, const char *filter)
{
    const Ts__Webhooks__Endpoint *made = NULL;

    CHECK_EQ(make_endpoint(tenant, "http://127.0.0.1:9/hook", filter, &made), TS_OK);
    CHECK_EQ(strlen(made->secret), 38);
    return made;
}

static inline void publish_cause(ts_tenant tenant, const char *event, uint8_t cause)
{
    Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;
    uint8_t bytes[16] = { cause };

    p.cause.data = bytes;
    p.cause.len = sizeof(bytes);
    p.event = (char *)(uintptr_t)event; /* only packed */
    p.at_ms = INT64_C(1764000000000);
    p.data = (char *)(uintptr_t) "{\"severity\":\"high\"}";
    served_hand_over(&s, &ts_webhooks_accept, tenant, "webhook", p.at_ms, &p.base);
}

static inline void publish(const char *event, uint8_t cause)
{
    publish_cause(live, event, cause);
}

/* Time goes by. Of the ledger's own clock, that is: a restart sets it right. */
static inline void shift(int64_t ms)
{
    webhooks_lock(&app, live);
    app.ledger.clock.offset_ms += ms;
    pthread_cond_broadcast(&app.ledger.wake);
    webhooks_unlock(&app, live);
}

static inline const Ts__Webhooks__LeaseReply *lease(uint32_t credits, uint32_t wait_ms)
{
    Ts__Webhooks__LeaseRequest request = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    const Ts__Webhooks__LeaseReply *reply = NULL;

    request.credits = credits;
    request.wait_ms = wait_ms;
    CHECK_EQ(
        served_call(&s, (ts_tenant){ 0, TS_MODE_LIVE }, &ts_webhooks_lease, &request.base, &reply),
        TS_OK);
    return reply;
}

static inline const Ts__Webhooks__LeasedDelivery *lease_one(uint32_t wait_ms)
{
    const Ts__Webhooks__LeaseReply *reply = lease(1, wait_ms);

    CHECK_EQ(reply->n_deliveries, 1);
    return reply->deliveries[0];
}

static inline void result_of(const Ts__Webhooks__LeasedDelivery *d, uint32_t status,
                             const char *error, bool returned)
{
    Ts__Webhooks__DeliveryResult r = TS__WEBHOOKS__DELIVERY_RESULT__INIT;
    Ts__Webhooks__DeliveryResult *list[] = { &r };
    Ts__Webhooks__ResultRequest request = TS__WEBHOOKS__RESULT_REQUEST__INIT;
    const Ts__Empty *reply = NULL;

    r.org = d->org;
    r.mode = d->mode;
    r.event_id = d->event_id;
    r.endpoint_id = d->endpoint_id;
    r.attempt = d->attempt;
    r.token = d->token;
    r.status_code = status;
    r.error = (char *)(uintptr_t)error; /* only packed */
    r.returned = returned;
    r.at_ms = ts_wall_ms();
    r.response.data = (uint8_t *)(uintptr_t) "answer";
    r.response.len = 6;
    request.results = list;
    request.n_results = 1;
    CHECK_EQ(
        served_call(&s, (ts_tenant){ 0, TS_MODE_LIVE }, &ts_webhooks_result, &request.base, &reply),
        TS_OK);
}

static inline const Ts__Webhooks__EventList *events(ts_tenant tenant, const char *status,
                                                    const char *event, uint64_t offset)
{
    Ts__Webhooks__ListEventsRequest request = TS__WEBHOOKS__LIST_EVENTS_REQUEST__INIT;
    const Ts__Webhooks__EventList *list = NULL;

    request.status = (char *)(uintptr_t)status; /* only packed */
    request.event = (char *)(uintptr_t)event;
    request.limit = 50;
    request.offset = offset;
    CHECK_EQ(served_call(&s, tenant, &ts_webhooks_list_events, &request.base, &list), TS_OK);
    return list;
}

static inline uint64_t count(const char *status)
{
    return events(live, status, "", 0)->total;
}

#endif
