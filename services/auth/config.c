#include "config.h"

const ts_config_item auth_config_items[] = {
    TS_TEXT(auth_config, db_dir, "TS_AUTH_DB_DIR", "data/auth", "directory of the store"),
    TS_NUM(auth_config, cache_keys, "TS_AUTH_CACHE_KEYS", 16384, 16, 1048576,
           "keys whose windows are held in memory"),
    TS_NUM(auth_config, standard_limit, "TS_AUTH_STANDARD_LIMIT", 1000, 1, 1000000,
           "requests per minute and key of tier standard"),
    TS_NUM(auth_config, enterprise_limit, "TS_AUTH_ENTERPRISE_LIMIT", 10000, 1, 1000000,
           "requests per minute and key of tier enterprise"),
    TS_NUM(auth_config, drain_ms, "TS_AUTH_DRAIN_MS", 3000, 0, 60000,
           "ms to finish calls when stopping"),
};
const size_t auth_config_count = TS_COUNT(auth_config_items);
