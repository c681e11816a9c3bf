#include "attacks.h"

#include "prng.h"
#include "source.h"
#include "ts/time.h"

static const char *const names[SIM_ATTACKS] = {
    [SIM_ATTACK_TAKEOVER] = "brute_force_takeover",
    [SIM_ATTACK_INSIDER] = "insider_data_theft",
    [SIM_ATTACK_CONSENT] = "oauth_consent_abuse",
    [SIM_ATTACK_ADMIN] = "rogue_admin",
};

#define PEOPLE_PER_ATTACK 500u
#define NUMBER_MAX        200u /* of attacks of one kind */
/* Every attack is over by then, so that none is cut by the end of the window. */
#define LONGEST_MS (4 * TS_HOUR_MS)

const char *sim_attack_name(sim_attack attack)
{
    return names[attack];
}

static ts_status parse_one(ts_str name, uint32_t *mask, ts_error *err)
{
    for (uint32_t i = 0; i < SIM_ATTACKS; i++) {
        if (ts_str_is(name, names[i])) {
            *mask |= 1u << i;
            return TS_OK;
        }
    }
    return ts_fail(err, TS_INVALID, "attacks",
                   "attacks must be none, all or a list of %s, %s, %s, %s", names[0], names[1],
                   names[2], names[3]);
}

ts_status sim_attacks_parse(ts_str text, uint32_t *ret_mask, ts_error *err)
{
    uint32_t mask = 0;

    if (ts_str_is(text, "none") || ts_str_is(text, "all")) {
        *ret_mask = ts_str_is(text, "all") ? SIM_ATTACKS_ALL : 0;
        return TS_OK;
    }
    for (;;) {
        const size_t comma = ts_str_find(text, ',');
        const ts_status st = parse_one((ts_str){ text.p, comma }, &mask, err);

        if (st != TS_OK)
            return st;
        if (comma == text.n)
            break;
        text = (ts_str){ text.p + comma + 1, text.n - comma - 1 };
    }
    *ret_mask = mask;
    return TS_OK;
}

void sim_labels_done(sim_labels *list)
{
    free(list->items);
    *list = (sim_labels){ 0 };
}

static void label_add(sim_labels *list, const sim_label *label)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        sim_label *items = realloc(list->items, capacity * sizeof(*items));

        if (items == NULL) {
            list->status = TS_NOMEM;
            return;
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *label;
}

/* An attack in the making. */
typedef struct raid {
    const sim_company *company;
    sim_attack attack;
    uint32_t number;
    int64_t start_ms;
    int64_t now_ms; /* moves on as steps are added */
    uint32_t seq;
    sim_rng rng;
    sim_events *out;
    sim_labels *labels;
    size_t first; /* of the present person's events */
} raid;

static void step(raid *r, sim_kind kind, uint32_t person, sim_where where, uint32_t arg)
{
    sim_source told_by;
    const sim_event e = {
        .time_ms = r->now_ms,
        .key = sim_key_of_attack((uint32_t)r->attack, r->number, r->start_ms, r->seq),
        .person = person,
        .arg = arg,
        .kind = (uint8_t)kind,
        .where = (uint8_t)where,
        .city = (uint8_t)(r->number % SIM_FOREIGN),
        .attack = (uint8_t)(1 + r->attack),
    };

    if (!sim_source_of(r->company->sources, kind, &told_by))
        return;
    r->seq++;
    sim_events_add(r->out, &e);
}

static void later(raid *r, int64_t low_ms, int64_t high_ms)
{
    r->now_ms += sim_rng_between(&r->rng, low_ms, high_ms);
}

/* Closes the label of the person whose events were added since the last one. */
static void label_person(raid *r, uint32_t person)
{
    sim_label label = { .attack = r->attack, .person = person, .first = r->first };

    if (r->out->status != TS_OK || r->out->count == r->first)
        return;
    label.count = r->out->count - r->first;
    label.start_ms = r->out->items[r->first].time_ms;
    label.end_ms = r->out->items[r->out->count - 1].time_ms;
    r->first = r->out->count;
    label_add(r->labels, &label);
}

