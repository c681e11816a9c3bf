/* What lists of incidents count and where their pages begin, against a plain look at all rows: over random histories, a kill in the
 * midst of them, and a store of the schema that had no counts. */
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "incidents_plain.h"

#define ACTS  400 /* of a history */
#define KILLS 3

static const char *self; /* argv[0] */

/* ---- what happens ---- */

static void change_any(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    ts_error err = { "", "" };
    ts_call call = call_of(arena, &err);
    list_query q = { .severity = ANY_SEVERITY, .limit = 1 };
    Ts__Incidents__Incident **page = NULL;
    uint64_t total = 0;
    size_t count = 0;

    q.group = dice(3) == 0 ? GROUP_CLOSED : GROUP_OPEN;
    CHECK_EQ(list_count(&call, &q, &total), TS_OK);
    if (total == 0)
        return;
    q.offset = dice(total);
    CHECK_EQ(list_read(&call, &q, &page, &count), TS_OK);
    CHECK_EQ(count, 1);
    change_status(page[0]->id, page[0]->closed_ms != 0);
}

static void act(void)
{
    switch (dice(10)) {
    case 0:
    case 1:
    case 2: change_any(); break;
    case 3:
        if (dice(20) == 0)
            expire_some();
        break;
    default: detect_at(users[dice(TS_COUNT(users))], (uint32_t)dice(CHAIN_SEVERITIES), any_time());
    }
}

/* ---- the tests ---- */

static void lists_agree_with_all_rows_over_random_histories(void)
{
    check_all(30); /* of nothing */
    for (int i = 1; i <= ACTS; i++) {
        act();
        if (i % 60 == 0)
            check_all(60);
    }
    CHECK(row_count > 30);
    check_all(500);
    reopen_store();
    check_all(100);
    tenant.mode = TS_MODE_TEST; /* whose lists are others */
    check_all(20);
    CHECK_EQ(row_count, 0);
    tenant.mode = TS_MODE_LIVE;
}

/* Acts until it is killed, and says after each that it did. */
_Noreturn static void live(const char *directory, const char *number)
{
    tenant.org = 50;
    seed = 1000 + strtoull(number, NULL, 10);
    snprintf(s.directory, sizeof(s.directory), "%s", directory);
    open_store();
    for (;;) {
        act();
        if (write(STDOUT_FILENO, ".", 1) != 1)
            _exit(1); /* nobody waits any more */
    }
}

static void kill_after(unsigned acts, unsigned number)
{
    char word[16];
    char *arguments[] = { (char *)(uintptr_t)self, (char *)(uintptr_t) "live", s.directory, word,
                          NULL };
    posix_spawn_file_actions_t actions;
    int pipe_ends[2];
    pid_t pid = -1;
    char c;

    snprintf(word, sizeof(word), "%u", number);
    CHECK_EQ(pipe(pipe_ends), 0);
    CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
    CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO), 0);
    CHECK_EQ(posix_spawn_file_actions_addclose(&actions, pipe_ends[0]), 0);
    CHECK_EQ(posix_spawn(&pid, self, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    for (unsigned i = 0; i < acts; i++)
        CHECK_EQ(read(pipe_ends[0], &c, 1), 1);
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, NULL, 0), pid);
    close(pipe_ends[0]);
}

static void a_killed_service_has_counted_what_it_has_written(void)
{
    tenant.org = 50;
    for (unsigned i = 0; i < KILLS; i++) {
        close_store();
        kill_after(100 + 37 * i, i);
        open_store();
        check_all(150);
        CHECK(row_count > 10);
    }
}

/* As schema 1 left it, but for one in `keep_one_in` rows of the counts: an upgrade that was killed. */
static void take_ranks_away(uint64_t org, unsigned keep_one_in)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    incidents_key key = incidents_tenant_key((ts_tenant){ org, TS_MODE_LIVE });
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(s.store, INCIDENTS_RANKS, incidents_key_view(&key), false);
    ProtobufCMessage *m = NULL;
    ts_str value;

    for (unsigned i = 0; ts_iter_valid(it); ts_iter_next(it), i++) {
        if (keep_one_in == 0 || i % keep_one_in != 0)
            ts_batch_delete(b, s.store, INCIDENTS_RANKS, ts_iter_key(it));
    }
    ts_arena_reset(row_arena);
    CHECK_EQ(ts_store_get(s.store, INCIDENTS_TOTALS, incidents_key_view(&key), row_arena, &value),
             TS_OK);
    CHECK_EQ(ts_arena_unpack(row_arena, &ts__incidents__totals__descriptor, value, &m), TS_OK);
    CHECK(((Ts__Incidents__Totals *)m)->ranked);
    ((Ts__Incidents__Totals *)m)->ranked = false;
    ts_batch_put_message(b, s.store, INCIDENTS_TOTALS, incidents_key_view(&key), m);
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
}

