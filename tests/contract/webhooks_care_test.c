/* What keeps webhooks going without anybody looking: settings changed under way, secrets rotated, replays, order, rates,
 * endpoints that fail for days, deletion and retention in steps, and a store of the schema before. */
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "ts/audit.h"
#include "webhooks_ledger.h"

static void shift(int64_t ms)
{
    webhooks_lock(&app, live);
    app.ledger.clock.offset_ms += ms;
    pthread_cond_broadcast(&app.ledger.wake);
    webhooks_unlock(&app, live);
}

/* An id that outlives a restart: answers die with it. */
static const char *kept_id(const Ts__Webhooks__Endpoint *e)
{
    static char ids[8][TS_ID_SIZE];
    static unsigned n;

    n = (n + 1) % TS_COUNT(ids);
    snprintf(ids[n], sizeof(ids[n]), "%s", e->id);
    return ids[n];
}

static ts_status update(Ts__Webhooks__UpdateEndpointRequest *request, const char *id,
                        unsigned fields, const Ts__Webhooks__Endpoint **ret)
{
    request->id = (char *)(uintptr_t)id; /* only packed */
    request->fields = fields;
    return served_call(&s, live, &ts_webhooks_update_endpoint, &request->base, ret);
}

static void set_enabled(const char *id, bool enabled)
{
    Ts__Webhooks__UpdateEndpointRequest request = TS__WEBHOOKS__UPDATE_ENDPOINT_REQUEST__INIT;
    const Ts__Webhooks__Endpoint *after = NULL;

    request.enabled = enabled;
    CHECK_EQ(update(&request, id, WEBHOOKS_FIELD_ENABLED, &after), TS_OK);
    CHECK_EQ(after->enabled, enabled);
}

static void set_ordered(const char *id, bool ordered)
{
    Ts__Webhooks__UpdateEndpointRequest request = TS__WEBHOOKS__UPDATE_ENDPOINT_REQUEST__INIT;
    const Ts__Webhooks__Endpoint *after = NULL;

    request.ordered = ordered;
    CHECK_EQ(update(&request, id, WEBHOOKS_FIELD_ORDERED, &after), TS_OK);
}

static const Ts__Webhooks__Endpoint *get(const char *id)
{
    Ts__Webhooks__EndpointId request = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    const Ts__Webhooks__Endpoint *found = NULL;

    request.id = (char *)(uintptr_t)id;
    CHECK_EQ(served_call(&s, live, &ts_webhooks_get_endpoint, &request.base, &found), TS_OK);
    return found;
}

static ts_status replay(ts_tenant tenant, const char *id, const Ts__Webhooks__ReplayReply **ret)
{
    Ts__Webhooks__EventId request = TS__WEBHOOKS__EVENT_ID__INIT;

    request.id = (char *)(uintptr_t)id;
    return served_call(&s, tenant, &ts_webhooks_replay_event, &request.base, ret);
}

static const Ts__Webhooks__EventList *list(const char *status, const char *endpoint_id,
                                           const char *event, uint64_t offset, uint32_t limit)
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
static const Ts__AuditEntry *last_audit(void)
{
    const Ts__AuditEntry *entry = NULL;

    served_read(&s, WEBHOOKS_TO_AUTH, served_sent(&s, WEBHOOKS_TO_AUTH),
                &ts__audit_entry__descriptor, &entry);
    return entry;
}

static const char *header(const Ts__Webhooks__LeasedDelivery *d, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < d->n_headers; i++) {
        if (strncmp(d->headers[i], name, n) == 0 && strncmp(d->headers[i] + n, ": ", 2) == 0)
            return d->headers[i] + n + 2;
    }
    return "";
}

/* Publishes in the ledger itself: quicker than a row at a time over the bus. */
static void publish_many(const char *event, unsigned first, unsigned count, int64_t at_ms)
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
static unsigned answer_all(uint32_t status)
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

/* ---- settings ---- */

static void a_secret_rotates_with_an_overlap_and_is_promoted(void)
{
    Ts__Webhooks__RotateSecretRequest rotate = TS__WEBHOOKS__ROTATE_SECRET_REQUEST__INIT;
    Ts__Webhooks__EndpointId id = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    const Ts__Webhooks__Endpoint *made;
    const Ts__Webhooks__Endpoint *after = NULL;
    const Ts__Webhooks__LeasedDelivery *d;

    begin("1h");
    made = endpoint(live, NULL);
    id.id = rotate.id = made->id;
    CHECK_EQ(served_call(&s, live, &ts_webhooks_promote_secret, &id.base, &after), TS_CONFLICT);
    rotate.overlap_s = 7 * 86400 + 1;
    CHECK_EQ(served_call(&s, live, &ts_webhooks_rotate_secret, &rotate.base, &after), TS_INVALID);
    CHECK(strcmp(s.error.param, "overlap_seconds") == 0);
    rotate.overlap_s = 86400;
    CHECK_EQ(served_call(&s, other, &ts_webhooks_rotate_secret, &rotate.base, &after),
             TS_NOT_FOUND);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_rotate_secret, &rotate.base, &after), TS_OK);
    CHECK_EQ(strlen(after->secret), 38);
    CHECK(strcmp(after->secret, made->secret) != 0);
    CHECK(after->rotation_ends_ms > ts_wall_ms() + 86000000);
    CHECK(strcmp(last_audit()->action, "endpoint.secret_rotated") == 0);
    CHECK(strstr(last_audit()->details, "whsec") == NULL);
    CHECK(get(made->id)->secret[0] == '\0' && get(made->id)->next_secret[0] == '\0');
    publish("incident.created", 1);
    d = lease_one(5000);
    CHECK_EQ(d->n_headers, 9);
    CHECK(strncmp(header(d, "X-TeamSentry-Signature-Next"), "sha256=", 7) == 0);
    CHECK(strstr(header(d, "webhook-signature"), " v1,") != NULL);
    result_of(d, 200, "", false);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_promote_secret, &id.base, &after), TS_OK);
    CHECK_EQ(after->rotation_ends_ms, 0);
    CHECK(strcmp(last_audit()->action, "endpoint.secret_promoted") == 0);
    publish("incident.created", 2);
    d = lease_one(5000);
    CHECK_EQ(d->n_headers, 8);
    CHECK(header(d, "X-TeamSentry-Signature-Next")[0] == '\0');
    result_of(d, 200, "", false);
    rotate.overlap_s = 0; /* at once */
    CHECK_EQ(served_call(&s, live, &ts_webhooks_rotate_secret, &rotate.base, &after), TS_OK);
    CHECK_EQ(after->rotation_ends_ms, 0);
    CHECK_EQ(strlen(after->secret), 38);
    end();
}

