/* Users: what waits for them, how many there may be, and changes of them that come twice; risk's core over its real store and socket. */
#include "expire.h"
#include "rescore.h"
#include "risk_words.h"

static unsigned orphans(void)
{
    risk_key prefix = risk_key_tenant(tenant);

    return count_rows(RISK_ORPHANS, &prefix);
}

static unsigned firings_of(uint64_t user)
{
    risk_key prefix = risk_user_key(tenant, user);

    return count_rows(RISK_FIRINGS, &prefix);
}

static void nobodys_firing(uint8_t ret[16])
{
    risk_key prefix = risk_user_key(tenant, 0);
    ts_iter *it = ts_iter_prefix(s.store, RISK_FIRINGS, risk_key_view(&prefix), false);

    CHECK(ts_iter_valid(it));
    memcpy(ret, ts_iter_key(it).p + prefix.n, 16);
    ts_iter_free(it);
}

static void firings_incidents_and_apps_become_the_users_when_it_is_made(void)
{
    static const char email[] = "late@later.example";
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    const Ts__Risk__UserProfile *p;
    uint8_t firing[16];

    fresh_organization();
    put_leak(&body, email);
    put_grant(&body, "authorize", email, 60);
    post(&body, 2);
    CHECK(profile_of(email) == NULL);
    CHECK_EQ(firings_of(0), 1);
    nobodys_firing(firing);
    tell_incident(1, "open", email, firing);
    CHECK_EQ(orphans(), 3);

    employ(email);
    p = profile_of(email);
    CHECK_EQ(p->n_active_rules, 1);
    CHECK(strcmp(p->active_rules[0]->rule_id, "drive_ownership_moved_outside") == 0);
    CHECK(strcmp(p->active_rules[0]->incident_id, "inc_1") == 0);
    CHECK(p->user->score > 0);
    CHECK(p->active_rules[0]->points > p->user->score - 0.001 &&
          p->active_rules[0]->points < p->user->score + 0.001);
    CHECK_EQ(p->user->open_incident_count, 1);
    CHECK_EQ(orphans(), 0);
    CHECK_EQ(firings_of(0), 0);

    /* What is known by the firing's id finds it at its new place. */
    tell_incident(2, "false_positive", email, firing);
    p = profile_of(email);
    CHECK_EQ(p->user->score, 0);
    CHECK_EQ(p->user->open_incident_count, 0);
    /* The same act again moves the count of the user's firing, and is not nobody's. */
    ts_buf_clear(&body);
    put_leak(&body, email);
    post(&body, 1);
    CHECK_EQ(firings_of(0), 0);
    CHECK_EQ(firings_of(p->user->number), 1);
}

static void firings_of_an_address_become_those_of_who_gets_it(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    uint64_t number;

    fresh_organization();
    put_record(&body, "login", "login_success", "ann@acme.example", "1001", 300, "login_type", "x");
    post(&body, 1);
    number = profile_of("ann@acme.example")->user->number;
    ts_buf_clear(&body);
    put_leak(&body, "anna@other.example");
    post(&body, 1);
    CHECK_EQ(firings_of(0), 1);
    /* The source's id says that this is Ann. */
    ts_buf_clear(&body);
    put_record(&body, "login", "login_success", "anna@other.example", "1001", 30, "login_type",
               "x");
    post(&body, 1);
    CHECK_EQ(profile_of("anna@other.example")->user->number, number);
    CHECK_EQ(profile_of("ann@acme.example")->n_active_rules, 1);
    CHECK_EQ(firings_of(0), 0);
    CHECK_EQ(firings_of(number), 1);
}

static void one_post_may_hold_the_firing_and_then_its_user(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    const Ts__Risk__UserProfile *p;

    fresh_organization();
    put_leak(&body, "new@fresh.example");
    put_grant(&body, "authorize", "new@fresh.example", 60);
    put_record(&body, "login", "login_success", "new@fresh.example", "7", 30, "login_type", "x");
    put_grant(&body, "revoke", "new@fresh.example", 20);
    post(&body, 4);
    p = profile_of("new@fresh.example");
    CHECK_EQ(p->n_active_rules, 1);
    CHECK_EQ(firings_of(0), 0);
    CHECK_EQ(orphans(), 0);
}

