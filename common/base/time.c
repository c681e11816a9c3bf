/* Clocks, and RFC 3339 over the proleptic Gregorian calendar. */
#include "ts/time.h"

/* 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z. */
#define FORMAT_MS_MIN INT64_C(-62167219200000)
#define FORMAT_MS_MAX INT64_C(253402300799999)

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;

    /* Cannot fail for these clocks on Linux; zero is at least a defined answer. */
    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t ts_wall_ms(void)
{
    return clock_us(CLOCK_REALTIME) / 1000;
}

int64_t ts_boot_ms(void)
{
    return clock_us(CLOCK_BOOTTIME) / 1000;
}

int64_t ts_boot_us(void)
{
    return clock_us(CLOCK_BOOTTIME);
}

struct timespec ts_monotonic_in(int64_t ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    if (ms < 0)
        ms = 0;
    t.tv_sec += ms / TS_SECOND_MS;
    t.tv_nsec += ms % TS_SECOND_MS * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

void ts_monotonic_cond(pthread_cond_t *ret)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(ret, &attributes);
    pthread_condattr_destroy(&attributes);
}

int64_t ts_time_day(int64_t ms)
{
    int64_t day = ms / TS_DAY_MS;

    return ms % TS_DAY_MS < 0 ? day - 1 : day;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01. Years are counted from March, so that the leap day is a year's last one and
 * months lie on the line (153 m + 2) / 5; 400 years have 146097 days; 719468 days lie between
 * 0000-03-01 and the epoch. */
static int64_t day_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t in_era = y - era * 400;
    int64_t in_year = (153 * m + 2) / 5 + day - 1;

    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

/* The reverse. */
static void date_of(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t in_era = z - era * 146097;
    int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * in_year + 2) / 153;

    *ret_day = in_year - (153 * m + 2) / 5 + 1;
    *ret_month = m < 10 ? m + 3 : m - 9;
    *ret_year = y + era * 400 + (*ret_month <= 2 ? 1 : 0);
}

/* 00 to 99, and what follows. */
static char *put_two(char *p, int64_t value, char next)
{
    p[0] = (char)('0' + value / 10);
    p[1] = (char)('0' + value % 10);
    p[2] = next;
    return p + 3;
}

void ts_time_format(int64_t ms, bool with_ms, char ret[TS_RFC3339_SIZE])
{
    int64_t year;
    int64_t month;
    int64_t day;
    int64_t in_day;
    int64_t second;
    char *p = ret;

    if (ms < FORMAT_MS_MIN)
        ms = FORMAT_MS_MIN;
    if (ms > FORMAT_MS_MAX)
        ms = FORMAT_MS_MAX;
    date_of(ts_time_day(ms), &year, &month, &day);
    in_day = ms - ts_time_day(ms) * TS_DAY_MS;

    second = in_day / TS_SECOND_MS;
    p = put_two(p, year / 100, '\0') - 1;
    p = put_two(p, year % 100, '-');
    p = put_two(p, month, '-');
    p = put_two(p, day, 'T');
    p = put_two(p, second / 3600, ':');
    p = put_two(p, second / 60 % 60, ':');
    p = put_two(p, second % 60, with_ms ? '.' : 'Z');
    if (with_ms) {
        *p++ = (char)('0' + in_day % TS_SECOND_MS / 100);
        p = put_two(p, in_day % 100, 'Z');
    }
    *p = '\0';
}

/* Takes exactly `count` digits off the front of *text. */
static bool take_digits(ts_str *text, size_t count, int64_t *ret)
{
    int64_t value = 0;

    if (text->n < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        char c = text->p[i];

        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *text = ts_str_n(text->p + count, text->n - count);
    *ret = value;
    return true;
}

/* Takes one character of `set` off the front of *text. */
static bool take_one(ts_str *text, const char *set, char *ret)
{
    if (text->n == 0 || text->p[0] == '\0' || strchr(set, text->p[0]) == NULL)
        return false;
    *ret = text->p[0];
    *text = ts_str_n(text->p + 1, text->n - 1);
    return true;
}

static bool take_date(ts_str *text, int64_t *ret_days)
{
    int64_t year;
    int64_t month;
    int64_t day;
    char sign;

    if (!take_digits(text, 4, &year) || !take_one(text, "-", &sign) ||
        !take_digits(text, 2, &month) || !take_one(text, "-", &sign) || !take_digits(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *ret_days = day_of(year, month, day);
    return true;
}

/* The digits after the point; those beyond milliseconds are read and dropped. */
static bool take_fraction(ts_str *text, int64_t *ret_ms)
{
    int64_t ms = 0;
    int64_t unit = 100;
    int64_t digit;
    size_t count = 0;

    while (take_digits(text, 1, &digit)) {
        ms += digit * unit;
        unit /= 10;
        count++;
    }
    *ret_ms = ms;
    return count > 0;
}

/* *ret_second may be 60: RFC 3339 allows leap seconds. */
static bool take_clock(ts_str *text, int64_t *ret_minute, int64_t *ret_second, int64_t *ret_ms)
{
    int64_t hour;
    int64_t minute;
    int64_t second;
    char sign;

    if (!take_digits(text, 2, &hour) || !take_one(text, ":", &sign) ||
        !take_digits(text, 2, &minute) || !take_one(text, ":", &sign) ||
        !take_digits(text, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *ret_minute = hour * 60 + minute;
    *ret_second = second;
    *ret_ms = 0;
    if (take_one(text, ".", &sign))
        return take_fraction(text, ret_ms);
    return true;
}

static bool take_offset(ts_str *text, int64_t *ret_minutes)
{
    int64_t hour;
    int64_t minute;
    char sign;
    char colon;

    *ret_minutes = 0;
    if (take_one(text, "Zz", &sign))
        return true;
    if (!take_one(text, "+-", &sign) || !take_digits(text, 2, &hour) ||
        !take_one(text, ":", &colon) || !take_digits(text, 2, &minute))
        return false;
    if (hour > 23 || minute > 59)
        return false;
    *ret_minutes = (hour * 60 + minute) * (sign == '-' ? -1 : 1);
    return true;
}

ts_status ts_time_parse(ts_str text, int64_t *ret_ms)
{
    int64_t days;
    int64_t minute;
    int64_t second;
    int64_t ms;
    int64_t offset;
    int64_t utc_minute;
    char sign;

    if (!take_date(&text, &days) || !take_one(&text, "Tt ", &sign) ||
        !take_clock(&text, &minute, &second, &ms) || !take_offset(&text, &offset) || text.n > 0)
        return TS_INVALID;
    utc_minute = days * 24 * 60 + minute - offset;
    /* A leap second ends a UTC day; it reads as the first second of the next one, as Unix time has
     * it. */
    if (second == 60 && ((utc_minute + 1) % (24 * 60)) != 0)
        return TS_INVALID;
    *ret_ms = utc_minute * TS_MINUTE_MS + second * TS_SECOND_MS + ms;
    return TS_OK;
}
