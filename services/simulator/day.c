#include "day.h"

#include "apps.h"
#include "prng.h"
#include "source.h"
#include "ts/time.h"

/* Shares in thousandths: what makes the days look like days. */
#define WEEKEND_WORK     60u
#define DAY_OFF          60u
#define DAY_OFF_PEEK     300u
#define TYPO             40u
#define REAUTH           150u
#define LOGOUT           300u
#define EVENING_PHONE    250u
#define APP_USED         550u
#define PASSWORD_CHANGE  4u
#define LUNCH_STAYS      300u
#define OWN_DOCUMENT     600u
#define SSO_PER_DAY      2u /* other applications reached from where people sign in, at most */
#define APP_GRANT_PERIOD 60 /* days: each connected app is granted anew once in so many */

#define LUNCH_FROM 725
#define LUNCH_TO   785
#define DAY_LAST   (24 * 60 - 1)

/* Drive work of a usual day; weights sum to 1000. */
static const struct {
    sim_kind kind;
    uint32_t weight;
} drive_mix[] = {
    { SIM_DRIVE_VIEW, 520 },  { SIM_DRIVE_EDIT, 270 },        { SIM_DRIVE_CREATE, 60 },
    { SIM_DRIVE_UPLOAD, 30 }, { SIM_DRIVE_DOWNLOAD, 45 },     { SIM_DRIVE_RENAME, 15 },
    { SIM_DRIVE_TRASH, 10 },  { SIM_DRIVE_SHARE_INSIDE, 46 }, { SIM_DRIVE_SHARE_OUTSIDE, 4 },
};

static const sim_kind admin_mix[] = { SIM_ADMIN_ADD_GROUP_MEMBER, SIM_ADMIN_ADD_GROUP_MEMBER,
                                      SIM_ADMIN_ASSIGN_LICENSE, SIM_ADMIN_CHANGE_NAME,
                                      SIM_ADMIN_CREATE_GROUP };

/* A day in the making. */
typedef struct plan {
    const sim_company *company;
    const sim_person *person;
    int64_t day;
    uint32_t round;
    uint32_t seq;
    sim_rng rng;
    sim_where where; /* of the working hours */
    int from;        /* local minutes */
    int to;
    sim_events *out;
} plan;

int sim_weekday(int64_t local_day)
{
    /* Day 0 was a Thursday. */
    const int64_t n = (local_day + 4) % 7;

    return (int)(n < 0 ? n + 7 : n);
}

bool sim_is_weekend(int64_t local_day)
{
    const int weekday = sim_weekday(local_day);

    return weekday == 0 || weekday == 6;
}

/* `at_ms` is local time of that day. */
static void add(plan *p, sim_kind kind, sim_where where, int64_t at_ms, uint32_t arg)
{
    const int64_t utc =
        p->day * TS_DAY_MS + at_ms - sim_city_at(p->person->city)->utc_minutes * TS_MINUTE_MS;
    sim_event e = { .time_ms = utc,
                    .person = p->person->number,
                    .arg = arg,
                    .kind = (uint8_t)kind,
                    .where = (uint8_t)where };
    sim_source told_by;

    if (p->seq == SIM_SEQ_MAX || !sim_source_of(p->company->sources, kind, &told_by))
        return;
    e.key = sim_key_of_day(p->day, p->person->number, p->round, p->seq++);
    sim_events_add(p->out, &e);
}

static int64_t at_minute(plan *p, int minute)
{
    const int clamped = minute < 0 ? 0 : minute > DAY_LAST ? DAY_LAST : minute;

    return clamped * TS_MINUTE_MS + sim_rng_between(&p->rng, 0, TS_MINUTE_MS - 1);
}

/* Some time of the working day; lunch is mostly left alone. */
static int64_t work_time(plan *p)
{
    int minute = (int)sim_rng_between(&p->rng, p->from + 1, p->to);

    if (minute >= LUNCH_FROM && minute < LUNCH_TO && !sim_rng_chance(&p->rng, LUNCH_STAYS))
        minute = (int)sim_rng_between(&p->rng, p->from + 1, p->to);
    return at_minute(p, minute);
}

static uint32_t some_document(plan *p)
{
    const bool own = sim_rng_chance(&p->rng, OWN_DOCUMENT);
    const uint32_t owner = own ? p->person->number : sim_rng_below(&p->rng, p->company->people);

    return SIM_DOC(owner, sim_rng_below(&p->rng, SIM_DOCS_EACH));
}

static sim_kind some_drive_work(plan *p)
{
    uint32_t at = sim_rng_below(&p->rng, 1000);

    for (size_t i = 0; i < TS_COUNT(drive_mix); i++) {
        if (at < drive_mix[i].weight)
            return drive_mix[i].kind;
        at -= drive_mix[i].weight;
    }
    return SIM_DRIVE_VIEW;
}

/* From where people sign in into what they work with. The numbers are its own, so that a day holds the same else, whoever tells of it. */
static void plan_sso(plan *p, int64_t signed_in_ms)
{
    const sim_rng rng = p->rng;
    uint32_t apps;

    p->rng = sim_rng_of(sim_mix3(p->person->seed ^ 0x73736f, (uint64_t)p->day, p->round));
    if ((p->company->sources & 1u << SIM_GOOGLE) != 0) {
        add(p, SIM_SSO, p->where, signed_in_ms + 3000, 0);
        add(p, SIM_LOGIN_SAML, p->where, signed_in_ms + 4000, 0);
    }
    apps = 1 + sim_rng_below(&p->rng, SSO_PER_DAY);
    for (uint32_t i = 0; i < apps; i++) {
        const uint32_t app = 1 + sim_rng_below(&p->rng, sim_sso_app_count() - 1);

        add(p, SIM_SSO, p->where, work_time(p), app);
    }
    p->rng = rng;
}

