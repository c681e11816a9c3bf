/* auth under test: its core with its real store behind a socket, and the questions that tests ask. */
#ifndef CONTRACT_AUTH_SERVED_H
#define CONTRACT_AUTH_SERVED_H

#include "auth.h"
#include "served.h"
#include "ts/id.h"

#define PLACES 64  /* for addresses with failures */
#define LIMIT  150 /* of tier standard; more than two chunks, less than three */

static served s;
static auth app;
static auth_config config = { .cache_keys = 1024,
                              .standard_limit = LIMIT,
                              .enterprise_limit = 2 * LIMIT,
                              .failure_addresses = PLACES,
                              .keys_max = 10000,
                              .name_max = 100,
                              .spoilt_max = 3,
                              .overlap_s = 86400,
                              .overlap_max_s = 2592000 };
static const ts_tenant nobody = { 0, TS_MODE_LIVE };

typedef struct key {
    uint64_t org;
    char id[TS_ID_SIZE];
    uint8_t sha256[32];
} key;

static inline void start(void)
{
    served_open_store(&s, auth_families);
    app = (auth){ .store = s.store, .config = &config };
    CHECK_EQ(auth_init(&app, NULL), TS_OK);
    served_start(&s, "auth", auth_rows, &app);
}

static inline void stop(void)
{
    served_stop(&s);
    auth_done(&app);
    ts_store_close(TS_TAKE(s.store));
}

static inline void restart(void)
{
    stop();
    start();
}

static inline char *text(const char *z)
{
    return (char *)(uintptr_t)z; /* only packed */
}

static inline ts_status call(const ts_method *method, const ProtobufCMessage *in, void *ret)
{
    return served_call(&s, nobody, method, in, ret);
}

/* As the gateway calls for a key: in an organization and mode, with an Idempotency-Key or "". */
static inline ts_status call_for(ts_tenant tenant, const char *repeat_key, const ts_method *method,
                                 const ProtobufCMessage *in, void *ret, bool *ret_replayed)
{
    ts_caller caller = served_caller(tenant, tenant.org == 0 ? "ctl" : "key:key_test", repeat_key);
    ProtobufCMessage *out = NULL;
    ts_status st;

    caller.request_id = "req_abcdef";
    caller.client_addr = "192.0.2.7";
    caller.permissions = TS_PERM_ADMIN;
    caller.ret_replayed = ret_replayed;
    memset(&s.error, 0, sizeof(s.error));
    st = ts_rpc_call(s.peer, method, &caller, in, s.arena, &out, &s.error);
    if (st == TS_OK)
        memcpy(ret, &out, sizeof(out));
    return st;
}

static inline ts_tenant live_of(uint64_t org)
{
    return (ts_tenant){ org, TS_MODE_LIVE };
}

static inline ts_tenant test_of(uint64_t org)
{
    return (ts_tenant){ org, TS_MODE_TEST };
}

static inline void expect_refused(ts_status st, ts_status wanted, const char *param)
{
    CHECK_EQ(st, wanted);
    CHECK(strcmp(s.error.param, param) == 0);
    CHECK(s.error.text[0] != '\0');
}

static inline ts_status create_org(const char *name, const char *tier,
                                   const Ts__Auth__Organization **ret)
{
    Ts__Auth__CreateOrganizationRequest request = TS__AUTH__CREATE_ORGANIZATION_REQUEST__INIT;

    request.name = text(name);
    request.tier = text(tier);
    return call(&ts_auth_create_organization, &request.base, ret);
}

static inline uint64_t new_org(void)
{
    const Ts__Auth__Organization *org = NULL;

    CHECK_EQ(create_org("Acme", "", &org), TS_OK);
    return org->number;
}

static inline ts_status create_key(const Ts__Auth__CreateKeyRequest *request, key *ret)
{
    const Ts__Auth__CreateKeyReply *made = NULL;
    ts_status st = call(&ts_auth_create_key, &request->base, &made);

    if (st != TS_OK)
        return st;
    ret->org = request->org;
    snprintf(ret->id, sizeof(ret->id), "%s", made->key->id);
    ts_sha256(ts_str_of(made->secret), ret->sha256);
    return TS_OK;
}

/* A live key of an organization of its own. */
static inline key new_key(uint64_t permissions)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    key k;

    request.org = new_org();
    request.name = text("a key");
    request.permissions = permissions;
    CHECK_EQ(create_key(&request, &k), TS_OK);
    return k;
}

