/* The store on a real directory: durability, shared fsync, iterators, streams, kill -9. */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"
#include "ts/store.h"

#define WRITERS 8
#define WRITES  50
#define MANY    80 /* a number whose predecessor is no multiple of 37 */

enum { ROWS, OTHER, OWNED };
static const ts_family families[] = { { .name = "rows", .is_global = true },
                                      { .name = "other", .is_global = true },
                                      { .name = "owned" },
                                      { .name = NULL } };
static const char *self;

static ts_store *open_in(const char *directory)
{
    ts_store_options o = { .directory = directory, .families = families, .schema = 1 };
    ts_store *s = NULL;
    ts_error err = { "", "" };

    CHECK_EQ(ts_store_open(&o, &s, &err), TS_OK);
    return s;
}

static void put(ts_store *s, unsigned family, const char *key, const char *value)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    ts_batch_put(b, s, family, ts_str_of(key), ts_str_of(value));
    CHECK_EQ(ts_store_commit(s, b), TS_OK);
}

static void put_at(ts_store *s, ts_str key)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    ts_batch_put(b, s, OWNED, key, TS_STR_LIT("1"));
    CHECK_EQ(ts_store_commit(s, b), TS_OK);
}

static bool holds(ts_store *s, unsigned family, const char *key, const char *value)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    ts_str got;
    ts_status st = ts_store_get(s, family, ts_str_of(key), arena, &got);

    return st == TS_OK && ts_str_is(got, value);
}

static void a_batch_is_there_whole_after_reopening(void)
{
    char directory[64];
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    ts_store *s;

    scratch_directory(directory);
    s = open_in(directory);
    ts_batch_put(b, s, ROWS, TS_STR_LIT("a"), TS_STR_LIT("1"));
    ts_batch_put(b, s, OTHER, TS_STR_LIT("a"), TS_STR_LIT("2"));
    ts_batch_append(b, 3, TS_STR_LIT("row"));
    CHECK_EQ(ts_store_commit(s, b), TS_OK);
    ts_store_close(s);
    s = open_in(directory);
    CHECK(holds(s, ROWS, "a", "1"));
    CHECK(holds(s, OTHER, "a", "2"));
    CHECK(!ts_store_has(s, ROWS, TS_STR_LIT("b")));
    ts_store_close(s);
    remove_directory(directory);
}

/* More than RocksDB looks up together, in an order that is none, with gaps and one key twice. */
static void many_keys_are_read_in_one_go(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    char directory[64];
    char text[MANY][8];
    ts_str keys[MANY];
    ts_str values[MANY];
    ts_store *s;

    scratch_directory(directory);
    s = open_in(directory);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof(text[i]), "k%03zu", i * 37 % (MANY - 1));
        keys[i] = ts_str_of(text[i]);
        if (i % 3 != 0)
            put(s, ROWS, text[i], text[i]);
    }
    put(s, OTHER, text[0], "of another family");
    CHECK_EQ(ts_store_get_many(s, ROWS, keys, MANY, false, arena, values), TS_OK);
    for (size_t i = 0; i + 1 < MANY; i++) {
        bool is_there = i % 3 != 0 || (i == 0 && (MANY - 1) % 3 != 0);

        CHECK((values[i].p != NULL) == is_there);
        CHECK(!is_there || ts_str_is(values[i], text[i]));
    }
    CHECK_EQ(ts_store_get_many(s, ROWS, keys, 0, false, arena, values), TS_OK);
    ts_store_close(s);
    remove_directory(directory);
}

/* One whose counter is not that of organization 1. */
static uint64_t org_of_another_counter(ts_store *s, uint64_t *before)
{
    for (uint64_t org = 2;; org++) {
        *before = ts_store_version(s, org);
        if (*before != ts_store_version(s, 1))
            return org;
    }
}

