/* Settings of the gateway. */
#ifndef GATEWAY_CONFIG_H
#define GATEWAY_CONFIG_H

#include <sys/resource.h>

#include "http/serve.h"
#include "ts/config.h"

typedef struct gateway_config {
    char listen[TS_CONFIG_TEXT_MAX];
    char lexicon_dir[TS_CONFIG_TEXT_MAX];
    char origins[TS_CONFIG_TEXT_MAX];
    char proxies[TS_CONFIG_TEXT_MAX];
    char mcp_hosts[TS_CONFIG_TEXT_MAX];
    int64_t connections;
    int64_t loops;
    int64_t turn_us;
    int64_t turn_clients;
    int64_t keep_alive_ms;
    int64_t header_ms;
    int64_t request_ms;
    int64_t answer_ms;
    int64_t answer_bytes;
    int64_t call_ms;
    int64_t ingest_ms;
    int64_t body_mib;
    int64_t ingests;
    int64_t auth_failures;
    int64_t hsts_s;
    int64_t tool_bytes;
    int64_t tool_concise_bytes;
    int64_t drain_ms;
    int64_t linger_ms;
    char llm_url[TS_CONFIG_TEXT_MAX];
    char llm_model[TS_CONFIG_TEXT_MAX];
    char llm_key_file[TS_CONFIG_TEXT_MAX];
    char llm_ca_file[TS_CONFIG_TEXT_MAX];
    bool llm_allow_http;
    bool llm_interpret;
    bool llm_restate;
    int64_t llm_below;
    int64_t llm_ms;
    int64_t llm_bytes;
    int64_t llm_parallel;
    int64_t llm_failures;
    int64_t llm_pause_ms;
} gateway_config;

extern const ts_config_item gateway_config_items[];
extern const size_t gateway_config_item_count;

/* The lists in `proxies`, `origins` and `mcp_hosts`, into the service; the latter two point into the config. TS_INVALID with words. */
TS_CHECK ts_status gateway_config_lists(const gateway_config *c, http_service *service,
                                        ts_error *err);
/* What RLIMIT_NOFILE must be for the connections and all else; *ret may be what it is. TS_INVALID with words if the hard limit does
 * not allow it. */
TS_CHECK ts_status gateway_config_descriptors(const gateway_config *c, struct rlimit *ret,
                                              ts_error *err);

#endif
