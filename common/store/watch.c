/* What an operator sees of a store: its size, whether writes are held up, and the room on its disk. Asked for at each scrape;
 * of several stores in one process (tests) the one opened last is shown. */
#include <sys/statvfs.h>

#include "internal.h"

/* Of all families together. */
static double sum_property(const ts_store *s, const char *name)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < s->family_count; i++) {
        uint64_t value = 0;

        if (rocksdb_property_int_cf(s->db, s->families[i], name, &value) == 0)
            total += value;
    }
    return (double)total;
}

static double table_bytes(void *context)
{
    return sum_property(context, "rocksdb.total-sst-files-size");
}

static double memory_bytes(void *context)
{
    return sum_property(context, "rocksdb.size-all-mem-tables");
}

static double compaction_bytes(void *context)
{
    return sum_property(context, "rocksdb.estimate-pending-compaction-bytes");
}

/* The two properties belong to the whole store, whichever family is asked. */
static double is_stalled(void *context)
{
    const ts_store *s = context;
    uint64_t stopped = 0;
    uint64_t delayed = 0;

    (void)rocksdb_property_int_cf(s->db, s->families[0], "rocksdb.is-write-stopped", &stopped);
    (void)rocksdb_property_int_cf(s->db, s->families[0], "rocksdb.actual-delayed-write-rate",
                                  &delayed);
    return stopped != 0 || delayed != 0 ? 1.0 : 0.0;
}

static double free_bytes(void *context)
{
    const ts_store *s = context;
    struct statvfs fs;

    return statvfs(s->directory, &fs) == 0 ? (double)fs.f_bavail * (double)fs.f_frsize : 0.0;
}

static double has_room(void *context)
{
    return ts_store_has_room(context) ? 1.0 : 0.0;
}

static const struct {
    const char *name;
    const char *labels;
    const char *help;
    double (*read)(void *context);
} gauges[] = {
    { "ts_store_bytes", "kind=\"tables\"", "size of the store", table_bytes },
    { "ts_store_bytes", "kind=\"memory\"", "size of the store", memory_bytes },
    { "ts_store_pending_compaction_bytes", "", "bytes that compaction still has to rewrite",
      compaction_bytes },
    { "ts_store_write_stalled", "", "1 while the store delays or stops writes", is_stalled },
    { "ts_store_disk_free_bytes", "", "free bytes on the store's disk", free_bytes },
    { "ts_store_has_room", "", "1 while free disk is above the floor", has_room },
};

void ts_store_watch(ts_store *s)
{
    for (size_t i = 0; i < TS_COUNT(gauges); i++)
        ts_gauge_func(gauges[i].name, gauges[i].labels, gauges[i].help, gauges[i].read, s);
}

void ts_store_unwatch(void)
{
    for (size_t i = 0; i < TS_COUNT(gauges); i++)
        ts_gauge_func(gauges[i].name, gauges[i].labels, gauges[i].help, NULL, NULL);
}
