/* Failed authentications over the bus: one count for an address, whoever calls for it; a good key is never held up; a full
 * minute is one entry of the audit log. */
#include <pthread.h>

#include "auth_served.h"
#include "tend.h"

#define FAILURES 60
#define CALLERS  4

static const uint8_t no_key[32];
static const uint8_t unknown_key[32] = "nobody has a key with this hash";

/* As a gateway asks. `prefix` is what it shows of the key. */
static const Ts__Auth__AuthorizeReply *ask_in(ts_arena *arena, const uint8_t *sha256,
                                              const char *client, uint32_t limit,
                                              const char *prefix)
{
    Ts__Auth__AuthorizeRequest request = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ts_caller caller = served_caller(nobody, "service:gateway", "");
    ProtobufCMessage *out = NULL;

    caller.request_id = "req_abcdef";
    caller.client_addr = client;
    request.key_sha256.data = (uint8_t *)(uintptr_t)sha256;
    request.key_sha256.len = 32;
    request.cost = 1;
    request.failures_limit = limit;
    request.key_prefix = text(prefix);
    CHECK_EQ(ts_rpc_call(s.peer, &ts_auth_authorize, &caller, &request.base, arena, &out, NULL),
             TS_OK);
    return (const Ts__Auth__AuthorizeReply *)out;
}

static const Ts__Auth__AuthorizeReply *ask(const uint8_t *sha256, const char *client,
                                           uint32_t limit, const char *prefix)
{
    return ask_in(s.arena, sha256, client, limit, prefix);
}

static const Ts__Auth__AuthorizeReply *fail(const char *client)
{
    return ask(unknown_key, client, FAILURES, "");
}

static void exactly_the_limit_is_counted_and_then_refused_until_the_minute_ends(void)
{
    const Ts__Auth__AuthorizeReply *reply;

    use_own_clock();
    pass_ms(20000);
    for (uint32_t i = 1; i <= FAILURES; i++) {
        /* What is no key at all counts as what is none of ours. */
        reply = ask(i % 2 == 0 ? no_key : unknown_key, "192.0.2.1", FAILURES, "");
        CHECK(!reply->known && reply->admitted);
        CHECK_EQ(reply->limit, FAILURES);
        CHECK_EQ(reply->remaining, FAILURES - i);
        CHECK_EQ(reply->reset_s, moment.wall_ms / 1000 + 40);
        CHECK_EQ(reply->retry_after_s, 0);
    }
    for (int i = 0; i < 3; i++) {
        reply = fail("192.0.2.1");
        CHECK(!reply->known && !reply->admitted);
        CHECK_EQ(reply->limit, FAILURES);
        CHECK_EQ(reply->remaining, 0);
        CHECK_EQ(reply->reset_s, moment.wall_ms / 1000 + 40);
        CHECK_EQ(reply->retry_after_s, 40);
    }
    CHECK_EQ(fail("192.0.2.2")->remaining, FAILURES - 1); /* another address */
    pass_ms(40000 - 1);
    CHECK(!fail("192.0.2.1")->admitted);
    moment.wall_ms += TS_HOUR_MS; /* a wall clock that is set frees nobody */
    CHECK(!fail("192.0.2.1")->admitted);
    moment.wall_ms -= TS_HOUR_MS;
    pass_ms(1);
    CHECK_EQ(fail("192.0.2.1")->remaining, FAILURES - 1);
    restart();
}

static void a_v6_network_of_64_bits_is_one_address(void)
{
    char client[64];

    use_own_clock();
    for (unsigned i = 1; i <= FAILURES; i++) {
        snprintf(client, sizeof(client), "2001:db8:0:7::%x", i);
        CHECK_EQ(fail(client)->remaining, FAILURES - i);
    }
    CHECK(!fail("2001:db8:0:7:ffff::1")->admitted);
    CHECK(fail("2001:db8:0:8::1")->admitted);
    restart();
}

static void a_good_key_passes_and_counts_nothing_whatever_its_address_did(void)
{
    key k = new_key(TS_PERM_INGEST);
    key held = new_key(TS_PERM_INGEST);
    Ts__Auth__SuspendOrganizationRequest suspend = TS__AUTH__SUSPEND_ORGANIZATION_REQUEST__INIT;
    const Ts__Auth__Organization *org = NULL;
    const Ts__Auth__AuthorizeReply *reply;

    suspend.org = held.org;
    suspend.suspended = true;
    CHECK_EQ(call(&ts_auth_suspend_organization, &suspend.base, &org), TS_OK);
    use_own_clock();
    CHECK(ask(k.sha256, "192.0.2.1", FAILURES, "tsk_live_aaaa")->admitted);
    CHECK(ask(held.sha256, "192.0.2.1", FAILURES, "tsk_live_bbbb")->suspended);
    for (unsigned i = 1; i <= FAILURES; i++)
        CHECK_EQ(fail("192.0.2.1")->remaining, FAILURES - i);
    CHECK(!fail("192.0.2.1")->admitted);
    reply = ask(k.sha256, "192.0.2.1", FAILURES, "tsk_live_aaaa");
    CHECK(reply->known && reply->admitted);
    CHECK_EQ(reply->limit, LIMIT);
    CHECK_EQ(reply->remaining, LIMIT - 2);
    revoke_key(&k);
    reply = ask(k.sha256, "192.0.2.1", FAILURES, "tsk_live_aaaa");
    CHECK(!reply->known && !reply->admitted);
    restart();
}

