/* What risk and webhooks are told of incidents, what is left out, what is there after a restart. */
#include "incidents_served.h"

/* ---- what others are told ---- */

static void webhooks_tell_of_opening_changes_and_closing(void)
{
    uint64_t at = incident_webhooks();
    uint64_t risk_at = served_sent(&s, INCIDENTS_TO_RISK);
    char id[TS_ID_SIZE];
    char expected[512];

    detect("a", "r", 2, "ann@example.com", 0);
    snprintf(id, sizeof(id), "%s", only()->id);
    CHECK_EQ(incident_webhooks(), at + 1);
    CHECK(strcmp(incident_webhook(at + 1)->event, "incident.created") == 0);
    CHECK_EQ(incident_webhook(at + 1)->cause.len, 16);
    snprintf(expected, sizeof(expected),
             "{\"incident_id\":\"%s\",\"severity\":\"medium\",\"title\":\"r\","
             "\"affected_user\":\"ann@example.com\",\"affected_users\":[\"ann@example.com\"],"
             "\"status\":\"open\",\"rule_ids\":[\"r\"],\"mitre_tactics\":[\"TA0001\"]}",
             id);
    CHECK(strcmp(incident_webhook(at + 1)->data, expected) == 0);

    detect("b", "r", 2, "ann@example.com", 1); /* a mere join */
    CHECK_EQ(incident_webhooks(), at + 1);
    detect("c", "q", 3, "ann@example.com", 2); /* severer */
    CHECK(strcmp(incident_webhook(at + 2)->event, "incident.updated") == 0);
    CHECK(strstr(incident_webhook(at + 2)->data, "\"severity\":\"high\"") != NULL);
    (void)updated(id, "investigating", "");
    CHECK(strcmp(incident_webhook(at + 3)->event, "incident.updated") == 0);
    (void)updated(id, "investigating", "a note");
    CHECK_EQ(incident_webhooks(), at + 3);
    (void)updated(id, "resolved", "");
    CHECK(strcmp(incident_webhook(at + 4)->event, "incident.resolved") == 0);
    CHECK_EQ(incident_webhooks(), at + 4);

    CHECK_EQ(served_sent(&s, INCIDENTS_TO_RISK), risk_at + 5);
    CHECK_EQ(told_risk(risk_at + 2)->n_detection_ids, 1);
    CHECK_EQ(told_risk(risk_at + 4)->n_detection_ids, 3); /* investigating: all of them */
    CHECK_EQ(told_risk(risk_at + 5)->n_detection_ids, 3);
    CHECK(strcmp(told_risk(risk_at + 5)->status, "resolved") == 0);
    CHECK_EQ(told_risk(risk_at + 5)->revision, 6);
}

static void a_new_detection_is_told_once_and_not_its_growth(void)
{
    const Ts__WebhookPublish *p;
    uint64_t at = served_sent(&s, INCIDENTS_TO_WEBHOOKS);
    char expected[64];

    detect("a", "r", 2, "ann@example.com", 0);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), at + 2);
    p = webhook(at + 2);
    CHECK(strcmp(p->event, "detection.triggered") == 0);
    CHECK_EQ(p->cause.len, 16);
    CHECK(strstr(p->data, "\"detection_id\":\"det_") != NULL);
    CHECK(strstr(p->data, "\"rule_id\":\"r\",\"title\":\"r\",\"severity\":\"medium\","
                          "\"mitre_tactics\":[\"TA0001\"],\"mitre_techniques\":[],"
                          "\"user_email\":\"ann@example.com\",\"triggered_at\":\"") != NULL);
    snprintf(expected, sizeof(expected), "\"incident_id\":\"%s\"}", only()->id);
    CHECK(strstr(p->data, expected) != NULL);
    detect_as(&(shape){ "a", "r", 2, "ann@example.com", 0, 9, NULL, false, NULL });
    detect_as(&(shape){ "h", "r", 2, "ann@example.com", 0, 1, NULL, true, NULL });
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), at + 2);
    detect("w", "small", 0, "bob@example.com", 0); /* waits: a detection all the same */
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_WEBHOOKS), at + 3);
    CHECK(strstr(webhook(at + 3)->data, "\"incident_id\":null}") != NULL);
}