static void headers_travel_and_are_not_shown_again(void)
{
    Ts__Webhooks__UpdateEndpointRequest request = TS__WEBHOOKS__UPDATE_ENDPOINT_REQUEST__INIT;
    Ts__Webhooks__Header extra = TS__WEBHOOKS__HEADER__INIT;
    Ts__Webhooks__Header *extras[] = { &extra };
    const Ts__Webhooks__Endpoint *after = NULL;
    const Ts__Webhooks__LeasedDelivery *d;
    const char *id;

    begin("1h");
    id = kept_id(endpoint(live, NULL));
    extra.name = (char *)(uintptr_t) "Authorization";
    extra.value = (char *)(uintptr_t) "Bearer hush";
    request.headers = extras;
    request.n_headers = 1;
    CHECK_EQ(update(&request, id, WEBHOOKS_FIELD_HEADERS, &after), TS_OK);
    CHECK_EQ(after->n_headers, 1);
    CHECK(strcmp(after->headers[0]->name, "Authorization") == 0);
    CHECK(after->headers[0]->value[0] == '\0');
    CHECK(strcmp(last_audit()->action, "endpoint.updated") == 0);
    CHECK(strcmp(last_audit()->details, "{\"fields\":[\"headers\"]}") == 0);
    CHECK(get(id)->headers[0]->value[0] == '\0');
    publish("incident.created", 1);
    d = lease_one(5000);
    CHECK(strcmp(header(d, "Authorization"), "Bearer hush") == 0);
    extra.name = (char *)(uintptr_t) "Content-Length";
    CHECK_EQ(update(&request, id, WEBHOOKS_FIELD_HEADERS, &after), TS_INVALID);
    CHECK(strcmp(s.error.param, "headers") == 0);
    CHECK_EQ(update(&request, id, 0, &after), TS_INVALID);
    end();
}

static void a_disabled_endpoint_keeps_what_it_was_owed_and_gets_nothing_new(void)
{
    const char *id;

    begin("1h");
    id = kept_id(endpoint(live, NULL));
    publish("incident.created", 1);
    set_enabled(id, false);
    publish("incident.created", 2);
    CHECK_EQ(lease(10, 0)->n_deliveries, 0);
    CHECK_EQ(list("pending", id, "", 0, 10)->total, 1);
    stop();
    start_with("1h");
    CHECK_EQ(lease(10, 0)->n_deliveries, 0);
    set_enabled(id, true);
    result_of(lease_one(5000), 200, "", false);
    CHECK_EQ(lease(10, 0)->n_deliveries, 0);
    CHECK_EQ(count("delivered"), 2); /* nobody was owed the second one */
    end();
}

static void the_same_key_makes_one_endpoint_and_no_second_secret(void)
{
    Ts__Webhooks__CreateEndpointRequest request = TS__WEBHOOKS__CREATE_ENDPOINT_REQUEST__INIT;
    bool replayed = false;
    ts_caller caller = { .tenant = live,
                         .request_id = "",
                         .actor = "key:key_test",
                         .client_addr = "",
                         .traceparent = "",
                         .idempotency_key = "once",
                         .deadline_boot_ms = ts_boot_ms() + CALL_MS,
                         .ret_replayed = &replayed };
    const Ts__Webhooks__Endpoint *first;
    const Ts__Webhooks__Endpoint *second;
    ProtobufCMessage *out = NULL;
    ts_error err = { "", "" };

    begin("1h");
    request.url = (char *)(uintptr_t) "http://127.0.0.1:9/one";
    CHECK_EQ(ts_rpc_call(s.peer, &ts_webhooks_create_endpoint, &caller, &request.base, s.arena,
                         &out, &err),
             TS_OK);
    first = (const void *)out;
    CHECK(!replayed);
    CHECK_EQ(ts_rpc_call(s.peer, &ts_webhooks_create_endpoint, &caller, &request.base, s.arena,
                         &out, &err),
             TS_OK);
    second = (const void *)out;
    CHECK(replayed);
    CHECK(strcmp(first->id, second->id) == 0);
    CHECK_EQ(strlen(first->secret), 38);
    CHECK_EQ(strlen(second->secret), 0);
    CHECK_EQ(served_sent(&s, WEBHOOKS_TO_AUTH), 1);
    request.url = (char *)(uintptr_t) "http://127.0.0.1:9/two";
    CHECK_EQ(ts_rpc_call(s.peer, &ts_webhooks_create_endpoint, &caller, &request.base, s.arena,
                         &out, &err),
             TS_CONFLICT);
    end();
}

