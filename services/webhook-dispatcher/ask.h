/* The two threads that talk to the ledger: one asks for work, one tells what became of it. Whether the ledger answers or not, they
 * end within ASKER_LEAVE_MS and ASKER_REPORT_MS, which a stop takes beside the sender's time to finish attempts. */
#ifndef DISPATCHER_ASK_H
#define DISPATCHER_ASK_H

#include "send.h"

typedef struct asker asker;

#define ASKER_LEAVE_MS  1000
#define ASKER_REPORT_MS 3000

/* `ledger` is its address. */
TS_CHECK ts_status asker_start(const dispatcher_config *config, const char *ledger, work *w,
                               sender *s, asker **ret, ts_error *err);
/* No more leases: the question that waits at the ledger is called back, for up to ASKER_LEAVE_MS, then given up. NULL is fine. */
void asker_stop_asking(asker *a);
/* Tells what is left to tell, for up to ASKER_REPORT_MS, and frees. After sender_stop(). NULL is fine. */
void asker_stop(asker *a);

#endif
