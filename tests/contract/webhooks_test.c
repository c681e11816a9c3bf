/* The ledger over its socket, with its real store: what is handed over is owed to each endpoint once, and every way a
 * delivery can go ends where it should. */
#include "webhooks_ledger.h"

/* ---- tests ---- */

static void a_published_event_is_leased_signed_and_delivered(void)
{
    const Ts__Webhooks__Endpoint *e;
    const Ts__Webhooks__LeasedDelivery *d;
    const Ts__Webhooks__EventList *list;

    begin("1h");
    e = endpoint(live, NULL);
    publish("incident.created", 1);
    d = lease_one(SOON_MS);
    CHECK(strcmp(d->endpoint_id, e->id) == 0);
    CHECK_EQ(d->attempt, 1);
    CHECK_EQ(d->token.len, 16);
    CHECK(strcmp(d->url, "http://127.0.0.1:9/hook") == 0);
    CHECK(strncmp((const char *)d->body.data, "{\"id\":\"evt_", 11) == 0);
    CHECK(memmem(d->body.data, d->body.len,
                 "\"timestamp\":\"2025-11-24T16:00:00Z\",\"data\":{\"severity\":\"high\"}}",
                 62) != NULL);
    CHECK_EQ(d->n_headers, 8);
    CHECK_EQ(count("pending"), 1);
    CHECK_EQ(lease(1, 0)->n_deliveries, 0);
    result_of(d, 204, "", false);
    list = events(live, "delivered", "", 0);
    CHECK_EQ(list->total, 1);
    CHECK_EQ(list->events[0]->n_deliveries, 1);
    CHECK_EQ(list->events[0]->deliveries[0]->n_attempts, 1);
    CHECK_EQ(list->events[0]->deliveries[0]->attempts[0]->status_code, 204);
    CHECK_EQ(list->events[0]->body.len, 0);
    CHECK_EQ(count("pending"), 0);
    CHECK_EQ(lease(1, 0)->n_deliveries, 0);
    end();
}

static void a_cause_told_twice_is_one_event(void)
{
    begin("1h");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    publish("incident.created", 1);
    CHECK_EQ(count("all"), 1);
    CHECK_EQ(lease(10, 0)->n_deliveries, 1);
    end();
}

static void each_endpoint_that_wants_it_gets_it_once(void)
{
    const Ts__Webhooks__LeaseReply *reply;

    begin("1h");
    (void)endpoint(live, NULL);
    (void)endpoint(live, "incident.*");
    (void)endpoint(live, "api_key.created");
    (void)endpoint(other, NULL);
    publish("incident.created", 1);
    publish("api_key.revoked", 2);
    reply = lease(10, 0);
    CHECK_EQ(reply->n_deliveries, 3);
    for (size_t i = 0; i < reply->n_deliveries; i++)
        CHECK_EQ(reply->deliveries[i]->org, live.org);
    CHECK_EQ(events(other, "all", "", 0)->total, 0);
    CHECK_EQ(events(live, "all", "api_key.revoked", 0)->total, 1);
    end();
}

static void an_event_that_nobody_wants_is_in_the_log(void)
{
    begin("1h");
    (void)endpoint(live, "api_key.*");
    publish("incident.created", 1);
    CHECK_EQ(count("delivered"), 1);
    CHECK_EQ(events(live, "delivered", "", 0)->events[0]->n_deliveries, 0);
    CHECK_EQ(lease(1, 0)->n_deliveries, 0);
    end();
}

