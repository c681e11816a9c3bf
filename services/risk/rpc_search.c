/* risk.SearchUsers: the index (search/) says who is meant, the order index or the users' rows who comes first.
 *
 * Of few, the places are read and sorted. Of many, walking the order index from the highest score down finds the first ones soon, unless
 * they all stand far down in it: then the places of a bounded number of them are read after all, and the answer says that it is cut. */
#include "keys.h"
#include "read.h"
#include "search/index.h"

#define QUERY_MAX 200   /* characters */
#define FEW       1000  /* users whose places are read and sorted */
#define MANY      10000 /* the same, if walking the order did not find enough */
#define WALK_MAX  20000 /* keys of the order that are walked */

typedef struct search {
    const ts_call *call;
    const Ts__Risk__SearchUsersRequest *req;
    Ts__Risk__UserList *rep;
    search_set set;
    uint32_t low, high;
} search;

typedef struct place {
    uint8_t below; /* 100 - score */
    ts_str email;
    uint64_t user;
} place;

static int highest_first(const void *left, const void *right)
{
    const place *a = left;
    const place *b = right;

    return a->below != b->below ? (int)a->below - (int)b->below : ts_str_cmp(a->email, b->email);
}

/* Up to `max` of the set, ascending. */
static ts_status list_set(search *s, size_t max, uint64_t **ret, size_t *ret_count)
{
    size_t wanted = s->set.count < max ? (size_t)s->set.count : max;
    uint64_t *numbers = ts_arena_array(s->call->arena, wanted + 1, sizeof(*numbers));
    size_t count = 0;

    if (numbers == NULL)
        return TS_NOMEM;
    for (uint64_t word = 0; word <= s->set.last_user / 64 && count < wanted; word++) {
        for (uint64_t left = s->set.bits[word]; left != 0 && count < wanted; left &= left - 1)
            numbers[count++] = word * 64 + (uint64_t)__builtin_ctzll(left);
    }
    s->rep->truncated = s->set.count > max;
    *ret = numbers;
    *ret_count = count;
    return TS_OK;
}

/* The places of up to `max` of the set. */
static ts_status read_places(search *s, size_t max, place **ret, size_t *ret_count)
{
    uint64_t *numbers = NULL;
    ts_str *values;
    place *list;
    size_t count = 0, kept = 0;
    ts_status st = list_set(s, max, &numbers, &count);

    if (st != TS_OK)
        return st;
    values = ts_arena_array(s->call->arena, count + 1, sizeof(*values));
    list = ts_arena_array(s->call->arena, count + 1, sizeof(*list));
    if (values == NULL || list == NULL)
        return TS_NOMEM;
    st = risk_read_of_users(s->call, RISK_USER_PLACES, numbers, count, true, values);
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        uint8_t below;

        if (values[i].p == NULL)
            continue;
        if (values[i].n < 2)
            return TS_CORRUPT;
        below = (uint8_t)values[i].p[0];
        if (below <= 100 - s->low && below >= 100 - s->high)
            list[kept++] = (place){ below, ts_str_n(values[i].p + 1, values[i].n - 1), numbers[i] };
    }
    *ret = list;
    *ret_count = kept;
    return st;
}

static ts_status answer_few(search *s, size_t max)
{
    Ts__Risk__UserList *rep = s->rep;
    place *list = NULL;
    uint64_t *numbers;
    size_t count = 0;
    size_t wanted;
    ts_status st = read_places(s, max, &list, &count);

    if (st != TS_OK)
        return st;
    wanted = count < s->req->limit ? count : s->req->limit;
    rep->total = count;
    rep->n_users = 0;
    rep->users = ts_arena_array(s->call->arena, wanted + 1, sizeof(*rep->users));
    numbers = ts_arena_array(s->call->arena, wanted + 1, sizeof(*numbers));
    if (rep->users == NULL || numbers == NULL)
        return TS_NOMEM;
    if (count > 1)
        qsort(list, count, sizeof(*list), highest_first);
    for (size_t i = 0; i < wanted; i++)
        numbers[i] = list[i].user;
    return risk_read_users(s->call, numbers, wanted, rep->users, &rep->n_users);
}

/* Walks the order index over the levels asked for. *ret_ended: all of it was walked, or all that is wanted was found. */
static ts_status walk(search *s, bool count_all, bool *ret_ended)
{
    const risk *app = s->call->service;
    Ts__Risk__UserList *rep = s->rep;
    risk_key from = risk_key_tenant(s->call->tenant);
    risk_key until = risk_key_tenant(s->call->tenant);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    size_t walked = 0;

    risk_key_u8(&from, (uint8_t)(100 - s->high));
    risk_key_u8(&until, (uint8_t)(100 - s->low + 1));
    it = ts_iter_new(app->store, RISK_USER_ORDER, risk_key_view(&from), risk_key_view(&until),
                     false);
    rep->users = ts_arena_array(s->call->arena, s->req->limit, sizeof(*rep->users));
    if (it == NULL || rep->users == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && walked < WALK_MAX; ts_iter_next(it), walked++) {
        uint64_t number = risk_read_u64(ts_iter_value(it), 0);
        ts_status st;

        if (!search_set_has(&s->set, number))
            continue;
        rep->total++;
        if (rep->n_users == s->req->limit) {
            if (count_all)
                continue;
            break;
        }
        st = risk_read_user(s->call, number, &rep->users[rep->n_users]);
        if (st == TS_OK)
            rep->n_users++;
        else if (st != TS_NOT_FOUND)
            return st;
    }
    *ret_ended = !ts_iter_valid(it) || walked < WALK_MAX;
    return ts_iter_status(it);
}

static ts_status answer_many(search *s)
{
    bool all_levels = s->low == 0 && s->high == 100;
    bool ended = false;
    ts_status st = walk(s, !all_levels, &ended);

    if (st != TS_OK)
        return st;
    if (!ended && s->rep->n_users < s->req->limit)
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
    search s = { .call = call, .req = req, .rep = (Ts__Risk__UserList *)out };
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
        return ts_fail(call->error, TS_INVALID, "query", "query must hold more than space");
    if (st == TS_OK)
        st = risk_read_totals(call, &totals);
    if (st == TS_OK)
        st = search_find(app->store, call->tenant, totals->last_user_number, parts, part_count,
                         call->arena, &s.set, &cut);
    if (st != TS_OK)
        return st;
    st = s.set.count <= FEW ? answer_few(&s, MANY) : answer_many(&s);
    s.rep->truncated = s.rep->truncated || cut;
    return st;
}