static void a_store_without_counts_gets_them_whatever_was_begun(void)
{
    static const uint64_t orgs[] = { 2, 50 };
    static const unsigned keep_one_in[] = { 0, 2, 1 };

    for (size_t i = 0; i < TS_COUNT(keep_one_in); i++) {
        for (size_t o = 0; o < TS_COUNT(orgs); o++) {
            uint64_t digest, again;
            size_t count = ranks_of(orgs[o], &digest);

            CHECK(count > 100);
            take_ranks_away(orgs[o], keep_one_in[i]);
            tenant.org = orgs[o];
            reopen_store();
            CHECK_EQ(ranks_of(orgs[o], &again), count); /* what moves made is what the lists say */
            CHECK_EQ(again, digest);
            check_all(100);
            act(); /* goes on from there */
            check_all(50);
            reopen_store();
            check_all(20);
        }
    }
}

/* Killed between the tombstone and the end of the rows, and started as a version with another schema. */
static void an_organization_that_ended_half_is_not_counted_any_more(void)
{
    uint64_t digest;

    detect_at("eve@example.com", 3, any_time());
    take_ranks_away(tenant.org, 0);
    CHECK_EQ(ts_store_fence(s.store, tenant.org, 1, NULL), TS_OK);
    reopen_store();
    CHECK_EQ(ranks_of(tenant.org, &digest), 0);
}

static void a_list_that_names_nothing_is_left_out_of_the_counts(void)
{
    ts_hash128 scope = incidents_list_scope(GROUP_OPEN, ANY_SEVERITY, ts_str_of("gus@example.com"));
    static const uint8_t nobody[16] = "nothing is here";
    incidents_key key = incidents_list_key(tenant, scope, 1000, nobody);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    uint64_t digest, again;
    size_t count = ranks_of(tenant.org, &digest);

    ts_batch_put(b, s.store, INCIDENTS_LISTS, incidents_key_view(&key), TS_STR_NULL);
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
    take_ranks_away(tenant.org, 0);
    reopen_store();
    CHECK_EQ(ranks_of(tenant.org, &again), count);
    CHECK_EQ(again, digest);
}

static void a_page_is_found_by_walking_if_its_rank_has_gone(void)
{
    incidents_key view =
        incidents_list_view(tenant, incidents_list_scope(GROUP_ALL, ANY_SEVERITY, TS_STR_NULL));
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(s.store, INCIDENTS_RANKS, incidents_key_view(&view), false);
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(CALL_BYTES);
    ts_error err = { "", "" };
    ts_call call = call_of(arena, &err);
    list_query q = { .severity = ANY_SEVERITY, .limit = 3, .offset = 4 };
    Ts__Incidents__Incident **page = NULL;
    size_t count = 0;

    look_at_all();
    CHECK(row_count > 10);
    for (; ts_iter_valid(it); ts_iter_next(it))
        ts_batch_delete(b, s.store, INCIDENTS_RANKS, ts_iter_key(it));
    CHECK_EQ(ts_store_commit(s.store, b), TS_OK);
    CHECK_EQ(list_read(&call, &q, &page, &count), TS_OK);
    CHECK_EQ(count, 3);
    for (size_t i = 0; i < count; i++)
        CHECK(strcmp(page[i]->id, rows[4 + i].incident->id) == 0);
    q.offset = row_count;
    CHECK_EQ(list_read(&call, &q, &page, &count), TS_OK);
    CHECK_EQ(count, 0);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 4 && strcmp(argv[1], "live") == 0)
        live(argv[2], argv[3]);
    begin_plain();
    tenant.org = 2;
    RUN(lists_agree_with_all_rows_over_random_histories);
    RUN(a_killed_service_has_counted_what_it_has_written);
    RUN(a_store_without_counts_gets_them_whatever_was_begun);
    RUN(a_list_that_names_nothing_is_left_out_of_the_counts);
    RUN(a_page_is_found_by_walking_if_its_rank_has_gone);
    tenant.org = 62;
    RUN(an_organization_that_ended_half_is_not_counted_any_more);
    end_plain();
    return 0;
}
