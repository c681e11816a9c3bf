#include "chain.h"

#define LEAD_TITLE_MAX 160

ts_hash128 chain_of(const Ts__Detection *d)
{
    ts_str parts[2];

    if (d->user_email[0] != '\0') {
        parts[0] = TS_STR_LIT("user");
        parts[1] = ts_str_of(d->user_email);
    } else if (d->dedup_key[0] != '\0') {
        parts[0] = TS_STR_LIT("dedup");
        parts[1] = ts_str_of(d->dedup_key);
    } else {
        parts[0] = TS_STR_LIT("rule");
        parts[1] = ts_str_of(d->rule_id);
    }
    return ts_hash_parts(parts, TS_COUNT(parts));
}

bool chain_fits(const chain_limits *limits, int64_t first_ms, int64_t last_ms,
                const Ts__Detection *d)
{
    int64_t from_ms = d->event_ms < first_ms ? d->event_ms : first_ms;
    int64_t until_ms = d->last_event_ms > last_ms ? d->last_event_ms : last_ms;

    return d->event_ms >= first_ms - limits->gap_ms && d->event_ms <= last_ms + limits->gap_ms &&
           until_ms - from_ms <= limits->span_ms;
}

uint32_t chain_severity(uint32_t severest, size_t tactic_count)
{
    if (tactic_count >= CHAIN_TACTICS_RAISE && severest < CHAIN_SEVERITIES - 1)
        return severest + 1;
    return severest;
}

/* ---- the way of the attack ---- */

static Ts__Incidents__ThreatStep *find_step(const Ts__Incidents__Row *row, const char *tactic)
{
    for (size_t i = 0; i < row->n_threat_chain; i++) {
        if (strcmp(row->threat_chain[i]->tactic, tactic) == 0)
            return row->threat_chain[i];
    }
    return NULL;
}

static ts_status add_step(Ts__Incidents__Row *row, char *tactic, const Ts__Detection *d,
                          ts_arena *arena)
{
    Ts__Incidents__ThreatStep *step = find_step(row, tactic);
    Ts__Incidents__ThreatStep **list;

    if (step != NULL) {
        if (d->event_ms < step->at_ms) {
            step->at_ms = d->event_ms;
            step->rule_id = d->rule_id;
        }
        return TS_OK;
    }
    if (row->n_threat_chain == CHAIN_STEPS_MAX)
        return TS_OK;
    step = ts_arena_alloc(arena, sizeof(*step));
    list = ts_arena_array(arena, row->n_threat_chain + 1, sizeof(Ts__Incidents__ThreatStep *));
    if (step == NULL || list == NULL)
        return TS_NOMEM;
    ts__incidents__threat_step__init(step);
    step->tactic = tactic;
    step->rule_id = d->rule_id;
    step->at_ms = d->event_ms;
    if (row->n_threat_chain > 0)
        memcpy(list, row->threat_chain, row->n_threat_chain * sizeof(*list));
    list[row->n_threat_chain++] = step;
    row->threat_chain = list;
    return TS_OK;
}

/* Insertion sort: a few steps, nearly in order, and equal times keep the order in which a rule names its tactics. */
static void sort_steps(Ts__Incidents__Row *row)
{
    for (size_t i = 1; i < row->n_threat_chain; i++) {
        Ts__Incidents__ThreatStep *step = row->threat_chain[i];
        size_t at = i;

        while (at > 0 && row->threat_chain[at - 1]->at_ms > step->at_ms) {
            row->threat_chain[at] = row->threat_chain[at - 1];
            at--;
        }
        row->threat_chain[at] = step;
    }
}

/* Takes a detection's tactics into the steps: the first detection of each, ordered by time. */
static ts_status add_steps(Ts__Incidents__Row *row, const Ts__Detection *d, ts_arena *arena)
{
    Ts__Incidents__Incident *incident = row->incident;

    for (size_t i = 0; i < d->n_tactics; i++) {
        ts_status st = add_step(row, d->tactics[i], d, arena);

        if (st != TS_OK)
            return st;
    }
    sort_steps(row);
    incident->tactics = ts_arena_array(arena, row->n_threat_chain, sizeof(char *));
    if (incident->tactics == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < row->n_threat_chain; i++)
        incident->tactics[i] = row->threat_chain[i]->tactic;
    incident->n_tactics = row->n_threat_chain;
    return TS_OK;
}

/* ---- the name ---- */

/* Stories that more than one rule tell together; the first that fits names the incident. Each word of two sets stands for
 * "any of these tactics". */
