/* Days are counted from the epoch; the civil calendar comes from Howard Hinnant's days_from_civil and civil_from_days. */
#include "dates.h"

#include "ts/time.h"

typedef struct civil {
    int64_t year;
    int64_t month; /* 1..12 */
    int64_t day;   /* 1..31 */
} civil;

static int64_t days_of(civil c)
{
    int64_t y = c.month <= 2 ? c.year - 1 : c.year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

static civil civil_of(int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    civil c = { yoe + era * 400, mp < 10 ? mp + 3 : mp - 9, doy - (153 * mp + 2) / 5 + 1 };

    if (c.month <= 2)
        c.year++;
    return c;
}

static int64_t month_days(int64_t year, int64_t month)
{
    civil first = { year, month, 1 };
    civil next = month == 12 ? (civil){ year + 1, 1, 1 } : (civil){ year, month + 1, 1 };

    return days_of(next) - days_of(first);
}

static bool is_day(civil c)
{
    return c.year >= 1970 && c.year <= 2999 && c.month >= 1 && c.month <= 12 && c.day >= 1 &&
           c.day <= month_days(c.year, c.month);
}

/* Months before or after, the day cut to the month's end. */
static civil shift_months(civil c, int64_t months)
{
    int64_t index = c.year * 12 + c.month - 1 + months;
    civil to = { index / 12, index % 12 + 1, c.day };

    if (to.day > month_days(to.year, to.month))
        to.day = month_days(to.year, to.month);
    return to;
}

static int64_t ms_of(civil c)
{
    return days_of(c) * TS_DAY_MS;
}

static void print_day(civil c, char *to, size_t size)
{
    snprintf(to, size, "%04d-%02d-%02d", (int)(c.year % 10000), (int)(c.month % 100),
             (int)(c.day % 100));
}

static int64_t full_year(int64_t year, size_t digits)
{
    return digits == 2 ? 2000 + year : year;
}

/* ---- written dates ---- */

/* Three numbers with one kind of separator between them. */
typedef struct parts {
    int64_t number[3];
    size_t digits[3]; /* 1 to 4 */
    char separator;
} parts;

static bool read_parts(ts_str text, parts *ret)
{
    unsigned n = 0;

    *ret = (parts){ .separator = 0 };
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c >= '0' && c <= '9') {
            if (++ret->digits[n] > 4)
                return false;
            ret->number[n] = ret->number[n] * 10 + (c - '0');
            continue;
        }
        if ((c != '-' && c != '/' && c != '.') || (ret->separator != 0 && c != ret->separator) ||
            n == 2 || ret->digits[n] == 0)
            return false;
        ret->separator = c;
        n++;
    }
    return n == 2 && ret->digits[2] > 0;
}

bool agent_date_read(ts_str text, agent_date_text *ret)
{
    civil day_first;
    civil month_first;
    parts p;

    if (!read_parts(text, &p))
        return false;
    ret->is_unsure = false;
    if (p.digits[0] == 4) {
        day_first = (civil){ p.number[0], p.number[1], p.number[2] };
        if (p.digits[1] > 2 || p.digits[2] > 2 || !is_day(day_first))
            return false;
        print_day(day_first, ret->text, sizeof(ret->text));
        return true;
    }
    if (p.digits[0] > 2 || p.digits[1] > 2 || (p.digits[2] != 4 && p.digits[2] != 2))
        return false;
    day_first = (civil){ full_year(p.number[2], p.digits[2]), p.number[1], p.number[0] };
    month_first = (civil){ day_first.year, p.number[0], p.number[1] };
    /* Dots are written day first everywhere; dashes and strokes are not. */
    if (is_day(day_first) &&
        (p.separator == '.' || !is_day(month_first) || p.number[0] == p.number[1])) {
        print_day(day_first, ret->text, sizeof(ret->text));
        return true;
    }
    if (!is_day(month_first))
        return false;
    if (!is_day(day_first)) {
        print_day(month_first, ret->text, sizeof(ret->text));
        return true;
    }
    ret->is_unsure = true;
    print_day(day_first, ret->text, sizeof(ret->text));
    ret->text[10] = '|';
    print_day(month_first, ret->text + 11, sizeof(ret->text) - 11);
    return true;
}

