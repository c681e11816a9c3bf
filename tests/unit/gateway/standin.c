#include "standin.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "api/api.h"
#include "ts/id.h"

standin_seen standin_saw;

static ts_rpc_server *servers[5];
static http_server *server;
static http_service service;
static gateway_config config;
static api app;
static char folder[64];

static char *copy(ts_call *call, const char *text)
{
    return ts_arena_z(call->arena, ts_str_of(text));
}

/* ---- auth ---- */

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
    reply->org_id = copy(call, "org_acme");
    reply->org_name = copy(call, "Acme");
    reply->key_id = copy(call, "key_one");
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
    key->id = copy(call, id);
    key->org = call->tenant.org;
    key->name = copy(call, "Claude \"Desktop\"");
    key->mode = is_test ? TS_MODE_TEST : TS_MODE_LIVE;
    key->permissions = TS_PERM_READ_USERS | TS_PERM_AGENT;
    key->prefix = copy(call, is_test ? "tsk_test_abcd" : "tsk_live_abcd");
    key->last4 = copy(call, "wxyz");
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
        reply->secret = copy(call, "tsk_live_secret");
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
    reply->secret = copy(call, "tsk_live_rotated");
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
    row->entry->action = copy(call, "key.created");
    row->entry->object = copy(call, "key_live");
    row->entry->actor = copy(call, "ctl");
    row->entry->at_ms = INT64_C(1736937000000);
    row->entry->details = copy(call, details);
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

static const ts_rpc_row auth_rows[] = {
    { &ts_auth_authorize, authorize, true },    { &ts_auth_create_key, create_key, false },
    { &ts_auth_rotate_key, rotate_key, false }, { &ts_auth_update_key, update_key, false },
    { &ts_auth_get_key, get_key, true },        { &ts_auth_revoke_key, revoke_key, false },
    { &ts_auth_list_keys, list_keys, false },   { &ts_auth_record_audit, record_audit, true },
    { &ts_auth_list_audit, list_audit, false }, { 0 },
};

/* ---- risk ---- */

static ts_status overview(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    static const uint64_t levels[] = { 84, 47, 8, 2, 1 };
    Ts__Risk__OverviewReply *reply = (void *)out;

    (void)in;
    if (call->tenant.org != 7)
        return TS_INTERNAL;
    reply->total_users = 142;
    reply->monitored_users = 142;
    reply->by_level = ts_arena_array(call->arena, 5, sizeof(uint64_t));
    memcpy(reply->by_level, levels, sizeof(levels));
    reply->n_by_level = 5;
    return TS_OK;
}

static Ts__Risk__UserRow *user(ts_call *call, const char *email, const char *name, uint32_t score)
{
    Ts__Risk__UserRow *row = ts_arena_alloc(call->arena, sizeof(*row));

    ts__risk__user_row__init(row);
    row->email = copy(call, email);
    row->name = copy(call, name);
    row->department = copy(call, "finance");
    row->score = score;
    row->active_rule_count = 1;
    row->open_incident_count = 2;
    row->last_seen_ms = INT64_C(1736937000000);
    return row;
}

static ts_status list_many(ts_call *call, const Ts__Risk__ListUsersRequest *request,
                           Ts__Risk__UserList *reply)
{
    uint64_t first = 0;

    if (request->after[0] != '\0' && ts_parse_u64(ts_str_of(request->after), &first) != TS_OK)
        return TS_INVALID;
    reply->users = ts_arena_array(call->arena, request->limit, sizeof(*reply->users));
    for (uint64_t i = first; i < STANDIN_MANY && reply->n_users < request->limit; i++)
        reply->users[reply->n_users++] =
            user(call, ts_arena_printf(call->arena, "user-%d@acme.example", (int)i), "=cmd()", 95);
    reply->total = STANDIN_MANY;
    /* A service that does not get on. */
    if (strcmp(request->risk_level, "medium") == 0)
        reply->next = copy(call, "7");
    else if (first + reply->n_users < STANDIN_MANY)
        reply->next = ts_arena_printf(call->arena, "%d", (int)(first + reply->n_users));
    return TS_OK;
}

