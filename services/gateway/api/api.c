/* Peers, calls and the identity of a key. */
#include "api/api.h"

#include "agent/model.h"
#include "query/grammar.h"
#include "ts/apikey.h"
#include "ts/id.h"
#include "ts/log.h"
#include "ts/time.h"

#define COUNT_MS 1000 /* for auth to count a failure that needs no word of it */

const char *const api_peers[API_PEERS + 1] = { "auth", "risk", "incidents", "ai-usage",
                                               "webhooks" };

static ts_status dial(api_address_of *address_of, void *context, const char *name, ts_peer **ret,
                      ts_error *err)
{
    const char *address = address_of(context, name);

    if (address == NULL)
        return ts_fail(err, TS_INVALID, "", "no bus address is known for %s", name);
    return ts_peer_new(name, address, ret, err);
}

ts_status api_init(api *a, const gateway_config *config, api_address_of *address_of, void *context,
                   ts_error *err)
{
    ts_status st;

    memset(a, 0, sizeof(*a));
    a->config = config;
    a->failures = ts_counter("ts_gateway_auth_failures_total", "", "requests without a valid key");
    for (size_t i = 0; i < API_PEERS; i++) {
        st = dial(address_of, context, api_peers[i], &a->gates[i].peer, err);
        if (st != TS_OK)
            return st;
        a->gates[i].name = api_peers[i];
        api_gate_init(&a->gates[i].gate, TS_PEER_IN_FLIGHT_MAX);
        a->gate_count++;
    }
    st = agent_grammar_load(config->lexicon_dir, &a->grammar, err);
    if (st == TS_OK)
        st = model_new(config, a->grammar, &a->model, err);
    return st;
}

void api_cancel(api *a)
{
    for (size_t i = 0; i < a->gate_count; i++)
        ts_peer_cancel(a->gates[i].peer);
}

void api_done(api *a)
{
    for (size_t i = 0; i < a->gate_count; i++) {
        api_gate_done(&a->gates[i].gate);
        ts_peer_free(a->gates[i].peer);
    }
    model_free(a->model);
    agent_grammar_free(a->grammar);
    memset(a, 0, sizeof(*a));
}

/* "key:<id>"; NULL: out of memory. */
static const char *actor_of(const http_exchange *x)
{
    ts_str id = x->who.key_id;
    char *actor = ts_arena_alloc(x->arena, sizeof("key:") + id.n);

    if (actor == NULL)
        return NULL;
    memcpy(actor, "key:", sizeof("key:"));
    memcpy(actor + sizeof("key:") - 1, id.p, id.n);
    return actor;
}

ts_status api_caller(http_exchange *x, int64_t timeout_ms, ts_caller *ret)
{
    ts_str repeat = TS_STR_NULL;

    *ret = (ts_caller){
        .tenant = x->who.tenant,
        .request_id = x->request_id,
        .actor = "service:gateway",
        .client_addr = x->client,
        .traceparent = x->traceparent,
        .idempotency_key = "",
        .permissions = x->route == NULL ? 0 : x->route->permission,
        .deadline_boot_ms = ts_boot_ms() + timeout_ms,
        .waits_restarts_out = true,
    };
    if (x->who.key_id.n > 0)
        ret->actor = actor_of(x);
    if (http_header_get(x->request, "Idempotency-Key", &repeat)) {
        if (repeat.n == 0 || repeat.n > 255)
            return ts_fail(&x->error, TS_INVALID, "Idempotency-Key",
                           "Idempotency-Key must have between 1 and 255 characters");
        ret->idempotency_key = ts_arena_z(x->arena, repeat);
    }
    return ret->actor == NULL || ret->idempotency_key == NULL ? TS_NOMEM : TS_OK;
}

/* "ai-usage" of "aiusage.Report". */
static ts_str service_of(const ts_method *method)
{
    ts_str name = ts_str_of(method->name);

    name.n = ts_str_find(name, '.');
    return ts_str_is(name, "aiusage") ? TS_STR_LIT("ai-usage") : name;
}

/* What a client may read about a service that does not answer. */
void api_soften(http_exchange *x, const ts_method *method, ts_status st)
{
    ts_str service = service_of(method);

    if (st != TS_UNAVAILABLE)
        return;
    ts_warn_rationed(method->name, TS_MSG("service did not answer"), TS_F_Z("rpc", method->name),
                     TS_F_Z("reason", x->error.text));
    if (strcmp(x->error.param, TS_PARAM_DISK) == 0)
        ts_error_set(&x->error, "", "The service %.*s takes nothing in: its disk is nearly full.",
                     (int)service.n, service.p);
    else
        ts_error_set(&x->error, "", "The service %.*s is not available at the moment.",
                     (int)service.n, service.p);
    x->retry_after_s = 1;
}

