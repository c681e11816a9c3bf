#include "detect/catalogue.h"

#include "detect/sigma/pattern.h"
#include "ts/ytree.h"

#define CATALOGUE_BYTES   (8u << 20)
#define CATALOGUE_ENTRIES 4096
#define NAME_MAX_N        64
#define WEIGHT_MAX        100
#define MEANING_MAX_N     160

typedef struct tool {
    catalogue_tool shown;
    sigma_pattern *apps;
    size_t app_count;
    ts_str *client_ids;
    size_t client_id_count;
} tool;

typedef struct scope {
    sigma_pattern pattern;
    catalogue_scope is;
} scope;

struct catalogue {
    ts_arena *arena;
    tool *tools;
    size_t tool_count;
    size_t tool_capacity;
    scope *scopes;
    size_t scope_count;
    size_t scope_capacity;
};

static ts_status bad(const ytree *entry, const char *field, const char *what, ts_error *err)
{
    return ts_fail(err, TS_INVALID, field, "line %u: %s: %s", entry->line, field, what);
}

static ts_status check_text(const ytree *entry, const char *field, ts_str *ret, ts_error *err)
{
    *ret = ytree_text(entry, field);
    return ret->n == 0 || ret->n > NAME_MAX_N ? bad(entry, field, "1 to 64 bytes are needed", err)
                                              : TS_OK;
}

static ts_status load_patterns(catalogue *c, const ytree *entry, tool *t, ts_error *err)
{
    const ytree *list = ytree_get(entry, "apps");
    ts_status st = TS_OK;

    if (list == NULL)
        return TS_OK;
    if (list->kind != YTREE_LIST)
        return bad(entry, "apps", "a list of app names is needed", err);
    t->apps = ts_arena_array(c->arena, list->count, sizeof(*t->apps));
    if (t->apps == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < list->count && st == TS_OK; i++)
        st = sigma_pattern_compile(list->items[i]->text, SIGMA_WHOLE, false, c->arena,
                                   &t->apps[t->app_count++], err);
    return st;
}

static ts_status load_client_ids(catalogue *c, const ytree *entry, tool *t, ts_error *err)
{
    const ytree *list = ytree_get(entry, "client_ids");

    if (list == NULL)
        return TS_OK;
    if (list->kind != YTREE_LIST)
        return bad(entry, "client_ids", "a list of client ids is needed", err);
    t->client_ids = ts_arena_array(c->arena, list->count, sizeof(*t->client_ids));
    if (t->client_ids == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < list->count; i++)
        t->client_ids[t->client_id_count++] = list->items[i]->text;
    return TS_OK;
}

static ts_status load_tool(catalogue *c, const ytree *entry, ts_error *err)
{
    tool *t;
    ts_status st;

    if (!ts_arena_grow(c->arena, &c->tools, c->tool_count, &c->tool_capacity, sizeof(*c->tools)))
        return TS_NOMEM;
    t = &c->tools[c->tool_count];
    st = check_text(entry, "tool", &t->shown.name, err);
    if (st == TS_OK)
        st = check_text(entry, "vendor", &t->shown.vendor, err);
    if (st == TS_OK)
        st = load_patterns(c, entry, t, err);
    if (st == TS_OK)
        st = load_client_ids(c, entry, t, err);
    if (st == TS_OK)
        c->tool_count++;
    return st;
}

static ts_status load_scope(catalogue *c, const ytree *entry, ts_error *err)
{
    static const char *const classes[] = { "critical", "restricted", "sensitive", "basic" };
    scope *s;
    int64_t weight = -1;
    size_t i = 0;

    if (!ts_arena_grow(c->arena, &c->scopes, c->scope_count, &c->scope_capacity,
                       sizeof(*c->scopes)))
        return TS_NOMEM;
    s = &c->scopes[c->scope_count];
    s->is.class_name = ytree_text(entry, "class");
    while (i < TS_COUNT(classes) && !ts_str_is(s->is.class_name, classes[i]))
        i++;
    if (i == TS_COUNT(classes))
        return bad(entry, "class", "critical, restricted, sensitive or basic is needed", err);
    if (ts_parse_i64(ytree_text(entry, "weight"), &weight) != TS_OK || weight < 0 ||
        weight > WEIGHT_MAX)
        return bad(entry, "weight", "a number of 0 to 100 is needed", err);
    s->is.weight = (uint32_t)weight;
    s->is.meaning = ytree_text(entry, "meaning");
    if (s->is.meaning.n == 0 || s->is.meaning.n > MEANING_MAX_N)
        return bad(entry, "meaning", "1 to 160 bytes are needed: what an app may do with it", err);
    c->scope_count++;
    return sigma_pattern_compile(ytree_text(entry, "scope"), SIGMA_WHOLE, false, c->arena,
                                 &s->pattern, err);
}

