#include "ledger.h"

#include "queue.h"
#include "replay.h"
#include "result.h"
#include "upgrade.h"

#define TABLE_FIRST        64
#define OPEN_ARENA_BYTES   (16u << 20)
#define TOTALS_ARENA_BYTES (64u << 10)

static size_t slot_of(const ledger *l, ts_str id)
{
    return (size_t)ts_hash_mem(id.p, id.n) & (l->table_size - 1);
}

ready_endpoint *ledger_endpoint(const ledger *l, ts_str id)
{
    if (l->table_size == 0)
        return NULL;
    for (size_t i = slot_of(l, id); l->table[i] != NULL; i = (i + 1) & (l->table_size - 1)) {
        if (ts_str_is(id, l->table[i]->id))
            return l->table[i];
    }
    return NULL;
}

static void table_put(ledger *l, ready_endpoint *e)
{
    size_t i = slot_of(l, ts_str_of(e->id));

    while (l->table[i] != NULL)
        i = (i + 1) & (l->table_size - 1);
    l->table[i] = e;
}

/* At most half full. Ended endpoints stay, marked: an id is never used again. */
static ts_status table_grow(ledger *l)
{
    size_t old_size = l->table_size;
    ready_endpoint **old = l->table;
    size_t size = old_size == 0 ? TABLE_FIRST : 2 * old_size;

    if (2 * (l->table_count + 1) <= old_size)
        return TS_OK;
    l->table = calloc(size, sizeof(ready_endpoint *));
    if (l->table == NULL) {
        l->table = old;
        return TS_NOMEM;
    }
    l->table_size = size;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i] != NULL)
            table_put(l, old[i]);
    }
    free(old);
    return TS_OK;
}

ts_status ledger_endpoint_add(ledger *l, ts_tenant t, ts_str id, ready_endpoint **ret)
{
    ledger_tenant *tenant = NULL;
    ready_endpoint *e;
    ts_status st = table_grow(l);

    if (st != TS_OK)
        return st;
    e = calloc(1, sizeof(*e));
    if (e == NULL || id.n >= sizeof(e->id)) {
        free(e);
        return TS_NOMEM;
    }
    e->tenant = t;
    memcpy(e->id, id.p, id.n);
    ready_begin(e, false);
    st = ledger_tenant_of(l, t, &tenant);
    if (st != TS_OK) {
        free(e);
        return st;
    }
    e->next_of_tenant = tenant->endpoints;
    tenant->endpoints = e;
    table_put(l, e);
    l->table_count++;
    *ret = e;
    return TS_OK;
}

ts_status ledger_totals_load(ledger *l, ready_endpoint *e)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(TOTALS_ARENA_BYTES);
    Ts__Webhooks__Totals *row = NULL;
    ts_status st;

    if (arena == NULL)
        return TS_NOMEM;
    st = row_totals(l->store, e->tenant, ts_str_of(e->id), arena, &row);
    if (st != TS_OK)
        return st;
    memset(e->counts, 0, sizeof(e->counts));
    for (size_t i = 0; i < row->n_counts && i < TS_COUNT(e->counts); i++)
        e->counts[i] = row->counts[i];
    e->failing_since_ms = row->failing_since_ms;
    e->failures = row->failures;
    return TS_OK;
}

ts_status ledger_endpoint_or_ghost(ledger *l, ts_tenant t, ts_str id, ready_endpoint **ret)
{
    ts_status st;

    *ret = ledger_endpoint(l, id);
    if (*ret != NULL)
        return TS_OK;
    st = ledger_endpoint_add(l, t, id, ret);
    if (st != TS_OK)
        return st;
    (*ret)->is_gone = (*ret)->is_ghost = true;
    return ledger_totals_load(l, *ret);
}

/* NULL if there is no memory for it: it is read when it is needed. */
static void keep_settings(ready_endpoint *e, const Ts__Webhooks__Endpoint *row)
{
    size_t n = ts__webhooks__endpoint__get_packed_size(row);
    uint8_t *bytes = malloc(n + 1);

    ts__webhooks__endpoint__free_unpacked(e->settings, NULL);
    e->settings = NULL;
    if (bytes != NULL) {
        ts__webhooks__endpoint__pack(row, bytes);
        e->settings = ts__webhooks__endpoint__unpack(NULL, n, bytes);
        ts_wipe(bytes, n);
    }
    free(bytes);
}

ts_status ledger_endpoint_apply(ledger *l, ready_endpoint *e, const Ts__Webhooks__Endpoint *row)
{
    bool was_ordered = e->is_ordered;

    keep_settings(e, row);
    e->wants = types_wanted(row->events, row->n_events);
    e->is_gone = endpoint_is_ending(row);
    e->is_paused = !row->enabled;
    e->is_ordered = row->ordered;
    e->rate_limit = row->rate_limit;
    if (e->is_ordered != was_ordered) {
        ts_status st = queue_reorder(l, e);

        if (st != TS_OK)
            return st;
    }
    pthread_cond_signal(&l->wake);
    return ready_place(&l->ready, e, clock_now(&l->clock));
}

/* ---- tenants ---- */

ts_status ledger_tenant_of(ledger *l, ts_tenant t, ledger_tenant **ret)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = NULL;
    uint64_t id[2] = { t.org, (uint64_t)t.mode };
    ledger_tenant **slot = &l->tenants[ts_hash_mem(id, sizeof(id)) % LEDGER_TENANT_SLOTS];
    Ts__Webhooks__Totals *row = NULL;
    ledger_tenant *made;
    ts_status st;

    for (ledger_tenant *i = *slot; i != NULL; i = i->next) {
        if (i->tenant.org == t.org && i->tenant.mode == t.mode) {
            *ret = i;
            return TS_OK;
        }
    }
    arena = ts_arena_new(TOTALS_ARENA_BYTES);
    if (arena == NULL)
        return TS_NOMEM;
    st = row_totals(l->store, t, TS_STR_NULL, arena, &row);
    if (st != TS_OK)
        return st;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return TS_NOMEM;
    made->tenant = t;
    for (size_t i = 0; i < row->n_counts && i < TS_COUNT(made->counts); i++)
        made->counts[i] = row->counts[i];
    made->next = *slot;
    *slot = made;
    *ret = made;
    return TS_OK;
}

