/* The end of an organization in a store, as every service has it: nothing of it is left or comes back, whatever was under way,
 * and nobody else loses a row. */
#include <pthread.h>
#include <stdatomic.h>

#include "served.h"
#include "ts/audit.h"
#include "ts/json.h"
#include "ts/tenancy.h"

enum { NOTES, MARKS, ORDER, INBOX };
enum { TO_AUTH, TO_PEER };
static const char *const hidden[] = { "user_email", NULL };
static const ts_family families[] = {
    { .name = "notes", .type = &ts__ai_use__descriptor, .hidden = hidden },
    { .name = "marks" },
    { .name = "order", .is_global = true },
    { .name = "inbox", .is_global = true },
    { .name = NULL },
};

static const ts_tenant gone = { 7, TS_MODE_LIVE };
static const ts_tenant gone_test = { 7, TS_MODE_TEST };
static const ts_tenant lower = { 6, TS_MODE_TEST };
static const ts_tenant upper = { 8, TS_MODE_LIVE };

static served s;
static ts_inbox *inbox;
static unsigned forgotten[2];

/* ---- a service of a few lines ---- */

static void key_of(ts_buf *key, ts_tenant tenant, const char *name)
{
    ts_buf_clear(key);
    ts_key_tenant(key, tenant);
    ts_key_text(key, ts_str_of(name));
}

static void put_note(ts_batch *b, ts_store *store, ts_tenant tenant, const char *name,
                     const char *vendor)
{
    TS_CLEANUP(ts_buf_done) ts_buf key = TS_BUF_INIT(64);
    TS_CLEANUP(ts_buf_done) ts_buf order = TS_BUF_INIT(64);
    Ts__AiUse note = TS__AI_USE__INIT;

    note.tool = (char *)(uintptr_t)name; /* only packed */
    note.vendor = (char *)(uintptr_t)vendor;
    note.user_email = (char *)(uintptr_t) "secret@corp.example";
    note.event_ms = 5;
    key_of(&key, tenant, name);
    ts_batch_put_message(b, store, NOTES, ts_buf_view(&key), &note.base);
    ts_batch_put(b, store, MARKS, ts_buf_view(&key), TS_STR_NULL);
    ts_buf_be64(&order, 1764000000000); /* a time, as in a due queue */
    ts_key_tenant(&order, tenant); /* numbers only: such entries are left to those who read them */
    ts_batch_put(b, store, ORDER, ts_buf_view(&order), TS_STR_NULL);
    ts_outbox_add(b, TO_PEER, tenant, "ai_use", 1, &note.base);
}

static ts_status write_note(ts_store *store, ts_tenant tenant, const char *name)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    put_note(b, store, tenant, name, "vendor");
    return ts_store_write(store, b, NULL);
}

static ts_status apply(void *service, const Ts__HandOverRow *row, ts_arena *arena, ts_batch *batch,
                       ts_error *err)
{
    ts_tenant tenant = { row->org, row->mode == TS_MODE_TEST ? TS_MODE_TEST : TS_MODE_LIVE };
    ProtobufCMessage *m = NULL;

    (void)service;
    if (strcmp(row->kind, "ai_use") != 0)
        return ts_fail(err, TS_INVALID, "kind", "only ai_use");
    CHECK_EQ(ts_arena_unpack(arena, &ts__ai_use__descriptor,
                             ts_str_n(row->payload.data, row->payload.len), &m),
             TS_OK);
    put_note(batch, s.store, tenant, ((Ts__AiUse *)m)->tool, "handed");
    return TS_OK;
}

static void forget(void *service, ts_tenant tenant, ts_arena *arena)
{
    (void)service;
    (void)arena;
    CHECK_EQ(tenant.org, gone.org);
    forgotten[tenant.mode]++;
}

static ts_status rpc_accept(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_inbox_accept(inbox, call, (const Ts__HandOverRequest *)in, (Ts__HandOverReply *)out);
}

static ts_status rpc_export(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_tenancy_export(s.store, "notes", call, in, out);
}

/* A change that was under way when the tombstone came: the hook has let it in. */
static ts_status rpc_report(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)in;
    (void)out;
    if (!ts_store_is_erased(s.store, call->tenant.org))
        CHECK_EQ(ts_store_fence(s.store, call->tenant.org, 1, NULL), TS_OK);
    return write_note(s.store, call->tenant, "late");
}

