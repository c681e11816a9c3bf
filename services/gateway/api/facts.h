/* What the documents say of a member beyond its type: limits, a realistic example, words. Pure.
 *
 * Kept beside the shapes instead of in them: a name like `email` means the same wherever it stands, and a new shape or route
 * has limits and examples from its types alone.
 */
#ifndef API_FACTS_H
#define API_FACTS_H

#include "ts/base.h"

typedef struct fact {
    const char *name;    /* "Incident.id", or "email" for every shape without a row of its own */
    const char *limits;  /* members of a JSON schema, "" for those of the type alone */
    const char *example; /* JSON */
    const char *words;   /* description; "" for none */
} fact;

/* The row of "owner.member", else that of "member"; NULL if there is neither. `owner` is a shape, "Query", "Body" or "Path". */
const fact *fact_of(const char *owner, const char *member);
/* Only "owner.member". */
const fact *fact_of_own(const char *owner, const char *member);
/* What stands for {...} in a pattern, by the pattern up to there: "/v1/incidents/{id}". Never NULL. */
const fact *fact_of_path(const char *pattern);
/* Sentences as the summary of an answer of this shape may read; NULL if there is no row. */
const char *fact_summary(const char *shape);

#endif
