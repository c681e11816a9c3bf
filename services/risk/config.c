#include "config.h"

#include "detect/catalogue.h"
#include "detect/sigma/ruleset.h"
#include "ts/retention.h"

const ts_config_item risk_config_items[] = {
    TS_TEXT(risk_config, db_dir, "TS_RISK_DB_DIR", "data/risk", "directory of the store"),
    TS_TEXT(risk_config, rules_dir, "TS_RISK_RULES_DIR", "services/risk/rules",
            "directory of detection rules and catalogues"),
    TS_NUM(risk_config, retention_days, "TS_RISK_RETENTION_DAYS", 180, 1, 3650,
           "days; older events are refused as too_old"),
    TS_RETENTION_ITEM(risk_config, "TS_RISK_CATCH_UP_DAYS"),
    TS_NUM(risk_config, noisy_firings, "TS_RISK_NOISY_FIRINGS", 100, 1, 5000,
           "new detections of one rule in a minute over which it only counts"),
    TS_NUM(risk_config, directory_rows, "TS_RISK_DIRECTORY_ROWS", 10000, 1, 10000,
           "rows of one directory upload; with more of them it is refused"),
    TS_NUM(risk_config, users_max, "TS_RISK_USERS_MAX", 1000000, 1, 100000000,
           "users of an organization; directory rows that would make more are rejected, events "
           "make none"),
    TS_NUM(risk_config, anomaly_z_tenths, "TS_RISK_ANOMALY_Z_TENTHS", 35, 10, 1000,
           "tenths of a z-score from which a day is an anomaly"),
    TS_NUM(risk_config, anomaly_learning_days, "TS_RISK_ANOMALY_LEARNING_DAYS", 10, 3, 28,
           "days of activity within 28 before a user's day is judged"),
    TS_NUM(risk_config, anomaly_days, "TS_RISK_ANOMALY_DAYS", 30, 1, 365,
           "days that an anomaly is shown"),
    TS_NUM(risk_config, anomalies_max, "TS_RISK_ANOMALIES_MAX", 32, 0, 100,
           "anomalies shown of a user: the newest"),
    TS_NUM(risk_config, min_free_mib, "TS_RISK_MIN_FREE_MIB", 0, 0, 1048576,
           "MiB of free disk below which ingest answers 503; 0 = the larger of 2 GiB and 5 %"),
    TS_NUM(risk_config, cache_mib, "TS_RISK_CACHE_MIB", 16, 1, 65536, "MiB of block cache"),
    TS_NUM(risk_config, answers_kib, "TS_RISK_ANSWERS_KIB", 2048, 0, 1048576,
           "KiB of answers that are given again as long as nothing changes; 0 = none"),
    TS_NUM(risk_config, places_mib, "TS_RISK_PLACES_MIB", 16, 0, 65536,
           "MiB of users' scores and addresses that searches keep in memory; 0 = none"),
    TS_NUM(risk_config, drain_ms, "TS_RISK_DRAIN_MS", 8000, 0, 60000,
           "ms to finish calls when stopping"),
};
const size_t risk_config_count = TS_COUNT(risk_config_items);

void risk_config_check(const void *config, ts_buf *mistakes)
{
    const risk_config *c = config;
    TS_CLEANUP(sigma_ruleset_free_p) sigma_ruleset *rules = NULL;
    TS_CLEANUP(catalogue_free_p) catalogue *known = NULL;
    ts_error err = { "", "" };
    ts_status st = sigma_ruleset_load(c->rules_dir, &rules, &err);

    if (st == TS_OK)
        st = catalogue_load(c->rules_dir, &known, &err);
    if (st == TS_OK)
        return;
    (void)snprintf(err.param, sizeof(err.param), "TS_RISK_RULES_DIR");
    ts_config_mistake(mistakes, &err);
}
