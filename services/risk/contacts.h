/* Trusted contacts on the store. */
#ifndef RISK_CONTACTS_H
#define RISK_CONTACTS_H

#include "contact.h"
#include "keys.h"

#define CONTACTS_MAX 10000 /* of an organization and mode: all are looked at by each ingest */

/* All of the tenant's, into a map from contact to itself; the map's arena is set. */
TS_CHECK ts_status contacts_load(ts_store *store, ts_tenant t, risk_map *ret);

risk_key contact_key(ts_tenant t, ts_str value);

#endif
