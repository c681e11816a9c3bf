#include "parse.h"

#define ARENA_MAX ((size_t)256 << 20)

parse parse_new(void)
{
    parse p = { .parser = risk_parser_new(), .arena = ts_arena_new(ARENA_MAX) };

    cr_assert(p.parser != NULL && p.arena != NULL);
    p.options = (risk_body_options){ .tenant = { 1, 0 },
                                     .source = "google_workspace",
                                     .now_ms = NOW,
                                     .retention_ms = 180 * TS_DAY_MS };
    return p;
}

void parse_done(parse *p)
{
    risk_parser_free(p->parser);
    ts_arena_free(p->arena);
}

ts_status parse_text(parse *p, ts_str text)
{
    p->err = (ts_error){ "", "" };
    return risk_body_parse(p->parser, &p->options, text, p->arena, &p->body, &p->err);
}

ts_status parse_z(parse *p, const char *text)
{
    return parse_text(p, ts_str_of(text));
}

const risk_record *parse_one(parse *p, const char *text)
{
    cr_assert_eq(parse_z(p, text), TS_OK, "%s", p->err.text);
    cr_assert_eq(p->body.rejected_count, 0, "rejected: %s",
                 p->body.rejected_count > 0 ? p->body.rejected[0].reason : "");
    cr_assert_eq(p->body.record_count, 1);
    return &p->body.records[0];
}

const char *parse_rejected(parse *p, const char *text)
{
    cr_assert_eq(parse_z(p, text), TS_OK, "%s", p->err.text);
    cr_assert_eq(p->body.record_count, 0, "it was taken");
    cr_assert_eq(p->body.rejected_count, 1);
    return p->body.rejected[0].reason;
}

ts_str field_nth(const risk_record *record, const char *name, size_t n)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (ts_str_is(record->fields[i].name, name) && n-- == 0)
            return record->fields[i].value;
    }
    return TS_STR_LIT("");
}

bool field_is(const risk_record *record, const char *name, const char *value)
{
    return ts_str_is(field_nth(record, name, 0), value);
}

bool same_id(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return a.len == 16 && b.len == 16 && memcmp(a.data, b.data, 16) == 0;
}
