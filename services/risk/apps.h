/* The inventory of third-party apps: made of grants, uses and revocations that the source tells of, changed by whoever sets
 * their status. Part of a unit of work: what events say is gathered, and rows, counts, order and webhooks are written when
 * the work is finished.
 *
 * An app is its client id, or its name where the source gives none. Who has it: users with a grant that was not revoked
 * later, by the source's clock; a grant of somebody who is no user yet waits for them (orphans.h).
 */
#ifndef RISK_APPS_H
#define RISK_APPS_H

#include "detect/catalogue.h"
#include "record.h"
#include "work.h"

#define APPS_SCOPES_MAX 64  /* of one app; further ones are not kept */
#define APPS_NAME_MAX   128 /* bytes of name and client id */
#define APPS_SCOPE_MAX  256 /* bytes of a scope */
#define APPS_USERS_MAX  10  /* shown */
#define APPS_ID_PREFIX  "app_"

enum apps_list { APPS_ALL, APPS_TRUSTED, APPS_UNTRUSTED };

typedef struct work_app {
    uint8_t id[16];
    Ts__Risk__AppRow *row;
    bool is_new;
    bool touched;
    bool connected; /* seen for the first time, and not long ago: told to webhooks */
    /* As the stored row has them. */
    const char *old_name;
    uint32_t old_score;
    bool was_trusted;
    char *users[APPS_USERS_MAX]; /* of a new one: the first of this work */
    size_t user_count;
    struct work_app *next;
} work_app;

/* TS_NOT_FOUND if there is none. */
TS_CHECK ts_status apps_get(risk_work *w, const uint8_t id[16], work_app **ret);
/* What a new event says about an app, if it is about one. */
TS_CHECK ts_status apps_take(risk_work *w, const catalogue *c, const risk_record *record);
/* The address has the app (active) or gave it up at that moment. */
TS_CHECK ts_status apps_note_user(risk_work *w, work_app *app, ts_str email, bool active,
                                  int64_t at_ms);
/* Another status. The catalogue is for the webhook's text. */
TS_CHECK ts_status apps_set_status(risk_work *w, const catalogue *c, work_app *app, bool trusted,
                                   const char *note);
/* Brings a stored app in line with what the catalogue says now; it is written if that changes its row. */
TS_CHECK ts_status apps_describe(risk_work *w, const catalogue *c, work_app *app);
/* Called by work_finish(), before users are written. */
TS_CHECK ts_status apps_finish(risk_work *w);

risk_key apps_order_key(ts_tenant t, enum apps_list list, uint32_t score, ts_str name,
                        ts_arena *arena, const uint8_t id[16]);

/* As the API shows it. `users` may be NULL: read from the store. */
TS_CHECK ts_status apps_show(ts_store *store, ts_tenant t, const catalogue *c, ts_arena *arena,
                             const uint8_t id[16], const Ts__Risk__AppRow *row, char **users,
                             size_t user_count, Ts__Risk__App *ret);

#endif
