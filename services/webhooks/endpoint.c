#include "endpoint.h"

#include "types.h"

/* Headers that the sender sets, and those that belong to the connection. */
static const char *const owned[] = { "host",
                                     "connection",
                                     "keep-alive",
                                     "proxy-authenticate",
                                     "proxy-authorization",
                                     "proxy-connection",
                                     "te",
                                     "trailer",
                                     "transfer-encoding",
                                     "upgrade",
                                     "expect",
                                     "user-agent",
                                     "accept-encoding",
                                     "traceparent",
                                     "http2-settings" };
static const char *const owned_beginnings[] = { "content-", "x-teamsentry-", "webhook-", ":" };

static char *none(void)
{
    return (char *)(uintptr_t) "";
}

void endpoint_secrets(const Ts__Webhooks__Endpoint *row, int64_t now_ms, const char **ret,
                      const char **ret_next)
{
    bool rotating = row->next_secret[0] != '\0';
    bool over = rotating && now_ms >= row->rotation_ends_ms;

    *ret = over ? row->next_secret : row->secret;
    *ret_next = rotating && !over ? row->next_secret : NULL;
}

bool endpoint_promote(Ts__Webhooks__Endpoint *row, int64_t now_ms, bool early)
{
    if (row->next_secret[0] == '\0' || (!early && now_ms < row->rotation_ends_ms))
        return false;
    row->secret = row->next_secret;
    row->next_secret = none();
    row->rotation_ends_ms = 0;
    return true;
}

/* RFC 9110: a token. */
static bool is_token(ts_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!alnum && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return text.n > 0;
}

static bool is_printable(ts_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((uint8_t)text.p[i] < 0x20 || (uint8_t)text.p[i] > 0x7e)
            return false;
    }
    return true;
}

static bool is_owned(ts_str name)
{
    for (size_t i = 0; i < TS_COUNT(owned); i++) {
        if (ts_str_ieq(name, ts_str_of(owned[i])))
            return true;
    }
    for (size_t i = 0; i < TS_COUNT(owned_beginnings); i++) {
        ts_str begin = ts_str_of(owned_beginnings[i]);

        if (name.n >= begin.n && ts_str_ieq(ts_str_n(name.p, begin.n), begin))
            return true;
    }
    return false;
}

static ts_status check_header(Ts__Webhooks__Header *const *headers, size_t i, ts_error *err)
{
    ts_str name = ts_str_of(headers[i]->name);
    ts_str value = ts_str_of(headers[i]->value);

    if (name.n > ENDPOINT_HEADER_NAME_MAX || !is_token(name))
        return ts_fail(err, TS_INVALID, "headers",
                       "headers must have names of 1 to %d letters, digits, hyphens and the like",
                       ENDPOINT_HEADER_NAME_MAX);
    if (is_owned(name))
        return ts_fail(err, TS_INVALID, "headers",
                       "headers must not set %.*s: it belongs to the delivery or the connection",
                       (int)name.n, name.p);
    if (value.n == 0 || value.n > ENDPOINT_HEADER_MAX || !is_printable(value) ||
        value.p[0] == ' ' || value.p[value.n - 1] == ' ')
        return ts_fail(err, TS_INVALID, "headers",
                       "the value of %.*s must have 1 to %d printable ASCII characters, without "
                       "spaces around it",
                       (int)name.n, name.p, ENDPOINT_HEADER_MAX);
    for (size_t j = 0; j < i; j++) {
        if (ts_str_ieq(name, ts_str_of(headers[j]->name)))
            return ts_fail(err, TS_INVALID, "headers", "headers must not repeat %.*s", (int)name.n,
                           name.p);
    }
    return TS_OK;
}

ts_status endpoint_check_headers(Ts__Webhooks__Header *const *headers, size_t count, ts_error *err)
{
    ts_status st = TS_OK;

    if (count > ENDPOINT_HEADERS_MAX)
        return ts_fail(err, TS_INVALID, "headers", "headers may have at most %d members",
                       ENDPOINT_HEADERS_MAX);
    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = check_header(headers, i, err);
    return st;
}

ts_status endpoint_check_description(const char *text, ts_error *err)
{
    ts_str description = ts_str_of(text);

    if (description.n > ENDPOINT_DESCRIPTION_MAX || !ts_utf8_valid(description))
        return ts_fail(err, TS_INVALID, "description",
                       "description must have at most %d bytes of UTF-8", ENDPOINT_DESCRIPTION_MAX);
    return TS_OK;
}

ts_status endpoint_check_events(char *const *events, size_t count, ts_error *err)
{
    if (count > TYPES_FILTERS_MAX)
        return ts_fail(err, TS_INVALID, "events", "events may have at most %d items",
                       TYPES_FILTERS_MAX);
    for (size_t i = 0; i < count; i++) {
        char meant[TS_NEAR_WORDS];

        if (type_filter_is_valid(ts_str_of(events[i])))
            continue;
        type_meant(ts_str_of(events[i]), meant);
        return ts_fail(err, TS_INVALID, "events",
                       "events must be kinds like incident.created or groups like incident.*%s",
                       meant);
    }
    return TS_OK;
}

ts_status endpoint_check_rate(uint32_t rate_limit, ts_error *err)
{
    if (rate_limit > ENDPOINT_RATE_MAX)
        return ts_fail(err, TS_INVALID, "rate_limit",
                       "rate_limit must be between 1 and %d deliveries a second, or 0 for no limit",
                       ENDPOINT_RATE_MAX);
    return TS_OK;
}

void endpoint_show(ts_jsonw *w, const Ts__Webhooks__Endpoint *row)
{
    ts_jsonw_kz(w, "id", row->id);
    ts_jsonw_kz(w, "url", row->url);
    ts_jsonw_kz(w, "description", row->description);
    ts_jsonw_key(w, "events");
    ts_jsonw_array(w);
    for (size_t i = 0; i < row->n_events; i++)
        ts_jsonw_z(w, row->events[i]);
    ts_jsonw_array_end(w);
    ts_jsonw_kbool(w, "enabled", row->enabled != 0);
    ts_jsonw_ktime(w, "created_at", row->created_ms);
    ts_jsonw_kz(w, "disabled_reason",
                row->disabled_reason[0] == '\0' ? NULL : row->disabled_reason);
}

ts_status endpoint_hide(Ts__Webhooks__Endpoint *row, ts_arena *arena)
{
    Ts__Webhooks__Header **headers = ts_arena_array(arena, row->n_headers + 1, sizeof(*headers));

    if (headers == NULL)
        return TS_NOMEM;
    row->secret = none();
    row->next_secret = none();
    for (size_t i = 0; i < row->n_headers; i++) {
        headers[i] = ts_arena_alloc(arena, sizeof(**headers));
        if (headers[i] == NULL)
            return TS_NOMEM;
        ts__webhooks__header__init(headers[i]);
        headers[i]->name = row->headers[i]->name;
    }
    row->headers = headers;
    return TS_OK;
}
