/* ts-auth: wiring only. */
#include "auth.h"
#include "tend.h"
#include "ts/process.h"

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

/* Where the outbox's streams go. */
static const struct {
    const char *peer;
    const ts_method *method;
} destinations[AUTH_STREAMS] = {
    [AUTH_TO_WEBHOOKS] = { "webhooks", &ts_webhooks_accept },
    [AUTH_TO_RISK] = { "risk", &ts_risk_accept },
    [AUTH_TO_INCIDENTS] = { "incidents", &ts_incidents_accept },
    [AUTH_TO_AI_USAGE] = { "ai-usage", &ts_aiusage_accept },
};

typedef struct outside {
    ts_peer *peers[AUTH_STREAMS];
    ts_relay *relays[AUTH_STREAMS];
    auth_tender *tender;
    ts_rpc_server *server;
} outside;

static ts_status start_relay(ts_process *p, ts_store *store, unsigned stream, outside *o,
                             ts_error *err)
{
    const char *peer = destinations[stream].peer;
    ts_relay_options options = { .store = store,
                                 .stream = stream,
                                 .method = destinations[stream].method,
                                 .service_name = "auth",
                                 .peer_name = peer };
    ts_status st = ts_peer_new(peer, ts_process_bus(p, peer), &o->peers[stream], err);

    if (st != TS_OK)
        return st;
    options.peer = o->peers[stream];
    return ts_relay_start(&options, &o->relays[stream], err);
}

static ts_status start(ts_process *p, auth *app, outside *o, ts_error *err)
{
    ts_rpc_options rpc = { .address = ts_process_bus(p, "auth"),
                           .service_name = "auth",
                           .rows = auth_rows,
                           .service = app };
    ts_status st = auth_init(app, err);

    for (unsigned i = 0; i < AUTH_STREAMS && st == TS_OK; i++)
        st = start_relay(p, app->store, i, o, err);
    if (st == TS_OK)
        st = auth_tender_start(app, &o->tender, err);
    return st == TS_OK ? ts_rpc_server_start(&rpc, &o->server, err) : st;
}

static void stop(auth *app, outside *o)
{
    ts_rpc_server_stop(o->server);
    auth_tender_stop(o->tender);
    ts_relays_stop(o->relays, TS_COUNT(o->relays));
    for (unsigned i = 0; i < AUTH_STREAMS; i++)
        ts_peer_free(o->peers[i]);
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
    static auth_config config;
    ts_process_options o = { .name = "auth",
                             .summary = "organizations, API keys, permissions and rate limits",
                             .ops_port = 8082,
                             .items = auth_config_items,
                             .item_count = auth_config_count,
                             .config = &config };

    return ts_process_main(&o, argc, argv, run);
}
