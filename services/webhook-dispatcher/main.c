/* ts-webhook-dispatcher: sends what the ledger leases to it. Wiring only. */
#include <curl/curl.h>

#include "ask.h"
#include "ts/process.h"

static ts_status serve(const dispatcher_config *config, const ts_ssrf_policy *policy, ts_process *p,
                       ts_error *err)
{
    sender *s = NULL;
    asker *a = NULL;
    work w;
    ts_status st;

    work_init(&w, (uint32_t)config->parallel);
    st = sender_start(config, policy, &w, &s, err);
    if (st == TS_OK)
        st = asker_start(config, ts_process_bus(p, "webhooks"), &w, s, &a, err);
    if (st == TS_OK) {
        ts_process_ready(p, true);
        ts_process_wait(p, NULL, NULL);
    }
    asker_stop_asking(a);
    sender_stop(s, config->drain_ms);
    asker_stop(a);
    work_done(&w);
    return st;
}

static ts_status run(const void *settings, ts_process *p, ts_error *err)
{
    const dispatcher_config *config = settings;
    ts_ssrf_policy policy;
    ts_status st = dispatcher_config_networks(config, &policy, err);

    if (st != TS_OK)
        return st;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ts_fail(err, TS_INTERNAL, "", "libcurl cannot be used");
    st = serve(config, &policy, p, err);
    curl_global_cleanup();
    return st;
}

int main(int argc, char **argv)
{
    static const char *const peers[] = { "webhooks", NULL };
    static dispatcher_config config;
    ts_process_options o = { .name = "webhook-dispatcher",
                             .summary =
                                 "sends webhooks that the ledger leases to it; keeps nothing",
                             .ops_port = 8087,
                             .items = dispatcher_config_items,
                             .item_count = dispatcher_config_count,
                             .config = &config,
                             .drain_ms = &config.drain_ms,
                             .farewell_ms = ASKER_LEAVE_MS + ASKER_REPORT_MS,
                             .peers = peers,
                             .check = dispatcher_config_check };

    return ts_process_main(&o, argc, argv, run);
}
