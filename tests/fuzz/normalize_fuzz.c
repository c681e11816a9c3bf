/* Any bytes as the body of an ingest: refused with words, or every record whole, clean, and with the same id again.
 * The first byte chooses: bit 0 NDJSON, bit 1 gzip, the others the source, in the order of their table. */
#include "normalize/source.h"

#define ARENA_MAX    ((size_t)64 << 20)
#define NOW_MS       INT64_C(1736937000000)
#define RETENTION_MS (INT64_C(180) * 86400000)
#define IDS_MAX      256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void require_shown(const char *text)
{
    require(text != NULL && ts_utf8_valid(ts_str_of(text)));
    for (; *text != '\0'; text++)
        require((uint8_t)*text >= 0x20 && *text != 0x7f);
}

static void require_record(const risk_record *r, const risk_body *body)
{
    const Ts__Risk__Event *e = r->event;
    const char *const shown[] = { e->app,      e->action,     e->type,         e->actor_email,
                                  e->actor_id, e->user_email, e->target_email, e->ip,
                                  e->outcome,  e->user_agent, e->owner_domain };

    for (size_t i = 0; i < TS_COUNT(shown); i++)
        require_shown(shown[i]);
    require(e->id.len == 16 && e->id.data != NULL);
    require(e->app[0] != '\0' || e->action[0] != '\0' || e->raw.len > 0);
    require(e->event_ms >= NOW_MS - RETENTION_MS && e->event_ms <= NOW_MS + RISK_FUTURE_MS);
    require(r->index < body->total);
    require(r->field_count <= RISK_FIELDS_MAX);
    for (size_t i = 0; i < r->field_count; i++) {
        require(r->fields[i].value.n <= RISK_VALUE_MAX);
        require(ts_utf8_valid(r->fields[i].name) && ts_utf8_valid(r->fields[i].value));
    }
}

static const char *source_of(uint8_t form)
{
    size_t count = 0;

    while (risk_source_at(count) != NULL)
        count++;
    return risk_source_at((form >> 2) % count)->name;
}

static ts_status parse(risk_parser *parser, ts_arena *arena, uint8_t form, ts_str text,
                       risk_body *ret)
{
    risk_body_options o = { .tenant = { 1, 0 },
                            .source = source_of(form),
                            .ndjson = (form & 1) != 0,
                            .gzip = (form & 2) != 0,
                            .now_ms = NOW_MS,
                            .retention_ms = RETENTION_MS,
                            .inflated_max = (uint64_t)1 << 20 };
    ts_error err = { "", "" };
    ts_status st = risk_body_parse(parser, &o, text, arena, ret, &err);

    require(st == TS_OK || err.text[0] != '\0');
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static risk_parser *parser;
    static ts_arena *arena;
    uint8_t ids[IDS_MAX][16];
    risk_body body;
    size_t count;

    if (parser == NULL) {
        parser = risk_parser_new();
        arena = ts_arena_new(ARENA_MAX);
    }
    require(parser != NULL && arena != NULL);
    if (n == 0)
        return 0;
    ts_arena_reset(arena);
    if (parse(parser, arena, data[0], ts_str_n(data + 1, n - 1), &body) != TS_OK)
        return 0;
    for (size_t i = 0; i < body.record_count; i++)
        require_record(&body.records[i], &body);
    for (size_t i = 0; i < body.rejected_count; i++)
        require(body.rejected[i].index < body.total && body.rejected[i].reason[0] != '\0');
    count = body.record_count;
    for (size_t i = 0; i < count && i < IDS_MAX; i++)
        memcpy(ids[i], body.records[i].event->id.data, 16);
    ts_arena_reset(arena);
    require(parse(parser, arena, data[0], ts_str_n(data + 1, n - 1), &body) == TS_OK);
    require(body.record_count == count);
    for (size_t i = 0; i < count && i < IDS_MAX; i++)
        require(memcmp(ids[i], body.records[i].event->id.data, 16) == 0);
    return 0;
}
