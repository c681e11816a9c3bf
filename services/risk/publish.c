#include "publish.h"

#include "proto/publish.h"
#include "proto/shapes.h"
#include "ts/clean.h"
#include "ts/json.h"
#include "ts/outbox.h"
#include "ts/time.h"

#define WEBHOOK_DATA_MAX 4096
#define WEBHOOK_APP_MAX  ((size_t)128 << 10) /* an app with all its scopes */

void risk_publish_detection(risk_work *w, const work_firing *f)
{
    Ts__Detection d = TS__DETECTION__INIT;
    const Ts__Risk__Firing *row = f->row;
    char name[TS_BRIEF_SIZE]; /* incidents takes no longer texts than such */
    work_user *u = NULL;

    d.id = row->id;
    d.rule_id = row->rule_id;
    d.title = row->title;
    d.severity = row->severity;
    d.tactics = row->tactics;
    d.n_tactics = row->n_tactics;
    d.techniques = row->techniques;
    d.n_techniques = row->n_techniques;
    d.dedup_key = row->dedup_key;
    d.event_ms = row->event_ms;
    d.last_event_ms = row->last_event_ms;
    d.count = row->count;
    d.evidence = row->evidence;
    d.n_evidence = row->n_evidence;
    d.recommended_actions = row->recommended_actions;
    d.n_recommended_actions = row->n_recommended_actions;
    d.historical = row->historical;
    if (f->email[0] != '\0')
        d.user_email = (char *)(uintptr_t)f->email; /* only packed */
    if (f->user != 0 && work_user_by_number(w, f->user, &u) == TS_OK) {
        d.user_email = u->row->email;
        (void)ts_brief(ts_str_of(u->row->name), name);
        d.user_name = name;
    }
    ts_outbox_add(w->batch, RISK_TO_INCIDENTS, w->tenant, "detection", w->now_ms, &d.base);
}

void risk_publish_level_change(risk_work *w, const work_user *u, uint32_t old_score)
{
    static const char event[] = "user.risk_level_changed";
    TS_CLEANUP(ts_buf_done) ts_buf data = TS_BUF_INIT(WEBHOOK_DATA_MAX);
    ts_jsonw json = ts_jsonw_on(&data);
    uint64_t when[3] = { w->tenant.org, (uint64_t)w->tenant.mode, (uint64_t)u->row->scored_ms };
    uint32_t scores[2] = { old_score, u->row->score };
    ts_str parts[] = { ts_str_of(event), ts_str_n(when, sizeof(when)), ts_str_of(u->row->email),
                       ts_str_n(scores, sizeof(scores)) };

    ts_jsonw_object(&json);
    ts_jsonw_kz(&json, "email", u->row->email);
    ts_jsonw_ki64(&json, "risk_score", u->row->score);
    ts_jsonw_kz(&json, "risk_level", ts_risk_level_name(u->row->score));
    ts_jsonw_kz(&json, "previous_level", ts_risk_level_name(old_score));
    ts_jsonw_kz(&json, "cause", u->cause == NULL ? "time" : u->cause);
    ts_jsonw_object_end(&json);
    ts_webhook_publish(w->batch, RISK_TO_WEBHOOKS, w->tenant, event,
                       ts_hash_parts(parts, TS_COUNT(parts)), u->row->scored_ms, &data);
}

void risk_publish_ai_use(risk_work *w, const Ts__Risk__Event *event, const char *user_email,
                         ts_str tool, ts_str vendor, ts_str via)
{
    Ts__AiUse use = TS__AI_USE__INIT;
    char id[TS_ID_SIZE];
    ts_hash128 hash;

    memcpy(hash.bytes, event->id.data, sizeof(hash.bytes));
    ts_id_format("rec_", hash, id);
    use.tool = ts_arena_z(w->arena, tool);
    use.vendor = ts_arena_z(w->arena, vendor);
    use.via = ts_arena_z(w->arena, via);
    if (use.tool == NULL || use.vendor == NULL || use.via == NULL) {
        ts_batch_append(w->batch, TS_STORE_STREAMS,
                        TS_STR_NULL); /* fails the batch: nothing half */
        return;
    }
    use.user_email = (char *)(uintptr_t)user_email; /* only packed */
    use.event_ms = event->event_ms < event->ingest_ms ? event->event_ms : event->ingest_ms;
    use.event_id = id;
    ts_outbox_add(w->batch, RISK_TO_AI_USAGE, w->tenant, "ai_use", w->now_ms, &use.base);
}

void risk_publish_app(risk_work *w, const Ts__Risk__App *app, const char *event)
{
    TS_CLEANUP(ts_buf_done) ts_buf data = TS_BUF_INIT(WEBHOOK_APP_MAX);
    ts_jsonw json = ts_jsonw_on(&data);
    /* First sight happens once, a change of status at one moment: ids carry organization and mode. */
    ts_str parts[] = { ts_str_of(event), ts_str_of(app->id), ts_str_of(app->status),
                       ts_str_n(&app->status_changed_ms, sizeof(app->status_changed_ms)) };

    ts_jsonw_object(&json);
    ts_jsonw_key(&json, "app");
    ts_app_json(&json, app, false);
    ts_jsonw_object_end(&json);
    ts_webhook_publish(w->batch, RISK_TO_WEBHOOKS, w->tenant, event,
                       ts_hash_parts(parts, TS_COUNT(parts)), w->now_ms, &data);
}

void risk_publish_tool_trust(risk_work *w, char *tool, char *vendor, bool trusted)
{
    Ts__AiToolTrust row = TS__AI_TOOL_TRUST__INIT;

    row.tool = tool;
    row.vendor = vendor;
    row.trusted = trusted;
    ts_outbox_add(w->batch, RISK_TO_AI_USAGE, w->tenant, "ai_tool_trust", w->now_ms, &row.base);
}
