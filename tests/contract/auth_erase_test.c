/* An organization that is deleted: its keys end in that moment, every store is asked and answers, auth's own rows go, and what
 * stays is a number that nobody gets again and a log. Killed at any step it goes on. */
#include "auth_spawned.h"
#include "erase.h"

static const struct {
    const char *service;
    unsigned stream;
} services[] = { { "risk", AUTH_TO_RISK },
                 { "incidents", AUTH_TO_INCIDENTS },
                 { "ai-usage", AUTH_TO_AI_USAGE },
                 { "webhooks", AUTH_TO_WEBHOOKS } };

static const Ts__HandOverRow *last_row(unsigned stream)
{
    ProtobufCMessage *m = NULL;
    ts_str bytes;

    CHECK_EQ(ts_stream_read(s.store, stream, served_sent(&s, stream), s.arena, &bytes), TS_OK);
    CHECK_EQ(ts_arena_unpack(s.arena, &ts__hand_over_row__descriptor, bytes, &m), TS_OK);
    return (const Ts__HandOverRow *)m;
}

static void answer(uint64_t org, const char *service)
{
    Ts__OrganizationErased erased = TS__ORGANIZATION_ERASED__INIT;

    erased.service = text(service);
    served_hand_over(&s, &ts_auth_accept, live_of(org), "organization_erased", 1, &erased.base);
}

static void answer_all(uint64_t org)
{
    for (size_t i = 0; i < TS_COUNT(services); i++)
        answer(org, services[i].service);
}

static const char *status_of(uint64_t org)
{
    return org_of(org)->status;
}

/* Rows that begin with the organization's number, or whose value does (hashes). */
static unsigned rows_of(uint64_t org, unsigned family)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(s.store, family, TS_STR_NULL, TS_STR_NULL, false);
    unsigned rows = 0;

    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ts_str part = family == AUTH_KEY_HASHES ? ts_iter_value(it) : ts_iter_key(it);

        if (family == AUTH_DUE)
            part = ts_str_n(part.p + (part.p[0] == AUTH_DUE_ORG ? 1 : 9), 8);
        rows += part.n >= 8 && auth_read_u64(part, 0) == org;
    }
    return rows;
}

static const unsigned erased_families[] = { AUTH_KEYS,     AUTH_KEY_HASHES, AUTH_RATES, AUTH_USED,
                                            AUTH_KEY_LIST, AUTH_TOTALS,     AUTH_DUE,   AUTH_ONCE };

static unsigned rows_left(uint64_t org)
{
    unsigned rows = 0;

    for (size_t i = 0; i < TS_COUNT(erased_families); i++)
        rows += rows_of(org, erased_families[i]);
    return rows;
}

/* One with keys of all sorts, some of them used. */
static key populate(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    const Ts__Auth__CreateKeyReply *made = NULL;
    key k = new_key(TS_PERM_INGEST);
    key other;

    request.org = k.org;
    request.name = text("more");
    request.expires_ms = ts_wall_ms() + TS_HOUR_MS;
    CHECK_EQ(create_key(&request, &other), TS_OK);
    request.mode = TS_MODE_TEST;
    CHECK_EQ(create_key(&request, &other), TS_OK);
    revoke_key(&other);
    request.org = 0;
    CHECK_EQ(call_for(live_of(k.org), "k", &ts_auth_create_key, &request.base, &made, NULL), TS_OK);
    CHECK(authorize(&k)->admitted);
    return k;
}

