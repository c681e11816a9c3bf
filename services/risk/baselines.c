#include "baselines.h"

#include "ts/time.h"

#define DAY_AT 17 /* behind tenant and user */

typedef struct work_day {
    baseline_day state;
    bool touched;
    struct work_day *next; /* the one used last comes first */
} work_day;

baseline_limits baselines_limits(const risk_config *config)
{
    return (baseline_limits){ .z_min = (double)config->anomaly_z_tenths / 10.0,
                              .learning_days = (uint32_t)config->anomaly_learning_days,
                              .keep_days = (uint32_t)config->anomaly_days,
                              .anomalies_max = (uint32_t)config->anomalies_max };
}

/* ---- rows ---- */

static risk_key day_key(ts_tenant t, uint64_t user, uint32_t day)
{
    risk_key key = risk_user_key(t, user);

    risk_key_u32(&key, day);
    return key;
}

/* More than there can be comes only from another version. */
static ts_status decode(ts_str value, ts_arena *arena, baseline_day *d)
{
    ProtobufCMessage *m = NULL;
    ts_status st = ts_arena_unpack(arena, &ts__risk__behavior_day__descriptor, value, &m);
    const Ts__Risk__BehaviorDay *row = (const Ts__Risk__BehaviorDay *)m;

    if (st != TS_OK)
        return st;
    d->hours = row->hours;
    d->active = row->active;
    d->end_ms = row->end_ms;
    for (size_t i = 0; i < row->n_counts && i < BEHAVIOR_METRICS; i++)
        d->counts[i] = row->counts[i];
    for (size_t i = 0; i < row->n_networks && i < BASELINE_NETWORKS_MAX; i++)
        d->networks[d->network_count++] = row->networks[i];
    return TS_OK;
}

static void put_day(risk_work *w, uint64_t user, baseline_day *d)
{
    risk_key key = day_key(w->tenant, user, d->day);
    Ts__Risk__BehaviorDay row = TS__RISK__BEHAVIOR_DAY__INIT;

    row.hours = d->hours;
    row.active = d->active;
    row.end_ms = d->end_ms;
    row.counts = d->counts;
    row.n_counts = BEHAVIOR_METRICS;
    while (row.n_counts > 0 && d->counts[row.n_counts - 1] == 0)
        row.n_counts--;
    row.networks = d->networks;
    row.n_networks = d->network_count;
    ts_batch_put_message(w->batch, w->store, RISK_BASELINES, risk_key_view(&key), &row.base);
}

/* ---- counting ---- */

static work_day *known_day(work_user *u, uint32_t day)
{
    for (work_day **at = &u->days; *at != NULL; at = &(*at)->next) {
        work_day *d = *at;

        if (d->state.day != day)
            continue;
        *at = d->next;
        d->next = u->days;
        u->days = d;
        return d;
    }
    return NULL;
}

static ts_status day_of(risk_work *w, work_user *u, uint32_t day, work_day **ret)
{
    risk_key key = day_key(w->tenant, u->row->number, day);
    ts_status st = TS_NOT_FOUND;
    work_day *d = known_day(u, day);
    ts_str value;

    *ret = d;
    if (d != NULL)
        return TS_OK;
    d = ts_arena_alloc(w->arena, sizeof(*d));
    if (d == NULL)
        return TS_NOMEM;
    d->state.day = day;
    if (!u->is_new)
        st = ts_store_get(w->store, RISK_BASELINES, risk_key_view(&key), w->arena, &value);
    if (st == TS_OK)
        st = decode(value, w->arena, &d->state);
    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    d->next = u->days;
    u->days = d;
    *ret = d;
    return TS_OK;
}

ts_status baselines_take(risk_work *w, work_user *user, const risk_record *record)
{
    const Ts__Risk__Event *e = record->event;
    int64_t at_ms = e->event_ms < w->now_ms ? e->event_ms : w->now_ms;
    behavior_act act = behavior_act_of(record);
    work_day *d = NULL;
    ts_status st;

    if (at_ms < 0 || (!act.is_own && act.metrics == 0))
        return TS_OK;
    st = day_of(w, user, (uint32_t)ts_time_day(at_ms), &d);
    if (st == TS_OK && baseline_take(&d->state, &act, at_ms))
        d->touched = true;
    return st;
}

