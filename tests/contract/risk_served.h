/* risk under test: its core with its real store, inbox and rules behind a socket. */
#ifndef CONTRACT_RISK_SERVED_H
#define CONTRACT_RISK_SERVED_H

#include "risk.h"
#include "served.h"
#include "work.h"

static served s;
static risk app;
static risk_config config = {
    .retention_days = 36500, .noisy_firings = 100, .directory_rows = 10000, .users_max = 1000000
};
static ts_tenant tenant = { 1, TS_MODE_LIVE };

static inline char *text(const char *z)
{
    return (char *)(uintptr_t)z; /* only packed */
}

static inline void start(void)
{
    ts_error error = { "", "" };

    snprintf(config.rules_dir, sizeof(config.rules_dir), "%s",
             TS_SOURCE_DIR "/services/risk/rules");
    served_open_store(&s, risk_families);
    app = (risk){ .store = s.store, .config = &config };
    CHECK_EQ(risk_ingest_new(&config, &app.ingest, &error), TS_OK);
    CHECK_EQ(ts_inbox_new(s.store, RISK_INBOX, "risk", risk_apply_row, &app, &app.inbox), TS_OK);
    ts_inbox_guard(app.inbox, risk_lock_tenant, risk_unlock_tenant);
    ts_inbox_erases(app.inbox, "risk", RISK_TO_AUTH, NULL);
    served_start(&s, "risk", risk_rows, &app);
}

static inline void stop(void)
{
    served_stop(&s);
    ts_inbox_free(TS_TAKE(app.inbox));
    risk_ingest_free(TS_TAKE(app.ingest));
    ts_store_close(TS_TAKE(s.store));
}

/* Each test has an organization of its own. */
static inline void fresh_organization(void)
{
    tenant.org++;
    served_forget(&s);
}

/* A directory of `count` rows; their places in it are filled in. */
static inline const Ts__Risk__PutDirectoryReply *upload(Ts__Risk__DirectoryRow *rows, size_t count)
{
    Ts__Risk__PutDirectoryRequest request = TS__RISK__PUT_DIRECTORY_REQUEST__INIT;
    const Ts__Risk__PutDirectoryReply *reply = NULL;
    Ts__Risk__DirectoryRow **list = calloc(count, sizeof(*list));

    for (size_t i = 0; i < count; i++) {
        list[i] = &rows[i];
        rows[i].index = (uint32_t)i;
    }
    request.rows = list;
    request.n_rows = count;
    CHECK_EQ(served_call(&s, tenant, &ts_risk_put_directory, &request.base, &reply), TS_OK);
    free(list);
    return reply;
}

/* `level` may be "". */
static inline const Ts__Risk__UserList *search_for(const char *query, const char *level,
                                                   uint32_t limit)
{
    Ts__Risk__SearchUsersRequest request = TS__RISK__SEARCH_USERS_REQUEST__INIT;
    const Ts__Risk__UserList *reply = NULL;

    request.query = text(query);
    request.risk_level = text(level);
    request.limit = limit;
    CHECK_EQ(served_call(&s, tenant, &ts_risk_search_users, &request.base, &reply), TS_OK);
    return reply;
}

#endif