static void a_deletion_ends_all_keys_asks_every_store_and_erases_its_own(void)
{
    const Ts__Auth__Organization *org = NULL;
    key neighbour = populate();
    key k = populate();
    unsigned before = rows_left(neighbour.org);
    uint64_t log_entries = audit_of(nobody, k.org, "")->total;
    uint64_t operators = audit_of(nobody, 0, "")->total;
    uint64_t next;

    for (size_t i = 0; i < TS_COUNT(erased_families); i++)
        CHECK(rows_of(k.org, erased_families[i]) > 0); /* there is something to erase */
    CHECK_EQ(delete_org(k.org, &org), TS_OK);
    CHECK(strcmp(org->status, "deleting") == 0);
    CHECK(org->deleted_ms > 0 && org->n_erased_by == 0);
    CHECK(!authorize(&k)->known);
    CHECK_EQ(audit_of(nobody, k.org, "")->total, log_entries + 1);
    CHECK_EQ(audit_of(nobody, 0, "")->total, operators + 1);
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        const Ts__HandOverRow *row = last_row(services[i].stream);

        CHECK(strcmp(row->kind, "organization_erase") == 0);
        CHECK_EQ(row->org, k.org);
    }

    /* Nothing of its own goes before all have answered; answers that come twice count once. */
    CHECK_EQ(auth_tend(&app, ts_wall_ms()), TS_OK);
    CHECK(rows_of(k.org, AUTH_KEYS) == 4);
    answer(k.org, "risk");
    answer(k.org, "risk");
    CHECK_EQ(org_of(k.org)->n_erased_by, 1);
    CHECK(strcmp(org_of(k.org)->erased_by[0], "risk") == 0);
    answer(k.org, "gateway"); /* keeps nothing: put aside */
    answer(1000000, "risk");
    answer(k.org, "incidents");
    answer(k.org, "ai-usage");
    CHECK_EQ(auth_tend(&app, ts_wall_ms()), TS_OK);
    CHECK(strcmp(status_of(k.org), "deleting") == 0);
    answer(k.org, "webhooks");
    CHECK_EQ(org_of(k.org)->n_erased_by, 4);
    CHECK_EQ(auth_tend(&app, ts_wall_ms()), TS_OK);

    CHECK(strcmp(status_of(k.org), "deleted") == 0);
    CHECK_EQ(rows_left(k.org), 0);
    CHECK_EQ(rows_left(neighbour.org), before);
    CHECK(authorize(&neighbour)->admitted);
    CHECK(!authorize(&k)->known);
    CHECK_EQ(audit_of(nobody, k.org, "")->total, log_entries + 2); /* the log stays */
    CHECK(strcmp(last_entry(k.org)->action, "organization.deleted") == 0);
    CHECK_EQ(audit_of(nobody, 0, "")->total, operators + 2);
    CHECK(strcmp(last_entry(0)->action, "organization.deleted") == 0);
    CHECK(strcmp(last_entry(0)->object, org_of(k.org)->id) == 0);

    /* For ever. */
    next = new_org();
    CHECK(next > k.org);
    answer(k.org, "risk");
    CHECK_EQ(auth_tend(&app, ts_wall_ms()), TS_OK);
    restart();
    CHECK(strcmp(status_of(k.org), "deleted") == 0);
    CHECK_EQ(new_org(), next + 1);
}

static void one_that_is_being_deleted_takes_no_changes(void)
{
    Ts__Auth__CreateKeyRequest create = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    Ts__Auth__SetTierRequest tier = TS__AUTH__SET_TIER_REQUEST__INIT;
    Ts__Auth__RotateKeyRequest rotate = TS__AUTH__ROTATE_KEY_REQUEST__INIT;
    Ts__Auth__SuspendOrganizationRequest suspend = TS__AUTH__SUSPEND_ORGANIZATION_REQUEST__INIT;
    const Ts__Auth__Organization *org = NULL;
    key k = new_key(TS_PERM_INGEST);
    key made;

    create.org = tier.org = rotate.org = suspend.org = k.org;
    create.name = text("late");
    tier.tier = text("enterprise");
    rotate.id = k.id;
    CHECK_EQ(delete_org(k.org, &org), TS_OK);
    for (int i = 0; i < 2; i++) {
        expect_refused(create_key(&create, &made), TS_CONFLICT, "org");
        expect_refused(call(&ts_auth_set_tier, &tier.base, &org), TS_CONFLICT, "org");
        expect_refused(call(&ts_auth_suspend_organization, &suspend.base, &org), TS_CONFLICT,
                       "org");
        expect_refused(call(&ts_auth_rotate_key, &rotate.base, &org),
                       i == 0 ? TS_CONFLICT : TS_NOT_FOUND, i == 0 ? "org" : "id");
        answer_all(k.org);
        CHECK_EQ(auth_tend(&app, ts_wall_ms()), TS_OK);
    }
    expect_refused(delete_org(1000000, &org), TS_NOT_FOUND, "org");
}

/* A store that did not know the word when it was asked can be asked again; those that answered are not. */
static void asking_again_asks_those_that_have_not_answered(void)
{
    const Ts__Auth__Organization *org = NULL;
    uint64_t number = new_org();
    uint64_t sent[TS_COUNT(services)];
    uint64_t entries;
    int64_t deleted_ms;

    CHECK_EQ(delete_org(number, &org), TS_OK);
    deleted_ms = org->deleted_ms;
    entries = audit_of(nobody, number, "")->total;
    answer(number, "incidents");
    for (size_t i = 0; i < TS_COUNT(services); i++)
        sent[i] = served_sent(&s, services[i].stream);
    CHECK_EQ(delete_org(number, &org), TS_OK);
    CHECK_EQ(org->deleted_ms, deleted_ms);
    for (size_t i = 0; i < TS_COUNT(services); i++)
        CHECK_EQ(served_sent(&s, services[i].stream),
                 sent[i] + (strcmp(services[i].service, "incidents") == 0 ? 0 : 1));
    CHECK_EQ(audit_of(nobody, number, "")->total, entries);
    answer_all(number);
    CHECK_EQ(auth_tend(&app, ts_wall_ms()), TS_OK);
    CHECK_EQ(delete_org(number, &org), TS_OK);
    CHECK(strcmp(org->status, "deleted") == 0);
    CHECK_EQ(served_sent(&s, AUTH_TO_RISK), sent[0] + 1);
}