static void a_test_event_goes_to_one_endpoint_whatever_it_wants(void)
{
    Ts__Webhooks__EndpointId id = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    const Ts__Webhooks__EventId *event = NULL;
    const Ts__Webhooks__LeaseReply *reply;

    begin("1h");
    (void)endpoint(live, NULL);
    id.id = (char *)(uintptr_t)kept_id(endpoint(live, "incident.*"));
    CHECK_EQ(served_call(&s, live, &ts_webhooks_test_endpoint, &id.base, &event), TS_OK);
    reply = lease(10, 5000);
    CHECK_EQ(reply->n_deliveries, 1);
    CHECK(strcmp(reply->deliveries[0]->endpoint_id, id.id) == 0);
    CHECK(strcmp(reply->deliveries[0]->event_id, event->id) == 0);
    CHECK(memmem(reply->deliveries[0]->body.data, reply->deliveries[0]->body.len,
                 "\"event\":\"webhook.test\"", 22) != NULL);
    CHECK(strcmp(last_audit()->action, "endpoint.tested") == 0);
    set_enabled(id.id, false);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_test_endpoint, &id.base, &event), TS_CONFLICT);
    end();
}

/* ---- order and rate ---- */

static void an_ordered_endpoint_waits_for_its_first(void)
{
    const Ts__Webhooks__LeasedDelivery *d;
    uint8_t head[64];
    const char *id;

    begin("1s,1s");
    id = kept_id(endpoint(live, NULL));
    set_ordered(id, true);
    publish_many("incident.created", 0, 20, 1000); /* many in one millisecond */
    for (unsigned i = 0; i < 20; i++) {
        const Ts__Webhooks__Event *event;

        d = lease_one(5000);
        CHECK_EQ(lease(10, 0)->n_deliveries, 0);
        if (i == 3) { /* fails once: all others wait for it, over a restart too */
            snprintf((char *)head, sizeof(head), "%s", d->event_id);
            result_of(d, 500, "", false);
            CHECK_EQ(lease(10, 0)->n_deliveries, 0);
            stop();
            start_with("1s,1s");
            d = lease_one(5000);
            CHECK(strcmp(d->event_id, (const char *)head) == 0);
            CHECK_EQ(d->attempt, 2);
        }
        event = list("pending", id, "", 19 - i, 1)->events[0]; /* the oldest that is pending */
        CHECK(strcmp(event->id, d->event_id) == 0);
        result_of(d, 200, "", false);
    }
    CHECK_EQ(count("delivered"), 20);
    end();
}

static void order_can_be_given_up_without_being_early(void)
{
    const Ts__Webhooks__LeasedDelivery *d;
    int64_t failed_ms;
    const char *id;
    char first[TS_ID_SIZE];

    begin("1s,1s");
    id = kept_id(endpoint(live, NULL));
    set_ordered(id, true);
    publish_many("incident.created", 0, 2, 1000);
    d = lease_one(5000);
    snprintf(first, sizeof(first), "%s", d->event_id);
    failed_ms = ts_boot_ms();
    result_of(d, 500, "", false);
    set_ordered(id, false);
    d = lease_one(5000);
    CHECK(strcmp(d->event_id, first) != 0);
    result_of(d, 200, "", false);
    d = lease_one(5000);
    CHECK(ts_boot_ms() - failed_ms >= 1000);
    CHECK(strcmp(d->event_id, first) == 0);
    result_of(d, 200, "", false);
    end();
}

static void a_rate_limit_paces_deliveries(void)
{
    Ts__Webhooks__UpdateEndpointRequest request = TS__WEBHOOKS__UPDATE_ENDPOINT_REQUEST__INIT;
    const Ts__Webhooks__Endpoint *after = NULL;
    int64_t started_ms;

    begin("1h");
    request.rate_limit = 20;
    CHECK_EQ(update(&request, endpoint(live, NULL)->id, WEBHOOKS_FIELD_RATE_LIMIT, &after), TS_OK);
    publish_many("incident.created", 0, 11, 1000);
    started_ms = ts_boot_ms();
    for (unsigned i = 0; i < 11; i++)
        result_of(lease_one(5000), 200, "", false);
    CHECK(ts_boot_ms() - started_ms >= 500);
    request.rate_limit = 1001;
    CHECK_EQ(update(&request, after->id, WEBHOOKS_FIELD_RATE_LIMIT, &after), TS_INVALID);
    end();
}

/* ---- replays ---- */