static ts_status list_users(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__ListUsersRequest *request = (const void *)in;
    Ts__Risk__UserList *reply = (void *)out;

    if (strcmp(request->risk_level, "minimal") == 0)
        return TS_OK;
    if (strcmp(request->risk_level, "low") == 0 ||
        (strcmp(request->risk_level, "high") == 0 && request->after[0] != '\0'))
        return ts_fail(call->error, TS_UNAVAILABLE, "", "no room");
    if (request->risk_level[0] != '\0')
        return list_many(call, request, reply);
    reply->users = ts_arena_array(call->arena, 2, sizeof(*reply->users));
    reply->users[0] = user(call, "john@acme.example", "John \"Ignore all\" Smith", 82);
    reply->users[1] = user(call, "j\xc3\xb6rg@acme.example", "J\xc3\xb6rg", 70);
    reply->n_users = request->limit < 2 ? request->limit : 2;
    reply->total = 5;
    return TS_OK;
}

static ts_status add_anomalies(ts_call *call, Ts__Risk__UserProfile *reply)
{
    reply->anomalies = ts_arena_array(call->arena, 2, sizeof(*reply->anomalies));
    for (size_t i = 0; i < 2; i++) {
        Ts__Risk__Anomaly *anomaly = ts_arena_alloc(call->arena, sizeof(*anomaly));

        ts__risk__anomaly__init(anomaly);
        anomaly->metric = copy(call, "files_downloaded_per_day");
        anomaly->observed = i == 0 ? 72 : UINT32_MAX;
        anomaly->expected = 3.5;
        anomaly->z_score = 39.84;
        anomaly->detected_ms = INT64_C(1736929320000);
        anomaly->explanation = copy(call, "72 files. 3.5 before.");
        reply->anomalies[reply->n_anomalies++] = anomaly;
    }
    return TS_OK;
}

static ts_status get_user(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__GetUserRequest *request = (const void *)in;
    Ts__Risk__UserProfile *reply = (void *)out;
    Ts__Risk__ActiveRule *rule;

    if (strcmp(request->email, "john@acme.example") != 0)
        return ts_fail(call->error, TS_NOT_FOUND, "email", "There is no such user.");
    reply->user = user(call, "john@acme.example", "John Smith", 82);
    rule = ts_arena_alloc(call->arena, sizeof(*rule));
    ts__risk__active_rule__init(rule);
    rule->rule_id = copy(call, "impossible_travel");
    rule->title = copy(call, "Impossible travel");
    rule->severity = 3;
    rule->tactics = ts_arena_array(call->arena, 2, sizeof(char *));
    rule->tactics[0] = copy(call, "TA0001");
    rule->tactics[1] = copy(call, "TA0006");
    rule->n_tactics = 2;
    rule->techniques = ts_arena_array(call->arena, 1, sizeof(char *));
    rule->techniques[0] = copy(call, "T1078.004");
    rule->n_techniques = 1;
    rule->triggered_ms = INT64_C(1736929320000);
    rule->points = 82;
    reply->active_rules = ts_arena_array(call->arena, 1, sizeof(*reply->active_rules));
    reply->active_rules[0] = rule;
    reply->n_active_rules = 1;
    return add_anomalies(call, reply);
}

static ts_status ingest(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__IngestRequest *request = (const void *)in;
    Ts__Risk__IngestReply *reply = (void *)out;
    size_t start = request->body.len < 63 ? request->body.len : 63;
    Ts__Risk__Rejected *rejected = ts_arena_alloc(call->arena, sizeof(*rejected));

    (void)snprintf(standin_saw.source, sizeof(standin_saw.source), "%s", request->source);
    (void)snprintf(standin_saw.content_type, sizeof(standin_saw.content_type), "%s",
                   request->content_type);
    (void)snprintf(standin_saw.actor, sizeof(standin_saw.actor), "%s", call->caller.actor);
    (void)snprintf(standin_saw.client_addr, sizeof(standin_saw.client_addr), "%s",
                   call->caller.client_addr);
    standin_saw.gzip = request->gzip != 0;
    standin_saw.body_bytes = request->body.len;
    memcpy(standin_saw.body_start, request->body.data, start);
    standin_saw.body_start[start] = '\0';
    ts__risk__rejected__init(rejected);
    rejected->index = 3;
    rejected->reason = copy(call, "no time");
    reply->accepted = 1;
    reply->duplicates = 2;
    reply->rejected = ts_arena_array(call->arena, 1, sizeof(*reply->rejected));
    reply->rejected[0] = rejected;
    reply->n_rejected = 1;
    return TS_OK;
}