void baselines_finish(risk_work *w, const work_user *user)
{
    for (work_day *d = user->days; d != NULL; d = d->next) {
        if (d->touched)
            put_day(w, user->row->number, &d->state);
    }
}

/* ---- showing ---- */

static ts_status load_days(ts_store *store, ts_tenant t, uint64_t user, uint32_t from,
                           uint32_t until, ts_arena *arena, baseline_day **ret, size_t *ret_count)
{
    risk_key lower = day_key(t, user, from);
    risk_key upper = day_key(t, user, until);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it =
        ts_iter_new(store, RISK_BASELINES, risk_key_view(&lower), risk_key_view(&upper), false);
    size_t capacity = 0;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        baseline_day *d;
        ts_status st;

        if (key.n != DAY_AT + 4)
            return TS_CORRUPT;
        if (!ts_arena_grow(arena, ret, *ret_count, &capacity, sizeof(**ret)))
            return TS_NOMEM;
        d = &(*ret)[(*ret_count)++];
        *d = (baseline_day){ .day = risk_read_u32(key, DAY_AT) };
        st = decode(ts_iter_value(it), arena, d);
        if (st != TS_OK)
            return st;
    }
    return ts_iter_status(it);
}

/* Our words and numbers only. */
static ts_status tell(const baseline_anomaly *a, ts_arena *arena, Ts__Risk__Anomaly *ret)
{
    const behavior_metric *m = &behavior_metrics[a->metric];
    char date[TS_RFC3339_SIZE];

    ts__risk__anomaly__init(ret);
    ret->metric = (char *)(uintptr_t)m->name; /* only packed */
    ret->observed = a->observed;
    ret->expected = a->expected;
    ret->z_score = a->z;
    ret->detected_ms = a->at_ms;
    ts_time_format((int64_t)a->day * TS_DAY_MS, false, date);
    ret->explanation =
        ts_arena_printf(arena,
                        "%u %s on %.10s (UTC). The median of the %u %s of activity in the %d "
                        "days before is %.10g.",
                        a->observed, a->observed == 1 ? m->one : m->many, date, a->days,
                        a->days == 1 ? "day" : "days", BASELINE_DAYS, a->expected);
    return ret->explanation == NULL ? TS_NOMEM : TS_OK;
}

static ts_status tell_all(const baseline_anomaly *found, size_t count, ts_arena *arena,
                          Ts__Risk__Anomaly ***ret)
{
    Ts__Risk__Anomaly *rows = ts_arena_array(arena, count + 1, sizeof(*rows));
    ts_status st = TS_OK;

    *ret = ts_arena_array(arena, count + 1, sizeof(**ret));
    if (rows == NULL || *ret == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        (*ret)[i] = &rows[i];
        st = tell(&found[i], arena, &rows[i]);
    }
    return st;
}

ts_status baselines_show(ts_store *store, ts_tenant t, uint64_t user, const baseline_limits *limits,
                         int64_t now_ms, ts_arena *arena, Ts__Risk__Anomaly ***ret,
                         size_t *ret_count)
{
    baseline_anomaly *found = ts_arena_array(arena, limits->anomalies_max + 1, sizeof(*found));
    uint32_t today = (uint32_t)ts_time_day(now_ms);
    uint32_t reach = baseline_reach(limits);
    baseline_day *days = NULL;
    size_t count = 0;
    ts_status st;

    if (found == NULL)
        return TS_NOMEM;
    /* What a wrong clock has dated ahead is not looked at before its time. */
    st = load_days(store, t, user, today > reach ? today - reach : 0, today + 1, arena, &days,
                   &count);
    if (st != TS_OK)
        return st;
    count = baseline_judge(days, count, now_ms, limits, found);
    st = tell_all(found, count, arena, ret);
    *ret_count = st == TS_OK ? count : 0;
    return st;
}