static void an_event_is_replayed_with_its_id_and_its_bytes(void)
{
    const Ts__Webhooks__LeasedDelivery *d;
    const Ts__Webhooks__ReplayReply *reply = NULL;
    const Ts__Webhooks__Event *event;
    char id[TS_ID_SIZE];
    char body[256];

    begin("1s");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    d = lease_one(5000);
    snprintf(id, sizeof(id), "%s", d->event_id);
    snprintf(body, sizeof(body), "%.*s", (int)d->body.len, (const char *)d->body.data);
    CHECK_EQ(replay(live, id, &reply), TS_CONFLICT); /* under way */
    result_of(d, 500, "", false);
    result_of(lease_one(5000), 500, "", false);
    CHECK_EQ(count("failed"), 1);
    CHECK_EQ(replay(other, id, &reply), TS_NOT_FOUND);
    CHECK_EQ(replay(live, "evt_nonsense", &reply), TS_NOT_FOUND);
    CHECK_EQ(replay(live, id, &reply), TS_OK);
    CHECK_EQ(reply->deliveries, 1);
    CHECK(strcmp(last_audit()->action, "event.replayed") == 0);
    CHECK(strcmp(last_audit()->object, id) == 0);
    CHECK_EQ(count("pending"), 1);
    d = lease_one(5000);
    CHECK_EQ(d->attempt, 3);
    CHECK(strcmp(d->event_id, id) == 0);
    CHECK(d->body.len == strlen(body) && memcmp(d->body.data, body, d->body.len) == 0);
    result_of(d, 500, "", false); /* its schedule began anew: one more try */
    d = lease_one(5000);
    CHECK_EQ(d->attempt, 4);
    result_of(d, 200, "", false);
    CHECK_EQ(replay(live, id, &reply), TS_OK); /* it failed nowhere: all of it */
    d = lease_one(5000);
    CHECK_EQ(d->attempt, 5);
    result_of(d, 200, "", false);
    event = list("delivered", "", "", 0, 1)->events[0];
    CHECK_EQ(event->deliveries[0]->n_attempts, 5);
    CHECK_EQ(event->deliveries[0]->attempts[4]->number, 5);
    end();
}

static void what_failed_is_replayed_at_the_endpoints_own_pace(void)
{
    enum { COUNT = 450 };
    Ts__Webhooks__ReplayFailedRequest request = TS__WEBHOOKS__REPLAY_FAILED_REQUEST__INIT;
    const Ts__Webhooks__ReplayReply *reply = NULL;
    unsigned answered = 0;
    const char *id;
    char kept[TS_ID_SIZE];

    begin("1h");
    id = kept_id(endpoint(live, NULL));
    snprintf(kept, sizeof(kept), "%s", id);
    publish_many("incident.created", 0, COUNT, 1000);
    CHECK_EQ(answer_all(500), COUNT);
    shift(2 * TS_HOUR_MS);
    CHECK_EQ(answer_all(500), COUNT);
    CHECK_EQ(list("failed", kept, "", 0, 1)->total, COUNT);
    request.id = kept;
    request.since_ms = 1000 + 50; /* the 50 before are left alone */
    CHECK_EQ(served_call(&s, other, &ts_webhooks_replay_failed, &request.base, &reply),
             TS_NOT_FOUND);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_replay_failed, &request.base, &reply), TS_OK);
    CHECK_EQ(reply->deliveries, COUNT);
    CHECK(strcmp(last_audit()->action, "endpoint.replayed") == 0);
    CHECK_SOON(list("pending", kept, "", 0, 1)->total >= 200);
    CHECK(list("pending", kept, "", 0, 1)->total <= 300); /* a step beyond where it waits */
    stop();
    start_with("1h"); /* goes on where it was */
    shift(4 * TS_HOUR_MS);
    while (answered < 100)
        answered += answer_all(500); /* fail again: not brought back a second time */
    shift(2 * TS_HOUR_MS);
    while (answered < 2 * (COUNT - 50)) { /* each of them twice */
        answered += answer_all(500);
        shift(2 * TS_HOUR_MS);
    }
    CHECK_EQ(answered, 2 * (COUNT - 50));
    CHECK_EQ(list("failed", kept, "", 0, 1)->total, COUNT);
    {
        const Ts__Webhooks__EventList *all = list("failed", kept, "", 0, 200);

        for (size_t i = 0; i < all->n_events; i++)
            CHECK_EQ(all->events[i]->deliveries[0]->n_attempts, 4);
        all = list("failed", kept, "", COUNT - 50, 50);
        for (size_t i = 0; i < all->n_events; i++)
            CHECK_EQ(all->events[i]->deliveries[0]->n_attempts, 2);
    }
    end();
}

/* ---- endpoints that fail for days ---- */

static void days_of_nothing_but_failure_disable_an_endpoint(void)
{
    const Ts__Webhooks__LeasedDelivery *d;
    const char *id;
    char failing[TS_ID_SIZE];

    options.disable_after_ms = 5 * TS_DAY_MS;
    options.disable_failures = 3;
    begin("1s,1s,1s,1s,1s");
    (void)endpoint(live, "webhook.*");
    id = kept_id(endpoint(live, "incident.*"));
    snprintf(failing, sizeof(failing), "%s", id);
    publish("incident.created", 1);
    for (unsigned i = 0; i < 4; i++) /* volume alone is no reason */
        result_of(lease_one(5000), 500, "", false);
    CHECK(get(failing)->enabled);
    shift(5 * TS_DAY_MS);
    result_of(lease_one(5000), 200, "", false); /* one success: five days begin anew */
    publish("incident.created", 2);
    publish("incident.created", 3);
    result_of(lease_one(5000), 500, "", false);
    shift(6 * TS_DAY_MS);
    result_of(lease_one(5000), 500, "", false);
    CHECK(get(failing)->enabled); /* two failures are not enough */
    stop();
    start_with("1s,1s,1s,1s,1s"); /* it is remembered */
    shift(11 * TS_DAY_MS);        /* the shifts from before are not */
    d = lease_one(5000);
    result_of(d, 0, "timeout", false);
    CHECK(!get(failing)->enabled);
    CHECK(strcmp(get(failing)->disabled_reason, "failing") == 0);
    CHECK(strcmp(last_audit()->action, "endpoint.disabled") == 0);
    CHECK(strcmp(last_audit()->actor, "service:webhooks") == 0);
    d = lease_one(5000);
    CHECK(memmem(d->body.data, d->body.len, "\"event\":\"webhook.endpoint_disabled\"", 35) != NULL);
    CHECK(memmem(d->body.data, d->body.len, failing, strlen(failing)) != NULL);
    CHECK(memmem(d->body.data, d->body.len, "whsec_", 6) == NULL);
    result_of(d, 200, "", false);
    set_enabled(failing, true);
    CHECK(get(failing)->disabled_reason[0] == '\0');
    shift(TS_DAY_MS);
    result_of(lease_one(5000), 500, "", false);
    CHECK(get(failing)->enabled); /* a new chance */
    end();
    options.disable_after_ms = 0;
}

