/* One change of one incident: loaded, changed in memory, put into one batch with everything that hangs on it - lists, totals,
 * detections, story, outbox rows.
 *
 * The owner holds the tenant's lock from work_begin() until the batch is written. Reads do not see the batch: a work saves
 * once, and loads nothing that it has put. Not thread-safe.
 */
#ifndef INCIDENTS_WORK_H
#define INCIDENTS_WORK_H

#include "incidents.h"
#include "lifecycle.h"

typedef struct incidents_work {
    incidents *app;
    ts_tenant tenant;
    int64_t now_ms;
    ts_arena *arena;
    ts_batch *batch;

    Ts__Incidents__Row *row; /* the incident being changed; NULL until taken or made */
    uint8_t id[16];
    incident_status status;
    bool is_new;

    /* what the store holds of it: to move lists and totals, and to know what changed */
    incident_status old_status;
    uint32_t old_severity;
    char **old_users;
    size_t old_user_count;

    ProtobufCBinaryData *joined; /* ids of the detections that joined in this work */
    size_t joined_count;
    size_t joined_capacity;
} incidents_work;

void work_begin(incidents_work *w, incidents *app, ts_tenant tenant, int64_t now_ms,
                ts_arena *arena, ts_batch *batch);

/* TS_NOT_FOUND; *ret (a message's pointer) lives in the arena. */
TS_CHECK ts_status work_load(const incidents_work *w, unsigned family, const incidents_key *key,
                             const ProtobufCMessageDescriptor *type, void *ret);
/* An incident that has no parts missing. */
TS_CHECK ts_status work_load_row(const incidents_work *w, const uint8_t id[16],
                                 Ts__Incidents__Row **ret);

/* Makes a loaded row the one being changed. TS_CORRUPT if its status is none. */
TS_CHECK ts_status work_take_row(incidents_work *w, const uint8_t id[16], Ts__Incidents__Row *row);
/* Makes a new, open incident, named after the detection that opens it. */
TS_CHECK ts_status work_new_row(incidents_work *w, const Ts__Detection *opening);

/* Puts a detection that the incident did not hold into it. `d` lives in the arena. */
TS_CHECK ts_status work_join(incidents_work *w, const Ts__Detection *d);
/* Puts the row of a detection that the incident holds already. */
void work_put_detection(incidents_work *w, const Ts__Detection *d);

#define STORY_CREATED "created"
#define STORY_STATUS  "status"
#define STORY_NOTE    "note"
void work_tell(incidents_work *w, const char *kind, const char *text, const char *actor);

void work_set_status(incidents_work *w, incident_status status);

/* Takes row, story, lists and totals out of the store; its detections are gone. In place of work_save(). */
TS_CHECK ts_status work_forget(incidents_work *w);

/* Counts the revision up and puts row, lists and totals into the batch. Once per work. */
TS_CHECK ts_status work_save(incidents_work *w);

#endif
