/* The audit log: what goes into it, who sees what of it, and that whatever is done to its rows on disk is found. */
#include "audit.h"
#include "auth_spawned.h"
#include "chain.h"
#include "clocks.h"
#include "ts/audit.h"

static Ts__AuditEntry entry_of(const char *action, const char *actor, int64_t at_ms)
{
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;

    entry.action = text(action);
    entry.actor = text(actor);
    entry.object = text("inc_1");
    entry.at_ms = at_ms;
    return entry;
}

static void hand_over(ts_tenant tenant, const char *action, const char *actor, int64_t at_ms)
{
    Ts__AuditEntry entry = entry_of(action, actor, at_ms);

    served_hand_over(&s, &ts_auth_accept, tenant, TS_AUDIT_KIND, at_ms, &entry.base);
}

static ts_status record(ts_tenant tenant, const char *repeat_key, const Ts__AuditEntry *entry)
{
    Ts__Auth__RecordAuditRequest request = TS__AUTH__RECORD_AUDIT_REQUEST__INIT;
    const Ts__Empty *reply = NULL;

    request.entry = (Ts__AuditEntry *)(uintptr_t)entry; /* only packed */
    return call_for(tenant, repeat_key, &ts_auth_record_audit, &request.base, &reply, NULL);
}

static ts_status verify_page(ts_tenant tenant, uint64_t org, uint64_t after, uint32_t limit,
                             const Ts__Auth__VerifyAuditReply **ret)
{
    Ts__Auth__VerifyAuditRequest request = TS__AUTH__VERIFY_AUDIT_REQUEST__INIT;

    request.org = org;
    request.after = after;
    request.limit = limit;
    return call_for(tenant, "", &ts_auth_verify_audit, &request.base, ret, NULL);
}

/* The whole log, a page of `limit` at a time. */
static const Ts__Auth__VerifyAuditReply *verify_in(uint64_t org, uint32_t limit)
{
    const Ts__Auth__VerifyAuditReply *reply = NULL;
    uint64_t after = 0;

    do {
        CHECK_EQ(verify_page(nobody, org, after, limit, &reply), TS_OK);
        CHECK(reply->broken != 0 || !reply->more || reply->last == after + limit ||
              after < reply->dropped);
        after = reply->last;
    } while (reply->more);
    return reply;
}

static const Ts__Auth__VerifyAuditReply *verify(uint64_t org)
{
    return verify_in(org, 1000);
}

static uint64_t entries_of(uint64_t org)
{
    return audit_of(nobody, org, "")->total;
}

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

/* ---- verifying ---- */

#define ENTRIES 12

/* A log of twelve: the organization itself and eleven handed over. */
static uint64_t log_of_twelve(void)
{
    uint64_t org = new_org();

    for (int i = 2; i <= ENTRIES; i++)
        hand_over(live_of(org), "incident.note_added", "key:key_a", i * 1000);
    return org;
}

static void a_whole_log_verifies_in_pages_of_any_size(void)
{
    const Ts__Auth__VerifyAuditReply *reply = NULL;
    uint64_t org = log_of_twelve();
    const Ts__Auth__AuditRow *newest = audit_of(nobody, org, "")->rows[0];

    for (size_t i = 0; i < 12; i++) {
        const Ts__Auth__AuditRow *row = audit_of(nobody, org, "")->rows[i];

        newest = row->number > newest->number ? row : newest;
    }
    for (uint32_t limit = 1; limit <= ENTRIES + 1; limit++) {
        reply = verify_in(org, limit);
        CHECK_EQ(reply->broken, 0);
        CHECK_EQ(reply->last, ENTRIES);
        CHECK_EQ(reply->entries, ENTRIES);
        CHECK_EQ(reply->dropped, 0);
        CHECK(reply->head.len == 32 && memcmp(reply->head.data, newest->hash.data, 32) == 0);
    }
    CHECK_EQ(verify_page(live_of(org), 0, 0, 0, &reply), TS_OK);
    CHECK_EQ(reply->broken, 0);
    CHECK_EQ(verify_page(nobody, org, ENTRIES, 0, &reply), TS_OK);
    CHECK_EQ(reply->broken, 0);
    CHECK_EQ(verify_page(nobody, org, ENTRIES + 1, 0, &reply), TS_OK);
    CHECK_EQ(reply->broken, ENTRIES + 1);
    expect_refused(verify_page(test_of(org), 0, 0, 0, &reply), TS_DENIED, "");
    expect_refused(verify_page(live_of(org), 1, 0, 0, &reply), TS_DENIED, "org");
    expect_refused(verify_page(nobody, org, 0, 1001, &reply), TS_INVALID, "limit");
    expect_refused(verify_page(nobody, 1000000, 0, 0, &reply), TS_NOT_FOUND, "org");
    CHECK_EQ(verify(0)->broken, 0);
}

