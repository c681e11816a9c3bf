/* Places at a service: so many calls are under way to it at once. Who comes when all are taken waits for one, as long as
 * places are given back; when none has been for GATE_STALL_MS the service is stuck, and waiting would only hold memory that
 * other services' callers need: then the answer is no, at once.
 *
 * Thread-safe; waits as ts/wait.h does.
 */
#ifndef API_GATE_H
#define API_GATE_H

#include "ts/wait.h"

#define GATE_STALL_MS 1000

typedef struct api_gate {
    pthread_mutex_t mutex; /* guards all below */
    ts_cond given_back;
    unsigned places;
    unsigned taken;
    int64_t moved_ms; /* CLOCK_BOOTTIME: when a place was given back, or the last one taken */
} api_gate;

void api_gate_init(api_gate *g, unsigned places);
void api_gate_done(api_gate *g);
/* False: there was no place until the deadline (CLOCK_BOOTTIME), or the service is stuck. */
TS_CHECK bool api_gate_enter(api_gate *g, int64_t deadline_boot_ms);
void api_gate_leave(api_gate *g);

#endif
