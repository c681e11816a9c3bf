/* What is different from yesterday and from a week ago, in numbers and in a sentence each. Pure; nothing of it is text from
 * monitored events. */
#ifndef AGENT_CHANGES_H
#define AGENT_CHANGES_H

#include "agent/insights.h"

#define CHANGES_MAX 5

typedef struct change {
    const char *since;   /* yesterday, last_week */
    const char *subject; /* incidents_opened, risk_score, ai_events, ai_tools_first_seen */
    const char *id;      /* the user's address; NULL: the whole organization */
    uint64_t now, before;
    const char *text;
} change;

typedef struct changes {
    change list[CHANGES_MAX];
    size_t count;
} changes;

/* Only what is different; of the `user_count` users (NULL: not known) the one whose score moved most. TS_NOMEM. */
TS_CHECK ts_status changes_find(const insight_facts *f, const Ts__Risk__UserProfile *const *users,
                                size_t user_count, ts_arena *arena, changes *ret);

#endif