static const ts_rpc_row rows[] = { { &ts_aiusage_accept, rpc_accept, true },
                                   { &ts_aiusage_export, rpc_export, false },
                                   { &ts_aiusage_report, rpc_report, false },
                                   { 0 } };

static void start(void)
{
    served_open_store(&s, families);
    CHECK_EQ(ts_inbox_new(s.store, INBOX, "notes", apply, NULL, &inbox), TS_OK);
    ts_inbox_erases(inbox, "notes", TO_AUTH, forget);
    served_start(&s, "notes", rows, NULL);
}

static void stop(void)
{
    served_stop(&s);
    ts_inbox_free(inbox);
    ts_store_close(TS_TAKE(s.store));
}

static void begin(void)
{
    memset(&s, 0, sizeof(s));
    memset(forgotten, 0, sizeof(forgotten));
    scratch_directory(s.directory);
    start();
}

static void end(void)
{
    stop();
    remove_directory(s.directory);
}

static void use(ts_tenant tenant, const char *name)
{
    Ts__AiUse note = TS__AI_USE__INIT;

    note.tool = (char *)(uintptr_t)name; /* only packed */
    served_hand_over(&s, &ts_aiusage_accept, tenant, "ai_use", 1, &note.base);
}

static const Ts__HandOverRow *waiting(unsigned stream, uint64_t seq)
{
    ProtobufCMessage *m = NULL;
    ts_str bytes;

    CHECK_EQ(ts_stream_read(s.store, stream, seq, s.arena, &bytes), TS_OK);
    CHECK_EQ(ts_arena_unpack(s.arena, &ts__hand_over_row__descriptor, bytes, &m), TS_OK);
    return (const Ts__HandOverRow *)m;
}

/* ---- tests ---- */

static void an_erased_organization_leaves_nothing_and_its_neighbours_everything(void)
{
    const Ts__OrganizationErased *erased = NULL;

    begin();
    use(gone, "a");
    use(gone_test, "b");
    use(lower, "c");
    use(upper, "d");
    CHECK_EQ(served_rows_of(&s, families, gone.org), 4);

    served_erase(&s, &ts_aiusage_accept, gone.org);
    CHECK_EQ(served_rows_of(&s, families, gone.org), 0);
    CHECK_EQ(served_rows_of(&s, families, lower.org), 2);
    CHECK_EQ(served_rows_of(&s, families, upper.org), 2);
    CHECK_EQ(forgotten[TS_MODE_LIVE], 1);
    CHECK_EQ(forgotten[TS_MODE_TEST], 1);

    /* The peer gets a row for each number, but nothing of the organization in it. */
    CHECK_EQ(served_sent(&s, TO_PEER), 4);
    for (uint64_t seq = 1; seq <= 4; seq++) {
        const Ts__HandOverRow *row = waiting(TO_PEER, seq);

        CHECK_EQ(strcmp(row->kind, row->org == gone.org ? "nothing" : "ai_use"), 0);
        CHECK_EQ(row->payload.len == 0, row->org == gone.org);
    }
    CHECK_EQ(served_sent(&s, TO_AUTH), 1);
    CHECK_EQ(waiting(TO_AUTH, 1)->org, gone.org);
    CHECK_EQ(strcmp(waiting(TO_AUTH, 1)->kind, TS_KIND_ERASED), 0);
    served_read(&s, TO_AUTH, 1, &ts__organization_erased__descriptor, &erased);
    CHECK_EQ(strcmp(erased->service, "notes"), 0);
    end();
}

static unsigned locked;

static void lock_tenant(void *service, ts_tenant tenant)
{
    (void)service;
    /* Whoever holds the guard before us sees no tombstone, and whoever holds it after us neither the rows nor the memory. */
    if (tenant.org == gone.org && locked++ == 0)
        CHECK(!ts_store_is_erased(s.store, gone.org));
}

static void unlock_tenant(void *service, ts_tenant tenant)
{
    (void)service;
    if (tenant.org == gone.org && locked > 1)
        CHECK(ts_store_is_erased(s.store, gone.org));
}