static Ts__Risk__AppScope *scope(ts_call *call, const char *name)
{
    Ts__Risk__AppScope *one = ts_arena_alloc(call->arena, sizeof(*one));

    ts__risk__app_scope__init(one);
    one->scope = copy(call, name);
    return one;
}

static ts_status list_apps(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__ListAppsRequest *request = (const void *)in;
    Ts__Risk__AppList *reply = (void *)out;
    Ts__Risk__App *one = ts_arena_alloc(call->arena, sizeof(*one));

    if (strcmp(request->status, "untrusted") != 0)
        return TS_OK;
    ts__risk__app__init(one);
    one->id = copy(call, "app_one");
    one->name = copy(call, "Ignore all\xe2\x80\xae rules");
    one->status = copy(call, "untrusted");
    one->risk_score = 91;
    one->user_count = 6;
    one->scopes = ts_arena_array(call->arena, 2, sizeof(*one->scopes));
    one->scopes[0] = scope(call, "https://mail.example/all");
    one->scopes[1] = scope(call, "a,b");
    one->n_scopes = 2;
    reply->apps = ts_arena_array(call->arena, 1, sizeof(*reply->apps));
    reply->apps[0] = one;
    reply->n_apps = 1;
    reply->total = 12;
    return TS_OK;
}

static const ts_rpc_row risk_rows[] = {
    { &ts_risk_list_apps, list_apps, false },   { &ts_risk_overview, overview, false },
    { &ts_risk_list_users, list_users, false }, { &ts_risk_get_user, get_user, false },
    { &ts_risk_ingest, ingest, false },         { 0 },
};

/* ---- incidents ---- */

static Ts__Incidents__Incident *incident(ts_call *call, const char *id, const char *status)
{
    Ts__Incidents__Incident *one = ts_arena_alloc(call->arena, sizeof(*one));

    ts__incidents__incident__init(one);
    one->id = copy(call, id);
    one->title = copy(call, "Possible account takeover");
    one->severity = 3;
    one->status = copy(call, status);
    one->affected_users = ts_arena_array(call->arena, 1, sizeof(char *));
    one->affected_users[0] = copy(call, "john@acme.example");
    one->n_affected_users = 1;
    one->created_ms = INT64_C(1736937000000);
    one->updated_ms = INT64_C(1736937000000);
    one->detection_count = 3;
    one->revision = 5;
    return one;
}

static ts_status summary(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__SummaryRequest *request = (const void *)in;
    Ts__Incidents__SummaryReply *reply = (void *)out;
    Ts__Incidents__Incident **one;

    reply->open = 1;
    reply->investigating = 1;
    reply->by_severity = ts_arena_array(call->arena, 5, sizeof(uint64_t));
    reply->by_severity[3] = 2;
    reply->n_by_severity = 5;
    one = ts_arena_array(call->arena, 1, sizeof(*one));
    one[0] = incident(call, "inc_one", "open");
    reply->latest = one;
    reply->n_latest = request->without_latest ? 0 : 1;
    if (!request->with_trend)
        return TS_OK;
    reply->worst = one;
    reply->n_worst = 1;
    reply->day = ts_arena_alloc(call->arena, sizeof(*reply->day));
    ts__incidents__trend__init(reply->day);
    reply->day->opened = 1;
    reply->day->opened_before = 4;
    return TS_OK;
}

static ts_status list_incidents(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__ListRequest *request = (const void *)in;
    Ts__Incidents__IncidentList *reply = (void *)out;

    if (request->severity != 3 || strcmp(request->status, "open") != 0 ||
        (request->user[0] != '\0' && strcmp(request->user, "john@acme.example") != 0) ||
        request->since_ms != INT64_C(1736899200000))
        return TS_OK;
    reply->incidents = ts_arena_array(call->arena, 1, sizeof(*reply->incidents));
    reply->incidents[0] = incident(call, "inc_one", "open");
    reply->n_incidents = 1;
    reply->total = 1;
    return TS_OK;
}

