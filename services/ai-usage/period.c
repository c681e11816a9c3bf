#include "period.h"

#include "ts/time.h"

#define DATE_SIZE 10

period period_of(int64_t now_ms, uint32_t days)
{
    int64_t today = ts_time_day(now_ms);
    period p = { .first_day = today - (int64_t)days + 1,
                 .last_day = today,
                 .previous_first_day = today - 2 * (int64_t)days + 1,
                 .to_ms = now_ms };

    p.from_ms = p.first_day * TS_DAY_MS;
    return p;
}

void period_day_text(int64_t day, char ret[16])
{
    char time[TS_RFC3339_SIZE];

    ts_time_format(day * TS_DAY_MS, false, time);
    memcpy(ret, time, DATE_SIZE);
    ret[DATE_SIZE] = '\0';
}
