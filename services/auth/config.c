#include "config.h"

#include "ts/retention.h"

const ts_config_item auth_config_items[] = {
    TS_TEXT(auth_config, db_dir, "TS_AUTH_DB_DIR", "data/auth", "directory of the store"),
    TS_NUM(auth_config, cache_keys, "TS_AUTH_CACHE_KEYS", 131072, 16, 1048576,
           "keys whose windows are held in memory"),
    TS_NUM(auth_config, standard_limit, "TS_AUTH_STANDARD_LIMIT", 1000, 1, 1000000,
           "requests per minute and key of tier standard"),
    TS_NUM(auth_config, enterprise_limit, "TS_AUTH_ENTERPRISE_LIMIT", 10000, 1, 1000000,
           "requests per minute and key of tier enterprise"),
    TS_NUM(auth_config, failure_addresses, "TS_AUTH_FAILURE_ADDRESSES", 4096, 8, 1048576,
           "addresses whose failed authentications are counted at once; beyond it those with the "
           "fewest are forgotten"),
    TS_NUM(auth_config, keys_max, "TS_AUTH_KEYS_MAX", 10000, 1, 1000000,
           "keys of one organization that have not ended"),
    TS_NUM(auth_config, name_max, "TS_AUTH_NAME_MAX", 100, 1, 100,
           "characters in the name of a key or an organization"),
    TS_NUM(auth_config, overlap_s, "TS_AUTH_OVERLAP_S", 86400, 0, 31536000,
           "seconds that a rotated key works on, if the call does not say"),
    TS_NUM(auth_config, overlap_max_s, "TS_AUTH_OVERLAP_MAX_S", 2592000, 0, 31536000,
           "the longest overlap that a call may ask for, s"),
    TS_NUM(auth_config, audit_keep_days, "TS_AUTH_AUDIT_KEEP_DAYS", 0, 0, 36500,
           "days that audit entries are kept; 0 = for ever"),
    TS_RETENTION_ITEM(auth_config, "TS_AUTH_CATCH_UP_DAYS"),
    TS_NUM(auth_config, spoilt_max, "TS_AUTH_SPOILT_MAX", 1000, 1, 10000,
           "unreadable due rows that are left alone until the next start"),
    TS_NUM(auth_config, drain_ms, "TS_AUTH_DRAIN_MS", 3000, 0, 60000,
           "ms to finish calls when stopping"),
};
const size_t auth_config_count = TS_COUNT(auth_config_items);
