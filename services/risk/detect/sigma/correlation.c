#include "detect/sigma/correlation.h"

static ts_status parse_type(ts_str text, sigma_correlation *ret, ts_error *err)
{
    static const char *const types[] = { "event_count", "value_count", "temporal",
                                         "temporal_ordered" };

    for (unsigned i = 0; i < TS_COUNT(types); i++) {
        if (ts_str_is(text, types[i])) {
            ret->type = (sigma_correlation_type)i;
            return TS_OK;
        }
    }
    return ts_fail(err, TS_INVALID, "type", "the correlation type %.*s is not supported",
                   (int)(text.n > 40 ? 40 : text.n), text.p == NULL ? "" : text.p);
}

static ts_status parse_timespan(ts_str text, int64_t *ret_ms, ts_error *err)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
    int64_t n = 0;

    for (size_t i = 0; text.n >= 2 && i < TS_COUNT(units); i++) {
        if (text.p[text.n - 1] != units[i].unit ||
            ts_parse_i64(ts_str_n(text.p, text.n - 1), &n) != TS_OK)
            continue;
        if (n < 1 || n > SIGMA_TIMESPAN_MAX_MS / units[i].ms)
            break;
        *ret_ms = n * units[i].ms;
        return TS_OK;
    }
    return ts_fail(err, TS_INVALID, "timespan",
                   "timespan must be a number and s, m, h or d, at most 7 days");
}

static ts_status parse_rules(const ytree *list, sigma_correlation *ret, ts_error *err)
{
    if (list != NULL && list->kind == YTREE_SCALAR) {
        ret->rules[ret->rule_count++] = list->text;
        return TS_OK;
    }
    if (list == NULL || list->kind != YTREE_LIST || list->count == 0 ||
        list->count > SIGMA_CORRELATED_MAX)
        return ts_fail(err, TS_INVALID, "rules", "rules must be a list of 1 to %d names",
                       SIGMA_CORRELATED_MAX);
    for (size_t i = 0; i < list->count; i++) {
        for (unsigned j = 0; j < ret->rule_count; j++) {
            if (ts_str_eq(ret->rules[j], list->items[i]->text))
                return ts_fail(err, TS_INVALID, "rules", "a rule stands there twice");
        }
        ret->rules[ret->rule_count++] = list->items[i]->text;
    }
    return TS_OK;
}

static ts_status parse_group(const ytree *list, sigma_names *names, sigma_correlation *ret,
                             ts_error *err)
{
    ts_status st = TS_OK;

    if (list == NULL)
        return TS_OK;
    if (list->kind == YTREE_SCALAR)
        return sigma_names_add(names, list->text, &ret->group_by[ret->group_count++], err);
    if (list->kind != YTREE_LIST || list->count > SIGMA_GROUP_FIELDS_MAX)
        return ts_fail(err, TS_INVALID, "group-by", "group-by must be a list of at most %d fields",
                       SIGMA_GROUP_FIELDS_MAX);
    for (size_t i = 0; i < list->count && st == TS_OK; i++)
        st = sigma_names_add(names, list->items[i]->text, &ret->group_by[ret->group_count++], err);
    return st;
}

static ts_status parse_condition(const ytree *map, sigma_names *names, sigma_correlation *ret,
                                 ts_error *err)
{
    ts_str gte = ytree_text(map, "gte");
    ts_str gt = ytree_text(map, "gt");
    ts_str field = ytree_text(map, "field");
    int64_t n = 0;
    bool counts = ret->type == SIGMA_EVENT_COUNT || ret->type == SIGMA_VALUE_COUNT;

    if (!counts && map == NULL)
        return TS_OK;
    if (!counts)
        return ts_fail(err, TS_INVALID, "condition", "a temporal correlation takes no condition");
    if ((gte.n == 0) == (gt.n == 0) || ts_parse_i64(gte.n > 0 ? gte : gt, &n) != TS_OK)
        return ts_fail(err, TS_INVALID, "condition", "condition must have a number as gte or gt");
    n += gt.n > 0 ? 1 : 0;
    if (n < 1 || n > SIGMA_THRESHOLD_MAX)
        return ts_fail(err, TS_INVALID, "condition", "the threshold must be 1 to %d",
                       SIGMA_THRESHOLD_MAX);
    if (map->count != (ret->type == SIGMA_VALUE_COUNT ? 2u : 1u))
        return ts_fail(err, TS_INVALID, "condition",
                       "condition takes gte or gt, and a field if values are counted");
    ret->at_least = (uint32_t)n;
    if (ret->type != SIGMA_VALUE_COUNT)
        return TS_OK;
    if (field.n == 0)
        return ts_fail(err, TS_INVALID, "condition",
                       "field must name the field whose values count");
    return sigma_names_add(names, field, &ret->value_field, err);
}

