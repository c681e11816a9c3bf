#include "normalize/intake.h"

#include "ts/id.h"
#include "ts/time.h"

ts_str risk_text_at(const risk_intake *in, ts_json object, const char *path)
{
    ts_json v;

    return ts_json_path(object, path, &v) ? ts_json_text(v, in->arena) : TS_STR_NULL;
}

ts_str risk_or_nothing(ts_str s)
{
    return ts_str_is(s, "null") ? TS_STR_NULL : s;
}

/* ---- times ---- */

static ts_status parse_time(ts_str text, ts_arena *arena, int64_t *ret)
{
    const char *z;

    if (ts_time_parse(text, ret) == TS_OK)
        return TS_OK;
    z = ts_arena_printf(arena, "%.*sZ", (int)(text.n > 64 ? 64 : text.n),
                        text.p == NULL ? "" : text.p);
    return z == NULL ? TS_NOMEM : ts_time_parse(ts_str_of(z), ret);
}

ts_status risk_intake_time_ms(const risk_intake *in, int64_t ms, const char *field, ts_error *err)
{
    const risk_body_options *o = in->options;

    if (ms > o->now_ms + RISK_FUTURE_MS)
        return ts_fail(err, TS_INVALID, field, "future: %s is more than a day ahead", field);
    if (o->retention_ms > 0 && ms < o->now_ms - o->retention_ms)
        return ts_fail(err, TS_INVALID, field, "too_old: %s is more than %lld days ago", field,
                       (long long)(o->retention_ms / TS_DAY_MS));
    return TS_OK;
}

ts_status risk_intake_time(const risk_intake *in, ts_str text, const char *field, int64_t *ret_ms,
                           ts_error *err)
{
    if (text.n == 0)
        return ts_fail(err, TS_INVALID, field, "%s is missing: an RFC 3339 time is needed", field);
    if (parse_time(text, in->arena, ret_ms) != TS_OK)
        return ts_fail(err, TS_INVALID, field,
                       "%s is not a time: it must be RFC 3339 like 2025-01-15T10:30:00Z", field);
    return risk_intake_time_ms(in, *ret_ms, field, err);
}

/* ---- events ---- */

ts_status risk_intake_event(const risk_intake *in, int64_t event_ms, risk_record **ret)
{
    risk_body *body = in->body;
    risk_record rec = { .index = in->index };
    Ts__Risk__Event *e = ts_arena_alloc(in->arena, sizeof(*e));

    if (e == NULL || !ts_arena_grow(in->arena, &body->records, body->record_count,
                                    &body->record_capacity, sizeof(*body->records)))
        return TS_NOMEM;
    ts__risk__event__init(e);
    e->source = (char *)(uintptr_t)in->options->source;
    e->event_ms = event_ms;
    e->ingest_ms = in->options->now_ms;
    e->raw.data = (uint8_t *)(uintptr_t)in->raw.p;
    e->raw.len = in->raw.n;
    rec.event = e;
    *ret = &body->records[body->record_count];
    **ret = rec;
    body->record_count++;
    return TS_OK;
}

/* ---- fields ---- */

static ts_str cut(ts_str s)
{
    if (s.n > RISK_VALUE_MAX) {
        s.n = RISK_VALUE_MAX;
        while (s.n > 0 && ((uint8_t)s.p[s.n] & 0xc0) == 0x80)
            s.n--;
    }
    return s;
}

/* Lines are parsed one after the other by one parser: what outlives the line must be copied. */
static ts_str keep(const risk_intake *in, ts_str s)
{
    return in->options->ndjson || in->is_inner ? ts_arena_str(in->arena, s) : s;
}

ts_status risk_intake_field(const risk_intake *in, risk_record *rec, ts_str name, ts_str value)
{
    risk_field *f;

    if (rec->field_count >= RISK_FIELDS_MAX || value.p == NULL)
        return TS_OK;
    if (!ts_arena_grow(in->arena, &rec->fields, rec->field_count, &rec->field_capacity,
                       sizeof(*rec->fields)))
        return TS_NOMEM;
    f = &rec->fields[rec->field_count];
    f->name = keep(in, name);
    f->value = keep(in, cut(value));
    if (f->name.p == NULL || f->value.p == NULL)
        return TS_NOMEM;
    rec->field_count++;
    return TS_OK;
}

