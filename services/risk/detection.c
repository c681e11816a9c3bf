#include "detection.h"

struct detection_engine {
    size_t rule_count;
};

ts_status detection_engine_new(const char *directory, detection_engine **ret, ts_error *err)
{
    detection_engine *e = calloc(1, sizeof(*e));

    (void)directory;
    if (e == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    *ret = e;
    return TS_OK;
}

void detection_engine_free(detection_engine *e)
{
    free(e);
}

ts_status detection_match(const detection_engine *e, risk_record *record, ts_arena *arena,
                          detection_matches *ret)
{
    (void)e;
    (void)record;
    (void)arena;
    ret->list = NULL;
    ret->count = 0;
    return TS_OK;
}

ts_status detection_apply(const detection_engine *e, detection_state *state, risk_work *w,
                          const risk_record *record, work_user *user,
                          const detection_matches *matches, size_t *ret_fired)
{
    (void)e;
    (void)state;
    (void)w;
    (void)record;
    (void)user;
    (void)matches;
    *ret_fired = 0;
    return TS_OK;
}
