/* What the API lists and counts. */
#include "lifecycle.h"
#include "list.h"
#include "ts/time.h"

#define LIMIT_MAX  200
#define USER_MAX   512
#define LATEST_MAX 5
#define WORST_MAX  3

static ts_status parse_group(const char *text, incidents_group *ret, ts_error *err)
{
    static const char *const names[] = { "all", "open", "closed" };

    for (size_t i = 0; i < TS_COUNT(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret = (incidents_group)i;
            return TS_OK;
        }
    }
    return ts_fail(err, TS_INVALID, "status", "status must be open, closed or all");
}

static bool is_in_group(unsigned status, incidents_group group)
{
    return group == GROUP_ALL ||
           incident_is_closed((incident_status)status) == (group == GROUP_CLOSED);
}

static ts_status check(const Ts__Incidents__ListRequest *req, ts_error *err)
{
    if (req->limit < 1 || req->limit > LIMIT_MAX)
        return ts_fail(err, TS_INVALID, "limit", "limit must be between 1 and %d", LIMIT_MAX);
    if (req->severity < ANY_SEVERITY || req->severity >= CHAIN_SEVERITIES)
        return ts_fail(err, TS_INVALID, "severity",
                       "severity must be informational, low, medium, high or critical");
    if (strlen(req->user) > USER_MAX)
        return ts_fail(err, TS_INVALID, "user", "user must have at most %d bytes", USER_MAX);
    return TS_OK;
}

static ts_status parse_after(const Ts__Incidents__ListRequest *req, list_query *query,
                             uint8_t id[16], ts_error *err)
{
    if (req->after[0] == '\0')
        return TS_OK;
    if (incidents_place_parse(ts_str_of(req->after), &query->after_ms, id) != TS_OK)
        return ts_fail(err, TS_INVALID, "cursor",
                       "cursor must be the next_cursor of an earlier answer");
    query->after_id = id;
    query->offset = 0;
    return TS_OK;
}

/* Behind the last of the page; whether anything stands there is seen by whoever asks. */
static ts_status name_next(const ts_call *call, Ts__Incidents__IncidentList *rep)
{
    char place[INCIDENTS_PLACE_SIZE];
    const Ts__Incidents__Incident *last;
    ts_hash128 id;

    if (rep->n_incidents == 0)
        return TS_OK;
    last = rep->incidents[rep->n_incidents - 1];
    if (ts_id_parse("inc_", ts_str_of(last->id), &id) != TS_OK)
        return TS_CORRUPT;
    incidents_place_format(last->created_ms, id.bytes, place);
    rep->next = ts_arena_z(call->arena, ts_str_of(place));
    return rep->next == NULL ? TS_NOMEM : TS_OK;
}

/* Without a user or a time, it is a sum of the totals. */
static ts_status count_list(const ts_call *call, const list_query *query, uint64_t *ret)
{
    const Ts__Incidents__Totals *totals = NULL;
    uint64_t count = 0;
    ts_status st;

    if (query->user.n > 0 || query->since_ms != 0 || query->until_ms != 0)
        return list_count(call, query, ret);
    st = list_totals(call, &totals);
    for (unsigned status = 0; status < INCIDENT_STATUSES && st == TS_OK; status++) {
        if (is_in_group(status, query->group))
            count += list_total_of(totals, status, query->severity);
    }
    *ret = count;
    return st;
}

ts_status incidents_rpc_list(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__ListRequest *req = (const Ts__Incidents__ListRequest *)in;
    Ts__Incidents__IncidentList *rep = (Ts__Incidents__IncidentList *)out;
    list_query query = { .severity = req->severity,
                         .user = ts_str_of(req->user),
                         .since_ms = req->since_ms,
                         .until_ms = req->until_ms,
                         .limit = req->limit,
                         .offset = req->offset };
    uint8_t after[16];
    ts_status st = check(req, call->error);

    if (st == TS_OK)
        st = parse_group(req->status, &query.group, call->error);
    if (st == TS_OK)
        st = parse_after(req, &query, after, call->error);
    if (st == TS_OK)
        st = count_list(call, &query, &rep->total);
    if (st == TS_OK && query.offset < rep->total)
        st = list_read(call, &query, &rep->incidents, &rep->n_incidents);
    call->lasts = true;
    return st == TS_OK ? name_next(call, rep) : st;
}

/* ---- summary ---- */

