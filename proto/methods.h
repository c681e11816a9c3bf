/* Every method on the bus: its types, its lane, whether it may be repeated. Who may call whom:
 *
 *   gateway            -> auth, risk, incidents, ai-usage, webhooks
 *   risk               -> incidents, ai-usage, webhooks   (hand-over)
 *   incidents          -> risk, webhooks                  (hand-over)
 *   ai-usage           -> webhooks                        (hand-over)
 *   auth               -> risk, incidents, ai-usage, webhooks (hand-over)
 *   all stores         -> auth                            (hand-over: audit, erasure)
 *   webhook-dispatcher -> webhooks                        (lease, result)
 *   teamsentryctl      -> all
 */
#ifndef TS_PROTO_METHODS_H
#define TS_PROTO_METHODS_H

#include "proto/aiusage.pb-c.h"
#include "proto/auth.pb-c.h"
#include "proto/envelope.pb-c.h"
#include "proto/event.pb-c.h"
#include "proto/incidents.pb-c.h"
#include "proto/risk.pb-c.h"
#include "proto/webhooks.pb-c.h"
#include "ts/rpc.h"

/* The `param` of a TS_UNAVAILABLE that is for want of disk: the service is there, and a client may be told why it refuses. */
#define TS_PARAM_DISK "disk"

extern const ts_method ts_auth_authorize;           /* AuthorizeRequest -> AuthorizeReply */
extern const ts_method ts_auth_create_organization; /* CreateOrganizationRequest -> Organization */
extern const ts_method
    ts_auth_list_organizations;            /* ListOrganizationsRequest -> OrganizationList */
extern const ts_method ts_auth_set_tier;   /* SetTierRequest -> Organization */
extern const ts_method ts_auth_create_key; /* CreateKeyRequest -> CreateKeyReply */
extern const ts_method ts_auth_list_keys;  /* ListKeysRequest -> KeyList */
extern const ts_method ts_auth_revoke_key; /* RevokeKeyRequest -> ApiKey */
extern const ts_method ts_auth_get_key;    /* RevokeKeyRequest -> ApiKey */
extern const ts_method ts_auth_update_key; /* UpdateKeyRequest -> ApiKey */
extern const ts_method ts_auth_rotate_key; /* RotateKeyRequest -> CreateKeyReply */
extern const ts_method ts_auth_rename_organization; /* RenameOrganizationRequest -> Organization */
extern const ts_method
    ts_auth_suspend_organization;                   /* SuspendOrganizationRequest -> Organization */
extern const ts_method ts_auth_delete_organization; /* OrganizationNumber -> Organization */
extern const ts_method ts_auth_record_audit;        /* RecordAuditRequest -> Empty */
extern const ts_method ts_auth_list_audit;          /* ListAuditRequest -> AuditList */
extern const ts_method ts_auth_verify_audit;        /* VerifyAuditRequest -> VerifyAuditReply */
extern const ts_method ts_auth_export;              /* ExportRequest -> ExportReply */
extern const ts_method ts_auth_backup;              /* BackupRequest -> BackupReply */
extern const ts_method ts_auth_accept;              /* HandOverRequest -> HandOverReply */

extern const ts_method ts_risk_ingest;         /* IngestRequest -> IngestReply */
extern const ts_method ts_risk_overview;       /* OverviewRequest -> OverviewReply */
extern const ts_method ts_risk_list_users;     /* ListUsersRequest -> UserList */
extern const ts_method ts_risk_get_user;       /* GetUserRequest -> UserProfile */
extern const ts_method ts_risk_search_users;   /* SearchUsersRequest -> UserList */
extern const ts_method ts_risk_put_directory;  /* PutDirectoryRequest -> PutDirectoryReply */
extern const ts_method ts_risk_list_apps;      /* ListAppsRequest -> AppList */
extern const ts_method ts_risk_get_app;        /* AppId -> App */
extern const ts_method ts_risk_update_app;     /* UpdateAppRequest -> App */
extern const ts_method ts_risk_list_contacts;  /* ListContactsRequest -> ContactList */
extern const ts_method ts_risk_add_contact;    /* AddContactRequest -> Contact */
extern const ts_method ts_risk_remove_contact; /* ContactValue -> ContactValue */
extern const ts_method ts_risk_export;         /* ExportRequest -> ExportReply */
extern const ts_method ts_risk_backup;         /* BackupRequest -> BackupReply */
extern const ts_method ts_risk_accept;         /* HandOverRequest -> HandOverReply */