/* ---- lists ---- */

static void lists_are_narrowed_by_state_endpoint_and_kind(void)
{
    const Ts__Webhooks__EventList *found;
    const char *all, *some;

    begin("1h");
    all = kept_id(endpoint(live, NULL));
    some = kept_id(endpoint(live, "incident.created"));
    publish_many("incident.created", 0, 5, 1000);
    publish_many("api_key.revoked", 10, 3, 1000);
    publish_many("incident.created", 20, 2, 1000);
    CHECK_EQ(answer_all(200), 17);
    publish_many("incident.created", 30, 1, 1000);
    CHECK_EQ(list("all", "", "", 0, 50)->total, 11);
    CHECK_EQ(list("all", "", "incident.created", 0, 50)->total, 8);
    CHECK_EQ(list("all", all, "", 0, 50)->n_events, 11);
    CHECK_EQ(list("all", some, "", 0, 50)->n_events, 8);
    CHECK_EQ(list("delivered", some, "incident.created", 0, 50)->n_events, 7);
    CHECK_EQ(list("pending", some, "incident.created", 0, 50)->n_events, 1);
    CHECK_EQ(list("all", some, "api_key.revoked", 0, 50)->total, 0);
    CHECK_EQ(list("failed", "", "", 0, 50)->total, 0);
    found = list("all", "", "", 0, 50); /* newest first over all kinds and states */
    CHECK_EQ(found->n_events, 11);
    for (size_t i = 1; i < found->n_events; i++)
        CHECK(found->events[i - 1]->created_ms > found->events[i]->created_ms);
    for (uint64_t offset = 0; offset < 11; offset++) {
        const Ts__Webhooks__EventList *one = list("all", "", "", offset, 1);

        CHECK_EQ(one->n_events, 1);
        CHECK(strcmp(one->events[0]->id, found->events[offset]->id) == 0);
    }
    CHECK_EQ(list("all", "", "", 11, 1)->n_events, 0);
    stop();
    start_with("1h");
    CHECK_EQ(list("all", "", "incident.created", 0, 50)->total, 8);
    CHECK_EQ(list("delivered", all, "", 0, 50)->total, 10);
    end();
}

/* ---- steps ---- */

static void a_deleted_endpoints_backlog_fails_in_steps_and_over_a_restart(void)
{
    Ts__Webhooks__EndpointId id = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    const Ts__Empty *nothing = NULL;
    ts_arena *arena = ts_arena_new(8u << 20);
    ready_endpoint *e;
    bool more = false;

    begin("1h");
    id.id = (char *)(uintptr_t)kept_id(endpoint(live, NULL));
    publish_many("incident.created", 0, 3 * TEND_STEP, 1000);
    tend_stop(TS_TAKE(app.tend)); /* steps are ours */
    CHECK_EQ(served_call(&s, live, &ts_webhooks_delete_endpoint, &id.base, &nothing), TS_OK);
    CHECK(strcmp(last_audit()->action, "endpoint.deleted") == 0);
    CHECK_EQ(count("pending"), 3 * TEND_STEP);
    webhooks_lock(&app, live);
    e = ledger_endpoint(&app.ledger, ts_str_of(id.id));
    CHECK_EQ(tend_settle(&app.ledger, e, arena, &more), TS_OK);
    webhooks_unlock(&app, live);
    CHECK(more);
    CHECK_EQ(count("failed"), TEND_STEP);
    CHECK_EQ(lease(10, 0)->n_deliveries, 0);
    stop();
    start_with("1h");
    CHECK_SOON(count("failed") == 3 * TEND_STEP);
    CHECK_EQ(count("pending"), 0);
    ts_arena_free(arena);
    end();
}

static void old_events_are_forgotten_in_steps_and_pending_ones_never(void)
{
    ts_arena *arena = ts_arena_new(32u << 20);
    bool more = false;
    uint32_t type = 0;
    const char *id;

    begin("1h");
    id = kept_id(endpoint(live, NULL));
    publish_many("incident.created", 0, TEND_STEP + 50, 1000);
    CHECK_EQ(answer_all(200), TEND_STEP + 50);
    publish_many("incident.created", 5000, 1, 1000);
    CHECK(type_number(TS_STR_LIT("incident.created"), &type));
    webhooks_lock(&app, live);
    CHECK_EQ(tend_forget(&app.ledger, live, type, DELIVERY_DELIVERED, 1000 + TEND_STEP + 40, arena,
                         &more),
             TS_OK);
    webhooks_unlock(&app, live);
    CHECK(more);
    CHECK_EQ(list("delivered", id, "", 0, 1)->total, 50);
    ts_arena_reset(arena);
    webhooks_lock(&app, live);
    CHECK_EQ(tend_forget(&app.ledger, live, type, DELIVERY_DELIVERED, 1000 + TEND_STEP + 40, arena,
                         &more),
             TS_OK);
    webhooks_unlock(&app, live);
    CHECK(!more);
    CHECK_EQ(list("delivered", id, "", 0, 50)->n_events, 10);
    CHECK_EQ(list("delivered", "", "incident.created", 0, 50)->n_events, 10);
    CHECK_EQ(count("delivered"), 10);
    CHECK_EQ(count("pending"), 1);
    result_of(lease_one(5000), 200, "", false);
    ts_arena_free(arena);
    end();
}

