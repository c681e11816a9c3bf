/* The audit log: what goes into it, who sees what of it, and that a kill loses nothing. */
#include "auth_audit.h"
#include "auth_spawned.h"

/* ---- which log ---- */

/* Runs first: no organization is there yet. */
static void failures_of_nobody_go_to_the_only_organization_or_to_the_operators(void)
{
    Ts__AuditEntry burst = entry_of("auth.failures", "service:gateway", 0);
    Ts__AuditEntry other = entry_of("export.started", "service:gateway", 0);
    const Ts__Auth__Organization *gone = NULL;
    uint64_t first;
    uint64_t second;

    CHECK_EQ(record(nobody, "", &burst), TS_OK);
    CHECK_EQ(entries_of(0), 1);
    first = new_org();
    CHECK_EQ(record(nobody, "", &burst), TS_OK);
    CHECK_EQ(entries_of(0), 1);
    CHECK(strcmp(last_entry(first)->action, "auth.failures") == 0);
    CHECK_EQ(record(nobody, "", &other), TS_OK); /* only the bursts */
    CHECK_EQ(entries_of(0), 2);
    second = new_org();
    CHECK_EQ(record(nobody, "", &burst), TS_OK);
    CHECK_EQ(entries_of(0), 3);
    CHECK_EQ(delete_org(second, &gone), TS_OK);
    CHECK_EQ(entries_of(0), 4); /* the deletion itself */
    CHECK_EQ(record(nobody, "", &burst), TS_OK);
    CHECK_EQ(entries_of(0), 4);
    CHECK_EQ(entries_of(first), 3);
}

static void an_act_is_an_entry_with_who_and_from_where(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    const Ts__Auth__CreateKeyReply *made = NULL;
    const Ts__AuditEntry *entry;
    uint64_t org = new_org();
    const Ts__Auth__AuditList *list;

    request.name = text("a \"key\"");
    request.mode = TS_MODE_TEST;
    request.permissions = TS_PERM_INGEST | TS_PERM_AGENT;
    CHECK_EQ(call_for(live_of(org), "", &ts_auth_create_key, &request.base, &made, NULL), TS_OK);
    list = audit_of(nobody, org, "");
    entry = list->rows[0]->entry;
    CHECK_EQ(list->total, 2);
    CHECK_EQ(list->rows[0]->number, 2);
    CHECK_EQ(list->rows[0]->org, org);
    CHECK_EQ(list->rows[0]->mode, TS_MODE_TEST); /* about a test key */
    CHECK(strcmp(entry->action, "key.created") == 0);
    CHECK(strcmp(entry->object, made->key->id) == 0);
    CHECK(strcmp(entry->actor, "key:key_test") == 0);
    CHECK(strcmp(entry->client_addr, "192.0.2.7") == 0);
    CHECK(strcmp(entry->request_id, "req_abcdef") == 0);
    CHECK(strcmp(entry->details, "{\"name\":\"a \\\"key\\\"\",\"mode\":\"test\",\"permissions\":"
                                 "[\"agent\",\"ingest\"],\"expires_at\":null}") == 0);
    CHECK(strcmp(list->rows[1]->entry->action, "organization.created") == 0);
    CHECK_EQ(list->rows[1]->number, 1);
}

/* ---- what others tell ---- */

static void entries_of_other_services_come_exactly_once(void)
{
    uint64_t org = new_org();
    Ts__AuditEntry entry = entry_of("incident.status_changed", "key:key_a", 5000);

    hand_over(live_of(org), "incident.status_changed", "key:key_a", 5000);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(served_hand_over_at(&s, s.seq, &ts_auth_accept, live_of(org), TS_AUDIT_KIND, 5000,
                                     &entry.base),
                 s.seq);
    CHECK_EQ(entries_of(org), 2);
    hand_over(test_of(org), "incident.reopened", "key:key_a", 6000);
    CHECK_EQ(entries_of(org), 3);
    CHECK_EQ(verify(org)->broken, 0);
}

