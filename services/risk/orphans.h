/* What belongs to an address before it is a user's: firings that name it, incidents that count it, apps it has let in. When
 * a user is made or gets the address, all of it becomes the user's, in the same batch.
 *
 * Rows of the family orphans: T email 0 kind(1) id.
 *
 *   kind           id           value
 *   1 firing       firing(16)   empty          the firing stands under user 0; email "" for one that names nobody
 *   2 incident     id 0         UserIncident
 *   3 app          app(16)      AppUser
 *
 * A firing that found no owner while it could count in a score goes with its row (risk_expire_orphans). */
#ifndef RISK_ORPHANS_H
#define RISK_ORPHANS_H

#include "work.h"

enum orphan_kind { ORPHAN_FIRING = 1, ORPHAN_INCIDENT = 2, ORPHAN_APP = 3 };

risk_key orphan_key(ts_tenant t, ts_str email, enum orphan_kind kind, ts_str id);

/* Gives the user what waited for the address; stored rows and what this work has made. */
TS_CHECK ts_status orphans_adopt(risk_work *w, work_user *u, ts_str email);

#endif