static ts_str owned_key(ts_buf *b, uint64_t org, ts_mode mode)
{
    ts_buf_clear(b);
    ts_key_tenant(b, (ts_tenant){ org, mode });
    ts_buf_char(b, 'k');
    return ts_buf_view(b);
}

static void the_version_moves_with_the_rows_of_its_organization(void)
{
    char directory[64];
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(64);
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(64);
    ts_store *s;
    uint64_t version;
    uint64_t others;
    uint64_t other;

    scratch_directory(directory);
    s = open_in(directory);
    version = ts_store_version(s, 1);
    CHECK(version != 0);
    put_at(s, owned_key(&b, 1, TS_MODE_LIVE));
    CHECK(ts_store_version(s, 1) != version);
    version = ts_store_version(s, 1);
    CHECK(version != 0);
    CHECK_EQ(ts_store_version(s, 1), version); /* reading moves nothing */
    put(s, ROWS, "global", "1");
    CHECK_EQ(ts_store_version(s, 1), version);

    other = org_of_another_counter(s, &others);
    for (int how = 0; how < 3; how++) {
        TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();

        version = ts_store_version(s, 1);
        if (how == 0)
            ts_batch_delete(batch, s, OWNED, owned_key(&b, 1, TS_MODE_LIVE));
        else if (how == 1)
            ts_batch_delete_range(batch, s, OWNED, owned_key(&b, 1, TS_MODE_LIVE),
                                  owned_key(&until, 1, TS_MODE_TEST));
        else
            ts_batch_delete_seen(batch, OWNED, owned_key(&b, 1, TS_MODE_LIVE), TS_STR_LIT("1"));
        CHECK_EQ(ts_store_version(s, 1), version); /* not before it is written */
        CHECK_EQ(ts_store_commit(s, batch), TS_OK);
        CHECK(ts_store_version(s, 1) != version);
        CHECK_EQ(ts_store_version(s, other), others);
        put_at(s, owned_key(&b, 1, TS_MODE_LIVE));
    }
    version = ts_store_version(s, 1);
    CHECK_EQ(ts_store_wipe(s, (ts_tenant){ 1, TS_MODE_LIVE }, NULL), TS_OK);
    CHECK(ts_store_version(s, 1) != version);
    CHECK_EQ(ts_store_version(s, other), others);
    ts_store_close(s);
    remove_directory(directory);
}

/* What a follower was told, and whether readers could see it then. */
typedef struct told {
    ts_store *store;
    char text[256];
    unsigned batches;
    unsigned
        early; /* rows told when the version had moved on already, or the row was not there yet */
} told;

static void write_down(void *context, ts_store_changes *changes)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 16);
    told *t = context;
    ts_store_change c;

    while (ts_store_changes_next(changes, &c)) {
        size_t n = strlen(t->text);
        ts_str got;
        bool is_there = ts_store_get(t->store, OWNED, c.key, arena, &got) == TS_OK;
        char what = c.until.p != NULL ? '-' : c.value.p == NULL ? '!' : '=';

        snprintf(t->text + n, sizeof(t->text) - n, "%d/%d%c%.*s ", c.key.p[7], c.key.p[8], what,
                 (int)c.value.n, c.value.p == NULL ? "" : c.value.p);
        if (ts_store_version(t->store, 1) != 0 || is_there != (c.value.p != NULL))
            t->early++;
    }
    t->batches++;
}