/* ---- values ---- */

static ts_str day_text(civil c, ts_arena *arena)
{
    char text[16];

    if (!is_day(c))
        return TS_STR_NULL;
    print_day(c, text, sizeof(text));
    return ts_arena_str(arena, ts_str_of(text));
}

static ts_str span_text(civil from, civil to, ts_arena *arena)
{
    char a[16];
    char b[16];

    print_day(from, a, sizeof(a));
    print_day(to, b, sizeof(b));
    return ts_str_of(ts_arena_printf(arena, "%s..%s", a, b));
}

ts_str agent_date_day(int64_t year, int64_t month, int64_t day, int64_t now_ms, ts_arena *arena)
{
    civil now = civil_of(ts_time_day(now_ms));
    civil c = { year == 0 ? now.year : year, month, day };

    if (year == 0 && is_day(c) && days_of(c) > ts_time_day(now_ms))
        c.year--;
    return day_text(c, arena);
}

ts_str agent_date_month(int64_t year, int64_t month, ts_arena *arena)
{
    if (month < 1 || month > 12)
        return TS_STR_NULL;
    if (year == 0)
        return ts_str_of(ts_arena_printf(arena, "month:%02d", (int)month));
    return span_text((civil){ year, month, 1 }, (civil){ year, month, month_days(year, month) },
                     arena);
}

ts_str agent_date_quarter(int64_t year, int64_t quarter, ts_arena *arena)
{
    int64_t last = quarter * 3;

    if (quarter < 1 || quarter > 4)
        return TS_STR_NULL;
    if (year == 0)
        return ts_str_of(ts_arena_printf(arena, "quarter:%d", (int)quarter));
    return span_text((civil){ year, last - 2, 1 }, (civil){ year, last, month_days(year, last) },
                     arena);
}

ts_str agent_date_year(int64_t year, ts_arena *arena)
{
    return span_text((civil){ year, 1, 1 }, (civil){ year, 12, 31 }, arena);
}

ts_str agent_date_nth(int64_t day, int64_t now_ms, ts_arena *arena)
{
    civil now = civil_of(ts_time_day(now_ms));
    civil c = { now.year, now.month, day };

    for (int i = 0; i < 3 && (!is_day(c) || days_of(c) > days_of(now)); i++) {
        c = shift_months((civil){ c.year, c.month, 1 }, -1);
        c.day = day;
    }
    return day_text(c, arena);
}

static int64_t unit_ms(ts_str unit)
{
    if (ts_str_is(unit, "h"))
        return TS_HOUR_MS;
    if (ts_str_is(unit, "min"))
        return TS_MINUTE_MS;
    if (ts_str_is(unit, "d"))
        return TS_DAY_MS;
    if (ts_str_is(unit, "w"))
        return 7 * TS_DAY_MS;
    return 0;
}

static int64_t unit_months(ts_str unit)
{
    if (ts_str_is(unit, "mo"))
        return 1;
    if (ts_str_is(unit, "q"))
        return 3;
    return ts_str_is(unit, "y") ? 12 : 0;
}

static bool moment_ago(int64_t count, ts_str unit, int64_t now_ms, int64_t *ret)
{
    int64_t ms = unit_ms(unit);
    int64_t months = unit_months(unit);

    if (count < 0 || count > 100000)
        return false;
    if (ms > 0) {
        *ret = now_ms - count * ms;
    } else if (months > 0 && count * months < 12 * 500) {
        int64_t day = ts_time_day(now_ms);

        *ret = ms_of(shift_months(civil_of(day), -count * months)) + (now_ms - day * TS_DAY_MS);
    } else {
        return false;
    }
    return true;
}

