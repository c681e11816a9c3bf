/* Dispatchers that leave or die while they wait for work, to whom nothing is given, and one that tells its results again. */
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "webhooks_ledger.h"

static atomic_bool somebody_has_left;

/* Asks for work and waits for it: how many deliveries came. TS_OK, or what the call failed with. */
static ts_status wait_for_work(ts_peer *peer, const char *dispatcher, uint32_t credits, size_t *ret)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1u << 20);
    Ts__Webhooks__LeaseRequest request = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    ts_caller caller =
        served_caller((ts_tenant){ 0, TS_MODE_LIVE }, "service:webhook-dispatcher", "");
    ProtobufCMessage *out = NULL;
    ts_status st;

    request.dispatcher = (char *)(uintptr_t)dispatcher; /* only packed */
    request.credits = credits;
    request.wait_ms = SOON_MS;
    st = ts_rpc_call(peer, &ts_webhooks_lease, &caller, &request.base, arena, &out, NULL);
    if (st == TS_OK)
        *ret = ((const Ts__Webhooks__LeaseReply *)out)->n_deliveries;
    return st;
}

static void *lease_as_somebody(void *unused)
{
    size_t count = 0;

    (void)unused;
    CHECK_EQ(wait_for_work(s.peer, "somebody", 1, &count), TS_OK);
    CHECK_EQ(count, 0);
    atomic_store(&somebody_has_left, true);
    return NULL;
}

static void a_dispatcher_that_leaves_takes_its_question_back(void)
{
    Ts__Webhooks__LeaseRequest request = TS__WEBHOOKS__LEASE_REQUEST__INIT;
    const Ts__Webhooks__LeaseReply *reply = NULL;
    pthread_t thread;
    int64_t started_ms;

    begin("1h");
    started_ms = ts_boot_ms();
    CHECK_EQ(pthread_create(&thread, NULL, lease_as_somebody, NULL), 0);
    request.dispatcher = (char *)(uintptr_t) "somebody";
    request.leaving = true;
    while (!atomic_load(&somebody_has_left)) {
        struct timespec pause = { 0, 20000000 };

        CHECK_EQ(served_call(&s, (ts_tenant){ 0, TS_MODE_LIVE }, &ts_webhooks_lease, &request.base,
                             &reply),
                 TS_OK);
        nanosleep(&pause, NULL);
        CHECK(ts_boot_ms() - started_ms < SOON_MS - 5000);
    }
    pthread_join(thread, NULL);
    end();
}

#define DOOMED_CREDITS 10

/* This program again, as a dispatcher that only asks. */
static int ask_for_ever(const char *address)
{
    ts_peer *peer = NULL;
    size_t count;

    CHECK_EQ(ts_peer_new("webhooks", address, &peer, NULL), TS_OK);
    ts_ignore(wait_for_work(peer, "doomed", DOOMED_CREDITS, &count));
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

static void a_dispatcher_that_was_killed_is_given_nothing(void)
{
    char address[128];
    char *words[] = { (char *)(uintptr_t) "contract_webhooks_dispatchers", address, NULL };
    int sockets;
    pid_t child;

    begin("1h");
    (void)endpoint(live, NULL);
    snprintf(address, sizeof(address), "ipc://%s/webhooks", s.directory);
    sockets = open_sockets();
    CHECK_EQ(posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ), 0);
    CHECK_SOON(slots_known() >= DOOMED_CREDITS);
    CHECK_EQ(kill(child, SIGKILL), 0);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    CHECK_SOON(open_sockets() == sockets); /* the ledger has heard of it */
    publish("incident.created", 1);
    result_of(lease_one(SOON_MS), 200, "", false);
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
    d = lease_one(SOON_MS);
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

int main(int argc, char **argv)
{
    if (argc == 2)
        return ask_for_ever(argv[1]);
    RUN(a_dispatcher_that_leaves_takes_its_question_back);
    RUN(a_dispatcher_that_was_killed_is_given_nothing);
    RUN(a_result_told_again_is_on_disk_before_it_is_acknowledged);
    return 0;
}
