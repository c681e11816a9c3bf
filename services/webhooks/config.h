#ifndef WEBHOOKS_CONFIG_H
#define WEBHOOKS_CONFIG_H

#include "schedule.h"
#include "ts/config.h"
#include "url.h"

typedef struct webhooks_config {
    char db_dir[TS_CONFIG_TEXT_MAX];
    bool allow_http;
    char allow_cidrs[TS_CONFIG_TEXT_MAX];
    char retry_schedule[TS_CONFIG_TEXT_MAX];
    int64_t endpoints_max;
    int64_t lease_ms;
    int64_t endpoint_parallel;
    int64_t disable_after_s;
    int64_t disable_failures;
    int64_t keep_delivered_days;
    int64_t keep_failed_days;
    int64_t catch_up_days;
    int64_t cache_mib;
    int64_t write_buffer_mib;
    int64_t drain_ms;
} webhooks_config;

extern const ts_config_item webhooks_config_items[];
extern const size_t webhooks_config_count;

/* The parts that have a grammar of their own. TS_INVALID names the variable. */
TS_CHECK ts_status webhooks_config_parse(const webhooks_config *c, url_rules *ret_rules,
                                         schedule *ret_schedule, ts_error *err);

/* What a start would refuse. */
void webhooks_config_check(const void *config, ts_buf *mistakes);

#endif
