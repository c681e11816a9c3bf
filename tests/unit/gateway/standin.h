/* Small services on the bus for tests of the gateway: each answers with fixed, hand-written data.
 *
 * One set per process (a Criterion test is a process of its own).
 */
#ifndef STANDIN_H
#define STANDIN_H

#include <stdatomic.h>

#include "ask.h"
#include "http/server.h"

/* Keys with right checksums. What auth says of them: */
#define KEY_ALL     "tsk_live_aaaaaaaaaaaaaaaaaaaaaaaaaa1qJYQ1" /* every permission */
#define KEY_USERS   "tsk_live_bbbbbbbbbbbbbbbbbbbbbbbbbb1oeAmQ" /* read:users only */
#define KEY_AGENT   "tsk_live_eeeeeeeeeeeeeeeeeeeeeeeeee3xfOeU" /* agent and read:incidents only */
#define KEY_LIMITED "tsk_live_cccccccccccccccccccccccccc3wbNxA" /* its limit is used up */
#define KEY_TEST    "tsk_test_eeeeeeeeeeeeeeeeeeeeeeeeee32wj8Z" /* every permission, test mode */
#define KEY_HELD    "tsk_live_ffffffffffffffffffffffffff464lkf" /* its organization is suspended */
#define KEY_UNKNOWN "tsk_live_dddddddddddddddddddddddddd1yeVZ6" /* not known */

enum {
    WITH_AUTH = 1,
    WITH_RISK = 2,
    WITH_INCIDENTS = 4,
    WITH_AI_USAGE = 8,
    WITH_WEBHOOKS = 16,
    WITH_ALL = 31
};

typedef struct standin_seen {
    atomic_int authorizes;
    atomic_int updates;
    uint64_t revision; /* asked for by the last of them */
    /* Of the audit log; `refuses_audits` is set by a test. */
    atomic_int audits;
    bool refuses_audits;
    char audit_action[32];
    char audit_object[64];
    char audit_actor[64];
    char audit_details[256];
    atomic_int failures; /* authentications; `counts_no_failures` is set by a test */
    bool counts_no_failures;
    /* Of the last of them. */
    char key_prefix[64];
    bool was_no_key;
    /* Of the last ingest. */
    char source[32];
    char content_type[32];
    bool gzip;
    size_t body_bytes;
    char body_start[64];
    char actor[64];
    char client_addr[64]; /* of a failed authentication too */
} standin_seen;

/* Users of risk_level=critical. Of "high" there are as many, but the second page fails; "low" fails at once;
 * of "medium" nobody tells where the second page begins. */
#define STANDIN_MANY 450

extern standin_seen standin_saw;

/* Starts the services of the mask and the gateway before them; answers the port. Aborts on failure. */
int standin_start(unsigned services, int64_t connections);
void standin_stop(void);
/* For requests without a socket, between start and stop. */
const http_service *standin_service(void);

#endif
