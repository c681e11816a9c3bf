/* What a delivery costs the ledger, counted in rows and structures: untimed. And what rests on the few rows that there are: leases
 * over a restart, rows taken in together, leases of the schema before. */
#include "queue.h"
#include "webhooks_ledger.h"

#define MANY 64

/* Rows 1 to `count` of one hand-over, all of the same kind of event; the cause of the last is that of the first if `repeats`. The
 * row at `poisoned` (from 1; 0: none) is of a kind that nobody knows. */
static uint64_t hand_over_many(unsigned count, unsigned poisoned, bool repeats)
{
    static uint8_t producer[16] = "many at a time.";
    static uint8_t payloads[MANY][256];
    Ts__HandOverRequest request = TS__HAND_OVER_REQUEST__INIT;
    Ts__HandOverRow rows[MANY];
    Ts__HandOverRow *list[MANY];
    const Ts__HandOverReply *reply = NULL;

    CHECK(count <= MANY);
    for (unsigned i = 0; i < count; i++) {
        Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;
        uint8_t cause[16] = { 77, (uint8_t)(repeats && i + 1 == count ? 0 : i) };

        p.cause.data = cause;
        p.cause.len = sizeof(cause);
        p.event = (char *)(uintptr_t) "incident.created"; /* only packed */
        p.at_ms = INT64_C(1764000000000) + i;
        p.data = (char *)(uintptr_t) "{}";
        ts__hand_over_row__init(&rows[i]);
        rows[i].seq = i + 1;
        rows[i].org = live.org;
        rows[i].mode = (uint32_t)live.mode;
        rows[i].kind = (char *)(uintptr_t)(i + 1 == poisoned ? "nonsense" : "webhook");
        rows[i].payload.data = payloads[i];
        rows[i].payload.len = protobuf_c_message_pack(&p.base, payloads[i]);
        list[i] = &rows[i];
    }
    request.producer.data = producer;
    request.producer.len = sizeof(producer);
    request.epoch = 1;
    request.rows = list;
    request.n_rows = count;
    CHECK_EQ(
        served_call(&s, (ts_tenant){ 0, TS_MODE_LIVE }, &ts_webhooks_accept, &request.base, &reply),
        TS_OK);
    return reply->last_seq;
}

typedef struct cost {
    uint64_t batches;
    uint64_t rows;
} cost;

/* Since the last time. */
static cost spent(void)
{
    static cost before;
    cost now, since;

    ts_store_write_stats(s.store, &now.batches, &now.rows);
    since = (cost){ now.batches - before.batches, now.rows - before.rows };
    before = now;
    return since;
}

static void results_of(const Ts__Webhooks__LeaseReply *leased, uint32_t status)
{
    Ts__Webhooks__DeliveryResult results[8];
    Ts__Webhooks__DeliveryResult *list[8];
    Ts__Webhooks__ResultRequest request = TS__WEBHOOKS__RESULT_REQUEST__INIT;
    const Ts__Empty *reply = NULL;

    CHECK(leased->n_deliveries <= TS_COUNT(results));
    for (size_t i = 0; i < leased->n_deliveries; i++) {
        const Ts__Webhooks__LeasedDelivery *d = leased->deliveries[i];

        ts__webhooks__delivery_result__init(&results[i]);
        results[i].org = d->org;
        results[i].mode = d->mode;
        results[i].event_id = d->event_id;
        results[i].endpoint_id = d->endpoint_id;
        results[i].attempt = d->attempt;
        results[i].token = d->token;
        results[i].status_code = status;
        results[i].at_ms = ts_wall_ms();
        list[i] = &results[i];
    }
    request.results = list;
    request.n_results = leased->n_deliveries;
    CHECK_EQ(
        served_call(&s, (ts_tenant){ 0, TS_MODE_LIVE }, &ts_webhooks_result, &request.base, &reply),
        TS_OK);
}

/* An event and its delivery are three rows, a lease is a share of one, a result four; what belongs to the batch comes on top. */
static void rows_and_batches_of_a_delivery_are_few(void)
{
    const Ts__Webhooks__LeaseReply *leased;
    cost c;

    begin("1h");
    (void)endpoint(live, NULL);
    (void)spent();
    CHECK_EQ(hand_over_many(MANY, 0, false), MANY);
    c = spent();
    CHECK_EQ(c.batches, 1);
    CHECK(c.rows <= 3 * MANY + 3); /* totals of tenant and endpoint, the number taken in */
    leased = lease(8, SOON_MS);
    CHECK_EQ(leased->n_deliveries, 2);
    c = spent();
    CHECK_EQ(c.batches, 1);
    CHECK_EQ(c.rows, 1);
    results_of(leased, 200);
    c = spent();
    CHECK_EQ(c.batches, 1);
    CHECK(c.rows <= 4 * 2 + 3); /* totals of tenant and endpoint, the end of the leases */
    CHECK_EQ(count("delivered"), 2);
    end();
}

