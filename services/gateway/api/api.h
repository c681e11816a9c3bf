/* The API's resources over the services behind them: who is called, how answers are composed.
 *
 * Handlers run on connection threads with small stacks (100 KB): frames stay small, memory comes from the exchange's arena.
 */
#ifndef API_API_H
#define API_API_H

#include <stdatomic.h>

#include "api/gate.h"
#include "config.h"
#include "http/serve.h"
#include "proto/methods.h"
#include "ts/metrics.h"
#include "ts/rpc.h"

/* auth, risk, incidents, ai-usage, webhooks */
#define API_PEERS 5
extern const char *const api_peers[API_PEERS + 1]; /* their names; NULL ends them */

typedef struct api {
    const gateway_config *config;
    struct {
        ts_peer *peer;
        const char *name;
        api_gate gate;
        atomic_bool is_away; /* said once */
    } gates[API_PEERS];
    size_t gate_count;             /* less than all if the start failed */
    atomic_int ingests;            /* under way */
    struct agent_grammar *grammar; /* of questions in plain words */
    struct model *model;           /* NULL: none is asked */
    ts_metric *failures;
} api;

/* Dials the services in the background and reads the lexicon. `address_of` gives the bus address of a peer by name ("ai-usage"). */
typedef const char *api_address_of(void *context, const char *peer);
TS_CHECK ts_status api_init(api *a, const gateway_config *config, api_address_of *address_of,
                            void *context, ts_error *err);
/* From any thread, for ever: calls that requests wait for, and those to come, end at once. */
void api_cancel(api *a);
/* No request may be under way. Accepts a half-built or zeroed one. */
void api_done(api *a);

extern const http_route api_routes[];
extern const size_t api_route_count;

/* http_service's authorize. */
http_problem api_authorize(http_exchange *x, ts_str key);

/* ---- calls ---- */

/* One call for the exchange's tenant within `timeout_ms`; *ret (a pointer to the method's reply) lives in its arena. Words about a
 * missing service are the gateway's own; TS_UNAVAILABLE sets x->retry_after_s. */
TS_CHECK ts_status api_call(http_exchange *x, const ts_method *method, const ProtobufCMessage *in,
                            int64_t timeout_ms, void *ret);
/* The same within `call_ms` of the config. */
TS_CHECK ts_status api_ask(http_exchange *x, const ts_method *method, const ProtobufCMessage *in,
                           void *ret);

/* ts_rpc_call through the gate of the method's service: when TS_PEER_IN_FLIGHT_MAX calls are under way to it, waits for a place instead of
 * failing. All calls on behalf of requests go this way. */
TS_CHECK ts_status api_rpc(api *a, const ts_method *method, const ts_caller *caller,
                           const ProtobufCMessage *in, ts_arena *arena, ProtobufCMessage **ret_out,
                           ts_error *err);

/* Who asks, for api_rpc. TS_INVALID for a bad Idempotency-Key: then *ret has none, and is good but for that. TS_NOMEM. */
TS_CHECK ts_status api_caller(http_exchange *x, int64_t timeout_ms, ts_caller *ret);
/* Puts the gateway's own words in the place of those about a service that does not answer. */
void api_soften(http_exchange *x, const ts_method *method, ts_status status);

/* A part of an answer that several services make together. */
typedef struct api_part {
    const ts_method *method;
    const ProtobufCMessage *in;
    const char *optional; /* NULL: needed; else the service's name for meta.degraded */

    /* Results. `out` is NULL unless status is TS_OK. */
    ProtobufCMessage *out;
    ts_status status;
    ts_error error;
    ts_arena *arena;
} api_part;

/* If-Match against the tag that a GET would give, which `show` writes into the exchange as the GET's handler would; what it
 * wrote is forgotten. TS_PRECONDITION with words about `what` ("The incident"). A change by somebody else between this look
 * and the update is seen only by the owner of the object: *ret_revision is what was looked at (0: its owner knows none, or
 * there is no If-Match), for the update to name. */
typedef ts_status api_show(http_exchange *x, char *id, uint64_t *ret_revision);
TS_CHECK ts_status api_check_match(http_exchange *x, api_show *show, char *id, const char *what,
                                   uint64_t *ret_revision);

/* A place among the ingests under way; TS_UNAVAILABLE with words if there is none. Leave it with api_ingest_end(). */
TS_CHECK ts_status api_ingest_begin(http_exchange *x);
void api_ingest_end(http_exchange *x);

