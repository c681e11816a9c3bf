/* Events that are owed to one endpoint: the few rows that stand for them until they have arrived, what becomes of those rows when
 * something else happens, and lists over both kinds. After each step, and after a restart, the rows must agree with each other. */
#include "webhooks_ledger.h"

#define CREATED_MS INT64_C(1764000000000)

typedef struct found {
    uint64_t events[DELIVERY_STATES]; /* by state, as the indexes have them */
    uint64_t owed[DELIVERY_STATES];   /* deliveries */
    uint64_t bare;
    uint64_t kept; /* rows of deliveries that stand in the index */
    uint64_t due;
} found;

static void check_event(const index_place *at, unsigned state, ts_arena *arena)
{
    Ts__Webhooks__StoredEvent *event = NULL;
    Ts__Webhooks__StoredState *row = NULL;
    bool is_sole, is_bare;
    uint32_t type;

    CHECK_EQ(row_event(s.store, live, at->event, arena, &event), TS_OK);
    CHECK_EQ(row_state(s.store, live, at->event, event, arena, &row, &is_sole, &is_bare), TS_OK);
    CHECK_EQ(event_state(row), state);
    CHECK_EQ(is_bare, at->state == INDEX_BARE);
    CHECK(type_number(ts_str_of(event->event->event), &type));
    CHECK_EQ(type, at->type);
    CHECK_EQ(event->event->created_ms, at->created_ms);
}

static void check_owed(ts_str key, ts_str value, ts_arena *arena, found *ret)
{
    Ts__Webhooks__StoredDelivery *d = NULL;
    delivery_state state;
    webhooks_key own;
    index_place at;
    ts_str endpoint;

    CHECK(key_read_place(key, &at));
    endpoint =
        ts_str_n(key.p + TS_KEY_TENANT_SIZE, key.n - TS_KEY_TENANT_SIZE - INDEX_PLACE_SIZE - 1);
    CHECK_EQ(row_delivery(s.store, live, at.event, endpoint, arena, &d), TS_OK);
    CHECK(delivery_state_parse(ts_str_of(d->delivery->status), &state));
    CHECK_EQ(state, at.state == INDEX_BARE ? DELIVERY_PENDING : at.state);
    CHECK_EQ(d->bare != NULL, at.state == INDEX_BARE);
    own = key_delivery(live, at.event, endpoint);
    if (value.n > 0)
        CHECK(state == DELIVERY_DELIVERED &&
              !ts_store_has(s.store, WEBHOOKS_DELIVERIES, key_view(&own)));
    ret->kept += value.n > 0;
    ret->owed[state]++;
    if (at.state == INDEX_BARE) {
        check_event(&at, DELIVERY_PENDING, arena);
        ret->events[DELIVERY_PENDING]++;
        ret->bare++;
    }
}

static ts_iter *rows_of(unsigned family)
{
    webhooks_key prefix = key_tenant(live);
    ts_iter *it = ts_iter_prefix(s.store, family, key_view(&prefix), false);

    CHECK(it != NULL);
    return it;
}

static uint64_t rows_in(unsigned family)
{
    uint64_t n = 0;
    ts_iter *it;

    for (it = rows_of(family); ts_iter_valid(it); ts_iter_next(it))
        n++;
    ts_iter_free(it);
    return n;
}

static uint64_t total(const Ts__Webhooks__Totals *row, unsigned state)
{
    uint64_t n = 0;

    for (size_t i = state; i < row->n_counts; i += DELIVERY_STATES)
        n += row->counts[i];
    return n;
}

