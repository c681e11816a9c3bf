#ifndef DISPATCHER_CONFIG_H
#define DISPATCHER_CONFIG_H

#include "ts/config.h"
#include "ts/ssrf.h"

typedef struct dispatcher_config {
    bool allow_http;
    char allow_cidrs[TS_CONFIG_TEXT_MAX];
    char ca_file[TS_CONFIG_TEXT_MAX];
    int64_t parallel;
    int64_t threads;
    int64_t timeout_ms;
    int64_t wait_ms;
    int64_t dns_cache_s;
    int64_t drain_ms;
} dispatcher_config;

extern const ts_config_item dispatcher_config_items[];
extern const size_t dispatcher_config_count;

/* The networks that may be connected to. TS_INVALID names the variable. */
TS_CHECK ts_status dispatcher_config_networks(const dispatcher_config *c, ts_ssrf_policy *ret,
                                              ts_error *err);
/* What a start would refuse. */
void dispatcher_config_check(const void *config, ts_buf *mistakes);

#endif
