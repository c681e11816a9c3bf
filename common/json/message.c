/* Any protobuf message as JSON, by its descriptor. */
#include <protobuf-c/protobuf-c.h>

#include "ts/id.h"
#include "ts/json.h"

typedef struct writer {
    ts_jsonw *w;
    const char *const *hidden;
    ts_json_parser *parser;
} writer;

static void put_message(const writer *o, const ProtobufCMessage *m);

static void fail(const writer *o, ts_status status)
{
    if (o->w->out->status == TS_OK)
        o->w->out->status = status;
}

static bool is_hidden(const writer *o, const char *name)
{
    for (const char *const *h = o->hidden; h != NULL && *h != NULL; h++) {
        if (strcmp(*h, name) == 0)
            return true;
    }
    return false;
}

/* Of a document: objects and arrays only, since "12" or "null" may as well be any other bytes. */
static bool is_json(const writer *o, ts_str bytes)
{
    ts_str text = ts_str_trim(bytes);
    ts_json ignored;

    return o->parser != NULL && text.n >= 2 && (text.p[0] == '{' || text.p[0] == '[') &&
           ts_json_parse(o->parser, text, &ignored, NULL) == TS_OK;
}

/* In valid JSON a line break can only stand between tokens: a space in its place changes nothing, and the document keeps to
 * one line. */
static void put_json(const writer *o, ts_str bytes)
{
    ts_buf *out = o->w->out;
    size_t from = out->size;

    ts_jsonw_raw(o->w, ts_str_trim(bytes));
    for (size_t i = from; i < out->size; i++) {
        if (out->data[i] == '\n' || out->data[i] == '\r')
            out->data[i] = ' ';
    }
}

void ts_jsonw_base64(ts_jsonw *w, ts_str bytes)
{
    size_t n = (bytes.n + 2) / 3 * 4;
    char *to;

    ts_jsonw_raw(w, TS_STR_LIT("\""));
    to = ts_buf_reserve(w->out, n + 2);
    if (to == NULL)
        return;
    ts_base64(bytes.p, bytes.n, to);
    to[n] = '"';
    w->out->size += n + 1;
}

static void put_bytes(const writer *o, ts_str bytes)
{
    if (is_json(o, bytes))
        put_json(o, bytes);
    else
        ts_jsonw_base64(o->w, bytes);
}

static void put_enum(const writer *o, const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);

    if (known != NULL)
        ts_jsonw_z(o->w, known->name);
    else
        ts_jsonw_i64(o->w, value);
}

/* `at` points to one value of the field's C type. */
static void put_value(const writer *o, const ProtobufCFieldDescriptor *f, const void *at)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32: ts_jsonw_i64(o->w, *(const int32_t *)at); break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64: ts_jsonw_i64(o->w, *(const int64_t *)at); break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: ts_jsonw_u64(o->w, *(const uint32_t *)at); break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: ts_jsonw_u64(o->w, *(const uint64_t *)at); break;
    case PROTOBUF_C_TYPE_FLOAT: ts_jsonw_f64(o->w, (double)*(const float *)at); break;
    case PROTOBUF_C_TYPE_DOUBLE: ts_jsonw_f64(o->w, *(const double *)at); break;
    case PROTOBUF_C_TYPE_BOOL: ts_jsonw_bool(o->w, *(const protobuf_c_boolean *)at != 0); break;
    case PROTOBUF_C_TYPE_ENUM: put_enum(o, f->descriptor, *(const int *)at); break;
    case PROTOBUF_C_TYPE_STRING: ts_jsonw_z(o->w, *(const char *const *)at); break;
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *b = at;

        put_bytes(o, ts_str_n(b->data, b->len));
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *m = *(const ProtobufCMessage *const *)at;

        if (m == NULL)
            ts_jsonw_null(o->w);
        else
            put_message(o, m);
        break;
    }
    }
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return 4;
    case PROTOBUF_C_TYPE_ENUM: return sizeof(int);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return 8;
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING: return sizeof(char *);
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(ProtobufCMessage *);
    }
    return 0;
}

static void put_list(const writer *o, const ProtobufCFieldDescriptor *f, const char *base)
{
    size_t n = *(const size_t *)(const void *)(base + f->quantifier_offset);
    const char *at = *(const char *const *)(const void *)(base + f->offset);

    ts_jsonw_array(o->w);
    for (size_t i = 0; i < n; i++, at += size_of(f->type))
        put_value(o, f, at);
    ts_jsonw_array_end(o->w);
}

/* Fields of a oneof, and those marked optional, are there or not; all others always are. */
static bool is_absent(const ProtobufCFieldDescriptor *f, const char *base)
{
    if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return *(const uint32_t *)(const void *)(base + f->quantifier_offset) != f->id;
    if (f->label != PROTOBUF_C_LABEL_OPTIONAL || f->quantifier_offset == 0)
        return false;
    return *(const protobuf_c_boolean *)(const void *)(base + f->quantifier_offset) == 0;
}

static void put_message(const writer *o, const ProtobufCMessage *m)
{
    const char *base = (const char *)m;

    if (o->w->depth >= TS_JSON_DEPTH) {
        fail(o, TS_TOO_LARGE);
        return;
    }
    ts_jsonw_object(o->w);
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];

        if (is_hidden(o, f->name) || is_absent(f, base))
            continue;
        ts_jsonw_key(o->w, f->name);
        if (f->label == PROTOBUF_C_LABEL_REPEATED)
            put_list(o, f, base);
        else
            put_value(o, f, base + f->offset);
    }
    ts_jsonw_object_end(o->w);
}

void ts_jsonw_message(ts_jsonw *w, const ProtobufCMessage *m, const char *const *hidden,
                      ts_json_parser *parser)
{
    put_message(&(writer){ w, hidden, parser }, m);
}
