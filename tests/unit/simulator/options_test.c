/* The command line. */
#include <criterion/criterion.h>

#include "options.h"

#define NOW INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

static ts_status parse(sim_options *o, ts_error *err, int argc, const char *const *args)
{
    char *argv[24] = { NULL };

    for (int i = 0; i < argc; i++)
        argv[i] = (char *)(uintptr_t)args[i];
    *err = (ts_error){ .text = "" };
    return sim_options_parse(argc, argv, NOW, o, err);
}

Test(options, history_and_directory_go_with_what_they_need)
{
    static const struct {
        const char *args[8];
        int count;
        const char *wrong; /* NULL: nothing */
    } cases[] = {
        { { "s", "--days", "7", "--history", "358" }, 5, NULL },
        { { "s", "--days", "7", "--history", "359" }, 5, "history" },
        { { "s", "--history", "365" }, 3, "history" },
        { { "s", "--history", "0", "--events", "10" }, 5, NULL },
        { { "s", "--history", "1", "--events", "10" }, 5, "events" },
        { { "s", "--with-directory" }, 2, "with-directory" },
        { { "s", "--with-directory", "--post", "http://127.0.0.1:1" }, 4, NULL },
        { { "s", "--post", "http://127.0.0.1:1", "--with-directory" }, 4, NULL },
        { { "s", "--with-directory", "yes" }, 3, "yes" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        sim_options o;
        ts_error err;
        ts_status st = parse(&o, &err, cases[i].count, cases[i].args);

        cr_assert_eq(st, cases[i].wrong == NULL ? TS_OK : TS_INVALID, "%zu: %s", i, err.text);
        if (cases[i].wrong != NULL)
            cr_assert_str_eq(err.param, cases[i].wrong, "%zu: %s", i, err.text);
        else
            cr_assert_eq(o.with_directory, cases[i].count == 4);
    }
}

Test(options, defaults_are_a_week_of_142_people_on_standard_output)
{
    const char *const args[] = { "ts-simulator" };
    sim_options o;
    ts_error err;

    cr_assert_eq(parse(&o, &err, 1, args), TS_OK);
    cr_assert_eq(o.setup.company.people, 142);
    cr_assert_eq(o.setup.days, 7);
    cr_assert_eq(o.setup.end_ms, NOW);
    cr_assert_eq(o.setup.attacks, SIM_ATTACKS_ALL);
    cr_assert_eq(o.setup.max_events, 0);
    cr_assert_str_eq(o.out, "-");
}

Test(options, every_option_reaches_its_field)
{
    const char *const args[] = { "ts-simulator",
                                 "--people",
                                 "9",
                                 "--days",
                                 "2",
                                 "--end",
                                 "2026-01-02T00:00:00Z",
                                 "--seed",
                                 "18446744073709551615",
                                 "--speed",
                                 "100",
                                 "--post",
                                 "http://127.0.0.1:1",
                                 "--attacks",
                                 "rogue_admin,insider_data_theft",
                                 "--source",
                                 "okta,google_workspace" };
    sim_options o;
    ts_error err;

    cr_assert_eq(parse(&o, &err, (int)TS_COUNT(args), args), TS_OK);
    cr_assert_eq(o.setup.company.people, 9);
    cr_assert_eq(o.setup.days, 2);
    cr_assert_eq(o.setup.end_ms, NOW + INT64_C(86400000));
    cr_assert_eq(o.setup.company.seed, UINT64_MAX);
    cr_assert_eq(o.speed, 100);
    cr_assert_str_eq(o.post, "http://127.0.0.1:1");
    cr_assert_null(o.out);
    cr_assert_eq(o.setup.company.sources, 1u << SIM_OKTA | 1u << SIM_GOOGLE);
    cr_assert_eq(o.setup.attacks, 1u << SIM_ATTACK_ADMIN | 1u << SIM_ATTACK_INSIDER);
}

Test(options, mistakes_are_refused_by_name)
{
    static const struct {
        const char *option, *value, *param;
    } cases[] = {
        { "--people", "0", "people" },          { "--people", "100001", "people" },
        { "--people", "many", "people" },       { "--days", "366", "days" },
        { "--end", "yesterday", "end" },        { "--seed", "-1", "seed" },
        { "--attacks", "all,none", "attacks" }, { "--attacks", "", "attacks" },
        { "--domain", "A.example", "domain" },  { "--domain", "", "domain" },
        { "--events", "0", "events" },          { "--speed", "1000001", "speed" },
        { "--source", "jumpcloud", "source" },  { "--source", "okta,google_workspace", "out" },
        { "--colour", "red", "--colour" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        const char *const args[] = { "ts-simulator", cases[i].option, cases[i].value };
        sim_options o;
        ts_error err;

        cr_assert_eq(parse(&o, &err, 3, args), TS_INVALID, "%s %s", cases[i].option,
                     cases[i].value);
        cr_assert_str_eq(err.param, cases[i].param);
        cr_assert(strlen(err.text) > 10);
    }
}

Test(options, an_option_without_its_value_is_refused)
{
    const char *const args[] = { "ts-simulator", "--people" };
    sim_options o;
    ts_error err;

    cr_assert_eq(parse(&o, &err, 2, args), TS_INVALID);
    cr_assert_str_eq(err.text, "--people needs a value; see --help");
}

Test(options, help_wins_over_what_follows)
{
    const char *const args[] = { "ts-simulator", "--help", "--colour" };
    sim_options o;
    ts_error err;

    cr_assert_eq(parse(&o, &err, 3, args), TS_OK);
    cr_assert(o.help);
}
