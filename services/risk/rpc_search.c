/* risk.SearchUsers: the index (search/) says who is meant, the order index or the users' rows who comes first.
 *
 * Of few, the places are read and those of the page kept in order; only the rows of the page's users are read. Of many, walking the
 * order index from the highest score down finds the first ones soon, unless they all stand far down in it: then the places of a
 * bounded number of them are read after all, and if that is not all of them the answer says that it is cut. */
#include "keys.h"
#include "read.h"
#include "search/index.h"
#include "ts/time.h"

#define QUERY_MAX 200   /* characters */
#define FEW       1000  /* users whose places are read */
#define MANY      10000 /* the same, if a walk of the order did not find enough */
#define WALK_MAX  20000 /* keys of the order that are walked, of more than MANY */

typedef struct search {
    const ts_call *call;
    const Ts__Risk__SearchUsersRequest *req;
    Ts__Risk__UserRows *rep;
    search_source from;
    search_set set;
    uint32_t low, high;
} search;

typedef struct place {
    uint8_t below; /* 100 - score */
    ts_str email;
    uint64_t user;
} place;

static bool comes_before(const place *a, const place *b)
{
    return a->below != b->below ? a->below < b->below : ts_str_cmp(a->email, b->email) < 0;
}

/* Puts one among the first `max`, which are in order; what is too many falls out at the end. Most of a thousand are further
 * down than the page goes, and cost one comparison. Returns how many there are now. */
static size_t keep_first(place *first, size_t count, size_t max, const place *one)
{
    size_t low = 0;
    size_t high = count;

    if (count == max && !comes_before(one, &first[count - 1]))
        return count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (comes_before(one, &first[middle]))
            high = middle;
        else
            low = middle + 1;
    }
    if (count < max)
        count++;
    memmove(&first[low + 1], &first[low], (count - 1 - low) * sizeof(*first));
    first[low] = *one;
    return count;
}

/* Reads the places of up to `max` of the set. Those of the page, in order, go to `first`; the answer's total counts all. */
static ts_status read_places(search *s, size_t max, place *first, size_t *ret_count)
{
    size_t count = s->set.count < max ? (size_t)s->set.count : max;
    uint64_t *numbers = ts_arena_array(s->call->arena, count + 1, sizeof(*numbers));
    ts_str *values = ts_arena_array(s->call->arena, count + 1, sizeof(*values));
    size_t kept = 0;
    ts_status st;

    if (numbers == NULL || values == NULL)
        return TS_NOMEM;
    s->rep->total = 0;
    s->rep->truncated = s->set.count > max;
    count = search_list(s->set.bits, (size_t)(s->set.last_user / 64 + 1), count, numbers);
    st = places_get(s->from.places, s->from.store, s->from.tenant, numbers, count, s->from.now_ms,
                    s->call->arena, values);
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        place one = { .user = numbers[i] };

        if (values[i].p == NULL)
            continue;
        if (values[i].n < 2)
            return TS_CORRUPT;
        one.below = (uint8_t)values[i].p[0];
        one.email = ts_str_n(values[i].p + 1, values[i].n - 1);
        if (one.below > 100 - s->low || one.below < 100 - s->high)
            continue;
        s->rep->total++;
        kept = keep_first(first, kept, s->req->limit, &one);
    }
    *ret_count = kept;
    return st;
}

static ts_status answer_few(search *s, size_t max)
{
    place *first = ts_arena_array(s->call->arena, s->req->limit, sizeof(*first));
    uint64_t *numbers = ts_arena_array(s->call->arena, s->req->limit, sizeof(*numbers));
    size_t count = 0;
    ts_status st;

    if (first == NULL || numbers == NULL)
        return TS_NOMEM;
    st = read_places(s, max, first, &count);
    if (st != TS_OK)
        return st;
    for (size_t i = 0; i < count; i++)
        numbers[i] = first[i].user;
    s->rep->n_users = 0;
    return risk_add_users(s->call, numbers, count, s->rep);
}

/* Walks up to `max` keys of the order index over the levels asked for. *ret_ended: all of it was walked, or all that is wanted
 * was found. */