size_t api_gate_of(const api *a, const ts_method *method)
{
    ts_str service = service_of(method);
    size_t row = 0;

    while (row < a->gate_count && !ts_str_is(service, a->gates[row].name))
        row++;
    return row;
}

/* Once each time, however many requests find it out; one that refuses for want of disk is there. */
static void tell(api *a, size_t row, ts_status st, const ts_error *err)
{
    if (st != TS_UNAVAILABLE) {
        if (atomic_load(&a->gates[row].is_away) && atomic_exchange(&a->gates[row].is_away, false))
            ts_info(TS_MSG("peer is there"), TS_F_Z("peer", a->gates[row].name));
    } else if (strcmp(err->param, TS_PARAM_DISK) != 0 &&
               !atomic_exchange(&a->gates[row].is_away, true)) {
        ts_info(TS_MSG("waiting for peer"), TS_F_Z("peer", a->gates[row].name));
    }
}

void api_leave(api *a, const ts_method *method, ts_status st, const ts_error *err)
{
    size_t row = api_gate_of(a, method);

    api_gate_leave(&a->gates[row].gate);
    tell(a, row, st, err);
}

ts_status api_rpc(api *a, const ts_method *method, const ts_caller *caller,
                  const ProtobufCMessage *in, ts_arena *arena, ProtobufCMessage **ret_out,
                  ts_error *err)
{
    size_t row = api_gate_of(a, method);
    ts_status st;

    if (row == a->gate_count)
        return TS_INTERNAL;
    if (!api_gate_enter(&a->gates[row].gate, caller->deadline_boot_ms))
        return ts_fail(err, TS_UNAVAILABLE, "", API_GATE_WORDS);
    st = ts_rpc_call(a->gates[row].peer, method, caller, in, arena, ret_out, err);
    api_leave(a, method, st, err);
    return st;
}

ts_status api_call(http_exchange *x, const ts_method *method, const ProtobufCMessage *in,
                   int64_t timeout_ms, void *ret)
{
    ProtobufCMessage *out = NULL;
    bool replayed = false;
    ts_caller caller;
    ts_status st;

    st = api_caller(x, timeout_ms, &caller);
    if (st != TS_OK)
        return st;
    caller.ret_replayed = &replayed;
    st = api_rpc(api_of(x), method, &caller, in, x->arena, &out, &x->error);
    if (st == TS_OK)
        memcpy(ret, &out, sizeof(out));
    x->replayed = x->replayed || replayed;
    api_soften(x, method, st);
    return st;
}

ts_status api_ask(http_exchange *x, const ts_method *method, const ProtobufCMessage *in, void *ret)
{
    return api_call(x, method, in, api_of(x)->config->call_ms, ret);
}

static uint32_t wait_of(const Ts__Auth__AuthorizeReply *reply)
{
    return reply->retry_after_s == 0 ? 1 : reply->retry_after_s;
}

static http_window window_of(const Ts__Auth__AuthorizeReply *reply)
{
    return (http_window){ .limit = reply->limit,
                          .remaining = reply->remaining,
                          .reset_s = reply->reset_s };
}

/* Of a text that is no key of ours nothing is shown: it may be another system's secret. */
static ts_str prefix_of(ts_str key)
{
    const size_t mode_n = sizeof("tsk_live_") - 1;
    uint64_t digits;

    if (key.n <= TS_API_KEY_PREFIX ||
        (!ts_str_starts(key, TS_STR_LIT("tsk_live_")) &&
         !ts_str_starts(key, TS_STR_LIT("tsk_test_"))) ||
        ts_base62_read(ts_str_n(key.p + mode_n, TS_API_KEY_PREFIX - mode_n), &digits) != TS_OK)
        return TS_STR_LIT("");
    return ts_str_n(key.p, TS_API_KEY_PREFIX);
}

/* There is no good key; `reply` says so, or is NULL where auth did not answer. */
static http_problem refuse(http_exchange *x, const Ts__Auth__AuthorizeReply *reply)
{
    ts_metric_add(api_of(x)->failures, 1);
    x->error = (ts_error){ .text = "" }; /* one message for all */
    if (reply == NULL || reply->limit == 0)
        return HTTP_INVALID_KEY; /* not counted: auth is away, or of a version that does not count */
    x->window = window_of(reply);
    if (reply->admitted)
        return HTTP_INVALID_KEY;
    x->retry_after_s = wait_of(reply);
    ts_error_set(&x->error, "", "Too many failed authentications from this address.");
    return HTTP_RATE_LIMITED;
}

/* What cannot be a key is asked of too, in order to count, but not for long: its answer is known. A bad Idempotency-Key does not
 * keep it from that. */
