/* Which detections become which incident, over the socket and with the real store. */
#include "incidents_served.h"

/* ---- chains ---- */

static void a_chain_of_one_user_is_one_incident(void)
{
    const Ts__Incidents__IncidentDetails *details;
    const Ts__Incidents__Incident *incident;

    detect_as(&(shape){ "a", "brute", 3, "ann@example.com", 0, 4, NULL, false, "TA0006" });
    detect_as(&(shape){ "b", "forward", 2, "ann@example.com", 2, 1, NULL, false, "TA0003" });
    detect_as(&(shape){ "c", "share", 2, "ann@example.com", 20, 1, NULL, false, "TA0010" });
    incident = only();
    CHECK_EQ(incident->detection_count, 3);
    CHECK_EQ(incident->n_rule_ids, 3);
    CHECK_EQ(incident->severity, 4); /* high, raised by three tactics */
    CHECK_EQ(incident->n_affected_users, 1);
    CHECK_EQ(incident->revision, 3);
    CHECK(strncmp(incident->id, "inc_", 4) == 0);
    CHECK(strcmp(incident->status, "open") == 0);
    details = get(incident->id);
    CHECK_EQ(details->n_detections, 3);
    CHECK_EQ(details->detections[0]->n_evidence, 1);
    CHECK_EQ(details->n_threat_chain, 3);
    CHECK(strcmp(details->threat_chain[0]->tactic, "TA0006") == 0);
    CHECK_EQ(details->n_timeline, 4);
    CHECK(strcmp(details->timeline[0]->text, "brute (4 events)") == 0);
    CHECK(strcmp(details->timeline[1]->kind, "created") == 0);
}

static void other_users_and_other_modes_have_incidents_of_their_own(void)
{
    detect("a", "r", 3, "ann@example.com", 0);
    detect("b", "r", 3, "bob@example.com", 0);
    CHECK_EQ(all()->total, 2);
    tenant.mode = TS_MODE_TEST;
    CHECK_EQ(all()->total, 0);
    detect("a", "r", 3, "ann@example.com", 0);
    CHECK_EQ(all()->total, 1);
    tenant.mode = TS_MODE_LIVE;
    CHECK_EQ(all()->total, 2);
}

static void a_gap_of_more_than_a_day_opens_another(void)
{
    detect("a", "r", 3, "ann@example.com", 0);
    detect("b", "q", 3, "ann@example.com", 24);
    CHECK_EQ(all()->total, 1);
    detect("c", "q", 3, "ann@example.com", 49);
    CHECK_EQ(all()->total, 2);
}

static void a_late_detection_extends_backwards(void)
{
    const Ts__Incidents__Incident *incident;

    detect("a", "r", 3, "ann@example.com", 0);
    detect("b", "q", 3, "ann@example.com", -20);
    incident = only();
    CHECK_EQ(incident->first_event_ms, now_ms - 20 * HOUR);
    CHECK_EQ(incident->last_event_ms, now_ms);
    detect("c", "p", 3, "ann@example.com", -40);
    CHECK_EQ(only()->detection_count, 3);
}

static void a_chain_ends_after_seven_days(void)
{
    char id[8];

    for (int day = 0; day <= 7; day++) {
        snprintf(id, sizeof(id), "d%d", day);
        detect(id, "r", 3, "ann@example.com", day * 24);
    }
    CHECK_EQ(only()->detection_count, 8);
    detect("d8", "r", 3, "ann@example.com", 8 * 24);
    CHECK_EQ(all()->total, 2);
}

static void without_a_user_the_dedup_key_holds_the_chain(void)
{
    detect_as(&(shape){ "a", "r", 3, "", 0, 1, "domain.example", false, NULL });
    detect_as(&(shape){ "b", "q", 3, "", 1, 1, "domain.example", false, NULL });
    detect_as(&(shape){ "c", "r", 3, "", 1, 1, "other.example", false, NULL });
    CHECK_EQ(all()->total, 2);
    CHECK_EQ(all()->incidents[0]->n_affected_users, 0);
}

static void historical_detections_are_passed_over(void)
{
    detect_as(&(shape){ "a", "r", 4, "ann@example.com", 0, 1, NULL, true, NULL });
    CHECK_EQ(all()->total, 0);
}

/* ---- repeats ---- */

static void a_repeat_without_news_changes_nothing(void)
{
    uint64_t to_risk;
    uint64_t to_webhooks;

    detect("a", "r", 3, "ann@example.com", 0);
    to_risk = served_sent(&s, INCIDENTS_TO_RISK);
    to_webhooks = incident_webhooks();
    detect("a", "r", 3, "ann@example.com", 0);
    CHECK_EQ(only()->revision, 1);
    CHECK_EQ(only()->detection_count, 1);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_RISK), to_risk);
    CHECK_EQ(incident_webhooks(), to_webhooks);
}

