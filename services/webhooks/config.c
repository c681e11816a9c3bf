#include "config.h"

#include "ts/retention.h"

const ts_config_item webhooks_config_items[] = {
    TS_TEXT(webhooks_config, db_dir, "TS_WEBHOOKS_DB_DIR", "data/webhooks",
            "directory of the store"),
    TS_BOOL(webhooks_config, allow_http, "TS_WEBHOOKS_ALLOW_HTTP", false,
            "1: endpoints may be plain http"),
    TS_TEXT(
        webhooks_config, allow_cidrs, "TS_WEBHOOKS_ALLOW_CIDRS", "",
        "networks beside the public internet that endpoints may be in, like 10.1.0.0/16,fd00::/8"),
    TS_TEXT(webhooks_config, retry_schedule, "TS_WEBHOOKS_RETRY_SCHEDULE", "30s,2m,10m,1h,6h",
            "waits between attempts; after the last one a delivery has failed"),
    TS_NUM(webhooks_config, endpoints_max, "TS_WEBHOOKS_ENDPOINTS_MAX", 100, 1, 10000,
           "endpoints of an organization and mode"),
    TS_NUM(webhooks_config, lease_ms, "TS_WEBHOOKS_LEASE_MS", 30000, 15000, 600000,
           "ms that a dispatcher has for a delivery until it is given to another; longer than an "
           "attempt"),
    TS_NUM(webhooks_config, endpoint_parallel, "TS_WEBHOOKS_ENDPOINT_PARALLEL", 8, 1, 256,
           "deliveries to one endpoint at once"),
    TS_NUM(webhooks_config, disable_after_s, "TS_WEBHOOKS_DISABLE_AFTER_S", 432000, 0, 90 * 86400,
           "seconds without one success after which a failing endpoint is disabled; 0: never"),
    TS_NUM(webhooks_config, disable_failures, "TS_WEBHOOKS_DISABLE_FAILURES", 10, 1, 100000,
           "failed attempts in that time below which it is not"),
    TS_NUM(webhooks_config, keep_delivered_days, "TS_WEBHOOKS_KEEP_DELIVERED_DAYS", 30, 1, 3650,
           "days that events are kept which arrived"),
    TS_NUM(webhooks_config, keep_failed_days, "TS_WEBHOOKS_KEEP_FAILED_DAYS", 90, 1, 3650,
           "days that events are kept which failed, and can be replayed"),
    TS_RETENTION_ITEM(webhooks_config, "TS_WEBHOOKS_CATCH_UP_DAYS"),
    TS_NUM(webhooks_config, cache_mib, "TS_WEBHOOKS_CACHE_MIB", 16, 1, 65536,
           "MiB of the store's block cache"),
    TS_NUM(webhooks_config, write_buffer_mib, "TS_WEBHOOKS_WRITE_BUFFER_MIB", 32, 4, 65536,
           "MiB of rows in memory before they are written to tables; used under load only"),
    TS_NUM(webhooks_config, drain_ms, "TS_WEBHOOKS_DRAIN_MS", 3000, 0, 60000,
           "ms to finish calls when stopping"),
};
const size_t webhooks_config_count = TS_COUNT(webhooks_config_items);

static ts_status parse_rules(const webhooks_config *c, url_rules *ret, ts_error *err)
{
    ts_error why = { "", "" };

    ret->allow_http = c->allow_http;
    if (ts_ssrf_policy_parse(ts_str_of(c->allow_cidrs), &ret->networks, &why) != TS_OK)
        return ts_fail(err, TS_INVALID, "", "TS_WEBHOOKS_ALLOW_CIDRS: %s", why.text);
    return TS_OK;
}

static ts_status parse_schedule(const webhooks_config *c, schedule *ret, ts_error *err)
{
    ts_error why = { "", "" };

    if (schedule_parse(ts_str_of(c->retry_schedule), ret, &why) != TS_OK)
        return ts_fail(err, TS_INVALID, "", "TS_WEBHOOKS_RETRY_SCHEDULE: %s", why.text);
    return TS_OK;
}

ts_status webhooks_config_parse(const webhooks_config *c, url_rules *ret_rules,
                                schedule *ret_schedule, ts_error *err)
{
    ts_status st = parse_rules(c, ret_rules, err);

    return st == TS_OK ? parse_schedule(c, ret_schedule, err) : st;
}

void webhooks_config_check(const void *config, ts_buf *mistakes)
{
    ts_error err = { "", "" };
    url_rules rules;
    schedule retry;

    if (parse_rules(config, &rules, &err) != TS_OK)
        ts_config_mistake(mistakes, &err);
    if (parse_schedule(config, &retry, &err) != TS_OK)
        ts_config_mistake(mistakes, &err);
}
