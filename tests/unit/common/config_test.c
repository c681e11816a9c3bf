#include <criterion/criterion.h>

#include "ts/config.h"

typedef struct settings {
    char dir[TS_CONFIG_TEXT_MAX];
    char token[TS_CONFIG_TEXT_MAX];
    int64_t parallel;
    int64_t offset;
    bool is_verbose;
} settings;

typedef struct other_settings {
    int64_t port;
} other_settings;

static const ts_config_item items[] = {
    TS_TEXT(settings, dir, "TS_X_DIR", "data/x", "database"),
    TS_SECRET(settings, token, "TS_X_TOKEN", "token of the peer"),
    TS_NUM(settings, parallel, "TS_X_PARALLEL", 64, 1, 4096, "requests at once"),
    TS_NUM(settings, offset, "TS_X_OFFSET", -5, -10, 10, "seconds"),
    TS_BOOL(settings, is_verbose, "TS_X_VERBOSE", false, "more words"),
};
static const ts_config_item other_items[] = {
    TS_NUM(other_settings, port, "TS_X_PORT", 9100, 1, 65535, "port"),
};

static settings target;
static other_settings other;
static ts_buf text = TS_BUF_INIT(10000);
static const ts_config_table tables[] = { { items, TS_COUNT(items), &target },
                                          { other_items, TS_COUNT(other_items), &other } };

static void tear_down(void)
{
    ts_buf_done(&text);
}

TestSuite(config, .fini = tear_down);

static ts_status load(char *const *environment)
{
    ts_buf_clear(&text);
    return ts_config_load(tables, TS_COUNT(tables), "TS_X_", environment, &text);
}

static ts_status load_one(const char *variable)
{
    char copy[2048];
    char *environment[] = { copy, NULL };

    snprintf(copy, sizeof(copy), "%s", variable);
    return load(environment);
}

Test(config, uses_defaults_without_variables)
{
    char *environment[] = { NULL };

    cr_assert_eq(load(environment), TS_OK);
    cr_assert_str_eq(target.dir, "data/x");
    cr_assert_str_eq(target.token, "");
    cr_assert_eq(target.parallel, 64);
    cr_assert_eq(target.offset, -5);
    cr_assert_not(target.is_verbose);
    cr_assert_eq(other.port, 9100);
}

Test(config, reads_every_kind_of_variable)
{
    char *environment[] = { (char[]){ "TS_X_DIR=/srv/a=b" },
                            (char[]){ "TS_X_TOKEN=hush" },
                            (char[]){ "TS_X_PARALLEL=8" },
                            (char[]){ "TS_X_OFFSET=-10" },
                            (char[]){ "TS_X_VERBOSE=true" },
                            (char[]){ "TS_X_PORT=1" },
                            (char[]){ "PATH=/bin" },
                            (char[]){ "TS_Y_DIR=other" },
                            (char[]){ "TS_X" },
                            NULL };

    cr_assert_eq(load(environment), TS_OK, "%s", text.data);
    cr_assert_str_eq(target.dir, "/srv/a=b");
    cr_assert_str_eq(target.token, "hush");
    cr_assert_eq(target.parallel, 8);
    cr_assert_eq(target.offset, -10);
    cr_assert(target.is_verbose);
    cr_assert_eq(other.port, 1);
}

Test(config, reports_all_mistakes_at_once)
{
    char *environment[] = { (char[]){ "TS_X_DIR=a\nb" },       (char[]){ "TS_X_TOKEN=\xFF" },
                            (char[]){ "TS_X_PARALLEL=many" },  (char[]){ "TS_X_OFFSET=11" },
                            (char[]){ "TS_X_VERBOSE=maybe" },  (char[]){ "TS_X_PORT=0" },
                            (char[]){ "TS_X_PARALEL=8" },      (char[]){ "TS_X_=1" },
                            (char[]){ "TS_X_DIRECTORY=/srv" }, NULL };

    cr_assert_eq(load(environment), TS_INVALID);
    cr_assert_str_eq(text.data, "TS_X_DIR: holds a control character\n"
                                "TS_X_TOKEN: not valid UTF-8\n"
                                "TS_X_PARALLEL: must be a whole number from 1 to 4096\n"
                                "TS_X_OFFSET: must be a whole number from -10 to 10\n"
                                "TS_X_VERBOSE: must be 0, 1, false or true\n"
                                "TS_X_PORT: must be a whole number from 1 to 65535\n"
                                "TS_X_PARALEL: unknown variable\n"
                                "TS_X_: unknown variable\n"
                                "TS_X_DIRECTORY: unknown variable\n");
}

