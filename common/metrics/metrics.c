/* The registry: families in order of registration, each with its series.
 *
 * Lists only grow, and links are published with release order once the object behind them is
 * complete. So a scrape walks them without the registry's lock, and a callback may take any lock of
 * its owner. `registry_lock` guards registration and the hash table; `callback_lock` guards the
 * callbacks and is held while they run, so that a callback that has been replaced (by NULL: taken
 * out) is not running any more and never will.
 */
#include "ts/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "../json/number.h"
#include "internal.h"
#include "ts/id.h"

#define HASH_SLOTS 256
/* Labels come from small fixed sets: beyond this somebody has put an id into a label. */
#define SERIES_MAX 4096

typedef enum metric_kind { KIND_SINK, KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM } metric_kind;

typedef struct bucket_limit {
    int64_t us;
    const char *text; /* in seconds */
} bucket_limit;

static const bucket_limit limits[] = {
    { 100, "0.0001" },  { 250, "0.00025" }, { 500, "0.0005" },  { 1000, "0.001" },
    { 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" },  { 25000, "0.025" },
    { 50000, "0.05" },  { 100000, "0.1" },  { 250000, "0.25" }, { 500000, "0.5" },
    { 1000000, "1" },   { 2500000, "2.5" }, { 5000000, "5" },   { 10000000, "10" },
    { 30000000, "30" }, { 60000000, "60" },
};
#define LIMITS TS_COUNT(limits)

typedef struct histogram {
    _Atomic uint64_t counts[LIMITS + 1]; /* not cumulative; the last one is above all limits */
    _Atomic uint64_t sum_us;
} histogram;

typedef struct family {
    struct family *_Atomic next;
    ts_metric *_Atomic first;
    ts_metric *last;
    char *name;
    char *help;
    metric_kind kind;
} family;

struct ts_metric {
    ts_metric *_Atomic next;
    ts_metric *next_in_slot;
    family *family;
    char *labels;
    metric_kind kind;
    _Atomic uint64_t value; /* of a counter; bits of a double for a gauge */
    histogram *histogram;
    bool has_callback;
    double (*read)(void *);
    void *context;
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t callback_lock = PTHREAD_MUTEX_INITIALIZER;
static family *_Atomic first_family;
static family *last_family;
static ts_metric *slots[HASH_SLOTS];
static size_t series_count;

/* Takes every update and shows none. */
static ts_metric sink;

static size_t slot_of(const char *name, const char *labels)
{
    uint64_t hash = ts_hash_mem(name, strlen(name)) * 31 + ts_hash_mem(labels, strlen(labels));

    return (size_t)(hash % HASH_SLOTS);
}

static ts_metric *find(const char *name, const char *labels)
{
    for (ts_metric *m = slots[slot_of(name, labels)]; m != NULL; m = m->next_in_slot) {
        if (strcmp(m->family->name, name) == 0 && strcmp(m->labels, labels) == 0)
            return m;
    }
    return NULL;
}

static void family_free(family *f)
{
    free(f->name);
    free(f->help);
    free(f);
}
TS_DEFINE_CLEANUP(family, family_free);

static void metric_free(ts_metric *m)
{
    free(m->labels);
    free(m->histogram);
    free(m);
}
TS_DEFINE_CLEANUP(ts_metric, metric_free);

static family *family_of(const char *name, const char *help, metric_kind kind)
{
    TS_CLEANUP(family_free_p) family *f = NULL;

    for (family *known = first_family; known != NULL; known = known->next) {
        if (strcmp(known->name, name) == 0)
            return known;
    }
    f = calloc(1, sizeof(*f));
    if (f == NULL)
        return NULL;
    f->name = strdup(name);
    f->help = strdup(help == NULL ? "" : help);
    f->kind = kind;
    if (f->name == NULL || f->help == NULL)
        return NULL;
    if (last_family == NULL)
        atomic_store_explicit(&first_family, f, memory_order_release);
    else
        atomic_store_explicit(&last_family->next, f, memory_order_release);
    last_family = f;
    return TS_TAKE(f);
}

/* A new series at the end of its family; NULL if there is no memory. */
static ts_metric *add_series(family *f, const char *labels)
{
    TS_CLEANUP(metric_free_p) ts_metric *m = calloc(1, sizeof(*m));
    size_t slot = slot_of(f->name, labels);

    if (m == NULL)
        return NULL;
    m->family = f;
    m->kind = f->kind;
    m->labels = strdup(labels);
    if (m->labels == NULL)
        return NULL;
    if (f->kind == KIND_HISTOGRAM) {
        m->histogram = calloc(1, sizeof(*m->histogram));
        if (m->histogram == NULL)
            return NULL;
    }
    m->next_in_slot = slots[slot];
    slots[slot] = m;
    if (f->last == NULL)
        atomic_store_explicit(&f->first, m, memory_order_release);
    else
        atomic_store_explicit(&f->last->next, m, memory_order_release);
    f->last = m;
    series_count++;
    return TS_TAKE(m);
}

static ts_metric *register_locked(const char *name, const char *labels, const char *help,
                                  metric_kind kind)
{
    ts_metric *m = find(name, labels);
    family *f;

    if (m != NULL)
        return m->kind == kind ? m : &sink;
    if (series_count >= SERIES_MAX)
        return &sink;
    f = family_of(name, help, kind);
    if (f == NULL || f->kind != kind)
        return &sink;
    m = add_series(f, labels);
    return m == NULL ? &sink : m;
}

static ts_metric *register_metric(const char *name, const char *labels, const char *help,
                                  metric_kind kind)
{
    ts_metric *m;

    pthread_mutex_lock(&registry_lock);
    m = register_locked(name, labels == NULL ? "" : labels, help, kind);
    pthread_mutex_unlock(&registry_lock);
    return m;
}

ts_metric *ts_counter(const char *name, const char *labels, const char *help)
{
    return register_metric(name, labels, help, KIND_COUNTER);
}

ts_metric *ts_gauge(const char *name, const char *labels, const char *help)
{
    return register_metric(name, labels, help, KIND_GAUGE);
}

ts_metric *ts_histogram(const char *name, const char *labels, const char *help)
{
    return register_metric(name, labels, help, KIND_HISTOGRAM);
}

void ts_gauge_func(const char *name, const char *labels, const char *help, double (*read)(void *),
                   void *context)
{
    ts_metric *m = register_metric(name, labels, help, KIND_GAUGE);

    if (m == &sink)
        return;
    pthread_mutex_lock(&callback_lock);
    m->has_callback = true;
    m->read = read;
    m->context = context;
    pthread_mutex_unlock(&callback_lock);
}

void ts_metric_add(ts_metric *m, uint64_t n)
{
    if (m->kind == KIND_COUNTER)
        atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
}

static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

void ts_metric_set(ts_metric *m, double value)
{
    if (m->kind == KIND_GAUGE)
        atomic_store_explicit(&m->value, bits_of(value), memory_order_relaxed);
}

void ts_metric_move(ts_metric *m, double delta)
{
    uint64_t old;

    if (m->kind != KIND_GAUGE)
        return;
    old = atomic_load_explicit(&m->value, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&m->value, &old, bits_of(double_of(old) + delta),
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

void ts_metric_observe_us(ts_metric *m, int64_t us)
{
    size_t at = 0;

    if (m->kind != KIND_HISTOGRAM)
        return;
    if (us < 0)
        us = 0;
    while (at < LIMITS && us > limits[at].us)
        at++;
    atomic_fetch_add_explicit(&m->histogram->counts[at], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->histogram->sum_us, (uint64_t)us, memory_order_relaxed);
}

void metrics_put_number(ts_buf *out, double value)
{
    char text[JSON_NUMBER_SIZE];

    if (isnan(value))
        ts_buf_z(out, "NaN");
    else if (isinf(value))
        ts_buf_z(out, value > 0 ? "+Inf" : "-Inf");
    else
        ts_buf_add(out, text, ts_json_number_text(value, text));
}

/* `name_suffix{labels,le="..."} ` - without what is empty. */
static void put_series(ts_buf *out, const ts_metric *m, const char *suffix, const char *le)
{
    ts_buf_z(out, m->family->name);
    ts_buf_z(out, suffix);
    if (m->labels[0] != '\0' || le != NULL) {
        ts_buf_char(out, '{');
        ts_buf_z(out, m->labels);
        if (le != NULL)
            ts_buf_printf(out, "%sle=\"%s\"", m->labels[0] == '\0' ? "" : ",", le);
        ts_buf_char(out, '}');
    }
    ts_buf_char(out, ' ');
}

static void print_histogram(ts_buf *out, const ts_metric *m)
{
    uint64_t total = 0;

    for (size_t i = 0; i <= LIMITS; i++) {
        total += atomic_load_explicit(&m->histogram->counts[i], memory_order_relaxed);
        put_series(out, m, "_bucket", i == LIMITS ? "+Inf" : limits[i].text);
        ts_buf_u64(out, total);
        ts_buf_char(out, '\n');
    }
    put_series(out, m, "_sum", NULL);
    metrics_put_number(
        out, (double)atomic_load_explicit(&m->histogram->sum_us, memory_order_relaxed) / 1e6);
    ts_buf_char(out, '\n');
    put_series(out, m, "_count", NULL);
    ts_buf_u64(out, total);
    ts_buf_char(out, '\n');
}

/* The callback's value, or the one that was set. False if the callback has been taken out. */
static bool read_gauge(ts_metric *m, double *ret)
{
    bool is_there = true;

    pthread_mutex_lock(&callback_lock);
    if (!m->has_callback)
        *ret = double_of(atomic_load_explicit(&m->value, memory_order_relaxed));
    else if (m->read != NULL)
        *ret = m->read(m->context);
    else
        is_there = false;
    pthread_mutex_unlock(&callback_lock);
    return is_there;
}

static void print_gauge(ts_buf *out, ts_metric *m)
{
    double value;

    if (!read_gauge(m, &value))
        return;
    put_series(out, m, "", NULL);
    metrics_put_number(out, value);
    ts_buf_char(out, '\n');
}

static void print_metric(ts_buf *out, ts_metric *m)
{
    switch (m->kind) {
    case KIND_SINK: break;
    case KIND_COUNTER:
        put_series(out, m, "", NULL);
        ts_buf_u64(out, atomic_load_explicit(&m->value, memory_order_relaxed));
        ts_buf_char(out, '\n');
        break;
    case KIND_GAUGE: print_gauge(out, m); break;
    case KIND_HISTOGRAM: print_histogram(out, m); break;
    }
}

static const char *kind_name(metric_kind kind)
{
    switch (kind) {
    case KIND_SINK: break;
    case KIND_COUNTER: return "counter";
    case KIND_GAUGE: return "gauge";
    case KIND_HISTOGRAM: return "histogram";
    }
    return "untyped";
}

static void print_head(ts_buf *out, const family *f)
{
    ts_buf_printf(out, "# HELP %s ", f->name);
    for (const char *p = f->help; *p != '\0'; p++) {
        if (*p == '\\')
            ts_buf_z(out, "\\\\");
        else if (*p == '\n')
            ts_buf_z(out, "\\n");
        else
            ts_buf_char(out, *p);
    }
    ts_buf_printf(out, "\n# TYPE %s %s\n", f->name, kind_name(f->kind));
}

void ts_metrics_print(ts_buf *out)
{
    family *f = atomic_load_explicit(&first_family, memory_order_acquire);

    for (; f != NULL; f = atomic_load_explicit(&f->next, memory_order_acquire)) {
        ts_metric *m = atomic_load_explicit(&f->first, memory_order_acquire);

        print_head(out, f);
        for (; m != NULL; m = atomic_load_explicit(&m->next, memory_order_acquire))
            print_metric(out, m);
    }
    metrics_print_process(out);
}
