#include "config.h"

const ts_config_item gateway_config_items[] = {
    TS_TEXT(gateway_config, listen, "TS_GATEWAY_LISTEN", "127.0.0.1:8080",
            "IPv4 address and port for clients; TLS ends in a proxy before it"),
    TS_NUM(gateway_config, connections, "TS_GATEWAY_CONNECTIONS", 1024, 1, 16384,
           "connections at once; beyond it 503"),
    TS_NUM(gateway_config, loops, "TS_GATEWAY_LOOPS", 2, 1, 64,
           "threads that serve connections, each its share"),
    TS_NUM(gateway_config, turn_us, "TS_GATEWAY_TURN_US", 100, 0, 10000,
           "us at least from one turn of such a thread to the next while many clients ask at once; "
           "0: none"),
    TS_NUM(gateway_config, turn_clients, "TS_GATEWAY_TURN_CLIENTS", 16, 1, 16384,
           "clients of one thread that are many"),
    TS_NUM(gateway_config, keep_alive_ms, "TS_GATEWAY_KEEP_ALIVE_MS", 15000, 100, 600000,
           "ms until an idle connection is closed"),
    TS_NUM(gateway_config, header_ms, "TS_GATEWAY_HEADER_MS", 10000, 100, 600000,
           "ms for a request's header to come in, and the longest pause in a body"),
    TS_NUM(gateway_config, request_ms, "TS_GATEWAY_REQUEST_MS", 30000, 1000, 600000,
           "ms for a body to come in"),
    TS_NUM(gateway_config, answer_ms, "TS_GATEWAY_ANSWER_MS", 30000, 1000, 600000,
           "ms of waiting in each of which a client takes TS_GATEWAY_ANSWER_BYTES of its answer"),
    TS_NUM(gateway_config, answer_bytes, "TS_GATEWAY_ANSWER_BYTES", 16384, 1, 1048576,
           "bytes that a client takes in that time; one that takes fewer is cut off"),
    TS_NUM(gateway_config, call_ms, "TS_GATEWAY_CALL_MS", 5000, 50, 60000,
           "ms for a service to answer"),
    TS_NUM(gateway_config, ingest_ms, "TS_GATEWAY_INGEST_MS", 30000, 100, 300000,
           "ms for an ingest to be stored"),
    TS_NUM(gateway_config, body_mib, "TS_GATEWAY_BODY_MIB", 256, 8, 65536,
           "MiB of requests' bodies in memory at once; beyond it 503"),
    TS_NUM(gateway_config, ingests, "TS_GATEWAY_INGESTS", 32, 1, 1024,
           "ingests at once; beyond it 503"),
    TS_NUM(
        gateway_config, auth_failures, "TS_GATEWAY_AUTH_FAILURES", 60, 1, 1000000,
        "failed authentications per client address and minute, at all gateways together; beyond it "
        "429"),
    TS_TEXT(gateway_config, proxies, "TS_GATEWAY_TRUSTED_PROXIES", "",
            "addresses and networks whose X-Forwarded-For and -Proto are believed, separated by "
            "commas"),
    TS_TEXT(gateway_config, origins, "TS_GATEWAY_CORS_ORIGINS", "",
            "origins whose pages may read answers, separated by commas"),
    TS_TEXT(gateway_config, mcp_hosts, "TS_GATEWAY_MCP_HOSTS", "",
            "names beside localhost under which /mcp may be asked, without ports, separated by "
            "commas"),
    TS_NUM(gateway_config, hsts_s, "TS_GATEWAY_HSTS_S", 31536000, 0, 63072000,
           "max-age of Strict-Transport-Security where a trusted proxy says https; 0: none"),
    TS_TEXT(gateway_config, lexicon_dir, "TS_GATEWAY_LEXICON_DIR", "services/gateway/agent/lexicon",
            "words and rules of questions in plain words"),
    TS_NUM(gateway_config, tool_bytes, "TS_GATEWAY_TOOL_BYTES", 61440, 4096, 1048576,
           "bytes of a tool's answer over MCP; what is longer is cut between records"),
    TS_NUM(gateway_config, tool_concise_bytes, "TS_GATEWAY_TOOL_CONCISE_BYTES", 8192, 2048, 1048576,
           "the same where neither a limit nor the detailed form is asked for"),
    TS_NUM(gateway_config, drain_ms, "TS_GATEWAY_DRAIN_MS", 5000, 0, 60000,
           "ms to finish requests at shutdown"),
    TS_NUM(gateway_config, linger_ms, "TS_GATEWAY_LINGER_MS", 500, 0, 60000,
           "ms at shutdown in which connections are still taken, while there are any; part of the "
           "drain"),
    TS_TEXT(gateway_config, llm_url, "TS_GATEWAY_LLM_URL", "",
            "an OpenAI-compatible API as the SDKs take it, https://host/v1: what it may do for "
            "questions in plain words the next two say"),
    TS_BOOL(gateway_config, llm_interpret, "TS_GATEWAY_LLM_INTERPRET", false,
            "it may propose how a question is meant that is not clear: questions leave as typed"),
    TS_BOOL(gateway_config, llm_restate, "TS_GATEWAY_LLM_RESTATE", false,
            "it may restate the summary of an answer: summaries leave"),
    TS_TEXT(gateway_config, llm_model, "TS_GATEWAY_LLM_MODEL", "", "name of the model"),
    TS_TEXT(gateway_config, llm_key_file, "TS_GATEWAY_LLM_KEY_FILE", "",
            "file with the key of that API, read at start"),
    TS_TEXT(gateway_config, llm_ca_file, "TS_GATEWAY_LLM_CA_FILE", "",
            "certificates of authorities that its own must come from; empty: the system's"),
    TS_BOOL(gateway_config, llm_allow_http, "TS_GATEWAY_LLM_ALLOW_HTTP", false,
            "http:// also to other machines than this one"),
    TS_NUM(gateway_config, llm_below, "TS_GATEWAY_LLM_BELOW", 50, 0, 100,
           "percent of confidence below which a question counts as not clear"),
    TS_NUM(gateway_config, llm_ms, "TS_GATEWAY_LLM_MS", 3000, 100, 30000,
           "ms that a request waits for it in all"),
    TS_NUM(gateway_config, llm_bytes, "TS_GATEWAY_LLM_BYTES", 65536, 1024, 1048576,
           "bytes of an answer; a longer one is none"),
    TS_NUM(gateway_config, llm_parallel, "TS_GATEWAY_LLM_PARALLEL", 2, 1, 64,
           "requests that wait for it at once; others do without"),
    TS_NUM(gateway_config, llm_failures, "TS_GATEWAY_LLM_FAILURES", 3, 1, 1000,
           "failures in a row after which it is not asked for a while"),
    TS_NUM(gateway_config, llm_pause_ms, "TS_GATEWAY_LLM_PAUSE_MS", 30000, 100, 3600000,
           "ms of that while"),
};
const size_t gateway_config_item_count = TS_COUNT(gateway_config_items);