static atomic_bool somebody_has_left;

static void *lease_as_somebody(void *unused)
{
    Ts__Webhooks__LeaseRequest request = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    ts_caller caller = { .tenant = { 0, TS_MODE_LIVE },
                         .request_id = "",
                         .actor = "service:webhook-dispatcher",
                         .client_addr = "",
                         .traceparent = "",
                         .idempotency_key = "",
                         .deadline_boot_ms = ts_boot_ms() + CALL_MS };
    ts_arena *arena = ts_arena_new(1u << 20);
    ProtobufCMessage *out = NULL;

    (void)unused;
    request.dispatcher = (char *)(uintptr_t) "somebody";
    request.credits = 1;
    request.wait_ms = 25000;
    CHECK_EQ(ts_rpc_call(s.peer, &ts_webhooks_lease, &caller, &request.base, arena, &out, NULL),
             TS_OK);
    CHECK_EQ(((const Ts__Webhooks__LeaseReply *)out)->n_deliveries, 0);
    atomic_store(&somebody_has_left, true);
    ts_arena_free(arena);
    return NULL;
}

static void a_dispatcher_that_leaves_takes_its_question_back(void)
{
    Ts__Webhooks__LeaseRequest request = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    const Ts__Webhooks__LeaseReply *reply = NULL;
    pthread_t thread;
    int64_t started_ms = ts_boot_ms();

    begin("1h");
    CHECK_EQ(pthread_create(&thread, NULL, lease_as_somebody, NULL), 0);
    request.dispatcher = (char *)(uintptr_t) "somebody";
    request.leaving = true;
    while (!atomic_load(&somebody_has_left)) {
        struct timespec pause = { 0, 20000000 };

        CHECK_EQ(served_call(&s, (ts_tenant){ 0, TS_MODE_LIVE }, &ts_webhooks_lease, &request.base,
                             &reply),
                 TS_OK);
        nanosleep(&pause, NULL);
        CHECK(ts_boot_ms() - started_ms < 15000);
    }
    pthread_join(thread, NULL);
    end();
}

/* This program again, as a dispatcher that only asks. */
static int ask_for_ever(const char *address, const char *credits)
{
    Ts__Webhooks__LeaseRequest request = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    ts_caller caller = { .tenant = { 0, TS_MODE_LIVE },
                         .request_id = "",
                         .actor = "service:webhook-dispatcher",
                         .client_addr = "",
                         .traceparent = "",
                         .idempotency_key = "",
                         .deadline_boot_ms = ts_boot_ms() + CALL_MS };
    ts_arena *arena = ts_arena_new(1u << 20);
    ProtobufCMessage *out = NULL;
    ts_peer *peer = NULL;

    request.dispatcher = (char *)(uintptr_t) "doomed";
    request.credits = (uint32_t)strtoul(credits, NULL, 10);
    request.wait_ms = 25000;
    CHECK_EQ(ts_peer_new("webhooks", address, &peer, NULL), TS_OK);
    ts_ignore(ts_rpc_call(peer, &ts_webhooks_lease, &caller, &request.base, arena, &out, NULL));
    return 0;
}

static uint32_t slots_known(void)
{
    uint32_t slots;

    webhooks_lock(&app, live);
    slots = app.ledger.ready.slots;
    webhooks_unlock(&app, live);
    return slots;
}

/* True if what was published after the dispatcher's death came to another at once. */
static bool death_costs_nothing(uint8_t cause)
{
    char address[128];
    char credits[8];
    char *words[] = { (char *)(uintptr_t) "contract_webhooks_care", address, credits, NULL };
    const Ts__Webhooks__LeaseReply *reply;
    pid_t child;

    snprintf(address, sizeof(address), "ipc://%s/webhooks", s.directory);
    snprintf(credits, sizeof(credits), "%u", 10u * cause);
    CHECK_EQ(posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ), 0);
    CHECK_SOON(slots_known() >= 10u * cause); /* more than all before it together */
    CHECK_EQ(kill(child, SIGKILL), 0);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    publish("incident.created", cause);
    reply = lease(1, 1000);
    if (reply->n_deliveries == 1)
        result_of(reply->deliveries[0], 200, "", false);
    return reply->n_deliveries == 1;
}

static void a_dispatcher_that_was_killed_is_given_nothing(void)
{
    uint8_t tries = 0;

    begin("1h");
    (void)endpoint(live, NULL);
    /* The ledger hears of a death a moment later; who never hears of it fails every time. */
    while (!death_costs_nothing(++tries))
        CHECK(tries < 5);
    end();
}

