/* The sender: libcurl's multi interface on threads of its own. Every address is judged when it is about to be connected to,
 * after all names have been resolved and all spellings undone; redirects are not followed, answers are read up to a limit,
 * and one deadline covers the whole attempt. */
#ifndef DISPATCHER_SEND_H
#define DISPATCHER_SEND_H

#include "config.h"
#include "ts/ssrf.h"
#include "work.h"

#define SEND_ANSWER_MAX 65536 /* bytes of an answer's body and of its headers that are read */
#define SEND_MARGIN_MS  2000  /* an attempt begins only if its lease outlasts it by this */

typedef struct sender sender;

TS_CHECK ts_status sender_start(const dispatcher_config *config, const ts_ssrf_policy *policy,
                                work *w, sender **ret, ts_error *err);
/* There is something in `todo`. Any thread. */
void sender_wake(sender *s);
/* Waits up to `drain_ms` for attempts under way; what is left then is marked as returned. NULL is fine. */
void sender_stop(sender *s, int64_t drain_ms);

#endif
