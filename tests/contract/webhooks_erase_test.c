/* One organization ends while deliveries of others are under way beside its own: what a dispatcher reports together, and leases
 * that end together, are one batch each, and the store refuses a batch that puts a row of an erased organization. Nobody else's
 * part of it may be lost. */
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
    reply = lease(8, 5000);
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

        options.lease_ms = 60000;
        begin("1s");
        lease_both(both);
        half_erase();
        report(both, ways[i].status, ways[i].returned);
        if (ways[i].again != 0) {
            const Ts__Webhooks__LeasedDelivery *d = lease_one(10000);

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

    options.lease_ms = LEASE_MS;
    begin("1h");
    lease_both(both);
    half_erase();
    d = lease_one(20000);
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

        options.lease_ms = 60000;
        begin("1h");
        lease_both(both);
        report(both, 500, i == 0);
        CHECK_EQ(ts_store_fence(s.store, other.org, ts_wall_ms(), NULL), TS_OK);
        stop();
        start_with(waits[i]);
        reply = lease(8, 10000);
        CHECK_EQ(reply->n_deliveries, 1);
        CHECK_EQ(reply->deliveries[0]->org, live.org);
        result_of(reply->deliveries[0], 200, "", false);
        CHECK_EQ(lease(8, 100)->n_deliveries, 0);
        finish_erasing();
        end();
    }
}

int main(void)
{
    RUN(what_is_reported_beside_it_counts);
    RUN(leases_that_end_beside_it_are_due_again);
    RUN(a_ledger_starts_over_what_is_left_of_it);
    return 0;
}
