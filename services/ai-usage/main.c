/* ts-ai-usage: counts who used which AI tool on which day. Wiring only. */
#include "ai_usage.h"
#include "config.h"
#include "expire.h"
#include "ts/periodic.h"
#include "ts/relay_set.h"
#include "ts/tenancy.h"

#define SCHEMA 1
#define MIB    (UINT64_C(1) << 20)

static const ts_destination destinations[] = {
    { "webhooks", AI_USAGE_TO_WEBHOOKS, &ts_webhooks_accept },
    { "auth", AI_USAGE_TO_AUTH, &ts_auth_accept },
    { 0 },
};

static ts_status open_store(const ai_usage_config *config, ts_process *p, ts_store **ret,
                            ts_error *err)
{
    ts_store_options o = { .directory = config->db_dir,
                           .families = ai_usage_families,
                           .schema = SCHEMA,
                           .cache_bytes = (uint64_t)config->cache_mib * MIB };
    ts_status st = ts_store_open(&o, ret, err);

    if (st == TS_OK)
        ts_store_on_failure(*ret, ts_process_store_failed, p);
    return st;
}

static ts_status run(const void *settings, ts_process *p, ts_error *err)
{
    const ai_usage_config *config = settings;
    TS_CLEANUP(ts_store_close_p) ts_store *store = NULL;
    ai_usage app = { 0 };
    ts_relay_set *relays = NULL;
    ts_periodic *expiry = NULL;
    ts_rpc_server *server = NULL;
    ts_rpc_options rpc = { .address = ts_process_bus(p, "ai-usage"),
                           .service_name = "ai-usage",
                           .rows = ai_usage_rows,
                           .service = &app,
                           .serves = ts_tenancy_serves };
    ts_status st = open_store(config, p, &store, err);

    if (st != TS_OK)
        return st;
    app.store = store;
    app.keep_days = config->keep_days;
    app.catch_up_days = config->catch_up_days;
    rpc.serves_context = store;
    ai_usage_register_metrics(&app);
    st = ts_inbox_new(store, AI_USAGE_INBOX, "ai-usage", ai_usage_apply_row, &app, &app.inbox);
    if (st == TS_OK) {
        ts_inbox_guard(app.inbox, ai_usage_lock, ai_usage_unlock);
        ts_inbox_erases(app.inbox, "ai-usage", AI_USAGE_TO_AUTH, NULL);
        st = ts_relay_set_start(p, "ai-usage", store, destinations, &relays, err);
    }
    if (st == TS_OK)
        st = ts_periodic_start(EXPIRE_PERIOD_MS, expire_job, &app, &expiry, err);
    if (st == TS_OK)
        st = ts_rpc_server_start(&rpc, &server, err);
    if (st == TS_OK) {
        ts_process_ready(p, true);
        ts_process_wait(p, NULL, NULL);
        ts_rpc_server_drain(server, config->drain_ms);
    }
    ts_rpc_server_stop(server);
    ts_periodic_stop(expiry);
    ts_relay_set_stop(relays);
    ts_inbox_free(app.inbox);
    return st;
}

int main(int argc, char **argv)
{
    static const char *const peers[] = { "ai-usage", "webhooks", "auth", NULL };
    static ai_usage_config config;
    ts_process_options o = { .name = "ai-usage",
                             .summary = "who used which AI tool on which day",
                             .ops_port = 8085,
                             .items = ai_usage_config_items,
                             .item_count = ai_usage_config_count,
                             .config = &config,
                             .drain_ms = &config.drain_ms,
                             .peers = peers };

    return ts_process_main(&o, argc, argv, run);
}