ts_str agent_date_ago(int64_t count, ts_str unit, int64_t now_ms, ts_arena *arena)
{
    int64_t at;

    if (!moment_ago(count, unit, now_ms, &at))
        return TS_STR_NULL;
    return day_text(civil_of(ts_time_day(at)), arena);
}

/* ---- bounds ---- */

static agent_span days_span(int64_t first, int64_t count)
{
    return (agent_span){ first * TS_DAY_MS, (first + count) * TS_DAY_MS };
}

static agent_span months_span(civil first, int64_t months)
{
    return (agent_span){ ms_of(first), ms_of(shift_months(first, months)) };
}

static bool calendar_span(ts_str unit, bool is_last, int64_t now_ms, agent_span *ret)
{
    int64_t today = ts_time_day(now_ms);
    civil now = civil_of(today);
    int64_t monday = today - (((today + 3) % 7) + 7) % 7; /* day 0 was a Thursday */
    civil first = { now.year, now.month, 1 };
    int64_t months = 1;

    if (ts_str_is(unit, "week")) {
        *ret = is_last ? days_span(monday - 7, 7) : days_span(monday, 7);
    } else if (ts_str_is(unit, "weekend")) {
        /* The one that has begun last. */
        int64_t saturday = today - (((today + 5) % 7) + 7) % 7;

        *ret = days_span(saturday, 2);
    } else {
        if (ts_str_is(unit, "quarter")) {
            months = 3;
            first.month = (now.month - 1) / 3 * 3 + 1;
        } else if (ts_str_is(unit, "year")) {
            months = 12;
            first.month = 1;
        } else if (!ts_str_is(unit, "month")) {
            return false;
        }
        *ret = months_span(is_last ? shift_months(first, -months) : first, months);
    }
    if (ret->to_ms > now_ms)
        ret->to_ms = now_ms;
    return true;
}

static bool rolling_span(ts_str rest, int64_t now_ms, agent_span *ret)
{
    size_t n = 0;
    int64_t count;

    while (n < rest.n && rest.p[n] >= '0' && rest.p[n] <= '9')
        n++;
    if (n == 0 || n > 6 || ts_parse_i64(ts_str_n(rest.p, n), &count) != TS_OK ||
        !moment_ago(count, ts_str_n(rest.p + n, rest.n - n), now_ms, &ret->from_ms))
        return false;
    ret->to_ms = now_ms;
    return true;
}

static bool day_of(ts_str text, int64_t *ret)
{
    agent_date_text date;
    int64_t ms;
    char full[32];

    if (text.n != 10 || !agent_date_read(text, &date) || date.is_unsure)
        return false;
    snprintf(full, sizeof(full), "%.10sT00:00:00Z", date.text);
    if (ts_time_parse(ts_str_of(full), &ms) != TS_OK)
        return false;
    *ret = ts_time_day(ms);
    return true;
}

static bool weekday_span(ts_str name, int64_t now_ms, agent_span *ret)
{
    static const char *const names[] = { "thursday", "friday",  "saturday", "sunday",
                                         "monday",   "tuesday", "wednesday" };
    int64_t today = ts_time_day(now_ms);

    for (int64_t i = 0; i < 7; i++) {
        if (ts_str_is(name, names[i])) {
            int64_t back = ((today - i) % 7 + 7) % 7;

            *ret = days_span(today - (back == 0 ? 7 : back), 1);
            return true;
        }
    }
    return false;
}

