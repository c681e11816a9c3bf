#include <criterion/criterion.h>

#include "proto/envelope.pb-c.h"
#include "proto/risk.pb-c.h"
#include "proto/webhooks.pb-c.h"
#include "ts/json.h"

/* ---- a message of every kind of field, described by hand as protobuf-c's compiler would ---- */

typedef struct everything {
    ProtobufCMessage base;
    int32_t i32;
    int64_t i64;
    uint32_t u32;
    uint64_t u64;
    float f;
    double d;
    protobuf_c_boolean yes;
    int colour;
    char *text;
    ProtobufCBinaryData bytes;
    size_t n_list;
    int32_t *list;
    protobuf_c_boolean has_maybe;
    uint32_t maybe;
    uint32_t choice;
    union {
        uint32_t first;
        char *second;
    };
} everything;

static const ProtobufCEnumValue colours[] = { { "RED", "COLOUR_RED", 0 },
                                              { "BLUE", "COLOUR_BLUE", 1 } };
static const ProtobufCIntRange colour_ranges[] = { { 0, 0 }, { 0, 2 } };
static const ProtobufCEnumDescriptor colour = { .magic = PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC,
                                                .name = "colour",
                                                .n_values = 2,
                                                .values = colours,
                                                .n_value_ranges = 1,
                                                .value_ranges = colour_ranges };

#define FIELD(field, number, kind)                                                                 \
    {                                                                                              \
        .name = #field, .id = (number), .label = PROTOBUF_C_LABEL_NONE,                            \
        .type = PROTOBUF_C_TYPE_##kind, .offset = offsetof(everything, field)                      \
    }

static const ProtobufCFieldDescriptor fields[] = {
    FIELD(i32, 1, SINT32),
    FIELD(i64, 2, SFIXED64),
    FIELD(u32, 3, UINT32),
    FIELD(u64, 4, FIXED64),
    FIELD(f, 5, FLOAT),
    FIELD(d, 6, DOUBLE),
    FIELD(yes, 7, BOOL),
    { .name = "colour",
      .id = 8,
      .label = PROTOBUF_C_LABEL_NONE,
      .type = PROTOBUF_C_TYPE_ENUM,
      .offset = offsetof(everything, colour),
      .descriptor = &colour },
    FIELD(text, 9, STRING),
    FIELD(bytes, 10, BYTES),
    { .name = "list",
      .id = 11,
      .label = PROTOBUF_C_LABEL_REPEATED,
      .type = PROTOBUF_C_TYPE_INT32,
      .quantifier_offset = offsetof(everything, n_list),
      .offset = offsetof(everything, list) },
    { .name = "maybe",
      .id = 12,
      .label = PROTOBUF_C_LABEL_OPTIONAL,
      .type = PROTOBUF_C_TYPE_UINT32,
      .quantifier_offset = offsetof(everything, has_maybe),
      .offset = offsetof(everything, maybe) },
    { .name = "first",
      .id = 13,
      .label = PROTOBUF_C_LABEL_NONE,
      .type = PROTOBUF_C_TYPE_UINT32,
      .quantifier_offset = offsetof(everything, choice),
      .offset = offsetof(everything, first),
      .flags = PROTOBUF_C_FIELD_FLAG_ONEOF },
    { .name = "second",
      .id = 14,
      .label = PROTOBUF_C_LABEL_NONE,
      .type = PROTOBUF_C_TYPE_STRING,
      .quantifier_offset = offsetof(everything, choice),
      .offset = offsetof(everything, second),
      .flags = PROTOBUF_C_FIELD_FLAG_ONEOF },
};

static const ProtobufCMessageDescriptor everything_type = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "everything",
    .sizeof_message = sizeof(everything),
    .n_fields = TS_COUNT(fields),
    .fields = fields
};

static everything sample(void)
{
    return (everything){ .base = { .descriptor = &everything_type },
                         .i32 = INT32_MIN,
                         .i64 = INT64_MIN,
                         .u32 = UINT32_MAX,
                         .u64 = UINT64_MAX,
                         .f = 0.5f,
                         .d = 0.1,
                         .yes = 1,
                         .colour = 1,
                         .text = (char *)(uintptr_t) "say \"\xC3\xA4\"\n" };
}

static const char *written(const ProtobufCMessage *m, const char *const *hidden,
                           ts_json_parser *parser)
{
    static char text[4096];
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(sizeof(text) - 1);
    ts_jsonw w = ts_jsonw_on(&out);

    ts_jsonw_message(&w, m, hidden, parser);
    cr_assert_eq(ts_buf_status(&out), TS_OK);
    memcpy(text, out.data, out.size);
    text[out.size] = '\0';
    return text;
}

Test(message, writes_every_kind_of_field)
{
    everything m = sample();
    int32_t list[] = { 3, -4 };

    m.list = list;
    m.n_list = 2;
    m.bytes.data = (uint8_t *)(uintptr_t) "\x00\xff\x10";
    m.bytes.len = 3;
    cr_expect_str_eq(
        written(&m.base, NULL, NULL),
        "{\"i32\":-2147483648,\"i64\":-9223372036854775808,\"u32\":4294967295,"
        "\"u64\":18446744073709551615,\"f\":0.5,\"d\":0.1,\"yes\":true,\"colour\":\"BLUE\","
        "\"text\":\"say \\\"\xC3\xA4\\\"\\n\",\"bytes\":\"AP8Q\",\"list\":[3,-4]}");
}

