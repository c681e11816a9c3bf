/* Deliveries on their way through the process: leased -> sent -> reported.
 *
 *   bus thread       leases as many as there are free slots, puts them into `todo`
 *   sender threads   send (send.h), move each into `done`
 *   reporter thread  tells the ledger, frees the slot
 *
 * A slot is taken from the lease until the ledger has the result, so that memory is bounded and a ledger that is away stops
 * new work. Nothing here is on disk: what is lost with the process is due again when its lease ends.
 */
#ifndef DISPATCHER_WORK_H
#define DISPATCHER_WORK_H

#include <pthread.h>

#include "proto/methods.h"

#define WORK_RESPONSE_MAX 1024

/* What came in one reply and dies when the last of its deliveries is done. */
typedef struct work_batch {
    ts_arena *arena;
    size_t refs; /* guarded by the work's lock */
} work_batch;

typedef struct work_job {
    work_batch *batch;
    const Ts__Webhooks__LeasedDelivery *delivery;
    int64_t lease_until_boot_ms;
    /* the outcome */
    bool returned;
    uint32_t status_code;
    uint32_t duration_ms;
    int64_t at_ms;     /* wall clock */
    const char *error; /* a class of webhooks.proto; "" */
    char response[WORK_RESPONSE_MAX];
    size_t response_n;
    struct work_job *next;
} work_job;

typedef struct work_list {
    work_job *first, *last;
} work_list;

typedef struct work {
    pthread_mutex_t lock;   /* guards all of it */
    pthread_cond_t changed; /* CLOCK_MONOTONIC */
    work_list todo;
    work_list done;
    uint32_t slots;
    uint32_t taken;
    bool stopping;  /* no new leases */
    bool finishing; /* the reporter ends once `done` is empty or its time is over */
} work;

void work_init(work *w, uint32_t slots);
void work_done(work *w);
/* Locked. */
void work_push(work_list *list, work_job *job);
work_job *work_pop(work_list *list);
/* Takes up to `max` of what is to be sent; whether there is more. */
work_list work_take_todo(work *w, size_t max, bool *ret_more);
/* Moves finished jobs to the reporter, which is woken once; empties the list. */
void work_finish(work *w, work_list *finished);
/* Frees jobs and their slots. */
void work_release(work *w, work_job *const *jobs, size_t count);
/* Waits on `changed` up to `ms`, -1 without end. Locked. */
void work_wait(work *w, int64_t ms);

#endif
