/* ts-webhooks: the ledger of who is owed which event. Wiring only. */
#include "ts/relay_set.h"
#include "ts/tenancy.h"
#include "webhooks.h"

#define SCHEMA 4

static ts_status open_store(const webhooks_config *config, ts_process *p, ts_store **ret,
                            ts_error *err)
{
    ts_store_options o = { .directory = config->db_dir,
                           .families = webhooks_families,
                           .schema = SCHEMA,
                           .write_buffer_bytes = (uint64_t)config->write_buffer_mib << 20,
                           .cache_bytes = (uint64_t)config->cache_mib << 20 };
    ts_status st = ts_store_open(&o, ret, err);

    if (st == TS_OK)
        ts_store_on_failure(*ret, ts_process_store_failed, p);
    return st;
}

static const ts_destination destinations[] = {
    { "auth", WEBHOOKS_TO_AUTH, &ts_auth_accept }, /* entries of its log, and what it waits for */
    { 0 },
};

static ts_status serve(webhooks *app, ts_process *p, ts_error *err)
{
    ts_relay_set *relays = NULL;
    ts_rpc_server *server = NULL;
    tend_options keep = { .keep_delivered_ms = app->config->keep_delivered_days * TS_DAY_MS,
                          .keep_failed_ms = app->config->keep_failed_days * TS_DAY_MS,
                          .catch_up_days = app->config->catch_up_days };
    ts_rpc_options rpc = { .address = ts_process_bus(p, "webhooks"),
                           .service_name = "webhooks",
                           .rows = webhooks_rows,
                           .service = app,
                           .serves = ts_tenancy_serves,
                           .serves_context = app->store };
    ts_status st =
        ts_inbox_new(app->store, WEBHOOKS_INBOX, "webhooks", webhooks_apply_row, app, &app->inbox);

    if (st == TS_OK) {
        ts_inbox_groups(app->inbox, webhooks_close_rows);
        ts_inbox_guard(app->inbox, webhooks_lock, webhooks_unlock);
        ts_inbox_erases(app->inbox, "webhooks", WEBHOOKS_TO_AUTH, webhooks_forget);
        st = dispatch_start(&app->ledger, &app->dispatch, err);
    }
    if (st == TS_OK)
        st = tend_start(&app->ledger, &keep, &app->tend, err);
    if (st == TS_OK)
        st = ts_relay_set_start(p, "webhooks", app->store, destinations, &relays, err);
    if (st == TS_OK)
        st = ts_rpc_server_start(&rpc, &server, err);
    if (st == TS_OK) {
        ts_process_ready(p, true);
        ts_process_wait(p, NULL, NULL);
        dispatch_close(app->dispatch);
        ts_rpc_server_drain(server, app->config->drain_ms);
    }
    dispatch_close(app->dispatch); /* every parked call is answered before the server goes */
    ts_rpc_server_stop(server);
    ts_relay_set_stop(relays);
    tend_stop(app->tend);
    dispatch_stop(app->dispatch);
    ts_inbox_free(app->inbox);
    return st;
}

static ts_status run(const void *settings, ts_process *p, ts_error *err)
{
    const webhooks_config *config = settings;
    TS_CLEANUP(ts_store_close_p) ts_store *store = NULL;
    webhooks app = { .config = config };
    ledger_options o;
    ts_status st = webhooks_config_parse(config, &app.rules, &app.retry, err);

    if (st == TS_OK)
        st = open_store(config, p, &store, err);
    if (st != TS_OK)
        return st;
    app.store = store;
    o = (ledger_options){ .retry = &app.retry,
                          .lease_ms = config->lease_ms,
                          .parallel = (uint32_t)config->endpoint_parallel,
                          .disable_after_ms = config->disable_after_s * TS_SECOND_MS,
                          .disable_failures = (uint32_t)config->disable_failures };
    st = ledger_open(&app.ledger, store, &o, err);
    if (st == TS_OK)
        st = serve(&app, p, err);
    ledger_close(&app.ledger);
    return st;
}

int main(int argc, char **argv)
{
    static const char *const peers[] = { "webhooks", "auth", NULL };
    static webhooks_config config;
    ts_process_options o = { .name = "webhooks",
                             .summary =
                                 "endpoints, events, deliveries and the queue of what is due",
                             .ops_port = 8086,
                             .items = webhooks_config_items,
                             .item_count = webhooks_config_count,
                             .config = &config,
                             .drain_ms = &config.drain_ms,
                             .peers = peers,
                             .check = webhooks_config_check };

    return ts_process_main(&o, argc, argv, run);
}