static void a_follower_is_told_of_the_rows_of_its_family_in_order(void)
{
    char directory[64];
    TS_CLEANUP(ts_batch_free_p) ts_batch *batch = ts_batch_new();
    TS_CLEANUP(ts_batch_free_p) ts_batch *unwritten = ts_batch_new();
    TS_CLEANUP(ts_batch_free_p) ts_batch *late = ts_batch_new();
    TS_CLEANUP(ts_buf_done) ts_buf live = TS_BUF_INIT(64);
    TS_CLEANUP(ts_buf_done) ts_buf test = TS_BUF_INIT(64);
    told t = { .text = "" };
    ts_store *s;

    scratch_directory(directory);
    s = open_in(directory);
    t.store = s;
    owned_key(&live, 1, TS_MODE_LIVE);
    owned_key(&test, 1, TS_MODE_TEST);
    put_at(s, ts_buf_view(&live));
    ts_store_follow(s, OWNED, write_down, &t);
    put(s, ROWS, "another", "family");
    CHECK(strcmp(t.text, "") == 0);
    ts_batch_put(batch, s, OWNED, ts_buf_view(&live), TS_STR_LIT("two"));
    ts_batch_put(batch, s, OWNED, ts_buf_view(&test), TS_STR_NULL);
    CHECK(strcmp(t.text, "") == 0);
    CHECK_EQ(ts_store_commit(s, batch), TS_OK);
    CHECK(strcmp(t.text, "1/0=two 1/1= ") == 0);
    CHECK_EQ(t.batches, 1);
    ts_batch_put(unwritten, s, OWNED, ts_buf_view(&live), TS_STR_LIT("never"));

    t.text[0] = '\0';
    for (int how = 0; how < 4; how++) {
        TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

        if (how == 0)
            ts_batch_delete(b, s, OWNED, ts_buf_view(&test));
        else if (how < 3)
            ts_batch_delete_seen(b, OWNED, ts_buf_view(&live),
                                 ts_str_of(how == 1 ? "other" : "tw"));
        else
            ts_batch_delete_range(b, s, OWNED, ts_buf_view(&live), ts_buf_view(&test));
        CHECK_EQ(ts_store_commit(s, b), TS_OK);
    }
    CHECK(strcmp(t.text, "1/1! 1/0! 1/0- ") == 0); /* one had other bytes than were seen */
    CHECK_EQ(t.early, 0);

    /* What is refused is not told of. */
    t.text[0] = '\0';
    CHECK_EQ(ts_store_fence(s, 1, 1, NULL), TS_OK);
    ts_batch_put(late, s, OWNED, ts_buf_view(&live), TS_STR_LIT("late"));
    CHECK_EQ(ts_store_commit(s, late), TS_NOT_FOUND);
    CHECK(strcmp(t.text, "") == 0);
    CHECK_EQ(ts_store_wipe(s, (ts_tenant){ 1, TS_MODE_LIVE }, NULL), TS_OK);
    CHECK(strcmp(t.text, "1/0- ") == 0);
    ts_store_follow(s, OWNED, NULL, NULL);
    CHECK_EQ(ts_store_wipe(s, (ts_tenant){ 1, TS_MODE_LIVE }, NULL), TS_OK);
    CHECK(strcmp(t.text, "1/0- ") == 0);
    ts_store_close(s);
    remove_directory(directory);
}

static void a_store_keeps_its_identity_and_refuses_a_newer_schema(void)
{
    char directory[64];
    uint8_t uuid[16];
    uint64_t epoch;
    ts_store_options o = { .families = families, .schema = 2 };
    ts_error err = { "", "" };
    ts_store *s;

    scratch_directory(directory);
    o.directory = directory;
    CHECK_EQ(ts_store_open(&o, &s, &err), TS_OK);
    memcpy(uuid, ts_store_uuid(s), sizeof(uuid));
    epoch = ts_store_epoch(s);
    ts_store_close(s);
    CHECK_EQ(ts_store_open(&o, &s, &err), TS_OK);
    CHECK(memcmp(uuid, ts_store_uuid(s), sizeof(uuid)) == 0);
    CHECK(ts_store_epoch(s) != epoch);
    ts_store_close(s);
    o.schema = 1;
    CHECK_EQ(ts_store_open(&o, &s, &err), TS_UNAVAILABLE);
    CHECK(strstr(err.text, "newer version") != NULL);
    remove_directory(directory);
}

