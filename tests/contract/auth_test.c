/* Organizations and keys over the bus: made, listed, changed, revoked; what is refused; what a restart keeps. */
#include "auth_served.h"
#include "ts/apikey.h"

static const Ts__Auth__KeyList *list_keys(uint64_t org)
{
    Ts__Auth__ListKeysRequest request = TS__AUTH__LIST_KEYS_REQUEST__INIT;
    const Ts__Auth__KeyList *list = NULL;

    request.org = org;
    CHECK_EQ(call(&ts_auth_list_keys, &request.base, &list), TS_OK);
    return list;
}

static void an_organization_has_a_number_of_its_own_also_after_a_restart(void)
{
    const Ts__Auth__Organization *org = NULL;
    uint64_t first = new_org();

    CHECK_EQ(create_org("Globex", "enterprise", &org), TS_OK);
    CHECK_EQ(org->number, first + 1);
    CHECK(strcmp(org->name, "Globex") == 0);
    CHECK(strcmp(org->tier, "enterprise") == 0);
    CHECK(strcmp(org->status, "active") == 0);
    CHECK(strncmp(org->id, "org_", 4) == 0 && strlen(org->id) == 26);
    CHECK(org->created_ms <= ts_wall_ms() && org->created_ms > ts_wall_ms() - TS_HOUR_MS);
    restart();
    CHECK_EQ(new_org(), first + 2);
}

/* Changing one wrote its number as the last given out: the next one made took another's place. */
static void a_change_of_an_old_organization_makes_no_number_free(void)
{
    uint64_t first = new_org();
    uint64_t second = new_org();

    CHECK(strcmp(set_tier(first, "enterprise")->tier, "enterprise") == 0);
    CHECK_EQ(new_org(), second + 1);
    restart();
    CHECK_EQ(new_org(), second + 2);
}

static void organizations_are_listed_in_the_order_they_were_made(void)
{
    Ts__Auth__ListOrganizationsRequest request = TS__AUTH__LIST_ORGANIZATIONS_REQUEST__INIT;
    const Ts__Auth__OrganizationList *list = NULL;
    uint64_t number = new_org();

    CHECK_EQ(call(&ts_auth_list_organizations, &request.base, &list), TS_OK);
    CHECK_EQ(list->n_organizations, number);
    for (size_t i = 0; i < list->n_organizations; i++)
        CHECK_EQ(list->organizations[i]->number, i + 1);
}

static void names_and_tiers_that_are_wrong_are_refused(void)
{
    const Ts__Auth__Organization *org = NULL;
    Ts__Auth__SetTierRequest tier = TS__AUTH__SET_TIER_REQUEST__INIT;
    char name[402];

    expect_refused(create_org("", "", &org), TS_INVALID, "name");
    expect_refused(create_org("a\nb", "", &org), TS_INVALID, "name");
    expect_refused(create_org("a\x7f", "", &org), TS_INVALID, "name");
    expect_refused(create_org("\xff", "", &org), TS_INVALID, "name");
    expect_refused(create_org("Acme", "gold", &org), TS_INVALID, "tier");
    memset(name, 'x', sizeof(name));
    name[101] = '\0';
    expect_refused(create_org(name, "", &org), TS_INVALID, "name");
    name[100] = '\0';
    CHECK_EQ(create_org(name, "", &org), TS_OK);
    for (size_t i = 0; i < 100; i++)
        memcpy(name + 4 * i, "\xf0\x9f\x94\x92", 4); /* four bytes a character */
    name[400] = '\0';
    CHECK_EQ(create_org(name, "", &org), TS_OK);
    tier.org = org->number;
    tier.tier = text("gold");
    expect_refused(call(&ts_auth_set_tier, &tier.base, &org), TS_INVALID, "tier");
    tier.org = 1000000;
    tier.tier = text("standard");
    expect_refused(call(&ts_auth_set_tier, &tier.base, &org), TS_NOT_FOUND, "org");
}

