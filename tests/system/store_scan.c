/* store_scan DIRECTORY ORG TEXT: what a store's files hold of an organization. Reads only, and needs no table of families: it
 * asks RocksDB for them. A line for each family: its name, the keys that begin with the organization's number, and the rows
 * whose key or value holds the text anywhere. */
#include <rocksdb/c.h>

#include "ts/base.h"

#define FAMILIES_MAX 64

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "store_scan: %s: %s\n", what, why);
    return 1;
}

static int scan(rocksdb_t *db, rocksdb_column_family_handle_t *family, const char *name,
                uint64_t org, ts_str text)
{
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    rocksdb_iterator_t *it = rocksdb_create_iterator_cf(db, options, family);
    unsigned long long keys = 0;
    unsigned long long rows = 0;
    char *error = NULL;
    char prefix[8];

    for (int i = 0; i < 8; i++)
        prefix[i] = (char)(org >> (56 - 8 * i) & 0xff);
    for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it)) {
        size_t key_n = 0;
        size_t value_n = 0;
        const char *key = rocksdb_iter_key(it, &key_n);
        const char *value = rocksdb_iter_value(it, &value_n);

        keys += key_n >= sizeof(prefix) && memcmp(key, prefix, sizeof(prefix)) == 0;
        rows += memmem(key, key_n, text.p, text.n) != NULL ||
                memmem(value, value_n, text.p, text.n) != NULL;
    }
    rocksdb_iter_get_error(it, &error);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(options);
    if (error != NULL)
        return fail(name, error);
    printf("%s %llu %llu\n", name, keys, rows);
    return 0;
}

int main(int argc, char **argv)
{
    rocksdb_column_family_handle_t *handles[FAMILIES_MAX];
    const rocksdb_options_t *family_options[FAMILIES_MAX];
    rocksdb_options_t *options = rocksdb_options_create();
    char *error = NULL;
    size_t count = 0;
    char **names;
    uint64_t org = 0;
    rocksdb_t *db;
    int result = 0;

    if (argc != 4 || ts_parse_u64(ts_str_of(argv[2]), &org) != TS_OK || argv[3][0] == '\0')
        return fail("usage", "store_scan DIRECTORY ORG TEXT");
    names = rocksdb_list_column_families(options, argv[1], &count, &error);
    if (error != NULL)
        return fail(argv[1], error);
    if (count > FAMILIES_MAX)
        return fail(argv[1], "too many families");
    for (size_t i = 0; i < count; i++)
        family_options[i] = options;
    db = rocksdb_open_for_read_only_column_families(options, argv[1], (int)count,
                                                    (const char *const *)names, family_options,
                                                    handles, 0, &error);
    if (error != NULL)
        return fail(argv[1], error);
    for (size_t i = 0; i < count; i++) {
        result |= scan(db, handles[i], names[i], org, ts_str_of(argv[3]));
        rocksdb_column_family_handle_destroy(handles[i]);
    }
    rocksdb_close(db);
    rocksdb_list_column_families_destroy(names, count);
    rocksdb_options_destroy(options);
    return result;
}
