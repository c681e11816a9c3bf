/* What the disk and RocksDB alone can do with the bytes of an ingest: each line of a file as one row, as many rows a batch
 * as a post has events, each batch synced. One thread, default options, no parsing.
 *
 *   bench_store_peer FILE DIRECTORY ROWS_A_BATCH      prints rows, bytes and seconds as one JSON object
 */
#include <rocksdb/c.h>

#include "ts/base.h"
#include "ts/time.h"

#define BATCH_MAX 10000

TS_DEFINE_CLEANUP(rocksdb_options_t, rocksdb_options_destroy);
TS_DEFINE_CLEANUP(rocksdb_writeoptions_t, rocksdb_writeoptions_destroy);
TS_DEFINE_CLEANUP(rocksdb_writebatch_t, rocksdb_writebatch_destroy);
TS_DEFINE_CLEANUP(rocksdb_t, rocksdb_close);

typedef struct result {
    uint64_t rows;
    uint64_t bytes;
    int64_t used_us;
} result;

static int complain(const char *what)
{
    fprintf(stderr, "bench_store_peer: %s\n", what);
    return 1;
}

/* Keys as risk's are: in order of arrival, 16 bytes. */
static void put(rocksdb_writebatch_t *batch, uint64_t number, const char *line, size_t n)
{
    char key[16] = { 0 };

    for (size_t i = 0; i < 8; i++)
        key[15 - i] = (char)(number >> (8 * i));
    rocksdb_writebatch_put(batch, key, sizeof(key), line, n);
}

static int write_batch(rocksdb_t *db, rocksdb_writebatch_t *batch)
{
    TS_CLEANUP(rocksdb_writeoptions_destroy_p)
    rocksdb_writeoptions_t *options = rocksdb_writeoptions_create();
    char *error = NULL;
    int failed;

    rocksdb_writeoptions_set_sync(options, 1);
    rocksdb_write(db, options, batch, &error);
    failed = error != NULL ? complain(error) : 0;
    rocksdb_free(error);
    rocksdb_writebatch_clear(batch);
    return failed;
}

static int play(rocksdb_t *db, FILE *file, uint64_t rows_a_batch, result *ret)
{
    TS_CLEANUP(rocksdb_writebatch_destroy_p)
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    int64_t begin = ts_boot_us();
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    int failed = 0;

    while (failed == 0 && (n = getline(&line, &room, file)) > 0) {
        put(batch, ret->rows, line, (size_t)n);
        ret->rows++;
        ret->bytes += (uint64_t)n;
        if (ret->rows % rows_a_batch == 0)
            failed = write_batch(db, batch);
    }
    if (failed == 0 && ret->rows % rows_a_batch != 0)
        failed = write_batch(db, batch);
    ret->used_us = ts_boot_us() - begin;
    free(line);
    return failed;
}

static int run(FILE *file, const char *directory, uint64_t rows_a_batch)
{
    TS_CLEANUP(rocksdb_options_destroy_p) rocksdb_options_t *options = rocksdb_options_create();
    TS_CLEANUP(rocksdb_close_p) rocksdb_t *db = NULL;
    result r = { 0, 0, 0 };
    char *error = NULL;
    int failed;

    rocksdb_options_set_create_if_missing(options, 1);
    db = rocksdb_open(options, directory, &error);
    if (error != NULL) {
        failed = complain(error);
        rocksdb_free(error);
        return failed;
    }
    failed = play(db, file, rows_a_batch, &r);
    if (failed == 0)
        printf("{\"rows\": %llu, \"bytes\": %llu, \"seconds\": %.6f}\n", (unsigned long long)r.rows,
               (unsigned long long)r.bytes, (double)r.used_us / 1e6);
    return failed;
}

int main(int argc, char **argv)
{
    uint64_t rows_a_batch = 0;
    FILE *file;
    int failed;

    if (argc != 4 || ts_parse_u64(ts_str_of(argv[3]), &rows_a_batch) != TS_OK ||
        rows_a_batch == 0 || rows_a_batch > BATCH_MAX) {
        fprintf(stderr, "usage: bench_store_peer FILE DIRECTORY ROWS_A_BATCH (1 to %d)\n",
                BATCH_MAX);
        return 2;
    }
    file = fopen(argv[1], "r");
    if (file == NULL)
        return complain("cannot read the file");
    failed = run(file, argv[2], rows_a_batch);
    fclose(file);
    return failed;
}