static void a_new_key_is_shown_once_and_kept_as_a_hash(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    const Ts__Auth__CreateKeyReply *made = NULL;
    const Ts__Auth__KeyList *list;
    ts_str secret;

    request.org = new_org();
    request.name = text("collector");
    request.mode = TS_MODE_TEST;
    request.permissions = TS_PERM_INGEST;
    CHECK_EQ(call(&ts_auth_create_key, &request.base, &made), TS_OK);
    secret = ts_str_of(made->secret);
    CHECK(ts_api_key_form_valid(secret));
    CHECK(ts_str_starts(secret, TS_STR_LIT("tsk_test_")));
    CHECK(ts_str_starts(secret, ts_str_of(made->key->prefix)));
    CHECK(ts_str_ends(secret, ts_str_of(made->key->last4)));
    CHECK_EQ(strlen(made->key->prefix), TS_API_KEY_PREFIX);
    CHECK_EQ(made->key->sha256.len, 0);
    list = list_keys(request.org);
    CHECK_EQ(list->n_keys, 1);
    CHECK_EQ(list->keys[0]->sha256.len, 0);
    CHECK_EQ(list->keys[0]->permissions, TS_PERM_INGEST);
    CHECK_EQ(list->keys[0]->last_used_ms, 0);
    CHECK_EQ(list->keys[0]->revoked_ms, 0);
    CHECK(strcmp(list->keys[0]->id, made->key->id) == 0);
}

static void keys_that_are_asked_for_wrongly_are_refused(void)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    key k;

    request.org = new_org();
    expect_refused(create_key(&request, &k), TS_INVALID, "name");
    request.name = text("k");
    request.mode = 2;
    expect_refused(create_key(&request, &k), TS_INVALID, "mode");
    request.mode = TS_MODE_LIVE;
    request.permissions = TS_PERM_ALL + 1;
    expect_refused(create_key(&request, &k), TS_INVALID, "permissions");
    request.permissions = 0;
    request.expires_ms = ts_wall_ms() - 1;
    expect_refused(create_key(&request, &k), TS_INVALID, "expires_at");
    request.expires_ms = 0;
    request.org = 1000000;
    expect_refused(create_key(&request, &k), TS_NOT_FOUND, "org");
}

static void permissions_are_the_key_s_the_default_or_all_for_admin(void)
{
    key ingest = new_key(TS_PERM_INGEST);
    key usual = new_key(0);
    key admin = new_key(TS_PERM_ADMIN);

    CHECK_EQ(authorize(&ingest)->permissions, TS_PERM_INGEST);
    CHECK_EQ(authorize(&usual)->permissions, TS_PERM_READ_USERS | TS_PERM_READ_INCIDENTS |
                                                 TS_PERM_READ_AI_USAGE | TS_PERM_READ_APPS |
                                                 TS_PERM_WRITE_INCIDENTS | TS_PERM_AGENT);
    CHECK_EQ(authorize(&admin)->permissions, TS_PERM_ALL);
}

static void authorize_says_whose_key_it_is(void)
{
    key k = new_key(TS_PERM_INGEST);
    const Ts__Auth__AuthorizeReply *reply = authorize(&k);

    CHECK(reply->known && reply->admitted);
    CHECK_EQ(reply->org, k.org);
    CHECK_EQ(reply->mode, TS_MODE_LIVE);
    CHECK(strcmp(reply->key_id, k.id) == 0);
    CHECK(strcmp(reply->org_name, "Acme") == 0);
    CHECK(strncmp(reply->org_id, "org_", 4) == 0);
    CHECK(list_keys(k.org)->keys[0]->last_used_ms != 0);
}

static void an_unknown_key_is_known_to_nobody(void)
{
    const Ts__Auth__AuthorizeReply *reply = NULL;
    key k = { .sha256 = { 1, 2, 3 } };

    reply = authorize(&k);
    CHECK(!reply->known && !reply->admitted);
    CHECK_EQ(reply->org, 0);
    CHECK_EQ(reply->permissions, 0);
    CHECK(reply->key_id[0] == '\0' && reply->org_id[0] == '\0');
    expect_refused(authorize_as(k.sha256, 31, 1, &reply), TS_INVALID, "key_sha256");
    expect_refused(authorize_as(k.sha256, 0, 1, &reply), TS_INVALID, "key_sha256");
    expect_refused(authorize_as(k.sha256, 32, 0, &reply), TS_INVALID, "cost");
}

static void a_revoked_key_is_refused_by_the_very_next_call_and_for_ever(void)
{
    key k = new_key(TS_PERM_INGEST);

    CHECK(authorize(&k)->known);
    CHECK(revoke_key(&k)->revoked_ms != 0);
    CHECK(!authorize(&k)->known);
    restart();
    CHECK(!authorize(&k)->known);
    CHECK(list_keys(k.org)->keys[0]->revoked_ms != 0);
}

