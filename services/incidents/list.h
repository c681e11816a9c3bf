/* Lists of incidents: one key range each, newest first. */
#ifndef INCIDENTS_LIST_H
#define INCIDENTS_LIST_H

#include "incidents.h"

typedef struct list_query {
    incidents_group group;
    int severity;     /* or ANY_SEVERITY */
    ts_str user;      /* or TS_STR_NULL */
    int64_t since_ms; /* of creation; 0 = no bound */
    int64_t until_ms; /* exclusive; 0 = no bound */
    uint32_t limit;
    uint64_t offset; /* not with oldest_first or after_id */
    bool oldest_first;
    const uint8_t *after_id; /* with after_ms: begin behind that incident; NULL: at the first */
    int64_t after_ms;
} list_query;

/* One page, packed as it is kept; rows live in the call's arena. */
TS_CHECK ts_status list_rows(const ts_call *call, const list_query *query, ts_str **ret,
                             size_t *ret_count);
/* The same, unpacked. */
TS_CHECK ts_status list_read(const ts_call *call, const list_query *query,
                             Ts__Incidents__Incident ***ret, size_t *ret_count);
/* How many stand in the whole list, whatever the page. */
TS_CHECK ts_status list_count(const ts_call *call, const list_query *query, uint64_t *ret);

/* The incidents that keys of a list are about, packed; `ret` has room for `count`. Those that have left the list since the keys were
 * read, with their rows, are left out: they may be expired at any time. TS_CORRUPT: a list still names one. */
TS_CHECK ts_status list_load(const ts_call *call, const ts_str *keys, size_t count, ts_str *ret,
                             size_t *ret_found);

/* How many incidents have that status and severity (or ANY_SEVERITY). The totals of an organization never seen are zeros. */
TS_CHECK ts_status list_totals(const ts_call *call, const Ts__Incidents__Totals **ret);
uint64_t list_total_of(const Ts__Incidents__Totals *totals, unsigned status, int severity);

#endif