static void the_audit_log_is_told_of_changes_by_callers(void)
{
    const Ts__Incidents__IncidentDetails *details = NULL;
    uint64_t at = served_sent(&s, INCIDENTS_TO_AUTH);
    char id[TS_ID_SIZE];

    detect("a", "r", 3, "ann@example.com", 0);
    snprintf(id, sizeof(id), "%s", only()->id);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_AUTH), at);
    (void)updated(id, "investigating", "a note");
    (void)updated(id, "investigating", "another");
    (void)updated(id, "investigating", ""); /* changes nothing */
    (void)updated(id, "false_positive", "");
    CHECK_EQ(update(id, "resolved", "", &details), TS_CONFLICT);
    CHECK_EQ(reopen(id, "", 0, &details), TS_OK);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_AUTH), at + 4);
    CHECK(strcmp(told_auth(at + 1)->action, "incident.status_changed") == 0);
    CHECK(strcmp(told_auth(at + 1)->object, id) == 0);
    CHECK(strcmp(told_auth(at + 1)->actor, "key:key_test") == 0);
    CHECK(strcmp(told_auth(at + 1)->details,
                 "{\"from\":\"open\",\"to\":\"investigating\",\"note\":true}") == 0);
    CHECK(strcmp(told_auth(at + 2)->action, "incident.note_added") == 0);
    CHECK(strcmp(told_auth(at + 2)->details, "{\"note\":true}") == 0);
    CHECK(strcmp(told_auth(at + 3)->details,
                 "{\"from\":\"investigating\",\"to\":\"false_positive\",\"note\":false}") == 0);
    CHECK(strcmp(told_auth(at + 4)->action, "incident.reopened") == 0);
}

static void what_cannot_be_applied_blocks_nothing(void)
{
    Ts__Detection d = TS__DETECTION__INIT;

    served_hand_over(&s, &ts_incidents_accept, tenant, "detection", now_ms, &d.base);
    served_hand_over(&s, &ts_incidents_accept, tenant, "ai_use", now_ms, &d.base);
    detect("a", "r", 3, "ann@example.com", 0);
    CHECK_EQ(all()->total, 1);
}

static void everything_is_there_after_a_restart(void)
{
    char id[TS_ID_SIZE];

    detect("a", "r", 3, "ann@example.com", 0);
    detect("w", "small", 1, "bob@example.com", 0);
    snprintf(id, sizeof(id), "%s", only()->id);
    (void)updated(id, "investigating", "a note");
    stop();
    start();
    CHECK(strcmp(only()->id, id) == 0);
    CHECK_EQ(get(id)->n_notes, 1);
    CHECK_EQ(summary()->investigating, 1);
    detect("a", "r", 3, "ann@example.com", 0);
    CHECK_EQ(only()->revision, 2);
    detect("b", "q", 3, "ann@example.com", 1);
    CHECK_EQ(only()->detection_count, 2);
    detect("v", "great", 3, "bob@example.com", 0);
    CHECK_EQ(list_of("all", -1, "bob@example.com", 5, 0)->incidents[0]->detection_count, 2);
}

int main(void)
{
    begin();
    RUN_FRESH(webhooks_tell_of_opening_changes_and_closing);
    RUN_FRESH(a_new_detection_is_told_once_and_not_its_growth);
    RUN_FRESH(the_audit_log_is_told_of_changes_by_callers);
    RUN_FRESH(what_cannot_be_applied_blocks_nothing);
    RUN_FRESH(everything_is_there_after_a_restart);
    end();
    return 0;
}
