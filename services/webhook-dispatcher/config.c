#include "config.h"

const ts_config_item dispatcher_config_items[] = {
    TS_BOOL(dispatcher_config, allow_http, "TS_WEBHOOKS_ALLOW_HTTP", false,
            "1: plain http is sent too; the ledger reads it too"),
    TS_TEXT(
        dispatcher_config, allow_cidrs, "TS_WEBHOOKS_ALLOW_CIDRS", "",
        "networks beside the public internet that may be connected to; the ledger reads it too"),
    TS_TEXT(dispatcher_config, ca_file, "TS_WEBHOOK_DISPATCHER_CA_FILE", "",
            "PEM file of the authorities that endpoints' certificates are checked against; empty = "
            "the system's"),
    TS_NUM(dispatcher_config, parallel, "TS_WEBHOOK_DISPATCHER_PARALLEL", 256, 1, 256,
           "deliveries under way at once"),
    TS_NUM(dispatcher_config, threads, "TS_WEBHOOK_DISPATCHER_THREADS", 2, 1, 16,
           "threads that send, each its part of the deliveries under way"),
    TS_NUM(dispatcher_config, timeout_ms, "TS_WEBHOOK_DISPATCHER_TIMEOUT_MS", 10000, 100, 12000,
           "ms for an attempt: name, connection, TLS, request and answer together"),
    TS_NUM(dispatcher_config, wait_ms, "TS_WEBHOOK_DISPATCHER_WAIT_MS", 10000, 100, 30000,
           "ms that a question for work waits at the ledger"),
    TS_NUM(dispatcher_config, dns_cache_s, "TS_WEBHOOK_DISPATCHER_DNS_CACHE_S", 60, 0, 3600,
           "seconds that a name's addresses are remembered"),
    TS_NUM(dispatcher_config, drain_ms, "TS_WEBHOOK_DISPATCHER_DRAIN_MS", 8000, 0, 60000,
           "ms to finish attempts when stopping; the rest is given back"),
};
const size_t dispatcher_config_count = TS_COUNT(dispatcher_config_items);

ts_status dispatcher_config_networks(const dispatcher_config *c, ts_ssrf_policy *ret, ts_error *err)
{
    ts_error why = { "", "" };

    if (ts_ssrf_policy_parse(ts_str_of(c->allow_cidrs), ret, &why) != TS_OK)
        return ts_fail(err, TS_INVALID, "", "TS_WEBHOOKS_ALLOW_CIDRS: %s", why.text);
    return TS_OK;
}

void dispatcher_config_check(const void *config, ts_buf *mistakes)
{
    ts_error err = { "", "" };
    ts_ssrf_policy networks;

    if (dispatcher_config_networks(config, &networks, &err) != TS_OK)
        ts_config_mistake(mistakes, &err);
}
