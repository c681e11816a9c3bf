/* Which system tells of what happens in the company. Pure.
 *
 * A company signs in somewhere: at Google Workspace itself, at Okta or at Entra ID. Who signs people in tells of sign-ins, factors and
 * accounts. Google Workspace, where it is in use, tells of all else; without it nobody tells of files, and only Entra of apps.
 */
#ifndef SIMULATOR_SOURCE_H
#define SIMULATOR_SOURCE_H

#include "event.h"

typedef enum sim_source { SIM_GOOGLE, SIM_OKTA, SIM_ENTRA, SIM_SOURCES } sim_source;

/* "google_workspace", ...: as the suite's API spells it. */
const char *sim_source_name(sim_source source);
/* One name, or okta or entra_id joined with google_workspace by a comma, as bits. TS_INVALID with words. */
TS_CHECK ts_status sim_sources_parse(ts_str text, uint32_t *ret_mask, ts_error *err);

/* How many tell: 1 or 2. */
uint32_t sim_source_count(uint32_t sources);

/* Who tells of it; false if nobody does. `sources` are bits; none of them is Google Workspace alone. */
bool sim_source_of(uint32_t sources, sim_kind kind, sim_source *ret);

#endif
