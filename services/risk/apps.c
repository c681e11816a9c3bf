#include "apps.h"

#include "fire.h"
#include "normalize/clean.h"
#include "orphans.h"
#include "publish.h"
#include "score/app_score.h"
#include "search/terms.h"
#include "ts/id.h"

#define USERS_LOOKED_AT 500 /* rows of app_users that are read to find those to show */

typedef struct work_app_use {
    work_app *app;
    ts_str email;
    Ts__Risk__AppUser state;
    struct work_app_use *next;
} work_app_use;

/* ---- loading ---- */

static ts_status remember(risk_work *w, const uint8_t id[16], Ts__Risk__AppRow *row, bool is_new,
                          work_app **ret)
{
    work_app *app = ts_arena_alloc(w->arena, sizeof(*app));

    if (app == NULL)
        return TS_NOMEM;
    memcpy(app->id, id, sizeof(app->id));
    app->row = row;
    app->is_new = is_new;
    app->old_name = row->name;
    app->old_score = row->score;
    app->was_trusted = row->trusted;
    app->next = w->apps.list;
    w->apps.list = app;
    *ret = app;
    return risk_map_put(&w->apps.by_id, ts_str_n(app->id, sizeof(app->id)), app) ? TS_OK : TS_NOMEM;
}

ts_status apps_get(risk_work *w, const uint8_t id[16], work_app **ret)
{
    risk_key key = risk_app_key(w->tenant, id);
    work_app *known = risk_map_get(&w->apps.by_id, ts_str_n(id, 16));
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st;

    if (known != NULL) {
        *ret = known;
        return TS_OK;
    }
    st = ts_store_get(w->store, RISK_APPS, risk_key_view(&key), w->arena, &value);
    if (st == TS_OK)
        st = ts_arena_unpack(w->arena, &ts__risk__app_row__descriptor, value, &m);
    return st == TS_OK ? remember(w, id, (Ts__Risk__AppRow *)m, false, ret) : st;
}

static ts_status get_or_make(risk_work *w, const uint8_t id[16], work_app **ret)
{
    ts_status st = apps_get(w, id, ret);
    Ts__Risk__AppRow *row;

    if (st != TS_NOT_FOUND)
        return st;
    row = ts_arena_alloc(w->arena, sizeof(*row));
    if (row == NULL)
        return TS_NOMEM;
    ts__risk__app_row__init(row);
    return remember(w, id, row, true, ret);
}

/* ---- events ---- */

static ts_hash128 app_id(const risk_work *w, const char *source, ts_str client_id, ts_str name)
{
    uint64_t scope[2] = { w->tenant.org, (uint64_t)w->tenant.mode };
    ts_str parts[] = { TS_STR_LIT("app"), ts_str_n(scope, sizeof(scope)), ts_str_of(source),
                       client_id, client_id.n > 0 ? TS_STR_NULL : name };

    return ts_hash_parts(parts, TS_COUNT(parts));
}

static ts_status set_scope(risk_work *w, const catalogue *c, Ts__Risk__AppScope *scope)
{
    catalogue_scope known = catalogue_find_scope(c, ts_str_of(scope->scope));

    scope->sensitivity = ts_arena_z(w->arena, known.class_name);
    scope->weight =
        ts_str_is(known.class_name, "unknown") ? (uint32_t)APP_UNKNOWN_SCOPE : known.weight;
    return scope->sensitivity == NULL ? TS_NOMEM : TS_OK;
}

static ts_status add_scope(risk_work *w, Ts__Risk__AppRow *row, ts_str text)
{
    Ts__Risk__AppScope **list;
    Ts__Risk__AppScope *scope;
    char *clean = risk_clean_z(w->arena, text, APPS_SCOPE_MAX);

    if (clean == NULL)
        return TS_NOMEM;
    if (clean[0] == '\0' || row->n_scopes >= APPS_SCOPES_MAX)
        return TS_OK;
    for (size_t i = 0; i < row->n_scopes; i++) {
        if (strcmp(row->scopes[i]->scope, clean) == 0)
            return TS_OK;
    }
    list = ts_arena_array(w->arena, row->n_scopes + 1, sizeof(*list));
    scope = ts_arena_alloc(w->arena, sizeof(*scope));
    if (list == NULL || scope == NULL)
        return TS_NOMEM;
    ts__risk__app_scope__init(scope);
    scope->scope = clean;
    if (row->n_scopes > 0)
        memcpy(list, row->scopes, row->n_scopes * sizeof(*list));
    list[row->n_scopes++] = scope;
    row->scopes = list;
    return TS_OK;
}