static ts_status add_value(const risk_intake *in, risk_record *rec, ts_str name, ts_json v,
                           unsigned depth)
{
    ts_json_type type = ts_json_type_of(v);
    ts_status st = TS_OK;

    if (type != TS_JSON_ARRAY && type != TS_JSON_OBJECT)
        return risk_intake_field(in, rec, name, risk_or_nothing(ts_json_text(v, in->arena)));
    if (depth == RISK_NEST_MAX)
        return TS_OK;
    for (ts_json_iter it = ts_json_iter_of(v);
         st == TS_OK && rec->field_count < RISK_FIELDS_MAX && ts_json_next(&it);) {
        ts_str full = type == TS_JSON_ARRAY ? name : it.name;

        if (type == TS_JSON_OBJECT && name.n > 0) {
            const char *joined = ts_arena_printf(in->arena, "%.*s.%.*s", (int)name.n, name.p,
                                                 (int)it.name.n, it.name.p);
            if (joined == NULL)
                return TS_NOMEM;
            full = ts_str_of(joined);
        }
        if (full.n <= RISK_PATH_MAX)
            st = add_value(in, rec, full, it.value, depth + 1);
    }
    return st;
}

ts_status risk_intake_fields(const risk_intake *in, risk_record *rec, ts_str prefix, ts_json object)
{
    return add_value(in, rec, prefix, object, 0);
}

/* ---- JSON in texts ---- */

/* False for a text that holds none. The value lives until the next one is read. */
static bool read_inner(const risk_intake *in, ts_str text, ts_json *ret)
{
    ts_str s = ts_str_trim(text);

    return s.n > 1 && (s.p[0] == '"' || s.p[0] == '[' || s.p[0] == '{') &&
           ts_json_parse(in->inner, s, ret, NULL) == TS_OK;
}

ts_status risk_intake_inner_fields(const risk_intake *in, risk_record *rec, ts_str prefix,
                                   ts_str text)
{
    risk_intake inner = *in;
    ts_json v;

    if (!read_inner(in, text, &v))
        return risk_intake_field(in, rec, prefix, risk_or_nothing(text));
    inner.is_inner = true;
    return risk_intake_fields(&inner, rec, prefix, v);
}

ts_status risk_intake_inner_text(const risk_intake *in, ts_str text, ts_str *ret)
{
    ts_json v;

    *ret = text;
    if (!read_inner(in, text, &v))
        return TS_OK;
    if (ts_json_type_of(v) == TS_JSON_ARRAY && ts_json_count(v) == 1) {
        ts_json_iter it = ts_json_iter_of(v);

        (void)ts_json_next(&it);
        v = it.value;
    }
    if (ts_json_type_of(v) == TS_JSON_ARRAY || ts_json_type_of(v) == TS_JSON_OBJECT)
        return TS_OK;
    *ret = risk_or_nothing(ts_json_text(v, in->arena));
    if (ret->p == NULL)
        return TS_OK;
    *ret = ts_arena_str(in->arena, *ret);
    return ret->p == NULL ? TS_NOMEM : TS_OK;
}

/* ---- the last steps ---- */

ts_status risk_intake_id(const risk_intake *in, risk_record *rec, ts_str app, ts_str customer,
                         ts_str own_id, uint32_t number)
{
    Ts__Risk__Event *e = rec->event;
    uint64_t scope[4] = { in->options->tenant.org, (uint64_t)in->options->tenant.mode,
                          (uint64_t)e->event_ms, number };
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(RISK_INFLATED_MAX);
    ts_str parts[] = { ts_str_n(scope, sizeof(scope)), ts_str_of(in->options->source), app,
                       customer, own_id };
    ts_hash128 id;

    if (own_id.n == 0) {
        /* Printed again, so that one record has one id in an array, a line or a file. */
        ts_json_print(in->record, &text);
        if (ts_buf_status(&text) != TS_OK)
            return TS_NOMEM;
        parts[4] = ts_buf_view(&text);
    }
    id = ts_hash_parts(parts, TS_COUNT(parts));
    e->id.data = (uint8_t *)(uintptr_t)ts_arena_str(in->arena, ts_str_n(id.bytes, 16)).p;
    e->id.len = 16;
    return e->id.data == NULL ? TS_NOMEM : TS_OK;
}

ts_status risk_intake_common(const risk_intake *in, risk_record *rec)
{
    const Ts__Risk__Event *e = rec->event;
    const char *const fields[][2] = {
        { "eventName", e->action },         { "eventType", e->type },
        { "applicationName", e->app },      { "actor.email", e->actor_email },
        { "actor.profileId", e->actor_id }, { "ipAddress", e->ip },
        { "user.email", e->user_email },    { "target.email", e->target_email },
        { "outcome", e->outcome },
    };

    for (size_t i = 0; i < TS_COUNT(fields); i++) {
        ts_status st = fields[i][1][0] == '\0' ? TS_OK
                                               : risk_intake_field(in, rec, ts_str_of(fields[i][0]),
                                                                   ts_str_of(fields[i][1]));
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}
