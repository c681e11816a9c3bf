/* Bodies: inflate, split, and give each source record to its source's normaliser. */
#include <zlib.h>

#include "normalize/source.h"

#define INFLATE_STEP (UINT64_C(256) << 10)
#define GZIP_WINDOW  (15 + 16) /* zlib: gzip wrapping only */

struct risk_parser {
    ts_json_parser *json;
    ts_json_parser *inner; /* for JSON in texts of records */
};

/* What a parse goes by. */
typedef struct parse {
    const risk_body_options *options;
    const risk_source *source;
    ts_json_parser *inner;
} parse;

risk_parser *risk_parser_new(void)
{
    risk_parser *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return NULL;
    p->json = ts_json_parser_new(RISK_INFLATED_MAX);
    p->inner = ts_json_parser_new(RISK_RECORD_MAX);
    if (p->json == NULL || p->inner == NULL) {
        risk_parser_free(p);
        return NULL;
    }
    return p;
}

void risk_parser_free(risk_parser *p)
{
    if (p == NULL)
        return;
    ts_json_parser_free(p->json);
    ts_json_parser_free(p->inner);
    free(p);
}

/* Streams through zlib into a buffer that never grows past the limit: a bomb costs its limit, not its promise. */
static ts_status inflate_body(ts_str body, uint64_t max, ts_buf *out, ts_error *err)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)body.p, .avail_in = (uInt)body.n };
    int rv = inflateInit2(&z, GZIP_WINDOW);
    ts_status st = TS_OK;

    if (rv != Z_OK)
        return TS_NOMEM;
    while (rv != Z_STREAM_END && st == TS_OK) {
        char *room = ts_buf_reserve(out, INFLATE_STEP);

        if (room == NULL) {
            st = ts_fail(err, TS_NOMEM, "", "out of memory");
            break;
        }
        z.next_out = (Bytef *)room;
        z.avail_out = (uInt)INFLATE_STEP;
        rv = inflate(&z, Z_NO_FLUSH);
        out->size += INFLATE_STEP - z.avail_out;
        if (out->size > max)
            st =
                ts_fail(err, TS_TOO_LARGE, "", "the body is larger than %llu MiB when decompressed",
                        (unsigned long long)(max >> 20));
        else if (rv != Z_OK && rv != Z_STREAM_END)
            st = ts_fail(err, TS_INVALID, "", "the body is not a whole gzip stream");
        else if (rv == Z_STREAM_END && z.avail_in > 0) {
            /* Members may follow one another; anything else behind the first is an error. */
            rv = inflateReset(&z);
        }
    }
    inflateEnd(&z);
    return st;
}

const char *risk_refusal_name(risk_refusal refusal)
{
    switch (refusal) {
    case RISK_REFUSED_INVALID: return "invalid";
    case RISK_REFUSED_NOT_AN_OBJECT: return "not_an_object";
    case RISK_REFUSED_TOO_LARGE: return "too_large";
    case RISK_REFUSED_TOO_OLD: return "too_old";
    case RISK_REFUSED_FUTURE: return "future";
    }
    return "";
}

risk_refusal risk_refusal_of(const char *reason)
{
    static const struct {
        const char *words;
        risk_refusal refusal;
    } kinds[] = { { "not an object:", RISK_REFUSED_NOT_AN_OBJECT },
                  { "too large:", RISK_REFUSED_TOO_LARGE },
                  { "too_old:", RISK_REFUSED_TOO_OLD },
                  { "future:", RISK_REFUSED_FUTURE } };

    for (size_t i = 0; i < TS_COUNT(kinds); i++) {
        if (ts_str_starts(ts_str_of(reason), ts_str_of(kinds[i].words)))
            return kinds[i].refusal;
    }
    return RISK_REFUSED_INVALID;
}

