/* A trusted contact: a domain or an e-mail address outside of the organization that may get things from it. Pure.
 *
 * An address contact is that address; a domain contact is every address at exactly that domain, not at domains below it: who
 * may make those is somebody else's to decide.
 */
#ifndef RISK_CONTACT_H
#define RISK_CONTACT_H

#include "map.h"

#define CONTACT_VALUE_MAX 254 /* bytes */

/* Lower case; "@acme.example" means the domain. International domains are taken in their ASCII form. TS_INVALID with words;
 * TS_NOMEM. */
TS_CHECK ts_status contact_parse(ts_arena *arena, ts_str text, ts_str *ret, ts_error *err);

/* `value` is an address or a domain as a source wrote it; the map's keys are contacts. */
bool contact_is_trusted(const risk_map *contacts, ts_str value);

#endif