static void a_directory_user_is_known_by_the_sources_id_from_its_first_act_on(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    uint64_t number;

    fresh_organization();
    employ("old.name@acme.example");
    number = profile_of("old.name@acme.example")->user->number;
    put_record(&body, "login", "login_success", "old.name@acme.example", "55", 60, "login_type",
               "x");
    put_record(&body, "login", "login_success", "new.name@acme.example", "55", 30, "login_type",
               "x");
    post(&body, 2);
    CHECK_EQ(profile_of("new.name@acme.example")->user->number, number);
    CHECK_EQ(profile_of("old.name@acme.example")->user->number, number);
}

static void firings_of_nobody_go_when_they_can_count_no_more(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    atomic_bool cancelled = false;
    const risk_expiry e = { s.store, TS_DAY_MS, 58, &cancelled };
    int64_t at_ms = ts_wall_ms() - 60000;
    uint64_t n = 0;

    fresh_organization();
    put_leak(&body, "stranger@far.example");
    post(&body, 1);
    CHECK_EQ(risk_expire_orphans(&e, at_ms + RISK_FIRING_KEEP_MS - 1000, &n), TS_OK);
    CHECK_EQ(n, 0);
    CHECK_EQ(firings_of(0), 1);
    CHECK_EQ(risk_expire_orphans(&e, at_ms + RISK_FIRING_KEEP_MS + TS_HOUR_MS, &n), TS_OK);
    CHECK_EQ(n, 1);
    CHECK_EQ(firings_of(0), 0);
    CHECK_EQ(orphans(), 0);
    employ("stranger@far.example");
    CHECK_EQ(profile_of("stranger@far.example")->n_active_rules, 0);
}

/* ---- how many there may be ---- */

/* Another engine in the place of the service's own; gives that. */
static risk_ingest *change_engine(const risk_config *other)
{
    risk_ingest *own = app.ingest;

    CHECK_EQ(risk_ingest_new(other, &app.ingest, NULL), TS_OK);
    return own;
}

static void change_back(risk_ingest *own)
{
    risk_ingest_free(app.ingest);
    app.ingest = own;
}

static void events_make_no_more_users_than_an_organization_may_have(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);
    risk_config small = config;
    double refused = metric("ts_risk_users_refused_total");
    risk_ingest *own;

    fresh_organization();
    small.users_max = 2;
    own = change_engine(&small);
    put_record(&body, "login", "login_success", "a@acme.example", "1", 90, "login_type", "x");
    put_record(&body, "login", "login_success", "b@acme.example", "2", 80, "login_type", "x");
    put_record(&body, "login", "login_success", "c@acme.example", "3", 70, "login_type", "x");
    put_record(&body, "login", "login_success", "a@acme.example", "1", 60, "login_type", "x");
    put_leak(&body, "c@acme.example");
    post(&body, 5);
    CHECK(profile_of("a@acme.example") != NULL);
    CHECK(profile_of("b@acme.example") != NULL);
    CHECK(profile_of("c@acme.example") == NULL);
    CHECK_EQ(metric("ts_risk_users_refused_total") - refused, 2);
    CHECK_EQ(firings_of(0), 1);
    /* Once there is room, what has waited is theirs. */
    change_back(own);
    ts_buf_clear(&body);
    put_record(&body, "login", "login_success", "c@acme.example", "3", 10, "login_type", "x");
    post(&body, 1);
    CHECK_EQ(profile_of("c@acme.example")->n_active_rules, 1);
    CHECK_EQ(metric("ts_risk_users_refused_total") - refused, 2);
}

/* ---- changes that come twice ---- */

static ts_status add_contact(const char *key, const char *value, const Ts__Risk__Contact **ret)
{
    Ts__Risk__AddContactRequest request = TS__RISK__ADD_CONTACT_REQUEST__INIT;
    bool replayed = false;
    ts_caller caller = served_caller(tenant, "key:key_test", key);
    ProtobufCMessage *out = NULL;
    ts_status st;

    caller.ret_replayed = &replayed;
    request.value = text(value);
    st = ts_rpc_call(s.peer, &ts_risk_add_contact, &caller, &request.base, s.arena, &out, &s.error);
    *ret = (const Ts__Risk__Contact *)out;
    return st;
}

