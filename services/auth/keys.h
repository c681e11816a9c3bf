/* Keys of auth's store. T is the tenant: organization (8), mode (1). Numbers are big-endian.
 *
 *   family        key                            value
 *   orgs          number(8)                      Organization       global; deleted ones stay for ever
 *   org_ids       id 0                           number(8)          global
 *   keys          T key id 0                     ApiKey
 *   key_hashes    sha256(32)                     T key id 0         global: finds the row above
 *   rates         T key id 0                     minute(8) reserved(8) boot id(8) end on the boot clock, ms (8)
 *   used          T key id 0                     last use, ms (8)
 *   numbers       name                           a number(8): "org" the last one given out, "layout": see upgrade.c
 *   once          see ts/once.h
 *   inbox         see ts/outbox.h
 *   key_list      T ~created ms(8) key id 0      -                  newest first
 *   totals        T                              keys(8) keys that have not ended(8)
 *   due           'k' ends ms(8) T key id 0      -                  global: keys that will end and are still counted as active
 *                 'o' number(8)                  -                  global: organizations that are being deleted
 *   audit         number(8) entry(8)             AuditRow           the log of organization `number`; 0 is the operators'
 *   audit_heads   number(8) 'h'                  AuditHead
 *                 number(8) 'a'                  AuditAnchor        only if old entries were dropped
 *   audit_index   number(8) V actor 0 at ms(8) entry(8)   -         V: 0 all entries, 1 those of test mode; actor: one or ""
 *   audit_counts  number(8) V actor 0            entries(8)
 *   audit_ranks   number(8) V actor 0 size(1) bucket(8)   entries(8)   see ts/ranks.h
 */
#ifndef AUTH_KEYS_H
#define AUTH_KEYS_H

#include "ts/buf.h"
#include "ts/ranks.h"
#include "ts/store.h"

enum auth_family {
    AUTH_ORGS,
    AUTH_ORG_IDS,
    AUTH_KEYS,
    AUTH_KEY_HASHES,
    AUTH_RATES,
    AUTH_USED,
    AUTH_NUMBERS,
    AUTH_ONCE,
    AUTH_INBOX,
    AUTH_KEY_LIST,
    AUTH_TOTALS,
    AUTH_DUE,
    AUTH_AUDIT,
    AUTH_AUDIT_HEADS,
    AUTH_AUDIT_INDEX,
    AUTH_AUDIT_COUNTS,
    AUTH_AUDIT_RANKS
};
extern const ts_family auth_families[];
/* Of the audit log's views: keys of audit_index without the last two numbers. */
extern const ts_ranks auth_audit_ranks;

#define AUTH_ROW_KEY_MAX   96
#define AUTH_DUE_KEY       'k'
#define AUTH_DUE_ORG       'o'
#define AUTH_AUDIT_HEAD    'h'
#define AUTH_AUDIT_ANCHOR  'a'
#define AUTH_ACTOR_MAX     160 /* bytes */
#define AUTH_VIEW_KEY_MAX  (8 + 1 + AUTH_ACTOR_MAX + 1)
#define AUTH_INDEX_KEY_MAX (AUTH_VIEW_KEY_MAX + 8 + 8)

/* T and the key's id: the row key of three families. */
void auth_row_key(ts_buf *b, ts_tenant tenant, const char *key_id);
/* Place of a key in its list. */
void auth_list_key(ts_buf *b, ts_tenant tenant, int64_t created_ms, const char *key_id);
void auth_due_key(ts_buf *b, int64_t ends_ms, ts_tenant tenant, const char *key_id);
/* From a due row to the row key of the key it is about; TS_STR_NULL if it is none. */
ts_str auth_due_row_key(ts_str due);
void auth_due_org(ts_buf *b, uint64_t org);

void auth_audit_key(ts_buf *b, uint64_t org, uint64_t entry);
void auth_audit_head_key(ts_buf *b, uint64_t org, char what);
/* Entries of one view, without the last two numbers. */
void auth_view_key(ts_buf *b, uint64_t org, bool only_test, const char *actor);

/* Numbers of 8 bytes in a value. */
uint64_t auth_read_u64(ts_str value, size_t at);

#endif
