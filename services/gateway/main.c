/* ts-gateway: wiring only. */
#include "api/api.h"
#include "check.h"
#include "http/server.h"
#include "ts/log.h"
#include "ts/process.h"

#define OPS_PORT 8081

static ts_status raise_descriptor_limit(const gateway_config *config, ts_error *err)
{
    struct rlimit limit;
    ts_status st = gateway_config_descriptors(config, &limit, err);

    if (st == TS_OK && setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return ts_fail(err, TS_UNAVAILABLE, "TS_GATEWAY_CONNECTIONS",
                       "the limit of file descriptors cannot be raised to %llu",
                       (unsigned long long)limit.rlim_cur);
    return st;
}

static const char *bus_address(void *context, const char *peer)
{
    return ts_process_bus(context, peer);
}

static int serve(ts_process *process, const gateway_config *config)
{
    ts_error err = { .text = "" };
    http_server *server = NULL;
    http_service service = { .routes = api_routes,
                             .route_count = api_route_count,
                             .authorize = api_authorize,
                             .failures_limit = (uint32_t)config->auth_failures,
                             .hsts_s = config->hsts_s };
    http_options options = {
        .listen = config->listen,
        .loops = config->loops,
        .turn_us = config->turn_us,
        .turn_clients = config->turn_clients,
        .limits = { .connections = config->connections,
                    .keep_alive_ms = config->keep_alive_ms,
                    .header_ms = config->header_ms,
                    .request_ms = config->request_ms,
                    .body_bytes = config->body_mib << 20,
                    .answer_ms = config->answer_ms,
                    .answer_bytes = config->answer_bytes },
    };
    api app;
    ts_status st;

    service.app = &app;
    st = api_init(&app, config, bus_address, process, &err);
    if (st == TS_OK)
        st = raise_descriptor_limit(config, &err);
    if (st == TS_OK)
        st = gateway_config_lists(config, &service, &err);
    if (st == TS_OK)
        st = http_server_start(&options, &service, &server, &err);
    if (st != TS_OK) {
        ts_log_error(TS_MSG("cannot start"), TS_F_STATUS(st), TS_F_Z("reason", err.text),
                     TS_F_Z("setting", err.param));
        api_done(&app);
        return 1;
    }
    ts_info(TS_MSG("listening"), TS_F_Z("address", config->listen));
    ts_process_ready(process, true);
    ts_process_wait(process, NULL, NULL);
    if (!http_server_drain(server, config->linger_ms, config->drain_ms))
        api_cancel(&app); /* a service that hangs keeps nobody */
    http_server_stop(server);
    api_done(&app);
    return 0;
}

int main(int argc, char **argv)
{
    static gateway_config config;
    ts_process_options options = {
        .name = "gateway",
        .summary = "HTTP of the suite: REST API, key checks, composed answers",
        .ops_port = OPS_PORT,
        .items = gateway_config_items,
        .item_count = gateway_config_item_count,
        .config = &config,
        .drain_ms = &config.drain_ms,
        .peers = api_peers,
        .check = gateway_check,
    };
    ts_process *process = NULL;
    int code = 0;

    if (ts_process_begin(&options, argc, argv, &process, &code) != TS_OK)
        return code;
    if (serve(process, &config) != 0) {
        (void)ts_process_end(process);
        return 1;
    }
    return ts_process_end(process);
}