static Ts__Detection *detection(ts_call *call, const char *rule_id, uint32_t severity,
                                const char *recommended)
{
    Ts__Detection *one = ts_arena_alloc(call->arena, sizeof(*one));
    Ts__Evidence *evidence = ts_arena_alloc(call->arena, sizeof(*evidence));

    ts__detection__init(one);
    ts__evidence__init(evidence);
    one->rule_id = copy(call, rule_id);
    one->title = copy(call, "A rule");
    one->severity = severity;
    one->count = 1;
    one->event_ms = INT64_C(1736929320000);
    one->last_event_ms = INT64_C(1736929320000);
    one->recommended_actions = ts_arena_array(call->arena, 1, sizeof(char *));
    one->recommended_actions[0] = copy(call, recommended);
    one->n_recommended_actions = 1;
    evidence->event_id = copy(call, "rec_one");
    evidence->event_ms = INT64_C(1736929320000);
    evidence->summary = copy(call, "login_success");
    evidence->fields = ts_arena_array(call->arena, 1, sizeof(*evidence->fields));
    evidence->fields[0] = ts_arena_alloc(call->arena, sizeof(*evidence->fields[0]));
    ts__name_value__init(evidence->fields[0]);
    evidence->fields[0]->name = copy(call, "doc_title");
    evidence->fields[0]->value = copy(call, "plan\xe2\x80\xae\nfdp.exe");
    evidence->n_fields = 1;
    one->evidence = ts_arena_array(call->arena, 1, sizeof(*one->evidence));
    one->evidence[0] = evidence;
    one->n_evidence = 1;
    return one;
}

static void details(ts_call *call, const char *status, Ts__Incidents__IncidentDetails *reply)
{
    reply->incident = incident(call, "inc_one", status);
    reply->detections = ts_arena_array(call->arena, 3, sizeof(*reply->detections));
    reply->detections[0] = detection(call, "mfa_off", 2, "Turn the second factor on again.");
    reply->detections[1] = detection(call, "takeover", 3, "Reset the password.");
    reply->detections[2] = detection(call, "takeover", 3, "Reset the password.");
    reply->n_detections = 3;
}

static ts_status get_incident(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__GetRequest *request = (const void *)in;

    if (strcmp(request->id, "inc_one") != 0)
        return ts_fail(call->error, TS_NOT_FOUND, "id", "There is no such incident.");
    details(call, "open", (void *)out);
    return TS_OK;
}

static ts_status update_status(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__UpdateStatusRequest *request = (const void *)in;

    standin_saw.revision = request->revision;
    atomic_fetch_add(&standin_saw.updates, 1);
    if (strcmp(request->id, "inc_closed") == 0)
        return ts_fail(call->error, TS_CONFLICT, "status", "The incident is already resolved.");
    details(call, request->status, (void *)out);
    return TS_OK;
}

static ts_status reopen(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__ReopenRequest *request = (const void *)in;

    if (strcmp(request->id, "inc_closed") != 0)
        return ts_fail(call->error, TS_CONFLICT, "status", "The incident is open and not closed.");
    details(call, "investigating", (void *)out);
    return TS_OK;
}

static const ts_rpc_row incidents_rows[] = {
    { &ts_incidents_summary, summary, false },
    { &ts_incidents_list, list_incidents, false },
    { &ts_incidents_get, get_incident, false },
    { &ts_incidents_update_status, update_status, false },
    { &ts_incidents_reopen, reopen, false },
    { 0 },
};

/* ---- ai-usage ---- */

static ts_status report(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Aiusage__ReportRequest *request = (const void *)in;
    Ts__Aiusage__Report *reply = (void *)out;
    Ts__Aiusage__Group *group = ts_arena_alloc(call->arena, sizeof(*group));

    ts__aiusage__group__init(group);
    group->key = copy(call, strcmp(request->group_by, "day") == 0 ? "2025-01-15" : "ChatGPT");
    group->vendor = copy(call, "OpenAI");
    group->events = 30;
    group->users = 5;
    reply->from_ms = INT64_C(1736332200000);
    reply->to_ms = INT64_C(1736937000000);
    reply->events = 30;
    reply->active_users = 5;
    reply->tools = 1;
    reply->unsanctioned_events = 30;
    reply->previous_events = 40;
    reply->groups = ts_arena_array(call->arena, 1, sizeof(*reply->groups));
    reply->groups[0] = group;
    reply->n_groups = 1;
    reply->groups_total = 1;
    return TS_OK;
}

static const ts_rpc_row ai_usage_rows[] = { { &ts_aiusage_report, report, false }, { 0 } };

/* ---- webhooks ---- */

static void fill_endpoint(ts_call *call, Ts__Webhooks__Endpoint *endpoint, const char *url)
{
    endpoint->id = copy(call, "whe_one");
    endpoint->url = copy(call, url);
    endpoint->enabled = 1;
    endpoint->created_ms = INT64_C(1736937000000);
}

