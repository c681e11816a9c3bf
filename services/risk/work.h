/* A unit of work on one tenant: everything that a request or a sweep changes, gathered in memory
 * under the tenant's lock and written as one batch: events, users, firings, scores, timeline,
 * counters, outbox. All or nothing.
 *
 *   work_begin()   locks the tenant
 *   ...            reads see what this work has changed already
 *   work_write()   rescores whom it touched, writes; visible at once
 *   work_end()     unlocks
 *   ts_store_sync(ticket) before anything is acknowledged
 *
 * Not thread-safe; memory comes from the arena given, which must outlive it.
 */
#ifndef RISK_WORK_H
#define RISK_WORK_H

#include "keys.h"
#include "map.h"
#include "proto/methods.h"
#include "search/index.h"
#include "ts/store.h"

/* Destinations of the outbox. */
enum risk_stream { RISK_TO_INCIDENTS, RISK_TO_AI_USAGE, RISK_TO_WEBHOOKS, RISK_TO_AUTH };

#define RISK_EVIDENCE_MAX 5

typedef struct work_user {
    Ts__Risk__UserRow *row;
    bool is_new;           /* has no row and no place in the order yet */
    bool touched;          /* row must be written */
    bool rescore;          /* score must be computed again */
    const char *listed_as; /* the address in the order index, if a rename moves it; else NULL */
    const char *cause;     /* of the rescoring, for the timeline: a rule id or a word of ours */
    /* As the stored row has them, for the search index; NULL if there is none. */
    const char *old_name, *old_department, *old_email;
    bool was_suspended;
    struct work_day *days; /* counted by this work (baselines.h) */
    struct work_user *next;
} work_user;

typedef struct work_firing {
    Ts__Risk__Firing *row;
    uint64_t user;     /* 0: nobody's */
    const char *email; /* whom the detection names, a user or not; "" */
    bool is_new;
    bool moved;    /* was nobody's until this work */
    bool changed;  /* must be written */
    bool announce; /* must be told to incidents */
    struct work_firing *next;
} work_firing;

/* Apps touched, by id, and what their users did (apps.h). */
typedef struct work_apps {
    risk_map by_id;
    struct work_app *list;
    struct work_app_use *uses;
    struct work_app_use *last_use;
    const struct catalogue *catalogue; /* for the texts of webhooks */
} work_apps;

typedef struct risk_work {
    ts_store *store;
    ts_tenant tenant;
    ts_arena *arena;
    ts_batch *batch;
    int64_t now_ms;
    Ts__Risk__Totals *totals;
    risk_map users_by_email;
    risk_map users_by_number;
    risk_map users_by_source_id; /* "source 0 id": what this work has noted */
    risk_map firings_by_id;
    work_user *users;
    work_firing *firings; /* in the order of their first touch */
    work_firing *last_firing;
    search_edits search;
    work_apps apps;
    char lock_key[TS_KEY_TENANT_SIZE];
} risk_work;

TS_CHECK ts_status work_begin(risk_work *w, ts_store *store, ts_tenant tenant, int64_t now_ms,
                              ts_arena *arena);
/* The same in somebody else's batch and under a lock that the caller holds: no work_end(), no
 * work_write(), but work_finish(). */
TS_CHECK ts_status work_begin_in(risk_work *w, ts_store *store, ts_tenant tenant, int64_t now_ms,
                                 ts_arena *arena, ts_batch *batch);
/* Must follow each work_begin() that returned TS_OK. */
void work_end(risk_work *w);
/* The lock alone, for others that change the same tenant. */
void work_lock(ts_store *store, ts_tenant tenant);
void work_unlock(ts_store *store, ts_tenant tenant);

/* TS_NOT_FOUND if there is none. `email` is in lower case. */
TS_CHECK ts_status work_user_by_email(risk_work *w, ts_str email, work_user **ret);
TS_CHECK ts_status work_user_by_number(risk_work *w, uint64_t number, work_user **ret);
/* Makes a user that is not there yet; `id` (may be empty) is the source's immutable id. */
/* What waited for the address (orphans.h) is the user's from then on; so it is with a further one. */
TS_CHECK ts_status work_user_add(risk_work *w, ts_str email, const char *source, ts_str id,
                                 int64_t seen_ms, work_user **ret);
/* A further address of a user, who is shown under it from now on. */
TS_CHECK ts_status work_user_alias(risk_work *w, work_user *u, ts_str email);
/* Notes the immutable id by which a source knows the user, who is found by it under another address later on. */
TS_CHECK ts_status work_user_identify(risk_work *w, work_user *u, const char *source, ts_str id);
/* Who is known by that id; TS_NOT_FOUND. */
TS_CHECK ts_status work_user_by_source(risk_work *w, const char *source, ts_str id,
                                       work_user **ret);
void work_user_rescore(work_user *u, const char *cause);

/* An empty firing row to fill in (is_new) or the stored one. */
TS_CHECK ts_status work_firing_get(risk_work *w, uint64_t user, const uint8_t id[16],
                                   work_firing **ret);
/* The owner of a stored firing; TS_NOT_FOUND. */
TS_CHECK ts_status work_firing_owner(risk_work *w, const uint8_t id[16], uint64_t *ret_user);

/* Fills the batch: rescores, rows, order, counters, outbox. For those who write the batch
 * themselves (the inbox). */
TS_CHECK ts_status work_finish(risk_work *w);
/* work_finish() and the write. */
TS_CHECK ts_status work_write(risk_work *w, uint64_t *ret_ticket);

/* Firings of a user that are not historical, as the score sees them; `rows` in the same order. For
 * reading. */
struct score_firing;
TS_CHECK ts_status work_load_firings(ts_store *store, ts_tenant tenant, uint64_t user,
                                     ts_arena *arena, Ts__Risk__Firing ***ret_rows,
                                     size_t *ret_count);

#endif
