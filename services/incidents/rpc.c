#include "incidents.h"

const ts_rpc_row incidents_rows[] = {
    { &ts_incidents_list, incidents_rpc_list, false },
    { &ts_incidents_get, incidents_rpc_get, false },
    { &ts_incidents_update_status, incidents_rpc_update_status, false },
    { &ts_incidents_reopen, incidents_rpc_reopen, false },
    { &ts_incidents_summary, incidents_rpc_summary, false },
    { &ts_incidents_export, incidents_rpc_export, false },
    { &ts_incidents_backup, incidents_rpc_backup, true },
    { &ts_incidents_accept, incidents_rpc_accept, true },
    { 0 },
};
