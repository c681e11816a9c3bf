/* One event of the Okta System Log (a LogEvent of GET /api/v1/logs), bare or in the envelope of a log stream: `detail` of Amazon
 * EventBridge, `event` of a Splunk collector. Names are read in any case: some shippers lower them. */
#ifndef RISK_OKTA_H
#define RISK_OKTA_H

#include "normalize/intake.h"

/* One event. */
TS_CHECK ts_status risk_okta(const risk_intake *in, ts_error *err);

#endif
