/* What is counted of a user's day: the metrics that behaviour is measured by. Pure.
 *
 * A metric is a row of a table: which events count for it, how they are counted, from what number on it is worth a word, and
 * what it is called. Its place in the table is its number in the store: new ones go to the end, none is ever moved.
 */
#ifndef BEHAVIOR_METRICS_H
#define BEHAVIOR_METRICS_H

#include "record.h"

#define BEHAVIOR_METRICS 11

typedef enum behavior_kind {
    BEHAVIOR_COUNT,    /* events */
    BEHAVIOR_NETWORKS, /* different networks they came from */
    BEHAVIOR_HOURS,    /* different hours in which the user is hardly ever there */
} behavior_kind;

#define BEHAVIOR_KINDS_MAX 2 /* of one metric */

typedef struct behavior_metric {
    const char *name;   /* in the API */
    const char *one;    /* "file downloaded" */
    const char *many;   /* "files downloaded" */
    behavior_kind kind; /* the match below does not matter to BEHAVIOR_HOURS */
    uint32_t floor;     /* a day with fewer says nothing, whatever the user does else */
    risk_kind counted[BEHAVIOR_KINDS_MAX]; /* kinds of events; RISK_KIND_OTHER ends the list */
    const char *outcome;                   /* that they must have; NULL: any */
} behavior_metric;

extern const behavior_metric behavior_metrics[BEHAVIOR_METRICS];

/* What an event says about the behaviour of the user whom it is about. */
typedef struct behavior_act {
    uint32_t metrics; /* bit n: it counts for metric n */
    bool is_own;      /* the user did it: it makes the day one of activity */
    bool is_at_work;  /* and with their own hands, not by an app's: its hour is one of theirs */
    uint32_t network; /* of its address, where networks are counted; 0 if it has none */
} behavior_act;

behavior_act behavior_act_of(const risk_record *record);

/* A number for the /24 (IPv4) or /48 (IPv6) of an address: of IPv4 exact, of IPv6 a hash. 0 if it is none. Stored: the same in
 * all versions. */
uint32_t behavior_network(const char *ip);

#endif
