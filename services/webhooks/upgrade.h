/* From schema 1: events had their counts in their own row and lists by time and by state. From schema 2: a lease was a row for
 * each delivery, which it took off the due index. */
#ifndef WEBHOOKS_UPGRADE_H
#define WEBHOOKS_UPGRADE_H

#include "ledger.h"

/* Moves what is left of them, in steps that can be cut short anywhere. */
TS_CHECK ts_status upgrade_run(ledger *l);

#endif
