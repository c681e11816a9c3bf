/* How a retention clock moves: pure. */
#include "ts/retention.h"

static int64_t at_most(int64_t n, int64_t limit)
{
    return n < limit ? n : limit;
}

/* Of the time that has passed, what counts for catching up with so much that nobody saw. */
static int64_t counts(ts_retention *r, int64_t passed_ms, int64_t unseen_ms)
{
    if (unseen_ms <= TS_RETENTION_NOTICE_MS)
        return passed_ms;
    r->noticed_ms = r->noticed_ms < 0 ? 0 : r->noticed_ms + passed_ms; /* begins when it is seen */
    if (r->noticed_ms <= TS_RETENTION_NOTICE_MS)
        return 0;
    return at_most(r->noticed_ms - TS_RETENTION_NOTICE_MS, passed_ms);
}

ts_retention ts_retention_begin(const ts_clocks *now)
{
    return (ts_retention){ now->wall_ms, now->boot_ms, now->boot_id, -1 };
}

void ts_retention_step(ts_retention *r, const ts_clocks *now, int64_t catch_up)
{
    int64_t passed_ms = 0;
    int64_t unseen_ms;

    if (now->wall_ms <= r->clock_ms) {
        r->noticed_ms = -1;
        return; /* clock_ms and boot_ms stay a pair: what passes until the wall clock is there has been seen */
    }
    if (now->boot_id == r->boot_id && now->boot_ms > r->boot_ms)
        passed_ms = now->boot_ms - r->boot_ms;
    r->boot_id = now->boot_id;
    r->boot_ms = now->boot_ms;
    r->clock_ms += at_most(passed_ms, now->wall_ms - r->clock_ms);
    unseen_ms = now->wall_ms - r->clock_ms;
    r->clock_ms += at_most(counts(r, passed_ms, unseen_ms) * catch_up, unseen_ms);
    if (now->wall_ms - r->clock_ms <= TS_RETENTION_NOTICE_MS)
        r->noticed_ms = -1;
}
