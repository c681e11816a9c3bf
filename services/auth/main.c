/* ts-auth: wiring only. */
#include "auth.h"
#include "ts/process.h"

#define SCHEMA 1

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

static ts_status start_relay(ts_process *p, ts_store *store, ts_peer **ret_peer, ts_relay **ret,
                             ts_error *err)
{
    ts_relay_options o = { .store = store,
                           .stream = AUTH_TO_WEBHOOKS,
                           .method = &ts_webhooks_accept,
                           .service_name = "auth",
                           .peer_name = "webhooks" };
    ts_status st = ts_peer_new("webhooks", ts_process_bus(p, "webhooks"), ret_peer, err);

    if (st != TS_OK)
        return st;
    o.peer = *ret_peer;
    return ts_relay_start(&o, ret, err);
}

static ts_status init(auth *app, const auth_config *config, ts_error *err)
{
    pthread_mutex_init(&app->hot, NULL);
    pthread_mutex_init(&app->admin, NULL);
    app->config = config;
    app->cache = auth_cache_new((size_t)config->cache_keys);
    app->authorized = ts_counter("ts_auth_authorize_total", "result=\"admitted\"", "keys checked");
    app->unknown = ts_counter("ts_auth_authorize_total", "result=\"unknown\"", "keys checked");
    app->limited = ts_counter("ts_auth_authorize_total", "result=\"limited\"", "keys checked");
    return app->cache == NULL ? ts_fail(err, TS_NOMEM, "", "out of memory") : TS_OK;
}

static ts_status run(const void *settings, ts_process *p, ts_error *err)
{
    const auth_config *config = settings;
    TS_CLEANUP(ts_store_close_p) ts_store *store = NULL;
    TS_CLEANUP(ts_peer_free_p) ts_peer *webhooks = NULL;
    auth app = { 0 };
    ts_relay *relay = NULL;
    ts_rpc_server *server = NULL;
    ts_rpc_options rpc = { .address = ts_process_bus(p, "auth"),
                           .service_name = "auth",
                           .rows = auth_rows,
                           .service = &app };
    ts_status st = init(&app, config, err);

    if (st == TS_OK)
        st = open_store(config, p, &store, err);
    app.store = store;
    if (st == TS_OK)
        st = start_relay(p, store, &webhooks, &relay, err);
    if (st == TS_OK)
        st = ts_rpc_server_start(&rpc, &server, err);
    if (st == TS_OK) {
        ts_process_ready(p, true);
        ts_process_wait(p, NULL, NULL);
        ts_rpc_server_drain(server, config->drain_ms);
    }
    ts_rpc_server_stop(server);
    ts_relay_stop(relay);
    auth_cache_free(app.cache);
    pthread_mutex_destroy(&app.hot);
    pthread_mutex_destroy(&app.admin);
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