/* The first answer was lost while the disk was slow: what the repeat finds known may not be on it yet. */
static void a_result_told_again_is_on_disk_before_it_is_acknowledged(void)
{
    const Ts__Webhooks__LeasedDelivery *d;
    Ts__Webhooks__DeliveryResult r = TS__WEBHOOKS__DELIVERY_RESULT__INIT;
    Ts__Webhooks__DeliveryResult *list[] = { &r };
    uint64_t ticket = 0, before = 0, after = 0;
    double seconds;

    begin("1h");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    d = lease_one(5000);
    r.org = d->org;
    r.event_id = d->event_id;
    r.endpoint_id = d->endpoint_id;
    r.attempt = d->attempt;
    r.token = d->token;
    r.status_code = 200;
    CHECK_EQ(ledger_results(&app.ledger, list, 1, s.arena, &ticket), TS_OK);
    CHECK(ticket != 0);
    ts_store_sync_stats(s.store, &seconds, &before);
    result_of(d, 200, "", false);
    ts_store_sync_stats(s.store, &seconds, &after);
    CHECK_EQ(after, before + 1);
    result_of(d, 200, "", false); /* by now it is */
    ts_store_sync_stats(s.store, &seconds, &before);
    CHECK_EQ(before, after);
    end();
}

/* ---- rows that cannot be read ---- */

static void spoil(unsigned family, const webhooks_key *key)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();

    CHECK(ts_store_has(s.store, family, key_view(key)));
    ts_batch_put(batch, s.store, family, key_view(key), TS_STR_LIT("\xff\xff"));
    CHECK_EQ(ts_store_write(s.store, batch, NULL), TS_OK);
}

static void an_event_that_cannot_be_read_holds_up_its_endpoint_alone(void)
{
    webhooks_key key = key_event(live, (ts_hash128){ { 1 } });
    const Ts__Webhooks__LeaseReply *leased;

    begin("1h");
    (void)endpoint(live, NULL);
    (void)endpoint(other, NULL);
    publish("incident.created", 1);
    spoil(WEBHOOKS_EVENTS, &key);
    publish_cause(other, "incident.created", 2);
    leased = lease(8, 5000);
    CHECK_EQ(leased->n_deliveries, 1);
    CHECK_EQ(leased->deliveries[0]->org, other.org);
    result_of(leased->deliveries[0], 200, "", false);
    end();
}

/* Leased together, for the second time, so that their rows are read when their leases are over. Gives the spoilt one first. */
static void lease_with_a_spoilt_row(const Ts__Webhooks__LeasedDelivery *ret[2])
{
    char id[TS_ID_SIZE];
    webhooks_key key;

    snprintf(id, sizeof(id), "%s", endpoint(live, NULL)->id);
    key = key_delivery(live, (ts_hash128){ { 1 } }, ts_str_of(id));
    (void)endpoint(other, NULL);
    publish("incident.created", 1);
    publish_cause(other, "incident.created", 2);
    for (int i = 0; i < 2; i++)
        result_of(lease_one(5000), 0, "", true);
    for (int i = 0; i < 2; i++) {
        const Ts__Webhooks__LeasedDelivery *d = lease_one(5000);

        ret[d->org == live.org ? 0 : 1] = d;
    }
    spoil(WEBHOOKS_DELIVERIES, &key);
}

static void a_report_of_what_cannot_be_read_spoils_no_other(void)
{
    const Ts__Webhooks__LeasedDelivery *leased[2] = { NULL };

    begin("1h");
    lease_with_a_spoilt_row(leased);
    CHECK(leased[0] != NULL && leased[1] != NULL);
    result_of(leased[0], 200, "", false);
    result_of(leased[1], 200, "", false);
    CHECK_EQ(events(other, "delivered", "", 0)->total, 1);
    CHECK_EQ(lease(8, 100)->n_deliveries, 0);
    end();
}

static void a_lease_of_what_cannot_be_read_ends_with_the_others(void)
{
    const int64_t lease_ms = options.lease_ms;
    const Ts__Webhooks__LeasedDelivery *leased[2] = { NULL };

    options.lease_ms = LEASE_MS;
    begin("1h");
    lease_with_a_spoilt_row(leased);
    CHECK(leased[0] != NULL && leased[1] != NULL);
    CHECK_EQ(lease_one(20000)->org, other.org);
    end();
    options.lease_ms = lease_ms;
}

/* ---- rows as former versions wrote them ---- */

enum { OLD_PENDING, OLD_DELIVERED, OLD_LEASED, OLD_EVENTS };

static ts_hash128 old_id(ts_tenant tenant, unsigned i)
{
    return (ts_hash128){ { (uint8_t)tenant.org, (uint8_t)(i + 1) } };
}

/* Schema 1 had the order of all events, and their states within it; it is found by its first family. */
static void put_old_order(ts_batch *batch, ts_tenant tenant, ts_hash128 id, int64_t created_ms)
{
    webhooks_key key = key_tenant(tenant);

    key_u64(&key, ~(uint64_t)created_ms);
    key_bytes(&key, id.bytes, sizeof(id.bytes));
    ts_batch_put(batch, s.store, WEBHOOKS_EVENT_ORDER, key_view(&key), TS_STR_NULL);
}

/* Up to schema 2, what was leased stood in no due row but in one of its own. */
static void put_old_lease(ts_batch *batch, ts_tenant tenant, ts_hash128 id, const char *endpoint)
{
    webhooks_key key = { .n = 0 };
    webhooks_key delivery = key_delivery(tenant, id, ts_str_of(endpoint));

    key_u64(&key, 5000);
    key_bytes(&key, delivery.bytes, delivery.n);
    ts_batch_put(batch, s.store, WEBHOOKS_LEASES, key_view(&key), TS_STR_NULL);
}