Test(message, leaves_out_only_what_may_be_absent_and_is)
{
    everything m = sample();

    m.colour = 9; /* of a later version */
    m.has_maybe = 1;
    m.choice = 14;
    m.second = (char *)(uintptr_t) "s";
    cr_expect(strstr(written(&m.base, NULL, NULL),
                     "\"colour\":9,\"text\":\"say \\\"\xC3\xA4\\\"\\n\",\"bytes\":\"\",\"list\":[],"
                     "\"maybe\":0,\"second\":\"s\"}") != NULL);
    m.choice = 13;
    m.first = 6;
    cr_expect(strstr(written(&m.base, NULL, NULL), "\"first\":6}") != NULL);
}

Test(message, hidden_names_are_left_out_at_every_depth)
{
    static const char *const hidden[] = { "token", "response", NULL };
    Ts__Webhooks__StoredDelivery row = TS__WEBHOOKS__STORED_DELIVERY__INIT;
    Ts__Webhooks__Delivery delivery = TS__WEBHOOKS__DELIVERY__INIT;
    Ts__Webhooks__Attempt attempt = TS__WEBHOOKS__ATTEMPT__INIT;
    Ts__Webhooks__Attempt *list[] = { &attempt };

    cr_expect_str_eq(
        written(&row.base, hidden, NULL),
        "{\"delivery\":null,\"attempts\":0,\"due_ms\":0,\"lease_until_ms\":0,"
        "\"attempts_before\":0,\"position_ms\":0,\"sole\":false,\"bare\":null,\"replay_ms\":0}");
    row.delivery = &delivery;
    delivery.attempts = list;
    delivery.n_attempts = 1;
    row.token.data = (uint8_t *)(uintptr_t) "secret";
    row.token.len = 6;
    cr_expect_str_eq(
        written(&row.base, hidden, NULL),
        "{\"delivery\":{\"endpoint_id\":\"\",\"status\":\"\",\"attempts\":[{"
        "\"number\":0,\"at_ms\":0,\"status_code\":0,\"duration_ms\":0,\"error\":\"\"}],"
        "\"next_attempt_ms\":0},\"attempts\":0,\"due_ms\":0,\"lease_until_ms\":0,\"attempts_"
        "before\":0,\"position_ms\":0,\"sole\":false,\"bare\":null,\"replay_ms\":0}");
}

static const char *body_written(const char *body, size_t n)
{
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(1024);
    Ts__Risk__IngestRequest m = TS__RISK__INGEST_REQUEST__INIT;

    m.body.data = (uint8_t *)(uintptr_t)body;
    m.body.len = n;
    return strstr(written(&m.base, NULL, parser), "\"body\":") + strlen("\"body\":");
}

Test(message, bytes_that_are_a_json_document_become_it_on_one_line)
{
    static const struct {
        const char *body, *json;
    } cases[] = {
        { "{\"a\": 1e2}", "{\"a\": 1e2}}" },
        { " {\n\t\"a\":\r\n[1,\"x\\ny\"] }\n", "{ \t\"a\":  [1,\"x\\ny\"] }}" },
        { "[]", "[]}" },
        { "12", "\"MTI=\"}" },
        { "\"x\"", "\"Ingi\"}" },
        { "{\"a\":1", "\"eyJhIjox\"}" },
        { "{\"a\":1}x", "\"eyJhIjoxfXg=\"}" },
        { "{\"\xff\":1}", "\"eyL/IjoxfQ==\"}" },
        { "", "\"\"}" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_expect_str_eq(body_written(cases[i].body, strlen(cases[i].body)), cases[i].json);
}

Test(message, several_documents_in_a_list_keep_their_commas)
{
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(1024);
    Ts__HandOverRequest m = TS__HAND_OVER_REQUEST__INIT;
    Ts__HandOverRow row = TS__HAND_OVER_ROW__INIT;
    Ts__HandOverRow *rows[] = { &row, &row };

    row.payload.data = (uint8_t *)(uintptr_t) "{}";
    row.payload.len = 2;
    m.rows = rows;
    m.n_rows = 2;
    cr_expect_str_eq(written(&m.base, NULL, parser),
                     "{\"producer\":\"\",\"epoch\":0,\"rows\":["
                     "{\"seq\":0,\"org\":0,\"mode\":0,\"kind\":\"\",\"at_ms\":0,\"payload\":{},"
                     "\"request_id\":\"\",\"traceparent\":\"\"},"
                     "{\"seq\":0,\"org\":0,\"mode\":0,\"kind\":\"\",\"at_ms\":0,\"payload\":{},"
                     "\"request_id\":\"\",\"traceparent\":\"\"}],"
                     "\"trimmed\":0}");
}

Test(message, what_does_not_fit_is_an_error)
{
    everything m = sample();
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(40);
    ts_jsonw w = ts_jsonw_on(&out);

    ts_jsonw_message(&w, &m.base, NULL, NULL);
    cr_expect_neq(ts_buf_status(&out), TS_OK);
}