ts_status sigma_correlation_compile(const ytree *map, sigma_names *names, ts_arena *arena,
                                    sigma_correlation *ret, ts_error *err)
{
    ts_status st;

    (void)arena;
    *ret = (sigma_correlation){ 0 };
    if (map->kind != YTREE_MAP)
        return ts_fail(err, TS_INVALID, "correlation", "correlation must be a map");
    if (ytree_get(map, "aliases") != NULL)
        return ts_fail(err, TS_INVALID, "aliases", "aliases are not supported");
    ret->generate = ts_str_is(ytree_text(map, "generate"), "true");
    st = parse_type(ytree_text(map, "type"), ret, err);
    if (st == TS_OK)
        st = parse_rules(ytree_get(map, "rules"), ret, err);
    if (st == TS_OK)
        st = parse_group(ytree_get(map, "group-by"), names, ret, err);
    if (st == TS_OK)
        st = parse_timespan(ytree_text(map, "timespan"), &ret->timespan_ms, err);
    if (st == TS_OK)
        st = parse_condition(ytree_get(map, "condition"), names, ret, err);
    return st;
}

/* ---- windows ---- */

/* First hit that is not before `from_ms`. */
static size_t lower_bound(const risk_hit *hits, size_t count, int64_t from_ms)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (hits[middle].at_ms < from_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool enough_values(const risk_hit *hits, size_t first, size_t last, uint32_t at_least)
{
    uint64_t seen[SIGMA_THRESHOLD_MAX];
    uint32_t count = 0;

    for (size_t i = first; i <= last && count < at_least; i++) {
        uint32_t j = 0;

        while (j < count && seen[j] != hits[i].value)
            j++;
        if (j == count)
            seen[count++] = hits[i].value;
    }
    return count >= at_least;
}

static bool all_rules(const risk_hit *hits, size_t first, size_t last, unsigned rule_count)
{
    uint32_t seen = 0;

    for (size_t i = first; i <= last; i++)
        seen |= hits[i].rule < rule_count ? 1u << hits[i].rule : 0;
    return seen == (1u << rule_count) - 1;
}

/* The rules before hits[at]'s, each as late as can be, and those behind it, each as early as can be: the shortest chain
 * through this hit. */
static bool in_order(const sigma_correlation *c, const risk_hit *hits, size_t count, size_t at,
                     size_t *ret_last)
{
    int64_t first_ms = hits[at].at_ms;
    size_t i = lower_bound(hits, count, first_ms + 1); /* equal times count as in order */
    size_t last = at;

    for (unsigned rule = hits[at].rule; rule-- > 0;) {
        while (i > 0 && (hits[i - 1].rule != rule || hits[i - 1].at_ms > first_ms))
            i--;
        if (i == 0)
            return false;
        first_ms = hits[i - 1].at_ms;
        i = lower_bound(hits, count, first_ms + 1);
    }
    i = lower_bound(hits, count, hits[at].at_ms);
    for (unsigned rule = hits[at].rule + 1; rule < c->rule_count; rule++) {
        while (i < count && hits[i].rule != rule)
            i++;
        if (i == count)
            return false;
        last = i;
        i = lower_bound(hits, count, hits[i].at_ms);
    }
    *ret_last = last;
    return hits[last].at_ms - first_ms <= c->timespan_ms;
}

static bool window_holds(const sigma_correlation *c, const risk_hit *hits, size_t first,
                         size_t last)
{
    switch (c->type) {
    case SIGMA_EVENT_COUNT: return last - first + 1 >= c->at_least;
    case SIGMA_VALUE_COUNT: return enough_values(hits, first, last, c->at_least);
    case SIGMA_TEMPORAL: return all_rules(hits, first, last, c->rule_count);
    case SIGMA_TEMPORAL_ORDERED: break;
    }
    return false;
}

bool sigma_correlation_holds(const sigma_correlation *c, const risk_hit *hits, size_t count,
                             size_t at, size_t *ret_last)
{
    if (c->type == SIGMA_TEMPORAL_ORDERED)
        return in_order(c, hits, count, at, ret_last);
    for (size_t last = at; last < count && hits[last].at_ms - hits[at].at_ms <= c->timespan_ms;
         last++) {
        size_t first = lower_bound(hits, count, hits[last].at_ms - c->timespan_ms);

        if (window_holds(c, hits, first, last)) {
            *ret_last = last;
            return true;
        }
    }
    return false;
}

bool sigma_correlation_group(const sigma_correlation *c, const sigma_view *view, ts_hash128 *ret)
{
    ts_str parts[SIGMA_GROUP_FIELDS_MAX + 1];

    for (unsigned i = 0; i < c->group_count; i++) {
        parts[i] = sigma_view_first(view, c->group_by[i]);
        if (parts[i].n == 0)
            return false;
    }
    parts[c->group_count] = TS_STR_LIT("group");
    *ret = ts_hash_parts(parts, c->group_count + 1u);
    return true;
}