static bool numbered_span(ts_str time, int64_t now_ms, agent_span *ret)
{
    civil now = civil_of(ts_time_day(now_ms));
    int64_t number;
    civil first;
    int64_t months;
    ts_str digits;

    if (ts_str_starts(time, TS_STR_LIT("month:"))) {
        digits = ts_str_n(time.p + 6, time.n - 6);
        months = 1;
    } else if (ts_str_starts(time, TS_STR_LIT("quarter:"))) {
        digits = ts_str_n(time.p + 8, time.n - 8);
        months = 3;
    } else {
        return false;
    }
    if (ts_parse_i64(digits, &number) != TS_OK || number < 1 || number * months > 12)
        return false;
    first = (civil){ now.year, (number - 1) * months + 1, 1 };
    if (days_of(first) > days_of(now))
        first.year--;
    *ret = months_span(first, months);
    return true;
}

/* Everything but since, before and ranges. */
static bool simple_span(ts_str time, int64_t now_ms, agent_span *ret)
{
    int64_t today = ts_time_day(now_ms);
    int64_t day;

    if (ts_str_is(time, "today"))
        *ret = (agent_span){ today * TS_DAY_MS, now_ms };
    else if (ts_str_is(time, "yesterday"))
        *ret = days_span(today - 1, 1);
    else if (ts_str_is(time, "recent"))
        *ret = (agent_span){ now_ms - 7 * TS_DAY_MS, now_ms };
    else if (day_of(time, &day))
        *ret = days_span(day, 1);
    else if (ts_str_starts(time, TS_STR_LIT("this_")))
        return calendar_span(ts_str_n(time.p + 5, time.n - 5), false, now_ms, ret);
    else if (ts_str_starts(time, TS_STR_LIT("last_")))
        return calendar_span(ts_str_n(time.p + 5, time.n - 5), true, now_ms, ret) ||
               rolling_span(ts_str_n(time.p + 5, time.n - 5), now_ms, ret);
    else
        return weekday_span(time, now_ms, ret) || numbered_span(time, now_ms, ret);
    return true;
}

bool agent_time_span(ts_str time, int64_t now_ms, agent_span *ret)
{
    agent_span a;
    agent_span b;

    if (ts_str_starts(time, TS_STR_LIT("since:"))) {
        if (!simple_span(ts_str_n(time.p + 6, time.n - 6), now_ms, &a))
            return false;
        *ret = (agent_span){ a.from_ms, now_ms };
        return true;
    }
    if (ts_str_starts(time, TS_STR_LIT("before:"))) {
        if (!simple_span(ts_str_n(time.p + 7, time.n - 7), now_ms, &a))
            return false;
        *ret = (agent_span){ INT64_MIN, a.from_ms };
        return true;
    }
    for (size_t i = 1; i + 2 < time.n; i++) {
        if (time.p[i] != '.' || time.p[i + 1] != '.')
            continue;
        if (!simple_span(ts_str_n(time.p, i), now_ms, &a) ||
            !simple_span(ts_str_n(time.p + i + 2, time.n - i - 2), now_ms, &b))
            return false;
        *ret = (agent_span){ a.from_ms, b.to_ms };
        return true;
    }
    return simple_span(time, now_ms, ret);
}

ts_str agent_date_range(ts_str from, ts_str to, int64_t now_ms, ts_arena *arena)
{
    agent_span a;
    agent_span b;
    int64_t day;

    if ((day_of(from, &day) || ts_str_starts(from, TS_STR_LIT("month:"))) &&
        (day_of(to, &day) || ts_str_starts(to, TS_STR_LIT("month:"))) &&
        agent_time_span(from, now_ms, &a) && agent_time_span(to, now_ms, &b)) {
        if (a.from_ms > b.to_ms) { /* November to February */
            civil earlier = shift_months(civil_of(ts_time_day(a.from_ms)), -12);

            return span_text(earlier, civil_of(ts_time_day(b.to_ms) - 1), arena);
        }
        return span_text(civil_of(ts_time_day(a.from_ms)), civil_of(ts_time_day(b.to_ms) - 1),
                         arena);
    }
    return ts_str_of(ts_arena_printf(arena, "%.*s..%.*s", (int)from.n, from.p, (int)to.n, to.p));
}
