/* JSON of objects that several endpoints show, and the pieces that all lists share. */
#ifndef API_SHAPE_H
#define API_SHAPE_H

#include "api/api.h"

/* The members of a user in a list, inside an open object. */
void shape_user(ts_jsonw *w, const Ts__Risk__UserRow *user);
/* A whole incident as lists show it. */
void shape_incident(ts_jsonw *w, const Ts__Incidents__Incident *incident);
/* Its members, inside an open object. */
void shape_incident_members(ts_jsonw *w, const Ts__Incidents__Incident *incident);
void shape_evidence(ts_jsonw *w, const Ts__Evidence *evidence, const char *rule_id);

void shape_texts(ts_jsonw *w, const char *key, char *const *texts, size_t count);
void shape_u64(ts_jsonw *w, const char *key, uint64_t n);

/* The member `pagination`. `returned` is how many this answer holds. */
void shape_pagination(ts_jsonw *w, uint64_t limit, uint64_t offset, uint64_t total,
                      size_t returned);
/* The same where the next page begins at a position of the service's: letters and digits. */
void shape_pagination_at(ts_jsonw *w, uint64_t limit, uint64_t offset, uint64_t total,
                         size_t returned, const char *position);
/* Of a list that has no further pages: only its first items can be asked for. */
void shape_first_page(ts_jsonw *w, uint64_t limit, uint64_t total, size_t returned);

#endif