/* ---- rows that somebody changes while auth is not running ---- */

static Ts__Auth__AuditRow *row_at(uint64_t org, uint64_t number, ts_arena *arena)
{
    Ts__Auth__AuditRow *row = NULL;

    CHECK_EQ(auth_load_audit_row(s.store, org, number, arena, &row), TS_OK);
    return row;
}

static void put_at(ts_batch *b, uint64_t org, uint64_t number, const Ts__Auth__AuditRow *row)
{
    TS_CLEANUP(ts_buf_done) ts_buf place = TS_BUF_INIT(64);

    auth_audit_key(&place, org, number);
    if (row == NULL)
        ts_batch_delete(b, s.store, AUTH_AUDIT, ts_buf_view(&place));
    else
        ts_batch_put_message(b, s.store, AUTH_AUDIT, ts_buf_view(&place), &row->base);
}

static void put_head(ts_batch *b, uint64_t org, uint64_t entries, ProtobufCBinaryData hash)
{
    TS_CLEANUP(ts_buf_done) ts_buf place = TS_BUF_INIT(64);
    Ts__Auth__AuditHead head = TS__AUTH__AUDIT_HEAD__INIT;

    head.entries = entries;
    head.hash = hash;
    auth_audit_head_key(&place, org, AUTH_AUDIT_HEAD);
    ts_batch_put_message(b, s.store, AUTH_AUDIT_HEADS, ts_buf_view(&place), &head.base);
}

static void seal(Ts__Auth__AuditRow *row, uint8_t hash[32])
{
    row->hash = (ProtobufCBinaryData){ 0, NULL };
    CHECK_EQ(auth_chain_hash(row, hash), TS_OK);
    row->hash = (ProtobufCBinaryData){ 32, hash };
}

static void remove_one(ts_batch *b, uint64_t org, ts_arena *arena)
{
    (void)arena;
    put_at(b, org, 5, NULL);
}

static void remove_the_first(ts_batch *b, uint64_t org, ts_arena *arena)
{
    (void)arena;
    put_at(b, org, 1, NULL);
}

static void remove_the_newest(ts_batch *b, uint64_t org, ts_arena *arena)
{
    (void)arena;
    put_at(b, org, ENTRIES, NULL);
}

static void cut_off_the_tail(ts_batch *b, uint64_t org, ts_arena *arena)
{
    (void)arena;
    for (uint64_t number = 9; number <= ENTRIES; number++)
        put_at(b, org, number, NULL);
}

static void remove_all(ts_batch *b, uint64_t org, ts_arena *arena)
{
    (void)arena;
    for (uint64_t number = 1; number <= ENTRIES; number++)
        put_at(b, org, number, NULL);
}

static void change_one(ts_batch *b, uint64_t org, ts_arena *arena)
{
    Ts__Auth__AuditRow *row = row_at(org, 5, arena);

    row->entry->actor = text("key:somebody_else");
    put_at(b, org, 5, row);
}

static void change_the_time_of_one(ts_batch *b, uint64_t org, ts_arena *arena)
{
    Ts__Auth__AuditRow *row = row_at(org, 5, arena);

    row->logged_ms++;
    put_at(b, org, 5, row);
}

/* With a hash that is right for it: the one behind it does not follow any more. */
static void change_one_and_its_hash(ts_batch *b, uint64_t org, ts_arena *arena)
{
    Ts__Auth__AuditRow *row = row_at(org, 5, arena);
    uint8_t hash[32];

    row->entry->actor = text("key:somebody_else");
    seal(row, hash);
    put_at(b, org, 5, row);
}

static void change_the_newest_and_its_hash(ts_batch *b, uint64_t org, ts_arena *arena)
{
    Ts__Auth__AuditRow *row = row_at(org, ENTRIES, arena);
    uint8_t hash[32];

    row->entry->action = text("incident.reopened");
    seal(row, hash);
    put_at(b, org, ENTRIES, row);
}

