#include "calls.h"
#include "risk.h"
#include "work.h"

static risk app;

void calls_open(const char *directory, calls_service *ret)
{
    static const calls_kind kinds[] = { { "incident_changed", &ts__incident_changed__descriptor },
                                        { TS_KIND_ERASE, &ts__organization_erase__descriptor },
                                        { NULL, NULL } };
    static risk_config config;
    ts_error err = { .text = "" };

    calls_configure(risk_config_items, risk_config_count, &config);
    (void)snprintf(config.rules_dir, sizeof(config.rules_dir), "%s",
                   TS_SOURCE_DIR "/services/risk/rules");
    app = (risk){ .store = calls_store(directory, risk_families), .config = &config };
    CHECK(risk_ingest_new(&config, &app.ingest, &err) == TS_OK);
    CHECK(ts_inbox_new(app.store, RISK_INBOX, "risk", risk_apply_row, &app, &app.inbox) == TS_OK);
    ts_inbox_guard(app.inbox, risk_lock_tenant, risk_unlock_tenant);
    ts_inbox_erases(app.inbox, "risk", RISK_TO_AUTH, NULL);
    *ret = (calls_service){ risk_rows, &app, app.store, kinds, false };
}

void calls_close(void)
{
    ts_inbox_free(app.inbox);
    risk_ingest_free(app.ingest);
    ts_store_close(app.store);
}
