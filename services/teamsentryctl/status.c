#include <ctype.h>

#include "command.h"
#include "ts/process.h"

static const struct {
    const char *name;
    int64_t port; /* the default of its ops port */
} services[] = { { "gateway", 8081 },           { "auth", 8082 },     { "risk", 8083 },
                 { "incidents", 8084 },         { "ai-usage", 8085 }, { "webhooks", 8086 },
                 { "webhook-dispatcher", 8087 } };

static const char *variable(const char *service, const char *what)
{
    char name[64];
    size_t n = (size_t)snprintf(name, sizeof(name), "TS_%s_%s", service, what);

    for (size_t i = 0; i < n && i < sizeof(name); i++)
        name[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
    return getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread */
}

ts_status ctl_status(ctl *c)
{
    unsigned down = 0;
    unsigned silent = 0;

    if (ctl_wants_json(c)) {
        ts_jsonw_object(&c->json);
        ts_jsonw_key(&c->json, "services");
        ts_jsonw_array(&c->json);
    }
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        const char *address = variable(services[i].name, "OPS_ADDRESS");
        const char *text = variable(services[i].name, "OPS_PORT");
        int64_t port = services[i].port;
        char words[TS_PROBE_WORDS_SIZE];
        bool ready;

        if (address == NULL || address[0] == '\0')
            address = "127.0.0.1";
        if (text != NULL &&
            (ts_parse_i64(ts_str_of(text), &port) != TS_OK || port < 1 || port > 65535))
            return ts_fail(&c->error, TS_INVALID, "",
                           "the ops port of %s must be between 1 and 65535", services[i].name);
        ready = ts_process_probe(address, port, words);
        down += ready ? 0 : 1;
        silent += ts_str_starts(ts_str_of(words), TS_STR_LIT("nobody")) ? 1 : 0;
        if (!ctl_wants_json(c)) {
            ts_buf_printf(c->out, "%-19s %-9s http://%s:%lld", services[i].name,
                          ready ? "ready" : "not ready", address, (long long)port);
            if (strcmp(words, "ready") != 0)
                ts_buf_printf(c->out, "  %s", words);
            ts_buf_char(c->out, '\n');
            continue;
        }
        ts_jsonw_object(&c->json);
        ts_jsonw_kz(&c->json, "name", services[i].name);
        ts_jsonw_kbool(&c->json, "ready", ready);
        ts_jsonw_kz(&c->json, "says", words);
        ts_jsonw_kz(&c->json, "address", address);
        ts_jsonw_ki64(&c->json, "port", port);
        ts_jsonw_object_end(&c->json);
    }
    if (ctl_wants_json(c)) {
        ts_jsonw_array_end(&c->json);
        ts_jsonw_object_end(&c->json);
    }
    /* Nobody at all is more often another port than a dead suite. */
    return down == 0
               ? TS_OK
               : ts_fail(&c->error, TS_UNAVAILABLE, "", "%u of %zu services are not ready%s", down,
                         TS_COUNT(services),
                         silent < TS_COUNT(services)
                             ? ""
                             : ": if they run with other ops ports, set TS_<SERVICE>_OPS_PORT, "
                               "or use deploy/up.sh --status --data DIR");
}
