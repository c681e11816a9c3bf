#include "calls.h"
#include "incidents.h"

static incidents app;

void calls_open(const char *directory, calls_service *ret)
{
    static const calls_kind kinds[] = { { "detection", &ts__detection__descriptor },
                                        { TS_KIND_ERASE, &ts__organization_erase__descriptor },
                                        { NULL, NULL } };
    static const chain_limits limits = { .gap_ms = 24 * TS_HOUR_MS,
                                         .span_ms = 7 * TS_DAY_MS,
                                         .open_severity = 2 };
    ts_store *store = calls_store(directory, incidents_families);

    CHECK(incidents_init(&app, store, &limits, 400 * TS_DAY_MS) == TS_OK);
    CHECK(ts_inbox_new(store, INCIDENTS_INBOX, "incidents", incidents_apply_row, &app,
                       &app.inbox) == TS_OK);
    ts_inbox_guard(app.inbox, incidents_lock_tenant, incidents_unlock_tenant);
    ts_inbox_erases(app.inbox, "incidents", INCIDENTS_TO_AUTH, incidents_forget);
    *ret = (calls_service){ incidents_rows, &app, store, kinds, false };
}

void calls_close(void)
{
    ts_inbox_free(app.inbox);
    ts_store_close(app.store);
}