static void revoking_twice_is_revoking_once(void)
{
    key k = new_key(TS_PERM_INGEST);
    uint64_t sent = served_sent(&s, AUTH_TO_WEBHOOKS);
    int64_t at_ms = revoke_key(&k)->revoked_ms;

    CHECK_EQ(served_sent(&s, AUTH_TO_WEBHOOKS), sent + 1);
    CHECK_EQ(revoke_key(&k)->revoked_ms, at_ms);
    CHECK_EQ(served_sent(&s, AUTH_TO_WEBHOOKS), sent + 1);
}

static void a_key_is_revoked_in_its_own_organization_only(void)
{
    Ts__Auth__RevokeKeyRequest request = TS__AUTH__REVOKE_KEY_REQUEST__INIT;
    const Ts__Auth__ApiKey *reply = NULL;
    key k = new_key(TS_PERM_INGEST);

    request.org = new_org();
    request.id = k.id;
    expect_refused(call(&ts_auth_revoke_key, &request.base, &reply), TS_NOT_FOUND, "id");
    CHECK(authorize(&k)->known);
}

static void made_and_revoked_keys_go_to_webhooks_without_their_secret(void)
{
    uint64_t sent = served_sent(&s, AUTH_TO_WEBHOOKS);
    key k = new_key(TS_PERM_INGEST);
    const char *const events[] = { "api_key.created", "api_key.revoked" };

    revoke_key(&k);
    CHECK_EQ(served_sent(&s, AUTH_TO_WEBHOOKS), sent + 2);
    for (size_t i = 0; i < 2; i++) {
        const Ts__WebhookPublish *p = NULL;

        served_read(&s, AUTH_TO_WEBHOOKS, sent + 1 + i, &ts__webhook_publish__descriptor, &p);
        CHECK(strcmp(p->event, events[i]) == 0);
        CHECK(strstr(p->data, k.id) != NULL);
        CHECK(strstr(p->data, "sha256") == NULL && strstr(p->data, "secret") == NULL);
    }
}

static void everything_is_there_after_a_restart(void)
{
    key k = new_key(TS_PERM_ADMIN);

    CHECK(strcmp(set_tier(k.org, "enterprise")->tier, "enterprise") == 0);
    restart();
    CHECK(authorize(&k)->known);
    CHECK_EQ(authorize(&k)->limit, 2 * LIMIT);
    CHECK_EQ(list_keys(k.org)->n_keys, 1);
}

/* ---- organizations that change ---- */

static ts_status rename_org(ts_tenant tenant, uint64_t org, const char *name,
                            const Ts__Auth__Organization **ret)
{
    Ts__Auth__RenameOrganizationRequest request = TS__AUTH__RENAME_ORGANIZATION_REQUEST__INIT;

    request.org = org;
    request.name = text(name);
    return call_for(tenant, "", &ts_auth_rename_organization, &request.base, ret, NULL);
}

static ts_status suspend_org(ts_tenant tenant, uint64_t org, bool suspended,
                             const Ts__Auth__Organization **ret)
{
    Ts__Auth__SuspendOrganizationRequest request = TS__AUTH__SUSPEND_ORGANIZATION_REQUEST__INIT;

    request.org = org;
    request.suspended = suspended;
    return call_for(tenant, "", &ts_auth_suspend_organization, &request.base, ret, NULL);
}

static void a_new_name_is_seen_by_the_next_call_and_logged(void)
{
    const Ts__Auth__Organization *org = NULL;
    key k = new_key(TS_PERM_INGEST);

    CHECK(strcmp(authorize(&k)->org_name, "Acme") == 0);
    CHECK_EQ(rename_org(nobody, k.org, "Globex \"East\"", &org), TS_OK);
    CHECK(strcmp(org->name, "Globex \"East\"") == 0);
    CHECK(strcmp(authorize(&k)->org_name, "Globex \"East\"") == 0);
    CHECK(strcmp(last_entry(k.org)->action, "organization.renamed") == 0);
    CHECK(strcmp(last_entry(k.org)->details,
                 "{\"name\":\"Globex \\\"East\\\"\",\"previous\":\"Acme\"}") == 0);
    CHECK_EQ(rename_org(nobody, k.org, "Globex \"East\"", &org), TS_OK);
    CHECK_EQ(audit_of(nobody, k.org, "")->total, 3); /* made, its key made, renamed */
    restart();
    CHECK(strcmp(authorize(&k)->org_name, "Globex \"East\"") == 0);
    expect_refused(rename_org(nobody, k.org, "", &org), TS_INVALID, "name");
    expect_refused(rename_org(nobody, 1000000, "X", &org), TS_NOT_FOUND, "org");
}