/* What the catalogue says of the app now, which may differ from what it said when the row was written. */
static ts_status describe(risk_work *w, const catalogue *c, Ts__Risk__AppRow *row)
{
    char *name = risk_clean_z(w->arena, ts_str_of(row->name), APPS_NAME_MAX);
    const catalogue_tool *tool;
    ts_status st = TS_OK;

    if (name == NULL)
        return TS_NOMEM;
    tool = catalogue_find_app(c, ts_str_of(row->client_id), ts_str_of(name));
    row->pinned = catalogue_pins(c, ts_str_of(row->client_id));
    row->ai_tool = ts_arena_z(w->arena, tool == NULL ? TS_STR_NULL : tool->name);
    row->publisher = ts_arena_z(w->arena, tool == NULL ? TS_STR_NULL : tool->vendor);
    for (size_t i = 0; i < row->n_scopes && st == TS_OK; i++)
        st = set_scope(w, c, row->scopes[i]);
    return row->ai_tool == NULL || row->publisher == NULL ? TS_NOMEM : st;
}

static ts_status update(risk_work *w, const catalogue *c, work_app *app, const risk_record *record,
                        char *client_id, char *name, int64_t at_ms)
{
    Ts__Risk__AppRow *row = app->row;
    ts_status st = TS_OK;

    if (app->is_new && !app->touched) {
        row->client_id = client_id;
        row->first_seen_ms = at_ms;
        app->connected = w->now_ms - at_ms <= RISK_HISTORICAL_MS;
    }
    app->touched = true;
    if (at_ms < row->first_seen_ms)
        row->first_seen_ms = at_ms;
    if (name[0] != '\0' && (row->name[0] == '\0' || at_ms >= row->last_used_ms))
        row->name = name;
    if (record->kind != RISK_KIND_APP_REVOKE && at_ms > row->last_used_ms)
        row->last_used_ms = at_ms;
    if (record->kind !=
        RISK_KIND_APP_REVOKE) { /* some sources tell what it may do when it does it */
        for (size_t i = 0; i < record->field_count && st == TS_OK; i++) {
            if (ts_str_is(record->fields[i].name, "scope"))
                st = add_scope(w, row, record->fields[i].value);
        }
    }
    return st == TS_OK ? describe(w, c, row) : st;
}

ts_status apps_take(risk_work *w, const catalogue *c, const risk_record *record)
{
    const Ts__Risk__Event *e = record->event;
    bool revokes = record->kind == RISK_KIND_APP_REVOKE;
    int64_t at_ms = e->event_ms < w->now_ms ? e->event_ms : w->now_ms;
    char *client_id, *name, *kept;
    work_app *app = NULL;
    ts_hash128 id;
    ts_status st;

    if (!revokes && record->kind != RISK_KIND_APP_GRANT && record->kind != RISK_KIND_APP_USE)
        return TS_OK;
    client_id = risk_clean_z(w->arena, risk_record_field(record, "client_id"), APPS_NAME_MAX);
    name = risk_clean_z(w->arena, risk_record_field(record, "app_name"), APPS_NAME_MAX);
    kept = risk_keep_z(w->arena, risk_record_field(record, "app_name"), APPS_NAME_MAX);
    if (client_id == NULL || name == NULL || kept == NULL)
        return TS_NOMEM;
    if (name[0] == '\0')
        kept = name; /* nothing of it is seen */
    if (client_id[0] == '\0' && name[0] == '\0')
        return TS_OK;
    id = app_id(w, e->source, ts_str_of(client_id), ts_str_of(name));
    st = get_or_make(w, id.bytes, &app);
    if (st == TS_OK)
        st = update(w, c, app, record, client_id, kept, at_ms);
    if (st != TS_OK || e->user_email[0] == '\0')
        return st;
    w->apps.catalogue = c;
    return apps_note_user(w, app, ts_str_of(e->user_email), !revokes, at_ms);
}

ts_status apps_note_user(risk_work *w, work_app *app, ts_str email, bool active, int64_t at_ms)
{
    work_app_use *use = ts_arena_alloc(w->arena, sizeof(*use));

    if (use == NULL)
        return TS_NOMEM;
    use->app = app;
    use->email = ts_arena_str(w->arena, email);
    ts__risk__app_user__init(&use->state);
    use->state.active = active;
    use->state.changed_ms = at_ms;
    if (w->apps.last_use == NULL)
        w->apps.uses = use;
    else
        w->apps.last_use->next = use;
    w->apps.last_use = use;
    return use->email.p == NULL ? TS_NOMEM : TS_OK;
}