static void a_higher_count_moves_the_row_and_the_revision_and_calls_nobody(void)
{
    uint64_t to_webhooks;

    detect("a", "r", 3, "ann@example.com", 0);
    to_webhooks = incident_webhooks();
    detect_as(&(shape){ "a", "r", 3, "ann@example.com", 0, 9, NULL, false, NULL });
    CHECK_EQ(only()->revision, 2);
    CHECK_EQ(only()->detection_count, 1);
    CHECK_EQ(only()->last_event_ms, now_ms + 8000);
    CHECK_EQ(get(only()->id)->detections[0]->count, 9);
    CHECK_EQ(incident_webhooks(), to_webhooks);
}

static void an_earlier_first_event_moves_the_row(void)
{
    detect("a", "r", 3, "ann@example.com", 0);
    detect("a", "r", 3, "ann@example.com", -1);
    CHECK_EQ(get(only()->id)->n_detections, 1);
    CHECK_EQ(only()->first_event_ms, now_ms - HOUR);
    detect_as(&(shape){ "a", "r", 3, "ann@example.com", 0, 9, NULL, false, NULL });
    CHECK_EQ(get(only()->id)->n_detections, 1);
    CHECK_EQ(only()->revision, 3);
}

/* ---- waiting ---- */

static void small_detections_wait_and_are_taken_when_one_opens(void)
{
    detect("a", "small", 1, "ann@example.com", -40);
    detect("b", "small2", 0, "ann@example.com", -20);
    detect("c", "small3", 1, "bob@example.com", -1);
    detect("z", "old", 1, "ann@example.com", -100);
    CHECK_EQ(all()->total, 0);
    detect("d", "great", 3, "ann@example.com", 0);
    CHECK_EQ(only()->detection_count, 3); /* "a" fits only since "b" has joined */
    CHECK_EQ(only()->first_event_ms, now_ms - 40 * HOUR);
    CHECK_EQ(only()->revision, 1);
    CHECK(strcmp(only()->title, "great and 2 related detections") == 0);
    CHECK_EQ(told_risk(served_sent(&s, INCIDENTS_TO_RISK))->n_detection_ids, 3);
    detect("e", "small4", 1, "ann@example.com", 3); /* joins what is open */
    CHECK_EQ(only()->detection_count, 4);
}

static void no_more_than_256_wait(void)
{
    char id[8];

    for (int i = 0; i < 258; i++) {
        snprintf(id, sizeof(id), "w%d", i);
        detect(id, "small", 1, "ann@example.com", i / 12);
    }
    detect("a", "great", 3, "ann@example.com", 0);
    CHECK_EQ(only()->detection_count, 257);
    CHECK_EQ(get(only()->id)->n_detections, 257);
}

static void a_waiting_detection_that_grows_may_open(void)
{
    detect("a", "r", 1, "ann@example.com", 0);
    detect_as(&(shape){ "a", "r", 1, "ann@example.com", 0, 3, NULL, false, NULL });
    CHECK_EQ(all()->total, 0);
    detect_as(&(shape){ "a", "r", 2, "ann@example.com", 0, 3, NULL, false, NULL });
    CHECK_EQ(only()->detection_count, 1);
    CHECK_EQ(get(only()->id)->detections[0]->count, 3);
    detect("b", "q", 3, "ann@example.com", 0);
    CHECK_EQ(only()->detection_count, 2); /* it does not wait any more */
}

int main(void)
{
    begin();
    RUN_FRESH(a_chain_of_one_user_is_one_incident);
    RUN_FRESH(other_users_and_other_modes_have_incidents_of_their_own);
    RUN_FRESH(a_gap_of_more_than_a_day_opens_another);
    RUN_FRESH(a_late_detection_extends_backwards);
    RUN_FRESH(a_chain_ends_after_seven_days);
    RUN_FRESH(without_a_user_the_dedup_key_holds_the_chain);
    RUN_FRESH(historical_detections_are_passed_over);
    RUN_FRESH(a_repeat_without_news_changes_nothing);
    RUN_FRESH(a_higher_count_moves_the_row_and_the_revision_and_calls_nobody);
    RUN_FRESH(an_earlier_first_event_moves_the_row);
    RUN_FRESH(small_detections_wait_and_are_taken_when_one_opens);
    RUN_FRESH(no_more_than_256_wait);
    RUN_FRESH(a_waiting_detection_that_grows_may_open);
    end();
    return 0;
}
