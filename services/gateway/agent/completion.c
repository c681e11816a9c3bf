#include "completion.h"

static void write_message(ts_jsonw *w, const char *role, ts_str content)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "role", role);
    ts_jsonw_kstr(w, "content", content);
    ts_jsonw_object_end(w);
}

void completion_write(const char *model, ts_str system, ts_str user, ts_buf *to)
{
    ts_jsonw w = ts_jsonw_on(to);

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "model", model);
    ts_jsonw_key(&w, "messages");
    ts_jsonw_array(&w);
    write_message(&w, "system", system);
    write_message(&w, "user", user);
    ts_jsonw_array_end(&w);
    ts_jsonw_ki64(&w, "temperature", 0);
    ts_jsonw_kbool(&w, "stream", false);
    ts_jsonw_key(&w, "response_format");
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "type", "json_object");
    ts_jsonw_object_end(&w);
    ts_jsonw_object_end(&w);
}

ts_status completion_read(ts_json_parser *parser, ts_str answer, ts_str *ret)
{
    ts_json whole, choices, content, reason;
    ts_json_iter it;
    ts_error err;

    if (ts_json_parse(parser, answer, &whole, &err) != TS_OK ||
        !ts_json_get(whole, "choices", &choices) || ts_json_type_of(choices) != TS_JSON_ARRAY)
        return TS_INVALID;
    it = ts_json_iter_of(choices);
    if (!ts_json_next(&it) || !ts_json_path(it.value, "message.content", &content) ||
        ts_json_type_of(content) != TS_JSON_STRING ||
        (ts_json_get(it.value, "finish_reason", &reason) &&
         ts_str_is(ts_json_str(reason), "length")))
        return TS_INVALID;
    *ret = ts_json_str(content);
    return TS_OK;
}