static void a_failed_attempt_is_tried_again_with_the_same_bytes_and_then_fails(void)
{
    const Ts__Webhooks__LeasedDelivery *d;
    const Ts__Webhooks__Delivery *row;
    int64_t failed_ms;
    uint8_t body[256];
    size_t body_n;

    begin("1s,1s");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    d = lease_one(SOON_MS);
    body_n = d->body.len;
    CHECK(body_n <= sizeof(body));
    memcpy(body, d->body.data, body_n);
    failed_ms = ts_boot_ms();
    result_of(d, 500, "", false);
    CHECK_EQ(count("pending"), 1);
    d = lease_one(SOON_MS);
    CHECK(ts_boot_ms() - failed_ms >= 1000); /* never early */
    CHECK_EQ(d->attempt, 2);
    CHECK(d->body.len == body_n && memcmp(d->body.data, body, body_n) == 0);
    result_of(d, 0, "timeout", false);
    d = lease_one(SOON_MS);
    CHECK_EQ(d->attempt, 3);
    result_of(d, 302, "", false);
    CHECK_EQ(count("failed"), 1);
    row = events(live, "failed", "", 0)->events[0]->deliveries[0];
    CHECK(strcmp(row->status, "failed") == 0);
    CHECK_EQ(row->n_attempts, 3);
    CHECK(strcmp(row->attempts[0]->error, "http_status") == 0);
    CHECK(strcmp(row->attempts[1]->error, "timeout") == 0);
    CHECK_EQ(row->attempts[2]->status_code, 302);
    CHECK_EQ(row->next_attempt_ms, 0);
    CHECK_EQ(lease(1, 0)->n_deliveries, 0);
    end();
}

static void a_lease_that_ends_is_due_again_without_counting(void)
{
    const Ts__Webhooks__LeasedDelivery *first;
    const Ts__Webhooks__LeasedDelivery *second;

    begin("1h");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    first = lease_one(SOON_MS);
    shift(LEASE_MS);
    second = lease_one(SOON_MS);
    CHECK_EQ(second->attempt, 1);
    CHECK(memcmp(first->token.data, second->token.data, 16) != 0);
    result_of(first, 500, "", false); /* too late: another holds the lease */
    CHECK_EQ(count("pending"), 1);
    result_of(second, 200, "", false);
    CHECK_EQ(count("delivered"), 1);
    result_of(first, 200, "", false);
    CHECK_EQ(count("delivered"), 1);
    end();
}

static void a_late_success_counts_and_takes_the_delivery_back(void)
{
    const Ts__Webhooks__LeasedDelivery *first;
    const Ts__Webhooks__LeasedDelivery *second;

    begin("1h");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    first = lease_one(SOON_MS);
    shift(LEASE_MS);
    second = lease_one(SOON_MS);
    result_of(first, 200, "", false);
    CHECK_EQ(count("delivered"), 1);
    result_of(second, 500, "", false);
    CHECK_EQ(count("delivered"), 1);
    CHECK_EQ(lease(1, 0)->n_deliveries, 0);
    end();
}

static void a_returned_delivery_is_due_at_once(void)
{
    const Ts__Webhooks__LeasedDelivery *d;

    begin("1h");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    d = lease_one(SOON_MS);
    result_of(d, 0, "", true);
    d = lease_one(SOON_MS);
    CHECK_EQ(d->attempt, 1);
    result_of(d, 200, "", false);
    CHECK_EQ(count("delivered"), 1);
    end();
}

static void one_endpoint_has_only_so_many_under_way(void)
{
    const Ts__Webhooks__LeaseReply *reply;

    begin("1h");
    (void)endpoint(live, NULL);
    for (uint8_t i = 0; i < 10; i++)
        publish("incident.created", (uint8_t)(i + 1));
    reply = lease(10, 0);
    CHECK_EQ(reply->n_deliveries, 2);
    CHECK_EQ(lease(10, 0)->n_deliveries, 0);
    result_of(reply->deliveries[0], 200, "", false);
    CHECK_EQ(lease(10, 0)->n_deliveries, 1);
    end();
}

static void *publish_later(void *unused)
{
    struct timespec pause = { 0, 200000000 };
    uint64_t ticket = 0;
    ts_batch *batch = ts_batch_new();
    ts_arena *arena = ts_arena_new(1u << 20);
    Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;
    uint8_t cause[16] = { 77 };

    (void)unused;
    nanosleep(&pause, NULL);
    p.cause.data = cause;
    p.cause.len = sizeof(cause);
    p.event = (char *)(uintptr_t) "incident.created";
    p.at_ms = 1;
    p.data = (char *)(uintptr_t) "{}";
    webhooks_lock(&app, live);
    CHECK_EQ(ledger_publish(&app.ledger, live, &p, NULL, arena, batch, NULL), TS_OK);
    CHECK_EQ(ts_store_write(s.store, batch, &ticket), TS_OK);
    webhooks_unlock(&app, live);
    ts_batch_free(batch);
    ts_arena_free(arena);
    return NULL;
}

