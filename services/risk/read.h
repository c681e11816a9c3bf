/* What several readers of the store share. */
#ifndef RISK_READ_H
#define RISK_READ_H

#include "risk.h"
#include "row.h"

#define RISK_LIST_MAX 200  /* items of one answer */
#define RISK_SCAN_MAX 2000 /* rows that a walk over numbers or ids reads for one answer */

/* Of the call's tenant; zeroed if it has none yet. */
TS_CHECK ts_status risk_read_totals(const ts_call *call, const Ts__Risk__Totals **ret);
/* TS_NOT_FOUND. */
TS_CHECK ts_status risk_read_user(const ts_call *call, uint64_t number, Ts__Risk__UserRow **ret);
/* An answer of type UserList, to be filled with rows as they are kept. */
Ts__Risk__UserRows *risk_rows_for(ProtobufCMessage *out);
/* What is shown of the row goes out as it is; `rep`, which has room for it, borrows it. */
void risk_add_row(Ts__Risk__UserRows *rep, const risk_row *row);
/* The same of those of the users that are there, in the order of the numbers. */
TS_CHECK ts_status risk_add_users(const ts_call *call, const uint64_t *numbers, size_t count,
                                  Ts__Risk__UserRows *rep);
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