/* And on into Google Workspace, where people sign in elsewhere. */
static void sign_in(raid *r, uint32_t person, sim_where where)
{
    const int64_t now_ms = r->now_ms;

    step(r, SIM_LOGIN_SUCCESS, person, where, 0);
    if ((r->company->sources & 1u << SIM_GOOGLE) == 0)
        return;
    r->now_ms += 3000;
    step(r, SIM_SSO, person, where, 0);
    r->now_ms += 1000;
    step(r, SIM_LOGIN_SAML, person, where, 0);
    r->now_ms = now_ms;
}

static uint32_t victims_available(const sim_company *c)
{
    const uint32_t reserved = sim_admin_count(c) + 1; /* numbers 0 .. admins */

    return c->people > reserved ? c->people - reserved : c->people;
}

/* Someone who is no admin, where the company has such a person. `turn` gives others. */
static uint32_t some_victim(raid *r, uint32_t turn)
{
    const uint64_t h = sim_mix3(r->company->seed, 0x76696374696d, (uint64_t)r->attack);
    const uint32_t available = victims_available(r->company);

    return r->company->people - available +
           (uint32_t)((h + (uint64_t)r->number * 131 + turn) % available);
}

/* Moves the start to `minute` of the victim's local day, if that stays in the window. */
static void start_at_local(raid *r, uint32_t person, int minute, int64_t low_ms, int64_t high_ms)
{
    sim_person p;
    int64_t offset_ms, local_day, moved;

    sim_person_get(r->company, person, &p);
    offset_ms = sim_city_at(p.city)->utc_minutes * TS_MINUTE_MS;
    local_day = ts_time_day(r->start_ms + offset_ms);
    moved = local_day * TS_DAY_MS + minute * TS_MINUTE_MS - offset_ms + r->start_ms % TS_MINUTE_MS;
    if (moved >= low_ms && moved <= high_ms)
        r->now_ms = moved;
}

static void plan_takeover(raid *r)
{
    const uint32_t victim = some_victim(r, 0);
    const int64_t failures = sim_rng_between(&r->rng, 12, 24);
    const int64_t reads = sim_rng_between(&r->rng, 4, 9);

    for (int64_t i = 0; i < failures; i++) {
        step(r, SIM_LOGIN_FAILURE, victim, SIM_AWAY, 0);
        later(r, 6000, 22000); /* at most 9 minutes for all */
    }
    sign_in(r, victim, SIM_AWAY);
    later(r, 60000, 240000);
    step(r, SIM_2SV_DISABLE, victim, SIM_AWAY, 0);
    later(r, 60000, 240000);
    step(r, SIM_FORWARD_OUTSIDE, victim, SIM_AWAY, 0);
    for (int64_t i = 0; i < reads; i++) {
        later(r, 20000, 90000);
        step(r, SIM_DRIVE_VIEW, victim, SIM_AWAY,
             SIM_DOC(victim, sim_rng_below(&r->rng, SIM_DOCS_EACH)));
    }
    label_person(r, victim);
}

static void plan_insider(raid *r, int64_t low_ms, int64_t high_ms)
{
    const uint32_t insider = some_victim(r, 0);
    const int64_t downloads = sim_rng_between(&r->rng, 70, 140);
    const int64_t links = sim_rng_between(&r->rng, 12, 18);

    start_at_local(r, insider, 20 * 60 + 40, low_ms, high_ms);
    sign_in(r, insider, SIM_HOME);
    later(r, 30000, 120000);
    for (int64_t i = 0; i < downloads; i++) {
        const uint32_t owner = sim_rng_below(&r->rng, r->company->people);

        step(r, SIM_DRIVE_DOWNLOAD, insider, SIM_HOME,
             SIM_DOC(owner, sim_rng_below(&r->rng, SIM_DOCS_EACH)));
        later(r, 3000, 14000);
    }
    for (int64_t i = 0; i < links; i++) {
        later(r, 8000, 35000);
        step(r, SIM_DRIVE_PUBLIC_LINK, insider, SIM_HOME, SIM_DOC(insider, (uint32_t)i));
    }
    label_person(r, insider);
}

