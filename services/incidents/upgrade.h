/* From schema 1, whose lists were not counted by time. */
#ifndef INCIDENTS_UPGRADE_H
#define INCIDENTS_UPGRADE_H

#include "ts/store.h"

/* Before anything else is done with the store. May be killed at any time: a tenant is done when its totals say so, and one that
 * was begun is counted again. */
TS_CHECK ts_status upgrade_run(ts_store *s);

#endif