static void a_suspended_organization_may_do_nothing_and_uses_nothing_up(void)
{
    const Ts__Auth__Organization *org = NULL;
    const Ts__Auth__AuthorizeReply *reply;
    key k = new_key(TS_PERM_INGEST);
    key other = new_key(TS_PERM_INGEST);

    CHECK_EQ(suspend_org(nobody, k.org, true, &org), TS_OK);
    CHECK(strcmp(org->status, "suspended") == 0);
    for (int i = 0; i < LIMIT + 5; i++) {
        reply = authorize(&k);
        CHECK(reply->known && reply->suspended && !reply->admitted);
        CHECK_EQ(reply->remaining, LIMIT);
        CHECK_EQ(reply->retry_after_s, 0);
    }
    CHECK_EQ(reply->org, k.org);
    CHECK(authorize(&other)->admitted);
    restart();
    CHECK(authorize(&k)->suspended);
    CHECK_EQ(suspend_org(nobody, k.org, true, &org), TS_OK); /* again: nothing changes */
    CHECK(strcmp(last_entry(k.org)->action, "organization.suspended") == 0);
    CHECK_EQ(audit_of(nobody, k.org, "")->total, 3);
    CHECK_EQ(suspend_org(nobody, k.org, false, &org), TS_OK);
    CHECK(strcmp(org->status, "active") == 0);
    reply = authorize(&k);
    CHECK(reply->admitted && !reply->suspended);
    CHECK(strcmp(last_entry(k.org)->action, "organization.resumed") == 0);
}

static void organizations_are_the_operators_alone(void)
{
    Ts__Auth__CreateOrganizationRequest create = TS__AUTH__CREATE_ORGANIZATION_REQUEST__INIT;
    Ts__Auth__ListOrganizationsRequest list = TS__AUTH__LIST_ORGANIZATIONS_REQUEST__INIT;
    Ts__Auth__SetTierRequest tier = TS__AUTH__SET_TIER_REQUEST__INIT;
    Ts__Auth__OrganizationNumber number = TS__AUTH__ORGANIZATION_NUMBER__INIT;
    const Ts__Auth__Organization *org = NULL;
    ts_tenant tenant = live_of(new_org());

    create.name = text("Mine");
    tier.org = number.org = tenant.org;
    tier.tier = text("enterprise");
    CHECK_EQ(call_for(tenant, "", &ts_auth_create_organization, &create.base, &org, NULL),
             TS_DENIED);
    CHECK_EQ(call_for(tenant, "", &ts_auth_list_organizations, &list.base, &org, NULL), TS_DENIED);
    CHECK_EQ(call_for(tenant, "", &ts_auth_set_tier, &tier.base, &org, NULL), TS_DENIED);
    CHECK_EQ(call_for(tenant, "", &ts_auth_delete_organization, &number.base, &org, NULL),
             TS_DENIED);
    CHECK_EQ(rename_org(tenant, tenant.org, "Mine", &org), TS_DENIED);
    CHECK_EQ(suspend_org(tenant, tenant.org, false, &org), TS_DENIED);
    CHECK(strcmp(org_of(tenant.org)->tier, "standard") == 0);
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(an_organization_has_a_number_of_its_own_also_after_a_restart);
    RUN(a_change_of_an_old_organization_makes_no_number_free);
    RUN(organizations_are_listed_in_the_order_they_were_made);
    RUN(names_and_tiers_that_are_wrong_are_refused);
    RUN(a_new_key_is_shown_once_and_kept_as_a_hash);
    RUN(keys_that_are_asked_for_wrongly_are_refused);
    RUN(permissions_are_the_key_s_the_default_or_all_for_admin);
    RUN(authorize_says_whose_key_it_is);
    RUN(an_unknown_key_is_known_to_nobody);
    RUN(a_revoked_key_is_refused_by_the_very_next_call_and_for_ever);
    RUN(revoking_twice_is_revoking_once);
    RUN(a_key_is_revoked_in_its_own_organization_only);
    RUN(made_and_revoked_keys_go_to_webhooks_without_their_secret);
    RUN(everything_is_there_after_a_restart);
    RUN(a_new_name_is_seen_by_the_next_call_and_logged);
    RUN(a_suspended_organization_may_do_nothing_and_uses_nothing_up);
    RUN(organizations_are_the_operators_alone);
    stop();
    remove_directory(s.directory);
    return 0;
}
