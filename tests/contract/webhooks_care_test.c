/* What keeps an endpoint going without anybody looking: settings changed under way, secrets rotated, order, rates, and failing for
 * days. */
#include "webhooks_care.h"

static void set_ordered(const char *id, bool ordered)
{
    Ts__Webhooks__UpdateEndpointRequest request = TS__WEBHOOKS__UPDATE_ENDPOINT_REQUEST__INIT;
    const Ts__Webhooks__Endpoint *after = NULL;

    request.ordered = ordered;
    CHECK_EQ(update(&request, id, WEBHOOKS_FIELD_ORDERED, &after), TS_OK);
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
    d = lease_one(SOON_MS);
    CHECK_EQ(d->n_headers, 9);
    CHECK(strncmp(header(d, "X-TeamSentry-Signature-Next"), "sha256=", 7) == 0);
    CHECK(strstr(header(d, "webhook-signature"), " v1,") != NULL);
    result_of(d, 200, "", false);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_promote_secret, &id.base, &after), TS_OK);
    CHECK_EQ(after->rotation_ends_ms, 0);
    CHECK(strcmp(last_audit()->action, "endpoint.secret_promoted") == 0);
    publish("incident.created", 2);
    d = lease_one(SOON_MS);
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
    d = lease_one(SOON_MS);
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
    result_of(lease_one(SOON_MS), 200, "", false);
    CHECK_EQ(lease(10, 0)->n_deliveries, 0);
    CHECK_EQ(count("delivered"), 2); /* nobody was owed the second one */
    end();
}

/* An answer is packed when the ledger is unlocked again. */
static void what_is_leased_stays_whole_while_its_endpoint_is_changed(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1u << 20);
    Ts__Webhooks__LeasedDelivery *leased[1] = { NULL };
    Ts__Webhooks__LeaseReply reply = TS__WEBHOOKS__LEASE_REPLY__INIT;
    const char *id;

    begin("1h");
    id = kept_id(endpoint(live, NULL));
    publish("incident.created", 1);
    reply.deliveries = leased;
    webhooks_lock(&app, live);
    CHECK_EQ(ledger_lease(&app.ledger, clock_now(&app.ledger.clock), 1, 1u << 20, arena, &reply),
             TS_OK);
    webhooks_unlock(&app, live);
    CHECK_EQ(reply.n_deliveries, 1);
    set_enabled(id, false);
    CHECK(strcmp(leased[0]->endpoint_id, id) == 0);
    CHECK(strcmp(leased[0]->url, "http://127.0.0.1:9/hook") == 0);
    end();
}

static void the_same_key_makes_one_endpoint_and_no_second_secret(void)
{
    Ts__Webhooks__CreateEndpointRequest request = TS__WEBHOOKS__CREATE_ENDPOINT_REQUEST__INIT;
    bool replayed = false;
    ts_caller caller = served_caller(live, "key:key_test", "once");
    const Ts__Webhooks__Endpoint *first;
    const Ts__Webhooks__Endpoint *second;
    ProtobufCMessage *out = NULL;
    ts_error err = { "", "" };

    begin("1h");
    caller.ret_replayed = &replayed;
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
    reply = lease(10, SOON_MS);
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

        d = lease_one(SOON_MS);
        CHECK_EQ(lease(10, 0)->n_deliveries, 0);
        if (i == 3) { /* fails once: all others wait for it, over a restart too */
            snprintf((char *)head, sizeof(head), "%s", d->event_id);
            result_of(d, 500, "", false);
            CHECK_EQ(lease(10, 0)->n_deliveries, 0);
            stop();
            start_with("1s,1s");
            d = lease_one(SOON_MS);
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
    d = lease_one(SOON_MS);
    snprintf(first, sizeof(first), "%s", d->event_id);
    failed_ms = ts_boot_ms();
    result_of(d, 500, "", false);
    set_ordered(id, false);
    d = lease_one(SOON_MS);
    CHECK(strcmp(d->event_id, first) != 0);
    result_of(d, 200, "", false);
    d = lease_one(SOON_MS);
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
        result_of(lease_one(SOON_MS), 200, "", false);
    CHECK(ts_boot_ms() - started_ms >= 500);
    request.rate_limit = 1001;
    CHECK_EQ(update(&request, after->id, WEBHOOKS_FIELD_RATE_LIMIT, &after), TS_INVALID);
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
        result_of(lease_one(SOON_MS), 500, "", false);
    CHECK(get(failing)->enabled);
    shift(5 * TS_DAY_MS);
    result_of(lease_one(SOON_MS), 200, "", false); /* one success: five days begin anew */
    publish("incident.created", 2);
    publish("incident.created", 3);
    result_of(lease_one(SOON_MS), 500, "", false);
    shift(6 * TS_DAY_MS);
    result_of(lease_one(SOON_MS), 500, "", false);
    CHECK(get(failing)->enabled); /* two failures are not enough */
    stop();
    start_with("1s,1s,1s,1s,1s"); /* it is remembered */
    shift(11 * TS_DAY_MS);        /* the shifts from before are not */
    d = lease_one(SOON_MS);
    result_of(d, 0, "timeout", false);
    CHECK(!get(failing)->enabled);
    CHECK(strcmp(get(failing)->disabled_reason, "failing") == 0);
    CHECK(strcmp(last_audit()->action, "endpoint.disabled") == 0);
    CHECK(strcmp(last_audit()->actor, "service:webhooks") == 0);
    d = lease_one(SOON_MS);
    CHECK(memmem(d->body.data, d->body.len, "\"event\":\"webhook.endpoint_disabled\"", 35) != NULL);
    CHECK(memmem(d->body.data, d->body.len, failing, strlen(failing)) != NULL);
    CHECK(memmem(d->body.data, d->body.len, "whsec_", 6) == NULL);
    result_of(d, 200, "", false);
    set_enabled(failing, true);
    CHECK(get(failing)->disabled_reason[0] == '\0');
    shift(TS_DAY_MS);
    result_of(lease_one(SOON_MS), 500, "", false);
    CHECK(get(failing)->enabled); /* a new chance */
    end();
    options.disable_after_ms = 0;
}

int main(void)
{
    RUN(a_secret_rotates_with_an_overlap_and_is_promoted);
    RUN(headers_travel_and_are_not_shown_again);
    RUN(a_disabled_endpoint_keeps_what_it_was_owed_and_gets_nothing_new);
    RUN(what_is_leased_stays_whole_while_its_endpoint_is_changed);
    RUN(the_same_key_makes_one_endpoint_and_no_second_secret);
    RUN(a_test_event_goes_to_one_endpoint_whatever_it_wants);
    RUN(an_ordered_endpoint_waits_for_its_first);
    RUN(order_can_be_given_up_without_being_early);
    RUN(a_rate_limit_paces_deliveries);
    RUN(days_of_nothing_but_failure_disable_an_endpoint);
    return 0;
}
