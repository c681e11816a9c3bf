#include "baselines.h"

#include "ts/time.h"

typedef struct work_baseline {
    baseline state;
    const baseline_limits *limits;
    bool touched;
} work_baseline;

baseline_limits baselines_limits(const risk_config *config)
{
    return (baseline_limits){ .z_min = (double)config->anomaly_z_tenths / 10.0,
                              .learning_days = (uint32_t)config->anomaly_learning_days,
                              .keep_days = (uint32_t)config->anomaly_days,
                              .anomalies_max = (uint32_t)config->anomalies_max };
}

/* ---- rows ---- */

static uint32_t place_of(const baseline *b, size_t back)
{
    return (b->last_day - (uint32_t)back) % BASELINE_RING;
}

/* Bits by place as bits by days back, which mean the same whatever the size of the ring. */
static uint32_t bits_back(const baseline *b, uint32_t bits)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < BASELINE_RING; i++)
        n |= (bits >> place_of(b, i) & 1) << i;
    return n;
}

static uint32_t bits_placed(const baseline *b, uint32_t bits)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < BASELINE_RING; i++)
        n |= (bits >> i & 1) << place_of(b, i);
    return n;
}

/* More days than the ring has cannot be, but for a row that another version wrote. */
static void decode_days(const baseline *b, const uint32_t *days, size_t count, uint32_t *ret)
{
    for (size_t i = 0; i < count && i < BASELINE_RING; i++)
        ret[place_of(b, i)] = days[i];
}

static uint32_t metric_named(const char *name)
{
    uint32_t i = 0;

    while (i < BEHAVIOR_METRICS && strcmp(behavior_metrics[i].name, name) != 0)
        i++;
    return i;
}

static void decode(const Ts__Risk__BaselineRow *row, baseline *b)
{
    b->last_day = row->last_day;
    b->active = bits_placed(b, row->active);
    decode_days(b, row->hours, row->n_hours, b->hours);
    for (size_t i = 0; i < row->n_series; i++) {
        if (row->series[i]->metric < BEHAVIOR_METRICS)
            decode_days(b, row->series[i]->counts, row->series[i]->n_counts,
                        b->counts[row->series[i]->metric]);
    }
    for (size_t i = 0; i < row->n_networks && i < BASELINE_NETWORKS_MAX; i++)
        b->networks[b->network_count++] =
            (baseline_network){ .network = (uint32_t)(row->networks[i] >> 32),
                                .days = bits_placed(b, (uint32_t)row->networks[i]) };
    for (size_t i = 0; i < row->n_anomalies && i < BASELINE_ANOMALIES_MAX; i++) {
        const Ts__Risk__Anomaly *a = row->anomalies[i];
        uint32_t metric = metric_named(a->metric);

        if (metric < BEHAVIOR_METRICS)
            b->anomalies[b->anomaly_count++] = (baseline_anomaly){ .metric = metric,
                                                                   .day = a->day,
                                                                   .observed = a->observed,
                                                                   .days = a->days,
                                                                   .expected = a->expected,
                                                                   .z = a->z_score,
                                                                   .detected_ms = a->detected_ms };
    }
}

