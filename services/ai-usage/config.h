#ifndef AI_USAGE_CONFIG_H
#define AI_USAGE_CONFIG_H

#include "ts/config.h"

typedef struct ai_usage_config {
    char db_dir[TS_CONFIG_TEXT_MAX];
    int64_t keep_days;
    int64_t catch_up_days;
    int64_t cache_mib;
    int64_t drain_ms;
} ai_usage_config;

extern const ts_config_item ai_usage_config_items[];
extern const size_t ai_usage_config_count;

#endif
