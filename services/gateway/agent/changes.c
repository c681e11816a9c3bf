#include "agent/changes.h"

#include <stdlib.h>

#include "api/words.h"

/* A place in the list for what differs; NULL if nothing does. */
static change *add(changes *all, const char *since, const char *subject, uint64_t now,
                   uint64_t before)
{
    change *c;

    if (now == before || all->count == CHANGES_MAX)
        return NULL;
    c = &all->list[all->count++];
    *c = (change){ .since = since, .subject = subject, .now = now, .before = before };
    return c;
}

static ts_status say(ts_arena *arena, ts_buf *text, change *c)
{
    c->text = ts_buf_status(text) == TS_OK ? ts_arena_z(arena, ts_buf_view(text)) : NULL;
    return c->text == NULL ? TS_NOMEM : TS_OK;
}

/* A count of the time up to now against that of as long before. */
typedef struct comparison {
    const char *since, *subject;
    const char *noun, *verb;
    const char *span;
    uint64_t now, before;
} comparison;

static ts_status compare(changes *all, ts_arena *arena, const comparison *of)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(256);
    change *c = add(all, of->since, of->subject, of->now, of->before);

    if (c == NULL)
        return TS_OK;
    words_count(&text, of->now, of->noun);
    ts_buf_printf(&text, "%s in the last %s, against %llu in the %s before.", of->verb, of->span,
                  (unsigned long long)of->before, of->span);
    return say(arena, &text, c);
}

static ts_status incidents(changes *all, ts_arena *arena, const Ts__Incidents__Trend *trend,
                           const char *since, const char *span)
{
    if (trend == NULL)
        return TS_OK;
    return compare(all, arena,
                   &(comparison){ since, "incidents_opened", "incident", " opened", span,
                                  trend->opened, trend->opened_before });
}

static ts_status mover(changes *all, ts_arena *arena, const Ts__Risk__UserProfile *const *users,
                       size_t count, int64_t now_ms)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(512);
    const Ts__Risk__UserProfile *most = NULL;
    int before = 0;
    change *c;

    for (size_t i = 0; i < count; i++) {
        int then = users[i] == NULL || users[i]->user == NULL
                       ? -1
                       : insights_score_before(users[i], now_ms);

        if (then < 0 || !words_is_email(ts_str_of(users[i]->user->email)))
            continue;
        if (most == NULL ||
            abs((int)users[i]->user->score - then) > abs((int)most->user->score - before)) {
            most = users[i];
            before = then;
        }
    }
    c = most == NULL ? NULL
                     : add(all, "yesterday", "risk_score", most->user->score, (uint64_t)before);
    if (c == NULL)
        return TS_OK;
    c->id = most->user->email;
    ts_buf_printf(&text, "The risk score of %s is %llu, a day before it was %llu.", c->id,
                  (unsigned long long)c->now, (unsigned long long)c->before);
    return say(arena, &text, c);
}

_Static_assert(AI_DAYS == 7, "the words say so");

static ts_status ai_events(changes *all, ts_arena *arena, const Ts__Aiusage__Report *ai)
{
    return compare(all, arena,
                   &(comparison){ "last_week", "ai_events", "AI tool event", "", "7 days",
                                  ai->events, ai->previous_events });
}

static ts_status ai_tools(changes *all, ts_arena *arena, const Ts__Aiusage__Report *ai)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(256);
    change *c = add(all, "last_week", "ai_tools_first_seen", insights_new_tools(ai), 0);

    if (c == NULL)
        return TS_OK;
    words_count(&text, c->now, "AI tool");
    ts_buf_printf(&text, " first seen in the last %d days.", AI_DAYS);
    return say(arena, &text, c);
}

ts_status changes_find(const insight_facts *f, const Ts__Risk__UserProfile *const *users,
                       size_t user_count, ts_arena *arena, changes *ret)
{
    const Ts__Incidents__SummaryReply *all = f->incidents;
    ts_status st = TS_OK;

    ret->count = 0;
    if (all != NULL)
        st = incidents(ret, arena, all->day, "yesterday", "day");
    if (st == TS_OK)
        st = mover(ret, arena, users, user_count, f->now_ms);
    if (st == TS_OK && all != NULL)
        st = incidents(ret, arena, all->week, "last_week", "7 days");
    if (st == TS_OK && f->ai != NULL)
        st = ai_events(ret, arena, f->ai);
    if (st == TS_OK && f->ai != NULL)
        st = ai_tools(ret, arena, f->ai);
    return st;
}
