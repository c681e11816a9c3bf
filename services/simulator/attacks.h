/* Four kinds of attack, and the labels that say what is true. Pure. */
#ifndef SIMULATOR_ATTACKS_H
#define SIMULATOR_ATTACKS_H

#include "company.h"
#include "event.h"

typedef enum sim_attack {
    SIM_ATTACK_TAKEOVER, /* brute force, success from abroad, second factor off, mail forwarded out
                          */
    SIM_ATTACK_INSIDER,  /* mass download, then public links */
    SIM_ATTACK_CONSENT,  /* an unverified app with mail and Drive scopes, granted by several */
    SIM_ATTACK_ADMIN,    /* an admin makes a new super admin and opens the doors */
    SIM_ATTACKS,
} sim_attack;

#define SIM_ATTACKS_ALL ((1u << SIM_ATTACKS) - 1)

/* "brute_force_takeover", ... */
const char *sim_attack_name(sim_attack attack);
/* "none", "all" or names joined by commas, as bits. TS_INVALID names the wrong one. */
TS_CHECK ts_status sim_attacks_parse(ts_str text, uint32_t *ret_mask, ts_error *err);

/* One person's part in one attack. */
typedef struct sim_label {
    sim_attack attack;
    uint32_t person;
    int64_t start_ms, end_ms; /* first and last event */
    size_t first, count;      /* its events in the list */
} sim_label;

typedef struct sim_labels {
    sim_label *items;
    size_t count;
    size_t capacity;
    ts_status status;
} sim_labels;
void sim_labels_done(sim_labels *list);

/* Plans the attacks of `mask` into the window [start_ms, end_ms): one of each kind for every 500
 * people, all in its second half, so that the days before look normal. The window is at least a
 * day. */
void sim_attacks_plan(const sim_company *c, uint32_t mask, int64_t start_ms, int64_t end_ms,
                      sim_events *out, sim_labels *labels);

#endif
