/* What the stand-ins' files share: the methods of each. */
#ifndef STANDIN_ROWS_H
#define STANDIN_ROWS_H

#include "proto/methods.h"
#include "ts/rpc.h"

extern const ts_rpc_row standin_auth_rows[];
extern const ts_rpc_row standin_risk_rows[];
extern const ts_rpc_row standin_incidents_rows[];
extern const ts_rpc_row standin_ai_usage_rows[];
extern const ts_rpc_row standin_webhooks_rows[];

/* Text of a reply, in the call's arena. */
static inline char *standin_copy(ts_call *call, const char *text)
{
    return ts_arena_z(call->arena, ts_str_of(text));
}

#endif
