#include "calls.h"
#include "webhooks.h"

static webhooks app;

/* Nobody delivers, and nothing is tended. */
void calls_open(const char *directory, calls_service *ret)
{
    static const calls_kind kinds[] = { { TS_KIND_WEBHOOK, &ts__webhook_publish__descriptor },
                                        { TS_KIND_ERASE, &ts__organization_erase__descriptor },
                                        { NULL, NULL } };
    static webhooks_config config;
    ledger_options o;

    calls_configure(webhooks_config_items, webhooks_config_count, &config);
    app = (webhooks){ .store = calls_store(directory, webhooks_families), .config = &config };
    CHECK(webhooks_config_parse(&config, &app.rules, &app.retry, NULL) == TS_OK);
    o = (ledger_options){ .retry = &app.retry,
                          .lease_ms = config.lease_ms,
                          .parallel = (uint32_t)config.endpoint_parallel,
                          .disable_after_ms = config.disable_after_s * TS_SECOND_MS,
                          .disable_failures = (uint32_t)config.disable_failures };
    CHECK(ledger_open(&app.ledger, app.store, &o, NULL) == TS_OK);
    CHECK(ts_inbox_new(app.store, WEBHOOKS_INBOX, "webhooks", webhooks_apply_row, &app,
                       &app.inbox) == TS_OK);
    ts_inbox_groups(app.inbox, webhooks_close_rows);
    ts_inbox_guard(app.inbox, webhooks_lock, webhooks_unlock);
    ts_inbox_erases(app.inbox, "webhooks", WEBHOOKS_TO_AUTH, webhooks_forget);
    CHECK(dispatch_start(&app.ledger, &app.dispatch, NULL) == TS_OK);
    *ret = (calls_service){ webhooks_rows, &app, app.store, kinds, false };
}

void calls_close(void)
{
    dispatch_close(app.dispatch);
    dispatch_stop(app.dispatch);
    ts_inbox_free(app.inbox);
    ledger_close(&app.ledger);
    ts_store_close(app.store);
}