/* ---- finishing ---- */

/* The stored state of a row, or of this work; made if there is none. */
static ts_status load_state(risk_work *w, risk_map *seen, unsigned family, const risk_key *key,
                            Ts__Risk__AppUser **ret)
{
    ts_str view = ts_arena_str(w->arena, risk_key_view(key));
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st;

    *ret = risk_map_get(seen, view);
    if (*ret != NULL)
        return TS_OK;
    st = ts_store_get(w->store, family, view, w->arena, &value);
    if (st == TS_OK)
        st = ts_arena_unpack(w->arena, &ts__risk__app_user__descriptor, value, &m);
    if (st == TS_NOT_FOUND) {
        m = ts_arena_alloc(w->arena, sizeof(Ts__Risk__AppUser));
        if (m == NULL)
            return TS_NOMEM;
        ts__risk__app_user__init((Ts__Risk__AppUser *)m);
        st = TS_OK;
    }
    if (st != TS_OK)
        return st;
    *ret = (Ts__Risk__AppUser *)m;
    return view.p != NULL && risk_map_put(seen, view, *ret) ? TS_OK : TS_NOMEM;
}

static void count_user(work_app *app, const work_app_use *use, bool was_active)
{
    Ts__Risk__AppRow *row = app->row;

    if (use->state.active == was_active)
        return;
    app->touched = true;
    if (use->state.active)
        row->user_count++;
    else if (row->user_count > 0)
        row->user_count--;
}

/* The first users of an app that is new: what is in the batch cannot be read yet. */
static void show_user(work_app *app, const work_user *u)
{
    for (size_t i = 0; i < app->user_count; i++) {
        if (strcmp(app->users[i], u->row->email) == 0)
            return;
    }
    if (app->user_count < APPS_USERS_MAX)
        app->users[app->user_count++] = u->row->email;
}

static ts_status settle_use(risk_work *w, risk_map *seen, const work_app_use *use)
{
    unsigned family = RISK_APP_USERS;
    Ts__Risk__AppUser *row = NULL;
    work_user *u = NULL;
    bool was_active;
    risk_key key;
    ts_status st = work_user_by_email(w, use->email, &u);

    if (st == TS_OK) {
        key = risk_app_key(w->tenant, use->app->id);
        risk_key_u64(&key, u->row->number);
    } else if (st == TS_NOT_FOUND) {
        family = RISK_ORPHANS;
        key = orphan_key(w->tenant, use->email, ORPHAN_APP, ts_str_n(use->app->id, 16));
    } else {
        return st;
    }
    st = load_state(w, seen, family, &key, &row);
    if (st != TS_OK || row->changed_ms > use->state.changed_ms)
        return st; /* an older word that came later */
    was_active = row->active;
    if (was_active == use->state.active && row->changed_ms == use->state.changed_ms)
        return TS_OK;
    *row = use->state;
    ts_batch_put_message(w->batch, w->store, family, risk_key_view(&key), &row->base);
    if (u == NULL)
        return TS_OK;
    count_user(use->app, use, was_active);
    if (use->app->is_new && use->state.active)
        show_user(use->app, u);
    return TS_OK;
}

static ts_status compute(risk_work *w, Ts__Risk__AppRow *row)
{
    uint32_t *weights = ts_arena_array(w->arena, row->n_scopes + 1, sizeof(*weights));
    app_facts facts = { .weights = weights,
                        .scope_count = row->n_scopes,
                        .user_count = row->user_count,
                        .publisher_known = row->pinned,
                        .trusted = row->trusted };

    if (weights == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < row->n_scopes; i++) {
        const char *class_name = row->scopes[i]->sensitivity;

        weights[i] = row->scopes[i]->weight;
        if (strcmp(class_name, "critical") == 0 || strcmp(class_name, "restricted") == 0)
            facts.broad_count++;
    }
    row->score = app_score(&facts);
    return TS_OK;
}

risk_key apps_order_key(ts_tenant t, enum apps_list list, uint32_t score, ts_str name,
                        ts_arena *arena, const uint8_t id[16])
{
    risk_key k = risk_key_tenant(t);
    ts_str folded = search_fold(arena, name);

    k.overflow = folded.p == NULL;
    risk_key_u8(&k, (uint8_t)list);
    risk_key_u8(&k, (uint8_t)(100 - (score > 100 ? 100 : score)));
    risk_key_text(&k, folded);
    risk_key_bytes(&k, id, 16);
    return k;
}

