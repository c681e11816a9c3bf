#include "api/shape.h"

#include <math.h>

#include "ts/clean.h"

void shape_untrusted(const http_exchange *x, ts_jsonw *w, const char *key, const char *text)
{
    char shown[TS_BRIEF_SIZE];

    ts_jsonw_kstr(w, key, x->is_raw ? ts_str_of(text) : ts_brief(ts_str_of(text), shown));
}

void shape_prose(const http_exchange *x, ts_jsonw *w, const char *key, char *text, bool or_null)
{
    if (text[0] == '\0' && or_null)
        ts_jsonw_kz(w, key, NULL);
    else
        ts_jsonw_kz(w, key, x->is_raw ? text : ts_clean_z(text, SHAPE_PROSE_MAX));
}

ts_status shape_take_raw(http_exchange *x)
{
    x->is_raw = api_flag(x, "raw");
    if (x->is_raw && (x->who.permissions & TS_PERM_ADMIN) == 0)
        return ts_fail(&x->error, TS_DENIED, "raw", "raw needs the permission admin.");
    return TS_OK;
}

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

void shape_user(const http_exchange *x, ts_jsonw *w, const Ts__Risk__UserRow *user)
{
    ts_jsonw_kz(w, "email", user->email);
    shape_untrusted(x, w, "name", user->name);
    shape_untrusted(x, w, "department", user->department);
    shape_u64(w, "risk_score", user->score);
    ts_jsonw_kz(w, "risk_level", ts_risk_level_name(user->score));
    shape_u64(w, "active_rule_count", user->active_rule_count);
    shape_u64(w, "open_incident_count", user->open_incident_count);
    ts_jsonw_kbool(w, "is_admin", user->is_admin != 0 || user->is_super_admin != 0);
    ts_jsonw_key(w, "mfa_enrolled");
    /* null: no source has told. */
    if (user->mfa_known)
        ts_jsonw_bool(w, user->mfa_enrolled != 0);
    else
        ts_jsonw_null(w);
    ts_jsonw_kbool(w, "suspended", user->suspended != 0);
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

void shape_evidence(const http_exchange *x, ts_jsonw *w, const Ts__Evidence *evidence,
                    const char *rule_id)
{
    ts_jsonw_object(w);
    if (rule_id != NULL)
        ts_jsonw_kz(w, "rule_id", rule_id);
    ts_jsonw_kz(w, "event_id", evidence->event_id);
    ts_jsonw_ktime(w, "at", evidence->event_ms);
    /* What was kept before the source was came from the only one there was. */
    ts_jsonw_kz(w, "source", evidence->source[0] == '\0' ? "google_workspace" : evidence->source);
    shape_untrusted(x, w, "summary", evidence->summary);
    ts_jsonw_kz(w, "ip", evidence->ip);
    /* Pairs, not an object: names come from events and may repeat. */
    ts_jsonw_key(w, "fields");
    ts_jsonw_array(w);
    for (size_t i = 0; i < evidence->n_fields; i++) {
        ts_jsonw_object(w);
        shape_untrusted(x, w, "name", evidence->fields[i]->name);
        shape_untrusted(x, w, "value", evidence->fields[i]->value);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
}

static uint64_t level(const Ts__Risk__OverviewReply *risk, size_t index)
{
    return index < risk->n_by_level ? risk->by_level[index] : 0;
}

void shape_risk_distribution(ts_jsonw *w, const Ts__Risk__OverviewReply *risk)
{
    ts_jsonw_key(w, "risk_distribution");
    ts_jsonw_object(w);
    shape_u64(w, "critical", level(risk, 4));
    shape_u64(w, "high", level(risk, 3));
    shape_u64(w, "medium", level(risk, 2));
    shape_u64(w, "low", level(risk, 1));
    shape_u64(w, "minimal", level(risk, 0));
    ts_jsonw_object_end(w);
}

uint64_t shape_high_risk(const Ts__Risk__OverviewReply *risk)
{
    return level(risk, 3) + level(risk, 4);
}

void shape_by_severity(ts_jsonw *w, const Ts__Incidents__SummaryReply *incidents)
{
    ts_jsonw_key(w, "by_severity");
    ts_jsonw_object(w);
    for (uint32_t i = 5; i > 0; i--)
        shape_u64(w, ts_severity_name(i - 1),
                  i - 1 < incidents->n_by_severity ? incidents->by_severity[i - 1] : 0);
    ts_jsonw_object_end(w);
}

void shape_top_tools(ts_jsonw *w, const Ts__Aiusage__Report *report, size_t max)
{
    ts_jsonw_key(w, "top_tools");
    ts_jsonw_array(w);
    for (size_t i = 0; i < report->n_groups && i < max; i++) {
        const Ts__Aiusage__Group *group = report->groups[i];

        ts_jsonw_object(w);
        ts_jsonw_kz(w, "tool", group->key);
        ts_jsonw_kz(w, "vendor", group->vendor);
        ts_jsonw_kbool(w, "sanctioned", group->sanctioned != 0);
        shape_u64(w, "events", group->events);
        shape_u64(w, "users", group->users);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

void shape_change(ts_jsonw *w, const char *key, uint64_t now, uint64_t before)
{
    ts_jsonw_key(w, key);
    if (before == 0)
        ts_jsonw_null(w);
    else
        ts_jsonw_f64(w, round(((double)now - (double)before) * 1000.0 / (double)before) / 10.0);
}

void shape_wider_add(shape_wider *wider, const char *without, uint64_t total)
{
    if (total == 0 || wider->count == SHAPE_WIDER_MAX)
        return;
    wider->without[wider->count] = without;
    wider->total[wider->count++] = total;
}

void shape_wider_put(ts_jsonw *w, const shape_wider *wider)
{
    if (wider->count == 0)
        return;
    ts_jsonw_key(w, "wider");
    ts_jsonw_array(w);
    for (size_t i = 0; i < wider->count; i++) {
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "without", wider->without[i]);
        shape_u64(w, "total", wider->total[i]);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

void shape_wider_say(ts_buf *out, const shape_wider *wider)
{
    for (size_t i = 0; i < wider->count; i++) {
        if (i == 0)
            ts_buf_z(out, strchr(wider->without[i], ' ') == NULL ? " Without the filter "
                                                                 : " Without the filters ");
        else
            ts_buf_z(out, "; without ");
        ts_buf_z(out, wider->without[i]);
        ts_buf_z(out, ": ");
        ts_buf_u64(out, wider->total[i]);
    }
    if (wider->count > 0)
        ts_buf_char(out, '.');
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