static void plan_sign_in(plan *p)
{
    const int64_t at_ms = at_minute(p, p->from);

    if (sim_rng_chance(&p->rng, TYPO)) {
        const int64_t typos = sim_rng_between(&p->rng, 1, 2);

        for (int64_t i = 0; i < typos; i++)
            add(p, SIM_LOGIN_FAILURE, p->where,
                at_ms - (i + 1) * sim_rng_between(&p->rng, 4000, 15000), 0);
    }
    add(p, SIM_LOGIN_SUCCESS, p->where, at_ms, 0);
    plan_sso(p, at_ms);
    add(p, SIM_DEVICE_SYNC, p->where, at_ms + sim_rng_between(&p->rng, 2000, 90000), 0);
    if (sim_rng_chance(&p->rng, REAUTH))
        add(p, SIM_LOGIN_REAUTH, p->where, work_time(p), 0);
    if (sim_rng_chance(&p->rng, PASSWORD_CHANGE))
        add(p, SIM_PASSWORD_EDIT, p->where, work_time(p), 0);
    if (sim_rng_chance(&p->rng, LOGOUT))
        add(p, SIM_LOGOUT, p->where, at_minute(p, p->to), 0);
}

static void plan_drive(plan *p, uint32_t actions)
{
    for (uint32_t i = 0; i < actions; i++) {
        /* One draw a statement, everywhere: C leaves the order of arguments to the compiler. */
        const sim_kind kind = some_drive_work(p);
        const uint32_t document = some_document(p);

        add(p, kind, p->where, work_time(p), document);
    }
}

static void plan_apps(plan *p)
{
    for (uint32_t app = 0; app < sim_app_count(); app++) {
        const uint64_t grant = sim_mix3(p->person->seed, 0x6772616e74, app);
        int64_t calls;

        if (!sim_person_has_app(p->person, app))
            continue;
        if (p->round == 0 && (p->day + (int64_t)(grant % APP_GRANT_PERIOD)) % APP_GRANT_PERIOD == 0)
            add(p, SIM_TOKEN_AUTHORIZE, p->where, work_time(p), app);
        if (!sim_rng_chance(&p->rng, APP_USED))
            continue;
        calls = sim_rng_between(&p->rng, 1, 3);
        for (int64_t i = 0; i < calls; i++)
            add(p, SIM_TOKEN_ACTIVITY, p->where, work_time(p), app);
    }
}

static void plan_gemini(plan *p)
{
    const uint32_t uses = sim_rng_below(&p->rng, p->person->gemini_per_day + 1);

    for (uint32_t i = 0; i < uses; i++) {
        const uint32_t use = sim_rng_below(&p->rng, sim_gemini_count());

        add(p, SIM_GEMINI_USE, p->where, work_time(p), use);
    }
}

static void plan_admin(plan *p)
{
    const int64_t actions = sim_rng_between(&p->rng, 2, 7);

    for (int64_t i = 0; i < actions; i++) {
        const sim_kind kind = admin_mix[sim_rng_below(&p->rng, (uint32_t)TS_COUNT(admin_mix))];

        add(p, kind, p->where, work_time(p), 0);
    }
}

static void plan_evening(plan *p)
{
    const int64_t looks = sim_rng_between(&p->rng, 1, 2);

    for (int64_t i = 0; i < looks; i++) {
        const int minute = (int)sim_rng_between(&p->rng, 19 * 60 + 15, 22 * 60 + 30);
        const uint32_t document = some_document(p);

        add(p, SIM_DRIVE_VIEW, SIM_PHONE, at_minute(p, minute), document);
    }
}

void sim_day_plan(const sim_company *c, const sim_person *person, int64_t local_day, uint32_t round,
                  sim_events *out)
{
    plan p = { .company = c, .person = person, .day = local_day, .round = round, .out = out };
    const bool weekend = sim_is_weekend(local_day);
    uint32_t actions;

    p.rng = sim_rng_of(sim_mix3(person->seed, (uint64_t)local_day, round));
    if (weekend && !sim_rng_chance(&p.rng, WEEKEND_WORK))
        return;
    if (!weekend && sim_rng_chance(&p.rng, DAY_OFF)) {
        if (sim_rng_chance(&p.rng, DAY_OFF_PEEK))
            plan_evening(&p);
        return;
    }
    p.where = !weekend && sim_rng_chance(&p.rng, person->office_permille) ? SIM_OFFICE : SIM_HOME;
    p.from = person->start_minute + (int)sim_rng_between(&p.rng, -25, 35);
    p.to = p.from + (weekend ? 90 : person->work_minutes + (int)sim_rng_between(&p.rng, -30, 40));
    actions = person->busyness * (60 + sim_rng_below(&p.rng, 81)) / 100;

    plan_sign_in(&p);
    plan_drive(&p, weekend ? actions / 6 + 1 : actions);
    if (weekend)
        return;
    plan_apps(&p);
    plan_gemini(&p);
    if (person->is_admin)
        plan_admin(&p);
    if (sim_rng_chance(&p.rng, EVENING_PHONE))
        plan_evening(&p);
}