Test(config, ranges_hold_on_both_sides)
{
    static const struct {
        const char *variable;
        ts_status status;
    } cases[] = {
        { "TS_X_PARALLEL=1", TS_OK },       { "TS_X_PARALLEL=0", TS_INVALID },
        { "TS_X_PARALLEL=4096", TS_OK },    { "TS_X_PARALLEL=4097", TS_INVALID },
        { "TS_X_OFFSET=-10", TS_OK },       { "TS_X_OFFSET=-11", TS_INVALID },
        { "TS_X_OFFSET=10", TS_OK },        { "TS_X_OFFSET=11", TS_INVALID },
        { "TS_X_PARALLEL=", TS_INVALID },   { "TS_X_PARALLEL= 8", TS_INVALID },
        { "TS_X_PARALLEL=8s", TS_INVALID }, { "TS_X_PARALLEL=99999999999999999999", TS_INVALID },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++)
        cr_assert_eq(load_one(cases[i].variable), cases[i].status, "%s", cases[i].variable);
}

Test(config, booleans_have_four_words)
{
    cr_assert_eq(load_one("TS_X_VERBOSE=1"), TS_OK);
    cr_assert(target.is_verbose);
    cr_assert_eq(load_one("TS_X_VERBOSE=0"), TS_OK);
    cr_assert_not(target.is_verbose);
    cr_assert_eq(load_one("TS_X_VERBOSE=true"), TS_OK);
    cr_assert(target.is_verbose);
    cr_assert_eq(load_one("TS_X_VERBOSE=false"), TS_OK);
    cr_assert_not(target.is_verbose);
    cr_assert_eq(load_one("TS_X_VERBOSE="), TS_INVALID);
    cr_assert_eq(load_one("TS_X_VERBOSE=TRUE"), TS_INVALID);
}

Test(config, text_may_have_1023_bytes_and_not_1024)
{
    char variable[2048];

    memset(variable, 'a', sizeof(variable));
    memcpy(variable, "TS_X_DIR=", 9);
    variable[9 + 1023] = '\0';
    cr_assert_eq(load_one(variable), TS_OK);
    cr_assert_eq(strlen(target.dir), 1023);
    variable[9 + 1023] = 'a';
    variable[9 + 1024] = '\0';
    cr_assert_eq(load_one(variable), TS_INVALID);
    cr_assert_str_eq(text.data, "TS_X_DIR: longer than 1023 bytes\n");
}

Test(config, an_empty_text_is_a_value)
{
    cr_assert_eq(load_one("TS_X_DIR="), TS_OK);
    cr_assert_str_eq(target.dir, "");
}

Test(config, the_first_of_two_equal_names_counts)
{
    char *environment[] = { (char[]){ "TS_X_PORT=1" }, (char[]){ "TS_X_PORT=2" }, NULL };

    cr_assert_eq(load(environment), TS_OK);
    cr_assert_eq(other.port, 1);
}

Test(config, mistakes_that_do_not_fit_the_buffer_are_mistakes_all_the_same)
{
    ts_buf small = TS_BUF_INIT(3);
    char *environment[] = { (char[]){ "TS_X_PORT=0" }, NULL };

    cr_assert_eq(ts_config_load(tables, TS_COUNT(tables), "TS_X_", environment, &small),
                 TS_INVALID);
    ts_buf_done(&small);
}

Test(config, prints_values_and_hides_secrets)
{
    char *environment[] = { (char[]){ "TS_X_TOKEN=hush" }, (char[]){ "TS_X_VERBOSE=true" }, NULL };
    char *nothing[] = { NULL };

    cr_assert_eq(load(environment), TS_OK);
    ts_config_print(tables, TS_COUNT(tables), &text);
    cr_assert_str_eq(text.data, "TS_X_DIR=data/x\n"
                                "TS_X_TOKEN=(set)\n"
                                "TS_X_PARALLEL=64\n"
                                "TS_X_OFFSET=-5\n"
                                "TS_X_VERBOSE=1\n"
                                "TS_X_PORT=9100\n");
    cr_assert_eq(load(nothing), TS_OK);
    ts_config_print(tables, TS_COUNT(tables), &text);
    cr_assert_not_null(strstr(text.data, "TS_X_TOKEN=(not set)\n"));
}

Test(config, help_shows_default_range_and_words)
{
    ts_config_help(tables, TS_COUNT(tables), &text);
    cr_assert_str_eq(text.data, "  TS_X_DIR\n"
                                "      database\n"
                                "      default: data/x\n"
                                "  TS_X_TOKEN\n"
                                "      token of the peer\n"
                                "      secret, default: not set\n"
                                "  TS_X_PARALLEL\n"
                                "      requests at once\n"
                                "      default: 64, from 1 to 4096\n"
                                "  TS_X_OFFSET\n"
                                "      seconds\n"
                                "      default: -5, from -10 to 10\n"
                                "  TS_X_VERBOSE\n"
                                "      more words\n"
                                "      default: 0, 0 or 1\n"
                                "  TS_X_PORT\n"
                                "      port\n"
                                "      default: 9100, from 1 to 65535\n");
}
