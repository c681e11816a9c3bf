/* What a dispatcher is given or reports together, and leases that end together, are one batch each, of many organizations. One of
 * them ends meanwhile, and the store refuses a batch that puts a row of its; or a row cannot be read. Nobody else's part may be
 * lost. */
#include "webhooks_ledger.h"

#define AT_ONCE 2

/* Their rows are the last to go. */
static const ts_tenant other_test = { 8, TS_MODE_TEST };

/* Between the tombstone and the end of the rows: the inbox holds the guard while it puts the one and has the memory forgotten. */
static void half_erase(void)
{
    webhooks_lock(&app, other);
    CHECK_EQ(ts_store_fence(s.store, other.org, ts_wall_ms(), NULL), TS_OK);
    webhooks_forget(&app, other, s.arena);
    webhooks_unlock(&app, other);
}

/* One delivery each, leased together: first that of the organization that ends. */
static void lease_both(const Ts__Webhooks__LeasedDelivery *ret[AT_ONCE])
{
    const Ts__Webhooks__LeaseReply *reply;

    (void)endpoint(live, NULL);
    (void)endpoint(other_test, NULL);
    publish_cause(live, "incident.created", 1);
    publish_cause(other_test, "incident.created", 2);
    reply = lease(8, SOON_MS);
    CHECK_EQ(reply->n_deliveries, AT_ONCE);
    for (size_t i = 0; i < AT_ONCE; i++)
        ret[reply->deliveries[i]->org == live.org ? 1 : 0] = reply->deliveries[i];
    CHECK_EQ(ret[0]->org, other_test.org);
    CHECK_EQ(ret[1]->org, live.org);
}

static void report(const Ts__Webhooks__LeasedDelivery *const deliveries[AT_ONCE], uint32_t status,
                   bool returned)
{
    Ts__Webhooks__DeliveryResult results[AT_ONCE];
    Ts__Webhooks__DeliveryResult *list[AT_ONCE];
    Ts__Webhooks__ResultRequest request = TS__WEBHOOKS__RESULT_REQUEST__INIT;
    const Ts__Empty *reply = NULL;

    for (size_t i = 0; i < AT_ONCE; i++) {
        Ts__Webhooks__DeliveryResult *r = list[i] = &results[i];

        ts__webhooks__delivery_result__init(r);
        r->org = deliveries[i]->org;
        r->mode = deliveries[i]->mode;
        r->event_id = deliveries[i]->event_id;
        r->endpoint_id = deliveries[i]->endpoint_id;
        r->attempt = deliveries[i]->attempt;
        r->token = deliveries[i]->token;
        r->status_code = status;
        r->returned = returned;
        r->at_ms = ts_wall_ms();
    }
    request.results = list;
    request.n_results = AT_ONCE;
    CHECK_EQ(
        served_call(&s, (ts_tenant){ 0, TS_MODE_LIVE }, &ts_webhooks_result, &request.base, &reply),
        TS_OK);
}

static void finish_erasing(void)
{
    served_erase(&s, &ts_webhooks_accept, other.org);
    CHECK_EQ(served_rows_of(&s, webhooks_families, other.org), 0);
}

static void what_is_reported_beside_it_counts(void)
{
    static const struct {
        uint32_t status;
        bool returned;
        uint32_t again; /* number of the attempt that follows; 0: none */
    } ways[] = { { 200, false, 0 }, { 500, false, 2 }, { 0, true, 1 } };

    for (size_t i = 0; i < TS_COUNT(ways); i++) {
        const Ts__Webhooks__LeasedDelivery *both[AT_ONCE];

        begin("1s");
        lease_both(both);
        half_erase();
        report(both, ways[i].status, ways[i].returned);
        if (ways[i].again != 0) {
            const Ts__Webhooks__LeasedDelivery *d = lease_one(SOON_MS);

            CHECK_EQ(d->org, live.org);
            CHECK_EQ(d->attempt, ways[i].again);
            result_of(d, 200, "", false);
        }
        CHECK_EQ(count("delivered"), 1);
        finish_erasing();
        CHECK_EQ(count("all"), 1);
        end();
    }
}

static void leases_that_end_beside_it_are_due_again(void)
{
    const Ts__Webhooks__LeasedDelivery *both[AT_ONCE];
    const Ts__Webhooks__LeasedDelivery *d;

    begin("1h");
    lease_both(both);
    half_erase();
    shift(LEASE_MS);
    d = lease_one(SOON_MS);
    CHECK_EQ(d->org, live.org);
    CHECK_EQ(d->attempt, 1);
    result_of(d, 200, "", false);
    CHECK_EQ(count("delivered"), 1);
    finish_erasing();
    end();
}

/* Killed between the tombstone and the end of the rows: auth tells it again, some time later. */
static void a_ledger_starts_over_what_is_left_of_it(void)
{
    static const char *const waits[] = { "1h",
                                         "1s" }; /* of the next ledger, which never waits so long */

    for (size_t i = 0; i < TS_COUNT(waits); i++) {
        const Ts__Webhooks__LeasedDelivery *both[AT_ONCE];
        const Ts__Webhooks__LeaseReply *reply;

        begin("1h");
        lease_both(both);
        report(both, 500, i == 0);
        CHECK_EQ(ts_store_fence(s.store, other.org, ts_wall_ms(), NULL), TS_OK);
        stop();
        start_with(waits[i]);
        reply = lease(8, SOON_MS);
        CHECK_EQ(reply->n_deliveries, 1);
        CHECK_EQ(reply->deliveries[0]->org, live.org);
        result_of(reply->deliveries[0], 200, "", false);
        CHECK_EQ(lease(8, 100)->n_deliveries, 0);
        finish_erasing();
        end();
    }
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
    leased = lease(8, SOON_MS);
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
        result_of(lease_one(SOON_MS), 0, "", true);
    for (int i = 0; i < 2; i++) {
        const Ts__Webhooks__LeasedDelivery *d = lease_one(SOON_MS);

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
    const Ts__Webhooks__LeasedDelivery *leased[2] = { NULL };

    begin("1h");
    lease_with_a_spoilt_row(leased);
    CHECK(leased[0] != NULL && leased[1] != NULL);
    shift(LEASE_MS);
    CHECK_EQ(lease_one(SOON_MS)->org, other.org);
    end();
}

int main(void)
{
    RUN(what_is_reported_beside_it_counts);
    RUN(leases_that_end_beside_it_are_due_again);
    RUN(a_ledger_starts_over_what_is_left_of_it);
    RUN(an_event_that_cannot_be_read_holds_up_its_endpoint_alone);
    RUN(a_report_of_what_cannot_be_read_spoils_no_other);
    RUN(a_lease_of_what_cannot_be_read_ends_with_the_others);
    return 0;
}
