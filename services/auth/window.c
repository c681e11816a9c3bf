#include "window.h"

static void open_window(auth_window *w, int64_t wall_ms, int64_t boot_ms)
{
    w->minute = wall_ms / AUTH_WINDOW_MS;
    w->ends_boot_ms = boot_ms + AUTH_WINDOW_MS - wall_ms % AUTH_WINDOW_MS;
    w->used = 0;
    w->reserved = 0;
}

auth_window auth_window_restore(int64_t minute, uint32_t reserved, int64_t wall_ms, int64_t boot_ms)
{
    auth_window w;

    open_window(&w, wall_ms, boot_ms);
    if (w.minute == minute) {
        w.used = reserved;
        w.reserved = reserved;
    }
    return w;
}

auth_verdict auth_window_take(auth_window *w, uint32_t limit, uint32_t cost, int64_t wall_ms,
                              int64_t boot_ms)
{
    auth_verdict v = { 0 };
    int64_t left_ms;

    if (w->minute == 0 || boot_ms >= w->ends_boot_ms)
        open_window(w, wall_ms, boot_ms);
    left_ms = w->ends_boot_ms - boot_ms;
    /* To the nearest second: the end is a whole one, but the caller read its two clocks a moment apart. */
    v.reset_s = (wall_ms + left_ms + 500) / 1000;
    if (w->used < limit && cost <= limit - w->used) {
        v.admitted = true;
        w->used += cost;
        if (w->used > w->reserved) {
            uint32_t chunks = (w->used - w->reserved + AUTH_WINDOW_CHUNK - 1) / AUTH_WINDOW_CHUNK;
            uint32_t wanted = w->reserved + chunks * AUTH_WINDOW_CHUNK;

            w->reserved = wanted > limit ? limit : wanted;
            v.reserve = true;
        }
    } else {
        v.retry_after_s = (uint32_t)((left_ms + 999) / 1000);
        if (v.retry_after_s == 0)
            v.retry_after_s = 1;
    }
    v.remaining = w->used < limit ? limit - w->used : 0;
    return v;
}
