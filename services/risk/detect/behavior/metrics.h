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

/* Applications of which something is counted. */
enum behavior_app {
    BEHAVIOR_LOGIN = 1,
    BEHAVIOR_SAML = 2,
    BEHAVIOR_DRIVE = 4,
    BEHAVIOR_TOKEN = 8,
    BEHAVIOR_ADMIN = 16,
    BEHAVIOR_GEMINI = 32,
};

typedef struct behavior_metric {
    const char *name;       /* in the API */
    const char *one;        /* "file downloaded" */
    const char *many;       /* "files downloaded" */
    behavior_kind kind;     /* the match below does not matter to BEHAVIOR_HOURS */
    uint32_t floor;         /* a day with fewer says nothing, whatever the user does else */
    unsigned apps;          /* of enum behavior_app */
    const char *actions[4]; /* none: all of the apps */
    const char *field;      /* NULL, or a field that must have `value` */
    const char *value;
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