static void a_waiting_dispatcher_is_woken(void)
{
    pthread_t thread;
    int64_t started_ms;

    begin("1h");
    (void)endpoint(live, NULL);
    CHECK_EQ(pthread_create(&thread, NULL, publish_later, NULL), 0);
    started_ms = ts_boot_ms();
    (void)lease_one(SOON_MS);
    CHECK(ts_boot_ms() - started_ms < SOON_MS - 5000);
    pthread_join(thread, NULL);
    end();
}

static void a_restart_keeps_what_is_owed(void)
{
    const Ts__Webhooks__LeasedDelivery *d;

    begin("1s");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    publish("incident.updated", 2);
    publish("incident.resolved", 3);
    (void)lease_one(SOON_MS);                      /* in flight when the ledger stops */
    result_of(lease_one(SOON_MS), 500, "", false); /* waits for its second attempt */
    stop();
    start_with("1s");
    CHECK_EQ(count("pending"), 3);
    CHECK_EQ(lease(10, 100)->n_deliveries,
             0); /* who failed last has one slot, and the lease from before holds it */
    shift(LEASE_MS);
    d = lease_one(SOON_MS);
    result_of(d, 200, "", false);
    d = lease_one(SOON_MS);
    result_of(d, 200, "", false);
    d = lease_one(SOON_MS);
    result_of(d, 200, "", false);
    CHECK_EQ(count("delivered"), 3);
    CHECK_EQ(count("pending"), 0);
    end();
}

static void the_same_call_makes_one_endpoint_and_the_limit_holds(void)
{
    const Ts__Webhooks__Endpoint *e = NULL;
    Ts__Webhooks__ListEndpointsRequest request = TS__WEBHOOKS__LIST_ENDPOINTS_REQUEST__INIT;
    const Ts__Webhooks__EndpointList *list = NULL;

    begin("1h");
    for (unsigned i = 0; i < 3; i++)
        (void)endpoint(live, NULL);
    CHECK_EQ(make_endpoint(live, "http://127.0.0.1:9/", NULL, &e), TS_CONFLICT);
    CHECK_EQ(make_endpoint(other, "http://10.0.0.1/", NULL, &e), TS_INVALID);
    CHECK(strcmp(s.error.param, "url") == 0);
    CHECK_EQ(make_endpoint(other, "http://127.0.0.1/", "incidents", &e), TS_INVALID);
    CHECK(strcmp(s.error.param, "events") == 0);
    request.limit = 2;
    CHECK_EQ(served_call(&s, live, &ts_webhooks_list_endpoints, &request.base, &list), TS_OK);
    CHECK_EQ(list->total, 3);
    CHECK_EQ(list->n_endpoints, 2);
    CHECK(list->endpoints[0]->secret[0] == '\0');
    end();
}

static void a_deleted_endpoint_is_owed_nothing_more(void)
{
    const Ts__Webhooks__LeasedDelivery *d;
    const Ts__Empty *nothing = NULL;
    const Ts__Webhooks__Endpoint *found = NULL;
    Ts__Webhooks__EndpointId id = TS__WEBHOOKS__ENDPOINT_ID__INIT;

    begin("1s");
    id.id = endpoint(live, NULL)->id;
    publish("incident.created", 1);
    publish("incident.updated", 2);
    d = lease_one(SOON_MS);
    CHECK_EQ(served_call(&s, other, &ts_webhooks_delete_endpoint, &id.base, &nothing),
             TS_NOT_FOUND);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_delete_endpoint, &id.base, &nothing), TS_OK);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_get_endpoint, &id.base, &found), TS_NOT_FOUND);
    CHECK_SOON(count("failed") == 1);
    result_of(d, 500, "", false);
    CHECK_EQ(count("failed"), 2);
    publish("incident.resolved", 3);
    CHECK_EQ(lease(10, 0)->n_deliveries, 0);
    stop();
    start_with("1s");
    CHECK_EQ(lease(10, 0)->n_deliveries, 0);
    CHECK_EQ(count("all"), 3);
    end();
}

