/* Fields that rules may ask for and no source sends, laid over a record:
 *
 *   teamsentry.ai_tool       name of the AI tool that the event is about
 *   teamsentry.ai_vendor     who makes it
 *   teamsentry.ai_via        oauth, native or sso: present only if the event is a use of the tool
 *   teamsentry.scope_class   critical, restricted, sensitive, basic, unknown: once for each class among the scopes granted
 *   teamsentry.scope_weight  the greatest weight among them, 0..100
 *   teamsentry.trusted_contact  the outsiders whom the event lets something reach (a forwarding's address, a file's new owner
 *                            or reader, a domain), once for each: present only if every one of them is a trusted contact
 */
#ifndef RISK_ENRICH_H
#define RISK_ENRICH_H

#include "contact.h"
#include "detect/catalogue.h"
#include "record.h"
#include "ts/arena.h"

/* TS_NOMEM. Values live in the catalogue or the arena. */
TS_CHECK ts_status enrich_record(const catalogue *c, const risk_map *contacts, risk_record *record,
                                 ts_arena *arena);

#endif
