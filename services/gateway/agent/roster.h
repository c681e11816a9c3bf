/* Whom and what a question may name: people and departments of the organization, asked of risk's search as the parser comes upon
 * words that could be a name, and the apps of its inventory. Kept for one request; a bounded number of calls, each word once.
 */
#ifndef AGENT_ROSTER_H
#define AGENT_ROSTER_H

#include "api/api.h"
#include "query/people.h"

#define ROSTER_CALLS_MAX 8   /* searches for one request */
#define ROSTER_USERS     200 /* of one search */
#define ROSTER_APPS      200 /* of the inventory, the riskiest first */

typedef struct roster roster;

/* What agent_gazetteer.data points at. */
typedef struct roster_view {
    roster *roster;
} roster_view;

/* In the exchange's arena; NULL if out of memory. */
roster *roster_new(http_exchange *x, const agent_grammar *grammar);
/* NULL is fine. */
void roster_done(roster *r);

/* Fills *ret, which borrows both. A key that may not read users finds nobody, one that may not read apps
 * no app. */
void roster_gazetteer(const roster_view *view, agent_gazetteer *ret);

bool roster_is_down(const roster *r);  /* risk did not answer: names were not looked up */
bool roster_is_short(const roster *r); /* more words than calls: some were not looked up */

#endif