/* Every event has one place, every delivery one, every pending delivery a due row, and the totals count them. */
static found check_rows(void)
{
    ts_arena *arena = ts_arena_new(8u << 20);
    Ts__Webhooks__Totals *row = NULL;
    found f = { 0 };
    ts_iter *it;

    CHECK(arena != NULL);
    webhooks_lock(&app, live);
    for (it = rows_of(WEBHOOKS_OWED_INDEX); ts_iter_valid(it); ts_iter_next(it))
        check_owed(ts_iter_key(it), ts_iter_value(it), arena, &f);
    ts_iter_free(it);
    for (it = rows_of(WEBHOOKS_EVENT_INDEX); ts_iter_valid(it); ts_iter_next(it)) {
        index_place at;

        CHECK(key_read_place(ts_iter_key(it), &at));
        check_event(&at, at.state, arena);
        f.events[at.state]++;
    }
    ts_iter_free(it);
    f.due = rows_in(WEBHOOKS_DUE);
    CHECK_EQ(f.due, f.owed[DELIVERY_PENDING]);
    CHECK_EQ(rows_in(WEBHOOKS_EVENTS), f.events[0] + f.events[1] + f.events[2]);
    CHECK_EQ(row_totals(s.store, live, TS_STR_NULL, arena, &row), TS_OK);
    for (unsigned state = 0; state < DELIVERY_STATES; state++)
        CHECK_EQ(total(row, state), f.events[state]);
    webhooks_unlock(&app, live);
    ts_arena_free(arena);
    return f;
}

static found check_over_a_restart(const char *waits)
{
    found before = check_rows();
    found after;

    stop();
    start_with(waits);
    after = check_rows();
    CHECK(memcmp(&before, &after, sizeof(before)) == 0);
    return after;
}

static void publish_at(const char *event, uint8_t cause, int64_t at_ms)
{
    Ts__WebhookPublish p = TS__WEBHOOK_PUBLISH__INIT;
    uint8_t bytes[16] = { cause };

    p.cause.data = bytes;
    p.cause.len = sizeof(bytes);
    p.event = (char *)(uintptr_t)event; /* only packed */
    p.at_ms = at_ms;
    p.data = (char *)(uintptr_t) "{}";
    served_hand_over(&s, &ts_webhooks_accept, live, "webhook", p.at_ms, &p.base);
}

static char *id_of(uint8_t cause)
{
    static char text[TS_ID_SIZE];

    ts_id_format("evt_", (ts_hash128){ { cause } }, text);
    return text;
}

static const Ts__Webhooks__Event *event_of(uint8_t cause)
{
    Ts__Webhooks__EventId request = TS__WEBHOOKS__EVENT_ID__INIT;
    const Ts__Webhooks__Event *event = NULL;

    request.id = id_of(cause);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_get_event, &request.base, &event), TS_OK);
    CHECK_EQ(event->n_deliveries, 1);
    return event;
}

/* A lease whose answer outlives the server that gave it. */
typedef struct kept_lease {
    Ts__Webhooks__LeasedDelivery d;
    char event_id[TS_ID_SIZE], endpoint_id[TS_ID_SIZE];
    uint8_t token[LEASE_TOKEN_SIZE];
} kept_lease;

static void lease_and_keep(uint32_t wait_ms, kept_lease *ret)
{
    const Ts__Webhooks__LeasedDelivery *d = lease_one(wait_ms);

    ret->d = *d;
    snprintf(ret->event_id, sizeof(ret->event_id), "%s", d->event_id);
    snprintf(ret->endpoint_id, sizeof(ret->endpoint_id), "%s", d->endpoint_id);
    CHECK_EQ(d->token.len, sizeof(ret->token));
    memcpy(ret->token, d->token.data, sizeof(ret->token));
    ret->d.event_id = ret->event_id;
    ret->d.endpoint_id = ret->endpoint_id;
    ret->d.token.data = ret->token;
}

static void replay(uint8_t cause)
{
    Ts__Webhooks__EventId request = TS__WEBHOOKS__EVENT_ID__INIT;
    const Ts__Webhooks__ReplayReply *reply = NULL;

    request.id = id_of(cause);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_replay_event, &request.base, &reply), TS_OK);
    CHECK_EQ(reply->deliveries, 1);
}