/* Two endpoints want it: a row of state for the event, one for each delivery. */
static void an_event_owed_to_two_keeps_a_row_of_state(void)
{
    cost c;

    begin("1h");
    (void)endpoint(live, NULL);
    (void)endpoint(live, "incident.*");
    (void)spent();
    CHECK_EQ(hand_over_many(MANY, 0, false), MANY);
    c = spent();
    CHECK_EQ(c.batches, 1);
    CHECK(c.rows <= (3 + 2 * 3) * MANY + 4);
    results_of(lease(1, SOON_MS), 200);
    CHECK_EQ(count("delivered"), 0); /* it is pending until both have it */
    CHECK_EQ(count("pending"), MANY);
    end();
}

/* Memory follows the endpoints: nothing in it grows with what they are owed. */
static void a_backlog_is_not_held_in_memory(void)
{
    const ready_endpoint *e;

    begin("1h");
    (void)endpoint(live, NULL);
    CHECK_EQ(hand_over_many(MANY, 0, false), MANY);
    (void)lease(1, SOON_MS);
    webhooks_lock(&app, live);
    e = app.ledger.table[0];
    for (size_t i = 0; e == NULL; i++)
        e = app.ledger.table[i];
    CHECK_EQ(app.ledger.table_count, 1);
    CHECK(e->ahead_count <= QUEUE_AHEAD);
    CHECK_EQ(app.ledger.leases.count, 1);
    CHECK_EQ(app.ledger.ready.later.count + app.ledger.ready.lanes[READY_FRESH].count +
                 app.ledger.ready.lanes[READY_FAST].count,
             1);
    webhooks_unlock(&app, live);
    end();
}

static void a_row_that_is_impossible_spoils_none_beside_it(void)
{
    begin("1h");
    (void)endpoint(live, NULL);
    CHECK_EQ(hand_over_many(MANY, 5, false), MANY);
    CHECK_EQ(count("all"), MANY - 1);
    end();
}

static void a_cause_twice_in_one_hand_over_is_one_event(void)
{
    begin("1h");
    (void)endpoint(live, NULL);
    CHECK_EQ(hand_over_many(MANY, 0, true), MANY);
    CHECK_EQ(count("all"), MANY - 1);
    CHECK_EQ(count("pending"), MANY - 1);
    end();
}

static size_t leases_held(void)
{
    size_t n;

    webhooks_lock(&app, live);
    n = app.ledger.leases.count;
    webhooks_unlock(&app, live);
    return n;
}

/* Two go out in one answer. The one whose result came stays delivered; the other one's lease holds over the restart: nobody
 * else gets it, and its result counts by its token. */
static void leases_outlive_a_restart_if_they_have_not_ended(void)
{
    const Ts__Webhooks__LeaseReply *leased;
    Ts__Webhooks__LeasedDelivery open = TS__WEBHOOKS__LEASED_DELIVERY__INIT;
    char event_id[TS_ID_SIZE], endpoint_id[TS_ID_SIZE];
    uint8_t token[16];

    begin("1h");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    publish("incident.created", 2);
    leased = lease(8, SOON_MS);
    CHECK_EQ(leased->n_deliveries, 2);
    result_of(leased->deliveries[0], 200, "", false);
    open = *leased->deliveries[1];
    snprintf(event_id, sizeof(event_id), "%s", open.event_id);
    snprintf(endpoint_id, sizeof(endpoint_id), "%s", open.endpoint_id);
    memcpy(token, open.token.data, sizeof(token));
    open.event_id = event_id;
    open.endpoint_id = endpoint_id;
    open.token.data = token;
    for (unsigned i = 0; i < 2; i++) { /* the second one reads what the first wrote */
        stop();
        start_with("1h");
        CHECK_EQ(leases_held(), 1);
        CHECK_EQ(lease(2, 0)->n_deliveries, 0);
    }
    CHECK_EQ(count("delivered"), 1);
    CHECK_EQ(count("pending"), 1);
    result_of(&open, 200, "", false);
    CHECK_EQ(count("delivered"), 2);
    CHECK_EQ(leases_held(), 0);
    stop();
    start_with("1h");
    CHECK_EQ(leases_held(), 0);
    CHECK_EQ(count("delivered"), 2);
    end();
}

