#include "sign.h"

#include "ts/buf.h"
#include "ts/id.h"
#include "ts/process.h"
#include "ts/time.h"

#define PREFIX "whsec_"

void sign_secret(const uint8_t bytes[SIGN_SECRET_BYTES], char ret[SIGN_SECRET_SIZE])
{
    memcpy(ret, PREFIX, sizeof(PREFIX) - 1);
    ts_base64(bytes, SIGN_SECRET_BYTES, ret + sizeof(PREFIX) - 1);
}

/* HMAC over "id.timestamp.body" with the decoded secret, as base64. */
static ts_status standard_signature(const sign_input *in, const char *secret, const char *timestamp,
                                    ts_arena *arena, char ret[48])
{
    ts_str encoded = ts_str_of(secret);
    uint8_t key[SIGN_SECRET_BYTES + 3];
    uint8_t mac[32];
    size_t key_n = 0;
    size_t head_n;
    char *text;

    if (!ts_str_starts(encoded, TS_STR_LIT(PREFIX)) || encoded.n != SIGN_SECRET_SIZE - 2)
        return TS_CORRUPT;
    encoded = ts_str_n(encoded.p + sizeof(PREFIX) - 1, encoded.n - sizeof(PREFIX) + 1);
    if (ts_base64_decode(encoded, key, &key_n) != TS_OK)
        return TS_CORRUPT;
    head_n = strlen(in->event_id) + strlen(timestamp) + 2;
    text = ts_arena_alloc(arena, head_n + in->body.n + 1);
    if (text == NULL)
        return TS_NOMEM;
    snprintf(text, head_n + 1, "%s.%s.", in->event_id, timestamp);
    memcpy(text + head_n, in->body.p, in->body.n);
    ts_hmac_sha256(ts_str_n(key, key_n), ts_str_n(text, head_n + in->body.n), mac);
    ts_wipe(key, sizeof(key));
    ts_base64(mac, sizeof(mac), ret);
    return TS_OK;
}

static void own_signature(const char *secret, ts_str body, char ret[65])
{
    uint8_t mac[32];

    ts_hmac_sha256(ts_str_of(secret), body, mac);
    ts_hex(mac, sizeof(mac), ret);
}

ts_status sign_headers(const sign_input *in, ts_arena *arena, char ***ret, size_t *ret_count)
{
    char timestamp[24];
    char standard[48];
    char standard_next[48];
    char hex[65];
    bool rotating = in->next_secret != NULL;
    char **list = ts_arena_array(arena, SIGN_HEADERS + in->extra_count, sizeof(*list));
    size_t n = 0;
    ts_status st;

    if (list == NULL)
        return TS_NOMEM;
    snprintf(timestamp, sizeof(timestamp), "%lld", (long long)(in->now_ms / TS_SECOND_MS));
    st = standard_signature(in, in->secret, timestamp, arena, standard);
    if (st == TS_OK && rotating)
        st = standard_signature(in, in->next_secret, timestamp, arena, standard_next);
    if (st != TS_OK)
        return st;
    list[n++] = ts_arena_printf(arena, "Content-Type: application/json");
    list[n++] = ts_arena_printf(arena, "User-Agent: TeamSentry/%s", TS_VERSION);
    own_signature(in->secret, in->body, hex);
    list[n++] = ts_arena_printf(arena, "X-TeamSentry-Signature: sha256=%s", hex);
    list[n++] =
        ts_arena_printf(arena, "X-TeamSentry-Delivery: %s.%s", in->event_id, in->endpoint_id);
    list[n++] = ts_arena_printf(arena, "X-TeamSentry-Attempt: %u", in->attempt);
    list[n++] = ts_arena_printf(arena, "webhook-id: %s", in->event_id);
    list[n++] = ts_arena_printf(arena, "webhook-timestamp: %s", timestamp);
    list[n++] = ts_arena_printf(arena, "webhook-signature: v1,%s%s%s", standard,
                                rotating ? " v1," : "", rotating ? standard_next : "");
    if (rotating) {
        own_signature(in->next_secret, in->body, hex);
        list[n++] = ts_arena_printf(arena, "X-TeamSentry-Signature-Next: sha256=%s", hex);
    }
    if (in->traceparent != NULL && in->traceparent[0] != '\0')
        list[n++] = ts_arena_printf(arena, "traceparent: %s", in->traceparent);
    for (size_t i = 0; i < in->extra_count; i++)
        list[n++] = ts_arena_printf(arena, "%s: %s", in->extra[i]->name, in->extra[i]->value);
    for (size_t i = 0; i < n; i++) {
        if (list[i] == NULL)
            return TS_NOMEM;
    }
    *ret = list;
    *ret_count = n;
    return TS_OK;
}
