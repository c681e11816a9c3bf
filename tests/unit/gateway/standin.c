#include "standin.h"

#include <unistd.h>

#include "api/api.h"
#include "standin_rows.h"

standin_seen standin_saw;

static ts_rpc_server *servers[5];
static http_server *server;
static http_service service;
static gateway_config config;
static api app;
static char folder[64];

static const struct {
    const char *name;
    const ts_rpc_row *rows;
} services[] = {
    { "auth", standin_auth_rows },           { "risk", standin_risk_rows },
    { "incidents", standin_incidents_rows }, { "ai-usage", standin_ai_usage_rows },
    { "webhooks", standin_webhooks_rows },
};

static const char *address_of(void *context, const char *peer)
{
    static char addresses[5][96];

    (void)context;
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        if (strcmp(services[i].name, peer) == 0) {
            (void)snprintf(addresses[i], sizeof(addresses[i]), "ipc://%s/%s", folder, peer);
            return addresses[i];
        }
    }
    return NULL;
}

/* A failure that is only to be counted does not wait long for auth, and on a busy machine the first connection may take longer. */
static void connect_auth(int port)
{
    answer a;

    ask(port, "GET", "/v1/overview", KEY_HELD, "", NULL, &a);
    CHECK(a.status == 403);
    answer_done(&a);
    atomic_store(&standin_saw.authorizes, 0);
}

int standin_start(unsigned mask, int64_t connections)
{
    char *environment[] = { NULL };
    ts_config_table table = { gateway_config_items, gateway_config_item_count, &config };
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(4096);
    ts_error err = { .text = "" };
    http_options options = { .listen = "127.0.0.1:0" };

    CHECK(ts_config_load(&table, 1, "TS_GATEWAY_", environment, &mistakes) == TS_OK);
    config.call_ms = 3000;
    (void)snprintf(config.lexicon_dir, sizeof(config.lexicon_dir), "%s",
                   TS_SOURCE_DIR "/services/gateway/agent/lexicon");
    (void)snprintf(config.origins, sizeof(config.origins), "https://ui.example");
    (void)snprintf(config.proxies, sizeof(config.proxies), "127.0.0.1");
    (void)snprintf(folder, sizeof(folder), "/tmp/ts-gateway-test-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        ts_rpc_options rpc = { .address = address_of(NULL, services[i].name),
                               .service_name = services[i].name,
                               .rows = services[i].rows,
                               .slow_workers = 2,
                               .bulk_workers = 1 };

        if ((mask & 1U << i) != 0)
            CHECK(ts_rpc_server_start(&rpc, &servers[i], &err) == TS_OK);
    }
    CHECK(api_init(&app, &config, address_of, NULL, &err) == TS_OK);
    service = (http_service){ .routes = api_routes,
                              .route_count = api_route_count,
                              .app = &app,
                              .authorize = api_authorize,
                              .failures_limit = (uint32_t)config.auth_failures,
                              .hsts_s = config.hsts_s };
    CHECK(gateway_config_lists(&config, &service, &err) == TS_OK);
    options.loops = 2;
    options.limits = (http_limits){ connections, 5000, 5000, 5000, 64 << 20, 5000, 1 };
    CHECK(http_server_start(&options, &service, &server, &err) == TS_OK);
    if ((mask & WITH_AUTH) != 0)
        connect_auth(http_server_port(server));
    return http_server_port(server);
}

const http_service *standin_service(void)
{
    return &service;
}

void standin_stop(void)
{
    (void)http_server_drain(server, 0, 5000);
    http_server_stop(server);
    api_done(&app);
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        ts_rpc_server_stop(servers[i]);
        servers[i] = NULL;
    }
    /* The sockets in it go with their listeners. */
    (void)rmdir(folder);
}
