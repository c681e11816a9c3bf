#ifndef AUTH_CONFIG_H
#define AUTH_CONFIG_H

#include "ts/config.h"

typedef struct auth_config {
    char db_dir[TS_CONFIG_TEXT_MAX];
    int64_t cache_keys;
    int64_t standard_limit;
    int64_t enterprise_limit;
    int64_t failure_addresses;
    int64_t keys_max;
    int64_t name_max;
    int64_t overlap_s;
    int64_t overlap_max_s;
    int64_t audit_keep_days;
    int64_t catch_up_days;
    int64_t spoilt_max;
    int64_t drain_ms;
} auth_config;

extern const ts_config_item auth_config_items[];
extern const size_t auth_config_count;

#endif
