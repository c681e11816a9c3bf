#include "risk.h"

const ts_rpc_row risk_rows[] = {
    { &ts_risk_ingest, risk_rpc_ingest, false },
    { &ts_risk_overview, risk_rpc_overview, false },
    { &ts_risk_list_users, risk_rpc_list_users, false },
    { &ts_risk_get_user, risk_rpc_get_user, false },
    { &ts_risk_search_users, risk_rpc_search_users, false },
    { &ts_risk_put_directory, risk_rpc_put_directory, false },
    { &ts_risk_list_apps, risk_rpc_list_apps, false },
    { &ts_risk_get_app, risk_rpc_get_app, false },
    { &ts_risk_update_app, risk_rpc_update_app, false },
    { &ts_risk_list_contacts, risk_rpc_list_contacts, false },
    { &ts_risk_add_contact, risk_rpc_add_contact, false },
    { &ts_risk_remove_contact, risk_rpc_remove_contact, false },
    { &ts_risk_export, risk_rpc_export, false },
    { &ts_risk_backup, risk_rpc_backup, true },
    { &ts_risk_accept, risk_rpc_accept, true },
    { 0 },
};
