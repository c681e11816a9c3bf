#include "detect/sigma/ruleset.h"

#include <dirent.h>

#define PATH_MAX_N   1024
#define FOLDER_DEPTH 8

/* Rules that look at one application's events; those of every application stand in each list. */
typedef struct bucket {
    const char *source;
    const char *app;
    const sigma_rule **rules;
    size_t count;
} bucket;

struct sigma_ruleset {
    ts_arena *arena;
    sigma_names names;
    sigma_rule **rules;
    size_t count;
    size_t capacity;
    sigma_refusal *refusals;
    size_t refusal_count;
    size_t refusal_capacity;
    bucket *buckets; /* the first one is for applications that no rule names */
    size_t bucket_count;
    size_t bucket_capacity;
};

static ts_status refuse(sigma_ruleset *set, const char *file, ts_str rule, const ts_error *why)
{
    sigma_refusal *r;

    if (!ts_arena_grow(set->arena, &set->refusals, set->refusal_count, &set->refusal_capacity,
                       sizeof(*set->refusals)))
        return TS_NOMEM;
    r = &set->refusals[set->refusal_count];
    r->file = file;
    r->rule = ts_arena_z(set->arena, rule);
    r->reason = ts_arena_printf(set->arena, "%s%s%s", why->param, why->param[0] == '\0' ? "" : ": ",
                                why->text);
    if (r->rule == NULL || r->reason == NULL)
        return TS_NOMEM;
    set->refusal_count++;
    return TS_OK;
}

static sigma_rule *find_rule(const sigma_ruleset *set, ts_str name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (ts_str_is(name, set->rules[i]->id) ||
            (set->rules[i]->uuid[0] != '\0' && ts_str_is(name, set->rules[i]->uuid)))
            return set->rules[i];
    }
    return NULL;
}

static ts_status add_rule(sigma_ruleset *set, const ytree *tree, const char *file)
{
    ts_error why = { "", "" };
    sigma_rule *rule = NULL;
    ts_status st = sigma_rule_compile(tree, file, &set->names, set->arena, &rule, &why);

    if (st == TS_OK && find_rule(set, ts_str_of(rule->id)) != NULL)
        st = ts_fail(&why, TS_INVALID, "name", "another rule is called %s as well", rule->id);
    if (st == TS_OK && set->count == SIGMA_RULES_MAX)
        st = ts_fail(&why, TS_TOO_LARGE, "", "there may be %d rules", SIGMA_RULES_MAX);
    if (st == TS_NOMEM)
        return st;
    if (st != TS_OK)
        return refuse(set, file, ytree_text(tree, "title"), &why);
    if (!ts_arena_grow(set->arena, &set->rules, set->count, &set->capacity, sizeof(*set->rules)))
        return TS_NOMEM;
    set->rules[set->count++] = rule;
    return TS_OK;
}

static ts_status load_file(sigma_ruleset *set, const char *path)
{
    const char *file = ts_arena_z(set->arena, ts_str_of(path));
    /* The tree is only needed until its rules are compiled, but they may borrow its texts. */
    ytree **documents = NULL;
    size_t count = 0;
    ts_error why = { "", "" };
    ts_status st;

    if (file == NULL)
        return TS_NOMEM;
    st = ytree_load(path, set->arena, &documents, &count, &why);
    if (st == TS_NOMEM)
        return st;
    if (st != TS_OK)
        return refuse(set, file, TS_STR_LIT(""), &why);
    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = add_rule(set, documents[i], file);
    return st;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "catalogue") != 0;
}

static bool is_yaml(const char *name)
{
    return ts_str_ends(ts_str_of(name), TS_STR_LIT(".yml")) ||
           ts_str_ends(ts_str_of(name), TS_STR_LIT(".yaml"));
}

static ts_status load_folder(sigma_ruleset *set, const char *path, unsigned depth, ts_error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    ts_status st = TS_OK;

    if (count < 0)
        return ts_fail(err, TS_NOT_FOUND, "", "%s cannot be read", path);
    for (int i = 0; i < count; i++) {
        char child[PATH_MAX_N];
        bool fits =
            snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name) < (int)sizeof(child);

        if (st == TS_OK && fits && is_yaml(entries[i]->d_name))
            st = load_file(set, child);
        else if (st == TS_OK && fits && entries[i]->d_type == DT_DIR && depth < FOLDER_DEPTH)
            st = load_folder(set, child, depth + 1, err);
        free(entries[i]);
    }
    free(entries);
    return st;
}

