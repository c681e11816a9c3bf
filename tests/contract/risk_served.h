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
static uint64_t qualifier; /* of the last record */

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

/* A record of an act of `email` (profile `id`, "" for none), with one parameter. */
static inline void put_record_at(ts_buf *out, const char *application, const char *event,
                                 const char *email, const char *id, int64_t at_ms, const char *name,
                                 const char *value)
{
    char at[TS_RFC3339_SIZE];

    ts_time_format(at_ms, true, at);
    ts_buf_printf(
        out,
        "{\"id\":{\"time\":\"%s\",\"uniqueQualifier\":\"%llu\",\"applicationName\":\"%s\","
        "\"customerId\":\"C1\"},\"actor\":{\"email\":\"%s\",\"profileId\":\"%s\"},"
        "\"ipAddress\":\"198.51.100.7\",\"events\":[{\"name\":\"%s\",\"parameters\":[{"
        "\"name\":\"%s\",\"value\":\"%s\"}]}]}\n",
        at, (unsigned long long)++qualifier, application, email, id, event, name, value);
}

static inline ts_status try_post(ts_tenant t, const ts_buf *body, const Ts__Risk__IngestReply **ret)
{
    Ts__Risk__IngestRequest request = TS__RISK__INGEST_REQUEST__INIT;

    request.source = text("google_workspace");
    request.content_type = text("ndjson");
    request.body.data = (uint8_t *)body->data;
    request.body.len = body->size;
    return served_call(&s, t, &ts_risk_ingest, &request.base, ret);
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
