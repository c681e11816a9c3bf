#include "command.h"
#include "proto/shapes.h"
#include "ts/time.h"

static void show_json(ctl *c, const Ts__Auth__ApiKey *key)
{
    ts_api_key_json(&c->json, key);
}

static const char *state_of(const Ts__Auth__ApiKey *key)
{
    if (key->revoked_ms != 0)
        return "revoked";
    return key->expires_ms != 0 && key->expires_ms <= ts_wall_ms() ? "expired" : "active";
}

static void show_line(ctl *c, const Ts__Auth__ApiKey *key)
{
    bool first = true;

    ts_buf_printf(c->out, "%-27s %-8s %-4s %s...%s  %s  ", key->id, state_of(key),
                  key->mode == TS_MODE_TEST ? "test" : "live", key->prefix, key->last4, key->name);
    for (uint64_t bit = 1; (bit & TS_PERM_ALL) != 0; bit <<= 1) {
        if ((key->permissions & bit) == 0)
            continue;
        ts_buf_printf(c->out, "%s%s", first ? "" : ",", ts_permission_name(bit));
        first = false;
    }
    if (key->expires_ms != 0 && key->revoked_ms == 0) {
        char ends[TS_RFC3339_SIZE];

        ts_time_format(key->expires_ms, false, ends);
        ts_buf_printf(c->out, "  ends %s", ends);
    }
    if (key->rotated_to[0] != '\0')
        ts_buf_printf(c->out, "  replaced by %s", key->rotated_to);
    ts_buf_char(c->out, '\n');
}

static ts_status parse_key_options(ctl *c, Ts__Auth__CreateKeyRequest *ret)
{
    const char *const *given = c->options;
    ts_mode mode = TS_MODE_LIVE;
    ts_status st = TS_OK;

    if (given[CTL_NAME] == NULL)
        return ts_fail(&c->error, TS_INVALID, "--name", "--name is needed: what is the key for?");
    ret->name = (char *)(uintptr_t)given[CTL_NAME]; /* only packed */
    if (given[CTL_MODE] != NULL)
        st = ctl_parse_mode(given[CTL_MODE], &mode, &c->error);
    ret->mode = mode;
    if (st == TS_OK && given[CTL_PERMISSIONS] != NULL)
        st = ctl_parse_permissions(given[CTL_PERMISSIONS], &ret->permissions, &c->error);
    if (st == TS_OK && given[CTL_EXPIRES] != NULL)
        st = ctl_parse_expires(given[CTL_EXPIRES], &ret->expires_ms, &c->error);
    return st;
}

/* A key with its secret, this once. */
static ts_status show_made(ctl *c, const Ts__Auth__CreateKeyReply *made)
{
    if (!ctl_wants_json(c)) {
        show_line(c, made->key);
        ts_buf_printf(c->out, "%s\n", made->secret);
        return TS_OK;
    }
    ts_jsonw_object(&c->json);
    ts_jsonw_key(&c->json, "api_key");
    show_json(c, made->key);
    ts_jsonw_kz(&c->json, "secret", made->secret);
    ts_jsonw_object_end(&c->json);
    return TS_OK;
}

static ts_status show_one(ctl *c, const Ts__Auth__ApiKey *key)
{
    if (!ctl_wants_json(c)) {
        show_line(c, key);
        return TS_OK;
    }
    ts_jsonw_object(&c->json);
    ts_jsonw_key(&c->json, "api_key");
    show_json(c, key);
    ts_jsonw_object_end(&c->json);
    return TS_OK;
}

ts_status ctl_key_create(ctl *c)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    const Ts__Auth__Organization *o = NULL;
    ProtobufCMessage *reply = NULL;
    ts_status st = parse_key_options(c, &request);

    if (st == TS_OK)
        st = ctl_find_org(c, c->args[0], &o);
    if (st != TS_OK)
        return st;
    request.org = o->number;
    st = ctl_call(c, "auth", &ts_auth_create_key, &request.base, &reply);
    return st == TS_OK ? show_made(c, (const void *)reply) : st;
}

