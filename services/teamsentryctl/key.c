#include "command.h"
#include "ts/time.h"

static void show_json(ctl *c, const Ts__Auth__ApiKey *key)
{
    ts_jsonw *w = &c->json;

    ts_jsonw_object(w);
    ts_jsonw_kz(w, "id", key->id);
    ts_jsonw_kz(w, "name", key->name);
    ts_jsonw_kz(w, "mode", key->mode == TS_MODE_TEST ? "test" : "live");
    ts_jsonw_key(w, "permissions");
    ts_jsonw_array(w);
    for (uint64_t bit = 1; (bit & TS_PERM_ALL) != 0; bit <<= 1) {
        if ((key->permissions & bit) != 0)
            ts_jsonw_z(w, ts_permission_name(bit));
    }
    ts_jsonw_array_end(w);
    ts_jsonw_kz(w, "prefix", key->prefix);
    ts_jsonw_kz(w, "last4", key->last4);
    ts_jsonw_ktime(w, "created_at", key->created_ms);
    ts_jsonw_ktime(w, "expires_at", key->expires_ms);
    ts_jsonw_ktime(w, "last_used_at", key->last_used_ms);
    ts_jsonw_ktime(w, "revoked_at", key->revoked_ms);
    ts_jsonw_object_end(w);
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

ts_status ctl_key_create(ctl *c)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    const Ts__Auth__CreateKeyReply *made;
    const Ts__Auth__Organization *o = NULL;
    ProtobufCMessage *reply = NULL;
    ts_status st = parse_key_options(c, &request);

    if (st == TS_OK)
        st = ctl_find_org(c, c->args[0], &o);
    if (st != TS_OK)
        return st;
    request.org = o->number;
    st = ctl_call(c, "auth", &ts_auth_create_key, &request.base, &reply);
    if (st != TS_OK)
        return st;
    made = (const void *)reply;
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

ts_status ctl_key_list(ctl *c)
{
    Ts__Auth__ListKeysRequest request = TS__AUTH__LIST_KEYS_REQUEST__INIT;
    const Ts__Auth__KeyList *list;
    const Ts__Auth__Organization *o = NULL;
    ProtobufCMessage *reply = NULL;
    ts_status st = ctl_find_org(c, c->args[0], &o);

    if (st != TS_OK)
        return st;
    request.org = o->number;
    st = ctl_call(c, "auth", &ts_auth_list_keys, &request.base, &reply);
    if (st != TS_OK)
        return st;
    list = (const void *)reply;
    if (!ctl_wants_json(c)) {
        for (size_t i = 0; i < list->n_keys; i++)
            show_line(c, list->keys[i]);
        return TS_OK;
    }
    ts_jsonw_object(&c->json);
    ts_jsonw_key(&c->json, "api_keys");
    ts_jsonw_array(&c->json);
    for (size_t i = 0; i < list->n_keys; i++)
        show_json(c, list->keys[i]);
    ts_jsonw_array_end(&c->json);
    ts_jsonw_object_end(&c->json);
    return TS_OK;
}

ts_status ctl_key_revoke(ctl *c)
{
    Ts__Auth__RevokeKeyRequest request = TS__AUTH__REVOKE_KEY_REQUEST__INIT;
    const Ts__Auth__Organization *o = NULL;
    ProtobufCMessage *reply = NULL;
    ts_status st = ctl_find_org(c, c->args[0], &o);

    if (st != TS_OK)
        return st;
    request.org = o->number;
    request.id = (char *)(uintptr_t)c->args[1];
    st = ctl_call(c, "auth", &ts_auth_revoke_key, &request.base, &reply);
    if (st != TS_OK)
        return st;
    if (!ctl_wants_json(c)) {
        show_line(c, (const void *)reply);
        return TS_OK;
    }
    ts_jsonw_object(&c->json);
    ts_jsonw_key(&c->json, "api_key");
    show_json(c, (const void *)reply);
    ts_jsonw_object_end(&c->json);
    return TS_OK;
}
