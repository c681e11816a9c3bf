#ifndef INCIDENTS_CONFIG_H
#define INCIDENTS_CONFIG_H

#include "chain.h"
#include "ts/config.h"

typedef struct incidents_config {
    char db_dir[TS_CONFIG_TEXT_MAX];
    char open_severity[TS_CONFIG_TEXT_MAX];
    int64_t gap_hours;
    int64_t span_days;
    int64_t closed_days;
    int64_t catch_up_days;
    int64_t cache_mib;
    int64_t answers_kib;
    int64_t drain_ms;
} incidents_config;

extern const ts_config_item incidents_config_items[];
extern const size_t incidents_config_count;

/* TS_INVALID with words if open_severity names no severity. */
TS_CHECK ts_status incidents_config_limits(const incidents_config *config, chain_limits *ret,
                                           ts_error *err);

/* What a start would refuse. */
void incidents_config_check(const void *config, ts_buf *mistakes);

#endif
