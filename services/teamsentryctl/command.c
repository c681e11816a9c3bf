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
    [CTL_OVERLAP] = "--overlap",
    [CTL_SINCE] = "--since",
    [CTL_UNTIL] = "--until",
    [CTL_ACTOR] = "--actor",
    [CTL_LIMIT] = "--limit",
    [CTL_YES] = "--yes",
    [CTL_OUT] = "--out",
};

static const char *const option_helps[CTL_OPTIONS] = {
    [CTL_JSON] = "the answer as one line of JSON",
    [CTL_TIER] = "standard (the default) or enterprise",
    [CTL_NAME] = "what the key is for",
    [CTL_MODE] = "live (the default) or test",
    [CTL_PERMISSIONS] =
        "names joined by commas; the default is every read:*, write:incidents and agent",
    [CTL_EXPIRES] =
        "when the key ends, a day or a time like 2027-01-31T18:00:00Z, or never (the default)",
    [CTL_STATUS] = "pending, delivered or failed; all by default",
    [CTL_ENDPOINT] =
        "only those for the endpoint of this id; --status is then that of its deliveries",
    [CTL_OVERLAP] = "seconds that the old key works on; 86400 by default, 0 ends it now",
    [CTL_SINCE] = "only what is of this day or time, or later",
    [CTL_UNTIL] = "entries before a day or a time",
    [CTL_ACTOR] = "entries by one actor: key:<id>, ctl, service:<name>",
    [CTL_LIMIT] = "at most so many entries, 1 to 10000; 50 by default",
    [CTL_YES] = "do it: nothing of it can be brought back",
    [CTL_OUT] = "where it goes",
};

const ctl_command ctl_commands[] = {
    { "org", "create", "NAME", CTL_TAKES(CTL_TIER), "make an organization", ctl_org_create },
    { "org", "list", "", 0, "all organizations", ctl_org_list },
    { "org", "show", "ORG", 0, "one organization, and how far its deletion has come",
      ctl_org_show },
    { "org", "rename", "ORG NAME", 0, "give an organization another name", ctl_org_rename },
    { "org", "tier", "ORG TIER", 0, "change an organization's tier", ctl_org_tier },
    { "org", "suspend", "ORG", 0, "refuse all its keys until it is resumed", ctl_org_suspend },
    { "org", "resume", "ORG", 0, "end a suspension", ctl_org_resume },
    { "org", "delete", "ORG", CTL_TAKES(CTL_YES),
      "end all its keys at once and erase its data everywhere, for ever", ctl_org_delete },
    { "org", "export", "ORG", CTL_TAKES(CTL_OUT),
      "every row that is kept of it, as lines of JSON, to a file or the standard output",
      ctl_org_export },
    { "key", "create", "ORG",
      CTL_TAKES(CTL_NAME) | CTL_TAKES(CTL_MODE) | CTL_TAKES(CTL_PERMISSIONS) |
          CTL_TAKES(CTL_EXPIRES),
      "make a key; its secret is shown this once", ctl_key_create },
    { "key", "list", "ORG", 0, "an organization's keys, without their secrets", ctl_key_list },
    { "key", "show", "ORG KEY", 0, "one key, without its secret", ctl_key_show },
    { "key", "update", "ORG KEY",
      CTL_TAKES(CTL_NAME) | CTL_TAKES(CTL_PERMISSIONS) | CTL_TAKES(CTL_EXPIRES),
      "change a key; what is not given stays", ctl_key_update },
    { "key", "rotate", "ORG KEY", CTL_TAKES(CTL_OVERLAP),
      "make a key that takes another's place; its secret is shown this once", ctl_key_rotate },
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
    { "audit", "list", "ORG",
      CTL_TAKES(CTL_SINCE) | CTL_TAKES(CTL_UNTIL) | CTL_TAKES(CTL_ACTOR) | CTL_TAKES(CTL_LIMIT),
      "who did what, newest first; - as ORG is the operators' own log", ctl_audit_list },
    { "audit", "verify", "ORG", 0,
      "check that no entry was changed or removed, and show the head to be kept elsewhere",
      ctl_audit_verify },
    { "", "backup", "", CTL_TAKES(CTL_OUT),
      "copy all stores, as they are at one moment, into a new directory on the services' machine",
      ctl_backup },
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

/* Options that stand alone; all others have a value. */
static bool is_flag(unsigned option)
{
    return option == CTL_JSON || option == CTL_YES;
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
        if (!is_flag(i) && value == NULL)
            return ts_fail(&ret->error, TS_INVALID, word, "%s needs a value", word);
        ret->options[i] = is_flag(i) ? "" : value;
        *ret_taken = is_flag(i) ? 1 : 2;
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
    ret->group = "";
    for (const ctl_command *c = ctl_commands; c->run != NULL; c++) {
        if (argc > 1 && strcmp(argv[1], c->group) == 0)
            ret->group = c->group;
    }
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

void ctl_help(const ctl *asked, ts_buf *out)
{
    ts_buf_z(out, "teamsentryctl: the operator's commands, over the suite's own bus\n\n");
    for (const ctl_command *c = ctl_commands; c->run != NULL; c++) {
        if (asked->command == NULL ? asked->group[0] == '\0' || strcmp(asked->group, c->group) == 0
                                   : asked->command == c)
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
