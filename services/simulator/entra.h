/* An event as Microsoft Graph gives it: a sign-in (auditLogs/signIns) or an act in the directory (auditLogs/directoryAudits). Pure. */
#ifndef SIMULATOR_ENTRA_H
#define SIMULATOR_ENTRA_H

#include "record.h"

/* Writes one object. */
void sim_entra_write(sim_record *r);

#endif