/* TS_NOT_FOUND leaves *ret as it is. */
static ts_status load(ts_store *store, ts_tenant t, uint64_t user, ts_arena *arena, baseline *ret)
{
    risk_key key = risk_user_key(t, user);
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(store, RISK_BASELINES, risk_key_view(&key), arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(arena, &ts__risk__baseline_row__descriptor, value, &m);
    if (st == TS_OK)
        decode((const Ts__Risk__BaselineRow *)m, ret);
    return st;
}

/* Without the zeros at the end; *ret stays NULL if there is nothing else. */
static ts_status encode_days(const baseline *b, const uint32_t *days, ts_arena *arena,
                             uint32_t **ret, size_t *ret_count)
{
    size_t count = BASELINE_RING;

    while (count > 0 && days[place_of(b, count - 1)] == 0)
        count--;
    *ret_count = count;
    if (count == 0)
        return TS_OK;
    *ret = ts_arena_array(arena, count, sizeof(**ret));
    if (*ret == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < count; i++)
        (*ret)[i] = days[place_of(b, i)];
    return TS_OK;
}

static ts_status encode_series(const baseline *b, ts_arena *arena, Ts__Risk__BaselineRow *row)
{
    row->series = ts_arena_array(arena, BEHAVIOR_METRICS, sizeof(Ts__Risk__BaselineSeries *));
    if (row->series == NULL)
        return TS_NOMEM;
    for (uint32_t m = 0; m < BEHAVIOR_METRICS; m++) {
        Ts__Risk__BaselineSeries *s = ts_arena_alloc(arena, sizeof(*s));
        ts_status st;

        if (s == NULL)
            return TS_NOMEM;
        ts__risk__baseline_series__init(s);
        s->metric = m;
        st = encode_days(b, b->counts[m], arena, &s->counts, &s->n_counts);
        if (st != TS_OK)
            return st;
        if (s->n_counts > 0)
            row->series[row->n_series++] = s;
    }
    return TS_OK;
}

static void show(const baseline_anomaly *a, Ts__Risk__Anomaly *ret)
{
    ts__risk__anomaly__init(ret);
    ret->metric = (char *)(uintptr_t)behavior_metrics[a->metric].name; /* only packed */
    ret->observed = a->observed;
    ret->expected = a->expected;
    ret->z_score = a->z;
    ret->detected_ms = a->detected_ms;
    ret->day = a->day;
    ret->days = a->days;
}

static ts_status encode(const baseline *b, ts_arena *arena, Ts__Risk__BaselineRow *row)
{
    ts_status st;

    ts__risk__baseline_row__init(row);
    row->last_day = b->last_day;
    row->active = bits_back(b, b->active);
    st = encode_days(b, b->hours, arena, &row->hours, &row->n_hours);
    if (st == TS_OK)
        st = encode_series(b, arena, row);
    if (st != TS_OK)
        return st;
    row->networks = ts_arena_array(arena, b->network_count + 1, sizeof(*row->networks));
    row->anomalies = ts_arena_array(arena, b->anomaly_count + 1, sizeof(*row->anomalies));
    if (row->networks == NULL || row->anomalies == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < b->network_count; i++)
        row->networks[row->n_networks++] =
            (uint64_t)b->networks[i].network << 32 | bits_back(b, b->networks[i].days);
    for (size_t i = 0; i < b->anomaly_count; i++) {
        row->anomalies[i] = ts_arena_alloc(arena, sizeof(Ts__Risk__Anomaly));
        if (row->anomalies[i] == NULL)
            return TS_NOMEM;
        show(&b->anomalies[i], row->anomalies[i]);
        row->n_anomalies++;
    }
    return TS_OK;
}

/* ---- counting ---- */

static ts_status baseline_of(risk_work *w, const baseline_limits *limits, work_user *u,
                             work_baseline **ret)
{
    ts_status st = TS_OK;

    if (u->baseline == NULL) {
        u->baseline = ts_arena_alloc(w->arena, sizeof(*u->baseline));
        if (u->baseline == NULL)
            return TS_NOMEM;
        u->baseline->limits = limits;
        if (!u->is_new)
            st = load(w->store, w->tenant, u->row->number, w->arena, &u->baseline->state);
    }
    *ret = u->baseline;
    return st == TS_NOT_FOUND ? TS_OK : st;
}

ts_status baselines_take(risk_work *w, const baseline_limits *limits, work_user *user,
                         const risk_record *record)
{
    const Ts__Risk__Event *e = record->event;
    behavior_act act = behavior_act_of(record);
    work_baseline *b = NULL;
    ts_status st;

    if (!act.is_own && act.metrics == 0)
        return TS_OK;
    st = baseline_of(w, limits, user, &b);
    if (st == TS_OK &&
        baseline_take(&b->state, &act, e->event_ms < w->now_ms ? e->event_ms : w->now_ms, w->now_ms,
                      limits))
        b->touched = true;
    return st;
}

ts_status baselines_finish(risk_work *w, work_user *user)
{
    risk_key key = risk_user_key(w->tenant, user->row->number);
    work_baseline *b = user->baseline;
    Ts__Risk__BaselineRow row;
    ts_status st;

    if (b == NULL || !b->touched)
        return TS_OK;
    baseline_judge(&b->state, w->now_ms, b->limits);
    st = encode(&b->state, w->arena, &row);
    if (st == TS_OK)
        ts_batch_put_message(w->batch, w->store, RISK_BASELINES, risk_key_view(&key), &row.base);
    return st;
}

/* ---- showing ---- */

/* Our words and numbers only. */
static char *explain(const baseline_anomaly *a, ts_arena *arena)
{
    const behavior_metric *m = &behavior_metrics[a->metric];
    char date[TS_RFC3339_SIZE];

    ts_time_format((int64_t)a->day * TS_DAY_MS, false, date);
    return ts_arena_printf(arena,
                           "%u %s on %.10s (UTC). The median of the %u %s of activity in the %d "
                           "days before is %.10g.",
                           a->observed, a->observed == 1 ? m->one : m->many, date, a->days,
                           a->days == 1 ? "day" : "days", BASELINE_DAYS, a->expected);
}

ts_status baselines_show(ts_store *store, ts_tenant t, uint64_t user, const baseline_limits *limits,
                         int64_t now_ms, ts_arena *arena, Ts__Risk__Anomaly ***ret,
                         size_t *ret_count)
{
    baseline *b = ts_arena_alloc(arena, sizeof(*b));
    Ts__Risk__Anomaly **list = ts_arena_array(arena, BASELINE_ANOMALIES_MAX, sizeof(*list));
    size_t count = 0;
    ts_status st;

    if (b == NULL || list == NULL)
        return TS_NOMEM;
    st = load(store, t, user, arena, b);
    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    for (size_t i = 0; i < b->anomaly_count; i++) {
        const baseline_anomaly *a = &b->anomalies[i];

        if (!baseline_shows(a->day, now_ms, limits))
            continue;
        list[count] = ts_arena_alloc(arena, sizeof(**list));
        if (list[count] == NULL)
            return TS_NOMEM;
        show(a, list[count]);
        list[count]->explanation = explain(a, arena);
        if (list[count]->explanation == NULL)
            return TS_NOMEM;
        count++;
    }
    *ret = list;
    *ret_count = count;
    return TS_OK;
}
