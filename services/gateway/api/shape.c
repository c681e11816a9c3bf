#include "api/shape.h"

void shape_texts(ts_jsonw *w, const char *key, char *const *texts, size_t count)
{
    ts_jsonw_key(w, key);
    ts_jsonw_array(w);
    for (size_t i = 0; i < count; i++)
        ts_jsonw_z(w, texts[i]);
    ts_jsonw_array_end(w);
}

void shape_u64(ts_jsonw *w, const char *key, uint64_t n)
{
    ts_jsonw_key(w, key);
    ts_jsonw_u64(w, n);
}

void shape_user(ts_jsonw *w, const Ts__Risk__UserRow *user)
{
    ts_jsonw_kz(w, "email", user->email);
    ts_jsonw_kz(w, "name", user->name);
    ts_jsonw_kz(w, "department", user->department);
    shape_u64(w, "risk_score", user->score);
    ts_jsonw_kz(w, "risk_level", ts_risk_level_name(user->score));
    shape_u64(w, "active_rule_count", user->active_rule_count);
    shape_u64(w, "open_incident_count", user->open_incident_count);
    ts_jsonw_ktime(w, "last_seen_at", user->last_seen_ms);
}

void shape_incident_members(ts_jsonw *w, const Ts__Incidents__Incident *incident)
{
    ts_jsonw_kz(w, "id", incident->id);
    ts_jsonw_kz(w, "title", incident->title);
    ts_jsonw_kz(w, "severity", ts_severity_name(incident->severity));
    ts_jsonw_kz(w, "status", incident->status);
    shape_texts(w, "affected_users", incident->affected_users, incident->n_affected_users);
    shape_texts(w, "rule_ids", incident->rule_ids, incident->n_rule_ids);
    shape_texts(w, "mitre_tactics", incident->tactics, incident->n_tactics);
    ts_jsonw_ktime(w, "created_at", incident->created_ms);
    ts_jsonw_ktime(w, "updated_at", incident->updated_ms);
    shape_u64(w, "detection_count", incident->detection_count);
}

void shape_incident(ts_jsonw *w, const Ts__Incidents__Incident *incident)
{
    ts_jsonw_object(w);
    shape_incident_members(w, incident);
    ts_jsonw_object_end(w);
}

void shape_evidence(ts_jsonw *w, const Ts__Evidence *evidence, const char *rule_id)
{
    ts_jsonw_object(w);
    if (rule_id != NULL)
        ts_jsonw_kz(w, "rule_id", rule_id);
    ts_jsonw_kz(w, "event_id", evidence->event_id);
    ts_jsonw_ktime(w, "at", evidence->event_ms);
    ts_jsonw_kz(w, "summary", evidence->summary);
    ts_jsonw_kz(w, "ip", evidence->ip);
    /* Pairs, not an object: names come from events and may repeat. */
    ts_jsonw_key(w, "fields");
    ts_jsonw_array(w);
    for (size_t i = 0; i < evidence->n_fields; i++) {
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "name", evidence->fields[i]->name);
        ts_jsonw_kz(w, "value", evidence->fields[i]->value);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
}

static void put_page(ts_jsonw *w, uint64_t limit, uint64_t offset, uint64_t total, bool has_more,
                     const char *cursor)
{
    ts_jsonw_key(w, "pagination");
    ts_jsonw_object(w);
    shape_u64(w, "limit", limit);
    shape_u64(w, "offset", offset);
    shape_u64(w, "total", total);
    ts_jsonw_kbool(w, "has_more", has_more);
    ts_jsonw_kz(w, "next_cursor", cursor);
    ts_jsonw_object_end(w);
}

void shape_pagination_at(ts_jsonw *w, uint64_t limit, uint64_t offset, uint64_t total,
                         size_t returned, const char *position)
{
    bool has_more = returned > 0 && offset + returned < total;
    char cursor[HTTP_CURSOR_SIZE + HTTP_POSITION_MAX];
    size_t n;

    http_cursor_format(offset + returned, cursor);
    n = strlen(cursor);
    (void)snprintf(cursor + n, sizeof(cursor) - n, "%s", position);
    put_page(w, limit, offset, total, has_more, has_more ? cursor : NULL);
}

void shape_pagination(ts_jsonw *w, uint64_t limit, uint64_t offset, uint64_t total, size_t returned)
{
    shape_pagination_at(w, limit, offset, total, returned, "");
}

void shape_first_page(ts_jsonw *w, uint64_t limit, uint64_t total, size_t returned)
{
    put_page(w, limit, 0, total, returned < total, NULL);
}
