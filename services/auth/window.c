#include "window.h"

/* Two readings of two clocks are never of one moment, and each is cut to ms: a window may seem to follow its forerunner that
 * much early. */
#define SKEW_MS 1000

static void open_window(auth_window *w, const auth_moment *now)
{
    int64_t forerunner_ended_ms = w->ends_boot_ms;
    bool is_first = w->minute == 0;

    w->minute = now->wall_ms / AUTH_WINDOW_MS;
    w->ends_boot_ms = now->boot_ms + AUTH_WINDOW_MS - now->wall_ms % AUTH_WINDOW_MS;
    /* The one before ended within this minute, by rounding or because the wall clock was set: what is left of the minute
     * belongs to the next, else the limit could be had twice within moments. */
    if (!is_first && w->ends_boot_ms - forerunner_ended_ms < AUTH_WINDOW_MS - SKEW_MS) {
        w->minute++;
        w->ends_boot_ms += AUTH_WINDOW_MS;
    }
    w->used = 0;
    w->reserved = 0;
}

auth_window_saved auth_window_save(const auth_window *w, uint64_t boot_id)
{
    return (auth_window_saved){ .minute = w->minute,
                                .reserved = w->reserved,
                                .boot_id = boot_id,
                                .ends_boot_ms = w->ends_boot_ms };
}

auth_window auth_window_restore(const auth_window_saved *saved, const auth_moment *now)
{
    auth_window w = { .minute = saved->minute,
                      .ends_boot_ms = saved->ends_boot_ms,
                      .used = saved->reserved,
                      .reserved = saved->reserved };
    int64_t ahead = saved->minute - now->wall_ms / AUTH_WINDOW_MS;

    if (saved->minute == 0)
        return (auth_window){ 0 };
    /* No window ends later than in two minutes: such a boot clock is not the one it was written by. */
    if (saved->boot_id == now->boot_id && saved->ends_boot_ms - now->boot_ms <= 2 * AUTH_WINDOW_MS)
        return w;
    /* A window that follows a set clock ends with the minute after the one it was opened in. */
    if (ahead != 0 && ahead != 1)
        return (auth_window){ 0 };
    w.ends_boot_ms = now->boot_ms + (ahead + 1) * AUTH_WINDOW_MS - now->wall_ms % AUTH_WINDOW_MS;
    return w;
}

static void reserve(auth_window *w, uint32_t limit)
{
    uint32_t chunks = (w->used - w->reserved + AUTH_WINDOW_CHUNK - 1) / AUTH_WINDOW_CHUNK;
    uint32_t wanted = w->reserved + chunks * AUTH_WINDOW_CHUNK;

    w->reserved = wanted > limit ? limit : wanted;
}

auth_verdict auth_window_take(auth_window *w, uint32_t limit, uint32_t cost, const auth_moment *now)
{
    auth_verdict v = { 0 };
    int64_t left_ms;

    if (w->minute == 0 || now->boot_ms >= w->ends_boot_ms)
        open_window(w, now);
    left_ms = w->ends_boot_ms - now->boot_ms;
    /* To the nearest second: the end is a whole one, but the two clocks were read a moment apart. */
    v.reset_s = (now->wall_ms + left_ms + 500) / 1000;
    if (w->used < limit && cost <= limit - w->used) {
        v.admitted = true;
        w->used += cost;
        v.reserve = w->used > w->reserved;
        if (v.reserve)
            reserve(w, limit);
    } else {
        v.retry_after_s = (uint32_t)((left_ms + 999) / 1000);
    }
    v.remaining = w->used < limit ? limit - w->used : 0;
    return v;
}
