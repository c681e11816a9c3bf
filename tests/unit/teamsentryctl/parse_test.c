/* From the words of a command line to a command. */
#include <criterion/criterion.h>

#include "command.h"

#define WORDS_MAX 16

static ts_status parse(ctl *c, const char *line)
{
    static char text[256];
    const char *argv[WORDS_MAX] = { "teamsentryctl" };
    int argc = 1;
    char *at = text;

    snprintf(text, sizeof(text), "%s", line);
    while (at != NULL && *at != '\0' && argc < WORDS_MAX) {
        argv[argc++] = at;
        at = strchr(at, ' ');
        if (at != NULL)
            *at++ = '\0';
    }
    memset(c, 0, sizeof(*c));
    return ctl_parse(argc, argv, c);
}

Test(parse, every_command_is_found_by_its_words)
{
    static const struct {
        const char *line;
        ts_status (*run)(ctl *c);
    } cases[] = {
        { "org create Acme", ctl_org_create },
        { "org list", ctl_org_list },
        { "org show Acme", ctl_org_show },
        { "org rename Acme Globex", ctl_org_rename },
        { "org tier Acme enterprise", ctl_org_tier },
        { "org suspend Acme", ctl_org_suspend },
        { "org resume Acme", ctl_org_resume },
        { "org delete Acme --yes", ctl_org_delete },
        { "key create Acme --name n", ctl_key_create },
        { "key list Acme", ctl_key_list },
        { "key show Acme key_1", ctl_key_show },
        { "key update Acme key_1 --name n", ctl_key_update },
        { "key rotate Acme key_1 --overlap 0", ctl_key_rotate },
        { "key revoke Acme key_1", ctl_key_revoke },
        { "audit list Acme --since 2026-01-01 --until 2026-02-01 --actor ctl --limit 5",
          ctl_audit_list },
        { "audit verify -", ctl_audit_verify },
        { "status", ctl_status },
    };
    ctl c;

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        cr_assert_eq(parse(&c, cases[i].line), TS_OK, "%s: %s", cases[i].line, c.error.text);
        cr_assert_eq(c.command->run, cases[i].run, "%s", cases[i].line);
        cr_assert_not(ctl_wants_json(&c));
    }
}

Test(parse, arguments_and_options_come_in_any_order)
{
    ctl c;

    cr_assert_eq(parse(&c, "key create --mode test Acme --json --permissions ingest,agent "
                           "--expires 2027-01-31 --name n"),
                 TS_OK);
    cr_assert_str_eq(c.args[0], "Acme");
    cr_assert_str_eq(c.options[CTL_MODE], "test");
    cr_assert_str_eq(c.options[CTL_PERMISSIONS], "ingest,agent");
    cr_assert_str_eq(c.options[CTL_EXPIRES], "2027-01-31");
    cr_assert_str_eq(c.options[CTL_NAME], "n");
    cr_assert_null(c.options[CTL_TIER]);
    cr_assert(ctl_wants_json(&c));
}

Test(parse, a_value_may_look_like_anything)
{
    ctl c;

    cr_assert_eq(parse(&c, "key create Acme --name --json"), TS_OK);
    cr_assert_str_eq(c.options[CTL_NAME], "--json");
    cr_assert_not(ctl_wants_json(&c));
}

Test(parse, yes_stands_alone)
{
    ctl c;

    cr_assert_eq(parse(&c, "org delete --yes Acme"), TS_OK);
    cr_assert_str_eq(c.args[0], "Acme");
    cr_assert_not_null(c.options[CTL_YES]);
    cr_assert_eq(parse(&c, "org delete Acme"), TS_OK);
    cr_assert_null(c.options[CTL_YES]);
}

/* Before anything is asked of a service. */
Test(parse, a_deletion_that_was_not_meant_and_an_empty_update_are_refused)
{
    ctl c;

    cr_assert_eq(parse(&c, "org delete Acme"), TS_OK);
    cr_assert_eq(c.command->run(&c), TS_INVALID);
    cr_assert_not_null(strstr(c.error.text, "--yes"));
    cr_assert_eq(parse(&c, "key update Acme key_1"), TS_OK);
    cr_assert_eq(c.command->run(&c), TS_INVALID);
    cr_assert_not_null(strstr(c.error.text, "--name"));
}

