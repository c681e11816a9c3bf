/* What comes over the bus or stands in a store: a message of any type from any bytes. It does not decode, or it is printed as JSON
 * that reads back, and packed it is itself again. The first byte chooses the type. */
#include "directory.h"
#include "ts/json.h"

#define ARENA_MAX ((size_t)64 << 20)
#define PRINT_MAX ((size_t)64 << 20)

static const ProtobufCMessageDescriptor *const types[] = {
    &ts__call__descriptor,
    &ts__reply__descriptor,
    &ts__hand_over_request__descriptor,
    &ts__audit_entry__descriptor,
    &ts__detection__descriptor,
    &ts__webhook_publish__descriptor,
    &ts__auth__authorize_request__descriptor,
    &ts__auth__create_key_request__descriptor,
    &ts__risk__ingest_reply__descriptor,
    &ts__risk__user_profile__descriptor,
    &ts__risk__directory_row__descriptor,
    &ts__incidents__incident_details__descriptor,
    &ts__aiusage__report__descriptor,
    &ts__webhooks__event_list__descriptor,
    &ts__webhooks__lease_reply__descriptor,
    &ts__webhooks__result_request__descriptor,
};

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* What no field of ours is. protobuf-c takes the number 0 for a field's if it is written in two bytes, and refuses it in one. */
static void forget_unknown(ProtobufCMessage *m)
{
    m->n_unknown_fields = 0;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        ProtobufCMessage *one = NULL;
        ProtobufCMessage **list = &one;
        size_t count = 1;

        if (f->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (f->label == PROTOBUF_C_LABEL_REPEATED) {
            memcpy(&count, (const char *)m + f->quantifier_offset, sizeof(count));
            memcpy(&list, (const char *)m + f->offset, sizeof(list));
        } else {
            memcpy(&one, (const char *)m + f->offset, sizeof(one));
        }
        for (size_t j = 0; j < count; j++) {
            if (list[j] != NULL)
                forget_unknown(list[j]);
        }
    }
}

static ts_str pack(ts_arena *arena, const ProtobufCMessage *m)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t *bytes = ts_arena_alloc(arena, n + 1);

    require(bytes != NULL && protobuf_c_message_pack(m, bytes) == n);
    return ts_str_n(bytes, n);
}

static void print(ts_json_parser *parser, const ProtobufCMessage *m)
{
    static const char *const hidden[] = { "secret", NULL };
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(PRINT_MAX);
    ts_jsonw w = ts_jsonw_on(&out);
    ts_error err;
    ts_json v;

    ts_jsonw_message(&w, m, hidden, NULL);
    if (ts_buf_status(&out) == TS_OK && out.size < ((size_t)1 << 20))
        require(ts_json_parse(parser, ts_buf_view(&out), &v, &err) == TS_OK);
}

static void check_row(ts_arena *arena, ProtobufCMessage *m)
{
    const char *reason = "";
    ts_status st = directory_check(arena, (Ts__Risk__DirectoryRow *)(void *)m, &reason);

    require(st == TS_OK || st == TS_NOMEM || (st == TS_INVALID && reason[0] != '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static ts_json_parser *parser;
    static ts_arena *arena;
    const ProtobufCMessageDescriptor *type;
    ProtobufCMessage *m = NULL;
    ts_str once;

    if (parser == NULL) {
        parser = ts_json_parser_new((size_t)1 << 20);
        arena = ts_arena_new(ARENA_MAX);
    }
    require(parser != NULL && arena != NULL);
    if (n == 0)
        return 0;
    type = types[data[0] % TS_COUNT(types)];
    ts_arena_reset(arena);
    if (ts_arena_unpack(arena, type, ts_str_n(data + 1, n - 1), &m) != TS_OK)
        return 0;
    print(parser, m);
    forget_unknown(m);
    once = pack(arena, m);
    require(ts_arena_unpack(arena, type, once, &m) == TS_OK);
    require(ts_str_eq(pack(arena, m), once));
    if (type == &ts__risk__directory_row__descriptor)
        check_row(arena, m);
    return 0;
}