static void the_tombstone_comes_under_the_guard(void)
{
    begin();
    locked = 0;
    ts_inbox_guard(inbox, lock_tenant, unlock_tenant);
    use(upper, "a");
    served_erase(&s, &ts_aiusage_accept, gone.org);
    CHECK_EQ(locked, 2);
    CHECK_EQ(forgotten[TS_MODE_LIVE], 1);
    CHECK_EQ(forgotten[TS_MODE_TEST], 1);
    end();
}

static void it_stays_so_over_a_restart_and_when_it_is_told_again(void)
{
    begin();
    use(gone, "a");
    served_erase(&s, &ts_aiusage_accept, gone.org);
    stop();
    start();
    CHECK(ts_store_is_erased(s.store, gone.org));
    CHECK(!ts_store_is_erased(s.store, lower.org));
    CHECK(!ts_store_is_erased(s.store, upper.org));
    CHECK_EQ(write_note(s.store, gone, "again"), TS_NOT_FOUND);
    served_erase(&s, &ts_aiusage_accept, gone.org);
    CHECK_EQ(served_rows_of(&s, families, gone.org), 0);
    CHECK_EQ(served_sent(&s, TO_AUTH), 2);
    end();
}

static void tombstones_are_found_among_many(void)
{
    begin();
    /* Neither in order nor the reverse. */
    for (uint64_t i = 0; i < 300; i++)
        CHECK_EQ(ts_store_fence(s.store, 2 * (i * 7 % 300) + 1000, 1, NULL), TS_OK);
    for (int round = 0; round < 2; round++) {
        for (uint64_t org = 990; org < 1610; org++)
            CHECK_EQ(ts_store_is_erased(s.store, org), org >= 1000 && org < 1600 && org % 2 == 0);
        stop();
        start();
    }
    end();
}

static void late_rows_are_acknowledged_without_effect(void)
{
    begin();
    served_erase(&s, &ts_aiusage_accept, gone.org);
    use(gone, "late");
    use(upper, "kept");
    use(gone_test, "late");
    CHECK_EQ(served_rows_of(&s, families, gone.org), 0);
    CHECK_EQ(served_rows_of(&s, families, upper.org), 2);
    /* Emptied ones of others are no mistakes either: nothing is parked. */
    served_hand_over(&s, &ts_aiusage_accept, upper, "nothing", 1, &(Ts__Empty)TS__EMPTY__INIT.base);
    CHECK_EQ(served_parked(&s, INBOX), 0);
    end();
}

static void parked_rows_go_with_their_organization(void)
{
    Ts__AiUse note = TS__AI_USE__INIT;

    begin();
    served_hand_over(&s, &ts_aiusage_accept, gone, "unheard of", 1, &note.base);
    served_hand_over(&s, &ts_aiusage_accept, upper, "unheard of", 1, &note.base);
    CHECK_EQ(served_parked(&s, INBOX), 2);
    served_erase(&s, &ts_aiusage_accept, gone.org);
    CHECK_EQ(served_parked(&s, INBOX), 1);
    end();
}

/* ---- a long outbox ---- */

#define LONG_OUTBOX 40000

/* One row of a producer, to the inbox itself: from more than one thread. */
static uint64_t accept_one(const char producer[17], uint64_t seq, ts_tenant tenant,
                           const char *kind, const ProtobufCMessage *payload)
{
    ts_arena *arena = ts_arena_new(1u << 20);
    ts_error err = { "", "" };
    ts_call call = { .arena = arena, .error = &err };
    Ts__HandOverRequest request = TS__HAND_OVER_REQUEST__INIT;
    Ts__HandOverReply reply = TS__HAND_OVER_REPLY__INIT;
    Ts__HandOverRow row = TS__HAND_OVER_ROW__INIT;
    Ts__HandOverRow *list[] = { &row };
    uint8_t bytes[1024];

    row.seq = seq;
    row.org = tenant.org;
    row.mode = (uint32_t)tenant.mode;
    row.kind = (char *)(uintptr_t)kind; /* only read, like the producer */
    row.payload.data = bytes;
    row.payload.len = protobuf_c_message_pack(payload, bytes);
    request.producer.data = (uint8_t *)(uintptr_t)producer;
    request.producer.len = 16;
    request.epoch = 1;
    request.rows = list;
    request.n_rows = 1;
    CHECK_EQ(ts_inbox_accept(inbox, &call, &request, &reply), TS_OK);
    ts_arena_free(arena);
    return reply.last_seq;
}

