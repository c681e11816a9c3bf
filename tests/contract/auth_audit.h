/* The audit log under test: entries in a few words, handed over or noted, and verified. */
#ifndef CONTRACT_AUTH_AUDIT_H
#define CONTRACT_AUTH_AUDIT_H

#include "audit.h"
#include "auth_served.h"
#include "ts/audit.h"

static inline Ts__AuditEntry entry_of(const char *action, const char *actor, int64_t at_ms)
{
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;

    entry.action = text(action);
    entry.actor = text(actor);
    entry.object = text("inc_1");
    entry.at_ms = at_ms;
    return entry;
}

static inline void hand_over(ts_tenant tenant, const char *action, const char *actor, int64_t at_ms)
{
    Ts__AuditEntry entry = entry_of(action, actor, at_ms);

    served_hand_over(&s, &ts_auth_accept, tenant, TS_AUDIT_KIND, at_ms, &entry.base);
}

static inline ts_status record(ts_tenant tenant, const char *repeat_key,
                               const Ts__AuditEntry *entry)
{
    Ts__Auth__RecordAuditRequest request = TS__AUTH__RECORD_AUDIT_REQUEST__INIT;
    const Ts__Empty *reply = NULL;

    request.entry = (Ts__AuditEntry *)(uintptr_t)entry; /* only packed */
    return call_for(tenant, repeat_key, &ts_auth_record_audit, &request.base, &reply, NULL);
}

static inline ts_status verify_page(ts_tenant tenant, uint64_t org, uint64_t after, uint32_t limit,
                                    const Ts__Auth__VerifyAuditReply **ret)
{
    Ts__Auth__VerifyAuditRequest request = TS__AUTH__VERIFY_AUDIT_REQUEST__INIT;

    request.org = org;
    request.after = after;
    request.limit = limit;
    return call_for(tenant, "", &ts_auth_verify_audit, &request.base, ret, NULL);
}

/* The whole log, a page of `limit` at a time. */
static inline const Ts__Auth__VerifyAuditReply *verify_in(uint64_t org, uint32_t limit)
{
    const Ts__Auth__VerifyAuditReply *reply = NULL;
    uint64_t after = 0;

    do {
        CHECK_EQ(verify_page(nobody, org, after, limit, &reply), TS_OK);
        CHECK(reply->broken != 0 || !reply->more || reply->last == after + limit ||
              after < reply->dropped);
        after = reply->last;
    } while (reply->more);
    return reply;
}

static inline const Ts__Auth__VerifyAuditReply *verify(uint64_t org)
{
    return verify_in(org, 1000);
}

static inline uint64_t entries_of(uint64_t org)
{
    return audit_of(nobody, org, "")->total;
}

#endif
