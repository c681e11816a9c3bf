#include "work.h"

#define ID_SIZE 16

void work_begin(incidents_work *w, incidents *app, ts_tenant tenant, int64_t now_ms,
                ts_arena *arena, ts_batch *batch)
{
    *w = (incidents_work){
        .app = app, .tenant = tenant, .now_ms = now_ms, .arena = arena, .batch = batch
    };
}

ts_status incidents_load_row(ts_store *store, ts_str key, ts_arena *arena, Ts__Incidents__Row **ret)
{
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(store, INCIDENTS_ROWS, key, arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(arena, &ts__incidents__row__descriptor, value, &m);
    if (st != TS_OK)
        return st;
    if (((Ts__Incidents__Row *)m)->incident == NULL)
        return TS_CORRUPT;
    *ret = (Ts__Incidents__Row *)m;
    return TS_OK;
}

ts_status work_load(const incidents_work *w, unsigned family, const incidents_key *key,
                    const ProtobufCMessageDescriptor *type, void *ret)
{
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(w->app->store, family, incidents_key_view(key), w->arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(w->arena, type, value, &m);
    if (st == TS_OK)
        memcpy(ret, &m, sizeof(m));
    return st;
}

ts_status work_load_row(const incidents_work *w, const uint8_t id[16], Ts__Incidents__Row **ret)
{
    incidents_key key = incidents_id_key(w->tenant, id);
    Ts__Incidents__Row *row = NULL;
    ts_status st = incidents_load_row(w->app->store, incidents_key_view(&key), w->arena, &row);

    if (st != TS_OK)
        return st;
    if (row->chain.len != ID_SIZE || row->incident->severity >= CHAIN_SEVERITIES)
        return TS_CORRUPT;
    *ret = row;
    return TS_OK;
}

ts_status work_take_row(incidents_work *w, const uint8_t id[16], Ts__Incidents__Row *row)
{
    const Ts__Incidents__Incident *incident = row->incident;
    ts_status st = incident_status_read(incident->status, &w->status);

    if (st != TS_OK)
        return st;
    w->row = row;
    memcpy(w->id, id, ID_SIZE);
    w->old_status = w->status;
    w->old_severity = incident->severity;
    /* Lists only ever grow by a copy, so that the old one stays as it was. */
    w->old_users = incident->affected_users;
    w->old_user_count = incident->n_affected_users;
    return TS_OK;
}

static ts_hash128 incident_hash(const incidents_work *w, const Ts__Detection *opening)
{
    uint64_t scope[2] = { w->tenant.org, (uint64_t)w->tenant.mode };
    ts_str parts[] = { TS_STR_LIT("incident"), ts_str_n(scope, sizeof(scope)),
                       ts_str_n(opening->id.data, opening->id.len) };

    return ts_hash_parts(parts, TS_COUNT(parts));
}

ts_status work_new_row(incidents_work *w, const Ts__Detection *opening)
{
    Ts__Incidents__Row *row = ts_arena_alloc(w->arena, sizeof(*row));
    Ts__Incidents__Incident *incident = ts_arena_alloc(w->arena, sizeof(*incident));
    ts_hash128 id = incident_hash(w, opening);
    ts_hash128 chain = chain_of(opening);
    char text[TS_ID_SIZE];

    if (row == NULL || incident == NULL)
        return TS_NOMEM;
    ts__incidents__row__init(row);
    ts__incidents__incident__init(incident);
    ts_id_format("inc_", id, text);
    incident->id = ts_arena_z(w->arena, ts_str_of(text));
    row->chain.data =
        (uint8_t *)(uintptr_t)ts_arena_str(w->arena, ts_str_n(chain.bytes, ID_SIZE)).p;
    row->chain.len = ID_SIZE;
    if (incident->id == NULL || row->chain.data == NULL)
        return TS_NOMEM;
    incident->created_ms = w->now_ms;
    row->incident = incident;
    w->row = row;
    w->is_new = true;
    memcpy(w->id, id.bytes, ID_SIZE);
    work_set_status(w, INCIDENT_OPEN);
    return TS_OK;
}

/* ---- detections ---- */

static void put(incidents_work *w, unsigned family, const incidents_key *key,
                const ProtobufCMessage *m)
{
    ts_batch_put_message(w->batch, w->app->store, family, incidents_key_view(key), m);
}

static void put_empty(incidents_work *w, unsigned family, const incidents_key *key)
{
    ts_batch_put(w->batch, w->app->store, family, incidents_key_view(key), TS_STR_NULL);
}

void work_put_detection(incidents_work *w, const Ts__Detection *d)
{
    incidents_key key = incidents_timed_key(w->tenant, w->id, d->event_ms, d->id.data);
    Ts__Incidents__Owner owner = TS__INCIDENTS__OWNER__INIT;

    put(w, INCIDENTS_DETECTIONS, &key, &d->base);
    owner.incident.data = w->id;
    owner.incident.len = ID_SIZE;
    owner.event_ms = d->event_ms;
    key = incidents_id_key(w->tenant, d->id.data);
    put(w, INCIDENTS_OWNERS, &key, &owner.base);
}

ts_status work_join(incidents_work *w, const Ts__Detection *d)
{
    incidents_key key;

    if (!ts_arena_grow(w->arena, &w->joined, w->joined_count, &w->joined_capacity,
                       sizeof(*w->joined)))
        return TS_NOMEM;
    w->joined[w->joined_count++] = d->id;
    work_put_detection(w, d);
    if (d->dedup_key[0] != '\0') {
        key = incidents_list_key(
            w->tenant, incidents_rule_scope(ts_str_of(d->rule_id), ts_str_of(d->dedup_key)),
            w->row->incident->created_ms, w->id);
        put_empty(w, INCIDENTS_LISTS, &key);
    }
    w->row->incident->detection_count++;
    return chain_absorb(w->row, d, w->arena);
}

/* ---- story and state ---- */

void work_tell(incidents_work *w, const char *kind, const char *text, const char *actor)
{
    incidents_key key = incidents_story_key(w->tenant, w->id, w->row->entries);
    Ts__Incidents__TimelineEntry entry = TS__INCIDENTS__TIMELINE_ENTRY__INIT;

    entry.at_ms = w->now_ms;
    entry.kind = (char *)(uintptr_t)kind; /* only packed, all three */
    entry.text = (char *)(uintptr_t)text;
    entry.actor = (char *)(uintptr_t)actor;
    put(w, INCIDENTS_STORY, &key, &entry.base);
    w->row->entries++;
}

void work_set_status(incidents_work *w, incident_status status)
{
    w->status = status;
    w->row->incident->status = (char *)(uintptr_t)incident_status_name(status); /* only packed */
    w->row->incident->closed_ms = incident_is_closed(status) ? w->now_ms : 0;
}

/* ---- saving ---- */

static void list(incidents_work *w, ts_hash128 scope, bool present)
{
    incidents_key key = incidents_list_key(w->tenant, scope, w->row->incident->created_ms, w->id);

    if (present)
        put_empty(w, INCIDENTS_LISTS, &key);
    else
        ts_batch_delete(w->batch, w->app->store, INCIDENTS_LISTS, incidents_key_view(&key));
}

/* The lists of the API that an incident stands in. */
typedef struct scopes {
    ts_hash128 *list;
    size_t count;
} scopes;

static ts_status find_scopes(incidents_work *w, incident_status status, uint32_t severity,
                             char *const *users, size_t user_count, scopes *ret)
{
    ret->list = ts_arena_array(w->arena, INCIDENTS_SCOPES(user_count), sizeof(*ret->list));
    if (ret->list == NULL)
        return TS_NOMEM;
    ret->count = incidents_list_scopes(incident_is_closed(status) ? GROUP_CLOSED : GROUP_OPEN,
                                       (int)severity, users, user_count, ret->list);
    return TS_OK;
}

/* Those of `of` that are not among `others`. */
static ts_status list_others(incidents_work *w, const scopes *of, const scopes *others,
                             bool present)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < of->count && st == TS_OK; i++) {
        incidents_key view = incidents_list_view(w->tenant, of->list[i]);

        if (incidents_has_scope(others->list, others->count, of->list[i]))
            continue;
        list(w, of->list[i], present);
        st = ts_ranks_move(&incidents_ranks, w->app->store, w->batch, w->arena,
                           incidents_key_view(&view), w->row->incident->created_ms, present);
    }
    return st;
}

