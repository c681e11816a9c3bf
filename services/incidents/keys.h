/* Keys of incidents' store. Numbers are big-endian; T is the tenant: organization (8), mode (1); ids and scopes are hashes
 * of 16 bytes.
 *
 *   family      key                                    value
 *   incidents   T incident                             Row
 *   detections  T incident event_ms(8) detection       Detection       of an incident, by time
 *   owners      T detection                            Owner           where a detection is
 *   pending     T chain event_ms(8) detection          Detection       waits for an incident to open
 *   story       T incident number(4)                   TimelineEntry   all but the detections
 *   lists       T scope ~created_ms(8) incident        empty           newest first
 *   totals      T                                      Totals
 *   ranks       T scope size(1) bucket(8)              incidents(8)    of the API's lists; see ts/ranks.h
 *   inbox       see common/outbox                                      global
 *   once        see common/outbox                      answers         changes by callers, for 24 hours
 *
 * A scope is what a list is of. The API's lists: a group (all, open, closed), one severity or any, one affected user or any:
 * so that each combination is one range, `offset` skips keys and no row is read in vain. For chains: the open incidents of a
 * chain, and the incidents that hold a rule with a dedup key.
 */
#ifndef INCIDENTS_KEYS_H
#define INCIDENTS_KEYS_H

#include "ts/buf.h"
#include "ts/id.h"
#include "ts/ranks.h"
#include "ts/store.h"

enum incidents_family {
    INCIDENTS_ROWS,
    INCIDENTS_DETECTIONS,
    INCIDENTS_OWNERS,
    INCIDENTS_PENDING,
    INCIDENTS_STORY,
    INCIDENTS_LISTS,
    INCIDENTS_TOTALS,
    INCIDENTS_INBOX,
    INCIDENTS_ONCE,
    INCIDENTS_RANKS
};
/* For ts_store_open(), in the order above. */
extern const ts_family incidents_families[];
/* Of the API's lists: views are T scope. */
extern const ts_ranks incidents_ranks;

/* A key being built, on the stack; the longest of the table fits. */
#define INCIDENTS_KEY_MAX 64
typedef struct incidents_key {
    char bytes[INCIDENTS_KEY_MAX];
    size_t n;
} incidents_key;

ts_str incidents_key_view(const incidents_key *k);

incidents_key incidents_tenant_key(ts_tenant t);
/* T id: the whole key in three families, the prefix in the others. */
incidents_key incidents_id_key(ts_tenant t, const uint8_t id[16]);
incidents_key incidents_timed_key(ts_tenant t, const uint8_t id[16], int64_t event_ms,
                                  const uint8_t detection[16]);
incidents_key incidents_story_key(ts_tenant t, const uint8_t id[16], uint32_t number);
incidents_key incidents_list_key(ts_tenant t, ts_hash128 scope, int64_t created_ms,
                                 const uint8_t id[16]);
/* A place in any list that holds the incident, as letters and digits, and back. TS_INVALID. */
#define INCIDENTS_PLACE_SIZE 49 /* 48 hexadecimal digits and a NUL */
void incidents_place_format(int64_t created_ms, const uint8_t id[16],
                            char ret[INCIDENTS_PLACE_SIZE]);
TS_CHECK ts_status incidents_place_parse(ts_str text, int64_t *ret_created_ms, uint8_t ret_id[16]);
/* Where the list goes on behind that incident. */
incidents_key incidents_list_behind(ts_tenant t, ts_hash128 scope, int64_t created_ms,
                                    const uint8_t id[16]);
/* A whole list: the prefix of its keys. */
incidents_key incidents_list_view(ts_tenant t, ts_hash128 scope);
/* Where the list begins that holds nothing created at `until_ms` or later. */
incidents_key incidents_list_from(ts_tenant t, ts_hash128 scope, int64_t until_ms);

/* The reverse: a number of 8 bytes, and the tenant that a key of at least TS_KEY_TENANT_SIZE begins with. */
uint64_t incidents_read_u64(const char *p);
ts_tenant incidents_key_tenant(ts_str key);
/* The incident in a key of lists, the detection in one of detections or pending; NULL if the key is too short. */
const uint8_t *incidents_key_last_id(ts_str key);

typedef enum incidents_group { GROUP_ALL, GROUP_OPEN, GROUP_CLOSED } incidents_group;
#define ANY_SEVERITY (-1)
/* `user` is compared without regard to ASCII case; TS_STR_NULL = any. */
ts_hash128 incidents_list_scope(incidents_group group, int severity, ts_str user);
/* Where an incident of one group (open or closed), a severity and those users stands: each of the API's lists once, in no order.
 * `ret` has room for INCIDENTS_SCOPES(user_count). Gives how many there are. */
#define INCIDENTS_SCOPES(user_count) (4 * ((size_t)(user_count) + 1))
size_t incidents_list_scopes(incidents_group group, int severity, char *const *users,
                             size_t user_count, ts_hash128 *ret);
bool incidents_has_scope(const ts_hash128 *scopes, size_t count, ts_hash128 scope);
ts_hash128 incidents_chain_scope(const uint8_t chain[16]);
ts_hash128 incidents_rule_scope(ts_str rule_id, ts_str dedup_key);

#endif
