/* One person seen by several sources is one user with one chain of detections; risk's core over its real store and socket. */
#include "risk_words.h"

#define EMAIL "mia@acme.example"

static void post_from(const char *source, const ts_buf *body, uint32_t wanted)
{
    Ts__Risk__IngestRequest request = TS__RISK__INGEST_REQUEST__INIT;
    const Ts__Risk__IngestReply *reply = NULL;

    request.source = text(source);
    request.content_type = text("ndjson");
    request.body.data = (uint8_t *)body->data;
    request.body.len = body->size;
    CHECK_EQ(served_call(&s, tenant, &ts_risk_ingest, &request.base, &reply), TS_OK);
    CHECK_EQ(reply->n_rejected, 0);
    CHECK_EQ(reply->accepted, wanted);
}

/* A sign-in at Okta of the account `id`, so many seconds ago. */
static void put_okta(ts_buf *out, const char *email, const char *id, const char *result,
                     int64_t ago_s)
{
    char at[TS_RFC3339_SIZE];

    ts_time_format(ts_wall_ms() - ago_s * 1000, true, at);
    ts_buf_printf(out,
                  "{\"uuid\":\"%llu\",\"published\":\"%s\",\"eventType\":\"user.session.start\","
                  "\"actor\":{\"id\":\"%s\",\"type\":\"User\",\"alternateId\":\"%s\"},"
                  "\"client\":{\"ipAddress\":\"198.51.100.7\"},\"outcome\":{\"result\":\"%s\"}}\n",
                  (unsigned long long)++qualifier, at, id, email, result);
}

static void put_own(ts_buf *out, const char *email, const char *outcome, int64_t ago_s)
{
    char at[TS_RFC3339_SIZE];

    ts_time_format(ts_wall_ms() - ago_s * 1000, true, at);
    ts_buf_printf(out,
                  "{\"id\":\"%llu\",\"time\":\"%s\",\"kind\":\"sign_in\",\"action\":\"login\","
                  "\"outcome\":\"%s\",\"actor\":{\"email\":\"%s\"},\"ip\":\"198.51.100.7\"}\n",
                  (unsigned long long)++qualifier, at, outcome, email);
}

static uint64_t number_of(const char *email)
{
    const Ts__Risk__UserProfile *p = profile_of(email);

    CHECK(p != NULL);
    return p->user->number;
}

static void an_address_is_one_user_whoever_tells_of_it(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    const Ts__Risk__UserProfile *p;
    uint64_t number;

    fresh_organization();
    put_record(&body, "login", "login_success", EMAIL, "1001", 300, "login_type", "saml");
    post(&body, 1);
    number = number_of(EMAIL);
    ts_buf_clear(&body);
    put_okta(&body, "Mia@Acme.example", "00u1", "SUCCESS", 310);
    post_from("okta", &body, 1);
    ts_buf_clear(&body);
    put_own(&body, EMAIL, "success", 200);
    post_from("teamsentry", &body, 1);
    CHECK_EQ(number_of(EMAIL), number);
    CHECK_EQ(search_for("acme", "", 10)->total, 1);
    /* Each source's word stands in what the user did lately, by name and meaning. */
    p = profile_of(EMAIL);
    CHECK_EQ(p->n_recent_activity, 3);
    CHECK(strcmp(p->recent_activity[0]->source, "teamsentry") == 0);
    CHECK(strcmp(p->recent_activity[1]->source, "google_workspace") == 0);
    CHECK(strcmp(p->recent_activity[2]->source, "okta") == 0);
    for (size_t i = 0; i < 3; i++)
        CHECK(strcmp(p->recent_activity[i]->category, "sign_in") == 0);
}

/* Each source has ids of its own: one renames the account, the other still knows it by the old address. */
static void a_new_address_at_one_source_is_the_same_user_at_the_other(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    uint64_t number;

    fresh_organization();
    put_record(&body, "login", "login_success", EMAIL, "1001", 300, "login_type", "saml");
    post(&body, 1);
    ts_buf_clear(&body);
    put_okta(&body, EMAIL, "00u1", "SUCCESS", 290);
    put_okta(&body, "mia.new@acme.example", "00u1", "SUCCESS", 100);
    post_from("okta", &body, 2);
    number = number_of("mia.new@acme.example");
    CHECK_EQ(number_of(EMAIL), number);
    ts_buf_clear(&body);
    put_record(&body, "login", "login_success", EMAIL, "1001", 50, "login_type", "saml");
    /* The same id at another source is somebody else. */
    put_record(&body, "login", "login_success", "ben@acme.example", "00u1", 40, "login_type", "x");
    post(&body, 2);
    CHECK_EQ(number_of(EMAIL), number);
    CHECK(number_of("ben@acme.example") != number);
}

static const Ts__Risk__ActiveRule *active(const char *rule_id)
{
    const Ts__Risk__UserProfile *p = profile_of(EMAIL);

    CHECK(p != NULL);
    for (size_t i = 0; i < p->n_active_rules; i++) {
        if (strcmp(p->active_rules[i]->rule_id, rule_id) == 0)
            return p->active_rules[i];
    }
    return NULL;
}

static bool is_shown(const Ts__Risk__ActiveRule *rule, const char *source, const char *summary)
{
    for (size_t i = 0; i < rule->n_evidence; i++) {
        if (strcmp(rule->evidence[i]->source, source) == 0)
            return strcmp(rule->evidence[i]->summary, summary) == 0;
    }
    return false;
}

/* Incidents puts together what names one user (chain_of). */
static void detections_of_two_sources_name_one_user(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    uint64_t before, after;

    fresh_organization();
    before = served_sent(&s, RISK_TO_INCIDENTS);
    put_okta(&body, EMAIL, "00u1", "SUCCESS", 4000);
    for (int i = 0; i < 5; i++)
        put_okta(&body, EMAIL, "00u1", "FAILURE", 400 - i);
    post_from("okta", &body, 6);
    CHECK(active("brute_force") == NULL);
    ts_buf_clear(&body);
    for (int i = 0; i < 5; i++)
        put_record(&body, "login", "login_failure", EMAIL, "1001", 300 - i, "login_type", "x");
    put_leak(&body, EMAIL);
    post(&body, 6);
    CHECK_EQ(active("brute_force")->count, 1);
    CHECK(is_shown(active("brute_force"), "google_workspace",
                   "Sign-in, failed (google_workspace login login_failure)"));
    /* A source with one log is named once. */
    ts_buf_clear(&body);
    put_okta(&body, EMAIL, "00u1", "FAILURE", 280);
    post_from("okta", &body, 1);
    CHECK_EQ(active("brute_force")->count, 2);
    CHECK(is_shown(active("brute_force"), "okta", "Sign-in, failed (okta user.session.start)"));
    after = served_sent(&s, RISK_TO_INCIDENTS);
    CHECK(after >= before + 3);
    for (uint64_t n = before + 1; n <= after; n++) {
        const Ts__Detection *detection = NULL;

        served_read(&s, RISK_TO_INCIDENTS, n, &ts__detection__descriptor, &detection);
        CHECK(strcmp(detection->user_email, EMAIL) == 0);
    }
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(an_address_is_one_user_whoever_tells_of_it);
    RUN(a_new_address_at_one_source_is_the_same_user_at_the_other);
    RUN(detections_of_two_sources_name_one_user);
    stop();
    remove_directory(s.directory);
    return 0;
}
