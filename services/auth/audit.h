/* The audit log of each organization: rows that only ever grow at the end, numbered without gaps from 1 and chained
 * (chain.h); indexes by which they are found; dropping from the oldest end. Organization 0 is the operators' own log.
 *
 * Whoever appends or drops holds the lock that orders changes (auth.h, `admin`): an entry is chained to the newest one, which
 * must not change before the batch is written. At most one entry of one log goes into a batch.
 */
#ifndef AUTH_AUDIT_H
#define AUTH_AUDIT_H

#include "store.h"
#include "ts/json.h"

#define AUTH_AUDIT_LIST_MAX   200
#define AUTH_AUDIT_VERIFY_MAX 1000

/* TS_INVALID with words: what an entry from elsewhere has wrong. Its action is a name, its texts are of bounded length and
 * valid, its details a JSON object. */
TS_CHECK ts_status auth_audit_check(const Ts__AuditEntry *entry, ts_json_parser *parser,
                                    ts_error *err);

/* Puts the entry, as the next one of the tenant's organization, into the batch. */
TS_CHECK ts_status auth_audit_append(ts_batch *b, ts_store *s, ts_arena *arena, ts_tenant tenant,
                                     const Ts__AuditEntry *entry, int64_t now_ms);

/* Newest first, by the time of what happened. */
typedef struct auth_audit_query {
    uint64_t org;
    bool only_test;
    const char *actor; /* "" = all */
    int64_t since_ms;  /* 0 = no bound */
    int64_t until_ms;  /* exclusive; 0 = no bound */
    uint32_t limit;
    uint64_t offset;
} auth_audit_query;
TS_CHECK ts_status auth_audit_list(ts_store *s, ts_arena *arena, const auth_audit_query *q,
                                   Ts__Auth__AuditList *rep);

/* Checks up to `limit` entries behind number `after`. What is broken is in the reply; a status other than TS_OK says that
 * reading failed. */
TS_CHECK ts_status auth_audit_verify(ts_store *s, ts_arena *arena, uint64_t org, uint64_t after,
                                     uint32_t limit, Ts__Auth__VerifyAuditReply *rep);

/* Drops the oldest entry if it was chained before `before_ms`; what is left still verifies. TS_CORRUPT if it does not fit the
 * chain: what shows that somebody was at the log is not thrown away. */
TS_CHECK ts_status auth_audit_drop(ts_batch *b, ts_store *s, ts_arena *arena, uint64_t org,
                                   int64_t before_ms, bool *ret_dropped);

#endif
