#include "schedule.h"

static ts_status parse_step(ts_str text, int64_t *ret_ms, ts_error *err)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 } };
    int64_t n = 0;

    for (size_t i = 0; text.n >= 2 && i < TS_COUNT(units); i++) {
        if (text.p[text.n - 1] != units[i].unit ||
            ts_parse_i64(ts_str_n(text.p, text.n - 1), &n) != TS_OK)
            continue;
        if (n < 1 || n > SCHEDULE_STEP_MAX_MS / units[i].ms)
            break;
        *ret_ms = n * units[i].ms;
        return TS_OK;
    }
    return ts_fail(err, TS_INVALID, "", "'%.*s' is no wait like 30s, 2m or 6h of at most 7 days",
                   (int)(text.n > 40 ? 40 : text.n), text.p == NULL ? "" : text.p);
}

ts_status schedule_parse(ts_str text, schedule *ret, ts_error *err)
{
    ret->steps = 0;
    for (;;) {
        size_t comma = ts_str_find(text, ',');
        ts_status st;

        if (ret->steps == SCHEDULE_STEPS_MAX)
            return ts_fail(err, TS_INVALID, "", "at most %d waits", SCHEDULE_STEPS_MAX);
        st = parse_step(ts_str_trim(ts_str_n(text.p, comma)), &ret->step_ms[ret->steps], err);
        if (st != TS_OK)
            return st;
        ret->steps++;
        if (comma == text.n)
            return TS_OK;
        text = ts_str_n(text.p + comma + 1, text.n - comma - 1);
    }
}

bool schedule_next(const schedule *s, unsigned failed, uint32_t random, int64_t *ret_wait_ms)
{
    int64_t step_ms;

    if (failed == 0 || failed > s->steps)
        return false;
    step_ms = s->step_ms[failed - 1];
    *ret_wait_ms =
        step_ms + step_ms * SCHEDULE_JITTER_PERCENT / 100 * (int64_t)(random % 1024) / 1024;
    return true;
}
