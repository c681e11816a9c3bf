/* The service as its handlers see it. */
#ifndef RISK_H
#define RISK_H

#include "proto/methods.h"
#include "sweep.h"
#include "ts/outbox.h"
#include "ts/rpc.h"
#include "ts/store.h"

typedef struct detect_rules detect_rules;
typedef struct risk_parsers risk_parsers;
typedef struct ai_catalogue ai_catalogue;
typedef struct ai_scopes ai_scopes;

typedef struct risk {
    ts_store *store;
    ts_inbox *inbox;
    risk_sweep *sweep;
    const detect_rules *rules;
    const ai_catalogue *tools;
    const ai_scopes *scopes;
    risk_parsers *parsers;
} risk;

extern const ts_rpc_row risk_rows[];

ts_handler risk_rpc_ingest;
ts_handler risk_rpc_overview;
ts_handler risk_rpc_list_users;
ts_handler risk_rpc_get_user;
ts_handler risk_rpc_accept;

/* Applies "incident_changed" rows. */
ts_inbox_handler risk_apply_row;
void risk_lock_tenant(void *service, ts_tenant tenant);
void risk_unlock_tenant(void *service, ts_tenant tenant);

#endif