/* ---- correlations ---- */

static void remove_rule(sigma_ruleset *set, size_t at)
{
    memmove(&set->rules[at], &set->rules[at + 1], (set->count - at - 1) * sizeof(*set->rules));
    set->count--;
}

/* 0 for a plain rule; SIGMA_CORRELATION_DEPTH + 1 if too deep or in a circle. */
static unsigned depth_of(const sigma_ruleset *set, const sigma_rule *rule, unsigned above)
{
    unsigned deepest = 0;

    if (!rule->is_correlation)
        return 0;
    if (above > SIGMA_CORRELATION_DEPTH)
        return SIGMA_CORRELATION_DEPTH + 1;
    for (unsigned i = 0; i < rule->correlation.rule_count; i++) {
        const sigma_rule *part = find_rule(set, rule->correlation.rules[i]);
        unsigned depth = part == NULL ? 0 : depth_of(set, part, above + 1);

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

static ts_status check_parts(const sigma_ruleset *set, const sigma_rule *rule, ts_error *why)
{
    for (unsigned i = 0; i < rule->correlation.rule_count; i++) {
        ts_str name = rule->correlation.rules[i];
        const sigma_rule *part = find_rule(set, name);

        if (part == NULL)
            return ts_fail(why, TS_INVALID, "rules", "no usable rule is called %.*s",
                           (int)(name.n > 60 ? 60 : name.n), name.p);
        if (part->parent_count >= SIGMA_PARENTS_MAX)
            return ts_fail(why, TS_TOO_LARGE, "rules", "%s takes part in more than %d correlations",
                           part->id, SIGMA_PARENTS_MAX);
    }
    if (depth_of(set, rule, 1) > SIGMA_CORRELATION_DEPTH)
        return ts_fail(why, TS_INVALID, "rules",
                       "correlations of correlations go more than %d deep or in a circle",
                       SIGMA_CORRELATION_DEPTH);
    return TS_OK;
}

/* Refusing one may leave another without a part: until nothing changes. */
static ts_status refuse_broken(sigma_ruleset *set)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < set->count; i++) {
            ts_error why = { "", "" };
            sigma_rule *rule = set->rules[i];
            ts_status st;

            if (!rule->is_correlation || check_parts(set, rule, &why) == TS_OK)
                continue;
            st = refuse(set, rule->file, ts_str_of(rule->title), &why);
            if (st != TS_OK)
                return st;
            remove_rule(set, i--);
            changed = true;
        }
    }
    return TS_OK;
}

static ts_status link_part(sigma_ruleset *set, sigma_rule *correlation, unsigned position)
{
    sigma_rule *part = find_rule(set, correlation->correlation.rules[position]);

    if (part->parents == NULL) {
        part->parents = ts_arena_array(set->arena, SIGMA_PARENTS_MAX, sizeof(*part->parents));
        if (part->parents == NULL)
            return TS_NOMEM;
        part->fires = part->standalone; /* until a correlation says otherwise */
    }
    if (part->parent_count == SIGMA_PARENTS_MAX)
        return TS_TOO_LARGE;
    part->parents[part->parent_count++] = (sigma_parent){ correlation, position };
    part->fires = part->fires || correlation->correlation.generate;
    return TS_OK;
}

static ts_status link_all(sigma_ruleset *set)
{
    ts_status st = refuse_broken(set);

    for (size_t i = 0; i < set->count; i++)
        set->rules[i]->fires = true;
    for (size_t i = 0; i < set->count && st == TS_OK; i++) {
        for (unsigned j = 0; st == TS_OK && set->rules[i]->is_correlation &&
                             j < set->rules[i]->correlation.rule_count;
             j++)
            st = link_part(set, set->rules[i], j);
    }
    return st;
}

/* ---- by source and application ---- */

static bucket *find_bucket(const sigma_ruleset *set, const char *source, const char *app)
{
    for (size_t i = 0; i < set->bucket_count; i++) {
        if (strcmp(set->buckets[i].source, source) == 0 && strcmp(set->buckets[i].app, app) == 0)
            return &set->buckets[i];
    }
    return NULL;
}

