/* The whole play: the company's records of some days, in order of time, with attacks among them.
 *
 * Records of a day are planned as numbers, sorted and written one by one; memory holds about two
 * days of plans. Not thread-safe. Pure: no clock, no I/O.
 */
#ifndef SIMULATOR_PLAY_H
#define SIMULATOR_PLAY_H

#include "attacks.h"
#include "company.h"
#include "source.h"
#include "ts/buf.h"

#define SIM_DAYS_MAX   365u
#define SIM_EVENTS_MAX UINT64_C(100000000)
#define SIM_RECORD_MAX 16384u /* bytes, no record is longer */

typedef struct sim_setup {
    sim_company company;
    uint32_t days;       /* 1 .. SIM_DAYS_MAX */
    int64_t end_ms;      /* the play ends before it */
    uint32_t attacks;    /* bits of sim_attack */
    uint64_t max_events; /* exactly so many records; 0: what the days hold */
} sim_setup;

typedef struct sim_play sim_play;

/* Copies `setup`. TS_INVALID with words (people, days, events out of range; more attack records
 * than events), TS_NOMEM.
 *
 * With `max_events` below what the days hold, ordinary records are left out evenly and attacks stay
 * whole; above it, the days are filled with further rounds of work. */
TS_CHECK ts_status sim_play_new(const sim_setup *setup, sim_play **ret, ts_error *err);
void sim_play_free(sim_play *p);
TS_DEFINE_CLEANUP(sim_play, sim_play_free);

/* Appends the next record and a line end to `out`. TS_NOT_FOUND at the end; TS_NOMEM, TS_TOO_LARGE.
 */
TS_CHECK ts_status sim_play_next(sim_play *p, ts_buf *out);
/* Who tells of the record that was given last. */
sim_source sim_play_source(const sim_play *p);
/* The next event without writing it; NULL at the end or when out of memory (sim_play_status). */
const sim_event *sim_play_next_event(sim_play *p);
TS_CHECK ts_status sim_play_status(const sim_play *p);

/* Labels and the events they count in; live as long as the play. */
const sim_labels *sim_play_labels(const sim_play *p);
const sim_events *sim_play_attack_events(const sim_play *p);

#endif
