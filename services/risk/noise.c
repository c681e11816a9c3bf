#include "noise.h"

#include "ts/time.h"

ts_status risk_noise_admit(risk_work *w, const risk_noise *noise, const uint8_t rule[16],
                           int64_t at_ms, const uint8_t firing[16], bool *ret)
{
    uint64_t minute = (uint64_t)(at_ms / TS_MINUTE_MS);
    ts_str parts[] = { TS_STR_LIT("noise"), ts_str_n(&minute, sizeof(minute)) };
    ts_hash128 group = ts_hash_parts(parts, TS_COUNT(parts));
    risk_hit hit = { .at_ms = at_ms };
    risk_hits *hits = NULL;
    size_t at;
    ts_status st = risk_hits_get(w, noise->cache, rule, group, TS_MINUTE_MS, &hits);

    if (st != TS_OK)
        return st;
    *ret = hits->count < noise->limit;
    if (!*ret)
        return TS_OK;
    memcpy(hit.event_id, firing, sizeof(hit.event_id));
    return risk_hits_add(w, hits, &hit, &at);
}