static atomic_uint erasing;

static void *erase_as_auth(void *unused)
{
    Ts__OrganizationErase erase = TS__ORGANIZATION_ERASE__INIT;

    CHECK_EQ(accept_one("auth, of a test.", 1, gone, TS_KIND_ERASE, &erase.base), 1);
    atomic_fetch_sub(&erasing, 1);
    return unused;
}

/* The row comes twice at once, as it does when auth has waited too long for the answer; another producer goes on meanwhile. */
static void a_long_outbox_holds_up_nobody_and_is_emptied_once(void)
{
    Ts__AiUse note = TS__AI_USE__INIT;
    pthread_t threads[2];
    uint64_t taken = 0, between = 0;
    ts_batch *b = ts_batch_new();

    begin();
    note.tool = (char *)(uintptr_t) "kept"; /* only packed */
    for (unsigned i = 0; i < LONG_OUTBOX; i++)
        ts_outbox_add(b, TO_PEER, i % 2 == 0 ? gone : upper, "ai_use", 1, &note.base);
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    ts_batch_free(b);
    atomic_store(&erasing, 2);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, erase_as_auth, NULL), 0);
    while (atomic_load(&erasing) > 0) {
        bool fenced = ts_store_is_erased(s.store, gone.org) && atomic_load(&erasing) == 2;

        taken++;
        CHECK_EQ(accept_one("another of ours.", taken, upper, "ai_use", &note.base), taken);
        between += fenced && atomic_load(&erasing) == 2;
    }
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    CHECK(between > 4); /* those that wait for a lock come in between once or twice */
    CHECK_EQ(served_rows_of(&s, families, gone.org), 0);
    CHECK_EQ(served_sent(&s, TO_AUTH), 1);
    CHECK_EQ(served_sent(&s, TO_PEER), LONG_OUTBOX + taken);
    for (uint64_t seq = 1; seq <= LONG_OUTBOX; seq++) {
        CHECK_EQ(strcmp(waiting(TO_PEER, seq)->kind, seq % 2 == 1 ? "nothing" : "ai_use"), 0);
        served_forget(&s);
    }
    end();
}

static void rows_for_the_audit_log_are_kept(void)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    begin();
    ts_audit_add_own(b, TO_AUTH, gone, "service:notes", 1, "key.created", "key_1", TS_STR_NULL);
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    served_erase(&s, &ts_aiusage_accept, gone.org);
    CHECK_EQ(served_sent(&s, TO_AUTH), 2);
    CHECK_EQ(strcmp(waiting(TO_AUTH, 1)->kind, TS_AUDIT_KIND), 0);
    CHECK(waiting(TO_AUTH, 1)->payload.len > 0);
    end();
}

static void calls_of_an_erased_organization_are_refused_with_words(void)
{
    Ts__Aiusage__ReportRequest request = TS__AIUSAGE__REPORT_REQUEST__INIT;
    const void *reply = NULL;

    begin();
    /* Erased while the call is under way: the store's refusal gets the same words. */
    CHECK_EQ(served_call(&s, gone, &ts_aiusage_report, &request.base, &reply), TS_NOT_FOUND);
    CHECK_EQ(strcmp(s.error.text, "The organization has been deleted."), 0);
    CHECK_EQ(served_call(&s, gone_test, &ts_aiusage_report, &request.base, &reply), TS_NOT_FOUND);
    CHECK_EQ(strcmp(s.error.text, "The organization has been deleted."), 0);
    CHECK_EQ(served_rows_of(&s, families, gone.org), 0);
    end();
}

/* Does any table file hold the text? */
static bool is_on_disk(const char *text)
{
    char store[96];

    snprintf(store, sizeof(store), "%s/store", s.directory);
    return RUN_PROGRAM("grep", "-q", "-r", "-a", "-F", "--include=*.sst", text, store) == 0;
}

