#include "proto/methods.h"

#define METHOD(symbol, text, in, out, in_lane, bits)                                               \
    const ts_method symbol = { text, &in##__descriptor, &out##__descriptor, in_lane, bits }

METHOD(ts_auth_authorize, "auth.Authorize", ts__auth__authorize_request, ts__auth__authorize_reply,
       TS_LANE_FAST, TS_RPC_IDEMPOTENT | TS_RPC_PATIENT);
METHOD(ts_auth_create_organization, "auth.CreateOrganization",
       ts__auth__create_organization_request, ts__auth__organization, TS_LANE_SLOW, 0);
METHOD(ts_auth_list_organizations, "auth.ListOrganizations", ts__auth__list_organizations_request,
       ts__auth__organization_list, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_set_tier, "auth.SetTier", ts__auth__set_tier_request, ts__auth__organization,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_create_key, "auth.CreateKey", ts__auth__create_key_request,
       ts__auth__create_key_reply, TS_LANE_SLOW, 0);
METHOD(ts_auth_list_keys, "auth.ListKeys", ts__auth__list_keys_request, ts__auth__key_list,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_revoke_key, "auth.RevokeKey", ts__auth__revoke_key_request, ts__auth__api_key,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_get_key, "auth.GetKey", ts__auth__revoke_key_request, ts__auth__api_key,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_update_key, "auth.UpdateKey", ts__auth__update_key_request, ts__auth__api_key,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_rotate_key, "auth.RotateKey", ts__auth__rotate_key_request,
       ts__auth__create_key_reply, TS_LANE_SLOW, 0);
METHOD(ts_auth_rename_organization, "auth.RenameOrganization",
       ts__auth__rename_organization_request, ts__auth__organization, TS_LANE_SLOW,
       TS_RPC_IDEMPOTENT);
METHOD(ts_auth_suspend_organization, "auth.SuspendOrganization",
       ts__auth__suspend_organization_request, ts__auth__organization, TS_LANE_SLOW,
       TS_RPC_IDEMPOTENT);
METHOD(ts_auth_delete_organization, "auth.DeleteOrganization", ts__auth__organization_number,
       ts__auth__organization, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_record_audit, "auth.RecordAudit", ts__auth__record_audit_request, ts__empty,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_list_audit, "auth.ListAudit", ts__auth__list_audit_request, ts__auth__audit_list,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_verify_audit, "auth.VerifyAudit", ts__auth__verify_audit_request,
       ts__auth__verify_audit_reply, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_auth_export, "auth.Export", ts__export_request, ts__export_reply, TS_LANE_BULK,
       TS_RPC_IDEMPOTENT);
METHOD(ts_auth_backup, "auth.Backup", ts__backup_request, ts__backup_reply, TS_LANE_BULK, 0);
METHOD(ts_auth_accept, "auth.Accept", ts__hand_over_request, ts__hand_over_reply, TS_LANE_BULK,
       TS_RPC_IDEMPOTENT);

METHOD(ts_risk_ingest, "risk.Ingest", ts__risk__ingest_request, ts__risk__ingest_reply,
       TS_LANE_BULK, 0);
METHOD(ts_risk_overview, "risk.Overview", ts__risk__overview_request, ts__risk__overview_reply,
       TS_LANE_FAST, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_list_users, "risk.ListUsers", ts__risk__list_users_request, ts__risk__user_list,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_get_user, "risk.GetUser", ts__risk__get_user_request, ts__risk__user_profile,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_search_users, "risk.SearchUsers", ts__risk__search_users_request,
       ts__risk__user_list, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_put_directory, "risk.PutDirectory", ts__risk__put_directory_request,
       ts__risk__put_directory_reply, TS_LANE_BULK, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_list_apps, "risk.ListApps", ts__risk__list_apps_request, ts__risk__app_list,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_get_app, "risk.GetApp", ts__risk__app_id, ts__risk__app, TS_LANE_SLOW,
       TS_RPC_IDEMPOTENT);
METHOD(ts_risk_update_app, "risk.UpdateApp", ts__risk__update_app_request, ts__risk__app,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_list_contacts, "risk.ListContacts", ts__risk__list_contacts_request,
       ts__risk__contact_list, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_add_contact, "risk.AddContact", ts__risk__add_contact_request, ts__risk__contact,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_remove_contact, "risk.RemoveContact", ts__risk__contact_value,
       ts__risk__contact_value, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_risk_export, "risk.Export", ts__export_request, ts__export_reply, TS_LANE_BULK,
       TS_RPC_IDEMPOTENT);
METHOD(ts_risk_backup, "risk.Backup", ts__backup_request, ts__backup_reply, TS_LANE_BULK, 0);
METHOD(ts_risk_accept, "risk.Accept", ts__hand_over_request, ts__hand_over_reply, TS_LANE_BULK,
       TS_RPC_IDEMPOTENT);

METHOD(ts_incidents_list, "incidents.List", ts__incidents__list_request,
       ts__incidents__incident_list, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_incidents_get, "incidents.Get", ts__incidents__get_request,
       ts__incidents__incident_details, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_incidents_update_status, "incidents.UpdateStatus", ts__incidents__update_status_request,
       ts__incidents__incident_details, TS_LANE_SLOW, 0);
METHOD(ts_incidents_reopen, "incidents.Reopen", ts__incidents__reopen_request,
       ts__incidents__incident_details, TS_LANE_SLOW, 0);
METHOD(ts_incidents_summary, "incidents.Summary", ts__incidents__summary_request,
       ts__incidents__summary_reply, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_incidents_export, "incidents.Export", ts__export_request, ts__export_reply, TS_LANE_BULK,
       TS_RPC_IDEMPOTENT);
METHOD(ts_incidents_backup, "incidents.Backup", ts__backup_request, ts__backup_reply, TS_LANE_BULK,
       0);
METHOD(ts_incidents_accept, "incidents.Accept", ts__hand_over_request, ts__hand_over_reply,
       TS_LANE_BULK, TS_RPC_IDEMPOTENT);

METHOD(ts_aiusage_report, "aiusage.Report", ts__aiusage__report_request, ts__aiusage__report,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_aiusage_export, "aiusage.Export", ts__export_request, ts__export_reply, TS_LANE_BULK,
       TS_RPC_IDEMPOTENT);
METHOD(ts_aiusage_backup, "aiusage.Backup", ts__backup_request, ts__backup_reply, TS_LANE_BULK, 0);
METHOD(ts_aiusage_accept, "aiusage.Accept", ts__hand_over_request, ts__hand_over_reply,
       TS_LANE_BULK, TS_RPC_IDEMPOTENT);

METHOD(ts_webhooks_create_endpoint, "webhooks.CreateEndpoint",
       ts__webhooks__create_endpoint_request, ts__webhooks__endpoint, TS_LANE_SLOW, 0);
METHOD(ts_webhooks_list_endpoints, "webhooks.ListEndpoints", ts__webhooks__list_endpoints_request,
       ts__webhooks__endpoint_list, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_webhooks_get_endpoint, "webhooks.GetEndpoint", ts__webhooks__endpoint_id,
       ts__webhooks__endpoint, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_webhooks_delete_endpoint, "webhooks.DeleteEndpoint", ts__webhooks__endpoint_id, ts__empty,
       TS_LANE_SLOW, 0);
METHOD(ts_webhooks_update_endpoint, "webhooks.UpdateEndpoint",
       ts__webhooks__update_endpoint_request, ts__webhooks__endpoint, TS_LANE_SLOW, 0);
METHOD(ts_webhooks_rotate_secret, "webhooks.RotateSecret", ts__webhooks__rotate_secret_request,
       ts__webhooks__endpoint, TS_LANE_SLOW, 0);
METHOD(ts_webhooks_promote_secret, "webhooks.PromoteSecret", ts__webhooks__endpoint_id,
       ts__webhooks__endpoint, TS_LANE_SLOW, 0);
METHOD(ts_webhooks_test_endpoint, "webhooks.TestEndpoint", ts__webhooks__endpoint_id,
       ts__webhooks__event_id, TS_LANE_SLOW, 0);
METHOD(ts_webhooks_replay_failed, "webhooks.ReplayFailed", ts__webhooks__replay_failed_request,
       ts__webhooks__replay_reply, TS_LANE_SLOW, 0);
METHOD(ts_webhooks_get_event, "webhooks.GetEvent", ts__webhooks__event_id, ts__webhooks__event,
       TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_webhooks_replay_event, "webhooks.ReplayEvent", ts__webhooks__event_id,
       ts__webhooks__replay_reply, TS_LANE_SLOW, 0);
METHOD(ts_webhooks_list_events, "webhooks.ListEvents", ts__webhooks__list_events_request,
       ts__webhooks__event_list, TS_LANE_SLOW, TS_RPC_IDEMPOTENT);
METHOD(ts_webhooks_lease, "webhooks.Lease", ts__webhooks__lease_request, ts__webhooks__lease_reply,
       TS_LANE_PARK, 0);
METHOD(ts_webhooks_result, "webhooks.Result", ts__webhooks__result_request, ts__empty, TS_LANE_BULK,
       TS_RPC_IDEMPOTENT);
METHOD(ts_webhooks_export, "webhooks.Export", ts__export_request, ts__export_reply, TS_LANE_BULK,
       TS_RPC_IDEMPOTENT);
METHOD(ts_webhooks_backup, "webhooks.Backup", ts__backup_request, ts__backup_reply, TS_LANE_BULK,
       0);
METHOD(ts_webhooks_accept, "webhooks.Accept", ts__hand_over_request, ts__hand_over_reply,
       TS_LANE_BULK, TS_RPC_IDEMPOTENT);

static const char *const permission_names[] = {
    "read:users", "read:incidents", "write:incidents", "read:ai_usage", "read:apps",
    "write:apps", "write:contacts", "agent",           "ingest",        "admin",
};

const char *ts_permission_name(uint64_t bit)
{
    for (size_t i = 0; i < TS_COUNT(permission_names); i++) {
        if (bit == UINT64_C(1) << i)
            return permission_names[i];
    }
    return NULL;
}

uint64_t ts_permission_bit(ts_str name)
{
    for (size_t i = 0; i < TS_COUNT(permission_names); i++) {
        if (ts_str_is(name, permission_names[i]))
            return UINT64_C(1) << i;
    }
    return 0;
}

const char *ts_severity_name(uint32_t severity)
{
    static const char *const names[] = { "informational", "low", "medium", "high", "critical" };

    return severity < TS_COUNT(names) ? names[severity] : "unknown";
}

static const struct {
    const char *name;
    uint32_t low, high;
} levels[] = {
    { "minimal", 0, 19 }, { "low", 20, 39 },       { "medium", 40, 69 },
    { "high", 70, 89 },   { "critical", 90, 100 },
};

unsigned ts_risk_level(uint32_t score)
{
    unsigned level = 0;

    while (level + 1 < TS_COUNT(levels) && score > levels[level].high)
        level++;
    return level;
}

const char *ts_risk_level_name(uint32_t score)
{
    return levels[ts_risk_level(score)].name;
}

bool ts_risk_level_range(ts_str name, uint32_t *ret_low, uint32_t *ret_high)
{
    for (size_t i = 0; i < TS_COUNT(levels); i++) {
        if (ts_str_is(name, levels[i].name)) {
            *ret_low = levels[i].low;
            *ret_high = levels[i].high;
            return true;
        }
    }
    return false;
}

const char *ts_tactic_name(ts_str id)
{
    static const char *const tactics[][2] = {
        { "TA0043", "Reconnaissance" },
        { "TA0042", "Resource Development" },
        { "TA0001", "Initial Access" },
        { "TA0002", "Execution" },
        { "TA0003", "Persistence" },
        { "TA0004", "Privilege Escalation" },
        { "TA0005", "Defense Evasion" },
        { "TA0112", "Defense Impairment" },
        { "TA0006", "Credential Access" },
        { "TA0007", "Discovery" },
        { "TA0008", "Lateral Movement" },
        { "TA0009", "Collection" },
        { "TA0011", "Command and Control" },
        { "TA0010", "Exfiltration" },
        { "TA0040", "Impact" },
    };

    for (size_t i = 0; i < TS_COUNT(tactics); i++) {
        if (ts_str_is(id, tactics[i][0]))
            return tactics[i][1];
    }
    return "";
}
