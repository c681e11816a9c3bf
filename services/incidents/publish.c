#include "publish.h"

#include "proto/publish.h"
#include "ts/json.h"

#define DATA_MAX (UINT64_C(256) << 10) /* the longest lists of the longest names are well below */

static void publish_changed(incidents_work *w, ProtobufCBinaryData *detections, size_t count)
{
    const Ts__Incidents__Incident *incident = w->row->incident;
    Ts__IncidentChanged change = TS__INCIDENT_CHANGED__INIT;

    change.incident_id = incident->id;
    change.revision = incident->revision;
    change.status = incident->status;
    change.affected_users = incident->affected_users;
    change.n_affected_users = incident->n_affected_users;
    change.detection_ids = detections;
    change.n_detection_ids = count;
    change.severity = incident->severity;
    ts_outbox_add(w->batch, INCIDENTS_TO_RISK, w->tenant, "incident_changed", w->now_ms,
                  &change.base);
}

static void write_texts(ts_jsonw *json, const char *key, char *const *texts, size_t count)
{
    ts_jsonw_key(json, key);
    ts_jsonw_array(json);
    for (size_t i = 0; i < count; i++)
        ts_jsonw_z(json, texts[i]);
    ts_jsonw_array_end(json);
}

static void write_data(ts_jsonw *json, const Ts__Incidents__Incident *incident)
{
    ts_jsonw_object(json);
    ts_jsonw_kz(json, "incident_id", incident->id);
    ts_jsonw_kz(json, "severity", ts_severity_name(incident->severity));
    ts_jsonw_kz(json, "title", incident->title);
    ts_jsonw_kz(json, "affected_user",
                incident->n_affected_users > 0 ? incident->affected_users[0] : NULL);
    write_texts(json, "affected_users", incident->affected_users, incident->n_affected_users);
    ts_jsonw_kz(json, "status", incident->status);
    write_texts(json, "rule_ids", incident->rule_ids, incident->n_rule_ids);
    write_texts(json, "mitre_tactics", incident->tactics, incident->n_tactics);
    ts_jsonw_object_end(json);
}

/* `revision` and `id` make the cause: what may happen once only is always 0. */
static void add_webhook(incidents_work *w, const char *event, uint64_t revision, ts_str id,
                        const ts_buf *data)
{
    uint64_t numbers[3] = { w->tenant.org, (uint64_t)w->tenant.mode, revision };
    ts_str parts[] = { ts_str_of(event), ts_str_n(numbers, sizeof(numbers)), id };

    ts_webhook_publish(w->batch, INCIDENTS_TO_WEBHOOKS, w->tenant, event,
                       ts_hash_parts(parts, TS_COUNT(parts)), w->now_ms, data);
}

static void publish_webhook(incidents_work *w, const char *event)
{
    const Ts__Incidents__Incident *incident = w->row->incident;
    TS_CLEANUP(ts_buf_done) ts_buf data = TS_BUF_INIT(DATA_MAX);
    ts_jsonw json = ts_jsonw_on(&data);

    write_data(&json, incident);
    add_webhook(w, event, incident->revision, ts_str_of(incident->id), &data);
}

void publish_detection(incidents_work *w, const Ts__Detection *d)
{
    TS_CLEANUP(ts_buf_done) ts_buf data = TS_BUF_INIT(DATA_MAX);
    ts_jsonw json = ts_jsonw_on(&data);
    char id[TS_ID_SIZE];
    ts_hash128 hash;

    memcpy(hash.bytes, d->id.data, sizeof(hash.bytes));
    ts_id_format("det_", hash, id);
    ts_jsonw_object(&json);
    ts_jsonw_kz(&json, "detection_id", id);
    ts_jsonw_kz(&json, "rule_id", d->rule_id);
    ts_jsonw_kz(&json, "title", d->title);
    ts_jsonw_kz(&json, "severity", ts_severity_name(d->severity));
    write_texts(&json, "mitre_tactics", d->tactics, d->n_tactics);
    write_texts(&json, "mitre_techniques", d->techniques, d->n_techniques);
    ts_jsonw_kz(&json, "user_email", d->user_email[0] == '\0' ? NULL : d->user_email);
    ts_jsonw_ktime(&json, "triggered_at", d->event_ms);
    ts_jsonw_ki64(&json, "count", d->count);
    ts_jsonw_kz(&json, "incident_id", w->row == NULL ? NULL : w->row->incident->id);
    ts_jsonw_object_end(&json);
    add_webhook(w, "detection.triggered", 0, ts_str_n(d->id.data, d->id.len), &data);
}

static const char *event_of(const incidents_work *w)
{
    const Ts__Incidents__Incident *incident = w->row->incident;

    if (w->is_new)
        return "incident.created";
    if (w->status != w->old_status)
        return incident_is_closed(w->status) ? "incident.resolved" : "incident.updated";
    if (incident_is_closed(w->status))
        return NULL; /* late detections take over the judgement; nobody is called for them */
    if (incident->severity != w->old_severity || incident->n_affected_users != w->old_user_count)
        return "incident.updated";
    return NULL;
}

void publish_work(incidents_work *w, ProtobufCBinaryData *detections, size_t count)
{
    const char *event = event_of(w);

    if (count > 0 || w->status != w->old_status || w->row->incident->severity != w->old_severity)
        publish_changed(w, detections, count);
    if (event != NULL)
        publish_webhook(w, event);
}