static void deleted_rows_leave_the_table_files(void)
{
    begin();
    CHECK_EQ(write_note(s.store, gone, "Zq7vXw3kPdGone"), TS_OK);
    CHECK_EQ(write_note(s.store, upper, "Hb5nTy9rLcStays"), TS_OK);
    stop();
    start(); /* what the log holds goes into files now */
    CHECK(is_on_disk("Zq7vXw3kPdGone"));
    served_erase(&s, &ts_aiusage_accept, gone.org);
    CHECK_SOON(!is_on_disk("Zq7vXw3kPdGone"));
    CHECK(is_on_disk("Hb5nTy9rLcStays"));
    end();
}

static void a_key_without_a_tenant_is_our_own_mistake(void)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    begin();
    ts_batch_put(b, s.store, NOTES, TS_STR_LIT("short"), TS_STR_NULL);
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_INTERNAL);
    end();
}

/* ---- the race ---- */

#define RACE_ORGS    1000
#define RACE_WRITERS 3

static _Atomic uint64_t race_org; /* whom the writers write for; 0: the end */
static _Atomic uint64_t race_written;
static _Atomic uint64_t race_refused;

/* As a handler does: it has looked, and writes some time later. */
static void *race_writer(void *argument)
{
    uint64_t org;
    char name[32];
    uint64_t n = 0;

    while ((org = atomic_load(&race_org)) != 0) {
        ts_tenant tenant = { org, (n & 1) == 0 ? TS_MODE_LIVE : TS_MODE_TEST };
        ts_status st;

        snprintf(name, sizeof(name), "%p-%llu", argument, (unsigned long long)n++ % 64);
        st = write_note(s.store, tenant, name);
        CHECK(st == TS_OK || st == TS_NOT_FOUND);
        atomic_fetch_add(st == TS_OK ? &race_written : &race_refused, 1);
        while (st == TS_NOT_FOUND && atomic_load(&race_org) == org)
            sched_yield();
    }
    return NULL;
}

static void erasing_races_with_writers(void)
{
    pthread_t writers[RACE_WRITERS];
    char names[RACE_WRITERS];

    begin();
    atomic_store(&race_org, 1);
    for (size_t i = 0; i < RACE_WRITERS; i++)
        CHECK_EQ(pthread_create(&writers[i], NULL, race_writer, &names[i]), 0);
    for (uint64_t org = 1; org <= RACE_ORGS; org++) {
        uint64_t written = atomic_load(&race_written);
        uint64_t refused = atomic_load(&race_refused);

        /* Into the middle of their work, not beside it. */
        while (atomic_load(&race_written) < written + 4)
            sched_yield();
        CHECK_EQ(ts_store_fence(s.store, org, 1, NULL), TS_OK);
        CHECK_EQ(ts_store_wipe(s.store, (ts_tenant){ org, TS_MODE_LIVE }, NULL), TS_OK);
        CHECK_EQ(ts_store_wipe(s.store, (ts_tenant){ org, TS_MODE_TEST }, NULL), TS_OK);
        while (atomic_load(&race_refused) < refused + 2)
            sched_yield();
        CHECK_EQ(served_rows_of(&s, families, org), 0);
        atomic_store(&race_org, org + 1);
    }
    atomic_store(&race_org, 0);
    for (size_t i = 0; i < RACE_WRITERS; i++)
        pthread_join(writers[i], NULL);
    for (uint64_t org = 1; org <= RACE_ORGS; org++)
        CHECK_EQ(served_rows_of(&s, families, org), 0);
    printf("  %llu written, %llu refused\n", (unsigned long long)atomic_load(&race_written),
           (unsigned long long)atomic_load(&race_refused));
    end();
}

/* ---- export ---- */

static const char *member(ts_json object, const char *name)
{
    ts_json v;
    ts_str text;

    CHECK(ts_json_get(object, name, &v));
    text = ts_json_text(v, s.arena);
    return text.p == NULL ? "" : ts_arena_z(s.arena, text);
}

