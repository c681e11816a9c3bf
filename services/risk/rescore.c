#include "rescore.h"

#include "publish.h"
#include "ts/time.h"

bool risk_score_input(const Ts__Risk__Firing *row, score_firing *ret)
{
    if (row->historical)
        return false;
    *ret = (score_firing){
        .rule_id = ts_str_of(row->rule_id),
        .dedup_key = ts_str_of(row->dedup_key),
        .weight = row->weight,
        .severity = row->severity,
        .at_ms = row->last_event_ms,
        .disposition = strcmp(row->disposition, "false_positive") == 0 ? SCORE_FALSE_POSITIVE
                       : strcmp(row->disposition, "resolved") == 0     ? SCORE_RESOLVED
                                                                       : SCORE_ACTIVE,
        .tactics = row->tactics,
        .tactic_count = row->n_tactics,
    };
    return true;
}

score_criticality risk_criticality(const Ts__Risk__UserRow *row)
{
    if (row->is_super_admin)
        return SCORE_SUPER_ADMIN;
    if (row->is_admin)
        return SCORE_ADMIN;
    return row->is_service ? SCORE_SERVICE : SCORE_PERSON;
}

/* Old rows go: the score and the profile look at a week, incidents keep their own copies. */
static void prune(risk_work *w, uint64_t user, const Ts__Risk__Firing *row)
{
    risk_key key = risk_firing_key(w->tenant, user, row->id.data);

    ts_batch_delete(w->batch, w->store, RISK_FIRINGS, risk_key_view(&key));
    key = risk_key_tenant(w->tenant);
    risk_key_bytes(&key, row->id.data, 16);
    ts_batch_delete(w->batch, w->store, RISK_FIRING_USERS, risk_key_view(&key));
}

/* All firings of the user: stored rows, replaced by what this work has changed, and its new ones.
 */
static ts_status gather(risk_work *w, uint64_t user, score_firing **ret, size_t *ret_count)
{
    Ts__Risk__Firing **rows = NULL;
    score_firing *list = NULL;
    size_t row_count = 0;
    size_t capacity = 0;
    size_t count = 0;
    ts_status st = work_load_firings(w->store, w->tenant, user, w->arena, &rows, &row_count);

    if (st != TS_OK)
        return st;
    for (size_t i = 0; i < row_count; i++) {
        score_firing input;

        if (rows[i]->id.len != 16)
            return TS_CORRUPT;
        if (risk_map_get(&w->firings_by_id, ts_str_n(rows[i]->id.data, 16)) != NULL)
            continue;
        if (w->now_ms - rows[i]->last_event_ms > RISK_FIRING_KEEP_MS) {
            prune(w, user, rows[i]);
            continue;
        }
        if (!risk_score_input(rows[i], &input))
            continue;
        if (!ts_arena_grow(w->arena, &list, count, &capacity, sizeof(*list)))
            return TS_NOMEM;
        list[count++] = input;
    }
    for (work_firing *f = w->firings; f != NULL; f = f->next) {
        score_firing input;

        if (f->user != user || !risk_score_input(f->row, &input))
            continue;
        if (!ts_arena_grow(w->arena, &list, count, &capacity, sizeof(*list)))
            return TS_NOMEM;
        list[count++] = input;
    }
    *ret = list;
    *ret_count = count;
    return TS_OK;
}

static uint32_t count_rules(const score_firing *list, size_t count)
{
    uint32_t rules = 0;

    for (size_t i = 0; i < count; i++) {
        size_t j = 0;

        if (list[i].points <= 0.0)
            continue;
        while (j < i && (list[j].points <= 0.0 || !ts_str_eq(list[j].rule_id, list[i].rule_id)))
            j++;
        if (j == i)
            rules++;
    }
    return rules;
}

static void keep_timeline(risk_work *w, work_user *u, uint32_t old_score, int64_t now_ms)
{
    Ts__Risk__TimelinePoint point = TS__RISK__TIMELINE_POINT__INIT;
    Ts__Risk__UserRow *row = u->row;
    risk_key key = risk_user_key(w->tenant, row->number);
    uint32_t distance = row->score > row->timeline_score ? row->score - row->timeline_score
                                                         : row->timeline_score - row->score;

    if (ts_risk_level(old_score) == ts_risk_level(row->score) && distance < RISK_TIMELINE_STEP &&
        now_ms - row->timeline_ms < TS_DAY_MS)
        return;
    point.at_ms = now_ms;
    point.score = row->score;
    point.cause = (char *)(uintptr_t)(u->cause == NULL ? "time" : u->cause); /* only packed */
    row->timeline_score = row->score;
    row->timeline_ms = now_ms;
    risk_key_u64(&key, (uint64_t)now_ms);
    ts_batch_put_message(w->batch, w->store, RISK_TIMELINE, risk_key_view(&key), &point.base);
}

static void move_due(risk_work *w, Ts__Risk__UserRow *row, int64_t next_ms)
{
    risk_key key;

    if (row->next_score_ms == next_ms)
        return;
    if (row->next_score_ms != 0) {
        key = risk_due_key(row->next_score_ms, w->tenant, row->number);
        ts_batch_delete(w->batch, w->store, RISK_DUE, risk_key_view(&key));
    }
    if (next_ms != 0) {
        key = risk_due_key(next_ms, w->tenant, row->number);
        ts_batch_put(w->batch, w->store, RISK_DUE, risk_key_view(&key), TS_STR_NULL);
    }
    row->next_score_ms = next_ms;
}

ts_status risk_rescore(risk_work *w, work_user *u)
{
    Ts__Risk__UserRow *row = u->row;
    score_criticality criticality = risk_criticality(row);
    /* A wall clock that steps back must not bring back what had decayed. */
    int64_t now_ms = w->now_ms > row->scored_ms ? w->now_ms : row->scored_ms;
    uint32_t old_score = row->score;
    score_firing *list = NULL;
    size_t count = 0;
    int64_t next_ms;
    ts_status st = gather(w, row->number, &list, &count);

    if (st != TS_OK)
        return st;
    next_ms = score_next_change(list, count, criticality, now_ms);
    row->score = score_compute(list, count, criticality, now_ms);
    row->scored_ms = now_ms;
    row->active_rule_count = count_rules(list, count);
    move_due(w, row, next_ms);
    keep_timeline(w, u, old_score, now_ms);
    if (ts_risk_level(old_score) != ts_risk_level(row->score))
        risk_publish_level_change(w, u, old_score);
    return TS_OK;
}
