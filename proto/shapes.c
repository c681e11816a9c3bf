#include "proto/shapes.h"

static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

void ts_app_json(ts_jsonw *w, const Ts__Risk__App *app)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "id", app->id);
    ts_jsonw_kz(w, "name", app->name);
    ts_jsonw_kz(w, "client_id", or_null(app->client_id));
    ts_jsonw_kz(w, "publisher", or_null(app->publisher));
    ts_jsonw_kz(w, "status", app->status);
    ts_jsonw_kz(w, "risk_level", ts_risk_level_name(app->risk_score));
    ts_jsonw_ki64(w, "risk_score", app->risk_score);
    ts_jsonw_key(w, "scopes");
    ts_jsonw_array(w);
    for (size_t i = 0; i < app->n_scopes; i++) {
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "scope", app->scopes[i]->scope);
        ts_jsonw_kz(w, "sensitivity", app->scopes[i]->sensitivity);
        ts_jsonw_kz(w, "meaning", app->scopes[i]->meaning);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
    ts_jsonw_key(w, "user_count");
    ts_jsonw_u64(w, app->user_count);
    ts_jsonw_key(w, "users");
    ts_jsonw_array(w);
    for (size_t i = 0; i < app->n_users; i++)
        ts_jsonw_z(w, app->users[i]);
    ts_jsonw_array_end(w);
    ts_jsonw_ktime(w, "first_seen_at", app->first_seen_ms);
    ts_jsonw_ktime(w, "last_used_at", app->last_used_ms);
    ts_jsonw_kbool(w, "is_ai_tool", app->is_ai_tool != 0);
    ts_jsonw_kz(w, "note", or_null(app->note));
    ts_jsonw_ktime(w, "status_changed_at", app->status_changed_ms);
    ts_jsonw_object_end(w);
}
