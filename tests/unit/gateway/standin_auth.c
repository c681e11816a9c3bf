/* auth as a stand-in: keys, the audit log, and who is let in. */
#include "standin.h"
#include "standin_rows.h"
#include "ts/id.h"

static bool is_key(const Ts__Auth__AuthorizeRequest *request, const char *key)
{
    uint8_t hash[32];

    ts_sha256(ts_str_of(key), hash);
    return request->key_sha256.len == 32 && memcmp(request->key_sha256.data, hash, 32) == 0;
}

static bool is_no_key(const Ts__Auth__AuthorizeRequest *request)
{
    static const uint8_t zeros[32];

    return memcmp(request->key_sha256.data, zeros, sizeof(zeros)) == 0;
}

/* All addresses are one. */
static ts_status count_failure(const ts_call *call, const Ts__Auth__AuthorizeRequest *request,
                               Ts__Auth__AuthorizeReply *reply)
{
    standin_seen *saw = &standin_saw;
    uint32_t count = (uint32_t)atomic_fetch_add(&saw->failures, 1) + 1;

    (void)snprintf(saw->key_prefix, sizeof(saw->key_prefix), "%s", request->key_prefix);
    (void)snprintf(saw->client_addr, sizeof(saw->client_addr), "%s", call->caller.client_addr);
    saw->was_no_key = is_no_key(request);
    if (saw->counts_no_failures)
        return TS_OK;
    reply->limit = request->failures_limit;
    reply->admitted = count <= reply->limit;
    reply->remaining = reply->admitted ? reply->limit - count : 0;
    reply->reset_s = 1705312860;
    reply->retry_after_s = reply->admitted ? 0 : 23;
    return TS_OK;
}

static ts_status authorize(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__AuthorizeRequest *request = (const void *)in;
    Ts__Auth__AuthorizeReply *reply = (void *)out;

    atomic_fetch_add(&standin_saw.authorizes, 1);
    reply->known = !is_key(request, KEY_UNKNOWN) && !is_no_key(request);
    if (!reply->known)
        return count_failure(call, request, reply);
    reply->org = 7;
    reply->mode = is_key(request, KEY_TEST) ? TS_MODE_TEST : TS_MODE_LIVE;
    reply->suspended = is_key(request, KEY_HELD);
    reply->org_id = standin_copy(call, "org_acme");
    reply->org_name = standin_copy(call, "Acme");
    reply->key_id = standin_copy(call, "key_one");
    reply->permissions = TS_PERM_ALL;
    if (is_key(request, KEY_USERS))
        reply->permissions = TS_PERM_READ_USERS;
    else if (is_key(request, KEY_AGENT))
        reply->permissions = TS_PERM_AGENT | TS_PERM_READ_INCIDENTS;
    reply->admitted = !is_key(request, KEY_LIMITED) && !reply->suspended;
    reply->limit = 1000;
    reply->remaining = reply->admitted ? 997 : 0;
    reply->reset_s = 1705312800;
    reply->retry_after_s = reply->admitted ? 0 : 17;
    return TS_OK;
}

/* "key_live" and "key_test" exist. */
static ts_status fill_key(ts_call *call, const char *id, Ts__Auth__ApiKey *key)
{
    bool is_test = strcmp(id, "key_test") == 0;

    if (!is_test && strcmp(id, "key_live") != 0)
        return ts_fail(call->error, TS_NOT_FOUND, "id", "There is no such API key.");
    key->id = standin_copy(call, id);
    key->org = call->tenant.org;
    key->name = standin_copy(call, "Claude \"Desktop\"");
    key->mode = is_test ? TS_MODE_TEST : TS_MODE_LIVE;
    key->permissions = TS_PERM_READ_USERS | TS_PERM_AGENT;
    key->prefix = standin_copy(call, is_test ? "tsk_test_abcd" : "tsk_live_abcd");
    key->last4 = standin_copy(call, "wxyz");
    key->created_ms = INT64_C(1736937000000);
    return TS_OK;
}

static Ts__Auth__ApiKey *new_key(ts_call *call, const char *id)
{
    Ts__Auth__ApiKey *key = ts_arena_alloc(call->arena, sizeof(*key));

    ts__auth__api_key__init(key);
    return fill_key(call, id, key) == TS_OK ? key : NULL;
}

static ts_status create_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__CreateKeyRequest *request = (const void *)in;
    Ts__Auth__CreateKeyReply *reply = (void *)out;

    if (request->org != call->tenant.org)
        return TS_INTERNAL;
    if (call->tenant.mode == TS_MODE_TEST && request->mode != TS_MODE_TEST)
        return ts_fail(call->error, TS_DENIED, "mode", "A test key manages test keys only.");
    reply->key = new_key(call, request->mode == TS_MODE_TEST ? "key_test" : "key_live");
    reply->key->name = request->name;
    reply->key->expires_ms = request->expires_ms;
    if (request->permissions != 0)
        reply->key->permissions = request->permissions;
    call->replayed = strcmp(call->caller.idempotency_key, "again") == 0;
    if (!call->replayed)
        reply->secret = standin_copy(call, "tsk_live_secret");
    return TS_OK;
}