static ts_status reject(ts_arena *arena, risk_body *body, uint32_t index, const char *reason)
{
    risk_rejection *r;

    if (!ts_arena_grow(arena, &body->rejected, body->rejected_count, &body->rejected_capacity,
                       sizeof(*body->rejected)))
        return TS_NOMEM;
    r = &body->rejected[body->rejected_count];
    r->index = index;
    r->reason = ts_arena_z(arena, ts_str_of(reason));
    if (r->reason == NULL)
        return TS_NOMEM;
    body->rejected_count++;
    return TS_OK;
}

/* One source record. Only a lack of memory fails the body. */
static ts_status take_record(const parse *how, ts_json record, ts_str raw, uint32_t index,
                             ts_arena *arena, risk_body *body)
{
    risk_intake in = { .options = how->options,
                       .arena = arena,
                       .record = record,
                       .raw = raw,
                       .index = index,
                       .body = body,
                       .inner = how->inner };
    ts_error why = { "", "" };
    ts_status st;

    if (ts_json_type_of(record) != TS_JSON_OBJECT)
        return reject(arena, body, index, "not an object: each record must be a JSON object");
    if (raw.n > RISK_RECORD_MAX)
        return reject(arena, body, index, "too large: a record may have at most 1 MiB");
    st = risk_source_normalize(how->source, &in, &why);
    if (st == TS_INVALID)
        return reject(arena, body, index, why.text);
    return st;
}

static ts_status count_record(const parse *how, risk_body *body, ts_error *err)
{
    uint32_t max = how->options->records_max != 0 ? how->options->records_max : RISK_RECORDS_MAX;

    if (body->total >= max)
        return ts_fail(err, TS_TOO_LARGE, "", "a request may have at most %u records", max);
    body->total++;
    return TS_OK;
}

