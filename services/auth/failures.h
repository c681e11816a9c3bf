/* Failed authentications per client address: a window (window.h) of a minute for each, in a table of fixed size.
 *
 * Not thread-safe: the owner's lock guards it. When more addresses fail in one minute than the table holds, those with the
 * fewest failures are forgotten first: an attacker with many addresses costs no memory and frees nobody who is near the limit.
 */
#ifndef AUTH_FAILURES_H
#define AUTH_FAILURES_H

#include "window.h"

#define AUTH_SCOPE_SIZE 52 /* text of an IPv6 address, "/64" and a NUL */

typedef struct auth_failures auth_failures;

/* NULL if out of memory. `places` is rounded up to whole buckets. */
auth_failures *auth_failures_new(size_t places);
void auth_failures_free(auth_failures *f);
TS_DEFINE_CLEANUP(auth_failures, auth_failures_free);

/* What failures of a client are counted under: its IPv4 address, or its IPv6 network of 64 bits, since who has one address of
 * it has all. */
void auth_failures_scope(const char *client, char ret[AUTH_SCOPE_SIZE]);

/* Counts a failure, unless the window is full. One that is admitted with nothing remaining has filled it, which is so once a
 * minute for an address that is not forgotten in between. */
auth_verdict auth_failures_count(auth_failures *f, const char *scope, uint32_t limit,
                                 const auth_moment *now);

#endif