/* They are put aside, and those behind them come through. */
static void entries_that_make_no_sense_block_nothing(void)
{
    uint64_t org = new_org();
    Ts__AuditEntry entry = entry_of("incident.reopened", "ctl", 5000);
    Ts__OrganizationErase other = TS__ORGANIZATION_ERASE__INIT;
    char long_actor[AUTH_ACTOR_MAX + 2];

    memset(long_actor, 'x', sizeof(long_actor));
    long_actor[AUTH_ACTOR_MAX + 1] = '\0';
    hand_over(live_of(1000000), "incident.reopened", "ctl", 5000);
    hand_over(live_of(org), "", "ctl", 5000);
    hand_over(live_of(org), "incident", "ctl", 5000);
    hand_over(live_of(org), "Incident.Reopened", "ctl", 5000);
    hand_over(live_of(org), "incident.reopened", long_actor, 5000);
    hand_over(live_of(org), "incident.reopened", "ctl", -1);
    entry.details = text("[1]");
    served_hand_over(&s, &ts_auth_accept, live_of(org), TS_AUDIT_KIND, 1, &entry.base);
    entry.details = text("{\"a\":");
    served_hand_over(&s, &ts_auth_accept, live_of(org), TS_AUDIT_KIND, 1, &entry.base);
    entry.details = text("");
    entry.object = text("\xff");
    served_hand_over(&s, &ts_auth_accept, live_of(org), TS_AUDIT_KIND, 1, &entry.base);
    served_hand_over(&s, &ts_auth_accept, live_of(org), "news", 1, &other.base);
    CHECK_EQ(entries_of(org), 1);
    long_actor[AUTH_ACTOR_MAX] = '\0';
    hand_over(live_of(org), "incident.reopened", long_actor, 5000);
    CHECK_EQ(entries_of(org), 2);
    CHECK_EQ(audit_of(nobody, org, long_actor)->total, 1);
}

static void details_have_a_size(void)
{
    Ts__AuditEntry entry = entry_of("export.started", "ctl", 0);
    char details[TS_AUDIT_DETAILS_MAX + 2];
    ts_tenant tenant = live_of(new_org());

    memset(details, 'x', sizeof(details));
    memcpy(details, "{\"a\":\"", 6);
    entry.details = details;
    memcpy(details + TS_AUDIT_DETAILS_MAX - 2, "\"}", 3);
    CHECK_EQ(record(tenant, "", &entry), TS_OK);
    CHECK_EQ(strlen(last_entry(tenant.org)->details), TS_AUDIT_DETAILS_MAX);
    memcpy(details + TS_AUDIT_DETAILS_MAX - 2, "x\"}", 4);
    expect_refused(record(tenant, "", &entry), TS_INVALID, "details");
}

/* ---- what the gateway notes ---- */

static ts_status record_with_id(ts_tenant tenant, const uint8_t id[16], const char *repeat_key)
{
    Ts__Auth__RecordAuditRequest request = TS__AUTH__RECORD_AUDIT_REQUEST__INIT;
    Ts__AuditEntry entry = entry_of("export.started", "", 0);
    Ts__Empty reply = TS__EMPTY__INIT;
    ts_error err = { "", "" };
    ts_call c = { .caller = { .tenant = tenant,
                              .request_id = "req_x",
                              .actor = "key:key_b",
                              .client_addr = "192.0.2.9",
                              .traceparent = "",
                              .idempotency_key = repeat_key },
                  .tenant = tenant,
                  .method = &ts_auth_record_audit,
                  .arena = s.arena,
                  .error = &err,
                  .service = &app,
                  .now_ms = 777000 };

    memcpy(c.call_id, id, sizeof(c.call_id));
    request.entry = &entry;
    return auth_rpc_record_audit(&c, &request.base, &reply.base);
}

static void a_noted_entry_is_there_once_also_if_the_bus_repeats_the_call(void)
{
    uint8_t first[16] = "a first export.";
    uint8_t second[16] = "another export.";
    ts_tenant tenant = live_of(new_org());
    const Ts__AuditEntry *entry;

    for (int i = 0; i < 3; i++)
        CHECK_EQ(record_with_id(tenant, first, ""), TS_OK);
    CHECK_EQ(entries_of(tenant.org), 2);
    entry = audit_of(nobody, tenant.org, "key:key_b")->rows[0]->entry;
    CHECK(strcmp(entry->actor, "key:key_b") == 0); /* from the call, where the entry is silent */
    CHECK(strcmp(entry->client_addr, "192.0.2.9") == 0);
    CHECK(strcmp(entry->request_id, "req_x") == 0);
    CHECK_EQ(entry->at_ms, 777000);
    CHECK_EQ(record_with_id(tenant, second, ""), TS_OK);
    CHECK_EQ(entries_of(tenant.org), 3);
}

