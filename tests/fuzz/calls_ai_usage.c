#include "ai_usage.h"
#include "calls.h"

static ai_usage app;

void calls_open(const char *directory, calls_service *ret)
{
    static const calls_kind kinds[] = { { "ai_use", &ts__ai_use__descriptor },
                                        { "ai_tool_trust", &ts__ai_tool_trust__descriptor },
                                        { TS_KIND_ERASE, &ts__organization_erase__descriptor },
                                        { NULL, NULL } };
    ts_store *store = calls_store(directory, ai_usage_families);

    app = (ai_usage){ .store = store, .keep_days = 400 };
    ai_usage_register_metrics(&app);
    CHECK(ts_inbox_new(store, AI_USAGE_INBOX, "ai-usage", ai_usage_apply_row, &app, &app.inbox) ==
          TS_OK);
    ts_inbox_guard(app.inbox, ai_usage_lock, ai_usage_unlock);
    ts_inbox_erases(app.inbox, "ai-usage", AI_USAGE_TO_AUTH, NULL);
    *ret = (calls_service){ ai_usage_rows, &app, store, kinds, false };
}

void calls_close(void)
{
    ts_inbox_free(app.inbox);
    ts_store_close(app.store);
}