static ts_status walk(search *s, size_t max, bool count_all, bool *ret_ended)
{
    const risk *app = s->call->service;
    Ts__Risk__UserRows *rep = s->rep;
    uint64_t *numbers = ts_arena_array(s->call->arena, s->req->limit, sizeof(*numbers));
    risk_key from = risk_key_tenant(s->call->tenant);
    risk_key until = risk_key_tenant(s->call->tenant);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    size_t walked = 0;
    size_t count = 0;
    ts_status st;

    risk_key_u8(&from, (uint8_t)(100 - s->high));
    risk_key_u8(&until, (uint8_t)(100 - s->low + 1));
    it = ts_iter_new(app->store, RISK_USER_ORDER, risk_key_view(&from), risk_key_view(&until),
                     false);
    if (it == NULL || numbers == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && walked < max; ts_iter_next(it), walked++) {
        uint64_t number = risk_read_u64(ts_iter_value(it), 0);

        if (!search_set_has(&s->set, number))
            continue;
        rep->total++;
        if (count < s->req->limit)
            numbers[count++] = number;
        else if (!count_all)
            break;
    }
    *ret_ended = !ts_iter_valid(it) || walked < max;
    st = ts_iter_status(it);
    return st == TS_OK ? risk_add_users(s->call, numbers, count, rep) : st;
}

/* A place costs about as much as a key of the walk. Of those whose places may all be looked up, that is done as soon as a walk of
 * half as many keys has not found enough: of a first name, say, the addresses stand side by side, and often far down. */
static ts_status answer_many(search *s)
{
    bool all_levels = s->low == 0 && s->high == 100;
    bool may_look_up = s->set.count <= MANY;
    bool ended = false;
    ts_status st = walk(s, may_look_up ? (size_t)s->set.count / 2 : WALK_MAX, !all_levels, &ended);

    if (st != TS_OK)
        return st;
    if (!ended && (s->rep->n_users < s->req->limit || (may_look_up && !all_levels)))
        st = answer_few(s, MANY);
    else if (!ended && !all_levels)
        s->rep->truncated = true;
    if (all_levels)
        s->rep->total = s->set.count;
    return st;
}

ts_status risk_rpc_search_users(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Risk__SearchUsersRequest *req = (const Ts__Risk__SearchUsersRequest *)in;
    const risk *app = call->service;
    search s = { .call = call, .req = req, .rep = risk_rows_for(out) };
    ts_str query = ts_str_of(req->query);
    const Ts__Risk__Totals *totals = NULL;
    search_part *parts = NULL;
    size_t part_count = 0;
    bool cut = false;
    ts_status st = risk_check_limit(req->limit, call->error);

    if (st == TS_OK)
        st = risk_check_level(req->risk_level, &s.low, &s.high, call->error);
    if (st != TS_OK)
        return st;
    if (query.n == 0 || !ts_utf8_valid(query) || search_characters(query) > QUERY_MAX)
        return ts_fail(call->error, TS_INVALID, "query",
                       "query must have between 1 and %d characters", QUERY_MAX);
    st = search_parse(call->arena, query, &parts, &part_count, call->error);
    if (st == TS_OK && part_count == 0)
        return ts_fail(call->error, TS_INVALID, "query", "query must hold more than spaces");
    if (st == TS_OK)
        st = risk_read_totals(call, &totals);
    if (st != TS_OK)
        return st;
    s.from = (search_source){ .store = app->store,
                              .places = app->places,
                              .tenant = call->tenant,
                              .last_user = totals->last_user_number,
                              .now_ms = ts_boot_ms() };
    s.rep->users = ts_arena_array(call->arena, req->limit, sizeof(*s.rep->users));
    if (s.rep->users == NULL)
        return TS_NOMEM;
    st = search_find(&s.from, parts, part_count, call->arena, &s.set, &cut);
    if (st != TS_OK)
        return st;
    st = s.set.count <= FEW ? answer_few(&s, MANY) : answer_many(&s);
    s.rep->truncated = s.rep->truncated || cut;
    call->lasts = true;
    return st;
}
