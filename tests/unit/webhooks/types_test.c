#include <criterion/criterion.h>

#include "types.h"

static char created[] = "incident.created";
static char incidents[] = "incident.*";
static char keys[] = "api_key.*";

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
    cr_expect(type_is_known(TS_STR_LIT("incident.resolved")));
    cr_expect_not(type_is_known(TS_STR_LIT("incident.*")));
}
