#include "detect/sigma/rule.h"

#include "detect/sigma/tags.h"

#define HASHED_MAX (1u << 20)

static const uint32_t weights[] = { 0, 10, 25, 50, 75 }; /* by severity */

static ts_status parse_level(ts_str text, sigma_rule *r, ts_error *err)
{
    static const char *const levels[] = { "informational", "low", "medium", "high", "critical" };

    for (uint32_t i = 0; i < TS_COUNT(levels); i++) {
        if (ts_str_is(text, levels[i]) || (text.n == 0 && i == 0)) {
            r->severity = i;
            r->weight = weights[i];
            return TS_OK;
        }
    }
    return ts_fail(err, TS_INVALID, "level",
                   "level must be informational, low, medium, high or critical");
}

static bool is_name(ts_str s)
{
    if (s.n == 0 || s.n > SIGMA_ID_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '-' && c != '.')
            return false;
    }
    return true;
}

static ts_status parse_identity(const ytree *tree, ts_arena *arena, sigma_rule *r, ts_error *err)
{
    ts_str title = ytree_text(tree, "title");
    ts_str name = ytree_text(tree, "name");
    ts_str uuid = ytree_text(tree, "id");

    if (title.n == 0 || title.n > SIGMA_TITLE_MAX)
        return ts_fail(err, TS_INVALID, "title", "title must have 1 to %d bytes", SIGMA_TITLE_MAX);
    if (name.n == 0 && uuid.n == 0)
        return ts_fail(err, TS_INVALID, "name", "a rule needs a name or an id");
    if ((name.n > 0 && !is_name(name)) || (uuid.n > 0 && !is_name(uuid)))
        return ts_fail(err, TS_INVALID, "name",
                       "name and id take letters, digits, '_', '-' and '.', at most %d",
                       SIGMA_ID_MAX);
    r->title = ts_arena_z(arena, title);
    r->uuid = ts_arena_z(arena, uuid);
    r->id = ts_arena_z(arena, name.n > 0 ? name : uuid);
    return r->title == NULL || r->uuid == NULL || r->id == NULL ? TS_NOMEM : TS_OK;
}

static ts_status text_list(const ytree *list, const char *field, size_t text_max, ts_arena *arena,
                           char ***ret, size_t *ret_count, ts_error *err)
{
    if (list == NULL)
        return TS_OK;
    if (list->kind != YTREE_LIST || list->count > SIGMA_LIST_MAX)
        return ts_fail(err, TS_INVALID, field, "%s must be a list of at most %d texts", field,
                       SIGMA_LIST_MAX);
    *ret = ts_arena_array(arena, list->count, sizeof(**ret));
    if (*ret == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->kind != YTREE_SCALAR || list->items[i]->text.n > text_max)
            return ts_fail(err, TS_INVALID, field, "%s: a text of at most %zu bytes is needed",
                           field, text_max);
        (*ret)[i] = ts_arena_z(arena, list->items[i]->text);
        if ((*ret)[i] == NULL)
            return TS_NOMEM;
        (*ret_count)++;
    }
    return TS_OK;
}

static ts_status parse_dedup(const ytree *list, sigma_names *names, ts_arena *arena, sigma_rule *r,
                             ts_error *err)
{
    char **fields = NULL;
    size_t count = 0;
    ts_status st = text_list(list, "dedup", SIGMA_NAME_MAX, arena, &fields, &count, err);

    if (st != TS_OK || count == 0)
        return st;
    r->dedup = ts_arena_array(arena, count, sizeof(*r->dedup));
    if (r->dedup == NULL)
        return TS_NOMEM;
    for (; r->dedup_count < count && st == TS_OK; r->dedup_count++)
        st = sigma_names_add(names, ts_str_of(fields[r->dedup_count]), &r->dedup[r->dedup_count],
                             err);
    return st;
}