static ts_status create_endpoint(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__CreateEndpointRequest *request = (const void *)in;
    Ts__Webhooks__Endpoint *reply = (void *)out;

    if (strcmp(request->url, "http://10.0.0.1/") == 0)
        return ts_fail(call->error, TS_INVALID, "url", "url must not lead to a private address");
    if (request->n_events != 1 || strcmp(request->events[0], "incident.*") != 0)
        return TS_INTERNAL;
    fill_endpoint(call, reply, request->url);
    reply->secret = copy(call, "whsec_c2VjcmV0");
    return TS_OK;
}

static ts_status list_endpoints(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    Ts__Webhooks__EndpointList *reply = (void *)out;
    Ts__Webhooks__Endpoint *endpoint = ts_arena_alloc(call->arena, sizeof(*endpoint));

    (void)in;
    ts__webhooks__endpoint__init(endpoint);
    fill_endpoint(call, endpoint, "https://hook.example/");
    reply->endpoints = ts_arena_array(call->arena, 1, sizeof(*reply->endpoints));
    reply->endpoints[0] = endpoint;
    reply->n_endpoints = 1;
    reply->total = 1;
    return TS_OK;
}

static ts_status get_endpoint(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__EndpointId *request = (const void *)in;

    if (strcmp(request->id, "whe_one") != 0)
        return TS_NOT_FOUND;
    fill_endpoint(call, (void *)out, "https://hook.example/");
    return TS_OK;
}

static ts_status delete_endpoint(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__EndpointId *request = (const void *)in;

    (void)call;
    (void)out;
    return strcmp(request->id, "whe_one") == 0 ? TS_OK : TS_NOT_FOUND;
}

static ts_status list_events(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Webhooks__ListEventsRequest *request = (const void *)in;
    Ts__Webhooks__EventList *reply = (void *)out;
    Ts__Webhooks__Event *event = ts_arena_alloc(call->arena, sizeof(*event));

    ts__webhooks__event__init(event);
    event->id = copy(call, "evt_one");
    event->event = copy(call, "incident.created");
    event->status = copy(call, request->status);
    event->created_ms = INT64_C(1736937000000);
    reply->events = ts_arena_array(call->arena, 1, sizeof(*reply->events));
    reply->events[0] = event;
    reply->n_events = 1;
    reply->total = 12;
    return TS_OK;
}

static const ts_rpc_row webhooks_rows[] = {
    { &ts_webhooks_create_endpoint, create_endpoint, false },
    { &ts_webhooks_list_endpoints, list_endpoints, false },
    { &ts_webhooks_get_endpoint, get_endpoint, false },
    { &ts_webhooks_delete_endpoint, delete_endpoint, false },
    { &ts_webhooks_list_events, list_events, false },
    { 0 },
};

/* ---- the whole ---- */

static const struct {
    const char *name;
    const ts_rpc_row *rows;
} services[] = {
    { "auth", auth_rows },         { "risk", risk_rows },         { "incidents", incidents_rows },
    { "ai-usage", ai_usage_rows }, { "webhooks", webhooks_rows },
};

static const char *address_of(void *context, const char *peer)
{
    static char addresses[5][96];

    (void)context;
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        if (strcmp(services[i].name, peer) == 0) {
            (void)snprintf(addresses[i], sizeof(addresses[i]), "ipc://%s/%s", folder, peer);
            return addresses[i];
        }
    }
    return NULL;
}

int standin_start(unsigned mask, int64_t connections)
{
    char *environment[] = { NULL };
    ts_config_table table = { gateway_config_items, gateway_config_item_count, &config };
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(4096);
    ts_error err = { .text = "" };
    http_options options = { .listen = "127.0.0.1:0" };

    CHECK(ts_config_load(&table, 1, "TS_GATEWAY_", environment, &mistakes) == TS_OK);
    config.call_ms = 3000;
    (void)snprintf(config.lexicon_dir, sizeof(config.lexicon_dir), "%s",
                   TS_SOURCE_DIR "/services/gateway/agent/lexicon");
    (void)snprintf(config.origins, sizeof(config.origins), "https://ui.example");
    (void)snprintf(config.proxies, sizeof(config.proxies), "127.0.0.1");
    (void)snprintf(folder, sizeof(folder), "/tmp/ts-gateway-test-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        ts_rpc_options rpc = { .address = address_of(NULL, services[i].name),
                               .service_name = services[i].name,
                               .rows = services[i].rows,
                               .slow_workers = 2,
                               .bulk_workers = 1 };

        if ((mask & 1U << i) != 0)
            CHECK(ts_rpc_server_start(&rpc, &servers[i], &err) == TS_OK);
    }
    CHECK(api_init(&app, &config, address_of, NULL, &err) == TS_OK);
    service = (http_service){ .routes = api_routes,
                              .route_count = api_route_count,
                              .app = &app,
                              .authorize = api_authorize,
                              .failures_limit = (uint32_t)config.auth_failures,
                              .hsts_s = config.hsts_s };
    CHECK(gateway_config_lists(&config, &service, &err) == TS_OK);
    options.loops = 2;
    options.limits = (http_limits){ connections, 5000, 5000, 5000 };
    CHECK(http_server_start(&options, &service, &server, &err) == TS_OK);
    return http_server_port(server);
}

