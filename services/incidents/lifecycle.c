#include "lifecycle.h"

static const char *const names[INCIDENT_STATUSES] = { "open", "investigating", "resolved",
                                                      "false_positive" };

const char *incident_status_name(incident_status status)
{
    return names[status];
}

ts_status incident_status_read(const char *name, incident_status *ret)
{
    for (unsigned i = 0; i < INCIDENT_STATUSES; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (incident_status)i;
            return TS_OK;
        }
    }
    return TS_CORRUPT;
}

ts_status incident_status_parse(const char *text, incident_status *ret, ts_error *err)
{
    incident_status status;

    if (incident_status_read(text, &status) != TS_OK || status == INCIDENT_OPEN)
        return ts_fail(err, TS_INVALID, "status",
                       "status must be investigating, resolved or false_positive");
    *ret = status;
    return TS_OK;
}

bool incident_is_closed(incident_status status)
{
    return status == INCIDENT_RESOLVED || status == INCIDENT_FALSE_POSITIVE;
}

ts_status incident_move(incident_status from, incident_status to, ts_error *err)
{
    switch (from) {
    case INCIDENT_OPEN:
    case INCIDENT_INVESTIGATING:
        if (to == INCIDENT_OPEN)
            return ts_fail(err, TS_INVALID, "status",
                           "status must be investigating, resolved or false_positive");
        return TS_OK;
    case INCIDENT_RESOLVED:
        return ts_fail(err, TS_CONFLICT, "status",
                       "The incident is already resolved; a closed incident can only be reopened, "
                       "which makes it investigating.");
    case INCIDENT_FALSE_POSITIVE:
        return ts_fail(err, TS_CONFLICT, "status",
                       "The incident is already closed as a false positive; a closed incident can "
                       "only be reopened, which makes it investigating.");
    }
    return TS_INTERNAL;
}

bool incident_is_over(int64_t closed_ms, int64_t now_ms, int64_t keep_ms)
{
    return closed_ms != 0 && closed_ms < now_ms - keep_ms;
}

ts_status incident_reopen(incident_status from, incident_status *ret, ts_error *err)
{
    if (!incident_is_closed(from))
        return ts_fail(err, TS_CONFLICT, "status",
                       "The incident is %s and not closed; it can become investigating, resolved "
                       "or false_positive.",
                       incident_status_name(from));
    *ret = INCIDENT_INVESTIGATING;
    return TS_OK;
}
