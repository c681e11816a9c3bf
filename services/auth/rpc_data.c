/* What every store service does with its rows: show an organization's, copy all. */
#include "auth.h"
#include "ts/backup.h"
#include "ts/tenancy.h"

ts_status auth_rpc_export(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_tenancy_export(((auth *)call->service)->store, "auth", call, in, out);
}

ts_status auth_rpc_backup(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_backup_step(((auth *)call->service)->store, call, in, out);
}
