/* Entries of the audit log, on their way to auth, which chains them.
 *
 * What must be shown there: every administrative act, every change by a person or a key of what the suite decides on,
 * replays and exports. An entry goes into the batch of the change that it tells of, through the outbox stream whose relay
 * calls auth.Accept: there is no change without its entry and no entry without its change.
 *
 * Actions are "<object>.<what happened>", lower case with underscores:
 *
 *   organization.created renamed tier_changed suspended resumed deletion_started deleted exported
 *   (a deletion also stands in the operators' log, 0: the organization's own outlives it, but nobody's key can read that one)
 *   key.created updated rotated revoked            auth.failures (a client address over its limit of failed authentications)
 *   incident.status_changed reopened note_added    app.status_changed    contact.added removed    directory.uploaded
 *   endpoint.created updated deleted disabled secret_rotated secret_promoted tested    event.replayed    endpoint.replayed
 *   export.started
 *
 * `details` is a JSON object of what changed (TS_STR_NULL: nothing to add), never a secret, a key, or a header's value.
 */
#ifndef TS_AUDIT_H
#define TS_AUDIT_H

#include "ts/rpc.h"
#include "ts/store.h"

#define TS_AUDIT_KIND        "audit"
#define TS_AUDIT_DETAILS_MAX 4096 /* bytes; longer ones fail the batch */

/* What `call` did. Actor, address, request id, tenant and time are the call's. */
void ts_audit_add(ts_batch *b, unsigned stream, const ts_call *call, const char *action,
                  const char *object, ts_str details);
/* What a service did by itself; `actor` is "service:<name>". */
void ts_audit_add_own(ts_batch *b, unsigned stream, ts_tenant tenant, const char *actor,
                      int64_t now_ms, const char *action, const char *object, ts_str details);

#endif
