/* Events after they were published: replayed, listed, given up with their endpoint, forgotten in steps, and taken over from a store
 * of the schema before. */
#include "clocks.h"
#include "webhooks_care.h"

static ts_status replay(ts_tenant tenant, const char *id, const Ts__Webhooks__ReplayReply **ret)
{
    Ts__Webhooks__EventId request = TS__WEBHOOKS__EVENT_ID__INIT;

    request.id = (char *)(uintptr_t)id;
    return served_call(&s, tenant, &ts_webhooks_replay_event, &request.base, ret);
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
    d = lease_one(SOON_MS);
    snprintf(id, sizeof(id), "%s", d->event_id);
    snprintf(body, sizeof(body), "%.*s", (int)d->body.len, (const char *)d->body.data);
    CHECK_EQ(replay(live, id, &reply), TS_CONFLICT); /* under way */
    result_of(d, 500, "", false);
    result_of(lease_one(SOON_MS), 500, "", false);
    CHECK_EQ(count("failed"), 1);
    CHECK_EQ(replay(other, id, &reply), TS_NOT_FOUND);
    CHECK_EQ(replay(live, "evt_nonsense", &reply), TS_NOT_FOUND);
    CHECK_EQ(replay(live, id, &reply), TS_OK);
    CHECK_EQ(reply->deliveries, 1);
    CHECK(strcmp(last_audit()->action, "event.replayed") == 0);
    CHECK(strcmp(last_audit()->object, id) == 0);
    CHECK_EQ(count("pending"), 1);
    d = lease_one(SOON_MS);
    CHECK_EQ(d->attempt, 3);
    CHECK(strcmp(d->event_id, id) == 0);
    CHECK(d->body.len == strlen(body) && memcmp(d->body.data, body, d->body.len) == 0);
    result_of(d, 500, "", false); /* its schedule began anew: one more try */
    d = lease_one(SOON_MS);
    CHECK_EQ(d->attempt, 4);
    result_of(d, 200, "", false);
    CHECK_EQ(replay(live, id, &reply), TS_OK); /* it failed nowhere: all of it */
    d = lease_one(SOON_MS);
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

static void replay_failed(char *id)
{
    Ts__Webhooks__ReplayFailedRequest request = TS__WEBHOOKS__REPLAY_FAILED_REQUEST__INIT;
    const Ts__Webhooks__ReplayReply *reply = NULL;

    request.id = id;
    request.since_ms = 1000;
    CHECK_EQ(served_call(&s, live, &ts_webhooks_replay_failed, &request.base, &reply), TS_OK);
}

/* Only one kind is asked for: that of the failed one, the rest fill up the backlog. */
static uint64_t failed_of(const char *event)
{
    return list("failed", "", event, 0, 1)->total;
}

/* Which failures a replay takes is not a matter of what time it was. What fails while it is under way is left alone, over a
 * restart too, and taken by the next one. */
static void what_failed_while_the_clock_was_ahead_is_replayed(void)
{
    enum { BACKLOG = 220 };
    const Ts__Webhooks__EventList *replayed;
    char id[TS_ID_SIZE];
    unsigned answered;

    begin("1h");
    snprintf(id, sizeof(id), "%s", endpoint(live, NULL)->id);
    shift(10 * TS_HOUR_MS);
    publish_many("incident.created", 0, 1, 1000);
    CHECK_EQ(answer_all(500), 1);
    shift(2 * TS_HOUR_MS);
    CHECK_EQ(answer_all(500), 1);
    CHECK_EQ(failed_of("incident.created"), 1);
    stop();
    start_with("1h"); /* the clock is right again */
    publish_many("api_key.revoked", 1, 1, 1000);
    CHECK_EQ(answer_all(500), 1);
    shift(2 * TS_HOUR_MS);
    publish_many("incident.updated", 2, BACKLOG, 1000);
    replay_failed(id); /* waits for the endpoint to keep up */
    stop();
    start_with("1h");
    shift(4 * TS_HOUR_MS);
    result_of(lease_one(SOON_MS), 500, "", false); /* the one that was due first */
    CHECK_EQ(failed_of("api_key.revoked"), 1);
    CHECK_EQ(failed_of("incident.created"), 1);
    answered = answer_all(200); /* the replay goes on before the last of them, or after it */
    CHECK_SOON(failed_of("incident.created") == 0);
    CHECK_EQ(failed_of("api_key.revoked"), 1); /* both are looked at in one step */
    CHECK_EQ(answered + answer_all(200), BACKLOG + 1);
    replayed = list("delivered", id, "incident.created", 0, 1);
    CHECK_EQ(replayed->n_events, 1);
    CHECK_EQ(replayed->events[0]->deliveries[0]->n_attempts, 3);
    replay_failed(id);
    CHECK_SOON(failed_of("api_key.revoked") == 0);
    end();
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

static void a_clock_far_ahead_forgets_no_event_and_time_that_passed_does(void)
{
    const tend_options days = { .keep_delivered_ms = 30 * TS_DAY_MS,
                                .keep_failed_ms = 90 * TS_DAY_MS,
                                .catch_up_days = 7 };
    ts_arena *arena = ts_arena_new(32u << 20);
    atomic_bool stopping = false;

    begin("1h");
    clocks_wall_ms = ts_wall_ms();
    (void)endpoint(live, NULL);
    tend_forget_old(&app.ledger, &days, arena, &stopping);
    publish_many("incident.created", 0, TEND_STEP + 1, clocks_wall_ms);
    CHECK_EQ(answer_all(200), TEND_STEP + 1);
    clocks_set(365 * TS_DAY_MS);
    tend_forget_old(&app.ledger, &days, arena, &stopping);
    stop();
    start_with("1h");
    clocks_run(TS_DAY_MS);
    tend_forget_old(&app.ledger, &days, arena, &stopping);
    CHECK_EQ(count("delivered"), TEND_STEP + 1);
    clocks_set(-365 * TS_DAY_MS);
    clocks_run(29 * TS_DAY_MS - TS_HOUR_MS);
    tend_forget_old(&app.ledger, &days, arena, &stopping);
    CHECK_EQ(count("delivered"), TEND_STEP + 1);
    clocks_run(TS_DAY_MS);
    tend_forget_old(&app.ledger, &days, arena, &stopping);
    CHECK_EQ(count("delivered"), 0);
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
    result_of(lease_one(SOON_MS), 200, "", false);
    ts_arena_free(arena);
    end();
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
    leased = lease(8, SOON_MS);
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
        result_of(lease_one(SOON_MS), 200, "", false);
    CHECK_EQ(count("delivered"), OLD_EVENTS);
    stop();
    start_with("1h");
    CHECK_EQ(count("delivered"), OLD_EVENTS);
    CHECK_EQ(lease(8, 100)->n_deliveries, 0);
    served_erase(&s, &ts_webhooks_accept, other.org);
    CHECK_EQ(served_rows_of(&s, webhooks_families, other.org), 0);
    end();
}

int main(void)
{
    RUN(an_event_is_replayed_with_its_id_and_its_bytes);
    RUN(what_failed_is_replayed_at_the_endpoints_own_pace);
    RUN(what_failed_while_the_clock_was_ahead_is_replayed);
    RUN(lists_are_narrowed_by_state_endpoint_and_kind);
    RUN(a_deleted_endpoints_backlog_fails_in_steps_and_over_a_restart);
    RUN(a_clock_far_ahead_forgets_no_event_and_time_that_passed_does);
    RUN(old_events_are_forgotten_in_steps_and_pending_ones_never);
    RUN(a_store_of_the_schema_before_is_taken_over);
    return 0;
}
