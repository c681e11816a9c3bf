/* Which incident a detection joins. Reads only. */
#ifndef INCIDENTS_FIND_H
#define INCIDENTS_FIND_H

#include "work.h"

/* In this order:
 *   1. the newest open incident of the detection's chain that holds its rule and dedup key already and whose span it fits;
 *   2. a closed incident of its chain that holds them, if the event lies before its closing: it is part of what was judged
 *      then. What another user did from the same address was not;
 *   3. the newest open incident of its chain whose span it fits.
 * TS_NOT_FOUND if there is none. Full incidents take no more. */
TS_CHECK ts_status find_incident(const incidents_work *w, const Ts__Detection *d,
                                 uint8_t ret_id[16], Ts__Incidents__Row **ret_row);

#endif
