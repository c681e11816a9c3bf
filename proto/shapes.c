#include "proto/shapes.h"

#include "ts/clean.h"

#define NOTE_SIZE 2001 /* of 500 characters */

static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

/* `shown` is room for it. */
static const char *brief(const char *text, bool raw, char shown[TS_BRIEF_SIZE])
{
    return raw ? text : ts_brief(ts_str_of(text), shown).p;
}

/* Somebody with a key wrote it for others to read: whole. */
static void put_note(ts_jsonw *w, const char *text, bool raw)
{
    char shown[NOTE_SIZE];

    ts_jsonw_kz(w, "note",
                or_null(raw ? text : ts_clean_to(shown, sizeof(shown), ts_str_of(text))));
}

void ts_app_json(ts_jsonw *w, const Ts__Risk__App *app, bool raw)
{
    char shown[TS_BRIEF_SIZE];

    ts_jsonw_object(w);
    ts_jsonw_kz(w, "id", app->id);
    ts_jsonw_kz(w, "name", brief(app->name, raw, shown));
    ts_jsonw_kz(w, "client_id", or_null(brief(app->client_id, raw, shown)));
    ts_jsonw_kz(w, "publisher", or_null(app->publisher));
    ts_jsonw_kz(w, "status", app->status);
    ts_jsonw_kz(w, "risk_level", ts_risk_level_name(app->risk_score));
    ts_jsonw_ki64(w, "risk_score", app->risk_score);
    ts_jsonw_key(w, "scopes");
    ts_jsonw_array(w);
    for (size_t i = 0; i < app->n_scopes; i++) {
        ts_jsonw_object(w);
        ts_jsonw_kz(w, "scope", brief(app->scopes[i]->scope, raw, shown));
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
    put_note(w, app->note, raw);
    ts_jsonw_ktime(w, "status_changed_at", app->status_changed_ms);
    ts_jsonw_object_end(w);
}

void ts_api_key_json(ts_jsonw *w, const Ts__Auth__ApiKey *key)
{
    char shown[TS_BRIEF_SIZE];

    ts_jsonw_object(w);
    ts_jsonw_kz(w, "id", key->id);
    ts_jsonw_kz(w, "name", brief(key->name, false, shown));
    ts_jsonw_kz(w, "mode", key->mode == TS_MODE_TEST ? "test" : "live");
    ts_jsonw_key(w, "permissions");
    ts_jsonw_array(w);
    for (uint64_t bit = 1; (bit & TS_PERM_ALL) != 0; bit <<= 1) {
        if ((key->permissions & bit) != 0)
            ts_jsonw_z(w, ts_permission_name(bit));
    }
    ts_jsonw_array_end(w);
    ts_jsonw_kz(w, "prefix", key->prefix);
    ts_jsonw_kz(w, "last4", key->last4);
    ts_jsonw_ktime(w, "created_at", key->created_ms);
    ts_jsonw_ktime(w, "expires_at", key->expires_ms);
    ts_jsonw_ktime(w, "last_used_at", key->last_used_ms);
    ts_jsonw_ktime(w, "revoked_at", key->revoked_ms);
    ts_jsonw_kz(w, "rotated_to", or_null(key->rotated_to));
    ts_jsonw_object_end(w);
}