/* A gateway of an earlier version counts for itself. */
static void who_asks_for_no_count_gets_none(void)
{
    const Ts__Auth__AuthorizeReply *reply;

    use_own_clock();
    for (int i = 0; i < 3; i++) {
        reply = ask(unknown_key, "192.0.2.1", 0, "");
        CHECK(!reply->known && !reply->admitted);
        CHECK_EQ(reply->limit, 0);
        CHECK_EQ(reply->retry_after_s, 0);
    }
    CHECK_EQ(fail("192.0.2.1")->remaining, FAILURES - 1);
    restart();
}

static void fail_with_id(uint8_t id, Ts__Auth__AuthorizeReply *ret)
{
    Ts__Auth__AuthorizeRequest request = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ts_error err = { "", "" };
    ts_call c = {
        .caller = { .actor = "service:gateway", .client_addr = "192.0.2.1", .request_id = "" },
        .call_id = { id },
        .arena = s.arena,
        .error = &err,
        .service = &app
    };

    request.key_sha256.data = (uint8_t *)(uintptr_t)unknown_key;
    request.key_sha256.len = 32;
    request.cost = 1;
    request.failures_limit = 2;
    ts__auth__authorize_reply__init(ret);
    CHECK_EQ(auth_rpc_authorize(&c, &request.base, &ret->base), TS_OK);
}

static void a_repeated_call_counts_once_and_gets_the_same_answer(void)
{
    Ts__Auth__AuthorizeReply reply;

    use_own_clock();
    for (int i = 0; i < 10; i++) {
        fail_with_id(1, &reply);
        CHECK(reply.admitted);
        CHECK_EQ(reply.remaining, 1);
    }
    for (int i = 0; i < 10; i++) {
        fail_with_id(2, &reply);
        CHECK(reply.admitted);
        CHECK_EQ(reply.remaining, 0);
    }
    CHECK_EQ(app.burst_count, 1);
    fail_with_id(3, &reply);
    CHECK(!reply.admitted);
    fail_with_id(3, &reply);
    CHECK(!reply.admitted);
    CHECK_EQ(app.burst_count, 1);
    restart();
}

/* ---- many at once ---- */

typedef struct caller {
    pthread_t thread;
    unsigned admitted;
} caller;

static void *fail_often(void *argument)
{
    caller *c = argument;
    ts_arena *arena = ts_arena_new((size_t)1 << 20);

    CHECK(arena != NULL);
    for (int i = 0; i < FAILURES; i++) {
        c->admitted += ask_in(arena, unknown_key, "192.0.2.9", FAILURES, "")->admitted ? 1 : 0;
        ts_arena_reset(arena);
    }
    ts_arena_free(arena);
    return NULL;
}

static void many_callers_share_one_count_and_one_burst(void)
{
    caller callers[CALLERS] = { 0 };
    unsigned admitted = 0;
    auth_tender *tender = NULL;
    uint64_t before;

    use_own_clock();
    before = audit_of(nobody, 0, "")->total;
    CHECK_EQ(auth_tender_start(&app, &tender, NULL), TS_OK);
    for (size_t i = 0; i < CALLERS; i++)
        CHECK_EQ(pthread_create(&callers[i].thread, NULL, fail_often, &callers[i]), 0);
    for (size_t i = 0; i < CALLERS; i++) {
        CHECK_EQ(pthread_join(callers[i].thread, NULL), 0);
        admitted += callers[i].admitted;
    }
    CHECK_EQ(admitted, FAILURES);
    auth_tender_stop(tender); /* at once: what was noted last is written down */
    CHECK_EQ(audit_of(nobody, 0, "")->total, before + 1);
    restart();
}

/* ---- bursts ---- */

