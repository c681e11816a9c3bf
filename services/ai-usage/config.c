#include "config.h"

#include "ts/retention.h"

const ts_config_item ai_usage_config_items[] = {
    TS_TEXT(ai_usage_config, db_dir, "TS_AI_USAGE_DB_DIR", "data/ai-usage",
            "directory of the store"),
    /* A report of 90 days compares with the 90 before. */
    TS_NUM(ai_usage_config, keep_days, "TS_AI_USAGE_KEEP_DAYS", 400, 180, 3650,
           "days before today whose use is kept"),
    TS_RETENTION_ITEM(ai_usage_config, "TS_AI_USAGE_CATCH_UP_DAYS"),
    TS_NUM(ai_usage_config, cache_mib, "TS_AI_USAGE_CACHE_MIB", 8, 1, 65536, "MiB of block cache"),
    TS_NUM(ai_usage_config, drain_ms, "TS_AI_USAGE_DRAIN_MS", 3000, 0, 60000,
           "ms to finish calls when stopping"),
};
const size_t ai_usage_config_count = TS_COUNT(ai_usage_config_items);
