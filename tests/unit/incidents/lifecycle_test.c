#include <criterion/criterion.h>

#include "lifecycle.h"

Test(lifecycle, every_move_is_as_the_table_says)
{
    static const ts_status expected[INCIDENT_STATUSES][INCIDENT_STATUSES] = {
        /* to:  open         investigating  resolved     false_positive */
        { TS_INVALID, TS_OK, TS_OK, TS_OK },                    /* open */
        { TS_INVALID, TS_OK, TS_OK, TS_OK },                    /* investigating */
        { TS_CONFLICT, TS_CONFLICT, TS_CONFLICT, TS_CONFLICT }, /* resolved */
        { TS_CONFLICT, TS_CONFLICT, TS_CONFLICT, TS_CONFLICT }, /* false_positive */
    };

    for (unsigned from = 0; from < INCIDENT_STATUSES; from++) {
        for (unsigned to = 0; to < INCIDENT_STATUSES; to++)
            cr_assert_eq(incident_move((incident_status)from, (incident_status)to, NULL),
                         expected[from][to], "%u to %u", from, to);
    }
}

Test(lifecycle, a_refused_move_says_why)
{
    ts_error err = { "", "" };

    cr_assert_eq(incident_move(INCIDENT_FALSE_POSITIVE, INCIDENT_RESOLVED, &err), TS_CONFLICT);
    cr_assert_str_eq(err.param, "status");
    cr_assert_not_null(strstr(err.text, "false positive"));
    cr_assert_not_null(strstr(err.text, "can only be reopened"));
}

Test(lifecycle, only_closed_incidents_are_reopened)
{
    ts_error err = { "", "" };
    incident_status to = INCIDENT_OPEN;

    cr_assert_eq(incident_reopen(INCIDENT_OPEN, &to, &err), TS_CONFLICT);
    cr_assert_not_null(strstr(err.text, "can become investigating, resolved or false_positive"));
    cr_assert_eq(incident_reopen(INCIDENT_INVESTIGATING, &to, &err), TS_CONFLICT);
    cr_assert_eq(incident_reopen(INCIDENT_RESOLVED, &to, &err), TS_OK);
    cr_assert_eq(to, INCIDENT_INVESTIGATING);
    cr_assert_eq(incident_reopen(INCIDENT_FALSE_POSITIVE, &to, &err), TS_OK);
}

Test(lifecycle, the_time_of_a_closed_incident_ends_behind_its_last_moment)
{
    cr_assert_not(incident_is_over(1000, 1500, 500));
    cr_assert(incident_is_over(1000, 1501, 500));
    cr_assert_not(incident_is_over(0, 1501, 500), "an open one never ends");
}

Test(lifecycle, callers_may_not_ask_for_open_or_nonsense)
{
    incident_status status = INCIDENT_OPEN;
    ts_error err = { "", "" };

    cr_assert_eq(incident_status_parse("open", &status, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "status");
    cr_assert_eq(incident_status_parse("", &status, &err), TS_INVALID);
    cr_assert_eq(incident_status_parse("Resolved", &status, &err), TS_INVALID);
    cr_assert_eq(incident_status_parse("false_positive", &status, &err), TS_OK);
    cr_assert_eq(status, INCIDENT_FALSE_POSITIVE);
}

Test(lifecycle, names_are_read_back)
{
    for (unsigned i = 0; i < INCIDENT_STATUSES; i++) {
        incident_status status = INCIDENT_OPEN;

        cr_assert_eq(incident_status_read(incident_status_name((incident_status)i), &status),
                     TS_OK);
        cr_assert_eq((unsigned)status, i);
    }
    cr_assert_eq(incident_status_read("reopened", &(incident_status){ INCIDENT_OPEN }), TS_CORRUPT);
}
