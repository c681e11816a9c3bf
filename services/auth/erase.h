/* Deleting an organization. It is marked, its keys stop working in that moment, every store service is told to forget it and
 * answers through its outbox when nothing is left; then auth forgets what it has itself, but for two things that stay for
 * ever: the organization's row, so that its number and id are never given out again, and its audit log, which operators can
 * still read. Each step is a batch of its own; a killed process goes on from what is on disk. */
#ifndef AUTH_ERASE_H
#define AUTH_ERASE_H

#include "auth.h"

/* Tells the services that have not answered yet (all, at first). */
void auth_erase_ask(ts_batch *b, const Ts__Auth__Organization *org, int64_t now_ms);

/* "risk", ...: a service that has to answer. */
bool auth_erase_knows(const char *service);
bool auth_erase_has_answered(const Ts__Auth__Organization *org, const char *service);

/* Forgets some of its own rows, if all others have answered; *ret_more: call again. `admin` is not held. */
TS_CHECK ts_status auth_erase_own(auth *app, ts_arena *arena, uint64_t number, int64_t now_ms,
                                  bool *ret_more);

#endif