static void put_old_event(ts_batch *batch, ts_tenant tenant, unsigned i, const char *endpoint)
{
    Ts__Webhooks__Event event = TS__WEBHOOKS__EVENT__INIT;
    Ts__Webhooks__StoredEvent row = TS__WEBHOOKS__STORED_EVENT__INIT;
    Ts__Webhooks__Delivery delivery = TS__WEBHOOKS__DELIVERY__INIT;
    Ts__Webhooks__StoredDelivery stored = TS__WEBHOOKS__STORED_DELIVERY__INIT;
    ts_hash128 cause = old_id(tenant, i);
    char id[TS_ID_SIZE];
    webhooks_key key;

    ts_id_format("evt_", cause, id);
    event.id = id;
    event.event = (char *)(uintptr_t) "incident.created";
    event.created_ms = 1000 + i;
    event.status = (char *)(uintptr_t)(i == OLD_DELIVERED ? "delivered" : "pending");
    event.body.data = (uint8_t *)(uintptr_t) "{}";
    event.body.len = 2;
    row.event = &event;
    row.pending = i != OLD_DELIVERED;
    row.delivered = i == OLD_DELIVERED;
    row_put_event(batch, s.store, tenant, cause, &row);
    delivery.endpoint_id = (char *)(uintptr_t)endpoint; /* only packed */
    delivery.status = event.status;
    stored.delivery = &delivery;
    stored.due_ms = i == OLD_PENDING ? 1000 : 0;
    stored.lease_until_ms = i == OLD_LEASED ? 5000 : 0;
    row_put_delivery(batch, s.store, tenant, cause, &stored);
    key = key_due(tenant, ts_str_of(endpoint), 1000, cause);
    if (i == OLD_PENDING)
        ts_batch_put(batch, s.store, WEBHOOKS_DUE, key_view(&key), TS_STR_NULL);
    if (i == OLD_LEASED)
        put_old_lease(batch, tenant, cause, endpoint);
    put_old_order(batch, tenant, cause, event.created_ms);
}

static void put_old_events(ts_tenant tenant, const char *endpoint)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();

    for (unsigned i = 0; i < OLD_EVENTS; i++)
        put_old_event(batch, tenant, i, endpoint);
    CHECK_EQ(ts_store_write(s.store, batch, NULL), TS_OK);
}

static void a_store_of_the_schema_before_is_taken_over(void)
{
    const Ts__Webhooks__LeaseReply *leased;
    char made[TS_ID_SIZE];
    char others[TS_ID_SIZE];

    begin("1h");
    snprintf(made, sizeof(made), "%s", endpoint(live, NULL)->id);
    snprintf(others, sizeof(others), "%s", endpoint(other, NULL)->id);
    put_old_events(live, made);
    put_old_events(other, others);
    /* Another organization was being erased when the version before ended. */
    CHECK_EQ(ts_store_fence(s.store, other.org, 1, NULL), TS_OK);
    stop();
    start_with("1h");
    CHECK_EQ(count("all"), OLD_EVENTS);
    CHECK_EQ(list("delivered", made, "", 0, 10)->total, 1);
    CHECK_EQ(list("pending", made, "incident.created", 0, 10)->n_events, 2);
    /* The endpoint is the one that was leased to, not what its figures have left of it. */
    leased = lease(8, 5000);
    CHECK_EQ(leased->n_deliveries, 2);
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQ(leased->deliveries[i]->org, live.org);
        result_of(leased->deliveries[i], 500, "", false);
    }
    for (size_t i = 0; i < 2; i++)
        CHECK_EQ(list("pending", made, "", i, 10)->events[0]->deliveries[0]->n_attempts, 1);
    stop();
    start_with("1s");
    for (size_t i = 0; i < 2; i++)
        result_of(lease_one(10000), 200, "", false);
    CHECK_EQ(count("delivered"), OLD_EVENTS);
    stop();
    start_with("1h");
    CHECK_EQ(count("delivered"), OLD_EVENTS);
    CHECK_EQ(lease(8, 100)->n_deliveries, 0);
    served_erase(&s, &ts_webhooks_accept, other.org);
    CHECK_EQ(served_rows_of(&s, webhooks_families, other.org), 0);
    end();
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return ask_for_ever(argv[1], argv[2]);
    options.lease_ms = 600000; /* no lease ends by itself here, however slow the machine is */
    RUN(a_secret_rotates_with_an_overlap_and_is_promoted);
    RUN(headers_travel_and_are_not_shown_again);
    RUN(a_disabled_endpoint_keeps_what_it_was_owed_and_gets_nothing_new);
    RUN(the_same_key_makes_one_endpoint_and_no_second_secret);
    RUN(a_test_event_goes_to_one_endpoint_whatever_it_wants);
    RUN(an_ordered_endpoint_waits_for_its_first);
    RUN(order_can_be_given_up_without_being_early);
    RUN(a_rate_limit_paces_deliveries);
    RUN(an_event_is_replayed_with_its_id_and_its_bytes);
    RUN(what_failed_is_replayed_at_the_endpoints_own_pace);
    RUN(days_of_nothing_but_failure_disable_an_endpoint);
    RUN(lists_are_narrowed_by_state_endpoint_and_kind);
    RUN(a_deleted_endpoints_backlog_fails_in_steps_and_over_a_restart);
    RUN(old_events_are_forgotten_in_steps_and_pending_ones_never);
    RUN(a_dispatcher_that_leaves_takes_its_question_back);
    RUN(a_dispatcher_that_was_killed_is_given_nothing);
    RUN(a_result_told_again_is_on_disk_before_it_is_acknowledged);
    RUN(an_event_that_cannot_be_read_holds_up_its_endpoint_alone);
    RUN(a_report_of_what_cannot_be_read_spoils_no_other);
    RUN(a_lease_of_what_cannot_be_read_ends_with_the_others);
    RUN(a_store_of_the_schema_before_is_taken_over);
    return 0;
}