static void what_arrives_at_once_is_known_by_its_place(void)
{
    const Ts__Webhooks__Event *event;
    found f;

    begin("1h");
    (void)endpoint(live, NULL);
    publish_at("incident.created", 1, CREATED_MS);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.bare, 1);
    CHECK_EQ(rows_in(WEBHOOKS_EVENT_INDEX), 0);
    CHECK(strcmp(event_of(1)->status, "pending") == 0);
    result_of(lease_one(SOON_MS), 204, "", false);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.kept, 1);
    CHECK_EQ(f.events[DELIVERY_DELIVERED], 1);
    CHECK_EQ(rows_in(WEBHOOKS_DELIVERIES), 0);
    event = event_of(1);
    CHECK(strcmp(event->status, "delivered") == 0);
    CHECK_EQ(event->deliveries[0]->n_attempts, 1);
    CHECK_EQ(event->deliveries[0]->attempts[0]->status_code, 204);
    end();
}

static void what_arrived_at_once_is_replayed_with_its_attempts(void)
{
    const Ts__Webhooks__LeasedDelivery *d;
    found f;

    begin("1h");
    (void)endpoint(live, NULL);
    publish_at("incident.created", 1, CREATED_MS);
    result_of(lease_one(SOON_MS), 200, "", false);
    replay(1);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.owed[DELIVERY_PENDING], 1);
    CHECK_EQ(f.kept + f.bare, 0);
    d = lease_one(SOON_MS);
    CHECK_EQ(d->attempt, 2);
    result_of(d, 200, "", false);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.kept, 0); /* it has a row of its own, for good */
    CHECK_EQ(event_of(1)->deliveries[0]->n_attempts, 2);
    end();
}

/* Each way but arrival out of the first state. */
static void what_does_not_arrive_at_once_gets_its_rows(void)
{
    static const struct {
        uint32_t status;
        const char *error;
        bool returned;
        uint32_t attempt; /* that follows */
    } ways[] = { { 500, "", false, 2 }, { 0, "timeout", false, 2 }, { 0, "", true, 1 } };

    for (size_t i = 0; i < TS_COUNT(ways); i++) {
        const Ts__Webhooks__LeasedDelivery *d;
        found f;

        begin("1s");
        (void)endpoint(live, NULL);
        publish_at("incident.created", 1, CREATED_MS);
        result_of(lease_one(SOON_MS), ways[i].status, ways[i].error, ways[i].returned);
        f = check_over_a_restart("1s");
        CHECK_EQ(f.events[DELIVERY_PENDING], 1);
        CHECK_EQ(f.bare, 0);
        d = lease_one(SOON_MS);
        CHECK_EQ(d->attempt, ways[i].attempt);
        result_of(d, 200, "", false);
        f = check_over_a_restart("1s");
        CHECK_EQ(f.events[DELIVERY_DELIVERED], 1);
        CHECK_EQ(f.kept, 0);
        CHECK_EQ(event_of(1)->deliveries[0]->n_attempts, ways[i].attempt);
        end();
    }
}

static void a_lease_that_ends_gives_it_its_rows(void)
{
    kept_lease first, again;
    found f;

    begin("1h");
    (void)endpoint(live, NULL);
    publish_at("incident.created", 1, CREATED_MS);
    lease_and_keep(SOON_MS, &first);
    shift(LEASE_MS); /* it has ended */
    lease_and_keep(SOON_MS, &again);
    CHECK_EQ(again.d.attempt, 1);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.bare, 0);
    CHECK_EQ(f.events[DELIVERY_PENDING], 1);
    result_of(&first.d, 200, "", false); /* late, and true */
    f = check_over_a_restart("1h");
    CHECK_EQ(f.events[DELIVERY_DELIVERED], 1);
    result_of(&again.d, 200, "", false);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.events[DELIVERY_DELIVERED], 1);
    CHECK_EQ(event_of(1)->deliveries[0]->n_attempts, 1);
    end();
}

/* The ledger ends between lease and result: it knows what it leased from the rows alone. */
static void a_result_after_a_restart_counts(void)
{
    static const uint32_t statuses[] = { 200, 500 };

    for (size_t i = 0; i < TS_COUNT(statuses); i++) {
        kept_lease leased;
        found f;

        begin("1h");
        (void)endpoint(live, NULL);
        publish_at("incident.created", 1, CREATED_MS);
        lease_and_keep(SOON_MS, &leased);
        f = check_over_a_restart("1h");
        CHECK_EQ(f.bare, 1);
        result_of(&leased.d, statuses[i], "", false);
        f = check_over_a_restart("1h");
        CHECK_EQ(f.bare, 0);
        CHECK_EQ(f.events[i == 0 ? DELIVERY_DELIVERED : DELIVERY_PENDING], 1);
        CHECK_EQ(lease(1, 0)->n_deliveries, 0);
        end();
    }
}

