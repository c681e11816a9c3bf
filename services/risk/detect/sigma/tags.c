#include "detect/sigma/tags.h"

/* Names as Sigma writes them. "stealth" and "defense-impairment" are ATT&CK v19's halves of what v18 called
 * "defense-evasion"; the first kept the number. */
static const char *const tactics[][2] = {
    { "reconnaissance", "TA0043" },     { "resource-development", "TA0042" },
    { "initial-access", "TA0001" },     { "execution", "TA0002" },
    { "persistence", "TA0003" },        { "privilege-escalation", "TA0004" },
    { "defense-evasion", "TA0005" },    { "stealth", "TA0005" },
    { "defense-impairment", "TA0112" }, { "credential-access", "TA0006" },
    { "discovery", "TA0007" },          { "lateral-movement", "TA0008" },
    { "collection", "TA0009" },         { "command-and-control", "TA0011" },
    { "exfiltration", "TA0010" },       { "impact", "TA0040" },
};

#define TAG_MAX 64

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* t1078 or t1078.004 */
static bool is_technique(const char *tag)
{
    size_t n = strlen(tag);

    if (n != 5 && n != 9)
        return false;
    for (size_t i = 1; i < n; i++) {
        if (i == 5 ? tag[i] != '.' : !is_digit(tag[i]))
            return false;
    }
    return tag[0] == 't';
}

/* Groups, software, data sources and mitigations: g0007, s0002, ds0001, m1032. */
static bool is_other_object(const char *tag)
{
    return (tag[0] == 'g' || tag[0] == 's' || tag[0] == 'm' || tag[0] == 'c') && is_digit(tag[1]);
}

static ts_status add_once(char **list, size_t *count, const char *text, ts_arena *arena)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(list[i], text) == 0)
            return TS_OK;
    }
    list[*count] = ts_arena_z(arena, ts_str_of(text));
    return list[(*count)++] == NULL ? TS_NOMEM : TS_OK;
}

static ts_status add_tag(const char *tag, ts_arena *arena, sigma_rule *ret, ts_error *err)
{
    char technique[TAG_MAX];

    for (size_t i = 0; i < TS_COUNT(tactics); i++) {
        if (strcmp(tag, tactics[i][0]) == 0)
            return add_once(ret->tactics, &ret->tactic_count, tactics[i][1], arena);
    }
    if (is_technique(tag)) {
        snprintf(technique, sizeof(technique), "T%s", tag + 1);
        return add_once(ret->techniques, &ret->technique_count, technique, arena);
    }
    if (is_other_object(tag) || strncmp(tag, "ds", 2) == 0)
        return TS_OK;
    return ts_fail(err, TS_INVALID, "tags", "attack.%s is no tactic or technique of ATT&CK", tag);
}

ts_status sigma_tags_parse(const ytree *list, ts_arena *arena, sigma_rule *ret, ts_error *err)
{
    static const char prefix[] = "attack.";
    ts_status st = TS_OK;

    if (list == NULL)
        return TS_OK;
    if (list->kind != YTREE_LIST || list->count > SIGMA_LIST_MAX)
        return ts_fail(err, TS_INVALID, "tags", "tags must be a list of at most %d",
                       SIGMA_LIST_MAX);
    ret->tactics = ts_arena_array(arena, list->count, sizeof(*ret->tactics));
    ret->techniques = ts_arena_array(arena, list->count, sizeof(*ret->techniques));
    if (ret->tactics == NULL || ret->techniques == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < list->count && st == TS_OK; i++) {
        ts_str text = list->items[i]->text;
        char tag[TAG_MAX];
        size_t n = 0;

        if (!ts_str_starts(text, ts_str_of(prefix)) || text.n >= sizeof(tag))
            continue;
        for (size_t at = sizeof(prefix) - 1; at < text.n; at++) {
            char c = text.p[at];

            tag[n++] = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
        }
        tag[n] = '\0';
        st = add_tag(tag, arena, ret, err);
    }
    return st;
}
