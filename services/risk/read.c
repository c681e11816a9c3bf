#include "read.h"

#include <assert.h>

#include "keys.h"
#include "search/terms.h"
#include "ts/id.h"

ts_status risk_read_totals(const ts_call *call, const Ts__Risk__Totals **ret)
{
    const risk *app = call->service;
    risk_key key = risk_key_tenant(call->tenant);
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(app->store, RISK_TOTALS, risk_key_view(&key), call->arena, &value);

    if (st == TS_NOT_FOUND) {
        m = ts_arena_alloc(call->arena, sizeof(Ts__Risk__Totals));
        if (m == NULL)
            return TS_NOMEM;
        ts__risk__totals__init((Ts__Risk__Totals *)m);
        st = TS_OK;
    } else if (st == TS_OK) {
        st = ts_arena_unpack(call->arena, &ts__risk__totals__descriptor, value, &m);
    }
    if (st == TS_OK)
        *ret = (const Ts__Risk__Totals *)m;
    return st;
}

ts_status risk_read_user(const ts_call *call, uint64_t number, Ts__Risk__UserRow **ret)
{
    const risk *app = call->service;
    risk_key key = risk_user_key(call->tenant, number);
    ProtobufCMessage *m = NULL;
    ts_str value;
    ts_status st = ts_store_get(app->store, RISK_USERS, risk_key_view(&key), call->arena, &value);

    if (st == TS_OK)
        st = ts_arena_unpack(call->arena, &ts__risk__user_row__descriptor, value, &m);
    if (st == TS_OK)
        *ret = (Ts__Risk__UserRow *)m;
    return st;
}

Ts__Risk__UserRows *risk_rows_for(ProtobufCMessage *out)
{
    Ts__Risk__UserRows *rep = (Ts__Risk__UserRows *)out;

    static_assert(sizeof(Ts__Risk__UserRows) <= sizeof(Ts__Risk__UserList), "room for it");
    ts__risk__user_rows__init(rep);
    return rep;
}

void risk_add_row(Ts__Risk__UserRows *rep, const risk_row *row)
{
    rep->users[rep->n_users].data = (uint8_t *)(uintptr_t)row->shown.p; /* packing only reads it */
    rep->users[rep->n_users++].len = row->shown.n;
}

ts_status risk_add_users(const ts_call *call, const uint64_t *numbers, size_t count,
                         Ts__Risk__UserRows *rep)
{
    const risk *app = call->service;
    ts_str *values = ts_arena_array(call->arena, count + 1, sizeof(*values));
    ts_status st;

    if (values == NULL)
        return TS_NOMEM;
    st = risk_get_users(app->store, call->tenant, RISK_USERS, numbers, count, false, call->arena,
                        values);
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        risk_row row;

        if (values[i].p == NULL)
            continue;
        st = risk_row_view(values[i], &row);
        if (st == TS_OK)
            risk_add_row(rep, &row);
    }
    return st;
}

uint64_t risk_users_between(const Ts__Risk__Totals *totals, uint32_t low, uint32_t high)
{
    uint64_t n = 0;

    for (uint32_t score = low; score <= high && score < totals->n_by_score; score++)
        n += totals->by_score[score];
    return n;
}

ts_status risk_check_limit(uint32_t limit, ts_error *err)
{
    if (limit < 1 || limit > RISK_LIST_MAX)
        return ts_fail(err, TS_INVALID, "limit", "limit must be between 1 and %d", RISK_LIST_MAX);
    return TS_OK;
}

ts_status risk_check_level(const char *level, uint32_t *ret_low, uint32_t *ret_high, ts_error *err)
{
    *ret_low = 0;
    *ret_high = 100;
    if (level[0] != '\0' && !ts_risk_level_range(ts_str_of(level), ret_low, ret_high))
        return ts_fail(err, TS_INVALID, "risk_level",
                       "risk_level must be critical, high, medium, low or minimal");
    return TS_OK;
}

ts_status risk_check_note(const char *note, ts_error *err)
{
    if (!ts_utf8_valid(ts_str_of(note)) || search_characters(ts_str_of(note)) > RISK_NOTE_MAX)
        return ts_fail(err, TS_INVALID, "note", "note must be UTF-8 of at most %d characters",
                       RISK_NOTE_MAX);
    return TS_OK;
}

#define SCORE_DIGITS  2
#define NUMBER_DIGITS 11

void risk_position_format(uint32_t score, uint64_t number, char ret[RISK_POSITION_SIZE])
{
    ts_base62_u64(score, ret, SCORE_DIGITS);
    ts_base62_u64(number, ret + SCORE_DIGITS, NUMBER_DIGITS);
    ret[SCORE_DIGITS + NUMBER_DIGITS] = '\0';
}

ts_status risk_position_parse(ts_str text, uint32_t *ret_score, uint64_t *ret_number)
{
    uint64_t score = 0;
    ts_status st;

    if (text.n != SCORE_DIGITS + NUMBER_DIGITS)
        return TS_INVALID;
    st = ts_base62_read(ts_str_n(text.p, SCORE_DIGITS), &score);
    if (st == TS_OK)
        st = ts_base62_read(ts_str_n(text.p + SCORE_DIGITS, NUMBER_DIGITS), ret_number);
    if (st != TS_OK || score > 100)
        return TS_INVALID;
    *ret_score = (uint32_t)score;
    return TS_OK;
}

void risk_number_format(uint64_t number, char ret[RISK_NUMBER_SIZE])
{
    ts_base62_u64(number, ret, NUMBER_DIGITS);
    ret[NUMBER_DIGITS] = '\0';
}

ts_status risk_number_parse(ts_str text, uint64_t *ret, ts_error *err)
{
    if (text.n != NUMBER_DIGITS || ts_base62_read(text, ret) != TS_OK)
        return risk_refuse_cursor(err);
    return TS_OK;
}

ts_status risk_refuse_cursor(ts_error *err)
{
    return ts_fail(err, TS_INVALID, "cursor",
                   "cursor must be the next_cursor of an earlier answer");
}