/* From the lists in which the store has it to those that it belongs into; none if it is `gone`. A list that is both is left
 * alone: it is counted once in a batch. */
static ts_status move_lists(incidents_work *w, bool gone)
{
    const Ts__Incidents__Incident *incident = w->row->incident;
    scopes old = { NULL, 0 };
    scopes new = { NULL, 0 };
    bool was_open = !w->is_new && !incident_is_closed(w->old_status);
    bool is_open = !gone && !incident_is_closed(w->status);
    ts_status st = TS_OK;

    if (!w->is_new)
        st = find_scopes(w, w->old_status, w->old_severity, w->old_users, w->old_user_count, &old);
    if (st == TS_OK && !gone)
        st = find_scopes(w, w->status, incident->severity, incident->affected_users,
                         incident->n_affected_users, &new);
    if (st == TS_OK)
        st = list_others(w, &old, &new, false);
    if (st == TS_OK)
        st = list_others(w, &new, &old, true);
    if (was_open != is_open)
        list(w, incidents_chain_scope(w->row->chain.data), is_open);
    return st;
}

static uint64_t *count_of(Ts__Incidents__Totals *totals, incident_status status, uint32_t severity)
{
    return &totals->counts[(size_t)status * CHAIN_SEVERITIES + severity];
}

/* It is counted no more under what the store holds of it, and under its new state unless it is `gone`. */
static ts_status save_totals(incidents_work *w, bool gone)
{
    const size_t wanted = (size_t)INCIDENT_STATUSES * CHAIN_SEVERITIES;
    Ts__Incidents__Totals empty = TS__INCIDENTS__TOTALS__INIT;
    Ts__Incidents__Totals *totals = &empty;
    incidents_key key = incidents_tenant_key(w->tenant);
    uint64_t *from;
    ts_status st =
        work_load(w, INCIDENTS_TOTALS, &key, &ts__incidents__totals__descriptor, &totals);

    if (st != TS_OK && st != TS_NOT_FOUND)
        return st;
    if (totals->n_counts != wanted) {
        if (totals->n_counts != 0)
            return TS_CORRUPT;
        totals->counts = ts_arena_array(w->arena, wanted, sizeof(uint64_t));
        if (totals->counts == NULL)
            return TS_NOMEM;
        totals->n_counts = wanted;
    }
    if (!w->is_new) {
        from = count_of(totals, w->old_status, w->old_severity);
        if (*from > 0)
            (*from)--;
    }
    if (!gone)
        (*count_of(totals, w->status, w->row->incident->severity))++;
    totals->ranked = true;
    put(w, INCIDENTS_TOTALS, &key, &totals->base);
    return TS_OK;
}