/* A program that brought an older store up to its own layout leaves nothing that the older program could read rightly. */
static void a_store_that_a_newer_program_opened_is_refused_by_the_older_one(void)
{
    char directory[64];
    ts_store_options o = { .families = families, .schema = 2 };
    ts_store *s = NULL;
    ts_error err = { "", "" };

    scratch_directory(directory);
    ts_store_close(open_in(directory));
    o.directory = directory;
    CHECK_EQ(ts_store_open(&o, &s, &err), TS_OK);
    ts_store_close(s);
    o.schema = 1;
    CHECK_EQ(ts_store_open(&o, &s, &err), TS_UNAVAILABLE);
    CHECK(strstr(err.text, "newer version") != NULL);
    remove_directory(directory);
}

static void iterators_keep_to_their_range_in_both_directions(void)
{
    char directory[64];
    ts_store *s;
    ts_iter *it;

    scratch_directory(directory);
    s = open_in(directory);
    put(s, ROWS, "a1", "");
    put(s, ROWS, "b1", "x");
    put(s, ROWS, "b2", "y");
    put(s, ROWS, "c1", "");
    put(s, OTHER, "b3", "");
    it = ts_iter_prefix(s, ROWS, TS_STR_LIT("b"), false);
    CHECK(ts_iter_valid(it) && ts_str_is(ts_iter_key(it), "b1"));
    ts_iter_next(it);
    CHECK(ts_iter_valid(it) && ts_str_is(ts_iter_value(it), "y"));
    ts_iter_next(it);
    CHECK(!ts_iter_valid(it));
    CHECK_EQ(ts_iter_status(it), TS_OK);
    ts_iter_free(it);
    it = ts_iter_prefix(s, ROWS, TS_STR_LIT("b"), true);
    CHECK(ts_iter_valid(it) && ts_str_is(ts_iter_key(it), "b2"));
    ts_iter_free(it);
    it = ts_iter_prefix(s, ROWS, TS_STR_LIT("\xff"), false);
    CHECK(!ts_iter_valid(it));
    ts_iter_free(it);
    it = ts_iter_new(s, ROWS, TS_STR_LIT("a1"), TS_STR_LIT("b1"), false);
    CHECK(ts_iter_valid(it));
    ts_iter_next(it);
    CHECK(!ts_iter_valid(it)); /* the upper end is outside */
    ts_iter_free(it);
    ts_store_close(s);
    remove_directory(directory);
}

static void streams_number_rows_densely_and_go_on_after_trimming(void)
{
    char directory[64];
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    TS_CLEANUP(ts_batch_free_p) ts_batch *more = ts_batch_new();
    uint64_t first;
    uint64_t last;
    ts_str row;
    ts_store *s;

    scratch_directory(directory);
    s = open_in(directory);
    ts_stream_bounds(s, 1, &first, &last);
    CHECK_EQ(first, 1);
    CHECK_EQ(last, 0);
    ts_batch_append(b, 1, TS_STR_LIT("one"));
    ts_batch_append(b, 2, TS_STR_LIT("other"));
    ts_batch_append(b, 1, TS_STR_LIT("two"));
    CHECK_EQ(ts_store_write(s, b, NULL), TS_OK);
    ts_stream_bounds(s, 1, &first, &last);
    CHECK_EQ(last, 0); /* written, not durable: no relay may send it */
    put(s, ROWS, "k", "v");
    ts_stream_bounds(s, 1, &first, &last);
    CHECK_EQ(last, 2);
    CHECK_EQ(ts_stream_read(s, 1, 2, arena, &row), TS_OK);
    CHECK(ts_str_is(row, "two"));
    CHECK_EQ(ts_stream_trim(s, 1, 2), TS_OK);
    CHECK_EQ(ts_stream_read(s, 1, 2, arena, &row), TS_NOT_FOUND);
    ts_store_close(s);

    s = open_in(directory);
    ts_stream_bounds(s, 1, &first, &last);
    CHECK_EQ(first, 3);
    CHECK_EQ(last, 2);
    ts_stream_bounds(s, 2, &first, &last);
    CHECK_EQ(first, 1);
    CHECK_EQ(last, 1);
    ts_batch_append(more, 1, TS_STR_LIT("three"));
    CHECK_EQ(ts_store_commit(s, more), TS_OK);
    CHECK_EQ(ts_stream_read(s, 1, 3, arena, &row), TS_OK);
    ts_store_close(s);
    remove_directory(directory);
}

