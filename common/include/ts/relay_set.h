/* All hand-overs of a service: to each destination a peer of its own and the relay that sends to it. See ts/outbox.h. */
#ifndef TS_RELAY_SET_H
#define TS_RELAY_SET_H

#include "ts/outbox.h"
#include "ts/process.h"

/* Who takes the rows of a stream of the outbox. */
typedef struct ts_destination {
    const char *peer; /* NULL ends a list of them */
    unsigned stream;
    const ts_method *method; /* takes HandOverRequest, gives HandOverReply */
} ts_destination;

typedef struct ts_relay_set ts_relay_set;

/* Peers are where the process's settings say. `destinations` are read once. The store must outlive the set. TS_NOMEM, or what
 * an address is refused with; then nothing runs. */
TS_CHECK ts_status ts_relay_set_start(const ts_process *p, const char *service_name,
                                      ts_store *store, const ts_destination *destinations,
                                      ts_relay_set **ret, ts_error *err);
/* As ts_relays_stop(): blocks about a second at the most. NULL is fine. */
void ts_relay_set_stop(ts_relay_set *set);

#endif
