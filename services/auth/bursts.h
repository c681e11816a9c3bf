/* Client addresses whose minute of failed authentications has filled, on their way into the audit log: Authorize, which syncs
 * nothing, notes them in a ring, and the tender (tend.h) takes them from there. At most one a minute and address comes here. One
 * that finds the ring full is lost and counted (ts_auth_bursts_lost_total); what the ring holds when the process is killed is
 * lost.
 */
#ifndef AUTH_BURSTS_H
#define AUTH_BURSTS_H

#include "auth.h"

/* `hot` is held. What the call says of the client, and what it showed as a key. */
void auth_burst_note(auth *app, const ts_call *call, const char *scope,
                     const Ts__Auth__AuthorizeRequest *req, int64_t at_ms);

/* Writes an entry for the oldest burst in the ring, which then leaves it; a burst that makes no entry is lost. *ret_found: there
 * was one. One caller at a time; neither lock is held. */
TS_CHECK ts_status auth_burst_log(auth *app, ts_arena *arena, int64_t now_ms, bool *ret_found);

#endif
