#include <criterion/criterion.h>

#include "types.h"

static char created[] = "incident.created";
static char incidents[] = "incident.*";
static char keys[] = "api_key.*";

static bool type_is_wanted(ts_str event, char *const *filters, size_t count)
{
    uint32_t number = 0;

    cr_assert(type_number(event, &number));
    return (types_wanted(filters, count) >> number & 1) != 0;
}

Test(types, an_endpoint_without_filters_wants_everything)
{
    cr_expect(type_is_wanted(TS_STR_LIT("user.risk_level_changed"), NULL, 0));
}

Test(types, filters_are_kinds_or_groups)
{
    char *one[] = { created };
    char *group[] = { keys, incidents };

    cr_expect(type_is_wanted(TS_STR_LIT("incident.created"), one, 1));
    cr_expect_not(type_is_wanted(TS_STR_LIT("incident.updated"), one, 1));
    cr_expect(type_is_wanted(TS_STR_LIT("incident.updated"), group, 2));
    cr_expect(type_is_wanted(TS_STR_LIT("api_key.revoked"), group, 2));
    cr_expect_not(type_is_wanted(TS_STR_LIT("ai_tool.first_seen"), group, 2));
}

Test(types, a_filter_must_be_able_to_match)
{
    cr_expect(type_filter_is_valid(TS_STR_LIT("incident.*")));
    cr_expect(type_filter_is_valid(TS_STR_LIT("webhook.test")));
    cr_expect_not(type_filter_is_valid(TS_STR_LIT("incident")));
    cr_expect_not(type_filter_is_valid(TS_STR_LIT("incidents.*")));
    cr_expect_not(type_filter_is_valid(TS_STR_LIT("*")));
    cr_expect_not(type_filter_is_valid(TS_STR_LIT("")));
    cr_expect_not(type_filter_is_valid(TS_STR_LIT("Incident.created")));
    cr_expect_not(type_number(TS_STR_LIT("incident.*"), &(uint32_t){ 0 }));
}

Test(types, a_slip_is_told_what_it_may_have_meant)
{
    static const char *const cases[][2] = {
        { "incident.craeted", " (did you mean incident.created?)" },
        { "incidents.*", " (did you mean incident.*?)" },
        { "App.Connected", " (did you mean app.connected?)" },
        { "user.risk_level_change", " (did you mean user.risk_level_changed?)" },
        { "everything", "" },
        { "", "" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        char meant[TS_NEAR_WORDS];

        type_meant(ts_str_of(cases[i][0]), meant);
        cr_expect_str_eq(meant, cases[i][1], "%s", cases[i][0]);
    }
}

/* They stand in keys on disk. */
Test(types, numbers_stay_what_they_are)
{
    static const char *const names[] = { "incident.created",          "incident.updated",
                                         "incident.resolved",         "user.risk_level_changed",
                                         "detection.triggered",       "app.connected",
                                         "app.status_changed",        "ai_tool.first_seen",
                                         "api_key.created",           "api_key.revoked",
                                         "webhook.endpoint_disabled", "webhook.test" };

    for (uint32_t i = 0; i < TS_COUNT(names); i++) {
        uint32_t number = UINT32_MAX;

        cr_assert(type_number(ts_str_of(names[i]), &number));
        cr_expect_eq(number, i);
    }
    cr_expect_eq(DELIVERY_PENDING, 0);
    cr_expect_eq(DELIVERY_DELIVERED, 1);
    cr_expect_eq(DELIVERY_FAILED, 2);
}