typedef struct writer {
    ts_store *store;
    int number;
} writer;

static void *write_many(void *argument)
{
    writer *w = argument;
    char key[32];

    for (int i = 0; i < WRITES; i++) {
        snprintf(key, sizeof(key), "%d-%d", w->number, i);
        put(w->store, ROWS, key, "v");
    }
    return NULL;
}

static void callers_that_wait_together_share_an_fsync(void)
{
    char directory[64];
    pthread_t threads[WRITERS];
    writer writers[WRITERS];
    double seconds;
    uint64_t syncs;
    ts_store *s;

    scratch_directory(directory);
    s = open_in(directory);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (writer){ s, i };
        CHECK_EQ(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    ts_store_sync_stats(s, &seconds, &syncs);
    CHECK(syncs < WRITERS * WRITES);
    CHECK(holds(s, ROWS, "7-49", "v"));
    ts_store_close(s);
    remove_directory(directory);
}

static void a_checkpoint_is_a_store_of_its_own(void)
{
    char directory[64];
    char copy[96];
    ts_store *s;

    scratch_directory(directory);
    s = open_in(directory);
    put(s, ROWS, "a", "1");
    snprintf(copy, sizeof(copy), "%s/copy", directory);
    CHECK_EQ(ts_store_checkpoint(s, copy, NULL), TS_OK);
    put(s, ROWS, "a", "2");
    ts_store_close(s);
    s = open_in(copy);
    CHECK(holds(s, ROWS, "a", "1"));
    ts_store_close(s);
    remove_directory(directory);
}

/* However long the place's name is that it was made in: who restores it moves it. */
static void a_checkpoint_with_a_long_name_may_be_moved(void)
{
    char directory[64];
    char deep[1024];
    char moved[96];
    size_t n;
    ts_store *s;

    scratch_directory(directory);
    s = open_in(directory);
    put(s, ROWS, "a", "1");
    n = (size_t)snprintf(deep, sizeof(deep), "%s", directory);
    for (int i = 0; i < 3; i++) {
        n += (size_t)snprintf(deep + n, sizeof(deep) - n, "/%0200d", i);
        CHECK_EQ(mkdir(deep, 0700), 0);
    }
    snprintf(deep + n, sizeof(deep) - n, "/copy");
    CHECK_EQ(ts_store_checkpoint(s, deep, NULL), TS_OK);
    ts_store_close(s);
    snprintf(moved, sizeof(moved), "%s/moved", directory);
    CHECK_EQ(rename(deep, moved), 0);
    s = open_in(moved);
    CHECK(holds(s, ROWS, "a", "1"));
    ts_store_close(s);
    remove_directory(directory);
}

static void a_checkpoint_with_a_name_that_no_path_may_have_is_not_made(void)
{
    char directory[64];
    char deep[PATH_MAX];
    ts_error err = { "", "" };
    ts_store *s;

    scratch_directory(directory);
    s = open_in(directory);
    memset(deep, 'x', sizeof(deep));
    deep[0] = '/';
    deep[sizeof(deep) - 1] = '\0';
    CHECK_EQ(ts_store_checkpoint(s, deep, &err), TS_INVALID);
    CHECK(strcmp(err.param, "directory") == 0);
    ts_store_close(s);
    remove_directory(directory);
}

static void a_store_below_its_floor_of_free_space_has_no_room(void)
{
    char directory[64];
    ts_store_options o = { .families = families, .schema = 1, .min_free_bytes = UINT64_MAX };
    ts_store *s = NULL;

    scratch_directory(directory);
    o.directory = directory;
    CHECK_EQ(ts_store_open(&o, &s, NULL), TS_OK);
    CHECK(!ts_store_has_room(s));
    ts_store_close(s);
    o.min_free_bytes = 1;
    CHECK_EQ(ts_store_open(&o, &s, NULL), TS_OK);
    CHECK(ts_store_has_room(s));
    ts_store_close(s);
    remove_directory(directory);
}

/* The child writes row n and stream row n in one batch and says so once it is durable; then it is
 * killed. */
static int write_until_killed(const char *directory)
{
    ts_store *s = open_in(directory);
    char key[32];

    for (int i = 1;; i++) {
        ts_batch *b = ts_batch_new();

        snprintf(key, sizeof(key), "%08d", i);
        ts_batch_put(b, s, ROWS, ts_str_of(key), TS_STR_LIT("v"));
        ts_batch_append(b, 0, ts_str_of(key));
        CHECK_EQ(ts_store_commit(s, b), TS_OK);
        ts_batch_free(b);
        printf("%d\n", i);
        fflush(stdout);
    }
}

static void what_was_acknowledged_survives_a_kill(void)
{
    char directory[64];
    char option[] = "write";
    char *arguments[] = { (char *)(uintptr_t)self, option, directory, NULL };
    int pipe_fds[2];
    posix_spawn_file_actions_t actions;
    pid_t pid;
    FILE *acknowledged;
    char line[32];
    char key[32];
    int last = 0;
    int status = 0;
    uint64_t first_seq;
    uint64_t last_seq;
    ts_store *s;

    scratch_directory(directory);
    CHECK_EQ(pipe(pipe_fds), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
    posix_spawn_file_actions_addclose(&actions, pipe_fds[0]);
    CHECK_EQ(posix_spawn(&pid, self, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fds[1]);
    acknowledged = fdopen(pipe_fds[0], "r");
    while (last < 100 && fgets(line, sizeof(line), acknowledged) != NULL)
        last++;
    CHECK_EQ(kill(pid, SIGKILL), 0);
    while (fgets(line, sizeof(line), acknowledged) != NULL)
        last++;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    fclose(acknowledged);

    s = open_in(directory);
    for (int i = 1; i <= last; i++) {
        snprintf(key, sizeof(key), "%08d", i);
        CHECK(holds(s, ROWS, key, "v"));
    }
    ts_stream_bounds(s, 0, &first_seq, &last_seq);
    CHECK_EQ(first_seq, 1);
    CHECK(last_seq >= (uint64_t)last);
    /* Row and stream row are one: neither is there without the other. */
    snprintf(key, sizeof(key), "%08d", (int)last_seq);
    CHECK(holds(s, ROWS, key, "v"));
    snprintf(key, sizeof(key), "%08d", (int)last_seq + 1);
    CHECK(!holds(s, ROWS, key, "v"));
    ts_store_close(s);
    remove_directory(directory);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_until_killed(argv[2]);
    RUN(a_batch_is_there_whole_after_reopening);
    RUN(many_keys_are_read_in_one_go);
    RUN(the_version_moves_with_the_rows_of_its_organization);
    RUN(a_follower_is_told_of_the_rows_of_its_family_in_order);
    RUN(a_store_keeps_its_identity_and_refuses_a_newer_schema);
    RUN(a_store_that_a_newer_program_opened_is_refused_by_the_older_one);
    RUN(iterators_keep_to_their_range_in_both_directions);
    RUN(streams_number_rows_densely_and_go_on_after_trimming);
    RUN(callers_that_wait_together_share_an_fsync);
    RUN(a_checkpoint_is_a_store_of_its_own);
    RUN(a_checkpoint_with_a_long_name_may_be_moved);
    RUN(a_checkpoint_with_a_name_that_no_path_may_have_is_not_made);
    RUN(a_store_below_its_floor_of_free_space_has_no_room);
    RUN(what_was_acknowledged_survives_a_kill);
    return 0;
}
