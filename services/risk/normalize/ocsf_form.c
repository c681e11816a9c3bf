#include "normalize/ocsf_form.h"

ts_str ocsf_text(const ocsf *o, ts_json object, const char *path)
{
    return risk_or_nothing(risk_text_at(o->in, object, path));
}

ts_str ocsf_first(const ocsf *o, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ts_str text = ocsf_text(o, o->in->record, paths[i]);

        if (text.n > 0)
            return text;
    }
    return TS_STR_NULL;
}

bool ocsf_number(ts_json v, int64_t *ret)
{
    double d;

    switch (ts_json_type_of(v)) {
    case TS_JSON_INT: *ret = ts_json_i64(v, 0); return true;
    case TS_JSON_DOUBLE:
        d = ts_json_f64(v, -1);
        if (!(d >= 0 && d < 9e18))
            return false;
        *ret = (int64_t)d;
        return true;
    case TS_JSON_STRING: return ts_parse_i64(ts_json_str(v), ret) == TS_OK;
    default: return false;
    }
}

bool ocsf_number_at(ts_json object, const char *path, int64_t *ret)
{
    ts_json v;

    return ts_json_path(object, path, &v) && ocsf_number(v, ret);
}

ts_json ocsf_element(ts_json v)
{
    ts_json_iter it = ts_json_iter_of(v);

    if (ts_json_type_of(v) != TS_JSON_ARRAY)
        return v;
    return ts_json_next(&it) ? it.value : (ts_json){ 0 };
}