static void swap_two(ts_batch *b, uint64_t org, ts_arena *arena)
{
    Ts__Auth__AuditRow *fifth = row_at(org, 5, arena);
    Ts__Auth__AuditRow *sixth = row_at(org, 6, arena);

    put_at(b, org, 5, sixth);
    put_at(b, org, 6, fifth);
}

/* With numbers that fit their new places. */
static void swap_two_and_number_them(ts_batch *b, uint64_t org, ts_arena *arena)
{
    Ts__Auth__AuditRow *fifth = row_at(org, 5, arena);
    Ts__Auth__AuditRow *sixth = row_at(org, 6, arena);

    fifth->number = 6;
    sixth->number = 5;
    put_at(b, org, 5, sixth);
    put_at(b, org, 6, fifth);
}

/* In the middle: everything behind it moves up by one and is numbered anew. */
static void insert_one(ts_batch *b, uint64_t org, ts_arena *arena)
{
    Ts__Auth__AuditRow *made = row_at(org, 5, arena);
    ProtobufCBinaryData previous = row_at(org, 4, arena)->hash;
    uint8_t *hash = NULL;

    made->entry->object = text("inc_made_up");
    for (uint64_t number = 5; number <= ENTRIES + 1; number++) {
        Ts__Auth__AuditRow *row = number == 5 ? made : row_at(org, number - 1, arena);

        hash = ts_arena_alloc(arena, 32);
        row->number = number;
        row->previous = previous;
        seal(row, hash);
        previous = row->hash;
        put_at(b, org, number, row);
    }
}

/* The same with the rest as it was. */
static void insert_one_and_move_the_rest(ts_batch *b, uint64_t org, ts_arena *arena)
{
    Ts__Auth__AuditRow *made = row_at(org, 5, arena);
    uint8_t hash[32];

    made->entry->object = text("inc_made_up");
    seal(made, hash);
    put_at(b, org, 5, made);
    for (uint64_t number = 6; number <= ENTRIES + 1; number++)
        put_at(b, org, number, row_at(org, number - 1, arena));
}

static void append_one(ts_batch *b, uint64_t org, ts_arena *arena)
{
    Ts__Auth__AuditRow *row = row_at(org, ENTRIES, arena);
    ProtobufCBinaryData previous = row->hash;
    uint8_t hash[32];

    row->number = ENTRIES + 1;
    row->previous = previous;
    seal(row, hash);
    put_at(b, org, ENTRIES + 1, row);
}

static void put_one_before_the_first(ts_batch *b, uint64_t org, ts_arena *arena)
{
    put_at(b, org, 0, row_at(org, 1, arena));
}

static void lose_the_head(ts_batch *b, uint64_t org, ts_arena *arena)
{
    TS_CLEANUP(ts_buf_done) ts_buf place = TS_BUF_INIT(64);

    (void)arena;
    auth_audit_head_key(&place, org, AUTH_AUDIT_HEAD);
    ts_batch_delete(b, s.store, AUTH_AUDIT_HEADS, ts_buf_view(&place));
}

/* The tail is cut off and the count brought down, but the hash is still the old one's. */
static void cut_off_the_tail_and_count_less(ts_batch *b, uint64_t org, ts_arena *arena)
{
    ProtobufCBinaryData hash = row_at(org, ENTRIES, arena)->hash;

    cut_off_the_tail(b, org, arena);
    put_head(b, org, 8, hash);
}

static void write_nonsense(ts_batch *b, uint64_t org, ts_arena *arena)
{
    TS_CLEANUP(ts_buf_done) ts_buf place = TS_BUF_INIT(64);

    (void)arena;
    auth_audit_key(&place, org, 5);
    ts_batch_put(b, s.store, AUTH_AUDIT, ts_buf_view(&place), TS_STR_LIT("\xff\xff\xff"));
}

/* Another organization's whole log in the place of this one's. */
static void take_over_another_log(ts_batch *b, uint64_t org, ts_arena *arena)
{
    uint64_t other = org - 1;

    for (uint64_t number = 1; number <= ENTRIES; number++)
        put_at(b, org, number, row_at(other, number, arena));
    put_head(b, org, ENTRIES, row_at(other, ENTRIES, arena)->hash);
}

