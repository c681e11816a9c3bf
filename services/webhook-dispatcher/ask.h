/* The two threads that talk to the ledger: one asks for work, one tells what became of it. */
#ifndef DISPATCHER_ASK_H
#define DISPATCHER_ASK_H

#include "send.h"

typedef struct asker asker;

TS_CHECK ts_status asker_start(const dispatcher_config *config, ts_peer *ledger, work *w, sender *s,
                               asker **ret, ts_error *err);
/* No more leases: the question that waits at the ledger is called back. */
void asker_stop_asking(asker *a);
/* Tells what is left to tell, for a bounded time, and frees. After sender_stop(). NULL is fine. */
void asker_stop(asker *a);

#endif
