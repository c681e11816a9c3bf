#include "auth.h"

const ts_rpc_row auth_rows[] = {
    { &ts_auth_authorize, auth_rpc_authorize, true },
    { &ts_auth_create_organization, auth_rpc_create_organization, true },
    { &ts_auth_list_organizations, auth_rpc_list_organizations, true },
    { &ts_auth_rename_organization, auth_rpc_rename_organization, true },
    { &ts_auth_set_tier, auth_rpc_set_tier, true },
    { &ts_auth_suspend_organization, auth_rpc_suspend_organization, true },
    { &ts_auth_delete_organization, auth_rpc_delete_organization, true },
    { &ts_auth_create_key, auth_rpc_create_key, true },
    { &ts_auth_get_key, auth_rpc_get_key, true },
    { &ts_auth_list_keys, auth_rpc_list_keys, true },
    { &ts_auth_update_key, auth_rpc_update_key, true },
    { &ts_auth_rotate_key, auth_rpc_rotate_key, true },
    { &ts_auth_revoke_key, auth_rpc_revoke_key, true },
    { &ts_auth_export, auth_rpc_export, false },
    { &ts_auth_backup, auth_rpc_backup, true },
    { &ts_auth_record_audit, auth_rpc_record_audit, true },
    { &ts_auth_list_audit, auth_rpc_list_audit, true },
    { &ts_auth_verify_audit, auth_rpc_verify_audit, true },
    { &ts_auth_accept, auth_rpc_accept, true },
    { 0 },
};
