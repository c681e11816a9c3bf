/* Taking in events: parse and match in parallel, then apply in order under the tenant's lock as one batch. */
#ifndef RISK_INGEST_H
#define RISK_INGEST_H

#include "config.h"
#include "ts/base.h"
#include "ts/store.h"

typedef struct risk_ingest risk_ingest;

/* Loads rules and catalogues. TS_INVALID with words if they cannot be used. */
TS_CHECK ts_status risk_ingest_new(const risk_config *config, risk_ingest **ret, ts_error *err);
void risk_ingest_free(risk_ingest *in);
/* Of AI tools and scopes. */
const struct catalogue *risk_ingest_catalogue(const risk_ingest *in);
TS_DEFINE_CLEANUP(risk_ingest, risk_ingest_free);

#endif
