/* What the handlers of keys share: who may see which, and what of them is shown. */
#ifndef AUTH_RPC_KEYS_H
#define AUTH_RPC_KEYS_H

#include "change.h"

/* The organization whose keys the caller manages: their own, or for operators whichever they ask for. TS_DENIED with words. */
TS_CHECK ts_status auth_keys_scope(const ts_call *call, uint64_t asked_org, uint64_t *ret_org);
bool auth_keys_only_test(const ts_call *call);
/* TS_NOT_FOUND with words. Lives in the call's arena. */
TS_CHECK ts_status auth_keys_org(auth *app, ts_call *call, uint64_t number,
                                 Ts__Auth__Organization **ret);
/* Its hash is never shown. */
void auth_keys_hide(Ts__Auth__ApiKey *key);

#endif