/* Else a client could make its exports vanish from the log by sending the same key with each. */
static void an_idempotency_key_hides_no_entry(void)
{
    uint8_t first[16] = "export number 1";
    uint8_t second[16] = "export number 2";
    ts_tenant tenant = live_of(new_org());

    CHECK_EQ(record_with_id(tenant, first, "same"), TS_OK);
    CHECK_EQ(record_with_id(tenant, second, "same"), TS_OK);
    CHECK_EQ(entries_of(tenant.org), 3);
}

static void an_entry_that_is_missing_is_asked_for(void)
{
    Ts__AuditEntry entry = entry_of("", "", 0);

    expect_refused(record(nobody, "", NULL), TS_INVALID, "entry");
    expect_refused(record(nobody, "", &entry), TS_INVALID, "action");
    entry = entry_of("export.started", "", 0);
    expect_refused(record(live_of(1000000), "", &entry), TS_INVALID, "org");
}

/* ---- lists ---- */

static ts_status list_as(ts_tenant tenant, Ts__Auth__ListAuditRequest request,
                         const Ts__Auth__AuditList **ret)
{
    return call_for(tenant, "", &ts_auth_list_audit, &request.base, ret, NULL);
}

static uint64_t count(ts_tenant tenant, const char *actor, int64_t since_ms, int64_t until_ms)
{
    Ts__Auth__ListAuditRequest request = TS__AUTH__LIST_AUDIT_REQUEST__INIT;
    const Ts__Auth__AuditList *list = NULL;

    request.actor = text(actor);
    request.since_ms = since_ms;
    request.until_ms = until_ms;
    request.limit = 200;
    CHECK_EQ(list_as(tenant, request, &list), TS_OK);
    CHECK_EQ(list->total, list->n_rows);
    for (size_t i = 1; i < list->n_rows; i++)
        CHECK(list->rows[i - 1]->entry->at_ms >= list->rows[i]->entry->at_ms);
    return list->total;
}

static void entries_are_found_by_time_and_actor_in_one_s_own_scope(void)
{
    Ts__Auth__ListAuditRequest request = TS__AUTH__LIST_AUDIT_REQUEST__INIT;
    const Ts__Auth__AuditList *list = NULL;
    uint64_t org = new_org(); /* its own first entry is of now: later than all below */
    uint64_t other = new_org();

    for (int i = 1; i <= 10; i++)
        hand_over(live_of(org), "app.status_changed", i % 2 == 0 ? "key:key_a" : "key:key_ab",
                  i * 1000);
    hand_over(test_of(org), "app.status_changed", "key:key_a", 5500);
    hand_over(live_of(org), "app.status_changed", "key:key_a", 2500); /* comes late */
    hand_over(live_of(other), "app.status_changed", "key:key_a", 3000);

    CHECK_EQ(count(live_of(org), "", 0, 0), 13);
    CHECK_EQ(count(live_of(org), "key:key_a", 0, 0), 7);
    CHECK_EQ(count(live_of(org), "key:key_ab", 0, 0), 5);
    CHECK_EQ(count(live_of(org), "key:key", 0, 0), 0);
    CHECK_EQ(count(live_of(org), "", 3000, 6000), 4); /* until is not within */
    CHECK_EQ(count(live_of(org), "", 10000, 0), 2);
    CHECK_EQ(count(live_of(org), "", 0, 1000), 0);
    CHECK_EQ(count(live_of(org), "key:key_a", 2500, 4001), 2);
    CHECK_EQ(count(test_of(org), "", 0, 0), 1);
    CHECK_EQ(count(test_of(org), "key:key_a", 5500, 5501), 1);
    CHECK_EQ(count(test_of(org), "key:key_ab", 0, 0), 0);

    request.limit = 1;
    for (request.offset = 0; request.offset < 13; request.offset++) {
        CHECK_EQ(list_as(live_of(org), request, &list), TS_OK);
        CHECK_EQ(list->n_rows, 1);
        CHECK_EQ(list->total, 13);
    }
    CHECK_EQ(list->rows[0]->entry->at_ms, 1000);
    CHECK_EQ(list_as(live_of(org), request, &list), TS_OK);
    CHECK_EQ(list->n_rows, 0);

    request.offset = 0;
    request.org = other;
    expect_refused(list_as(live_of(org), request, &list), TS_DENIED, "org");
    request.org = 0;
    request.limit = 0;
    expect_refused(list_as(live_of(org), request, &list), TS_INVALID, "limit");
    request.limit = 201;
    expect_refused(list_as(live_of(org), request, &list), TS_INVALID, "limit");
    request.limit = 200;
    request.since_ms = -1;
    expect_refused(list_as(live_of(org), request, &list), TS_INVALID, "since");
    request.since_ms = 0;
    request.until_ms = -1;
    expect_refused(list_as(live_of(org), request, &list), TS_INVALID, "until");
    request.until_ms = 0;
    request.org = 1000000;
    expect_refused(list_as(nobody, request, &list), TS_NOT_FOUND, "org");
}

