/* An endpoint that answered nothing but failures for days is disabled: with an event and an entry of the audit log. */
#ifndef WEBHOOKS_DISABLE_H
#define WEBHOOKS_DISABLE_H

#include "ledger.h"

/* Never on volume alone: it takes time without one success, and some attempts in it. */
bool disable_is_due(const ledger *l, const ready_endpoint *e);
/* Under the lock. */
TS_CHECK ts_status disable_endpoint(ledger *l, ready_endpoint *e, ts_arena *arena,
                                    uint64_t *ret_ticket);

#endif
