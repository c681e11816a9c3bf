/* One record of Microsoft Entra ID: a sign-in, an act in the directory, a detected risk or a user at risk, in either form:
 *   Graph        the object itself (/auditLogs/signIns, /auditLogs/directoryAudits, /identityProtection/riskDetections, riskyUsers)
 *   diagnostic   what a diagnostic setting sends to an Event Hub or a storage account: `category`, `operationName`, `resultType`
 *                and others around the same object in `properties`
 * Names match in either case, since exporters disagree about it.
 */
#ifndef RISK_ENTRA_H
#define RISK_ENTRA_H

#include "normalize/intake.h"

/* One event. */
TS_CHECK ts_status risk_entra(const risk_intake *in, ts_error *err);

#endif