/* What no code of ours writes: its customer hears of the event once more, and that is the end of it. */
static void a_due_row_of_what_is_over_is_dropped(void)
{
    ts_batch *batch = ts_batch_new();
    const due_facts facts = { .next_attempt_ms = 1000, .attempt = 2, .is_sole = true };
    uint8_t value[DUE_FACTS_SIZE];
    const Ts__Webhooks__LeasedDelivery *d;
    const ts_hash128 cause = { { 1 } };
    webhooks_key key;

    begin("1h");
    (void)endpoint(live, NULL);
    publish("incident.created", 1);
    d = lease_one(SOON_MS);
    result_of(d, 200, "", false);
    due_write_facts(&facts, value);
    key = key_due(live, ts_str_of(d->endpoint_id), 1000, cause);
    ts_batch_put(batch, s.store, WEBHOOKS_DUE, key_view(&key), ts_str_n(value, sizeof(value)));
    CHECK_EQ(ts_store_write(s.store, batch, NULL), TS_OK);
    ts_batch_free(batch);
    stop();
    start_with("1h");
    d = lease_one(SOON_MS);
    CHECK_EQ(d->attempt, 2);
    result_of(d, 500, "", false);
    CHECK_EQ(leases_held(), 0);
    CHECK(!ts_store_has(s.store, WEBHOOKS_DUE, key_view(&key)));
    CHECK_EQ(count("delivered"), 1);
    CHECK_EQ(lease(1, 0)->n_deliveries, 0);
    end();
}

/* Schema 2 took what it leased off the due index and put a row for each lease. */
static void what_was_leased_under_the_schema_before_is_due_again(void)
{
    ts_batch *batch = ts_batch_new();
    Ts__Webhooks__Event event = TS__WEBHOOKS__EVENT__INIT;
    Ts__Webhooks__StoredEvent stored = TS__WEBHOOKS__STORED_EVENT__INIT;
    Ts__Webhooks__StoredState state = TS__WEBHOOKS__STORED_STATE__INIT;
    Ts__Webhooks__Delivery delivery = TS__WEBHOOKS__DELIVERY__INIT;
    Ts__Webhooks__StoredDelivery row = TS__WEBHOOKS__STORED_DELIVERY__INIT;
    const ts_hash128 cause = { { 9, 8, 7 } };
    const int64_t until_ms = INT64_C(99999999999999);
    const Ts__Webhooks__LeasedDelivery *d;
    uint8_t mode = (uint8_t)live.mode;
    uint8_t token[16] = { 1 };
    webhooks_key key = { .n = 0 };
    char made[TS_ID_SIZE], id[TS_ID_SIZE];

    begin("1h");
    snprintf(made, sizeof(made), "%s", endpoint(live, NULL)->id);
    ts_id_format("evt_", cause, id);
    event.id = id;
    event.event = (char *)(uintptr_t) "incident.created";
    event.created_ms = 1000;
    event.body.data = (uint8_t *)(uintptr_t) "{}";
    event.body.len = 2;
    stored.event = &event;
    row_put_event(batch, s.store, live, cause, &stored);
    CHECK(type_number(TS_STR_LIT("incident.created"), &state.type));
    state.created_ms = 1000;
    state.pending = 1;
    row_put_state(batch, s.store, live, cause, &state);
    delivery.endpoint_id = made;
    delivery.status = (char *)(uintptr_t) "pending";
    row.delivery = &delivery;
    row.attempts = 2;
    row.lease_until_ms = until_ms;
    row.token.data = token;
    row.token.len = sizeof(token);
    row_put_delivery(batch, s.store, live, cause, &row);
    key_u64(&key, (uint64_t)until_ms);
    key_u64(&key, live.org);
    key_bytes(&key, &mode, 1);
    key_bytes(&key, cause.bytes, sizeof(cause.bytes));
    key_bytes(&key, made, strlen(made) + 1);
    ts_batch_put(batch, s.store, WEBHOOKS_LEASES, key_view(&key), TS_STR_NULL);
    CHECK_EQ(ts_store_write(s.store, batch, NULL), TS_OK);
    ts_batch_free(batch);
    stop();
    start_with("1h");
    d = lease_one(SOON_MS);
    CHECK(strcmp(d->event_id, id) == 0);
    CHECK_EQ(d->attempt, 3);
    result_of(d, 200, "", false);
    CHECK_EQ(lease(1, 0)->n_deliveries, 0);
    end();
}

int main(void)
{
    RUN(rows_and_batches_of_a_delivery_are_few);
    RUN(an_event_owed_to_two_keeps_a_row_of_state);
    RUN(a_backlog_is_not_held_in_memory);
    RUN(a_row_that_is_impossible_spoils_none_beside_it);
    RUN(a_cause_twice_in_one_hand_over_is_one_event);
    RUN(leases_outlive_a_restart_if_they_have_not_ended);
    RUN(a_due_row_of_what_is_over_is_dropped);
    RUN(what_was_leased_under_the_schema_before_is_due_again);
    return 0;
}
