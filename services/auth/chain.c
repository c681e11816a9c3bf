#include "chain.h"

#include "ts/id.h"

#define SMALL_ROW 2048

ts_status auth_chain_hash(Ts__Auth__AuditRow *row, uint8_t ret[AUTH_HASH_SIZE])
{
    ProtobufCBinaryData own = row->hash;
    uint8_t small[SMALL_ROW];
    uint8_t *bytes = small;
    size_t n;

    row->hash = (ProtobufCBinaryData){ 0, NULL };
    n = protobuf_c_message_get_packed_size(&row->base);
    if (n > sizeof(small))
        bytes = malloc(n);
    if (bytes != NULL) {
        protobuf_c_message_pack(&row->base, bytes);
        ts_sha256(ts_str_n(bytes, n), ret);
    }
    row->hash = own;
    if (bytes != small)
        free(bytes);
    return bytes == NULL ? TS_NOMEM : TS_OK;
}

static bool is_hash(ProtobufCBinaryData field, const uint8_t hash[AUTH_HASH_SIZE])
{
    return field.len == AUTH_HASH_SIZE && memcmp(field.data, hash, AUTH_HASH_SIZE) == 0;
}

const char *auth_chain_fault(Ts__Auth__AuditRow *row, uint64_t org, uint64_t number,
                             const uint8_t previous[AUTH_HASH_SIZE])
{
    uint8_t hash[AUTH_HASH_SIZE];

    if (row->number != number)
        return "another entry stands in its place";
    if (row->org != org)
        return "it belongs to another organization's log";
    if (auth_chain_hash(row, hash) != TS_OK)
        return "there is not enough memory to check it";
    if (!is_hash(row->hash, hash))
        return "it was changed";
    if (!is_hash(row->previous, previous))
        return "it does not follow the entry before it";
    return NULL;
}
