/* One event in our own form, for scripts and for products that nobody has written a normaliser for.
 *
 * {"time", "kind", "action", "id"?, "outcome"?, "app"?, "actor"?: {"email"?, "id"?}, "user"?: {"email"}, "target"?: {"email"}, "ip"?,
 *  "user_agent"?, "client_id"?, "app_name"?, "scopes"?: [...], "application_name"?, "fields"?: {name: text, number, truth value or a
 *  list of them}}
 *
 * Whoever writes it is there to mend it: what is unknown, of another type, too long or of no use to the kind is refused, not ignored.
 * The API's document says the same (shape SubmittedEvent of services/gateway/api/schemas.c).
 */
#ifndef RISK_OWN_H
#define RISK_OWN_H

#include "normalize/intake.h"

#define OWN_SCOPES_MAX 64  /* of one event; of an app no more are kept either */
#define OWN_FIELDS_MAX 100 /* values of `fields` */

/* One event. */
TS_CHECK ts_status risk_own(const risk_intake *in, ts_error *err);

#endif