/* A wall clock that was a year ahead when the ledger last ran must not hold a delivery for a year. */
static void a_clock_that_was_wrong_delays_by_a_step_at_most(void)
{
    const Ts__Webhooks__LeasedDelivery *d;

    begin("1s");
    (void)endpoint(live, NULL);
    webhooks_lock(&app, live);
    app.ledger.clock.offset_ms += 365 * TS_DAY_MS;
    webhooks_unlock(&app, live);
    publish("incident.created", 1);
    d = lease_one(SOON_MS);
    result_of(d, 500, "", false);
    publish("incident.updated", 2);
    (void)lease_one(SOON_MS); /* leased under the wrong clock */
    stop();
    start_with("1s");
    shift(LEASE_MS); /* a step of a lease */
    d = lease_one(SOON_MS);
    result_of(d, 200, "", false);
    d = lease_one(SOON_MS);
    result_of(d, 200, "", false);
    CHECK_EQ(count("delivered"), 2);
    end();
}

static void an_erased_organization_is_owed_nothing_and_forgotten(void)
{
    const Ts__Webhooks__Endpoint *made = NULL;
    const Ts__Webhooks__LeasedDelivery *d;
    char **lines = NULL;
    size_t others;
    size_t shown;

    served_check_hidden(webhooks_families);
    begin("1s");
    (void)endpoint(live, NULL);
    (void)endpoint(other, NULL);
    publish_cause(live, "incident.created", 1);
    d = lease_one(SOON_MS); /* under way when the end comes */
    publish_cause(live, "incident.updated", 2);
    publish_cause(other, "incident.created", 3);
    others = served_rows_of(&s, webhooks_families, other.org);

    shown = served_export(&s, &ts_webhooks_export, live, 3, &lines);
    /* All but the remembered answer of the call that made the endpoint. */
    CHECK_EQ(shown, served_rows_of(&s, webhooks_families, live.org) - 1);
    for (size_t i = 0; i < shown; i++)
        CHECK(strstr(lines[i], "whsec_") == NULL && strstr(lines[i], "\"secret\"") == NULL &&
              strstr(lines[i], "\"token\"") == NULL);

    served_erase(&s, &ts_webhooks_accept, live.org);
    CHECK_EQ(served_rows_of(&s, webhooks_families, live.org), 0);
    CHECK_EQ(served_rows_of(&s, webhooks_families, other.org), others);
    CHECK_EQ(served_sent(&s, WEBHOOKS_TO_AUTH), 3); /* two endpoints were made before */
    CHECK_EQ(make_endpoint(live, "http://127.0.0.1:9/hook", NULL, &made), TS_NOT_FOUND);

    /* Only the other's is given out, the late result has no effect, and a lease that ends brings nothing back. */
    publish_cause(live, "incident.created", 4);
    CHECK_EQ(lease_one(SOON_MS)->org, other.org);
    result_of(d, 200, "", false);
    shift(LEASE_MS);
    CHECK_EQ(lease_one(SOON_MS)->org, other.org); /* its lease has ended */
    CHECK_EQ(served_rows_of(&s, webhooks_families, live.org), 0);
    stop();
    start_with("1s");
    shift(2 * LEASE_MS);
    CHECK_EQ(lease_one(SOON_MS)->org, other.org);
    end();
}

int main(void)
{
    RUN(a_published_event_is_leased_signed_and_delivered);
    RUN(a_cause_told_twice_is_one_event);
    RUN(each_endpoint_that_wants_it_gets_it_once);
    RUN(an_event_that_nobody_wants_is_in_the_log);
    RUN(a_failed_attempt_is_tried_again_with_the_same_bytes_and_then_fails);
    RUN(a_lease_that_ends_is_due_again_without_counting);
    RUN(a_late_success_counts_and_takes_the_delivery_back);
    RUN(a_returned_delivery_is_due_at_once);
    RUN(one_endpoint_has_only_so_many_under_way);
    RUN(a_waiting_dispatcher_is_woken);
    RUN(a_restart_keeps_what_is_owed);
    RUN(the_same_call_makes_one_endpoint_and_the_limit_holds);
    RUN(a_deleted_endpoint_is_owed_nothing_more);
    RUN(a_clock_that_was_wrong_delays_by_a_step_at_most);
    RUN(an_erased_organization_is_owed_nothing_and_forgotten);
    return 0;
}
