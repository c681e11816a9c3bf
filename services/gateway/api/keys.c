/* /v1/api-keys: made, listed, shown, changed, rotated, revoked. The whole key leaves in one answer, and never again. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"
#include "proto/shapes.h"
#include "ts/near.h"

/* `data` of every answer about one key; "" for a secret that is not shown. `replaced` is the id of the key whose place it
 * takes; NULL: none. */
static void put_one(http_exchange *x, const Ts__Auth__ApiKey *key, const char *secret,
                    const char *replaced)
{
    ts_jsonw w = ts_jsonw_on(&x->data);

    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "api_key");
    ts_api_key_json(&w, key);
    if (secret[0] != '\0')
        ts_jsonw_kz(&w, "secret", secret);
    if (replaced != NULL)
        ts_jsonw_kz(&w, "replaces", replaced);
    ts_jsonw_object_end(&w);
    http_name_add(&x->untrusted, "data.api_key.name");
    ts_buf_z(&x->summary, key->mode == TS_MODE_TEST ? "Test API key " : "Live API key ");
    words_id(&x->summary, ts_str_of(key->id), "key_", "(id not shown)");
}

ts_status api_keys(http_exchange *x)
{
    Ts__Auth__ListKeysRequest request = TS__AUTH__LIST_KEYS_REQUEST__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Auth__KeyList *list;
    ts_status st;

    request.org = x->who.tenant.org;
    request.limit = (uint32_t)api_number(x, "limit");
    request.offset = (uint64_t)api_number(x, "offset");
    st = api_ask(x, &ts_auth_list_keys, &request.base, &list);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "api_keys");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < list->n_keys; i++)
        ts_api_key_json(&w, list->keys[i]);
    ts_jsonw_array_end(&w);
    shape_pagination(&w, request.limit, request.offset, list->total, list->n_keys);
    ts_jsonw_object_end(&w);
    if (list->n_keys > 0)
        http_name_add(&x->untrusted, "data.api_keys[].name");
    words_count(&x->summary, list->total, "API key");
    words_order(&x->summary, list->total, "newest first");
    words_past_end(&x->summary, list->total, list->n_keys);
    return TS_OK;
}

static ts_status no_permission(http_exchange *x, ts_str name)
{
    ts_near near = { .word = TS_STR_NULL };
    char meant[TS_NEAR_WORDS];

    for (uint64_t bit = 1; (bit & TS_PERM_ALL) != 0; bit <<= 1)
        ts_near_add(&near, name, ts_str_of(ts_permission_name(bit)));
    ts_near_say(&near, meant);
    return ts_fail(&x->error, TS_INVALID, "permissions",
                   "permissions must be among read:users, read:incidents, write:incidents, "
                   "read:ai_usage, read:apps, write:apps, write:contacts, agent, ingest, admin%s",
                   meant);
}

/* Names as bits; 0 if the field is not given. */
static ts_status take_permissions(http_exchange *x, uint64_t *ret)
{
    const http_value *names = http_field_of(x, "permissions");
    uint64_t bits = 0;

    for (size_t i = 0; i < names->item_count; i++) {
        uint64_t bit = ts_permission_bit(names->items[i]);

        if (bit == 0)
            return no_permission(x, names->items[i]);
        bits |= bit;
    }
    if (names->given && bits == 0)
        return ts_fail(&x->error, TS_INVALID, "permissions",
                       "permissions must name at least one permission");
    *ret = bits;
    return TS_OK;
}

ts_status api_key_create(http_exchange *x)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    bool is_test = ts_str_is(http_field_of(x, "mode")->text, "test");
    const Ts__Auth__CreateKeyReply *reply;
    ts_status st;

    st = take_permissions(x, &request.permissions);
    if (st != TS_OK)
        return st;
    request.org = x->who.tenant.org;
    request.mode = is_test ? TS_MODE_TEST : TS_MODE_LIVE;
    request.expires_ms = http_field_of(x, "expires_at")->number;
    request.name = api_text(x, http_field_of(x, "name"));
    if (request.name == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_auth_create_key, &request.base, &reply);
    if (st != TS_OK)
        return st;
    if (reply->key == NULL)
        return TS_CORRUPT;
    put_one(x, reply->key, reply->secret, NULL);
    ts_buf_z(&x->summary,
             reply->secret[0] == '\0'
                 ? " was created by this request before; its secret is not shown again."
                 : " created. Keep its secret: it is shown only in this answer.");
    return TS_OK;
}

