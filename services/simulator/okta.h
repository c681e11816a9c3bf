/* An event as a LogEvent of the Okta System Log. Pure. */
#ifndef SIMULATOR_OKTA_H
#define SIMULATOR_OKTA_H

#include "record.h"

/* Writes one object. */
void sim_okta_write(sim_record *r);

#endif