static const struct {
    const char *name;
    void (*tamper)(ts_batch *b, uint64_t org, ts_arena *arena);
    uint64_t broken;
    const char *words;
} tampers[] = {
    { "remove_one", remove_one, 5, "missing" },
    { "remove_the_first", remove_the_first, 1, "missing" },
    { "remove_the_newest", remove_the_newest, 12, "missing" },
    { "cut_off_the_tail", cut_off_the_tail, 9, "missing" },
    { "remove_all", remove_all, 1, "missing" },
    { "change_one", change_one, 5, "changed" },
    { "change_the_time_of_one", change_the_time_of_one, 5, "changed" },
    { "change_one_and_its_hash", change_one_and_its_hash, 6, "does not follow" },
    { "change_the_newest_and_its_hash", change_the_newest_and_its_hash, 12, "newest" },
    { "swap_two", swap_two, 5, "another entry" },
    { "swap_two_and_number_them", swap_two_and_number_them, 5, "changed" },
    { "insert_one", insert_one, 13, "behind the newest" },
    { "insert_one_and_move_the_rest", insert_one_and_move_the_rest, 6, "another entry" },
    { "append_one", append_one, 13, "behind the newest" },
    { "put_one_before_the_first", put_one_before_the_first, 1, "before the first" },
    { "lose_the_head", lose_the_head, 1, "behind the newest" },
    { "cut_off_the_tail_and_count_less", cut_off_the_tail_and_count_less, 8, "newest" },
    { "write_nonsense", write_nonsense, 5, "cannot be read" },
    { "take_over_another_log", take_over_another_log, 1, "another organization" },
};

static void whatever_is_done_to_the_rows_is_found_at_its_number(void)
{
    uint64_t untouched[TS_COUNT(tampers)];
    uint64_t orgs[TS_COUNT(tampers)];
    ts_arena *arena = ts_arena_new((size_t)16 << 20);

    for (size_t i = 0; i < TS_COUNT(tampers); i++) {
        untouched[i] = log_of_twelve();
        orgs[i] = log_of_twelve();
        CHECK_EQ(verify(orgs[i])->broken, 0);
    }
    stop();
    served_open_store(&s, auth_families);
    for (size_t i = 0; i < TS_COUNT(tampers); i++) {
        ts_batch *b = ts_batch_new();

        tampers[i].tamper(b, orgs[i], arena);
        CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
        ts_batch_free(b);
    }
    ts_store_close(TS_TAKE(s.store));
    ts_arena_free(arena);
    start();
    for (size_t i = 0; i < TS_COUNT(tampers); i++) {
        for (uint32_t limit = 3; limit <= 1000; limit += 997) {
            const Ts__Auth__VerifyAuditReply *reply = verify_in(orgs[i], limit);

            if (limit == 3)
                printf("  %s: %s\n", tampers[i].name, reply->reason);
            CHECK_EQ(reply->broken, tampers[i].broken);
            CHECK(strstr(reply->reason, tampers[i].words) != NULL);
        }
        CHECK_EQ(verify(untouched[i])->broken, 0);
    }
}

/* ---- keeping for a while ---- */