const http_service *standin_service(void)
{
    return &service;
}

void standin_stop(void)
{
    http_server_drain(server, 0, 5000);
    http_server_stop(server);
    api_done(&app);
    for (size_t i = 0; i < TS_COUNT(services); i++) {
        ts_rpc_server_stop(servers[i]);
        servers[i] = NULL;
    }
    /* The sockets in it go with their listeners. */
    (void)rmdir(folder);
}

int client_connect(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { .tv_sec = 15 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

void client_send(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        /* A server that has heard enough may close: the answer tells. */
        if (sent <= 0)
            return;
        p += sent;
        n -= (size_t)sent;
    }
}

void client_read(int fd, bool is_head, answer *a)
{
    const char *length;
    uint64_t wanted = 0;
    char c;

    *a = (answer){ .head = TS_BUF_INIT(65536), .body = TS_BUF_INIT(1 << 22) };
    while (recv(fd, &c, 1, 0) == 1) {
        ts_buf_char(&a->head, c);
        if (a->head.size >= 4 && memcmp(a->head.data + a->head.size - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    if (a->head.size < 12) {
        a->is_closed = true;
        return;
    }
    a->status =
        (a->head.data[9] - '0') * 100 + (a->head.data[10] - '0') * 10 + a->head.data[11] - '0';
    length = answer_header(a, "Content-Length");
    if (length != NULL)
        CHECK(ts_parse_u64(ts_str_of(length), &wanted) == TS_OK);
    while (!is_head && a->body.size < wanted && recv(fd, &c, 1, 0) == 1)
        ts_buf_char(&a->body, c);
    a->is_closed = answer_header(a, "Connection") != NULL &&
                   strcmp(answer_header(a, "Connection"), "close") == 0;
}

void answer_done(answer *a)
{
    ts_buf_done(&a->head);
    ts_buf_done(&a->body);
}

const char *answer_header(const answer *a, const char *name)
{
    static _Thread_local char value[512];
    ts_str rest = ts_str_n(a->head.data, a->head.size);

    while (rest.n > 0) {
        size_t end = ts_str_find(rest, '\n');
        ts_str line = ts_str_n(rest.p, end);
        size_t colon = ts_str_find(line, ':');

        if (colon < line.n && ts_str_ieq(ts_str_n(line.p, colon), ts_str_of(name))) {
            ts_str text = ts_str_trim(ts_str_n(line.p + colon + 1, line.n - colon - 1));

            (void)snprintf(value, sizeof(value), "%.*s", (int)text.n, text.p);
            return value;
        }
        rest = end == rest.n ? TS_STR_NULL : ts_str_n(rest.p + end + 1, rest.n - end - 1);
    }
    return NULL;
}

void ask(int port, const char *method, const char *path, const char *key, const char *headers,
         const char *body, answer *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf request = TS_BUF_INIT(1 << 20);
    int fd = client_connect(port);

    ts_buf_printf(&request, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path);
    if (key != NULL)
        ts_buf_printf(&request, "Authorization: Bearer %s\r\n", key);
    ts_buf_z(&request, headers);
    if (body != NULL)
        ts_buf_printf(&request, "Content-Length: %zu\r\n", strlen(body));
    ts_buf_z(&request, "\r\n");
    ts_buf_z(&request, body == NULL ? "" : body);
    CHECK(ts_buf_status(&request) == TS_OK);
    client_send(fd, request.data, request.size);
    client_read(fd, strcmp(method, "HEAD") == 0, ret);
    (void)close(fd);
}
