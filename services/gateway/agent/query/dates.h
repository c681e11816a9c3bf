/* Calendar: written dates, and the words for spans of time (the `time` slot) as bounds in milliseconds. Pure: now is an
 * argument. The calendar is UTC; weeks begin on Monday.
 */
#ifndef AGENT_DATES_H
#define AGENT_DATES_H

#include "ts/arena.h"
#include "ts/base.h"

#define AGENT_DATE_TEXT 24

typedef struct agent_date_text {
    char text[AGENT_DATE_TEXT]; /* YYYY-MM-DD, or two of them joined by '|' */
    bool is_unsure;             /* day and month could be either */
} agent_date_text;

/* 2025-03-14, 2025/03/14, 14.03.2025, 03/14/25: digits and one kind of separator. False if it is no date. */
bool agent_date_read(ts_str text, agent_date_text *ret);

typedef struct agent_span {
    int64_t from_ms; /* INT64_MIN: open */
    int64_t to_ms;   /* exclusive; INT64_MAX: open */
} agent_span;

/* Bounds of a value of the slot `time`: today, last_7d, this_quarter, monday, month:05, quarter:3, 2025-03-14, since:X,
 * before:X, A..B, recent. False if it is none. */
bool agent_time_span(ts_str time, int64_t now_ms, agent_span *ret);

/* Values of the slot from numbers. Empty if there is no such day. `year` 0: the latest one that is past. */
ts_str agent_date_day(int64_t year, int64_t month, int64_t day, int64_t now_ms, ts_arena *arena);
ts_str agent_date_month(int64_t year, int64_t month, ts_arena *arena);
ts_str agent_date_quarter(int64_t year, int64_t quarter, ts_arena *arena);
ts_str agent_date_year(int64_t year, ts_arena *arena);
/* The latest past `day` of a month ("since the 1st"). */
ts_str agent_date_nth(int64_t day, int64_t now_ms, ts_arena *arena);
/* The day `count` units (h d w mo q y) before now. */
ts_str agent_date_ago(int64_t count, ts_str unit, int64_t now_ms, ts_arena *arena);
/* From the beginning of one value to the end of another: dates where both are fixed, else "a..b". */
ts_str agent_date_range(ts_str from, ts_str to, int64_t now_ms, ts_arena *arena);

#endif
