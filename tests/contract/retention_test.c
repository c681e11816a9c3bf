/* The retention clock of a real store: kept over restarts of the process, and told of. */
#include <rocksdb/c.h>

#include "check.h"
#include "clocks.h"

#define START_MS INT64_C(1764000000000)
#define RATE     7
#define BEHIND   "ts_retention_behind_seconds"

static const ts_family families[] = { { .name = "rows" }, { 0 } };
static char directory[64];
static ts_store *store;

static void open_store(void)
{
    ts_store_options o = { .directory = directory, .families = families, .schema = 1 };

    CHECK_EQ(ts_store_open(&o, &store, NULL), TS_OK);
}

static void begin(void)
{
    scratch_directory(directory);
    clocks_wall_ms = START_MS;
    clocks_boot_ms = TS_DAY_MS;
    open_store();
}

static void end(void)
{
    ts_store_close(TS_TAKE(store));
    remove_directory(directory);
}

static void start_again(void)
{
    ts_store_close(TS_TAKE(store));
    open_store();
}

/* Since the start. */
static int64_t retention(void)
{
    int64_t now_ms = 0;

    CHECK_EQ(ts_retention_now(store, RATE, &now_ms), TS_OK);
    return now_ms - START_MS;
}

static void it_goes_with_time_that_passed_while_the_process_was_down(void)
{
    begin();
    CHECK_EQ(retention(), 0);
    ts_store_close(TS_TAKE(store));
    clocks_run(40 * TS_DAY_MS);
    open_store();
    CHECK_EQ(retention(), 40 * TS_DAY_MS);
    CHECK_EQ(metric(BEHIND), 0);
    end();
}

static void a_clock_far_ahead_is_told_of_and_waits_over_restarts(void)
{
    begin();
    CHECK_EQ(retention(), 0);
    clocks_set(365 * TS_DAY_MS);
    CHECK_EQ(retention(), 0);
    CHECK_EQ(metric(BEHIND), 365 * 86400);
    clocks_run(TS_DAY_MS);
    start_again();
    CHECK_EQ(retention(), TS_DAY_MS);
    CHECK_EQ(metric(BEHIND), 365 * 86400);
    clocks_run(TS_DAY_MS);
    start_again();
    CHECK_EQ(retention(), (2 + RATE) * TS_DAY_MS); /* nobody has set it right */
    CHECK_EQ(metric(BEHIND), (365 - RATE) * 86400);
    clocks_set(-365 * TS_DAY_MS);
    CHECK_EQ(retention(), 2 * TS_DAY_MS); /* never later than the wall clock */
    CHECK_EQ(metric(BEHIND), 0);
    end();
}

static void a_machine_that_was_off_catches_up(void)
{
    begin();
    CHECK_EQ(retention(), 0);
    ts_store_close(TS_TAKE(store));
    clocks_boot_id++;
    clocks_boot_ms = 0;
    clocks_set(60 * TS_DAY_MS);
    open_store();
    CHECK_EQ(retention(), 0);
    clocks_run(10 * TS_DAY_MS);
    CHECK_EQ(retention(), 70 * TS_DAY_MS);
    end();
}

/* As of another version, or damaged. */
static void write_row(const char *value, size_t size)
{
    const char *names[] = { "default", "stream", "rows" };
    rocksdb_options_t *o = rocksdb_options_create();
    const rocksdb_options_t *options[] = { o, o, o };
    rocksdb_column_family_handle_t *handles[TS_COUNT(names)];
    rocksdb_writeoptions_t *w = rocksdb_writeoptions_create();
    char *error = NULL;
    rocksdb_t *db = rocksdb_open_column_families(o, directory, (int)TS_COUNT(names), names, options,
                                                 handles, &error);

    CHECK(error == NULL);
    rocksdb_put_cf(db, w, handles[0], "retention", strlen("retention"), value, size, &error);
    CHECK(error == NULL);
    for (size_t i = 0; i < TS_COUNT(names); i++)
        rocksdb_column_family_handle_destroy(handles[i]);
    rocksdb_close(db);
    rocksdb_writeoptions_destroy(w);
    rocksdb_options_destroy(o);
}

static void a_row_that_cannot_be_read_stops_nothing(void)
{
    static const char zeros[34];
    static const size_t sizes[] = { 0, 1, 32, 33, 34 };

    for (size_t i = 0; i < TS_COUNT(sizes); i++) {
        begin();
        ts_store_close(TS_TAKE(store));
        write_row(zeros, sizes[i]);
        open_store();
        CHECK_EQ(retention(), 0);
        clocks_set(365 * TS_DAY_MS);
        CHECK_EQ(retention(), 0); /* there is a good one now */
        end();
    }
}

int main(void)
{
    RUN(it_goes_with_time_that_passed_while_the_process_was_down);
    RUN(a_clock_far_ahead_is_told_of_and_waits_over_restarts);
    RUN(a_machine_that_was_off_catches_up);
    RUN(a_row_that_cannot_be_read_stops_nothing);
    return 0;
}