static void old_entries_go_from_the_oldest_end_and_the_rest_still_verifies(void)
{
    Ts__Auth__AuditRow *row;
    uint64_t org = log_of_twelve();
    int64_t logged_ms;
    ts_arena *arena = ts_arena_new((size_t)4 << 20);
    ts_batch *b;

    row = row_at(org, ENTRIES, arena);
    logged_ms = row->logged_ms;
    CHECK_EQ(auth_tend_audit(&app, logged_ms + 365 * TS_DAY_MS), TS_OK); /* for ever, by default */
    CHECK_EQ(entries_of(org), ENTRIES);
    config.audit_keep_days = 30;
    CHECK_EQ(auth_tend_audit(&app, row_at(org, 1, arena)->logged_ms + 30 * TS_DAY_MS), TS_OK);
    CHECK_EQ(entries_of(org), ENTRIES);

    /* A younger one behind them stays. */
    hand_over(test_of(org), "incident.reopened", "key:key_z", logged_ms);
    b = ts_batch_new();
    row = row_at(org, ENTRIES + 1, arena);
    row->logged_ms = logged_ms + TS_DAY_MS;
    {
        uint8_t hash[32];

        seal(row, hash);
        put_at(b, org, ENTRIES + 1, row);
        put_head(b, org, ENTRIES + 1, row->hash);
        CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    }
    ts_batch_free(b);
    CHECK_EQ(verify(org)->broken, 0);
    CHECK_EQ(auth_tend_audit(&app, logged_ms + 30 * TS_DAY_MS + 1), TS_OK);
    CHECK_EQ(entries_of(org), 1);
    CHECK_EQ(audit_of(nobody, org, "key:key_a")->total, 0);
    CHECK_EQ(audit_of(nobody, org, "key:key_a")->n_rows, 0);
    CHECK_EQ(audit_of(test_of(org), 0, "key:key_z")->total, 1);
    CHECK_EQ(verify(org)->broken, 0);
    CHECK_EQ(verify(org)->dropped, ENTRIES);
    CHECK_EQ(verify(org)->entries, ENTRIES + 1);

    /* What comes next follows, also after the last one has gone; and what was dropped cannot be slipped in again. */
    CHECK_EQ(auth_tend_audit(&app, logged_ms + 32 * TS_DAY_MS), TS_OK);
    CHECK_EQ(entries_of(org), 0);
    CHECK_EQ(verify(org)->broken, 0);
    restart();
    hand_over(live_of(org), "incident.reopened", "key:key_z", logged_ms);
    CHECK_EQ(entries_of(org), 1);
    CHECK_EQ(verify(org)->last, ENTRIES + 2);
    CHECK_EQ(verify(org)->broken, 0);
    b = ts_batch_new();
    row->number = ENTRIES + 1;
    put_at(b, org, 4, row_at(org, ENTRIES + 2, arena));
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    ts_batch_free(b);
    CHECK_EQ(verify(org)->broken, 4);
    config.audit_keep_days = 0;
    ts_arena_free(arena);
}

/* A pass of the thread, which looks at once. */
static void tend_once(void)
{
    auth_tender *t = NULL;

    CHECK_EQ(auth_tender_start(&app, &t, NULL), TS_OK);
    auth_tender_stop(t);
}

static void a_clock_far_ahead_drops_no_entry_and_time_that_passed_does(void)
{
    uint64_t org = log_of_twelve();

    config.audit_keep_days = 30;
    config.catch_up_days = 7;
    clocks_wall_ms = ts_wall_ms();
    tend_once();
    clocks_set(365 * TS_DAY_MS);
    tend_once();
    clocks_run(TS_DAY_MS);
    tend_once();
    CHECK_EQ(entries_of(org), ENTRIES);
    clocks_set(-365 * TS_DAY_MS);
    clocks_run(30 * TS_DAY_MS);
    tend_once();
    CHECK_EQ(entries_of(org), 0);
    CHECK_EQ(verify(org)->broken, 0);
    config.audit_keep_days = 0;
}

/* The clock goes back: the chain's own time does not. */
static void time_in_the_chain_never_goes_back(void)
{
    Ts__AuditEntry entry = entry_of("export.started", "ctl", 0);
    ts_arena *arena = ts_arena_new((size_t)1 << 20);
    uint64_t org = new_org();
    int64_t now_ms = ts_wall_ms();
    static const int64_t at_ms[] = { 3600000, 0, 1800000, 7200000 };

    for (size_t i = 0; i < TS_COUNT(at_ms); i++) {
        ts_batch *b = ts_batch_new();

        CHECK_EQ(auth_audit_append(b, s.store, arena, live_of(org), &entry, now_ms + at_ms[i]),
                 TS_OK);
        CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
        ts_batch_free(b);
    }
    CHECK_EQ(row_at(org, 3, arena)->logged_ms, now_ms + 3600000);
    CHECK_EQ(row_at(org, 4, arena)->logged_ms, now_ms + 3600000);
    CHECK_EQ(row_at(org, 5, arena)->logged_ms, now_ms + 7200000);
    CHECK_EQ(verify(org)->broken, 0);
    ts_arena_free(arena);
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
    RUN(a_whole_log_verifies_in_pages_of_any_size);
    RUN(whatever_is_done_to_the_rows_is_found_at_its_number);
    RUN(old_entries_go_from_the_oldest_end_and_the_rest_still_verifies);
    RUN(a_clock_far_ahead_drops_no_entry_and_time_that_passed_does);
    RUN(time_in_the_chain_never_goes_back);
    RUN(a_killed_auth_loses_no_entry_and_has_none_twice);
    stop();
    remove_directory(s.directory);
    return 0;
}