static inline ts_status authorize_as(const uint8_t *sha256, size_t n, uint32_t cost,
                                     const Ts__Auth__AuthorizeReply **ret)
{
    Ts__Auth__AuthorizeRequest request = TS__AUTH__AUTHORIZE_REQUEST__INIT;

    request.key_sha256.data = (uint8_t *)(uintptr_t)sha256;
    request.key_sha256.len = n;
    request.cost = cost;
    return call(&ts_auth_authorize, &request.base, ret);
}

static inline const Ts__Auth__AuthorizeReply *authorize(const key *k)
{
    const Ts__Auth__AuthorizeReply *reply = NULL;

    if (authorize_as(k->sha256, sizeof(k->sha256), 1, &reply) != TS_OK)
        fprintf(stderr, "authorize: %s\n", s.error.text);
    CHECK(reply != NULL);
    return reply;
}

static inline const Ts__Auth__ApiKey *revoke_key(const key *k)
{
    Ts__Auth__RevokeKeyRequest request = TS__AUTH__REVOKE_KEY_REQUEST__INIT;
    const Ts__Auth__ApiKey *reply = NULL;

    request.org = k->org;
    request.id = text(k->id);
    CHECK_EQ(call(&ts_auth_revoke_key, &request.base, &reply), TS_OK);
    return reply;
}

static inline const Ts__Auth__ApiKey *get_key(const key *k)
{
    Ts__Auth__RevokeKeyRequest request = TS__AUTH__REVOKE_KEY_REQUEST__INIT;
    const Ts__Auth__ApiKey *reply = NULL;

    request.org = k->org;
    request.id = text(k->id);
    CHECK_EQ(call(&ts_auth_get_key, &request.base, &reply), TS_OK);
    return reply;
}

static inline ts_status delete_org(uint64_t org, const Ts__Auth__Organization **ret)
{
    Ts__Auth__OrganizationNumber request = TS__AUTH__ORGANIZATION_NUMBER__INIT;

    request.org = org;
    return call(&ts_auth_delete_organization, &request.base, ret);
}

static inline const Ts__Auth__Organization *org_of(uint64_t number)
{
    Ts__Auth__ListOrganizationsRequest request = TS__AUTH__LIST_ORGANIZATIONS_REQUEST__INIT;
    const Ts__Auth__OrganizationList *list = NULL;

    CHECK_EQ(call(&ts_auth_list_organizations, &request.base, &list), TS_OK);
    for (size_t i = 0; i < list->n_organizations; i++) {
        if (list->organizations[i]->number == number)
            return list->organizations[i];
    }
    return NULL;
}

static inline const Ts__Auth__AuditList *audit_of(ts_tenant tenant, uint64_t org, const char *actor)
{
    Ts__Auth__ListAuditRequest request = TS__AUTH__LIST_AUDIT_REQUEST__INIT;
    const Ts__Auth__AuditList *list = NULL;

    request.org = org;
    request.actor = text(actor);
    request.limit = 200;
    CHECK_EQ(call_for(tenant, "", &ts_auth_list_audit, &request.base, &list, NULL), TS_OK);
    return list;
}

/* The newest entry of an organization's log. */
static inline const Ts__AuditEntry *last_entry(uint64_t org)
{
    const Ts__Auth__AuditList *list = audit_of(nobody, org, "");

    CHECK(list->n_rows > 0);
    return list->rows[0]->entry;
}

static inline const Ts__Auth__Organization *set_tier(uint64_t org, const char *tier)
{
    Ts__Auth__SetTierRequest request = TS__AUTH__SET_TIER_REQUEST__INIT;
    const Ts__Auth__Organization *reply = NULL;

    request.org = org;
    request.tier = text(tier);
    CHECK_EQ(call(&ts_auth_set_tier, &request.base, &reply), TS_OK);
    return reply;
}

/* True if two readings of the wall clock lie in one rate window. Tests that count begin anew if it ended under them. */
static inline bool same_minute(int64_t from_ms, int64_t until_ms)
{
    return from_ms / TS_MINUTE_MS == until_ms / TS_MINUTE_MS;
}

/* ---- a clock of the test's own ---- */

static auth_moment moment;

static inline auth_moment set_clock(void)
{
    return moment;
}

/* The first moment of a minute that is as far off as no real one. */
static inline void use_own_clock(void)
{
    moment = (auth_moment){ .wall_ms = TS_MINUTE_MS * 40000000, .boot_ms = 5000000, .boot_id = 42 };
    app.clock = set_clock;
}

static inline void pass_ms(int64_t ms)
{
    moment.wall_ms += ms;
    moment.boot_ms += ms;
}

#endif