/* Which keys a caller may manage, auth decides: it alone knows their modes. */
static ts_status take_id(http_exchange *x, char **ret)
{
    if (!words_is_id(x->segment, "key_"))
        return ts_fail(&x->error, TS_NOT_FOUND, "id", "There is no such API key.");
    *ret = ts_arena_z(x->arena, x->segment);
    return *ret == NULL ? TS_NOMEM : TS_OK;
}

/* What a GET answers, for If-Match too. */
static ts_status show_current(http_exchange *x, char *id, uint64_t *ret_revision)
{
    Ts__Auth__RevokeKeyRequest request = TS__AUTH__REVOKE_KEY_REQUEST__INIT;
    const Ts__Auth__ApiKey *key;
    ts_status st;

    request.org = x->who.tenant.org;
    request.id = id;
    st = api_ask(x, &ts_auth_get_key, &request.base, &key);
    if (st != TS_OK)
        return st;
    *ret_revision = key->revision;
    put_one(x, key, "", NULL);
    ts_buf_z(&x->summary, key->revoked_ms != 0                                   ? " is revoked."
                          : key->expires_ms != 0 && key->expires_ms <= x->now_ms ? " has expired."
                                                                                 : " is in force.");
    return TS_OK;
}

ts_status api_key(http_exchange *x)
{
    uint64_t revision;
    char *id = NULL;
    ts_status st = take_id(x, &id);

    return st == TS_OK ? show_current(x, id, &revision) : st;
}

ts_status api_key_update(http_exchange *x)
{
    Ts__Auth__UpdateKeyRequest request = TS__AUTH__UPDATE_KEY_REQUEST__INIT;
    const http_value *expiry = http_field_of(x, "expires_at");
    const Ts__Auth__ApiKey *key;
    ts_status st;

    st = take_permissions(x, &request.permissions);
    if (st == TS_OK && !http_field_of(x, "name")->given && !expiry->given &&
        request.permissions == 0)
        st = ts_fail(&x->error, TS_INVALID, "",
                     "The body must have name, permissions or expires_at.");
    if (st == TS_OK)
        st = take_id(x, &request.id);
    if (st == TS_OK)
        st = api_check_match(x, show_current, request.id, "The API key", &request.revision);
    if (st != TS_OK)
        return st;
    request.org = x->who.tenant.org;
    request.sets_expiry = expiry->given;
    request.expires_ms = expiry->number;
    request.name = api_text(x, http_field_of(x, "name"));
    if (request.name == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_auth_update_key, &request.base, &key);
    if (st != TS_OK)
        return st;
    put_one(x, key, "", NULL);
    ts_buf_z(&x->summary, " changed.");
    return TS_OK;
}

ts_status api_key_rotate(http_exchange *x)
{
    Ts__Auth__RotateKeyRequest request = TS__AUTH__ROTATE_KEY_REQUEST__INIT;
    const http_value *overlap = http_field_of(x, "overlap_seconds");
    const Ts__Auth__CreateKeyReply *reply;
    ts_status st;

    st = take_id(x, &request.id);
    if (st != TS_OK)
        return st;
    request.org = x->who.tenant.org;
    request.sets_overlap = overlap->given;
    request.overlap_s = (uint32_t)overlap->number;
    st = api_ask(x, &ts_auth_rotate_key, &request.base, &reply);
    if (st != TS_OK)
        return st;
    if (reply->key == NULL)
        return TS_CORRUPT;
    put_one(x, reply->key, reply->secret, request.id);
    ts_buf_z(&x->summary, " takes the place of ");
    words_id(&x->summary, ts_str_of(request.id), "key_", "(id not shown)");
    ts_buf_z(&x->summary, reply->secret[0] == '\0'
                              ? " since this request came before; its secret is not shown again."
                              : ". Keep its secret: it is shown only in this answer.");
    return TS_OK;
}

ts_status api_key_revoke(http_exchange *x)
{
    Ts__Auth__RevokeKeyRequest request = TS__AUTH__REVOKE_KEY_REQUEST__INIT;
    const Ts__Auth__ApiKey *key;
    ts_status st;

    st = take_id(x, &request.id);
    if (st != TS_OK)
        return st;
    request.org = x->who.tenant.org;
    st = api_ask(x, &ts_auth_revoke_key, &request.base, &key);
    if (st != TS_OK)
        return st;
    put_one(x, key, "", NULL);
    ts_buf_z(&x->summary, " is revoked.");
    return TS_OK;
}
