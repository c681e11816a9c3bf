#include "ts/retention.h"

#include "internal.h"
#include "ts/log.h"

#define NAME     "retention"
#define FORMAT   1
#define ROW_SIZE 33 /* format (1), clock_ms, boot_ms, boot_id, noticed_ms (8 each, big-endian) */

static void encode(const ts_retention *r, char ret[ROW_SIZE])
{
    ret[0] = FORMAT;
    ts_be64_write((uint64_t)r->clock_ms, ret + 1);
    ts_be64_write((uint64_t)r->boot_ms, ret + 9);
    ts_be64_write(r->boot_id, ret + 17);
    ts_be64_write((uint64_t)r->noticed_ms, ret + 25);
}

/* *ret_found: it is there, and can be read. */
static ts_status load(ts_store *s, ts_retention *ret, bool *ret_found)
{
    TS_CLEANUP(ts_rocksdb_free_p) char *error = NULL;
    size_t n = 0;
    char *row = rocksdb_get_cf(s->db, s->read_options, s->families[FAMILY_META], NAME, strlen(NAME),
                               &n, &error);

    if (error != NULL)
        return TS_UNAVAILABLE;
    *ret_found = row != NULL && n == ROW_SIZE && row[0] == FORMAT;
    if (*ret_found)
        *ret = (ts_retention){ (int64_t)ts_be64_read(row + 1), (int64_t)ts_be64_read(row + 9),
                               ts_be64_read(row + 17), (int64_t)ts_be64_read(row + 25) };
    rocksdb_free(row);
    return TS_OK;
}

static ts_status save(ts_store *s, const ts_retention *r)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    char row[ROW_SIZE];

    if (b == NULL)
        return TS_NOMEM;
    encode(r, row);
    rocksdb_writebatch_put_cf(b->rows, s->families[FAMILY_META], NAME, strlen(NAME), row,
                              sizeof(row));
    return ts_store_write(s, b, NULL);
}

static void tell(bool was_ahead, const ts_retention *r, int64_t behind_ms)
{
    bool is_ahead = r->noticed_ms >= 0;

    ts_metric_set(ts_gauge("ts_retention_behind_seconds", "",
                           "by which the time that retention goes by is behind the wall clock"),
                  (double)behind_ms / 1000);
    if (is_ahead && !was_ahead)
        ts_warn(TS_MSG("the clock is far ahead of the time that was seen to pass: nothing is "
                       "deleted by it for a day"),
                TS_F_I64("ahead_s", behind_ms / 1000));
    else if (was_ahead && !is_ahead)
        ts_info(TS_MSG("the clock and the time that was seen to pass agree again"));
}

ts_status ts_retention_now(ts_store *s, int64_t catch_up, int64_t *ret_ms)
{
    ts_clocks now = ts_clocks_read();
    ts_retention r = ts_retention_begin(&now);
    bool was_ahead = false;
    bool found = false;
    ts_status st = load(s, &r, &found);

    if (st == TS_OK && found) {
        was_ahead = r.noticed_ms >= 0;
        ts_retention_step(&r, &now, catch_up);
    }
    if (st == TS_OK)
        st = save(s, &r);
    if (st != TS_OK)
        return st;
    *ret_ms = now.wall_ms < r.clock_ms ? now.wall_ms : r.clock_ms;
    tell(was_ahead, &r, now.wall_ms - *ret_ms);
    return TS_OK;
}