static void an_export_shows_each_row_once_and_no_secret(void)
{
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(1 << 20);
    char name[16];

    begin();
    for (int i = 0; i < 25; i++) {
        snprintf(name, sizeof(name), "n%02d", i);
        CHECK_EQ(write_note(s.store, i % 2 == 0 ? gone : gone_test, name), TS_OK);
    }
    CHECK_EQ(write_note(s.store, lower, "not mine"), TS_OK);
    CHECK_EQ(write_note(s.store, upper, "not mine"), TS_OK);
    for (uint32_t limit = 1; limit <= 1000; limit *= 10) {
        char **lines = NULL;
        size_t count = served_export(&s, &ts_aiusage_export, gone, limit, &lines);
        unsigned notes = 0;
        unsigned test_rows = 0;

        CHECK_EQ(count, 50);
        for (size_t i = 0; i < count; i++) {
            ts_json line, value, ignored;

            CHECK_EQ(ts_json_parse(parser, ts_str_of(lines[i]), &line, NULL), TS_OK);
            CHECK_EQ(strcmp(member(line, "service"), "notes"), 0);
            CHECK(strstr(lines[i], "secret@") == NULL && strstr(lines[i], "not mine") == NULL);
            test_rows += strcmp(member(line, "mode"), "test") == 0;
            CHECK(ts_json_get(line, "value", &value));
            if (strcmp(member(line, "family"), "marks") == 0) {
                CHECK_EQ(ts_json_type_of(value), TS_JSON_NULL);
                continue;
            }
            notes++;
            CHECK_EQ(strcmp(member(value, "vendor"), "vendor"), 0);
            CHECK_EQ(strcmp(member(value, "event_ms"), "5"), 0);
            CHECK(!ts_json_get(value, "user_email", &ignored));
        }
        CHECK_EQ(notes, 25);
        CHECK_EQ(test_rows, 24);
        CHECK(strstr(lines[0], "\"key\":\"6e303000\"") != NULL); /* "n00" and its end */
    }
    end();
}

static void an_export_refuses_what_it_cannot_read(void)
{
    Ts__ExportRequest request = TS__EXPORT_REQUEST__INIT;
    uint8_t cursor[] = { 200, 1 };
    const Ts__ExportReply *reply = NULL;

    begin();
    CHECK_EQ(served_call(&s, gone, &ts_aiusage_export, &request.base, &reply), TS_INVALID);
    CHECK_EQ(strcmp(s.error.param, "limit"), 0);
    request.limit = TS_EXPORT_ROWS_MAX + 1;
    CHECK_EQ(served_call(&s, gone, &ts_aiusage_export, &request.base, &reply), TS_INVALID);
    request.limit = TS_EXPORT_ROWS_MAX;
    CHECK_EQ(served_call(&s, gone, &ts_aiusage_export, &request.base, &reply), TS_OK);
    CHECK_EQ(reply->n_rows, 0);
    request.cursor.data = cursor;
    request.cursor.len = sizeof(cursor);
    CHECK_EQ(served_call(&s, gone, &ts_aiusage_export, &request.base, &reply), TS_INVALID);
    CHECK_EQ(strcmp(s.error.param, "cursor"), 0);
    end();
}

static void pages_of_an_export_stay_below_their_size(void)
{
    char name[16];
    char **lines = NULL;

    begin();
    for (int i = 0; i < 12; i++) {
        TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
        char *vendor = malloc((1u << 20) + 1);

        memset(vendor, 'v', 1u << 20);
        vendor[1u << 20] = '\0';
        snprintf(name, sizeof(name), "n%02d", i);
        put_note(b, s.store, gone, name, vendor);
        CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
        free(vendor);
    }
    CHECK_EQ(served_export(&s, &ts_aiusage_export, gone, 1000, &lines), 24);
    CHECK(s.pages >= 4); /* 12 MiB and a little in pages of 4 MiB */
    end();
}

int main(void)
{
    RUN(an_erased_organization_leaves_nothing_and_its_neighbours_everything);
    RUN(the_tombstone_comes_under_the_guard);
    RUN(it_stays_so_over_a_restart_and_when_it_is_told_again);
    RUN(tombstones_are_found_among_many);
    RUN(late_rows_are_acknowledged_without_effect);
    RUN(parked_rows_go_with_their_organization);
    RUN(a_long_outbox_holds_up_nobody_and_is_emptied_once);
    RUN(rows_for_the_audit_log_are_kept);
    RUN(calls_of_an_erased_organization_are_refused_with_words);
    RUN(a_key_without_a_tenant_is_our_own_mistake);
    RUN(deleted_rows_leave_the_table_files);
    RUN(erasing_races_with_writers);
    RUN(an_export_shows_each_row_once_and_no_secret);
    RUN(an_export_refuses_what_it_cannot_read);
    RUN(pages_of_an_export_stay_below_their_size);
    return 0;
}