static ts_status rotate_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RotateKeyRequest *request = (const void *)in;
    Ts__Auth__CreateKeyReply *reply = (void *)out;

    reply->key = new_key(call, request->id);
    if (reply->key == NULL)
        return TS_NOT_FOUND;
    if (request->sets_overlap)
        return ts_fail(call->error, TS_CONFLICT, "", "overlap %u", request->overlap_s);
    reply->secret = standin_copy(call, "tsk_live_rotated");
    return TS_OK;
}

static ts_status get_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RevokeKeyRequest *request = (const void *)in;
    Ts__Auth__ApiKey *key = (void *)out;

    key->revision = 11;
    return fill_key(call, request->id, key);
}

static ts_status update_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__UpdateKeyRequest *request = (const void *)in;
    Ts__Auth__ApiKey *key = (void *)out;
    ts_status st = fill_key(call, request->id, key);

    if (st != TS_OK)
        return st;
    if (request->revision != 0 && request->revision != 11)
        return TS_PRECONDITION;
    standin_saw.revision = request->revision;
    if (request->name[0] != '\0')
        key->name = request->name;
    if (request->permissions != 0)
        key->permissions = request->permissions;
    key->expires_ms = request->sets_expiry ? request->expires_ms : INT64_C(1767225600000);
    return TS_OK;
}

static ts_status revoke_key(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RevokeKeyRequest *request = (const void *)in;
    ts_status st = fill_key(call, request->id, (void *)out);

    ((Ts__Auth__ApiKey *)(void *)out)->revoked_ms = INT64_C(1736937000000);
    return st;
}

static ts_status list_keys(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__ListKeysRequest *request = (const void *)in;
    Ts__Auth__KeyList *reply = (void *)out;

    reply->keys = ts_arena_array(call->arena, 1, sizeof(*reply->keys));
    reply->keys[0] = new_key(call, "key_live");
    reply->n_keys = 1;
    reply->total = request->offset + 3;
    return TS_OK;
}

static ts_status record_audit(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__RecordAuditRequest *request = (const void *)in;
    standin_seen *saw = &standin_saw;

    (void)out;
    if (saw->refuses_audits)
        return ts_fail(call->error, TS_UNAVAILABLE, "", "no room");
    (void)snprintf(saw->audit_action, sizeof(saw->audit_action), "%s", request->entry->action);
    (void)snprintf(saw->audit_object, sizeof(saw->audit_object), "%s", request->entry->object);
    (void)snprintf(saw->audit_actor, sizeof(saw->audit_actor), "%s", request->entry->actor);
    (void)snprintf(saw->audit_details, sizeof(saw->audit_details), "%s", request->entry->details);
    atomic_fetch_add(&saw->audits, 1);
    return TS_OK;
}

static Ts__Auth__AuditRow *audit_row(ts_call *call, uint64_t number, const char *details)
{
    Ts__Auth__AuditRow *row = ts_arena_alloc(call->arena, sizeof(*row));

    ts__auth__audit_row__init(row);
    row->number = number;
    row->mode = TS_MODE_TEST;
    row->entry = ts_arena_alloc(call->arena, sizeof(*row->entry));
    ts__audit_entry__init(row->entry);
    row->entry->action = standin_copy(call, "key.created");
    row->entry->object = standin_copy(call, "key_live");
    row->entry->actor = standin_copy(call, "ctl");
    row->entry->at_ms = INT64_C(1736937000000);
    row->entry->details = standin_copy(call, details);
    return row;
}

static ts_status list_audit(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Auth__ListAuditRequest *request = (const void *)in;
    Ts__Auth__AuditList *reply = (void *)out;

    if (strcmp(request->actor, "ctl") != 0 || request->since_ms != INT64_C(1736899200000) ||
        request->until_ms != INT64_C(1736985600000))
        return TS_OK;
    reply->rows = ts_arena_array(call->arena, 2, sizeof(*reply->rows));
    reply->rows[0] = audit_row(call, 2, "{\"name\":\"x\"}");
    reply->rows[1] = audit_row(call, 1, "{\"broken\":");
    reply->n_rows = 2;
    reply->total = 2;
    return TS_OK;
}

const ts_rpc_row standin_auth_rows[] = {
    { &ts_auth_authorize, authorize, true },    { &ts_auth_create_key, create_key, false },
    { &ts_auth_rotate_key, rotate_key, false }, { &ts_auth_update_key, update_key, false },
    { &ts_auth_get_key, get_key, true },        { &ts_auth_revoke_key, revoke_key, false },
    { &ts_auth_list_keys, list_keys, false },   { &ts_auth_record_audit, record_audit, true },
    { &ts_auth_list_audit, list_audit, false }, { 0 },
};
