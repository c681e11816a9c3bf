/* JSON of objects that several endpoints show, and the pieces that all lists share. */
#ifndef API_SHAPE_H
#define API_SHAPE_H

#include "api/api.h"

/* The members of a user in a list, inside an open object. */
void shape_user(const http_exchange *x, ts_jsonw *w, const Ts__Risk__UserRow *user);
/* A whole incident as lists show it. */
void shape_incident(ts_jsonw *w, const Ts__Incidents__Incident *incident);
/* Its members, inside an open object. */
void shape_incident_members(ts_jsonw *w, const Ts__Incidents__Incident *incident);
void shape_evidence(const http_exchange *x, ts_jsonw *w, const Ts__Evidence *evidence,
                    const char *rule_id);

/* Text from monitored events: in brief (ts_brief), or as it is kept if x->is_raw. Its path belongs into the exchange's
 * `untrusted`, here and below. */
void shape_untrusted(const http_exchange *x, ts_jsonw *w, const char *key, const char *text);
/* What somebody with a key of the organization wrote for others to read, as notes: cleaned where it stands, but whole, or as it
 * is kept if x->is_raw; null if it is empty and `or_null`. */
#define SHAPE_PROSE_MAX 4096 /* bytes; no service takes more */
void shape_prose(const http_exchange *x, ts_jsonw *w, const char *key, char *text, bool or_null);

/* Handlers of routes with the parameter `raw` begin with this: sets x->is_raw; TS_DENIED with words if the key may not. */
TS_CHECK ts_status shape_take_raw(http_exchange *x);

void shape_texts(ts_jsonw *w, const char *key, char *const *texts, size_t count);
void shape_u64(ts_jsonw *w, const char *key, uint64_t n);

/* Members that the overview and the agent's summary share. */
void shape_risk_distribution(ts_jsonw *w, const Ts__Risk__OverviewReply *risk);
/* Users of high and critical risk. */
uint64_t shape_high_risk(const Ts__Risk__OverviewReply *risk);
void shape_by_severity(ts_jsonw *w, const Ts__Incidents__SummaryReply *incidents);
void shape_top_tools(ts_jsonw *w, const Ts__Aiusage__Report *report, size_t max);
/* In percent of `before`, to one decimal; null if there was nothing then. */
void shape_change(ts_jsonw *w, const char *key, uint64_t now, uint64_t before);

/* What an empty list would hold without one of its filters: member `wider` and a sentence, if that would be something. A
 * service that does not tell is no failure: then there is no hint. */
#define SHAPE_WIDER_MAX 5
typedef struct shape_wider {
    const char *without[SHAPE_WIDER_MAX]; /* names of parameters */
    uint64_t total[SHAPE_WIDER_MAX];
    size_t count;
} shape_wider;
/* Nothing for a total of 0. */
void shape_wider_add(shape_wider *wider, const char *without, uint64_t total);
void shape_wider_put(ts_jsonw *w, const shape_wider *wider);
/* " Without the filter severity: 3; without user: 1."; a name may be two: "since and until". */
void shape_wider_say(ts_buf *out, const shape_wider *wider);

/* The member `pagination`. `returned` is how many this answer holds. */
void shape_pagination(ts_jsonw *w, uint64_t limit, uint64_t offset, uint64_t total,
                      size_t returned);
/* The same where the next page begins at a position of the service's: letters and digits. */
void shape_pagination_at(ts_jsonw *w, uint64_t limit, uint64_t offset, uint64_t total,
                         size_t returned, const char *position);
/* Of a list that has no further pages: only its first items can be asked for. */
void shape_first_page(ts_jsonw *w, uint64_t limit, uint64_t total, size_t returned);

#endif
