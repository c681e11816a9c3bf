/* What several readers of the store share. */
#ifndef RISK_READ_H
#define RISK_READ_H

#include "risk.h"

#define RISK_LIST_MAX 200  /* items of one answer */
#define RISK_SCAN_MAX 2000 /* rows that a walk over numbers or ids reads for one answer */

/* Of the call's tenant; zeroed if it has none yet. */
TS_CHECK ts_status risk_read_totals(const ts_call *call, const Ts__Risk__Totals **ret);
/* TS_NOT_FOUND. */
TS_CHECK ts_status risk_read_user(const ts_call *call, uint64_t number, Ts__Risk__UserRow **ret);
/* Those of the users that are there, in the order of the numbers; `ret` has room for `count`. */
TS_CHECK ts_status risk_read_users(const ts_call *call, const uint64_t *numbers, size_t count,
                                   Ts__Risk__UserRow **ret, size_t *ret_count);
/* What is risk's own bookkeeping does not go out with a page of rows: whoever asks would only unpack it. */
void risk_bare_rows(Ts__Risk__UserRow **rows, size_t count);
/* The values of a family whose keys are tenant and user; NULL where there is none. */
TS_CHECK ts_status risk_read_of_users(const ts_call *call, unsigned family, const uint64_t *numbers,
                                      size_t count, bool ascending, ts_str *ret_values);
/* Users with a score of low..high. */
uint64_t risk_users_between(const Ts__Risk__Totals *totals, uint32_t low, uint32_t high);

/* Where a page of an order by score ends, as `next` and `after` carry it: the last item's score and its number. */
#define RISK_POSITION_SIZE 16
void risk_position_format(uint32_t score, uint64_t number, char ret[RISK_POSITION_SIZE]);
/* TS_INVALID without words. */
TS_CHECK ts_status risk_position_parse(ts_str text, uint32_t *ret_score, uint64_t *ret_number);

/* The same of an order by number. TS_INVALID with words. */
#define RISK_NUMBER_SIZE 12
void risk_number_format(uint64_t number, char ret[RISK_NUMBER_SIZE]);
TS_CHECK ts_status risk_number_parse(ts_str text, uint64_t *ret, ts_error *err);
/* A place that is none. */
TS_CHECK ts_status risk_refuse_cursor(ts_error *err);

/* TS_INVALID with words. */
TS_CHECK ts_status risk_check_limit(uint32_t limit, ts_error *err);
/* "" is every level. */
TS_CHECK ts_status risk_check_level(const char *level, uint32_t *ret_low, uint32_t *ret_high,
                                    ts_error *err);

#define RISK_NOTE_MAX 500 /* characters */
/* TS_INVALID with words. */
TS_CHECK ts_status risk_check_note(const char *note, ts_error *err);

#endif