static void plan_consent(raid *r, int64_t low_ms, int64_t high_ms)
{
    const uint32_t wanted = 3 + sim_rng_below(&r->rng, 4);
    const uint32_t available = victims_available(r->company);
    const uint32_t people = wanted < available ? wanted : available;
    int64_t lured_ms;

    start_at_local(r, some_victim(r, 0), 10 * 60 + 15, low_ms, high_ms);
    lured_ms = r->now_ms;
    for (uint32_t i = 0; i < people; i++) {
        const uint32_t victim = some_victim(r, i);
        const int64_t calls = sim_rng_between(&r->rng, 3, 6);

        r->now_ms = lured_ms;
        later(r, 60000, 25 * TS_MINUTE_MS);
        lured_ms = r->now_ms; /* one after the other, within 150 minutes */
        step(r, SIM_TOKEN_BAD_AUTHORIZE, victim, SIM_OFFICE, 0);
        for (int64_t n = 0; n < calls; n++) {
            later(r, 20000, 120000);
            step(r, SIM_TOKEN_BAD_ACTIVITY, victim, SIM_AWAY, 0);
        }
        label_person(r, victim);
    }
}

static void plan_rogue_admin(raid *r)
{
    static const sim_kind steps[] = { SIM_ADMIN_CREATE_ROGUE_USER, SIM_ADMIN_GRANT_PRIVILEGE,
                                      SIM_ADMIN_ASSIGN_ROLE, SIM_ADMIN_STRONG_AUTH_OFF,
                                      SIM_ADMIN_AUTHORIZE_CLIENT };
    const uint32_t admin = sim_admin_number(r->company, r->number);

    sign_in(r, admin, SIM_HOME);
    for (size_t i = 0; i < TS_COUNT(steps); i++) {
        later(r, 40000, 300000);
        step(r, steps[i], admin, SIM_HOME, r->number);
    }
    label_person(r, admin);
}

/* Without this an attack is none. */
static sim_kind heart_of(sim_attack attack)
{
    switch (attack) {
    case SIM_ATTACK_INSIDER: return SIM_DRIVE_DOWNLOAD;
    case SIM_ATTACK_CONSENT: return SIM_TOKEN_BAD_AUTHORIZE;
    case SIM_ATTACK_ADMIN: return SIM_ADMIN_GRANT_PRIVILEGE;
    case SIM_ATTACK_TAKEOVER:
    case SIM_ATTACKS: break;
    }
    return SIM_LOGIN_FAILURE;
}

static void plan_one(raid *r, int64_t low_ms, int64_t high_ms)
{
    switch (r->attack) {
    case SIM_ATTACK_TAKEOVER: plan_takeover(r); return;
    case SIM_ATTACK_INSIDER: plan_insider(r, low_ms, high_ms); return;
    case SIM_ATTACK_CONSENT: plan_consent(r, low_ms, high_ms); return;
    case SIM_ATTACK_ADMIN: plan_rogue_admin(r); return;
    case SIM_ATTACKS: return;
    }
}

void sim_attacks_plan(const sim_company *c, uint32_t mask, int64_t start_ms, int64_t end_ms,
                      sim_events *out, sim_labels *labels)
{
    const int64_t low_ms = start_ms + (end_ms - start_ms) / 2;
    const int64_t high_ms = end_ms - LONGEST_MS;
    uint32_t each = 1 + c->people / PEOPLE_PER_ATTACK;

    each = each < NUMBER_MAX ? each : NUMBER_MAX;
    for (uint32_t attack = 0; attack < SIM_ATTACKS; attack++) {
        sim_source told_by;

        if ((mask & 1u << attack) == 0 ||
            !sim_source_of(c->sources, heart_of((sim_attack)attack), &told_by))
            continue;
        for (uint32_t number = 0; number < each; number++) {
            raid r = { .company = c,
                       .attack = (sim_attack)attack,
                       .number = number,
                       .out = out,
                       .labels = labels };

            r.rng = sim_rng_of(sim_mix3(c->seed, 0x61747461636b + attack, number));
            r.start_ms = low_ms + (high_ms - low_ms) / 1000 * sim_rng_below(&r.rng, 1000);
            r.now_ms = r.start_ms;
            r.first = out->count;
            plan_one(&r, low_ms, high_ms);
        }
    }
}
