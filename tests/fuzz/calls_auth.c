#include "auth.h"
#include "calls.h"
#include "ts/audit.h"

static auth app;

void calls_open(const char *directory, calls_service *ret)
{
    static const calls_kind kinds[] = { { TS_AUDIT_KIND, &ts__audit_entry__descriptor },
                                        { TS_KIND_ERASED, &ts__organization_erased__descriptor },
                                        { NULL, NULL } };
    static auth_config config;

    calls_configure(auth_config_items, auth_config_count, &config);
    app = (auth){ .store = calls_store(directory, auth_families), .config = &config };
    CHECK(auth_init(&app, NULL) == TS_OK);
    *ret = (calls_service){ auth_rows, &app, app.store, kinds, true };
}

void calls_close(void)
{
    ts_store *store = app.store;

    auth_done(&app);
    ts_store_close(store);
}