/* A file that is one list of entries. */
static ts_status load_list(catalogue *c, const char *directory, const char *file,
                           ts_status (*load)(catalogue *, const ytree *, ts_error *), ts_error *err)
{
    const char *path = ts_arena_printf(c->arena, "%s/catalogue/%s", directory, file);
    ytree **documents = NULL;
    size_t count = 0;
    ts_error why = { "", "" };
    ts_status st;

    if (path == NULL)
        return TS_NOMEM;
    st = ytree_load(path, c->arena, &documents, &count, &why);
    if (st == TS_OK &&
        (count != 1 || documents[0]->kind != YTREE_LIST || documents[0]->count > CATALOGUE_ENTRIES))
        st = ts_fail(&why, TS_INVALID, "", "one list of at most %d entries is needed",
                     CATALOGUE_ENTRIES);
    for (size_t i = 0; st == TS_OK && i < documents[0]->count; i++)
        st = load(c, documents[0]->items[i], &why);
    if (st == TS_OK)
        return TS_OK;
    return ts_fail(err, st, "", "%s: %s", path, why.text);
}

ts_status catalogue_load(const char *directory, catalogue **ret, ts_error *err)
{
    TS_CLEANUP(catalogue_free_p) catalogue *c = calloc(1, sizeof(*c));
    ts_status st;

    if (c == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    c->arena = ts_arena_new(CATALOGUE_BYTES);
    if (c->arena == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    st = load_list(c, directory, "ai_tools.yml", load_tool, err);
    if (st == TS_OK)
        st = load_list(c, directory, "oauth_scopes.yml", load_scope, err);
    if (st == TS_OK)
        *ret = TS_TAKE(c);
    return st;
}

void catalogue_free(catalogue *c)
{
    if (c == NULL)
        return;
    ts_arena_free(c->arena);
    free(c);
}

size_t catalogue_tool_count(const catalogue *c)
{
    return c->tool_count;
}

static const catalogue_tool *find_pinned(const catalogue *c, ts_str client_id)
{
    for (size_t i = 0; client_id.n > 0 && i < c->tool_count; i++) {
        for (size_t j = 0; j < c->tools[i].client_id_count; j++) {
            if (ts_str_eq(c->tools[i].client_ids[j], client_id))
                return &c->tools[i].shown;
        }
    }
    return NULL;
}

bool catalogue_pins(const catalogue *c, ts_str client_id)
{
    return find_pinned(c, client_id) != NULL;
}

/* An id that an administrator has pinned says more than a name, which anybody can take. */
const catalogue_tool *catalogue_find_app(const catalogue *c, ts_str client_id, ts_str app_name)
{
    const catalogue_tool *pinned = find_pinned(c, client_id);

    if (pinned != NULL)
        return pinned;
    for (size_t i = 0; app_name.n > 0 && i < c->tool_count; i++) {
        for (size_t j = 0; j < c->tools[i].app_count; j++) {
            if (sigma_pattern_matches(&c->tools[i].apps[j], app_name))
                return &c->tools[i].shown;
        }
    }
    return NULL;
}

const catalogue_tool *catalogue_find_tool(const catalogue *c, const char *name)
{
    for (size_t i = 0; i < c->tool_count; i++) {
        if (ts_str_is(c->tools[i].shown.name, name))
            return &c->tools[i].shown;
    }
    return NULL;
}

catalogue_scope catalogue_find_scope(const catalogue *c, ts_str name)
{
    for (size_t i = 0; i < c->scope_count; i++) {
        if (sigma_pattern_matches(&c->scopes[i].pattern, name))
            return c->scopes[i].is;
    }
    return (catalogue_scope){ TS_STR_LIT("unknown"), 0,
                              TS_STR_LIT("Not in the catalogue: look it up before trusting it") };
}