/* Its figures too: a row of them must not come back. */
void ledger_forget(ledger *l, ts_tenant t)
{
    ledger_tenant *tenant = NULL;

    for (size_t i = 0; i < l->table_size; i++) {
        ready_endpoint *e = l->table[i];

        if (e == NULL || e->tenant.org != t.org || e->tenant.mode != t.mode)
            continue;
        e->is_gone = e->is_ended = true;
        e->is_replaying = false;
        memset(e->counts, 0, sizeof(e->counts));
        ready_remove(e);
    }
    if (ledger_tenant_of(l, t, &tenant) == TS_OK)
        memset(tenant->counts, 0, sizeof(tenant->counts));
}

/* ---- start ---- */

static ts_status load_endpoints(ledger *l)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(OPEN_ARENA_BYTES);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(l->store, WEBHOOKS_ENDPOINTS, TS_STR_NULL, TS_STR_NULL, false);
    ts_status st = TS_OK;

    if (it == NULL || arena == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && st == TS_OK; ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        ready_endpoint *e = NULL;
        ts_tenant tenant;
        ts_str id;

        ts_arena_reset(arena);
        if (!key_read_endpoint(ts_iter_key(it), &tenant, &id))
            return TS_CORRUPT;
        if (ts_store_is_erased(l->store, tenant.org))
            continue; /* its rows go when auth tells it again */
        st = ts_arena_unpack(arena, &ts__webhooks__endpoint__descriptor, ts_iter_value(it), &m);
        e = ledger_endpoint(l, id); /* an upgrade has counted what it is owed */
        if (st == TS_OK && e == NULL)
            st = ledger_endpoint_add(l, tenant, id, &e);
        if (st == TS_OK)
            st = ledger_totals_load(l, e);
        if (st != TS_OK)
            break;
        e->is_ghost = false;
        ready_begin(e, e->failing_since_ms != 0);
        st = ledger_endpoint_apply(l, e, (const Ts__Webhooks__Endpoint *)m);
        if (st == TS_OK)
            st = queue_begin(l, e);
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

static void begin_metrics(ledger_metrics *m)
{
    m->published = ts_counter("ts_webhooks_events_total", "", "events taken in");
    m->leased = ts_counter("ts_webhooks_leases_total", "outcome=\"given\"", "leases of deliveries");
    m->expired =
        ts_counter("ts_webhooks_leases_total", "outcome=\"expired\"", "leases of deliveries");
    m->returned =
        ts_counter("ts_webhooks_leases_total", "outcome=\"returned\"", "leases of deliveries");
    m->late = ts_counter("ts_webhooks_leases_total", "outcome=\"late\"", "leases of deliveries");
    m->delivered =
        ts_counter("ts_webhooks_deliveries_total", "outcome=\"delivered\"", "attempts by outcome");
    m->retried =
        ts_counter("ts_webhooks_deliveries_total", "outcome=\"retried\"", "attempts by outcome");
    m->failed =
        ts_counter("ts_webhooks_deliveries_total", "outcome=\"failed\"", "attempts by outcome");
    m->replayed = ts_counter("ts_webhooks_replayed_total", "", "deliveries queued again by hand");
    m->forgotten = ts_counter("ts_webhooks_forgotten_total", "", "old events dropped");
    m->disabled =
        ts_counter("ts_webhooks_disabled_total", "", "endpoints disabled for nothing but failures");
    m->lateness = ts_histogram("ts_webhooks_lateness_seconds", "",
                               "from when a delivery was due until a dispatcher had it");
    for (unsigned i = 0; i < LEDGER_CLASSES; i++) {
        char labels[48];

        snprintf(labels, sizeof(labels), "class=\"%s\"", result_classes[i]);
        m->attempts[i] = ts_counter("ts_webhooks_attempts_total", labels, "attempts by class");
    }
}

ts_status ledger_open(ledger *l, ts_store *store, const ledger_options *options, ts_error *err)
{
    ts_status st;

    *l = (ledger){ .store = store,
                   .options = *options,
                   .clock = clock_start(),
                   .ready = { .parallel = options->parallel },
                   .next_lease_ms = READY_NEVER };
    pthread_mutex_init(&l->lock, NULL);
    ts_monotonic_cond(&l->wake);
    begin_metrics(&l->metrics);
    st = upgrade_run(l);
    if (st == TS_OK)
        st = load_endpoints(l);
    if (st == TS_OK)
        st = ledger_load_leases(l);
    if (st == TS_OK)
        st = replay_begin(l);
    return st == TS_OK ? TS_OK : ts_fail(err, st, "", "the ledger cannot be read");
}

void ledger_close(ledger *l)
{
    for (size_t i = 0; i < l->table_size; i++) {
        if (l->table[i] == NULL)
            continue;
        ts__webhooks__endpoint__free_unpacked(l->table[i]->settings, NULL);
        free(l->table[i]->ahead);
        free(l->table[i]);
    }
    free(l->table);
    for (size_t i = 0; i < LEDGER_TENANT_SLOTS; i++) {
        while (l->tenants[i] != NULL) {
            ledger_tenant *t = l->tenants[i];

            l->tenants[i] = t->next;
            free(t);
        }
    }
    leases_done(&l->leases);
    ready_done(&l->ready);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
}
