/* The chain of the audit log: it verifies, whatever is done to its rows on disk is found, and it goes on when old entries go. */
#include "auth_audit.h"
#include "chain.h"
#include "tend.h"

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
    const Ts__AuditEntry noted = entry_of("export.started", "ctl", 0);
    const Ts__Auth__VerifyAuditReply *reply = NULL;
    uint64_t other = new_org();
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
    expect_refused(verify_page(live_of(org), other, 0, 0, &reply), TS_DENIED, "org");
    expect_refused(verify_page(nobody, org, 0, 1001, &reply), TS_INVALID, "limit");
    expect_refused(verify_page(nobody, 1000000, 0, 0, &reply), TS_NOT_FOUND, "org");
    CHECK_EQ(record(nobody, "", &noted), TS_OK); /* into the operators' log */
    CHECK_EQ(verify(0)->entries, 1);
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

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(a_whole_log_verifies_in_pages_of_any_size);
    RUN(whatever_is_done_to_the_rows_is_found_at_its_number);
    RUN(old_entries_go_from_the_oldest_end_and_the_rest_still_verifies);
    RUN(time_in_the_chain_never_goes_back);
    stop();
    remove_directory(s.directory);
    return 0;
}
