/* Keys of risk's store. Numbers are big-endian; T is the tenant: organization (8), mode (1).
 *
 *   family          key                                              value
 *   events          T day(4) id(16)                                  Event      day = days since the epoch
 *   user_events     T user(8) ~event_ms(8) id(16)                    empty      newest first
 *   users           T user(8)                                        UserRow
 *   identity        T kind 0 text 0                                  user(8)    kind: "email", or a source's name
 *   user_order      T 100-score(1) email 0                           user(8)    score descending, then e-mail
 *   user_places     T user(8)                                        100-score(1) email: where the user stands in the order
 *   firings         T user(8) id(16)                                 Firing     user 0: nobody's
 *   firing_users    T id(16)                                         user(8)
 *   timeline        T user(8) at_ms(8)                               TimelinePoint
 *   user_incidents  T user(8) incident 0                             UserIncident
 *   hits            T correlation(16) group(16) event_ms(8) id(16) rule(1)  Hit
 *   domains         T domain 0                                       first seen, ms (8)
 *   totals          T                                                Totals
 *   due             due_ms(8) T user(8)                              empty      global: when a score changes by time alone
 *   search          T kind(1) term 0 block(4)                        numbers of users within the block, 2 bytes each (search/)
 *   orphans         T email 0 kind(1) id                             what belongs to a user who is not known yet (orphans.h)
 *   apps            T app(16)                                        AppRow
 *   app_order       T list(1) 100-score(1) name 0 app(16)            empty      list: 0 all, 1 trusted, 2 untrusted
 *   app_users       T app(16) user(8)                                AppUser
 *   contacts        T value 0                                        Contact
 *   baselines       T user(8) day(4)                                 BehaviorDay
 *   once            see ts/once.h
 *   inbox           see common/outbox                                           global
 */
#ifndef RISK_KEYS_H
#define RISK_KEYS_H

#include "ts/buf.h"
#include "ts/id.h"
#include "ts/store.h"

enum risk_family {
    RISK_EVENTS,
    RISK_USER_EVENTS,
    RISK_USERS,
    RISK_IDENTITY,
    RISK_USER_ORDER,
    RISK_FIRINGS,
    RISK_FIRING_USERS,
    RISK_TIMELINE,
    RISK_USER_INCIDENTS,
    RISK_HITS,
    RISK_DOMAINS,
    RISK_TOTALS,
    RISK_DUE,
    RISK_USER_PLACES,
    RISK_SEARCH,
    RISK_ORPHANS,
    RISK_APPS,
    RISK_APP_ORDER,
    RISK_APP_USERS,
    RISK_CONTACTS,
    RISK_BASELINES,
    RISK_ONCE,
    RISK_INBOX,
};

/* For ts_store_open(), in the order above. */
extern const ts_family risk_families[];

#define RISK_KEY_MAX 512

/* A key being built, on the stack. Over-long text makes key_view() empty, which no store accepts as
 * a tenant key. */
typedef struct risk_key {
    char bytes[RISK_KEY_MAX];
    size_t n;
    bool overflow;
} risk_key;

risk_key risk_key_tenant(ts_tenant t);
void risk_key_u64(risk_key *k, uint64_t n);
void risk_key_u32(risk_key *k, uint32_t n);
void risk_key_u8(risk_key *k, uint8_t n);
void risk_key_desc(risk_key *k, int64_t ms);
void risk_key_text(risk_key *k, ts_str text);
void risk_key_bytes(risk_key *k, const void *bytes, size_t n);
ts_str risk_key_view(const risk_key *k);

uint64_t risk_read_u64(ts_str bytes, size_t at);
uint32_t risk_read_u32(ts_str bytes, size_t at);

risk_key risk_event_key(ts_tenant t, int64_t event_ms, const uint8_t id[16]);
risk_key risk_user_key(ts_tenant t, uint64_t user);
risk_key risk_identity_key(ts_tenant t, const char *kind, ts_str text);
risk_key risk_order_key(ts_tenant t, uint32_t score, ts_str email);
risk_key risk_firing_key(ts_tenant t, uint64_t user, const uint8_t id[16]);
risk_key risk_app_key(ts_tenant t, const uint8_t app[16]);
risk_key risk_due_key(int64_t due_ms, ts_tenant t, uint64_t user);

/* The rows of many users in a family that is kept by T user; one that is missing has a NULL pointer. */
TS_CHECK ts_status risk_get_users(ts_store *store, ts_tenant t, unsigned family,
                                  const uint64_t *numbers, size_t count, bool ascending,
                                  ts_arena *arena, ts_str *ret_values);

#endif
