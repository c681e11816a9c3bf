#ifndef RISK_CONFIG_H
#define RISK_CONFIG_H

#include "ts/config.h"

typedef struct risk_config {
    char db_dir[TS_CONFIG_TEXT_MAX];
    char rules_dir[TS_CONFIG_TEXT_MAX];
    int64_t retention_days;
    int64_t catch_up_days;
    int64_t noisy_firings;
    int64_t directory_rows;
    int64_t users_max;
    int64_t anomaly_z_tenths;
    int64_t anomaly_learning_days;
    int64_t anomaly_days;
    int64_t anomalies_max;
    int64_t min_free_mib;
    int64_t cache_mib;
    int64_t answers_kib;
    int64_t places_mib;
    int64_t drain_ms;
} risk_config;

extern const ts_config_item risk_config_items[];
extern const size_t risk_config_count;

/* What a start would refuse. */
void risk_config_check(const void *config, ts_buf *mistakes);

#endif
