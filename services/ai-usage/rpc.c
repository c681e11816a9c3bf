#include "ai_usage.h"

const ts_rpc_row ai_usage_rows[] = {
    { &ts_aiusage_report, ai_usage_rpc_report, false },
    { &ts_aiusage_export, ai_usage_rpc_export, false },
    { &ts_aiusage_backup, ai_usage_rpc_backup, true },
    { &ts_aiusage_accept, ai_usage_rpc_accept, true },
    { 0 },
};
