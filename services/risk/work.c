#include "work.h"

#include "apps.h"
#include "baselines.h"
#include "orphans.h"
#include "publish.h"
#include "rescore.h"
#include "ts/time.h"

void work_lock(ts_store *store, ts_tenant tenant)
{
    risk_key key = risk_key_tenant(tenant);

    ts_store_lock(store, risk_key_view(&key));
}

void work_unlock(ts_store *store, ts_tenant tenant)
{
    risk_key key = risk_key_tenant(tenant);

    ts_store_unlock(store, risk_key_view(&key));
}

/* Reads a message; *ret is untouched if there is none. */
static ts_status get_message(risk_work *w, unsigned family, const risk_key *key,
                             const ProtobufCMessageDescriptor *type, void *ret)
{
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(w->store, family, risk_key_view(key), w->arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(w->arena, type, value, &m);
    if (st == TS_OK)
        memcpy(ret, &m, sizeof(m));
    return st;
}

static ts_status load_totals(risk_work *w)
{
    risk_key key = risk_key_tenant(w->tenant);
    ts_status st = get_message(w, RISK_TOTALS, &key, &ts__risk__totals__descriptor, &w->totals);

    if (st == TS_NOT_FOUND) {
        w->totals = ts_arena_alloc(w->arena, sizeof(*w->totals));
        if (w->totals == NULL)
            return TS_NOMEM;
        ts__risk__totals__init(w->totals);
        st = TS_OK;
    }
    if (st == TS_OK && w->totals->n_by_score != 101) {
        w->totals->by_score = ts_arena_array(w->arena, 101, sizeof(uint64_t));
        w->totals->n_by_score = w->totals->by_score == NULL ? 0 : 101;
        st = w->totals->by_score == NULL ? TS_NOMEM : TS_OK;
    }
    return st;
}

ts_status work_begin_in(risk_work *w, ts_store *store, ts_tenant tenant, int64_t now_ms,
                        ts_arena *arena, ts_batch *batch)
{
    memset(w, 0, sizeof(*w));
    w->store = store;
    w->tenant = tenant;
    w->now_ms = now_ms;
    w->arena = arena;
    w->users_by_email.arena = arena;
    w->users_by_number.arena = arena;
    w->users_by_source_id.arena = arena;
    w->firings_by_id.arena = arena;
    w->apps.by_id.arena = arena;
    w->search.arena = arena;
    w->batch = batch;
    return load_totals(w);
}

ts_status work_begin(risk_work *w, ts_store *store, ts_tenant tenant, int64_t now_ms,
                     ts_arena *arena)
{
    ts_batch *batch = ts_batch_new();
    ts_status st;

    if (batch == NULL)
        return TS_NOMEM;
    work_lock(store, tenant);
    st = work_begin_in(w, store, tenant, now_ms, arena, batch);
    if (st != TS_OK) {
        work_unlock(store, tenant);
        ts_batch_free(batch);
    }
    return st;
}

void work_end(risk_work *w)
{
    work_unlock(w->store, w->tenant);
    ts_batch_free(TS_TAKE(w->batch));
}

static ts_str number_key(risk_work *w, uint64_t number)
{
    char *bytes = ts_arena_alloc(w->arena, sizeof(number));

    if (bytes == NULL)
        return TS_STR_NULL;
    memcpy(bytes, &number, sizeof(number));
    return ts_str_n(bytes, sizeof(number));
}

static ts_status remember(risk_work *w, Ts__Risk__UserRow *row, bool is_new, work_user **ret)
{
    work_user *u = ts_arena_alloc(w->arena, sizeof(*u));

    if (u == NULL)
        return TS_NOMEM;
    u->row = row;
    u->is_new = is_new;
    u->touched = is_new;
    if (!is_new) {
        u->old_name = row->name;
        u->old_department = row->department;
        u->old_email = row->email;
        u->was_suspended = row->suspended;
    }
    u->next = w->users;
    w->users = u;
    if (!risk_map_put(&w->users_by_email, ts_str_of(row->email), u) ||
        !risk_map_put(&w->users_by_number, number_key(w, row->number), u))
        return TS_NOMEM;
    *ret = u;
    return TS_OK;
}

ts_status work_user_by_number(risk_work *w, uint64_t number, work_user **ret)
{
    risk_key key = risk_user_key(w->tenant, number);
    work_user *known = risk_map_get(&w->users_by_number, ts_str_n(&number, sizeof(number)));
    Ts__Risk__UserRow *row = NULL;
    ts_status st;

    if (known != NULL) {
        *ret = known;
        return TS_OK;
    }
    st = get_message(w, RISK_USERS, &key, &ts__risk__user_row__descriptor, &row);
    return st == TS_OK ? remember(w, row, false, ret) : st;
}

ts_status work_user_by_email(risk_work *w, ts_str email, work_user **ret)
{
    risk_key key = risk_identity_key(w->tenant, "email", email);
    work_user *known = risk_map_get(&w->users_by_email, email);
    ts_str value;
    ts_status st;

    if (known != NULL) {
        *ret = known;
        return TS_OK;
    }
    st = ts_store_get(w->store, RISK_IDENTITY, risk_key_view(&key), w->arena, &value);
    if (st != TS_OK)
        return st;
    st = work_user_by_number(w, risk_read_u64(value, 0), ret);
    /* Found by an alias: the next look-up in this work must find it too. */
    if (st == TS_OK && !risk_map_put(&w->users_by_email, ts_arena_str(w->arena, email), *ret))
        return TS_NOMEM;
    return st == TS_NOT_FOUND ? TS_CORRUPT : st;
}

static void put_identity(risk_work *w, const char *kind, ts_str text, uint64_t number)
{
    risk_key key = risk_identity_key(w->tenant, kind, text);
    risk_key value;

    value.n = 0;
    value.overflow = false;
    risk_key_u64(&value, number);
    ts_batch_put(w->batch, w->store, RISK_IDENTITY, risk_key_view(&key), risk_key_view(&value));
}

ts_status work_user_add(risk_work *w, ts_str email, const char *source, ts_str id, int64_t seen_ms,
                        work_user **ret)
{
    Ts__Risk__UserRow *row = ts_arena_alloc(w->arena, sizeof(*row));
    ts_status st;

    if (row == NULL)
        return TS_NOMEM;
    ts__risk__user_row__init(row);
    row->number = ++w->totals->last_user_number;
    row->email = ts_arena_z(w->arena, email);
    row->first_seen_ms = seen_ms;
    row->last_seen_ms = seen_ms;
    if (row->email == NULL)
        return TS_NOMEM;
    st = remember(w, row, true, ret);
    if (st != TS_OK)
        return st;
    put_identity(w, "email", email, row->number);
    if (id.n > 0)
        st = work_user_identify(w, *ret, source, id);
    return st == TS_OK ? orphans_adopt(w, *ret, email) : st;
}

/* Source and id of an identity key. */
static ts_str source_id_view(const risk_key *key)
{
    ts_str view = risk_key_view(key);

    return view.n < TS_KEY_TENANT_SIZE
               ? TS_STR_NULL
               : ts_str_n(view.p + TS_KEY_TENANT_SIZE, view.n - TS_KEY_TENANT_SIZE);
}

ts_status work_user_identify(risk_work *w, work_user *u, const char *source, ts_str id)
{
    Ts__Risk__UserRow *row = u->row;
    risk_key key = risk_identity_key(w->tenant, source, id);
    work_user *known = NULL;
    char **list;
    ts_str copy;
    ts_status st;

    for (size_t i = 0; i < row->n_id_sources; i++) {
        if (strcmp(row->id_sources[i], source) == 0)
            return TS_OK;
    }
    list = ts_arena_array(w->arena, row->n_id_sources + 1, sizeof(*list));
    if (list == NULL)
        return TS_NOMEM;
    if (row->n_id_sources > 0)
        memcpy(list, row->id_sources, row->n_id_sources * sizeof(*list));
    list[row->n_id_sources++] = (char *)(uintptr_t)source; /* only packed */
    row->id_sources = list;
    u->touched = true;
    /* Who has it keeps it: two accounts with one id are one account that we take for two. */
    st = work_user_by_source(w, source, id, &known);
    if (st != TS_NOT_FOUND)
        return st;
    put_identity(w, source, id, row->number);
    copy = ts_arena_str(w->arena, source_id_view(&key));
    return copy.p != NULL && risk_map_put(&w->users_by_source_id, copy, u) ? TS_OK : TS_NOMEM;
}

ts_status work_user_by_source(risk_work *w, const char *source, ts_str id, work_user **ret)
{
    risk_key key = risk_identity_key(w->tenant, source, id);
    work_user *known = risk_map_get(&w->users_by_source_id, source_id_view(&key));
    ts_str value;
    ts_status st;

    if (known != NULL) {
        *ret = known;
        return TS_OK;
    }
    st = ts_store_get(w->store, RISK_IDENTITY, risk_key_view(&key), w->arena, &value);
    return st == TS_OK ? work_user_by_number(w, risk_read_u64(value, 0), ret) : st;
}

ts_status work_user_alias(risk_work *w, work_user *u, ts_str email)
{
    char *copy = ts_arena_z(w->arena, email);

    if (copy == NULL || !risk_map_put(&w->users_by_email, ts_str_of(copy), u))
        return TS_NOMEM;
    put_identity(w, "email", email, u->row->number);
    if (u->listed_as == NULL)
        u->listed_as = u->row->email;
    u->row->email = copy;
    u->touched = true;
    return orphans_adopt(w, u, email);
}

void work_user_rescore(work_user *u, const char *cause)
{
    u->touched = true;
    u->rescore = true;
    u->cause = cause;
}

ts_status work_firing_get(risk_work *w, uint64_t user, const uint8_t id[16], work_firing **ret)
{
    risk_key key = risk_firing_key(w->tenant, user, id);
    work_firing *f = risk_map_get(&w->firings_by_id, ts_str_n(id, 16));
    ts_status st;

    if (f != NULL) {
        *ret = f;
        return TS_OK;
    }
    f = ts_arena_alloc(w->arena, sizeof(*f));
    if (f == NULL)
        return TS_NOMEM;
    f->user = user;
    f->email = "";
    st = get_message(w, RISK_FIRINGS, &key, &ts__risk__firing__descriptor, &f->row);
    if (st == TS_NOT_FOUND) {
        f->row = ts_arena_alloc(w->arena, sizeof(*f->row));
        if (f->row == NULL)
            return TS_NOMEM;
        ts__risk__firing__init(f->row);
        f->row->id.data = (uint8_t *)(uintptr_t)ts_arena_str(w->arena, ts_str_n(id, 16)).p;
        f->row->id.len = 16;
        f->is_new = true;
        st = f->row->id.data == NULL ? TS_NOMEM : TS_OK;
    }
    if (st != TS_OK)
        return st;
    if (w->last_firing == NULL)
        w->firings = f;
    else
        w->last_firing->next = f;
    w->last_firing = f;
    if (!risk_map_put(&w->firings_by_id, ts_str_n(f->row->id.data, 16), f))
        return TS_NOMEM;
    *ret = f;
    return TS_OK;
}

ts_status work_firing_owner(risk_work *w, const uint8_t id[16], uint64_t *ret_user)
{
    risk_key key = risk_key_tenant(w->tenant);
    ts_str value;
    ts_status st;

    risk_key_bytes(&key, id, 16);
    st = ts_store_get(w->store, RISK_FIRING_USERS, risk_key_view(&key), w->arena, &value);
    if (st == TS_OK)
        *ret_user = risk_read_u64(value, 0);
    return st;
}

ts_status work_load_firings(ts_store *store, ts_tenant tenant, uint64_t user, ts_arena *arena,
                            Ts__Risk__Firing ***ret_rows, size_t *ret_count)
{
    risk_key prefix = risk_user_key(tenant, user);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    Ts__Risk__Firing **rows = NULL;
    size_t capacity = 0;
    size_t count = 0;

    it = ts_iter_prefix(store, RISK_FIRINGS, risk_key_view(&prefix), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        ts_status st = ts_arena_unpack(arena, &ts__risk__firing__descriptor, ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        if (!ts_arena_grow(arena, &rows, count, &capacity, sizeof(*rows)))
            return TS_NOMEM;
        rows[count++] = (Ts__Risk__Firing *)m;
    }
    *ret_rows = rows;
    *ret_count = count;
    return ts_iter_status(it);
}

static void write_firing(risk_work *w, const work_firing *f)
{
    risk_key key = risk_firing_key(w->tenant, f->user, f->row->id.data);
    risk_key owner_key = risk_key_tenant(w->tenant);
    risk_key owner;

    ts_batch_put_message(w->batch, w->store, RISK_FIRINGS, risk_key_view(&key), &f->row->base);
    if (f->is_new)
        w->totals->detections++;
    else if (!f->moved)
        return;
    if (f->moved) {
        key = risk_firing_key(w->tenant, 0, f->row->id.data);
        ts_batch_delete(w->batch, w->store, RISK_FIRINGS, risk_key_view(&key));
    }
    if (f->user == 0) {
        key = orphan_key(w->tenant, ts_str_of(f->row->user_email), ORPHAN_FIRING,
                         ts_str_n(f->row->id.data, f->row->id.len));
        ts_batch_put(w->batch, w->store, RISK_ORPHANS, risk_key_view(&key), TS_STR_NULL);
    }
    risk_key_bytes(&owner_key, f->row->id.data, 16);
    owner.n = 0;
    owner.overflow = false;
    risk_key_u64(&owner, f->user);
    ts_batch_put(w->batch, w->store, RISK_FIRING_USERS, risk_key_view(&owner_key),
                 risk_key_view(&owner));
}

static bool differs(const char *old, const char *new)
{
    return old == NULL || strcmp(old, new) != 0;
}

/* A search sorts by it: a small row instead of the user's whole one. */
static void put_place(risk_work *w, const Ts__Risk__UserRow *row)
{
    risk_key key = risk_user_key(w->tenant, row->number);
    risk_key place;

    place.n = 0;
    place.overflow = false;
    risk_key_u8(&place, (uint8_t)(100 - row->score));
    risk_key_bytes(&place, row->email, strlen(row->email));
    ts_batch_put(w->batch, w->store, RISK_USER_PLACES, risk_key_view(&key), risk_key_view(&place));
}

/* The index follows name, department and address. */
static ts_status index_user(risk_work *w, work_user *u)
{
    const Ts__Risk__UserRow *row = u->row;
    ts_status st = TS_OK;

    if (row->searchable && !differs(u->old_name, row->name) &&
        !differs(u->old_department, row->department) && !differs(u->old_email, row->email))
        return TS_OK;
    if (row->searchable)
        st = search_edit_user(&w->search, w->tenant, row->number, ts_str_of(u->old_name),
                              ts_str_of(u->old_department), ts_str_of(u->old_email), false);
    else
        put_place(w, row); /* else it follows the order */
    u->row->searchable = true;
    return st == TS_OK ? search_edit_user(&w->search, w->tenant, row->number, ts_str_of(row->name),
                                          ts_str_of(row->department), ts_str_of(row->email), true)
                       : st;
}

/* A user's row, its place in the order and the count of its score. */
static void write_user(risk_work *w, const work_user *u, uint32_t old_score)
{
    risk_key key = risk_user_key(w->tenant, u->row->number);
    const char *old_email = u->listed_as == NULL ? u->row->email : u->listed_as;
    risk_key number;

    ts_batch_put_message(w->batch, w->store, RISK_USERS, risk_key_view(&key), &u->row->base);
    if (u->row->suspended && !u->was_suspended)
        w->totals->suspended++;
    else if (!u->row->suspended && u->was_suspended && w->totals->suspended > 0)
        w->totals->suspended--;
    if (!u->is_new && old_score == u->row->score && u->listed_as == NULL)
        return;
    if (!u->is_new) {
        key = risk_order_key(w->tenant, old_score, ts_str_of(old_email));
        ts_batch_delete(w->batch, w->store, RISK_USER_ORDER, risk_key_view(&key));
        if (w->totals->by_score[old_score] > 0)
            w->totals->by_score[old_score]--;
    }
    key = risk_order_key(w->tenant, u->row->score, ts_str_of(u->row->email));
    number.n = 0;
    number.overflow = false;
    risk_key_u64(&number, u->row->number);
    ts_batch_put(w->batch, w->store, RISK_USER_ORDER, risk_key_view(&key), risk_key_view(&number));
    w->totals->by_score[u->row->score]++;
    put_place(w, u->row);
}

ts_status work_finish(risk_work *w)
{
    risk_key key = risk_key_tenant(w->tenant);
    ts_status st = apps_finish(w);

    if (st != TS_OK)
        return st;
    for (work_firing *f = w->firings; f != NULL; f = f->next) {
        if (!f->changed)
            continue;
        write_firing(w, f);
        if (f->announce)
            risk_publish_detection(w, f);
    }
    for (work_user *u = w->users; u != NULL; u = u->next) {
        uint32_t old_score = u->row->score;

        if (u->rescore)
            st = risk_rescore(w, u);
        if (st == TS_OK && u->touched)
            st = index_user(w, u);
        if (st != TS_OK)
            return st;
        baselines_finish(w, u);
        if (u->touched)
            write_user(w, u, old_score);
    }
    st = search_edits_write(&w->search, w->store, w->batch);
    if (st != TS_OK)
        return st;
    ts_batch_put_message(w->batch, w->store, RISK_TOTALS, risk_key_view(&key), &w->totals->base);
    return TS_OK;
}

ts_status work_write(risk_work *w, uint64_t *ret_ticket)
{
    ts_status st = work_finish(w);

    return st == TS_OK ? ts_store_write(w->store, w->batch, ret_ticket) : st;
}
