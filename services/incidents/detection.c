#include "detection.h"

#include "chain.h"

#define EVENT_MS_MAX INT64_C(253402300799999) /* the end of year 9999 */
#define ID_SIZE      16

static ts_status check_texts(const Ts__Detection *d, ts_error *err)
{
    const struct {
        const char *name;
        const char *text;
    } texts[] = { { "rule_id", d->rule_id },
                  { "title", d->title },
                  { "user_email", d->user_email },
                  { "user_name", d->user_name },
                  { "dedup_key", d->dedup_key } };

    for (size_t i = 0; i < TS_COUNT(texts); i++) {
        if (strlen(texts[i].text) > DETECTION_TEXT_MAX)
            return ts_fail(err, TS_INVALID, texts[i].name, "%s must have at most %d bytes",
                           texts[i].name, DETECTION_TEXT_MAX);
    }
    if (d->rule_id[0] == '\0')
        return ts_fail(err, TS_INVALID, "rule_id", "rule_id must name a rule");
    return TS_OK;
}

static void cut_evidence(Ts__Detection *d)
{
    size_t used = 0;

    for (size_t i = 0; i < d->n_evidence; i++) {
        size_t n = protobuf_c_message_get_packed_size(&d->evidence[i]->base);

        if (n > DETECTION_EVIDENCE_BYTES - used) {
            d->n_evidence = i;
            return;
        }
        used += n;
    }
}

ts_status detection_check(Ts__Detection *d, ts_error *err)
{
    ts_status st;

    if (d->id.len != ID_SIZE)
        return ts_fail(err, TS_INVALID, "id", "id must have %d bytes", ID_SIZE);
    if (d->severity >= CHAIN_SEVERITIES)
        return ts_fail(err, TS_INVALID, "severity", "severity must be between 0 and %d",
                       CHAIN_SEVERITIES - 1);
    if (d->event_ms <= 0 || d->event_ms > EVENT_MS_MAX || d->last_event_ms > EVENT_MS_MAX)
        return ts_fail(err, TS_INVALID, "event_ms", "event_ms must lie in the years 1970 to 9999");
    st = check_texts(d, err);
    if (st != TS_OK)
        return st;
    if (d->last_event_ms < d->event_ms)
        d->last_event_ms = d->event_ms;
    if (d->count == 0)
        d->count = 1;
    if (d->n_tactics > DETECTION_TACTICS_MAX)
        d->n_tactics = DETECTION_TACTICS_MAX;
    if (d->n_techniques > DETECTION_TACTICS_MAX)
        d->n_techniques = DETECTION_TACTICS_MAX;
    if (d->n_recommended_actions > DETECTION_ACTIONS_MAX)
        d->n_recommended_actions = DETECTION_ACTIONS_MAX;
    cut_evidence(d);
    return TS_OK;
}

bool detection_grow(Ts__Detection *kept, const Ts__Detection *news)
{
    bool grown = false;

    if (news->event_ms < kept->event_ms) {
        kept->event_ms = news->event_ms;
        grown = true;
    }
    if (news->last_event_ms > kept->last_event_ms) {
        kept->last_event_ms = news->last_event_ms;
        grown = true;
    }
    if (news->count > kept->count) {
        kept->count = news->count;
        grown = true;
    }
    if (news->severity > kept->severity) {
        kept->severity = news->severity;
        grown = true;
    }
    if (news->n_evidence > kept->n_evidence) {
        kept->evidence = news->evidence;
        kept->n_evidence = news->n_evidence;
        grown = true;
    }
    if (kept->user_email[0] == '\0' && news->user_email[0] != '\0') {
        kept->user_email = news->user_email;
        kept->user_name = news->user_name;
        grown = true;
    }
    return grown;
}