static void order(risk_work *w, const work_app *app, bool put, uint32_t score, const char *name,
                  bool trusted)
{
    enum apps_list lists[] = { APPS_ALL, trusted ? APPS_TRUSTED : APPS_UNTRUSTED };

    for (size_t i = 0; i < TS_COUNT(lists); i++) {
        risk_key key =
            apps_order_key(w->tenant, lists[i], score, ts_str_of(name), w->arena, app->id);

        if (put)
            ts_batch_put(w->batch, w->store, RISK_APP_ORDER, risk_key_view(&key), TS_STR_NULL);
        else
            ts_batch_delete(w->batch, w->store, RISK_APP_ORDER, risk_key_view(&key));
    }
}

static void count_app(risk_work *w, bool trusted, int by)
{
    uint64_t *count = trusted ? &w->totals->trusted_apps : &w->totals->untrusted_apps;

    if (by > 0)
        (*count)++;
    else if (*count > 0)
        (*count)--;
}

static ts_status write_app(risk_work *w, work_app *app)
{
    risk_key key = risk_app_key(w->tenant, app->id);
    Ts__Risk__App shown;
    ts_status st = compute(w, app->row);

    if (st != TS_OK)
        return st;
    if (!app->is_new) {
        order(w, app, false, app->old_score, app->old_name, app->was_trusted);
        count_app(w, app->was_trusted, -1);
    }
    order(w, app, true, app->row->score, app->row->name, app->row->trusted);
    count_app(w, app->row->trusted, 1);
    ts_batch_put_message(w->batch, w->store, RISK_APPS, risk_key_view(&key), &app->row->base);
    if (!app->connected && app->was_trusted == app->row->trusted)
        return TS_OK;
    st = apps_show(w->store, w->tenant, w->apps.catalogue, w->arena, app->id, app->row,
                   app->is_new ? app->users : NULL, app->user_count, &shown);
    if (st == TS_OK)
        risk_publish_app(w, &shown, app->connected ? "app.connected" : "app.status_changed");
    return st;
}

ts_status apps_finish(risk_work *w)
{
    risk_map seen = { .arena = w->arena };
    ts_status st = TS_OK;

    for (const work_app_use *use = w->apps.uses; use != NULL && st == TS_OK; use = use->next)
        st = settle_use(w, &seen, use);
    for (work_app *app = w->apps.list; app != NULL && st == TS_OK; app = app->next) {
        if (app->touched)
            st = write_app(w, app);
    }
    return st;
}

/* ---- another catalogue ---- */

static ts_status packed(risk_work *w, const Ts__Risk__AppRow *row, ts_str *ret)
{
    size_t n = ts__risk__app_row__get_packed_size(row);
    uint8_t *bytes = ts_arena_alloc(w->arena, n + 1);

    if (bytes == NULL)
        return TS_NOMEM;
    (void)ts__risk__app_row__pack(row, bytes);
    *ret = ts_str_n(bytes, n);
    return TS_OK;
}

ts_status apps_describe(risk_work *w, const catalogue *c, work_app *app)
{
    ts_str before, after;
    ts_status st = packed(w, app->row, &before);

    if (st == TS_OK)
        st = describe(w, c, app->row);
    if (st == TS_OK)
        st = compute(w, app->row);
    if (st == TS_OK)
        st = packed(w, app->row, &after);
    if (st == TS_OK && !ts_str_eq(before, after))
        app->touched = true;
    return st;
}

/* ---- trust ---- */