/* Our own member: strict, since a mistyped one would be silently without effect. */
static ts_status parse_own(const ytree *map, sigma_names *names, ts_arena *arena, sigma_rule *r,
                           ts_error *err)
{
    static const char *const known[] = { "risk_score", "dedup", "actions", "standalone" };
    ts_str score = ytree_text(map, "risk_score");
    ts_str standalone = ytree_text(map, "standalone");
    int64_t n = 0;
    ts_status st;

    if (map == NULL)
        return TS_OK;
    if (map->kind != YTREE_MAP)
        return ts_fail(err, TS_INVALID, "teamsentry", "teamsentry must be a map");
    for (size_t i = 0; i < map->count; i++) {
        size_t k = 0;

        while (k < TS_COUNT(known) && !ts_str_is(map->names[i], known[k]))
            k++;
        if (k == TS_COUNT(known))
            return ts_fail(err, TS_INVALID, "teamsentry",
                           "teamsentry takes risk_score, dedup, actions and standalone");
    }
    if (score.n > 0 && (ts_parse_i64(score, &n) != TS_OK || n < 0 || n > 95))
        return ts_fail(err, TS_INVALID, "risk_score", "risk_score must be between 0 and 95");
    if (score.n > 0)
        r->weight = (uint32_t)n;
    r->standalone = ts_str_is(standalone, "true");
    if (standalone.n > 0 && !r->standalone && !ts_str_is(standalone, "false"))
        return ts_fail(err, TS_INVALID, "standalone", "standalone must be true or false");
    st = parse_dedup(ytree_get(map, "dedup"), names, arena, r, err);
    if (st == TS_OK)
        st = text_list(ytree_get(map, "actions"), "actions", SIGMA_ACTION_MAX, arena, &r->actions,
                       &r->action_count, err);
    return st;
}

/* Products and services as SigmaHQ names them. */
static const struct {
    const char *product;
    const char *prefix; /* of the service; NULL: any service is an application's name */
    const char *source;
    const char *app; /* whose events they are; NULL: the rest of the service's name */
} products[] = {
    { "google_workspace", NULL, "google_workspace", NULL },
    { "gcp", "google_workspace.", "google_workspace", NULL },
    { "okta", "okta", "okta", "" }, /* its one log is its service */
    { "okta", NULL, "okta", NULL },
    { "azure", "signinlogs", "entra_id", "signin" },
    { "azure", "auditlogs", "entra_id", "audit" },
    { "azure", "riskdetection", "entra_id", "risk" },
    { "ocsf", NULL, "ocsf", NULL },
    { "teamsentry", NULL, "teamsentry", NULL },
};

static ts_status parse_category(ts_str category, sigma_rule *r, ts_error *err)
{
    r->has_kind = category.n > 0;
    if (r->has_kind && !risk_kind_of(category, &r->kind))
        return ts_fail(err, TS_INVALID, "logsource", "no events of category %.*s come in",
                       (int)(category.n > 40 ? 40 : category.n), category.p);
    return TS_OK;
}

/* Which events: of a product (and one of its services), of a category from whichever product, or both. */
static ts_status parse_logsource(const ytree *map, ts_arena *arena, sigma_rule *r, ts_error *err)
{
    ts_str product = ytree_text(map, "product");
    ts_str service = ytree_text(map, "service");
    ts_status st = parse_category(ytree_text(map, "category"), r, err);

    if (st != TS_OK || (r->has_kind && product.n == 0 && service.n == 0))
        return st;
    for (size_t i = 0; i < TS_COUNT(products); i++) {
        ts_str prefix = ts_str_of(products[i].prefix == NULL ? "" : products[i].prefix);

        if (!ts_str_is(product, products[i].product) || !ts_str_starts(service, prefix) ||
            (products[i].app != NULL && service.n > prefix.n))
            continue;
        r->source = products[i].source;
        r->app = products[i].app != NULL
                     ? products[i].app
                     : ts_arena_z(arena, ts_str_n(service.p + prefix.n, service.n - prefix.n));
        return r->app == NULL ? TS_NOMEM : TS_OK;
    }
    return ts_fail(err, TS_INVALID, "logsource", "no events of product %.*s, service %.*s come in",
                   (int)(product.n > 40 ? 40 : product.n), product.p == NULL ? "" : product.p,
                   (int)(service.n > 40 ? 40 : service.n), service.p == NULL ? "" : service.p);
}

/* Several conditions in a list: any of them. */
static ts_status parse_conditions(const ytree *node, const ts_str *names, unsigned name_count,
                                  ts_arena *arena, sigma_rule *r, ts_error *err)
{
    sigma_node *any;
    ts_status st = TS_OK;

    if (node == NULL)
        return ts_fail(err, TS_INVALID, "condition", "condition is missing");
    if (node->kind == YTREE_SCALAR)
        return sigma_condition_parse(node->text, names, name_count, arena, &r->condition, err);
    if (node->kind != YTREE_LIST || node->count == 0 || node->count > SIGMA_LIST_MAX)
        return ts_fail(err, TS_INVALID, "condition", "condition must be text, or a list of 1 to %d",
                       SIGMA_LIST_MAX);
    any = ts_arena_alloc(arena, sizeof(*any));
    if (any == NULL)
        return TS_NOMEM;
    any->kind = SIGMA_AT_LEAST;
    any->least = 1;
    any->children = ts_arena_array(arena, node->count, sizeof(*any->children));
    if (any->children == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < node->count && st == TS_OK; i++)
        st = sigma_condition_parse(node->items[i]->text, names, name_count, arena,
                                   &any->children[any->count++], err);
    r->condition = any;
    return st;
}

