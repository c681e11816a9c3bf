/* ts-auth: wiring only. */
#include "auth.h"
#include "tend.h"
#include "ts/relay_set.h"

#define SCHEMA 2 /* 1 knew no audit_ranks, and would leave them wrong */

static ts_status open_store(const auth_config *config, ts_process *p, ts_store **ret, ts_error *err)
{
    ts_store_options o = { .directory = config->db_dir,
                           .families = auth_families,
                           .schema = SCHEMA };
    ts_status st = ts_store_open(&o, ret, err);

    if (st == TS_OK)
        ts_store_on_failure(*ret, ts_process_store_failed, p);
    return st;
}

static const ts_destination destinations[] = {
    { "webhooks", AUTH_TO_WEBHOOKS, &ts_webhooks_accept },
    { "risk", AUTH_TO_RISK, &ts_risk_accept },
    { "incidents", AUTH_TO_INCIDENTS, &ts_incidents_accept },
    { "ai-usage", AUTH_TO_AI_USAGE, &ts_aiusage_accept },
    { 0 },
};

typedef struct outside {
    ts_relay_set *relays;
    auth_tender *tender;
    ts_rpc_server *server;
} outside;

static ts_status start(ts_process *p, auth *app, outside *o, ts_error *err)
{
    ts_rpc_options rpc = { .address = ts_process_bus(p, "auth"),
                           .service_name = "auth",
                           .rows = auth_rows,
                           .service = app };
    ts_status st = auth_init(app, err);

    if (st == TS_OK)
        st = ts_relay_set_start(p, "auth", app->store, destinations, &o->relays, err);
    if (st == TS_OK)
        st = auth_tender_start(app, &o->tender, err);
    return st == TS_OK ? ts_rpc_server_start(&rpc, &o->server, err) : st;
}

static void stop(auth *app, outside *o)
{
    ts_rpc_server_stop(o->server);
    auth_tender_stop(o->tender);
    ts_relay_set_stop(o->relays);
    auth_done(app);
}

static ts_status run(const void *settings, ts_process *p, ts_error *err)
{
    const auth_config *config = settings;
    TS_CLEANUP(ts_store_close_p) ts_store *store = NULL;
    auth app = { .config = config };
    outside o = { .server = NULL };
    ts_status st = open_store(config, p, &store, err);

    if (st != TS_OK)
        return st;
    app.store = store;
    st = start(p, &app, &o, err);
    if (st == TS_OK) {
        ts_process_ready(p, true);
        ts_process_wait(p, NULL, NULL);
        ts_rpc_server_drain(o.server, config->drain_ms);
    }
    stop(&app, &o);
    return st;
}

int main(int argc, char **argv)
{
    static const char *const peers[] = {
        "auth", "webhooks", "risk", "incidents", "ai-usage", NULL
    };
    static auth_config config;
    ts_process_options o = { .name = "auth",
                             .summary = "organizations, API keys, permissions and rate limits",
                             .ops_port = 8082,
                             .items = auth_config_items,
                             .item_count = auth_config_count,
                             .config = &config,
                             .drain_ms = &config.drain_ms,
                             .peers = peers };

    return ts_process_main(&o, argc, argv, run);
}
