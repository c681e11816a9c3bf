/* The risk of a third-party app, 0..100, on the scale of users' scores. Pure.
 *
 *   reach      the greatest weight among its scopes: what it could do at worst; APP_UNKNOWN_SCOPE for a scope that is in no
 *              catalogue, APP_NO_SCOPES if none was ever seen
 *   breadth    2 for each further scope of class restricted or critical, at most 10
 *   spread     1 for each doubling of its users beyond the first, at most 10, in the measure of its reach: what many have let
 *              in is a larger door, but not if it leads nowhere
 *   publisher  known by client id (which nobody can take): x 0.8. A name alone proves nothing and changes nothing
 *   trusted    x 0.5, and at most 69: an administrator has looked at it, yet what it may do stays what it is
 */
#ifndef RISK_APP_SCORE_H
#define RISK_APP_SCORE_H

#include "ts/base.h"

#define APP_UNKNOWN_SCOPE 40
#define APP_NO_SCOPES     10
#define APP_TRUSTED_MAX   69

typedef struct app_facts {
    const uint32_t *weights; /* of its scopes, 0..100; APP_UNKNOWN_SCOPE where not known */
    size_t scope_count;
    size_t broad_count; /* of class restricted or critical */
    uint64_t user_count;
    bool publisher_known;
    bool trusted;
} app_facts;

uint32_t app_score(const app_facts *f);

#endif