/* Gives back the place at a service that the call had, and says once that the service is away or there again. */
void api_leave(api *a, const ts_method *method, ts_status st, const ts_error *err);
/* Where the method's service stands among the gates; gate_count: nowhere. */
size_t api_gate_of(const api *a, const ts_method *method);
#define API_GATE_WORDS "too many calls are under way to it"

/* Asks for all parts at the same time, at most TS_RPC_PARTS_MAX. Returns the first needed part's failure, with its words in x->error; optional parts that
 * fail are named in x->degraded, unless what they asked for does not exist. Always release with api_parts_done(). */
TS_CHECK ts_status api_gather(http_exchange *x, api_part *parts, size_t count);
void api_parts_done(api_part *parts, size_t count);

/* ---- handlers, a file per resource ---- */

ts_status api_overview(http_exchange *x);
ts_status api_users(http_exchange *x);
ts_status api_users_high_risk(http_exchange *x);
ts_status api_user(http_exchange *x);
/* The same for several users at the same time, under one deadline, as a part that `x` can do without: exchanges of its route, each as
 * for api_user(). Those whose answer is not there say nothing; if risk did not answer, x->degraded does. */
#define API_PROFILES_MAX 3
TS_CHECK ts_status api_users_profiles(http_exchange *x, http_exchange *const *xs, size_t count,
                                      bool *ret_is_there);
ts_status api_incidents(http_exchange *x);
ts_status api_incident(http_exchange *x);
ts_status api_incident_update(http_exchange *x);
ts_status api_incident_reopen(http_exchange *x);
ts_status api_ai_usage(http_exchange *x);
ts_status api_agent_summary(http_exchange *x);
ts_status api_agent_tools(http_exchange *x);
ts_status api_mcp(http_exchange *x);
ts_status api_agent_query(http_exchange *x);
ts_status api_events(http_exchange *x);
ts_status api_users_search(http_exchange *x);
ts_status api_directory(http_exchange *x);
ts_status api_apps(http_exchange *x);
ts_status api_app(http_exchange *x);
ts_status api_app_update(http_exchange *x);
ts_status api_contacts(http_exchange *x);
ts_status api_contact_add(http_exchange *x);
ts_status api_contact_remove(http_exchange *x);
ts_status api_endpoints(http_exchange *x);
ts_status api_endpoint_create(http_exchange *x);
ts_status api_endpoint(http_exchange *x);
ts_status api_endpoint_delete(http_exchange *x);
ts_status api_endpoint_update(http_exchange *x);
ts_status api_endpoint_rotate(http_exchange *x);
ts_status api_endpoint_promote(http_exchange *x);
ts_status api_endpoint_test(http_exchange *x);
ts_status api_endpoint_replay(http_exchange *x);
ts_status api_webhook_events(http_exchange *x);
ts_status api_webhook_event(http_exchange *x);
ts_status api_webhook_event_replay(http_exchange *x);
ts_status api_keys(http_exchange *x);
ts_status api_key_create(http_exchange *x);
ts_status api_key(http_exchange *x);
ts_status api_key_update(http_exchange *x);
ts_status api_key_rotate(http_exchange *x);
ts_status api_key_revoke(http_exchange *x);
ts_status api_audit_log(http_exchange *x);
ts_status api_export_users(http_exchange *x);
ts_status api_export_incidents(http_exchange *x);
ts_status api_export_apps(http_exchange *x);
ts_status api_export_ai_usage(http_exchange *x);
ts_status api_openapi(http_exchange *x);
ts_status api_docs(http_exchange *x);
ts_status api_agent_page(http_exchange *x);
ts_status api_llms(http_exchange *x);

/* ---- small helpers of handlers ---- */

/* The filters of a list of incidents as they were asked for; limit and offset are left as they are. */
TS_CHECK ts_status api_incidents_filter(http_exchange *x, Ts__Incidents__ListRequest *request);

static inline api *api_of(const http_exchange *x)
{
    return x->app;
}

static inline bool api_flag(const http_exchange *x, const char *name)
{
    return http_param_of(x, name)->number != 0;
}

static inline int64_t api_number(const http_exchange *x, const char *name)
{
    return http_param_of(x, name)->number;
}

/* Text of a parameter for a message; "" if it has none. NULL if out of memory. */
static inline char *api_text(const http_exchange *x, const http_value *value)
{
    return ts_arena_z(x->arena, value->text.p == NULL ? TS_STR_LIT("") : value->text);
}

#endif