static ts_status parse_detection(const ytree *map, sigma_names *fields, ts_arena *arena,
                                 sigma_rule *r, ts_error *err)
{
    ts_str *names;
    ts_status st = TS_OK;

    if (map == NULL || map->kind != YTREE_MAP || map->count > SIGMA_SELECTIONS_MAX)
        return ts_fail(err, TS_INVALID, "detection",
                       "detection must be a map of at most %d members", SIGMA_SELECTIONS_MAX);
    if (ytree_get(map, "timeframe") != NULL)
        return ts_fail(err, TS_INVALID, "timeframe",
                       "timeframe is not taken: write a correlation rule");
    names = ts_arena_array(arena, map->count, sizeof(*names));
    r->selections = ts_arena_array(arena, map->count, sizeof(*r->selections));
    if (names == NULL || r->selections == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < map->count && st == TS_OK; i++) {
        if (ts_str_is(map->names[i], "condition"))
            continue;
        names[r->selection_count] = map->names[i];
        st = sigma_selection_compile(map->items[i], fields, arena,
                                     &r->selections[r->selection_count++], err);
    }
    if (st != TS_OK)
        return st;
    return parse_conditions(ytree_get(map, "condition"), names, r->selection_count, arena, r, err);
}

static void hash_tree(const ytree *node, ts_buf *out)
{
    ts_buf_be8(out, (uint8_t)node->kind);
    ts_buf_be64(out, node->kind == YTREE_SCALAR ? node->text.n : node->count);
    if (node->kind == YTREE_SCALAR)
        ts_buf_str(out, node->text);
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == YTREE_MAP) {
            ts_buf_be64(out, node->names[i].n);
            ts_buf_str(out, node->names[i]);
        }
        hash_tree(node->items[i], out);
    }
}

static ts_status set_hash(const ytree *tree, sigma_rule *r)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(HASHED_MAX);
    uint8_t full[32];
    ts_status st;

    hash_tree(tree, &text);
    st = ts_buf_status(&text);
    if (st != TS_OK)
        return st;
    ts_sha256(ts_buf_view(&text), full);
    memcpy(r->hash, full, sizeof(r->hash));
    return TS_OK;
}

ts_status sigma_rule_compile(const ytree *tree, const char *file, sigma_names *names,
                             ts_arena *arena, sigma_rule **ret, ts_error *err)
{
    sigma_rule *r = ts_arena_alloc(arena, sizeof(*r));
    const ytree *correlation = ytree_get(tree, "correlation");
    ts_status st;

    if (r == NULL)
        return TS_NOMEM;
    r->file = file;
    r->source = "";
    r->app = "";
    r->is_correlation = correlation != NULL;
    st = parse_identity(tree, arena, r, err);
    if (st == TS_OK)
        st = parse_level(ytree_text(tree, "level"), r, err);
    if (st == TS_OK)
        st = sigma_tags_parse(ytree_get(tree, "tags"), arena, r, err);
    if (st == TS_OK)
        st = parse_own(ytree_get(tree, "teamsentry"), names, arena, r, err);
    if (st == TS_OK && !r->is_correlation)
        st = parse_logsource(ytree_get(tree, "logsource"), arena, r, err);
    if (st == TS_OK && r->is_correlation)
        st = sigma_correlation_compile(correlation, names, arena, &r->correlation, err);
    else if (st == TS_OK)
        st = parse_detection(ytree_get(tree, "detection"), names, arena, r, err);
    if (st == TS_OK)
        st = set_hash(tree, r);
    if (st == TS_OK)
        *ret = r;
    return st;
}

typedef struct evaluation {
    const sigma_rule *rule;
    const sigma_view *view;
} evaluation;

static bool selection_matches(void *context, unsigned selection)
{
    const evaluation *e = context;

    return sigma_selection_matches(&e->rule->selections[selection], e->view);
}

bool sigma_rule_matches(const sigma_rule *rule, const sigma_view *view)
{
    evaluation e = { rule, view };

    return sigma_condition_eval(rule->condition, selection_matches, &e);
}