extern const ts_method ts_incidents_list;          /* ListRequest -> IncidentList */
extern const ts_method ts_incidents_get;           /* GetRequest -> IncidentDetails */
extern const ts_method ts_incidents_update_status; /* UpdateStatusRequest -> IncidentDetails */
extern const ts_method ts_incidents_reopen;        /* ReopenRequest -> IncidentDetails */
extern const ts_method ts_incidents_summary;       /* SummaryRequest -> SummaryReply */
extern const ts_method ts_incidents_export;        /* ExportRequest -> ExportReply */
extern const ts_method ts_incidents_backup;        /* BackupRequest -> BackupReply */
extern const ts_method ts_incidents_accept;        /* HandOverRequest -> HandOverReply */

extern const ts_method ts_aiusage_report; /* ReportRequest -> Report */
extern const ts_method ts_aiusage_export; /* ExportRequest -> ExportReply */
extern const ts_method ts_aiusage_backup; /* BackupRequest -> BackupReply */
extern const ts_method ts_aiusage_accept; /* HandOverRequest -> HandOverReply */

extern const ts_method ts_webhooks_create_endpoint; /* CreateEndpointRequest -> Endpoint */
extern const ts_method ts_webhooks_list_endpoints;  /* ListEndpointsRequest -> EndpointList */
extern const ts_method ts_webhooks_get_endpoint;    /* EndpointId -> Endpoint */
extern const ts_method ts_webhooks_delete_endpoint; /* EndpointId -> Empty */
extern const ts_method ts_webhooks_update_endpoint; /* UpdateEndpointRequest -> Endpoint */
extern const ts_method ts_webhooks_rotate_secret;   /* RotateSecretRequest -> Endpoint */
extern const ts_method ts_webhooks_promote_secret;  /* EndpointId -> Endpoint */
extern const ts_method ts_webhooks_test_endpoint;   /* EndpointId -> EventId */
extern const ts_method ts_webhooks_replay_failed;   /* ReplayFailedRequest -> ReplayReply */
extern const ts_method ts_webhooks_list_events;     /* ListEventsRequest -> EventList */
extern const ts_method ts_webhooks_get_event;       /* EventId -> Event */
extern const ts_method ts_webhooks_replay_event;    /* EventId -> ReplayReply */
extern const ts_method ts_webhooks_lease;           /* LeaseRequest -> LeaseReply, parked */
extern const ts_method ts_webhooks_result;          /* ResultRequest -> Empty */
extern const ts_method ts_webhooks_export;          /* ExportRequest -> ExportReply */
extern const ts_method ts_webhooks_backup;          /* BackupRequest -> BackupReply */
extern const ts_method ts_webhooks_accept;          /* HandOverRequest -> HandOverReply */

/* Fields of UpdateEndpointRequest that are given. */
#define WEBHOOKS_FIELD_URL         1u
#define WEBHOOKS_FIELD_DESCRIPTION 2u
#define WEBHOOKS_FIELD_EVENTS      4u
#define WEBHOOKS_FIELD_ENABLED     8u
#define WEBHOOKS_FIELD_HEADERS     16u
#define WEBHOOKS_FIELD_RATE_LIMIT  32u
#define WEBHOOKS_FIELD_ORDERED     64u

/* Permissions of a key, as bits. Names are API.md's. */
#define TS_PERM_READ_USERS      (UINT64_C(1) << 0)
#define TS_PERM_READ_INCIDENTS  (UINT64_C(1) << 1)
#define TS_PERM_WRITE_INCIDENTS (UINT64_C(1) << 2)
#define TS_PERM_READ_AI_USAGE   (UINT64_C(1) << 3)
#define TS_PERM_READ_APPS       (UINT64_C(1) << 4)
#define TS_PERM_WRITE_APPS      (UINT64_C(1) << 5)
#define TS_PERM_WRITE_CONTACTS  (UINT64_C(1) << 6)
#define TS_PERM_AGENT           (UINT64_C(1) << 7)
#define TS_PERM_INGEST          (UINT64_C(1) << 8)
#define TS_PERM_ADMIN           (UINT64_C(1) << 9)
#define TS_PERM_ALL             ((UINT64_C(1) << 10) - 1)

/* "read:users", ... for one bit; NULL for anything else. */
const char *ts_permission_name(uint64_t bit);
/* 0 if the name is unknown. */
uint64_t ts_permission_bit(ts_str name);

/* severity 0..4: "informational", "low", ...; "unknown" above. */
const char *ts_severity_name(uint32_t severity);
/* score 0..100: minimal 0-19, low 20-39, medium 40-69, high 70-89, critical 90-100. */
const char *ts_risk_level_name(uint32_t score);
/* 0 minimal .. 4 critical. */
unsigned ts_risk_level(uint32_t score);
/* Lowest and highest score of a level's name; false if there is no such level. */
bool ts_risk_level_range(ts_str name, uint32_t *ret_low, uint32_t *ret_high);
/* ATT&CK tactic id -> name ("TA0001" -> "Initial Access"), v18 and v19 ids; "" if unknown. */
const char *ts_tactic_name(ts_str id);

#endif
