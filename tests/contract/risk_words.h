/* Records, people and incidents in a few words. */
#ifndef CONTRACT_RISK_WORDS_H
#define CONTRACT_RISK_WORDS_H

#include "risk_served.h"

/* `ago_s` seconds ago. */
static inline void put_record(ts_buf *out, const char *application, const char *event,
                              const char *email, const char *id, int64_t ago_s, const char *name,
                              const char *value)
{
    put_record_at(out, application, event, email, id, ts_wall_ms() - ago_s * 1000, name, value);
}

/* An act that a rule knows and that does not prove by itself that the actor works here. */
static inline void put_leak(ts_buf *out, const char *email)
{
    put_record(out, "drive", "change_owner", email, "", 60, "visibility_change", "external");
}

static inline void put_grant(ts_buf *out, const char *event, const char *email, int64_t ago_s)
{
    put_record(out, "token", event, email, "", ago_s, "client_id", "some-client");
}

static inline void post(const ts_buf *body, uint32_t wanted)
{
    const Ts__Risk__IngestReply *reply = NULL;

    CHECK_EQ(try_post(tenant, body, &reply), TS_OK);
    CHECK_EQ(reply->n_rejected, 0);
    CHECK_EQ(reply->accepted, wanted);
}

static inline void employ(const char *email)
{
    Ts__Risk__DirectoryRow row = TS__RISK__DIRECTORY_ROW__INIT;

    row.email = text(email);
    row.name = text("Somebody");
    CHECK_EQ(upload(&row, 1)->created, 1);
}

static inline const Ts__Risk__UserProfile *profile_of(const char *email)
{
    Ts__Risk__GetUserRequest request = TS__RISK__GET_USER_REQUEST__INIT;
    const Ts__Risk__UserProfile *reply = NULL;
    ts_status st;

    request.email = text(email);
    st = served_call(&s, tenant, &ts_risk_get_user, &request.base, &reply);
    CHECK(st == TS_OK || st == TS_NOT_FOUND);
    return reply;
}

static inline void tell_incident(uint64_t revision, const char *status, const char *email,
                                 const uint8_t firing[16])
{
    Ts__IncidentChanged change = TS__INCIDENT_CHANGED__INIT;
    ProtobufCBinaryData id = { 16, (uint8_t *)(uintptr_t)firing };
    char *users[] = { text(email) };

    change.incident_id = text("inc_1");
    change.revision = revision;
    change.status = text(status);
    change.affected_users = users;
    change.n_affected_users = 1;
    change.detection_ids = &id;
    change.n_detection_ids = 1;
    served_hand_over(&s, &ts_risk_accept, tenant, "incident_changed", ts_wall_ms(), &change.base);
}

static inline unsigned count_rows(unsigned family, const risk_key *prefix)
{
    ts_iter *it = ts_iter_prefix(s.store, family, risk_key_view(prefix), false);
    unsigned n = 0;

    for (; ts_iter_valid(it); ts_iter_next(it))
        n++;
    ts_iter_free(it);
    return n;
}

#endif
