/* One event of the Open Cybersecurity Schema Framework (schema.ocsf.io), version 1.0 or later, from any product: of the identity and
 * access classes, of those about applications, files and their programming interfaces, and findings that may be about a person.
 */
#ifndef RISK_OCSF_H
#define RISK_OCSF_H

#include "normalize/intake.h"

/* One event. What is of another class is refused: nothing about people would be made of it. */
TS_CHECK ts_status risk_ocsf(const risk_intake *in, ts_error *err);

#endif
