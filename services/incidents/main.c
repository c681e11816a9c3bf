/* ts-incidents: makes incidents of detections and keeps their story. Wiring only. */
#include "config.h"
#include "expire.h"
#include "incidents.h"
#include "ts/periodic.h"
#include "ts/relay_set.h"
#include "ts/tenancy.h"
#include "ts/time.h"

#define SCHEMA 2 /* 1 knew no ranks, and would leave them wrong */
#define KIB    (UINT64_C(1) << 10)
#define MIB    (UINT64_C(1) << 20)

static const ts_destination destinations[] = {
    { "risk", INCIDENTS_TO_RISK, &ts_risk_accept },
    { "webhooks", INCIDENTS_TO_WEBHOOKS, &ts_webhooks_accept },
    { "auth", INCIDENTS_TO_AUTH, &ts_auth_accept },
    { 0 },
};

static ts_status open_store(const incidents_config *config, ts_process *p, ts_store **ret,
                            ts_error *err)
{
    ts_store_options o = { .directory = config->db_dir,
                           .families = incidents_families,
                           .schema = SCHEMA,
                           .cache_bytes = (uint64_t)config->cache_mib * MIB };
    ts_status st = ts_store_open(&o, ret, err);

    if (st == TS_OK)
        ts_store_on_failure(*ret, ts_process_store_failed, p);
    return st;
}

static ts_status run(const void *settings, ts_process *p, ts_error *err)
{
    const incidents_config *config = settings;
    TS_CLEANUP(ts_store_close_p) ts_store *store = NULL;
    chain_limits limits = { 0 };
    incidents app = { 0 };
    ts_relay_set *relays = NULL;
    ts_periodic *expiry = NULL;
    ts_rpc_server *server = NULL;
    ts_rpc_options rpc = { .address = ts_process_bus(p, "incidents"),
                           .service_name = "incidents",
                           .rows = incidents_rows,
                           .service = &app,
                           .serves = ts_tenancy_serves,
                           .version = ts_tenancy_version,
                           .answers_bytes = (size_t)config->answers_kib * KIB };
    ts_status st = incidents_config_limits(config, &limits, err);

    if (st == TS_OK)
        st = open_store(config, p, &store, err);
    if (st == TS_OK)
        st = incidents_init(&app, store, &limits, config->closed_days * TS_DAY_MS);
    if (st != TS_OK)
        return st;
    app.catch_up_days = config->catch_up_days;
    st = ts_inbox_new(store, INCIDENTS_INBOX, "incidents", incidents_apply_row, &app, &app.inbox);
    if (st == TS_OK) {
        ts_inbox_guard(app.inbox, incidents_lock_tenant, incidents_unlock_tenant);
        ts_inbox_erases(app.inbox, "incidents", INCIDENTS_TO_AUTH, incidents_forget);
        st = ts_relay_set_start(p, "incidents", store, destinations, &relays, err);
    }
    rpc.serves_context = store;
    rpc.version_context = store;
    if (st == TS_OK)
        st = ts_periodic_start(TS_HOUR_MS, expire_job, &app, &expiry, err);
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
    static const char *const peers[] = { "incidents", "risk", "webhooks", "auth", NULL };
    static incidents_config config;
    ts_process_options o = { .name = "incidents",
                             .summary = "chains of detections, their life and their story",
                             .ops_port = 8084,
                             .items = incidents_config_items,
                             .item_count = incidents_config_count,
                             .config = &config,
                             .drain_ms = &config.drain_ms,
                             .peers = peers,
                             .check = incidents_config_check };

    return ts_process_main(&o, argc, argv, run);
}
