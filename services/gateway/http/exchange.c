#include "http/exchange.h"

#include <assert.h>

#include "proto/methods.h"
#include "ts/id.h"
#include "ts/time.h"

const http_value *http_param_of(const http_exchange *x, const char *name)
{
    int index = http_param_index(x->route->params, ts_str_of(name));

    assert(index >= 0);
    return &x->params[index];
}

const http_value *http_field_of(const http_exchange *x, const char *name)
{
    int index = http_param_index(x->route->fields, ts_str_of(name));

    assert(index >= 0);
    return &x->fields[index];
}

ts_status http_permit(http_exchange *x, uint64_t needed)
{
    uint64_t missing = needed & ~x->who.permissions;

    if (missing == 0)
        return TS_OK;
    /* One of them, the lowest bit: names are for single ones. */
    return ts_fail(&x->error, TS_DENIED, "", "The API key lacks the permission %s.",
                   ts_permission_name(missing & (~missing + 1)));
}

void http_name_add(http_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0)
            return;
    }
    assert(names->count < HTTP_NAMES_MAX);
    if (names->count < HTTP_NAMES_MAX)
        names->items[names->count++] = name;
}

static void put_names(ts_jsonw *w, const char *key, const http_names *names)
{
    if (names->count == 0)
        return;
    ts_jsonw_key(w, key);
    ts_jsonw_array(w);
    for (size_t i = 0; i < names->count; i++)
        ts_jsonw_z(w, names->items[i]);
    ts_jsonw_array_end(w);
}

/* `data` without its braces, for the two endpoints whose fields stand at the top level as well. */
static ts_str inside(ts_str object)
{
    return object.n < 2 ? TS_STR_NULL : ts_str_n(object.p + 1, object.n - 2);
}

/* Written by hand instead of through one writer, because the two halves stand on both sides of the ETag. */
void http_envelope_begin(const http_exchange *x, ts_buf *out)
{
    ts_str data = ts_buf_view(&x->data);
    ts_jsonw text = ts_jsonw_on(out);
    ts_jsonw meta;

    ts_buf_z(out, "{\"summary\":");
    ts_jsonw_str(&text, ts_buf_view(&x->summary));
    ts_buf_z(out, ",\"data\":");
    ts_buf_str(out, data);
    if ((x->route->flags & HTTP_MIRROR) != 0 && inside(data).n > 0) {
        ts_buf_char(out, ',');
        ts_buf_str(out, inside(data));
    }
    ts_buf_z(out, ",\"meta\":");
    meta = ts_jsonw_on(out);
    ts_jsonw_object(&meta);
    put_names(&meta, "untrusted_fields", &x->untrusted);
    put_names(&meta, "degraded", &x->degraded);
}

void http_envelope_end(const http_exchange *x, ts_buf *out)
{
    bool is_first = out->size > 0 && out->data[out->size - 1] == '{';
    char at[TS_RFC3339_SIZE];

    ts_time_format(x->now_ms, false, at);
    /* Both are of our own making and need no escaping. */
    ts_buf_z(out, is_first ? "\"request_id\":\"" : ",\"request_id\":\"");
    ts_buf_z(out, x->request_id);
    ts_buf_z(out, "\",\"timestamp\":\"");
    ts_buf_z(out, at);
    ts_buf_z(out, "\"}}");
}

void http_envelope_error(const http_exchange *x, http_problem problem, ts_buf *out)
{
    const http_problem_facts *facts = http_problem_facts_of(problem);
    bool has_words =
        x->error.text[0] != '\0' && problem != HTTP_INTERNAL && problem != HTTP_INVALID_KEY;
    ts_jsonw w = ts_jsonw_on(out);

    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "error");
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "code", facts->code);
    ts_jsonw_kz(&w, "message", has_words ? x->error.text : facts->message);
    ts_jsonw_ki64(&w, "status", facts->status);
    if (has_words && x->error.param[0] != '\0')
        ts_jsonw_kz(&w, "param", x->error.param);
    ts_jsonw_object_end(&w);
    ts_jsonw_kz(&w, "request_id", x->request_id);
    ts_jsonw_object_end(&w);
}

void http_etag_make(ts_str bytes, char ret[HTTP_ETAG_SIZE])
{
    uint8_t hash[32];

    ts_sha256(bytes, hash);
    ret[0] = '"';
    ts_hex(hash, 16, ret + 1);
    ret[33] = '"';
    ret[34] = '\0';
}

ts_status http_etag_of(const http_exchange *x, ts_buf *scratch, char ret[HTTP_ETAG_SIZE])
{
    ts_status st;

    ts_buf_clear(scratch);
    http_envelope_begin(x, scratch);
    st = ts_buf_status(scratch);
    if (st != TS_OK)
        return st;
    http_etag_make(ts_buf_view(scratch), ret);
    return TS_OK;
}