typedef struct story {
    const char *any_of[4];
    const char *and_any_of[4];
    const char *words;
} story;

static const story stories[] = {
    { { "TA0001", "TA0006" }, { "TA0010" }, "Account takeover with data leaving" },
    { { "TA0001", "TA0006" }, { "TA0003", "TA0004" }, "Account takeover with a lasting foothold" },
    { { "TA0001", "TA0006" }, { "TA0005", "TA0112" }, "Account takeover with weakened defenses" },
    { { "TA0009", "TA0007" }, { "TA0010" }, "Data gathered and leaving" },
    { { "TA0003", "TA0004" }, { "TA0005", "TA0112" }, "Rights raised and defenses weakened" },
    { { "TA0003", "TA0004" }, { "TA0009", "TA0010" }, "Rights raised and data taken" },
};

static bool shows_any(const Ts__Incidents__Row *row, const char *const tactics[4])
{
    for (size_t i = 0; i < 4 && tactics[i] != NULL; i++) {
        if (find_step(row, tactics[i]) != NULL)
            return true;
    }
    return false;
}

static const char *story_of(const Ts__Incidents__Row *row)
{
    for (size_t i = 0; i < TS_COUNT(stories); i++) {
        if (shows_any(row, stories[i].any_of) && shows_any(row, stories[i].and_any_of))
            return stories[i].words;
    }
    return NULL;
}

/* Made of rule titles and our own words; never of text from events. */
static void make_title(const Ts__Incidents__Row *row, char ret[CHAIN_TITLE_SIZE])
{
    const Ts__Incidents__Incident *incident = row->incident;
    const char *words = incident->n_rule_ids > 1 ? story_of(row) : NULL;
    uint32_t others = incident->detection_count - (incident->detection_count > 0);
    ts_str lead = ts_str_of(row->lead_title);

    if (lead.n > LEAD_TITLE_MAX) {
        lead.n = LEAD_TITLE_MAX;
        while (lead.n > 0 && ((uint8_t)lead.p[lead.n] & 0xc0) == 0x80)
            lead.n--; /* not within a character */
    }
    if (incident->n_rule_ids <= 1 || others == 0)
        (void)snprintf(ret, CHAIN_TITLE_SIZE, "%.*s", (int)lead.n, lead.p);
    else
        (void)snprintf(ret, CHAIN_TITLE_SIZE, "%s%s%.*s and %u related %s",
                       words == NULL ? "" : words, words == NULL ? "" : ": ", (int)lead.n, lead.p,
                       others, others == 1 ? "detection" : "detections");
}

/* ---- all of it ---- */

static ts_status name_once(char ***list, size_t *count, size_t max, char *name, ts_arena *arena)
{
    char **grown;

    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*list)[i], name) == 0)
            return TS_OK;
    }
    if (*count == max || name[0] == '\0')
        return TS_OK;
    grown = ts_arena_array(arena, *count + 1, sizeof(*grown));
    if (grown == NULL)
        return TS_NOMEM;
    if (*count > 0)
        memcpy(grown, *list, *count * sizeof(*grown));
    grown[(*count)++] = name;
    *list = grown;
    return TS_OK;
}

ts_status chain_absorb(Ts__Incidents__Row *row, const Ts__Detection *d, ts_arena *arena)
{
    Ts__Incidents__Incident *incident = row->incident;
    char title[CHAIN_TITLE_SIZE];
    ts_status st;

    if (incident->first_event_ms == 0 || d->event_ms < incident->first_event_ms)
        incident->first_event_ms = d->event_ms;
    if (d->last_event_ms > incident->last_event_ms)
        incident->last_event_ms = d->last_event_ms;
    if (row->lead_title[0] == '\0' || d->severity > row->lead_severity) {
        row->lead_title = d->title[0] == '\0' ? d->rule_id : d->title;
        row->lead_severity = d->severity;
    }
    st = name_once(&incident->rule_ids, &incident->n_rule_ids, CHAIN_RULES_MAX, d->rule_id, arena);
    if (st == TS_OK)
        st = name_once(&incident->affected_users, &incident->n_affected_users, CHAIN_USERS_MAX,
                       d->user_email, arena);
    if (st == TS_OK)
        st = add_steps(row, d, arena);
    if (st != TS_OK)
        return st;
    incident->severity = chain_severity(row->lead_severity, incident->n_tactics);
    make_title(row, title);
    incident->title = ts_arena_z(arena, ts_str_of(title));
    return incident->title == NULL ? TS_NOMEM : TS_OK;
}