static void a_contact_is_added_once_and_audited_once(void)
{
    Ts__Risk__ContactValue gone = TS__RISK__CONTACT_VALUE__INIT;
    const Ts__Risk__Contact *first = NULL, *again = NULL;
    const Ts__Risk__ContactValue *removed = NULL;
    const Ts__AuditEntry *entry = NULL;
    uint64_t before;

    fresh_organization();
    before = served_sent(&s, RISK_TO_AUTH);
    CHECK_EQ(add_contact("k1", "acme.example", &first), TS_OK);
    CHECK_EQ(add_contact("k1", "acme.example", &again), TS_OK);
    CHECK_EQ(again->added_ms, first->added_ms);
    CHECK_EQ(add_contact("k1", "other.example", &again), TS_CONFLICT);
    CHECK_EQ(add_contact("k2", "ACME.example", &again), TS_OK); /* another call, the same contact */
    CHECK_EQ(again->added_ms, first->added_ms);
    CHECK_EQ(served_sent(&s, RISK_TO_AUTH), before + 1);
    served_read(&s, RISK_TO_AUTH, before + 1, &ts__audit_entry__descriptor, &entry);
    CHECK(strcmp(entry->action, "contact.added") == 0);
    CHECK(strcmp(entry->object, "acme.example") == 0);
    CHECK(strcmp(entry->actor, "key:key_test") == 0);
    gone.value = text("acme.example");
    CHECK_EQ(served_call(&s, tenant, &ts_risk_remove_contact, &gone.base, &removed), TS_OK);
    served_read(&s, RISK_TO_AUTH, before + 2, &ts__audit_entry__descriptor, &entry);
    CHECK(strcmp(entry->action, "contact.removed") == 0);
    CHECK_EQ(served_call(&s, tenant, &ts_risk_remove_contact, &gone.base, &removed), TS_NOT_FOUND);
}

static void an_upload_is_audited_and_bounded(void)
{
    Ts__Risk__PutDirectoryRequest request = TS__RISK__PUT_DIRECTORY_REQUEST__INIT;
    const Ts__Risk__PutDirectoryReply *reply = NULL;
    Ts__Risk__DirectoryRow rows[3];
    Ts__Risk__DirectoryRow *list[] = { &rows[0], &rows[1], &rows[2] };
    const Ts__AuditEntry *entry = NULL;
    uint64_t before;

    fresh_organization();
    before = served_sent(&s, RISK_TO_AUTH);
    for (size_t i = 0; i < TS_COUNT(rows); i++) {
        ts__risk__directory_row__init(&rows[i]);
        rows[i].name = text("N");
    }
    rows[0].email = text("a@acme.example");
    rows[1].email = text("b@acme.example");
    rows[2].email = text("c@acme.example");
    config.directory_rows = 2;
    request.rows = list;
    request.n_rows = 3;
    CHECK_EQ(served_call(&s, tenant, &ts_risk_put_directory, &request.base, &reply), TS_TOO_LARGE);
    config.directory_rows = 3;
    config.users_max = 2;
    reply = upload(rows, 3);
    CHECK_EQ(reply->created, 2);
    CHECK_EQ(reply->n_rejected, 1);
    CHECK_EQ(reply->rejected[0]->index, 2);
    config.directory_rows = 10000;
    config.users_max = 1000000;
    served_read(&s, RISK_TO_AUTH, before + 1, &ts__audit_entry__descriptor, &entry);
    CHECK(strcmp(entry->action, "directory.uploaded") == 0);
    CHECK(strcmp(entry->details, "{\"created\":2,\"updated\":0,\"unchanged\":0,\"rejected\":1}") ==
          0);
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(firings_incidents_and_apps_become_the_users_when_it_is_made);
    RUN(firings_of_an_address_become_those_of_who_gets_it);
    RUN(one_post_may_hold_the_firing_and_then_its_user);
    RUN(a_directory_user_is_known_by_the_sources_id_from_its_first_act_on);
    RUN(firings_of_nobody_go_when_they_can_count_no_more);
    RUN(events_make_no_more_users_than_an_organization_may_have);
    RUN(a_contact_is_added_once_and_audited_once);
    RUN(an_upload_is_audited_and_bounded);
    stop();
    remove_directory(s.directory);
    return 0;
}