static ts_status find_worst(const ts_call *call, Ts__Incidents__SummaryReply *rep)
{
    rep->worst = ts_arena_array(call->arena, WORST_MAX, sizeof(*rep->worst));
    if (rep->worst == NULL)
        return TS_NOMEM;
    for (int severity = CHAIN_SEVERITIES - 1; severity >= 0 && rep->n_worst < WORST_MAX;
         severity--) {
        list_query query = { .group = GROUP_OPEN,
                             .severity = severity,
                             .limit = WORST_MAX - (uint32_t)rep->n_worst };
        Ts__Incidents__Incident **list = NULL;
        size_t count = 0;
        ts_status st = list_read(call, &query, &list, &count);

        if (st != TS_OK)
            return st;
        for (size_t i = 0; i < count; i++)
            rep->worst[rep->n_worst++] = list[i];
    }
    return TS_OK;
}

static ts_status find_oldest(const ts_call *call, Ts__Incidents__SummaryReply *rep)
{
    list_query query = {
        .group = GROUP_OPEN, .severity = ANY_SEVERITY, .limit = 1, .oldest_first = true
    };
    Ts__Incidents__Incident **list = NULL;
    size_t count = 0;
    ts_status st = list_read(call, &query, &list, &count);

    if (st == TS_OK && count > 0)
        rep->oldest = list[0];
    return st;
}

static ts_status count_opened(const ts_call *call, int64_t since_ms, int64_t until_ms,
                              uint64_t *ret)
{
    return list_count(call,
                      &(list_query){ .group = GROUP_ALL,
                                     .severity = ANY_SEVERITY,
                                     .since_ms = since_ms,
                                     .until_ms = until_ms },
                      ret);
}

static ts_status new_trend(const ts_call *call, uint64_t opened, uint64_t opened_before,
                           Ts__Incidents__Trend **ret)
{
    *ret = ts_arena_alloc(call->arena, sizeof(**ret));
    if (*ret == NULL)
        return TS_NOMEM;
    ts__incidents__trend__init(*ret);
    (*ret)->opened = opened;
    (*ret)->opened_before = opened_before;
    return TS_OK;
}

/* Yesterday and today are part of the week: each incident is counted in one stretch of time. */
static ts_status count_trends(const ts_call *call, Ts__Incidents__SummaryReply *rep)
{
    static const int days[] = { 1, 2, 7, 14 };
    uint64_t opened[TS_COUNT(days)];
    int64_t until_ms = 0; /* the first goes on to the newest */
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(days) && st == TS_OK; i++) {
        int64_t since_ms = call->now_ms - days[i] * TS_DAY_MS;

        st = count_opened(call, since_ms, until_ms, &opened[i]);
        until_ms = since_ms;
    }
    if (st == TS_OK)
        st = new_trend(call, opened[0], opened[1], &rep->day);
    return st == TS_OK ? new_trend(call, opened[0] + opened[1] + opened[2], opened[3], &rep->week)
                       : st;
}

static ts_status add_trend(const ts_call *call, Ts__Incidents__SummaryReply *rep)
{
    ts_status st = find_worst(call, rep);

    if (st == TS_OK)
        st = find_oldest(call, rep);
    return st == TS_OK ? count_trends(call, rep) : st;
}

ts_status incidents_rpc_summary(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__SummaryRequest *req = (const Ts__Incidents__SummaryRequest *)in;
    Ts__Incidents__SummaryReply *rep = (Ts__Incidents__SummaryReply *)out;
    list_query query = { .group = GROUP_OPEN, .severity = ANY_SEVERITY, .limit = LATEST_MAX };
    const Ts__Incidents__Totals *totals = NULL;
    ts_status st = list_totals(call, &totals);

    if (st != TS_OK)
        return st;
    rep->by_severity = ts_arena_array(call->arena, CHAIN_SEVERITIES, sizeof(uint64_t));
    if (rep->by_severity == NULL)
        return TS_NOMEM;
    rep->n_by_severity = CHAIN_SEVERITIES;
    for (int i = 0; i < CHAIN_SEVERITIES; i++)
        rep->by_severity[i] = list_total_of(totals, INCIDENT_OPEN, i) +
                              list_total_of(totals, INCIDENT_INVESTIGATING, i);
    rep->open = list_total_of(totals, INCIDENT_OPEN, ANY_SEVERITY);
    rep->investigating = list_total_of(totals, INCIDENT_INVESTIGATING, ANY_SEVERITY);
    if (!req->without_latest)
        st = list_read(call, &query, &rep->latest, &rep->n_latest);
    call->lasts = !req->with_trend; /* which is counted from now */
    return st == TS_OK && req->with_trend ? add_trend(call, rep) : st;
}