/* The whole list, a page a call. `each` gets every key. */
static ts_status list_all(ctl *c, uint64_t org, void (*each)(ctl *c, const Ts__Auth__ApiKey *key))
{
    Ts__Auth__ListKeysRequest request = TS__AUTH__LIST_KEYS_REQUEST__INIT;
    const Ts__Auth__KeyList *list;

    request.org = org;
    do {
        ProtobufCMessage *reply = NULL;
        ts_status st = ctl_call(c, "auth", &ts_auth_list_keys, &request.base, &reply);

        if (st != TS_OK)
            return st;
        list = (const void *)reply;
        for (size_t i = 0; i < list->n_keys; i++)
            each(c, list->keys[i]);
        request.offset += list->n_keys;
    } while (list->n_keys > 0 && request.offset < list->total);
    return TS_OK;
}

ts_status ctl_key_list(ctl *c)
{
    const Ts__Auth__Organization *o = NULL;
    ts_status st = ctl_find_org(c, c->args[0], &o);

    if (st != TS_OK || !ctl_wants_json(c))
        return st == TS_OK ? list_all(c, o->number, show_line) : st;
    ts_jsonw_object(&c->json);
    ts_jsonw_key(&c->json, "api_keys");
    ts_jsonw_array(&c->json);
    st = list_all(c, o->number, show_json);
    ts_jsonw_array_end(&c->json);
    ts_jsonw_object_end(&c->json);
    return st;
}

/* A call about one key whose answer is that key. */
static ts_status about_key(ctl *c, const ts_method *method)
{
    Ts__Auth__RevokeKeyRequest request = TS__AUTH__REVOKE_KEY_REQUEST__INIT;
    const Ts__Auth__Organization *o = NULL;
    ProtobufCMessage *reply = NULL;
    ts_status st = ctl_find_org(c, c->args[0], &o);

    if (st != TS_OK)
        return st;
    request.org = o->number;
    request.id = (char *)(uintptr_t)c->args[1];
    st = ctl_call(c, "auth", method, &request.base, &reply);
    return st == TS_OK ? show_one(c, (const void *)reply) : st;
}

ts_status ctl_key_show(ctl *c)
{
    return about_key(c, &ts_auth_get_key);
}

ts_status ctl_key_revoke(ctl *c)
{
    return about_key(c, &ts_auth_revoke_key);
}

ts_status ctl_key_update(ctl *c)
{
    Ts__Auth__UpdateKeyRequest request = TS__AUTH__UPDATE_KEY_REQUEST__INIT;
    const char *const *given = c->options;
    const Ts__Auth__Organization *o = NULL;
    ProtobufCMessage *reply = NULL;
    ts_status st = TS_OK;

    if (given[CTL_NAME] == NULL && given[CTL_PERMISSIONS] == NULL && given[CTL_EXPIRES] == NULL)
        return ts_fail(&c->error, TS_INVALID, "",
                       "nothing to change: give --name, --permissions or --expires");
    if (given[CTL_NAME] != NULL)
        request.name = (char *)(uintptr_t)given[CTL_NAME];
    if (given[CTL_PERMISSIONS] != NULL)
        st = ctl_parse_permissions(given[CTL_PERMISSIONS], &request.permissions, &c->error);
    request.sets_expiry = given[CTL_EXPIRES] != NULL;
    if (st == TS_OK && request.sets_expiry)
        st = ctl_parse_expires(given[CTL_EXPIRES], &request.expires_ms, &c->error);
    if (st == TS_OK)
        st = ctl_find_org(c, c->args[0], &o);
    if (st != TS_OK)
        return st;
    request.org = o->number;
    request.id = (char *)(uintptr_t)c->args[1];
    st = ctl_call(c, "auth", &ts_auth_update_key, &request.base, &reply);
    return st == TS_OK ? show_one(c, (const void *)reply) : st;
}

ts_status ctl_key_rotate(ctl *c)
{
    Ts__Auth__RotateKeyRequest request = TS__AUTH__ROTATE_KEY_REQUEST__INIT;
    const char *overlap = c->options[CTL_OVERLAP];
    const Ts__Auth__Organization *o = NULL;
    ProtobufCMessage *reply = NULL;
    ts_status st = TS_OK;

    request.sets_overlap = overlap != NULL;
    if (overlap != NULL)
        st = ctl_parse_number("--overlap", overlap, 0, UINT32_MAX, &request.overlap_s, &c->error);
    if (st == TS_OK)
        st = ctl_find_org(c, c->args[0], &o);
    if (st != TS_OK)
        return st;
    request.org = o->number;
    request.id = (char *)(uintptr_t)c->args[1];
    st = ctl_call(c, "auth", &ts_auth_rotate_key, &request.base, &reply);
    return st == TS_OK ? show_made(c, (const void *)reply) : st;
}
