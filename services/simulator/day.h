/* An ordinary day of one person. Pure. */
#ifndef SIMULATOR_DAY_H
#define SIMULATOR_DAY_H

#include "company.h"
#include "event.h"

/* Appends what the person does on a local day (days since the epoch, in the clocks of the person's
 * city), in no particular order. `round` 0 is the day itself; higher rounds are further days' worth
 * of work on the same day, for load. The same arguments give the same events. */
void sim_day_plan(const sim_company *c, const sim_person *p, int64_t local_day, uint32_t round,
                  sim_events *out);

/* 0 Sunday .. 6 Saturday. */
int sim_weekday(int64_t local_day);
bool sim_is_weekend(int64_t local_day);

#endif