/* ---- kill -9 ---- */

/* As a relay would: the same rows again until they are acknowledged. Gives the last number that is durable. */
static uint64_t hand_over_many(uint64_t org, uint64_t from, uint64_t until)
{
    static uint8_t producer[16] = "a killed store.";
    Ts__HandOverRequest request = TS__HAND_OVER_REQUEST__INIT;
    Ts__AuditEntry entry = entry_of("incident.note_added", "key:key_a", 1000);
    uint8_t bytes[256];
    size_t n = protobuf_c_message_pack(&entry.base, bytes);
    Ts__HandOverRow rows[64];
    Ts__HandOverRow *all[64];
    const Ts__HandOverReply *reply = NULL;

    for (uint64_t seq = from; seq <= until && request.n_rows < TS_COUNT(rows); seq++) {
        Ts__HandOverRow *row = &rows[request.n_rows];

        ts__hand_over_row__init(row);
        row->seq = seq;
        row->org = org;
        row->kind = text(TS_AUDIT_KIND);
        row->payload = (ProtobufCBinaryData){ n, bytes };
        all[request.n_rows++] = row;
    }
    request.producer = (ProtobufCBinaryData){ sizeof(producer), producer };
    request.epoch = 1;
    request.rows = all;
    if (call(&ts_auth_accept, &request.base, &reply) != TS_OK)
        return from - 1;
    return reply->last_seq;
}

static void a_killed_auth_loses_no_entry_and_has_none_twice(void)
{
    enum { ROWS = 1500 };
    uint64_t org = new_org();
    uint64_t done = 0;
    unsigned kills = 0;

    stop_and_connect();
    while (done < ROWS) {
        pid_t pid = spawn_server();
        uint64_t goal = done + 200 + 37 * kills;
        struct timespec soon = { 0, 3000000 + 1700000 * (kills % 7) };

        CHECK_SOON((done = hand_over_many(org, done + 1, ROWS)) >= (goal < ROWS ? goal : ROWS));
        nanosleep(&soon, NULL); /* somewhere within the next rows, or their sync */
        kill_server(pid);
        kills++;
    }
    disconnect_and_start();
    CHECK(kills >= 3);
    CHECK_EQ(entries_of(org), ROWS + 1);
    CHECK_EQ(verify(org)->broken, 0);
    CHECK_EQ(verify(org)->entries, ROWS + 1);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 3)
        serve(argv[2]);
    scratch_directory(s.directory);
    start();
    RUN(failures_of_nobody_go_to_the_only_organization_or_to_the_operators);
    RUN(an_act_is_an_entry_with_who_and_from_where);
    RUN(entries_of_other_services_come_exactly_once);
    RUN(entries_that_make_no_sense_block_nothing);
    RUN(details_have_a_size);
    RUN(a_noted_entry_is_there_once_also_if_the_bus_repeats_the_call);
    RUN(an_idempotency_key_hides_no_entry);
    RUN(an_entry_that_is_missing_is_asked_for);
    RUN(entries_are_found_by_time_and_actor_in_one_s_own_scope);
    RUN(a_killed_auth_loses_no_entry_and_has_none_twice);
    stop();
    remove_directory(s.directory);
    return 0;
}
