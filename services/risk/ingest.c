#include "ingest.h"

#include <pthread.h>

#include "apps.h"
#include "baselines.h"
#include "contacts.h"
#include "detection.h"
#include "identify.h"
#include "normalize/normalize.h"
#include "risk.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define PARSERS_MAX 8

struct risk_ingest {
    detection_engine *engine;
    int64_t retention_ms;
    pthread_mutex_t lock; /* guards the idle parsers */
    risk_parser *idle[PARSERS_MAX];
    size_t idle_count;
    ts_metric *accepted;
    ts_metric *duplicates;
    ts_metric *rejected;
    ts_metric *refusals[RISK_REFUSALS];
};

ts_status risk_ingest_new(const risk_config *config, risk_ingest **ret, ts_error *err)
{
    TS_CLEANUP(risk_ingest_free_p) risk_ingest *in = calloc(1, sizeof(*in));
    ts_status st;

    if (in == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    pthread_mutex_init(&in->lock, NULL);
    in->retention_ms = config->retention_days * TS_DAY_MS;
    st = detection_engine_new(config->rules_dir, (uint32_t)config->noisy_firings, &in->engine, err);
    if (st != TS_OK)
        return st;
    in->accepted = ts_counter("ts_risk_events_total", "result=\"accepted\"", "records taken in");
    in->duplicates = ts_counter("ts_risk_events_total", "result=\"duplicate\"", "records taken in");
    in->rejected = ts_counter("ts_risk_events_total", "result=\"rejected\"", "records taken in");
    for (int i = 0; i < RISK_REFUSALS; i++) {
        char labels[48];

        (void)snprintf(labels, sizeof(labels), "reason=\"%s\"", risk_refusal_name((risk_refusal)i));
        in->refusals[i] = ts_counter("ts_risk_rejected_total", labels, "records refused");
    }
    *ret = TS_TAKE(in);
    return TS_OK;
}

const struct catalogue *risk_ingest_catalogue(const risk_ingest *in)
{
    return detection_engine_catalogue(in->engine);
}

void risk_ingest_free(risk_ingest *in)
{
    if (in == NULL)
        return;
    for (size_t i = 0; i < in->idle_count; i++)
        risk_parser_free(in->idle[i]);
    detection_engine_free(in->engine);
    pthread_mutex_destroy(&in->lock);
    free(in);
}

static risk_parser *take_parser(risk_ingest *in)
{
    risk_parser *p = NULL;

    pthread_mutex_lock(&in->lock);
    if (in->idle_count > 0)
        p = in->idle[--in->idle_count];
    pthread_mutex_unlock(&in->lock);
    return p != NULL ? p : risk_parser_new();
}

static void give_parser(risk_ingest *in, risk_parser *p)
{
    pthread_mutex_lock(&in->lock);
    if (in->idle_count < PARSERS_MAX) {
        in->idle[in->idle_count++] = p;
        p = NULL;
    }
    pthread_mutex_unlock(&in->lock);
    risk_parser_free(p);
}

/* ---- one event under the lock ---- */

typedef struct intake {
    risk_work *w;
    risk_domains domains;
    detection_state detection;
    risk_map seen; /* ids of this request: the store does not know them yet */
} intake;

static ts_status is_duplicate(intake *k, const Ts__Risk__Event *e, bool *ret)
{
    risk_key key = risk_event_key(k->w->tenant, e->event_ms, e->id.data);
    ts_str id = ts_str_n(e->id.data, 16);

    *ret = true;
    if (risk_map_get(&k->seen, id) != NULL ||
        ts_store_has(k->w->store, RISK_EVENTS, risk_key_view(&key)))
        return TS_OK;
    *ret = false;
    return risk_map_put(&k->seen, id, e->id.data) ? TS_OK : TS_NOMEM;
}

static void store_event(intake *k, Ts__Risk__Event *e, const work_user *user)
{
    risk_work *w = k->w;
    risk_key key = risk_event_key(w->tenant, e->event_ms, e->id.data);

    e->ingest_seq = ++w->totals->last_ingest_seq;
    w->totals->events++;
    ts_batch_put_message(w->batch, w->store, RISK_EVENTS, risk_key_view(&key), &e->base);
    if (user == NULL)
        return;
    key = risk_user_key(w->tenant, user->row->number);
    risk_key_desc(&key, e->event_ms);
    risk_key_bytes(&key, e->id.data, 16);
    ts_batch_put(w->batch, w->store, RISK_USER_EVENTS, risk_key_view(&key), TS_STR_NULL);
}

static ts_status take_event(risk_ingest *in, intake *k, const risk_record *record,
                            const sigma_matches *matches)
{
    work_user *user = NULL;
    ts_status st = risk_identify(k->w, &k->domains, record, &user);

    if (st != TS_OK)
        return st;
    store_event(k, record->event, user);
    st = apps_take(k->w, detection_engine_catalogue(in->engine), record);
    if (st != TS_OK)
        return st;
    st = detection_apply(in->engine, &k->detection, k->w, record, user, matches);
    if (st == TS_OK && user != NULL)
        st = baselines_take(k->w, user, record);
    return st;
}

/* A source record counts as accepted if any of its events is new. */
static ts_status take_all(risk_ingest *in, risk_work *w, const risk_body *body,
                          const sigma_matches *matches, Ts__Risk__IngestReply *rep)
{
    intake k = { .w = w, .seen = { .arena = w->arena } };

    for (size_t i = 0; i < body->record_count;) {
        uint32_t index = body->records[i].index;
        bool any_new = false;

        for (; i < body->record_count && body->records[i].index == index; i++) {
            bool duplicate = false;
            ts_status st = is_duplicate(&k, body->records[i].event, &duplicate);

            if (st == TS_OK && !duplicate) {
                any_new = true;
                st = take_event(in, &k, &body->records[i], &matches[i]);
            }
            if (st != TS_OK)
                return st;
        }
        if (any_new)
            rep->accepted++;
        else
            rep->duplicates++;
    }
    return TS_OK;
}

/* ---- one request ---- */

/* Against the contacts of this moment: one that is added while events are on their way holds for the next ones. */
static ts_status match_all(risk *app, const ts_call *call, risk_body *body, sigma_matches **ret)
{
    sigma_matches *matches = ts_arena_array(call->arena, body->record_count + 1, sizeof(*matches));
    risk_map contacts = { .arena = call->arena };
    ts_status st = contacts_load(app->store, call->tenant, &contacts);

    if (matches == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < body->record_count && st == TS_OK; i++)
        st = detection_match(app->ingest->engine, &contacts, &body->records[i], call->arena,
                             &matches[i]);
    *ret = matches;
    return st;
}

static ts_status fill_rejected(const ts_call *call, const risk_body *body,
                               Ts__Risk__IngestReply *rep)
{
    rep->rejected = ts_arena_array(call->arena, body->rejected_count + 1, sizeof(*rep->rejected));
    if (rep->rejected == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < body->rejected_count; i++) {
        Ts__Risk__Rejected *r = ts_arena_alloc(call->arena, sizeof(*r));

        if (r == NULL)
            return TS_NOMEM;
        ts__risk__rejected__init(r);
        r->index = body->rejected[i].index;
        r->reason = (char *)(uintptr_t)body->rejected[i].reason;
        rep->rejected[rep->n_rejected++] = r;
    }
    return TS_OK;
}

/* Events become visible here and durable in the caller's sync. */
static ts_status apply_body(risk *app, const ts_call *call, const risk_body *body,
                            const sigma_matches *matches, Ts__Risk__IngestReply *rep,
                            uint64_t *ret_ticket)
{
    risk_work w;
    ts_status st = work_begin(&w, app->store, call->tenant, call->now_ms, call->arena);

    if (st != TS_OK)
        return st;
    st = take_all(app->ingest, &w, body, matches, rep);
    if (st == TS_OK)
        st = work_write(&w, ret_ticket);
    work_end(&w);
    return st;
}

static ts_status ingest_with(risk *app, risk_parser *parser, ts_call *call,
                             const Ts__Risk__IngestRequest *req, Ts__Risk__IngestReply *rep)
{
    risk_ingest *in = app->ingest;
    risk_body_options o = { .tenant = call->tenant,
                            .source = req->source,
                            .ndjson = strcmp(req->content_type, "ndjson") == 0,
                            .gzip = req->gzip,
                            .now_ms = call->now_ms,
                            .retention_ms = in->retention_ms };
    sigma_matches *matches = NULL;
    uint64_t ticket = 0;
    risk_body body;
    ts_status st;

    st = risk_body_parse(parser, &o, ts_str_n(req->body.data, req->body.len), call->arena, &body,
                         call->error);
    if (st == TS_OK)
        st = match_all(app, call, &body, &matches);
    if (st == TS_OK && body.record_count > 0)
        st = apply_body(app, call, &body, matches, rep, &ticket);
    /* Tickets count all writes: duplicates of what another request has just written are waited for as well. */
    if (st == TS_OK && body.record_count > 0)
        st = ts_store_sync(app->store, ticket);
    if (st == TS_OK)
        st = fill_rejected(call, &body, rep);
    if (st != TS_OK)
        return st;
    ts_metric_add(in->accepted, rep->accepted);
    ts_metric_add(in->duplicates, rep->duplicates);
    ts_metric_add(in->rejected, rep->n_rejected);
    for (size_t i = 0; i < body.rejected_count; i++)
        ts_metric_add(in->refusals[risk_refusal_of(body.rejected[i].reason)], 1);
    return TS_OK;
}

ts_status risk_rpc_ingest(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    risk *app = call->service;
    risk_parser *parser;
    ts_status st;

    if (!ts_store_has_room(app->store))
        return ts_fail(call->error, TS_UNAVAILABLE, TS_PARAM_DISK,
                       "the disk is nearly full: nothing is taken in");
    parser = take_parser(app->ingest);
    if (parser == NULL)
        return TS_NOMEM;
    st = ingest_with(app, parser, call, (const Ts__Risk__IngestRequest *)in,
                     (Ts__Risk__IngestReply *)out);
    give_parser(app->ingest, parser);
    return st;
}