static void a_full_minute_is_one_entry_with_who_and_from_where(void)
{
    const Ts__AuditEntry *entry;
    uint64_t before = audit_of(nobody, 0, "")->total;

    use_own_clock();
    for (int i = 0; i < FAILURES - 1; i++)
        ask(unknown_key, "2001:db8::1", FAILURES, "tsk_live_aaaa");
    CHECK_EQ(auth_tend(&app, moment.wall_ms), TS_OK);
    CHECK_EQ(audit_of(nobody, 0, "")->total, before);
    ask(unknown_key, "2001:db8::2", FAILURES, "tsk_live_abcdefgh"); /* no more than may be shown */
    for (int i = 0; i < FAILURES; i++)
        ask(unknown_key, "2001:db8::3", FAILURES, "tsk_live_bbbb");
    CHECK_EQ(auth_tend(&app, moment.wall_ms), TS_OK);
    CHECK_EQ(audit_of(nobody, 0, "")->total, before + 1);
    entry = last_entry(0);
    CHECK(strcmp(entry->action, "auth.failures") == 0);
    CHECK(strcmp(entry->actor, "service:gateway") == 0);
    CHECK(strcmp(entry->object, "2001:db8::/64") == 0);
    CHECK(strcmp(entry->client_addr, "2001:db8::2") == 0);
    CHECK(strcmp(entry->request_id, "req_abcdef") == 0);
    CHECK_EQ(entry->at_ms, moment.wall_ms);
    CHECK(strcmp(entry->details, "{\"address\":\"2001:db8::/64\",\"count\":60,"
                                 "\"key_prefix\":\"tsk_live_abcd\"}") == 0);
    CHECK_EQ(auth_tend(&app, moment.wall_ms), TS_OK);
    CHECK_EQ(audit_of(nobody, 0, "")->total, before + 1);
    pass_ms(TS_MINUTE_MS);
    for (int i = 0; i < FAILURES; i++)
        fail("2001:db8::4");
    CHECK_EQ(auth_tend(&app, moment.wall_ms), TS_OK);
    CHECK_EQ(audit_of(nobody, 0, "")->total, before + 2);
    CHECK(strcmp(last_entry(0)->details,
                 "{\"address\":\"2001:db8::/64\",\"count\":60,\"key_prefix\":null}") == 0);
    restart();
}

static void the_ring_holds_its_size_and_what_finds_it_full_is_counted(void)
{
    uint64_t before = audit_of(nobody, 0, "")->total;
    double lost = metric("ts_auth_bursts_lost_total");
    char client[32];

    use_own_clock();
    for (int i = 0; i < AUTH_BURSTS_MAX; i++) {
        snprintf(client, sizeof(client), "10.0.%d.%d", i / 256, i % 256);
        ask(unknown_key, client, 1, "");
        served_forget(&s);
    }
    CHECK(metric("ts_auth_bursts_lost_total") == lost);
    ask(unknown_key, "10.9.9.9", 1, "");
    CHECK(metric("ts_auth_bursts_lost_total") == lost + 1);
    CHECK_EQ(auth_tend(&app, moment.wall_ms), TS_OK);
    CHECK_EQ(audit_of(nobody, 0, "")->total, before + AUTH_BURSTS_MAX);
    ask(unknown_key, "10.9.9.10", 1, ""); /* there is room again */
    CHECK_EQ(auth_tend(&app, moment.wall_ms), TS_OK);
    CHECK_EQ(audit_of(nobody, 0, "")->total, before + AUTH_BURSTS_MAX + 1);
    CHECK(metric("ts_auth_bursts_lost_total") == lost + 1);
    restart();
}

static void a_burst_that_makes_no_entry_holds_up_no_other(void)
{
    uint64_t before = audit_of(nobody, 0, "")->total;
    double lost = metric("ts_auth_bursts_lost_total");

    use_own_clock();
    ask(unknown_key, "no \xff text", 1, "");
    ask(unknown_key, "192.0.2.1", 1, "");
    CHECK_EQ(auth_tend(&app, moment.wall_ms), TS_OK);
    CHECK_EQ(audit_of(nobody, 0, "")->total, before + 1);
    CHECK(metric("ts_auth_bursts_lost_total") == lost + 1);
    restart();
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(exactly_the_limit_is_counted_and_then_refused_until_the_minute_ends);
    RUN(a_v6_network_of_64_bits_is_one_address);
    RUN(a_good_key_passes_and_counts_nothing_whatever_its_address_did);
    RUN(who_asks_for_no_count_gets_none);
    RUN(a_repeated_call_counts_once_and_gets_the_same_answer);
    RUN(many_callers_share_one_count_and_one_burst);
    RUN(a_full_minute_is_one_entry_with_who_and_from_where);
    RUN(the_ring_holds_its_size_and_what_finds_it_full_is_counted);
    RUN(a_burst_that_makes_no_entry_holds_up_no_other);
    stop();
    remove_directory(s.directory);
    return 0;
}
