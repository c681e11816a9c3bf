/* The service as its handlers see it. */
#ifndef RISK_H
#define RISK_H

#include "ingest.h"
#include "proto/methods.h"
#include "search/places.h"
#include "sweep.h"
#include "ts/outbox.h"
#include "ts/rpc.h"
#include "ts/store.h"

typedef struct risk {
    ts_store *store;
    ts_inbox *inbox;
    risk_sweep *sweep;
    risk_ingest *ingest;
    places *places; /* NULL: none are kept in memory */
    const risk_config *config;
} risk;

extern const ts_rpc_row risk_rows[];

ts_handler risk_rpc_ingest;
ts_handler risk_rpc_overview;
ts_handler risk_rpc_list_users;
ts_handler risk_rpc_get_user;
ts_handler risk_rpc_search_users;
ts_handler risk_rpc_put_directory;
ts_handler risk_rpc_list_apps;
ts_handler risk_rpc_get_app;
ts_handler risk_rpc_update_app;
ts_handler risk_rpc_list_contacts;
ts_handler risk_rpc_add_contact;
ts_handler risk_rpc_remove_contact;
ts_handler risk_rpc_export;
ts_handler risk_rpc_backup;
ts_handler risk_rpc_accept;

/* Applies "incident_changed" rows. */
ts_inbox_handler risk_apply_row;
void risk_lock_tenant(void *service, ts_tenant tenant);
void risk_unlock_tenant(void *service, ts_tenant tenant);

#endif