/* Whether another app of the same tool is trusted. */
static ts_status other_is_trusted(risk_work *w, const work_app *app, bool *ret)
{
    risk_key prefix = risk_key_tenant(w->tenant);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_status st = TS_OK;

    *ret = false;
    risk_key_u8(&prefix, APPS_TRUSTED);
    it = ts_iter_prefix(w->store, RISK_APP_ORDER, risk_key_view(&prefix), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; st == TS_OK && !*ret && ts_iter_valid(it); ts_iter_next(it)) {
        ts_str key = ts_iter_key(it);
        work_app *other = NULL;

        if (key.n < 16)
            return TS_CORRUPT;
        st = apps_get(w, (const uint8_t *)key.p + key.n - 16, &other);
        if (st == TS_NOT_FOUND)
            st = TS_OK;
        else if (st == TS_OK)
            *ret = other != app && strcmp(other->row->ai_tool, app->row->ai_tool) == 0;
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

ts_status apps_set_status(risk_work *w, const catalogue *c, work_app *app, bool trusted,
                          const char *note)
{
    Ts__Risk__AppRow *row = app->row;
    bool changes = (row->trusted != 0) != trusted;
    bool other = false;
    ts_status st = TS_OK;

    w->apps.catalogue = c;
    app->touched = true;
    if (note[0] != '\0')
        row->note = (char *)(uintptr_t)note; /* only packed */
    if (!changes)
        return TS_OK;
    row->trusted = trusted;
    row->status_changed_ms = w->now_ms;
    if (row->ai_tool[0] == '\0')
        return TS_OK;
    if (!trusted)
        st = other_is_trusted(w, app, &other);
    if (st == TS_OK)
        risk_publish_tool_trust(w, row->ai_tool, row->publisher, trusted || other);
    return st;
}

/* ---- showing ---- */

static ts_status read_users(ts_store *store, ts_tenant t, ts_arena *arena, const uint8_t id[16],
                            Ts__Risk__App *ret)
{
    risk_key prefix = risk_app_key(t, id);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(store, RISK_APP_USERS, risk_key_view(&prefix), false);
    char **list = ts_arena_array(arena, APPS_USERS_MAX, sizeof(*list));

    if (it == NULL || list == NULL)
        return TS_NOMEM;
    ret->users = list;
    for (size_t looked = 0;
         ts_iter_valid(it) && ret->n_users < APPS_USERS_MAX && looked < USERS_LOOKED_AT;
         looked++, ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        risk_key key;
        ts_str row;
        ts_status st =
            ts_arena_unpack(arena, &ts__risk__app_user__descriptor, ts_iter_value(it), &m);

        if (st != TS_OK)
            return st;
        if (!((const Ts__Risk__AppUser *)m)->active)
            continue;
        key = risk_user_key(t, risk_read_u64(ts_iter_key(it), prefix.n));
        st = ts_store_get(store, RISK_USERS, risk_key_view(&key), arena, &row);
        if (st == TS_NOT_FOUND)
            continue;
        if (st == TS_OK)
            st = ts_arena_unpack(arena, &ts__risk__user_row__descriptor, row, &m);
        if (st != TS_OK)
            return st;
        list[ret->n_users++] = ((const Ts__Risk__UserRow *)m)->email;
    }
    return ts_iter_status(it);
}

static ts_status show_scopes(const catalogue *c, ts_arena *arena, const Ts__Risk__AppRow *row,
                             Ts__Risk__App *ret)
{
    ret->scopes = row->scopes;
    ret->n_scopes = row->n_scopes;
    for (size_t i = 0; i < row->n_scopes; i++) {
        catalogue_scope known = catalogue_find_scope(c, ts_str_of(row->scopes[i]->scope));

        row->scopes[i]->sensitivity = ts_arena_z(arena, known.class_name);
        row->scopes[i]->meaning = ts_arena_z(arena, known.meaning);
        if (row->scopes[i]->sensitivity == NULL || row->scopes[i]->meaning == NULL)
            return TS_NOMEM;
    }
    return TS_OK;
}

ts_status apps_show(ts_store *store, ts_tenant t, const catalogue *c, ts_arena *arena,
                    const uint8_t id[16], const Ts__Risk__AppRow *row, char **users,
                    size_t user_count, Ts__Risk__App *ret)
{
    char text[TS_ID_SIZE];
    ts_hash128 hash;
    ts_status st;

    ts__risk__app__init(ret);
    memcpy(hash.bytes, id, sizeof(hash.bytes));
    ts_id_format(APPS_ID_PREFIX, hash, text);
    ret->id = ts_arena_z(arena, ts_str_of(text));
    if (ret->id == NULL)
        return TS_NOMEM;
    ret->name = row->name;
    ret->client_id = row->client_id;
    ret->publisher = row->publisher;
    ret->status = (char *)(uintptr_t)(row->trusted ? "trusted" : "untrusted");
    ret->risk_score = row->score;
    ret->user_count = row->user_count;
    ret->first_seen_ms = row->first_seen_ms;
    ret->last_used_ms = row->last_used_ms;
    ret->is_ai_tool = row->ai_tool[0] != '\0';
    ret->note = row->note;
    ret->status_changed_ms = row->status_changed_ms;
    st = show_scopes(c, arena, row, ret);
    if (st != TS_OK)
        return st;
    if (users == NULL)
        return read_users(store, t, arena, id, ret);
    ret->users = users;
    ret->n_users = user_count;
    return TS_OK;
}
