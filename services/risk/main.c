/* ts-risk: takes in events, detects, scores, and hands on. Wiring only. */
#include "baselines.h"
#include "config.h"
#include "ingest.h"
#include "keys.h"
#include "risk.h"
#include "ts/metrics.h"
#include "ts/relay_set.h"
#include "ts/tenancy.h"
#include "ts/time.h"
#include "work.h"

#define SCHEMA      1
#define KIB         (UINT64_C(1) << 10)
#define MIB         (UINT64_C(1) << 20)
#define ARENA_BYTES (512 * MIB) /* a body inflated to its limit, its records and their rows */

static const ts_destination destinations[] = {
    { "incidents", RISK_TO_INCIDENTS, &ts_incidents_accept },
    { "ai-usage", RISK_TO_AI_USAGE, &ts_aiusage_accept },
    { "webhooks", RISK_TO_WEBHOOKS, &ts_webhooks_accept },
    { "auth", RISK_TO_AUTH, &ts_auth_accept },
    { 0 },
};

static bool has_room(void *context, ts_error *why)
{
    if (ts_store_has_room(context))
        return true;
    ts_error_set(why, "", "the disk is nearly full: nothing is taken in");
    return false;
}

static ts_status open_store(const risk_config *config, ts_process *p, ts_store **ret, ts_error *err)
{
    ts_store_options o = { .directory = config->db_dir,
                           .families = risk_families,
                           .schema = SCHEMA,
                           .cache_bytes = (uint64_t)config->cache_mib * MIB,
                           .min_free_bytes = (uint64_t)config->min_free_mib * MIB };
    ts_status st = ts_store_open(&o, ret, err);

    if (st == TS_OK)
        ts_store_on_failure(*ret, ts_process_store_failed, p);
    return st;
}

static ts_status run(const void *settings, ts_process *p, ts_error *err)
{
    const risk_config *config = settings;
    TS_CLEANUP(ts_store_close_p) ts_store *store = NULL;
    TS_CLEANUP(places_free_p) places *kept = NULL;
    TS_CLEANUP(risk_ingest_free_p) risk_ingest *ingest = NULL;
    risk app = { 0 };
    ts_relay_set *relays = NULL;
    ts_rpc_server *server = NULL;
    baseline_limits limits = baselines_limits(config);
    risk_sweep_options sweep;
    ts_rpc_options rpc = { .address = ts_process_bus(p, "risk"),
                           .service_name = "risk",
                           .rows = risk_rows,
                           .service = &app,
                           .serves = ts_tenancy_serves,
                           .version = ts_tenancy_version,
                           .answers_bytes = (size_t)config->answers_kib * KIB,
                           .arena_bytes = ARENA_BYTES };
    ts_status st;

    st = risk_ingest_new(config, &ingest, err);
    if (st == TS_OK)
        st = open_store(config, p, &store, err);
    if (st == TS_OK && config->places_mib > 0)
        st = places_new(store, (size_t)config->places_mib * MIB, &kept);
    if (st != TS_OK)
        return st;
    app.store = store;
    app.places = kept;
    app.ingest = ingest;
    app.config = config;
    st = ts_inbox_new(store, RISK_INBOX, "risk", risk_apply_row, &app, &app.inbox);
    if (st == TS_OK) {
        ts_inbox_guard(app.inbox, risk_lock_tenant, risk_unlock_tenant);
        ts_inbox_erases(app.inbox, "risk", RISK_TO_AUTH, NULL);
        sweep = (risk_sweep_options){ .store = store,
                                      .catalogue = risk_ingest_catalogue(ingest),
                                      .retention_ms = config->retention_days * TS_DAY_MS,
                                      .baseline_days = baseline_reach(&limits),
                                      .catch_up_days = config->catch_up_days };
        st = risk_sweep_start(&sweep, &app.sweep, err);
    }
    if (st == TS_OK)
        st = ts_relay_set_start(p, "risk", store, destinations, &relays, err);
    rpc.serves_context = store;
    rpc.version_context = store;
    if (st == TS_OK)
        st = ts_rpc_server_start(&rpc, &server, err);
    if (st == TS_OK) {
        ts_process_remark(p, has_room, store);
        ts_process_ready(p, true);
        ts_process_wait(p, NULL, NULL);
        ts_rpc_server_drain(server, config->drain_ms);
    }
    ts_rpc_server_stop(server);
    ts_relay_set_stop(relays);
    risk_sweep_stop(app.sweep);
    ts_inbox_free(app.inbox);
    ts_process_unremark(p);
    return st;
}

int main(int argc, char **argv)
{
    static const char *const peers[] = {
        "risk", "incidents", "ai-usage", "webhooks", "auth", NULL
    };
    static risk_config config;
    ts_process_options o = { .name = "risk",
                             .summary = "events, detections and risk scores",
                             .ops_port = 8083,
                             .items = risk_config_items,
                             .item_count = risk_config_count,
                             .config = &config,
                             .drain_ms = &config.drain_ms,
                             .peers = peers,
                             .check = risk_config_check };

    return ts_process_main(&o, argc, argv, run);
}
