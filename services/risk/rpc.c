#include "risk.h"

const ts_rpc_row risk_rows[] = {
    { &ts_risk_ingest, risk_rpc_ingest, false },
    { &ts_risk_overview, risk_rpc_overview, false },
    { &ts_risk_list_users, risk_rpc_list_users, false },
    { &ts_risk_get_user, risk_rpc_get_user, false },
    { &ts_risk_export, risk_rpc_export, false },
    { &ts_risk_backup, risk_rpc_backup, true },
    { &ts_risk_accept, risk_rpc_accept, true },
    { 0 },
};