#define DESCRIPTORS_MORE 256 /* beside clients: bus, log, ops port */

/* A soft limit of 1,024 descriptors, the usual one, is less than the default number of connections needs. Without enough of them
 * clients could take those of the bus and of the ops port, and a gateway that is only full would look like one that is down. */
ts_status gateway_config_descriptors(const gateway_config *c, struct rlimit *ret, ts_error *err)
{
    rlim_t wanted = (rlim_t)c->connections + DESCRIPTORS_MORE;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return ts_fail(err, TS_INTERNAL, "", "the limit of file descriptors cannot be read");
    if (limit.rlim_max < wanted)
        return ts_fail(
            err, TS_INVALID, "TS_GATEWAY_CONNECTIONS",
            "%lld connections need %llu file descriptors (%d are for other things), and the "
            "hard limit (ulimit -Hn) is %llu",
            (long long)c->connections, (unsigned long long)wanted, DESCRIPTORS_MORE,
            (unsigned long long)limit.rlim_max);
    if (limit.rlim_cur < wanted)
        limit.rlim_cur = wanted;
    *ret = limit;
    return TS_OK;
}

/* The items of a list that commas separate, at most HTTP_ORIGINS_MAX. */
static ts_status split(const char *text, const char *name, ts_str *ret, size_t *ret_count,
                       ts_error *err)
{
    ts_str list = ts_str_of(text);
    size_t count = 0;

    while (list.n > 0) {
        size_t comma = ts_str_find(list, ',');
        ts_str item = ts_str_trim(ts_str_n(list.p, comma));

        if (item.n > 0) {
            if (count == HTTP_ORIGINS_MAX)
                return ts_fail(err, TS_INVALID, name, "at most %d of them", HTTP_ORIGINS_MAX);
            ret[count++] = item;
        }
        list = comma == list.n ? TS_STR_NULL : ts_str_n(list.p + comma + 1, list.n - comma - 1);
    }
    *ret_count = count;
    return TS_OK;
}

ts_status gateway_config_lists(const gateway_config *c, http_service *service, ts_error *err)
{
    ts_status st;

    st = http_proxies_parse(ts_str_of(c->proxies), &service->proxies, err);
    if (st != TS_OK) {
        (void)snprintf(err->param, sizeof(err->param), "TS_GATEWAY_TRUSTED_PROXIES");
        return st;
    }
    st =
        split(c->origins, "TS_GATEWAY_CORS_ORIGINS", service->origins, &service->origin_count, err);
    if (st != TS_OK)
        return st;
    for (size_t i = 0; i < service->origin_count; i++) {
        if (!ts_str_starts(service->origins[i], TS_STR_LIT("http://")) &&
            !ts_str_starts(service->origins[i], TS_STR_LIT("https://")))
            return ts_fail(err, TS_INVALID, "TS_GATEWAY_CORS_ORIGINS",
                           "an origin must begin with https:// or http://");
    }
    return split(c->mcp_hosts, "TS_GATEWAY_MCP_HOSTS", service->hosts, &service->host_count, err);
}