/* Keys straight into the store: their making is not what is looked at. */
static void put_keys(uint64_t org, unsigned count)
{
    ts_batch *b = ts_batch_new();

    for (unsigned i = 0; i < count; i++) {
        Ts__Auth__ApiKey row = TS__AUTH__API_KEY__INIT;
        uint8_t hash[32] = { 1, (uint8_t)(i >> 8), (uint8_t)i };
        char id[TS_ID_SIZE];

        snprintf(id, sizeof(id), "key_%022u", i);
        row.org = org;
        row.id = id;
        row.created_ms = i + 1;
        row.sha256 = (ProtobufCBinaryData){ sizeof(hash), hash };
        auth_put_key(b, s.store, &row);
        auth_put_key_listed(b, s.store, &row);
    }
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    ts_batch_free(b);
}

/* More keys than a batch takes. */
static void many_keys_go_in_several_steps(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)16 << 20);
    const Ts__Auth__Organization *org = NULL;
    uint64_t number = new_org();
    unsigned steps = 0;
    bool more = true;

    put_keys(number, 1100);
    CHECK_EQ(delete_org(number, &org), TS_OK);
    answer_all(number);
    while (more) {
        unsigned before = rows_of(number, AUTH_KEYS);

        CHECK_EQ(auth_erase_own(&app, arena, number, 1, &more), TS_OK);
        CHECK_EQ(rows_of(number, AUTH_KEYS), before > 500 ? before - 500 : 0);
        ts_arena_reset(arena);
        steps++;
        if (steps == 2)
            restart(); /* in the middle of it */
    }
    CHECK_EQ(steps, 3);
    CHECK_EQ(rows_left(number), 0);
    CHECK(strcmp(status_of(number), "deleted") == 0);
}

/* ---- kill -9 ---- */

static bool is_there(uint64_t number)
{
    Ts__Auth__ListOrganizationsRequest request = TS__AUTH__LIST_ORGANIZATIONS_REQUEST__INIT;
    const Ts__Auth__OrganizationList *list = NULL;

    return call(&ts_auth_list_organizations, &request.base, &list) == TS_OK && number > 0;
}

static bool is_deleted(uint64_t number)
{
    return is_there(number) && strcmp(status_of(number), "deleted") == 0;
}

static void a_killed_auth_goes_on_with_a_deletion(void)
{
    const Ts__Auth__Organization *org = NULL;
    key k = populate();
    pid_t pid;

    stop_and_connect();
    /* Killed after it was asked, and after each answer: what was acknowledged is there. */
    for (size_t i = 0; i <= TS_COUNT(services); i++) {
        pid = spawn_server();
        CHECK_SOON(is_there(k.org));
        CHECK_EQ(org_of(k.org)->n_erased_by, i == 0 ? 0 : i - 1);
        if (i == 0)
            CHECK_EQ(delete_org(k.org, &org), TS_OK);
        else
            answer(k.org, services[i - 1].service);
        kill_server(pid);
    }
    /* All have answered: the next start ends it by itself. */
    pid = spawn_server();
    CHECK_SOON(is_deleted(k.org));
    kill_server(pid);
    disconnect_and_start();
    CHECK(strcmp(status_of(k.org), "deleted") == 0);
    CHECK_EQ(rows_left(k.org), 0);
    for (size_t i = 0; i < TS_COUNT(services); i++)
        CHECK(served_sent(&s, services[i].stream) >= 1);
    CHECK(!authorize(&k)->known);
}

static void the_thread_that_tends_ends_when_it_is_told_to(void)
{
    auth_tender *tender = NULL;
    const Ts__Auth__Organization *org = NULL;
    uint64_t number = new_org();

    CHECK_EQ(delete_org(number, &org), TS_OK);
    CHECK_EQ(auth_tender_start(&app, &tender, NULL), TS_OK);
    answer_all(number);
    CHECK_SOON(is_deleted(number));
    auth_tender_stop(tender);
    auth_tender_stop(NULL);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 3)
        serve(argv[2]);
    scratch_directory(s.directory);
    start();
    RUN(a_deletion_ends_all_keys_asks_every_store_and_erases_its_own);
    RUN(one_that_is_being_deleted_takes_no_changes);
    RUN(asking_again_asks_those_that_have_not_answered);
    RUN(many_keys_go_in_several_steps);
    RUN(the_thread_that_tends_ends_when_it_is_told_to);
    RUN(a_killed_auth_goes_on_with_a_deletion);
    stop();
    remove_directory(s.directory);
    return 0;
}
