#include "play.h"

#include "day.h"
#include "record.h"
#include "ts/time.h"

/* Clocks of the cities are at most this far ahead of UTC: what a later local day holds comes at
 * least this much before its date's midnight. */
#define CLOCK_AHEAD_MS (14 * TS_HOUR_MS)

/* Invariants: `pending` is sorted and holds what is planned and not yet given, from `at` on;
 * everything before `horizon_ms` is planned; `next_day` is the next local day to plan. Of the
 * window's `ordinary` events `keep` are to be shown (all if keep == ordinary); `share` is the
 * remainder of that division so far. */
struct sim_play {
    sim_setup setup;
    int64_t start_ms;
    uint32_t rounds;
    int64_t next_day, last_day;
    sim_events pending;
    size_t at;
    int64_t horizon_ms;
    uint64_t ordinary, keep, share;
    sim_events attack_events;
    sim_labels labels;
    sim_source source; /* of the record given last */
    ts_status status;
};

static ts_status check(const sim_setup *s, ts_error *err)
{
    if (s->company.people < 1 || s->company.people > SIM_PEOPLE_MAX)
        return ts_fail(err, TS_INVALID, "people", "people must be between 1 and %u",
                       SIM_PEOPLE_MAX);
    if (s->days < 1 || s->days > SIM_DAYS_MAX)
        return ts_fail(err, TS_INVALID, "days", "days must be between 1 and %u", SIM_DAYS_MAX);
    if (s->max_events > SIM_EVENTS_MAX)
        return ts_fail(err, TS_INVALID, "events", "events must be between 1 and %llu",
                       (unsigned long long)SIM_EVENTS_MAX);
    if (s->company.domain[0] == '\0')
        return ts_fail(err, TS_INVALID, "domain", "domain must not be empty");
    return TS_OK;
}

static bool in_window(const sim_play *p, const sim_event *e)
{
    return e->time_ms >= p->start_ms && e->time_ms < p->setup.end_ms;
}

static uint64_t count_round(sim_play *p, uint32_t round)
{
    sim_events scratch = { 0 };
    uint64_t count = 0;

    for (uint32_t number = 0; number < p->setup.company.people; number++) {
        sim_person person;

        sim_person_get(&p->setup.company, number, &person);
        for (int64_t day = p->next_day; day <= p->last_day; day++) {
            scratch.count = 0;
            sim_day_plan(&p->setup.company, &person, day, round, &scratch);
            for (size_t i = 0; i < scratch.count; i++)
                count += in_window(p, &scratch.items[i]) ? 1 : 0;
        }
    }
    if (scratch.status != TS_OK)
        p->status = scratch.status;
    sim_events_done(&scratch);
    return count;
}

static ts_status size_to(sim_play *p, uint64_t max_events, ts_error *err)
{
    const uint64_t attacks = p->attack_events.count;

    if (max_events < attacks)
        return ts_fail(err, TS_INVALID, "events",
                       "events must be at least %llu to hold the attacks; or choose fewer attacks",
                       (unsigned long long)attacks);
    p->keep = max_events - attacks;
    for (p->rounds = 0; p->ordinary < p->keep; p->rounds++) {
        if (p->rounds == SIM_ROUNDS_MAX)
            return ts_fail(err, TS_INVALID, "events",
                           "so few people and days do not hold so many events");
        p->ordinary += count_round(p, p->rounds);
        if (p->status != TS_OK)
            return p->status;
    }
    return TS_OK;
}

ts_status sim_play_new(const sim_setup *setup, sim_play **ret, ts_error *err)
{
    TS_CLEANUP(sim_play_free_p) sim_play *p = NULL;
    ts_status st = check(setup, err);

    if (st != TS_OK)
        return st;
    p = calloc(1, sizeof(*p));
    if (p == NULL)
        return TS_NOMEM;
    p->setup = *setup;
    p->rounds = 1;
    p->start_ms = setup->end_ms - setup->days * TS_DAY_MS;
    /* A day around each end: local days are not UTC days. */
    p->next_day = ts_time_day(p->start_ms) - 1;
    p->last_day = ts_time_day(setup->end_ms) + 1;
    p->horizon_ms = INT64_MIN;
    sim_attacks_plan(&setup->company, setup->attacks, p->start_ms, setup->end_ms, &p->attack_events,
                     &p->labels);
    if (p->attack_events.status != TS_OK || p->labels.status != TS_OK)
        return TS_NOMEM;
    if (setup->max_events > 0) {
        st = size_to(p, setup->max_events, err);
        if (st != TS_OK)
            return st;
    }
    for (size_t i = 0; i < p->attack_events.count; i++)
        sim_events_add(&p->pending, &p->attack_events.items[i]);
    *ret = TS_TAKE(p);
    return TS_OK;
}

void sim_play_free(sim_play *p)
{
    if (p == NULL)
        return;
    sim_events_done(&p->pending);
    sim_events_done(&p->attack_events);
    sim_labels_done(&p->labels);
    free(p);
}

/* Plans the next local day of everybody, and drops from the list what was given already. */
static void plan_next_day(sim_play *p)
{
    const size_t rest = p->pending.count - p->at;

    if (p->at > 0)
        memmove(p->pending.items, p->pending.items + p->at, rest * sizeof(*p->pending.items));
    p->pending.count = rest;
    p->at = 0;
    for (uint32_t number = 0; number < p->setup.company.people; number++) {
        sim_person person;

        sim_person_get(&p->setup.company, number, &person);
        for (uint32_t round = 0; round < p->rounds; round++)
            sim_day_plan(&p->setup.company, &person, p->next_day, round, &p->pending);
    }
    sim_events_sort(&p->pending);
    p->next_day++;
    p->horizon_ms =
        p->next_day > p->last_day ? INT64_MAX : p->next_day * TS_DAY_MS - CLOCK_AHEAD_MS;
}

/* Spreads `keep` over `ordinary` evenly: each event adds its share, whole ones are shown. */
static bool is_kept(sim_play *p)
{
    if (p->keep == p->ordinary)
        return true;
    p->share += p->keep;
    if (p->share < p->ordinary)
        return false;
    p->share -= p->ordinary;
    return true;
}

const sim_event *sim_play_next_event(sim_play *p)
{
    for (;;) {
        const sim_event *e;

        while (p->at == p->pending.count || p->pending.items[p->at].time_ms >= p->horizon_ms) {
            if (p->next_day > p->last_day || p->status != TS_OK)
                return NULL;
            plan_next_day(p);
            p->status = p->pending.status;
        }
        e = &p->pending.items[p->at++];
        if (e->attack != 0)
            return e;
        if (in_window(p, e) && is_kept(p))
            return e;
    }
}

ts_status sim_play_next(sim_play *p, ts_buf *out)
{
    const sim_event *e = sim_play_next_event(p);

    if (e == NULL)
        return p->status != TS_OK ? p->status : TS_NOT_FOUND;
    (void)sim_source_of(p->setup.company.sources, (sim_kind)e->kind, &p->source);
    sim_record_write(&p->setup.company, e, out);
    ts_buf_char(out, '\n');
    return ts_buf_status(out);
}

sim_source sim_play_source(const sim_play *p)
{
    return p->source;
}

ts_status sim_play_status(const sim_play *p)
{
    return p->status;
}

const sim_labels *sim_play_labels(const sim_play *p)
{
    return &p->labels;
}

const sim_events *sim_play_attack_events(const sim_play *p)
{
    return &p->attack_events;
}