static void a_deleted_endpoint_s_backlog_fails_whole(void)
{
    Ts__Webhooks__EndpointId id = TS__WEBHOOKS__ENDPOINT_ID__INIT;
    const Ts__Webhooks__LeasedDelivery *d;
    const Ts__Empty *nothing = NULL;
    found f;

    begin("1h");
    id.id = endpoint(live, NULL)->id;
    for (uint8_t i = 1; i <= 4; i++)
        publish_at("incident.created", i, CREATED_MS + i);
    d = lease_one(SOON_MS);
    CHECK_EQ(served_call(&s, live, &ts_webhooks_delete_endpoint, &id.base, &nothing), TS_OK);
    CHECK_SOON(count("failed") == 3);
    result_of(d, 500, "", false);
    CHECK_SOON(rows_in(WEBHOOKS_ENDPOINTS) == 0);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.events[DELIVERY_FAILED], 4);
    end();
}

static void what_is_forgotten_leaves_no_row(void)
{
    ts_arena *arena = ts_arena_new(8u << 20);
    bool more = true;
    uint32_t type;
    found f;

    begin("1h");
    (void)endpoint(live, NULL);
    publish_at("incident.created", 1, CREATED_MS);
    publish_at("incident.created", 2, CREATED_MS + 1);
    result_of(lease_one(SOON_MS), 200, "", false);
    CHECK(type_number(TS_STR_LIT("incident.created"), &type));
    webhooks_lock(&app, live);
    CHECK_EQ(tend_forget(&app.ledger, live, type, DELIVERY_DELIVERED, CREATED_MS + 2, arena, &more),
             TS_OK);
    webhooks_unlock(&app, live);
    CHECK(!more);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.events[DELIVERY_DELIVERED] + f.owed[DELIVERY_DELIVERED], 0);
    CHECK_EQ(f.bare, 1);
    ts_arena_free(arena);
    end();
}

static bool lists(const char *status, const char *event, uint64_t offset, const char *causes)
{
    const Ts__Webhooks__EventList *list = events(live, status, event, offset);
    size_t n = strlen(causes);

    if (list->n_events != n || list->total != n + offset)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list->events[i]->id, id_of((uint8_t)(causes[i] - '0'))) != 0)
            return false;
    }
    return true;
}

/* Events of two endpoints, of nobody, of both, and one that has arrived: newest first, whichever index they stand in. */
static void lists_go_over_all_indexes_in_one_order(void)
{
    found f;

    begin("1h");
    (void)endpoint(live, "incident.*");
    publish_at("incident.created", 1, CREATED_MS + 1);
    result_of(lease_one(SOON_MS), 200, "", false);
    publish_at("user.risk_level_changed", 2, CREATED_MS + 2); /* nobody wants it: it has arrived */
    publish_at("incident.created", 3, CREATED_MS + 3);
    (void)endpoint(live, "incident.created");
    publish_at("incident.created", 4, CREATED_MS + 4); /* both */
    publish_at("incident.updated", 5, CREATED_MS + 5);
    publish_at("incident.updated", 6, CREATED_MS + 6);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.bare, 3);
    CHECK(lists("all", "", 0, "654321"));
    CHECK(lists("all", "", 2, "4321"));
    CHECK(lists("pending", "", 0, "6543"));
    CHECK(lists("pending", "", 3, "3"));
    CHECK(lists("delivered", "", 0, "21"));
    CHECK(lists("failed", "", 0, ""));
    CHECK(lists("pending", "incident.updated", 0, "65"));
    CHECK(lists("all", "incident.created", 0, "431"));
    end();
}

