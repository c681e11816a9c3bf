/* ts-incidents: makes incidents of detections and keeps their story. Wiring only. */
#include "config.h"
#include "expire.h"
#include "incidents.h"
#include "ts/periodic.h"
#include "ts/process.h"
#include "ts/tenancy.h"
#include "ts/time.h"

#define SCHEMA 2 /* 1 knew no ranks, and would leave them wrong */
#define KIB    (UINT64_C(1) << 10)
#define MIB    (UINT64_C(1) << 20)

typedef struct peers {
    ts_peer *risk;
    ts_peer *webhooks;
    ts_peer *auth;
    ts_relay *relays[3];
} peers;

static ts_status start_relay(ts_process *p, ts_store *store, const char *name, unsigned stream,
                             const ts_method *method, ts_peer **ret_peer, ts_relay **ret,
                             ts_error *err)
{
    ts_relay_options o = { .store = store,
                           .stream = stream,
                           .method = method,
                           .service_name = "incidents",
                           .peer_name = name };
    ts_status st = ts_peer_new(name, ts_process_bus(p, name), ret_peer, err);

    if (st != TS_OK)
        return st;
    o.peer = *ret_peer;
    return ts_relay_start(&o, ret, err);
}

static ts_status start_relays(ts_process *p, ts_store *store, peers *to, ts_error *err)
{
    ts_status st = start_relay(p, store, "risk", INCIDENTS_TO_RISK, &ts_risk_accept, &to->risk,
                               &to->relays[0], err);

    if (st == TS_OK)
        st = start_relay(p, store, "webhooks", INCIDENTS_TO_WEBHOOKS, &ts_webhooks_accept,
                         &to->webhooks, &to->relays[1], err);
    if (st == TS_OK)
        st = start_relay(p, store, "auth", INCIDENTS_TO_AUTH, &ts_auth_accept, &to->auth,
                         &to->relays[2], err);
    return st;
}

static void stop_relays(peers *to)
{
    ts_relays_stop(to->relays, TS_COUNT(to->relays));
    ts_peer_free(to->risk);
    ts_peer_free(to->webhooks);
    ts_peer_free(to->auth);
}

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
    peers to = { 0 };
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
    st = ts_inbox_new(store, INCIDENTS_INBOX, "incidents", incidents_apply_row, &app, &app.inbox);
    if (st == TS_OK) {
        ts_inbox_guard(app.inbox, incidents_lock_tenant, incidents_unlock_tenant);
        ts_inbox_erases(app.inbox, "incidents", INCIDENTS_TO_AUTH, incidents_forget);
        st = start_relays(p, store, &to, err);
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
    stop_relays(&to);
    ts_inbox_free(app.inbox);
    return st;
}

int main(int argc, char **argv)
{
    static incidents_config config;
    ts_process_options o = { .name = "incidents",
                             .summary = "chains of detections, their life and their story",
                             .ops_port = 8084,
                             .items = incidents_config_items,
                             .item_count = incidents_config_count,
                             .config = &config };

    return ts_process_main(&o, argc, argv, run);
}
