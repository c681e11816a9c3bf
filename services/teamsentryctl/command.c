#include "command.h"

static const char *const option_names[CTL_OPTIONS] = {
    [CTL_JSON] = "--json",
    [CTL_TIER] = "--tier",
    [CTL_NAME] = "--name",
    [CTL_MODE] = "--mode",
    [CTL_PERMISSIONS] = "--permissions",
    [CTL_EXPIRES] = "--expires",
    [CTL_STATUS] = "--status",
    [CTL_ENDPOINT] = "--endpoint",
    [CTL_SINCE] = "--since",
};

static const char *const option_helps[CTL_OPTIONS] = {
    [CTL_JSON] = "the answer as one line of JSON",
    [CTL_TIER] = "standard (the default) or enterprise",
    [CTL_NAME] = "what the key is for",
    [CTL_MODE] = "live (the default) or test",
    [CTL_PERMISSIONS] =
        "names joined by commas; the default is every read:*, write:incidents and agent",
    [CTL_EXPIRES] =
        "when the key ends, a day or a time like 2027-01-31T18:00:00Z; never by default",
    [CTL_STATUS] = "pending, delivered or failed; all by default",
    [CTL_ENDPOINT] =
        "only those for the endpoint of this id; --status is then that of its deliveries",
    [CTL_SINCE] = "only events from this day or time on; all by default",
};

const ctl_command ctl_commands[] = {
    { "org", "create", "NAME", CTL_TAKES(CTL_TIER), "make an organization", ctl_org_create },
    { "org", "list", "", 0, "all organizations", ctl_org_list },
    { "org", "tier", "ORG TIER", 0, "change an organization's tier", ctl_org_tier },
    { "key", "create", "ORG",
      CTL_TAKES(CTL_NAME) | CTL_TAKES(CTL_MODE) | CTL_TAKES(CTL_PERMISSIONS) |
          CTL_TAKES(CTL_EXPIRES),
      "make a key; its secret is shown this once", ctl_key_create },
    { "key", "list", "ORG", 0, "an organization's keys, without their secrets", ctl_key_list },
    { "key", "revoke", "ORG KEY", 0, "end a key at once", ctl_key_revoke },
    { "webhooks", "endpoints", "ORG", CTL_TAKES(CTL_MODE),
      "webhook endpoints, without their secrets", ctl_webhooks_endpoints },
    { "webhooks", "events", "ORG",
      CTL_TAKES(CTL_MODE) | CTL_TAKES(CTL_STATUS) | CTL_TAKES(CTL_ENDPOINT),
      "the newest webhook events and what became of them", ctl_webhooks_events },
    { "webhooks", "replay", "ORG EVENT", CTL_TAKES(CTL_MODE),
      "send an event again where it failed, or everywhere if it failed nowhere",
      ctl_webhooks_replay },
    { "webhooks", "replay-failed", "ORG ENDPOINT", CTL_TAKES(CTL_MODE) | CTL_TAKES(CTL_SINCE),
      "send everything again that failed at an endpoint", ctl_webhooks_replay_failed },
    { "", "status", "", 0, "which services are ready", ctl_status },
    { NULL, NULL, NULL, 0, NULL, NULL },
};

static unsigned words_of(const char *text)
{
    unsigned n = text[0] == '\0' ? 0 : 1;

    for (; *text != '\0'; text++)
        n += *text == ' ';
    return n;
}

static ts_status parse_option(const char *word, const char *value, ctl *ret, int *ret_taken)
{
    for (unsigned i = 0; i < CTL_OPTIONS; i++) {
        if (strcmp(word, option_names[i]) != 0)
            continue;
        if (i != CTL_JSON && (ret->command->options & CTL_TAKES(i)) == 0)
            break;
        if (ret->options[i] != NULL)
            return ts_fail(&ret->error, TS_INVALID, word, "%s stands there twice", word);
        if (i != CTL_JSON && value == NULL)
            return ts_fail(&ret->error, TS_INVALID, word, "%s needs a value", word);
        ret->options[i] = i == CTL_JSON ? "" : value;
        *ret_taken = i == CTL_JSON ? 1 : 2;
        return TS_OK;
    }
    return ts_fail(&ret->error, TS_INVALID, word, "%s%s%s does not take %s (try --help)",
                   ret->command->group, ret->command->group[0] == '\0' ? "" : " ",
                   ret->command->verb, word);
}

static const ctl_command *find_command(int argc, const char *const *argv, int *ret_words)
{
    for (const ctl_command *c = ctl_commands; c->run != NULL; c++) {
        if (c->group[0] == '\0' && argc > 1 && strcmp(argv[1], c->verb) == 0) {
            *ret_words = 2;
            return c;
        }
        if (argc > 2 && strcmp(argv[1], c->group) == 0 && strcmp(argv[2], c->verb) == 0) {
            *ret_words = 3;
            return c;
        }
    }
    return NULL;
}

ts_status ctl_parse(int argc, const char *const *argv, ctl *ret)
{
    unsigned args = 0;
    unsigned wanted;
    int at = 0;

    ret->command = find_command(argc, argv, &at);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return TS_CONFLICT;
    }
    if (ret->command == NULL)
        return ts_fail(&ret->error, TS_INVALID, "command", "no such command (try --help)");
    wanted = words_of(ret->command->args);
    while (at < argc) {
        int taken = 1;

        if (strncmp(argv[at], "--", 2) == 0) {
            ts_status st = parse_option(argv[at], at + 1 < argc ? argv[at + 1] : NULL, ret, &taken);

            if (st != TS_OK)
                return st;
        } else if (args == wanted) {
            return ts_fail(&ret->error, TS_INVALID, "command", "'%s' is one word too many",
                           argv[at]);
        } else {
            ret->args[args++] = argv[at];
        }
        at += taken;
    }
    if (args < wanted)
        return ts_fail(&ret->error, TS_INVALID, "command", "%s is needed (try --help)",
                       ret->command->args);
    return TS_OK;
}

static void help_line(const ctl_command *c, ts_buf *out)
{
    ts_buf_printf(out, "  teamsentryctl %s%s%s%s%s\n      %s\n", c->group,
                  c->group[0] == '\0' ? "" : " ", c->verb, c->args[0] == '\0' ? "" : " ", c->args,
                  c->help);
    for (unsigned i = 0; i < CTL_OPTIONS; i++) {
        if ((c->options & CTL_TAKES(i)) != 0)
            ts_buf_printf(out, "      %-14s %s\n", option_names[i], option_helps[i]);
    }
}

void ctl_help(const ctl_command *only, ts_buf *out)
{
    ts_buf_z(out, "teamsentryctl: the operator's commands, over the suite's own bus\n\n");
    for (const ctl_command *c = ctl_commands; c->run != NULL; c++) {
        if (only == NULL || only == c)
            help_line(c, out);
    }
    ts_buf_printf(out,
                  "\n  --json         %s\n\nORG is an organization's id or its name. Exit codes: 0 "
                  "done, 1 refused or not "
                  "available, 2 misused.\n"
                  "TS_BUS_DIR (data/run/bus) or TS_BUS_<SERVICE> say where the services are, "
                  "TS_<SERVICE>_OPS_PORT\n"
                  "where their ops ports.\n",
                  option_helps[CTL_JSON]);
}