/* Under schema 3 such an event stood in both indexes from the start, and its due row did not say that it was bare. */
static void what_was_published_under_the_schema_before_arrives(void)
{
    ts_batch *batch = ts_batch_new();
    Ts__Webhooks__Event event = TS__WEBHOOKS__EVENT__INIT;
    Ts__Webhooks__StoredEvent stored = TS__WEBHOOKS__STORED_EVENT__INIT;
    Ts__Webhooks__Totals totals = TS__WEBHOOKS__TOTALS__INIT;
    const due_facts facts = { .next_attempt_ms = 1000, .attempt = 1, .is_sole = true };
    index_place at = { .state = DELIVERY_PENDING, .created_ms = CREATED_MS };
    uint64_t counts[TYPES_COUNT * DELIVERY_STATES] = { 0 };
    uint8_t value[DUE_FACTS_SIZE];
    char made[TS_ID_SIZE], id[TS_ID_SIZE];
    webhooks_key key;
    found f;

    begin("1h");
    snprintf(made, sizeof(made), "%s", endpoint(live, NULL)->id);
    CHECK(type_number(TS_STR_LIT("incident.created"), &at.type));
    for (uint8_t i = 1; i <= 2; i++) {
        at.event = (ts_hash128){ { i } };
        ts_id_format("evt_", at.event, id);
        event.id = id;
        event.event = (char *)(uintptr_t) "incident.created"; /* only packed */
        event.created_ms = CREATED_MS;
        event.body.data = (uint8_t *)(uintptr_t) "{}"; /* only packed */
        event.body.len = 2;
        stored.event = &event;
        stored.sole_endpoint = made;
        stored.sole_due_ms = 1000;
        row_put_event(batch, s.store, live, at.event, &stored);
        key = key_event_index(live, &at);
        ts_batch_put(batch, s.store, WEBHOOKS_EVENT_INDEX, key_view(&key), TS_STR_NULL);
        key = key_owed_index(live, ts_str_of(made), &at);
        ts_batch_put(batch, s.store, WEBHOOKS_OWED_INDEX, key_view(&key), TS_STR_NULL);
        due_write_facts(&facts, value);
        key = key_due(live, ts_str_of(made), 1000, at.event);
        ts_batch_put(batch, s.store, WEBHOOKS_DUE, key_view(&key), ts_str_n(value, sizeof(value)));
    }
    counts[at.type * DELIVERY_STATES + DELIVERY_PENDING] = 2;
    totals.counts = counts;
    totals.n_counts = TS_COUNT(counts);
    row_put_totals(batch, s.store, live, TS_STR_NULL, &totals);
    row_put_totals(batch, s.store, live, ts_str_of(made), &totals);
    CHECK_EQ(ts_store_write(s.store, batch, NULL), TS_OK);
    ts_batch_free(batch);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.bare, 0);
    CHECK_EQ(f.events[DELIVERY_PENDING], 2);
    publish_at("incident.created", 3, CREATED_MS + 3); /* the new kind beside them */
    CHECK_EQ(count("pending"), 3);
    result_of(lease_one(SOON_MS), 200, "", false);
    result_of(lease_one(SOON_MS), 500, "", false);
    result_of(lease_one(SOON_MS), 200, "", false);
    f = check_over_a_restart("1h");
    CHECK_EQ(f.events[DELIVERY_DELIVERED], 2);
    CHECK_EQ(f.events[DELIVERY_PENDING], 1);
    CHECK(lists("delivered", "", 0, "31") || lists("delivered", "", 0, "32"));
    end();
}

int main(void)
{
    RUN(what_arrives_at_once_is_known_by_its_place);
    RUN(what_arrived_at_once_is_replayed_with_its_attempts);
    RUN(what_does_not_arrive_at_once_gets_its_rows);
    RUN(a_lease_that_ends_gives_it_its_rows);
    RUN(a_result_after_a_restart_counts);
    RUN(a_deleted_endpoint_s_backlog_fails_whole);
    RUN(what_is_forgotten_leaves_no_row);
    RUN(lists_go_over_all_indexes_in_one_order);
    RUN(what_was_published_under_the_schema_before_arrives);
    return 0;
}