/* Counted before the batch is written: if the write fails the process ends, and the next one counts anew. */
static void save_metrics(const incidents_work *w)
{
    bool was_open = !w->is_new && !incident_is_closed(w->old_status);
    bool is_open = !incident_is_closed(w->status);

    if (w->is_new)
        ts_metric_add(w->app->opened[w->row->incident->severity], 1);
    if (is_open != was_open)
        ts_metric_move(w->app->open, is_open ? 1.0 : -1.0);
    ts_metric_add(w->app->joined, w->joined_count);
}

ts_status work_save(incidents_work *w)
{
    Ts__Incidents__Incident *incident = w->row->incident;
    incidents_key key = incidents_id_key(w->tenant, w->id);
    bool moved = w->is_new || w->status != w->old_status || incident->severity != w->old_severity;
    ts_status st = TS_OK;

    incident->revision++;
    if (w->now_ms > incident->updated_ms)
        incident->updated_ms = w->now_ms;
    if (moved || incident->n_affected_users != w->old_user_count)
        st = move_lists(w, false);
    if (st != TS_OK)
        return st;
    put(w, INCIDENTS_ROWS, &key, &w->row->base);
    save_metrics(w);
    return moved ? save_totals(w, false) : TS_OK;
}

ts_status work_forget(incidents_work *w)
{
    incidents_key row = incidents_id_key(w->tenant, w->id);
    incidents_key story = incidents_story_key(w->tenant, w->id, 0);
    incidents_key story_end = incidents_story_key(w->tenant, w->id, UINT32_MAX);
    ts_status st = move_lists(w, true);

    if (st != TS_OK)
        return st;
    ts_batch_delete(w->batch, w->app->store, INCIDENTS_ROWS, incidents_key_view(&row));
    ts_batch_delete_range(w->batch, w->app->store, INCIDENTS_STORY, incidents_key_view(&story),
                          incidents_key_view(&story_end));
    return save_totals(w, true);
}
