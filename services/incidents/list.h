/* Lists of incidents: one key range each, newest first. */
#ifndef INCIDENTS_LIST_H
#define INCIDENTS_LIST_H

#include "incidents.h"

#define LIST_COUNT_MAX                                                                             \
    100000 /* keys walked to count a list that no total is kept of; the count stops there */

typedef struct list_query {
    incidents_group group;
    int severity;     /* or ANY_SEVERITY */
    ts_str user;      /* or TS_STR_NULL */
    int64_t since_ms; /* of creation; 0 = no bound */
    int64_t until_ms; /* exclusive; 0 = no bound */
    uint32_t limit;   /* 0: only counts */
    uint64_t offset;
    bool oldest_first;
    const uint8_t *after_id; /* with after_ms: begin behind that incident; NULL: at the first */
    int64_t after_ms;
    bool count; /* walk on to the end of the list for *ret_total */
} list_query;

/* Rows live in the call's arena. *ret_total is what was walked: all of the list if query->count. */
TS_CHECK ts_status list_read(const ts_call *call, const list_query *query,
                             Ts__Incidents__Incident ***ret, size_t *ret_count,
                             uint64_t *ret_total);

/* How many incidents have that status and severity (or ANY_SEVERITY). The totals of an organization never seen are zeros. */
TS_CHECK ts_status list_totals(const ts_call *call, const Ts__Incidents__Totals **ret);
uint64_t list_total_of(const Ts__Incidents__Totals *totals, unsigned status, int severity);

#endif