static ts_status take_lines(risk_parser *p, const parse *how, ts_str text, ts_arena *arena,
                            risk_body *body, ts_error *err)
{
    while (text.n > 0) {
        size_t end = ts_str_find(text, '\n');
        ts_str line = ts_str_trim(ts_str_n(text.p, end));
        ts_error why = { "", "" };
        ts_json record = { 0 };
        ts_status st;

        text.p += end < text.n ? end + 1 : end;
        text.n -= end < text.n ? end + 1 : end;
        if (line.n == 0)
            continue;
        st = count_record(how, body, err);
        if (st != TS_OK)
            return st;
        st = line.n > RISK_RECORD_MAX ? TS_OK : ts_json_parse(p->json, line, &record, &why);
        if (st == TS_NOMEM)
            return st;
        if (line.n > RISK_RECORD_MAX)
            st = reject(arena, body, body->total - 1, "too large: a record may have at most 1 MiB");
        else if (st != TS_OK)
            st = reject(arena, body, body->total - 1, why.text);
        else
            st = take_record(how, record, line, body->total - 1, arena, body);
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

/* The text of an element of a parsed document, made again: simdjson keeps no offsets. */
static ts_status print_raw(ts_json record, ts_arena *arena, ts_str *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(RISK_INFLATED_MAX);

    ts_json_print(record, &text);
    if (ts_buf_status(&text) != TS_OK)
        return TS_NOMEM;
    *ret = ts_arena_str(arena, ts_buf_view(&text));
    return ret->p == NULL && text.size > 0 ? TS_NOMEM : TS_OK;
}

static ts_status take_element(const parse *how, ts_json record, ts_arena *arena, risk_body *body,
                              ts_error *err)
{
    ts_str raw = TS_STR_NULL;
    ts_status st = count_record(how, body, err);

    if (st == TS_OK)
        st = print_raw(record, arena, &raw);
    return st == TS_OK ? take_record(how, record, raw, body->total - 1, arena, body) : st;
}

/* The first line is a whole document: NDJSON that was not called so. */
static bool holds_lines(risk_parser *p, ts_str text)
{
    size_t end = ts_str_find(text, '\n');
    ts_json ignored;

    return end < text.n && end <= RISK_RECORD_MAX &&
           ts_json_parse(p->json, ts_str_n(text.p, end), &ignored, NULL) == TS_OK;
}

/* What the source's API and exporters wrap records in. */
static bool holds_list(const risk_source *source, ts_json root, ts_json *ret)
{
    for (size_t i = 0; i < RISK_LISTS_MAX && source->lists[i] != NULL; i++) {
        if (ts_json_path(root, source->lists[i], ret) && ts_json_type_of(*ret) == TS_JSON_ARRAY)
            return true;
    }
    return false;
}

static ts_status take_document(risk_parser *p, const parse *how, ts_str text, ts_arena *arena,
                               risk_body *body, ts_error *err)
{
    ts_json root = { 0 };
    ts_json list = { 0 };
    ts_status st = ts_json_parse(p->json, text, &root, err);

    if (st == TS_INVALID && holds_lines(p, text))
        return ts_fail(err, TS_INVALID, "",
                       "the body holds more than one JSON text: send one a line as "
                       "application/x-ndjson, or an array");
    if (st != TS_OK)
        return st;
    if (ts_json_type_of(root) == TS_JSON_ARRAY)
        list = root;
    else if (ts_json_type_of(root) != TS_JSON_OBJECT)
        return ts_fail(err, TS_INVALID, "",
                       "the body must be a JSON object, an array of objects or NDJSON");
    else if (!holds_list(how->source, root, &list))
        return take_element(how, root, arena, body, err);
    for (ts_json_iter it = ts_json_iter_of(list); ts_json_next(&it);) {
        st = take_element(how, it.value, arena, body, err);
        if (st != TS_OK)
            return st;
    }
    return TS_OK;
}

static ts_status refuse_source(ts_arena *arena, ts_error *err)
{
    const char *names;
    ts_status st = risk_source_names(arena, &names);

    if (st != TS_OK)
        return st;
    return ts_fail(err, TS_INVALID, "source", "source must be %s", names);
}

ts_status risk_body_parse(risk_parser *p, const risk_body_options *options, ts_str body,
                          ts_arena *arena, risk_body *ret, ts_error *err)
{
    uint64_t body_max = options->body_max != 0 ? options->body_max : RISK_BODY_MAX;
    uint64_t inflated_max = options->inflated_max != 0 ? options->inflated_max : RISK_INFLATED_MAX;
    TS_CLEANUP(ts_buf_done) ts_buf inflated = TS_BUF_INIT(inflated_max + INFLATE_STEP + 1);
    const parse how = { .options = options,
                        .source = risk_source_find(options->source),
                        .inner = p->inner };
    ts_str text = body;
    ts_status st;

    memset(ret, 0, sizeof(*ret));
    if (how.source == NULL)
        return refuse_source(arena, err);
    if (body.n > body_max)
        return ts_fail(err, TS_TOO_LARGE, "", "the body is larger than %llu MiB",
                       (unsigned long long)(body_max >> 20));
    if (options->gzip) {
        st = inflate_body(body, inflated_max, &inflated, err);
        if (st != TS_OK)
            return st;
        /* Raw records of NDJSON point into the text: it must live as long as they do. */
        text = ts_arena_str(arena, ts_buf_view(&inflated));
        if (text.p == NULL && inflated.size > 0)
            return TS_NOMEM;
    }
    if (ts_str_starts(text, TS_STR_LIT("\xef\xbb\xbf")))
        text = ts_str_n(text.p + 3, text.n - 3);
    if (ts_str_trim(text).n == 0)
        return ts_fail(err, TS_INVALID, "",
                       "the body is empty: send a JSON object, an array or NDJSON");
    st = options->ndjson ? take_lines(p, &how, text, arena, ret, err)
                         : take_document(p, &how, text, arena, ret, err);
    if (st == TS_NOMEM)
        ts_error_set(err, "", "the request needs more memory than one request may have");
    return st;
}