static ts_status add_bucket(sigma_ruleset *set, const char *source, const char *app)
{
    if (find_bucket(set, source, app) != NULL)
        return TS_OK;
    if (!ts_arena_grow(set->arena, &set->buckets, set->bucket_count, &set->bucket_capacity,
                       sizeof(*set->buckets)))
        return TS_NOMEM;
    set->buckets[set->bucket_count++] = (bucket){ .source = source, .app = app };
    return TS_OK;
}

static bool wants_all_or(const char *wanted, const char *name)
{
    return wanted[0] == '\0' || strcmp(wanted, name) == 0;
}

static ts_status fill_bucket(sigma_ruleset *set, bucket *b)
{
    b->rules = ts_arena_array(set->arena, set->count, sizeof(sigma_rule *));
    if (b->rules == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < set->count; i++) {
        const sigma_rule *rule = set->rules[i];

        if (!rule->is_correlation && wants_all_or(rule->source, b->source) &&
            wants_all_or(rule->app, b->app))
            b->rules[b->count++] = rule;
    }
    return TS_OK;
}

/* For each source and application that a rule names; for what is left of a source; for what is left. */
static ts_status sort_rules(sigma_ruleset *set)
{
    ts_status st = add_bucket(set, "", "");

    for (size_t i = 0; i < set->count && st == TS_OK; i++) {
        st = add_bucket(set, set->rules[i]->source, "");
        if (st == TS_OK)
            st = add_bucket(set, set->rules[i]->source, set->rules[i]->app);
    }
    for (size_t i = 0; i < set->bucket_count && st == TS_OK; i++)
        st = fill_bucket(set, &set->buckets[i]);
    return st;
}

static const bucket *bucket_of(const sigma_ruleset *set, const Ts__Risk__Event *e)
{
    const bucket *b = find_bucket(set, e->source, e->app);

    if (b == NULL)
        b = find_bucket(set, e->source, "");
    return b != NULL ? b : &set->buckets[0];
}

/* ---- the face ---- */

ts_status sigma_ruleset_load(const char *directory, sigma_ruleset **ret, ts_error *err)
{
    TS_CLEANUP(sigma_ruleset_free_p) sigma_ruleset *set = calloc(1, sizeof(*set));
    ts_status st;

    if (set == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    set->arena = ts_arena_new(SIGMA_RULESET_BYTES);
    if (set->arena == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    set->names.arena = set->arena;
    st = load_folder(set, directory, 0, err);
    if (st == TS_OK)
        st = link_all(set);
    if (st == TS_OK)
        st = sort_rules(set);
    if (st != TS_OK)
        return st;
    if (set->count == 0)
        return ts_fail(err, TS_INVALID, "", "no usable rule in %s (%zu refused)", directory,
                       set->refusal_count);
    for (size_t i = 0; i < set->count; i++)
        set->rules[i]->number = (uint32_t)i; /* now that none is taken out any more */
    *ret = TS_TAKE(set);
    return TS_OK;
}

void sigma_ruleset_free(sigma_ruleset *set)
{
    if (set == NULL)
        return;
    ts_arena_free(set->arena);
    free(set);
}

sigma_rule *const *sigma_ruleset_rules(const sigma_ruleset *set, size_t *ret_count)
{
    *ret_count = set->count;
    return set->rules;
}

const sigma_refusal *sigma_ruleset_refusals(const sigma_ruleset *set, size_t *ret_count)
{
    *ret_count = set->refusal_count;
    return set->refusals;
}

ts_status sigma_ruleset_want(sigma_ruleset *set, const char *name, uint32_t *ret)
{
    ts_error ignored;

    return sigma_names_add(&set->names, ts_str_of(name), ret, &ignored);
}

ts_status sigma_ruleset_match(const sigma_ruleset *set, const risk_record *record, ts_arena *arena,
                              sigma_matches *ret)
{
    const bucket *b = bucket_of(set, record->event);
    size_t capacity = 0;
    ts_status st = sigma_view_of(&set->names, record, arena, &ret->view);

    ret->rules = NULL;
    ret->count = 0;
    for (size_t i = 0; i < b->count && st == TS_OK; i++) {
        if ((b->rules[i]->has_kind && b->rules[i]->kind != record->kind) ||
            !sigma_rule_matches(b->rules[i], &ret->view))
            continue;
        if (!ts_arena_grow(arena, &ret->rules, ret->count, &capacity, sizeof(*ret->rules)))
            return TS_NOMEM;
        ret->rules[ret->count++] = b->rules[i];
    }
    return st;
}