Test(parse, mistakes_are_named)
{
    static const struct {
        const char *line;
        const char *words; /* in the error */
    } cases[] = {
        { "", "no such command" },
        { "org", "no such command" },
        { "org erase Acme", "no such command" },
        { "org delete --yes", "ORG is needed" },
        { "org delete Acme --yes now", "'now' is one word too many" },
        { "org suspend Acme --yes", "org suspend does not take --yes" },
        { "key rotate Acme key_1 --overlap", "--overlap needs a value" },
        { "list org", "no such command" },
        { "org create", "NAME is needed" },
        { "org tier Acme", "ORG TIER is needed" },
        { "org create Acme Inc", "'Inc' is one word too many" },
        { "status now", "'now' is one word too many" },
        { "org list --tier standard", "org list does not take --tier" },
        { "status --name n", "status does not take --name" },
        { "org create Acme --colour red", "does not take --colour" },
        { "org create Acme --tier", "--tier needs a value" },
        { "org create Acme --tier a --tier b", "--tier stands there twice" },
        { "org list --json --json", "--json stands there twice" },
    };
    ctl c;

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        cr_assert_eq(parse(&c, cases[i].line), TS_INVALID, "%s", cases[i].line);
        cr_assert_not_null(strstr(c.error.text, cases[i].words), "%s: %s", cases[i].line,
                           c.error.text);
    }
}

Test(parse, help_is_given_for_all_for_one_and_before_mistakes)
{
    ctl c;

    cr_assert_eq(parse(&c, "--help"), TS_CONFLICT);
    cr_assert_null(c.command);
    cr_assert_eq(parse(&c, "key --help"), TS_CONFLICT);
    cr_assert_null(c.command);
    cr_assert_eq(parse(&c, "key create --help"), TS_CONFLICT);
    cr_assert_eq(c.command->run, ctl_key_create);
    cr_assert_eq(parse(&c, "org create --colour --help"), TS_CONFLICT);
}

Test(parse, help_shows_every_command_those_of_a_group_or_the_one_with_its_options)
{
    TS_CLEANUP(ts_buf_done) ts_buf group = TS_BUF_INIT(65536);
    TS_CLEANUP(ts_buf_done) ts_buf all = TS_BUF_INIT(65536);
    TS_CLEANUP(ts_buf_done) ts_buf one = TS_BUF_INIT(65536);
    ctl c;

    cr_assert_eq(parse(&c, "--help"), TS_CONFLICT);
    ctl_help(&c, &all);
    for (const ctl_command *command = ctl_commands; command->run != NULL; command++) {
        cr_assert_not_null(strstr(all.data, command->verb));
        cr_assert_not_null(strstr(all.data, command->help));
    }
    cr_assert_eq(parse(&c, "org create --help"), TS_CONFLICT);
    ctl_help(&c, &one);
    cr_assert_not_null(strstr(one.data, "org create NAME"));
    cr_assert_not_null(strstr(one.data, "--tier"));
    cr_assert_null(strstr(one.data, "key create"));
    cr_assert_eq(parse(&c, "key --help"), TS_CONFLICT);
    ctl_help(&c, &group);
    cr_assert_not_null(strstr(group.data, "key rotate ORG KEY"));
    cr_assert_null(strstr(group.data, "org create"));
    cr_assert_null(strstr(group.data, "teamsentryctl status"));
}

Test(parse, the_table_is_sound)
{
    for (const ctl_command *c = ctl_commands; c->run != NULL; c++) {
        unsigned words = c->args[0] == '\0' ? 0 : 1;

        for (const char *p = c->args; *p != '\0'; p++)
            words += *p == ' ';
        cr_assert_leq(words, CTL_ARGS_MAX);
        cr_assert_eq(c->options & CTL_TAKES(CTL_JSON), 0, "taken by all");
        for (const ctl_command *other = c + 1; other->run != NULL; other++)
            cr_assert(strcmp(c->group, other->group) != 0 || strcmp(c->verb, other->verb) != 0);
    }
}