static ts_status ask_auth(http_exchange *x, ts_str key, bool could_be_one,
                          const Ts__Auth__AuthorizeReply **ret)
{
    api *a = api_of(x);
    Ts__Auth__AuthorizeRequest request = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    uint8_t hash[32] = { 0 }; /* no key has this one */
    int64_t timeout_ms = a->config->call_ms;
    ts_caller caller;
    ts_status st;

    if (!could_be_one && timeout_ms > COUNT_MS)
        timeout_ms = COUNT_MS;
    st = api_caller(x, timeout_ms, &caller);
    if (st != TS_OK && (st != TS_INVALID || could_be_one))
        return st;
    if (could_be_one)
        ts_sha256(key, hash);
    request.key_sha256.data = hash;
    request.key_sha256.len = sizeof(hash);
    request.cost = 1;
    request.failures_limit = (uint32_t)a->config->auth_failures;
    request.key_prefix = ts_arena_z(x->arena, prefix_of(key));
    if (request.key_prefix == NULL)
        return TS_NOMEM;
    st = api_rpc(a, &ts_auth_authorize, &caller, &request.base, x->arena, &out, &x->error);
    api_soften(x, &ts_auth_authorize, st);
    *ret = (const void *)out;
    return st;
}

http_problem api_authorize(http_exchange *x, ts_str key)
{
    bool could_be_one = ts_api_key_form_valid(key);
    const Ts__Auth__AuthorizeReply *reply = NULL;
    ts_status st = ask_auth(x, key, could_be_one, &reply);

    if (st != TS_OK && !could_be_one)
        return refuse(x, NULL); /* whatever auth would have said */
    if (st == TS_INVALID)
        return HTTP_BAD_REQUEST; /* the client's Idempotency-Key: the request to auth is of our own making */
    /* Whatever is wrong with auth, nobody gets in without its word. */
    if (st != TS_OK)
        return st == TS_UNAVAILABLE ? HTTP_UNAVAILABLE : HTTP_INTERNAL;
    if (!reply->known)
        return refuse(x, reply);
    x->who = (http_identity){
        .tenant = { .org = reply->org, .mode = reply->mode == 1 ? TS_MODE_TEST : TS_MODE_LIVE },
        .org_id = ts_str_of(reply->org_id),
        .org_name = ts_str_of(reply->org_name),
        .key_id = ts_str_of(reply->key_id),
        .permissions = reply->permissions,
    };
    x->window = window_of(reply);
    if (reply->suspended) {
        ts_error_set(&x->error, "",
                     "The organization %s is suspended: its keys may do nothing now.",
                     reply->org_id);
        return HTTP_FORBIDDEN;
    }
    if (reply->admitted)
        return HTTP_FINE;
    x->retry_after_s = wait_of(reply);
    ts_error_set(&x->error, "", "The key's limit of %u requests per minute is used up.",
                 reply->limit);
    return HTTP_RATE_LIMITED;
}

/* Whether If-Match lists the tag of the object as x shows it now. */
static ts_status match(http_exchange *x, api_show *show, char *id, ts_str wanted,
                       uint64_t *ret_revision, bool *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf scratch = TS_BUF_INIT(HTTP_ANSWER_MAX);
    char etag[HTTP_ETAG_SIZE];
    ts_status st = show(x, id, ret_revision);

    if (st == TS_OK)
        st = http_etag_of(x, &scratch, etag);
    if (st == TS_OK)
        *ret = http_etag_listed(wanted, ts_str_of(etag), false);
    ts_buf_clear(&x->data);
    ts_buf_clear(&x->summary);
    x->untrusted.count = 0;
    return st;
}

ts_status api_check_match(http_exchange *x, api_show *show, char *id, const char *what,
                          uint64_t *ret_revision)
{
    bool fits;
    ts_str wanted;
    ts_status st;

    *ret_revision = 0;
    if (!http_header_get(x->request, "If-Match", &wanted))
        return TS_OK;
    st = match(x, show, id, wanted, ret_revision, &fits);
    /* Whoever read it with `raw`, which takes this permission, has the tag of that form. */
    if (st == TS_OK && !fits && (x->who.permissions & TS_PERM_ADMIN) != 0) {
        x->is_raw = true;
        st = match(x, show, id, wanted, ret_revision, &fits);
        x->is_raw = false;
    }
    if (st != TS_OK)
        return st;
    if (!fits)
        return ts_fail(&x->error, TS_PRECONDITION, "If-Match",
                       "%s has changed since; read it again.", what);
    return TS_OK;
}

ts_status api_ingest_begin(http_exchange *x)
{
    api *a = api_of(x);

    if (atomic_fetch_add(&a->ingests, 1) < a->config->ingests)
        return TS_OK;
    atomic_fetch_sub(&a->ingests, 1);
    x->retry_after_s = 1;
    return ts_fail(&x->error, TS_UNAVAILABLE, "", "Too many ingests at once; try again.");
}

void api_ingest_end(http_exchange *x)
{
    atomic_fetch_sub(&api_of(x)->ingests, 1);
}
