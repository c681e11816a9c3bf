#include "config.h"

#include "proto/methods.h"
#include "ts/retention.h"
#include "ts/time.h"

const ts_config_item incidents_config_items[] = {
    TS_TEXT(incidents_config, db_dir, "TS_INCIDENTS_DB_DIR", "data/incidents",
            "directory of the store"),
    TS_TEXT(incidents_config, open_severity, "TS_INCIDENTS_OPEN_SEVERITY", "medium",
            "lowest severity that opens an incident: informational, low, medium, high or critical"),
    TS_NUM(incidents_config, gap_hours, "TS_INCIDENTS_GAP_HOURS", 24, 1, 168,
           "hours between detections of one incident, at most"),
    TS_NUM(incidents_config, span_days, "TS_INCIDENTS_SPAN_DAYS", 7, 1, 30,
           "days from the first to the last detection of one incident, at most"),
    /* More than the 7 days behind which events are historical: nothing that could still join is deleted. */
    TS_NUM(incidents_config, closed_days, "TS_INCIDENTS_CLOSED_DAYS", 400, 8, 3650,
           "days a closed incident is kept after its closing"),
    TS_RETENTION_ITEM(incidents_config, "TS_INCIDENTS_CATCH_UP_DAYS"),
    TS_NUM(incidents_config, cache_mib, "TS_INCIDENTS_CACHE_MIB", 8, 1, 65536,
           "MiB of block cache"),
    TS_NUM(incidents_config, answers_kib, "TS_INCIDENTS_ANSWERS_KIB", 1024, 0, 1048576,
           "KiB of answers that are given again as long as nothing changes; 0 = none"),
    TS_NUM(incidents_config, drain_ms, "TS_INCIDENTS_DRAIN_MS", 5000, 0, 60000,
           "ms to finish calls when stopping"),
};
const size_t incidents_config_count = TS_COUNT(incidents_config_items);

ts_status incidents_config_limits(const incidents_config *config, chain_limits *ret, ts_error *err)
{
    for (uint32_t i = 0; i < CHAIN_SEVERITIES; i++) {
        if (strcmp(config->open_severity, ts_severity_name(i)) != 0)
            continue;
        ret->open_severity = i;
        ret->gap_ms = config->gap_hours * TS_HOUR_MS;
        ret->span_ms = config->span_days * TS_DAY_MS;
        return TS_OK;
    }
    return ts_fail(err, TS_INVALID, "TS_INCIDENTS_OPEN_SEVERITY",
                   "TS_INCIDENTS_OPEN_SEVERITY must be informational, low, medium, high or "
                   "critical");
}

void incidents_config_check(const void *config, ts_buf *mistakes)
{
    ts_error err = { "", "" };
    chain_limits limits;

    if (incidents_config_limits(config, &limits, &err) != TS_OK)
        ts_config_mistake(mistakes, &err);
}
