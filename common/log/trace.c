#include "ts/trace.h"

#include "ts/id.h"
#include "ts/log.h"

static _Thread_local char parent[TS_TRACEPARENT_SIZE];

static bool is_all(ts_str text, char c)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != c)
            return false;
    }
    return true;
}

bool ts_traceparent_valid(ts_str text)
{
    static const char shape[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

    if (text.n != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (shape[i] == '-' ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return !is_all(ts_str_n(text.p, 2), 'f') && !is_all(ts_str_n(text.p + 3, 32), '0') &&
           !is_all(ts_str_n(text.p + 36, 16), '0');
}

void ts_traceparent_make(const uint8_t random[24], char ret[TS_TRACEPARENT_SIZE])
{
    memcpy(ret, "00-", 3);
    ts_hex(random, 16, ret + 3);
    ret[35] = '-';
    ts_hex(random + 16, 8, ret + 36);
    memcpy(ret + 52, "-01", sizeof("-01"));
}

void ts_trace_begin(const char *request_id, const char *traceparent)
{
    ts_str text = ts_str_of(traceparent == NULL ? "" : traceparent);

    ts_log_request(request_id);
    parent[0] = '\0';
    if (ts_traceparent_valid(text))
        memcpy(parent, text.p, text.n + 1);
}

void ts_trace_end(void)
{
    ts_trace_begin("", "");
}

const char *ts_trace_request_id(void)
{
    return ts_log_request_id();
}

const char *ts_trace_parent(void)
{
    return parent;
}
