#include "fire.h"

#include "normalize/clean.h"
#include "ts/time.h"

#define DEDUP_KEY_MAX 256

static ts_hash128 firing_id(const risk_work *w, const risk_match *match, ts_str dedup_key,
                            int64_t event_ms)
{
    uint64_t scope[3] = { w->tenant.org, (uint64_t)w->tenant.mode,
                          (uint64_t)(event_ms / RISK_FIRING_WINDOW_MS) };
    ts_str parts[] = { TS_STR_LIT("firing"), ts_str_n(scope, sizeof(scope)),
                       ts_str_of(match->rule_id), dedup_key };

    return ts_hash_parts(parts, TS_COUNT(parts));
}

/* Fields that say nothing to a person, or that the evidence shows already. */
static bool is_noise(ts_str name)
{
    static const char *const noise[] = { "eventName",
                                         "eventType",
                                         "eventService",
                                         "ipAddress",
                                         "applicationName",
                                         "actor.profileId",
                                         "user.email",
                                         "outcome",
                                         "ownerDomain",
                                         "client.ipAddress",
                                         "published",
                                         "uuid",
                                         "actor.callerType",
                                         "primary_event",
                                         "billable",
                                         "is_encrypted",
                                         "owner_is_shared_drive",
                                         "owner_is_team_drive",
                                         "originating_app_id",
                                         "actor_is_collaborator_account" };

    if (ts_str_starts(name, TS_STR_LIT("protoPayload.")))
        return true;
    for (size_t i = 0; i < TS_COUNT(noise); i++) {
        if (ts_str_is(name, noise[i]))
            return true;
    }
    return false;
}

static ts_status add_fields(risk_work *w, Ts__Evidence *e, const risk_record *record)
{
    e->fields = ts_arena_array(w->arena, RISK_EVIDENCE_FIELDS, sizeof(*e->fields));
    if (e->fields == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < record->field_count && e->n_fields < RISK_EVIDENCE_FIELDS; i++) {
        const risk_field *f = &record->fields[i];
        Ts__NameValue *pair;

        if (f->value.n == 0 || is_noise(f->name))
            continue;
        pair = ts_arena_alloc(w->arena, sizeof(*pair));
        if (pair == NULL)
            return TS_NOMEM;
        ts__name_value__init(pair);
        pair->name = risk_keep_z(w->arena, f->name, RISK_EVIDENCE_VALUE);
        pair->value = risk_keep_z(w->arena, f->value, RISK_EVIDENCE_VALUE);
        if (pair->name == NULL || pair->value == NULL)
            return TS_NOMEM;
        e->fields[e->n_fields++] = pair;
    }
    return TS_OK;
}

static ts_status add_evidence(risk_work *w, Ts__Risk__Firing *row, const risk_record *record)
{
    const Ts__Risk__Event *event = record->event;
    Ts__Evidence *e;
    Ts__Evidence **list;
    const char *app; /* of a source that has only one, nothing */
    char id[TS_ID_SIZE];
    ts_hash128 hash;

    if (row->n_evidence >= RISK_EVIDENCE_MAX)
        return TS_OK; /* the first ones tell how it began; the count tells the rest */
    e = ts_arena_alloc(w->arena, sizeof(*e));
    list = ts_arena_array(w->arena, row->n_evidence + 1, sizeof(*list));
    if (e == NULL || list == NULL)
        return TS_NOMEM;
    ts__evidence__init(e);
    memcpy(hash.bytes, event->id.data, sizeof(hash.bytes));
    ts_id_format("rec_", hash, id);
    e->event_id = ts_arena_z(w->arena, ts_str_of(id));
    e->event_ms = event->event_ms;
    e->ip = event->ip;
    e->source = event->source;
    app =
        strcmp(event->app, event->source) == 0 ? "" : ts_arena_printf(w->arena, " %s", event->app);
    if (app == NULL)
        return TS_NOMEM;
    e->summary = ts_arena_printf(w->arena, "%s%s (%s%s %s)", risk_kind_words(record->kind),
                                 strcmp(event->outcome, "failure") == 0 ? ", failed" : "",
                                 event->source, app, event->action);
    if (e->event_id == NULL || e->summary == NULL)
        return TS_NOMEM;
    if (row->n_evidence > 0)
        memcpy(list, row->evidence, row->n_evidence * sizeof(*list));
    list[row->n_evidence++] = e;
    row->evidence = list;
    return add_fields(w, e, record);
}

static ts_status begin_row(risk_work *w, Ts__Risk__Firing *row, const risk_match *match,
                           ts_str dedup_key, int64_t at_ms)
{
    row->rule_id = (char *)(uintptr_t)match->rule_id; /* rows are only packed */
    row->title = (char *)(uintptr_t)match->title;
    row->severity = match->severity;
    row->weight = match->weight > 95 ? 95 : match->weight;
    row->tactics = match->tactics;
    row->n_tactics = match->tactic_count;
    row->techniques = match->techniques;
    row->n_techniques = match->technique_count;
    row->recommended_actions = match->actions;
    row->n_recommended_actions = match->action_count;
    row->rule_hash.data = (uint8_t *)(uintptr_t)match->hash;
    row->rule_hash.len = match->hash == NULL ? 0 : 16;
    row->dedup_key = risk_clean_z(w->arena, dedup_key, DEDUP_KEY_MAX);
    row->event_ms = at_ms;
    row->last_event_ms = at_ms;
    row->historical = w->now_ms - at_ms > RISK_HISTORICAL_MS;
    if (match->user == NULL)
        row->user_email = (char *)(uintptr_t)match->email;
    return row->dedup_key == NULL ? TS_NOMEM : TS_OK;
}

/* An empty row is a firing that does not exist yet. */
static ts_status admit(risk_work *w, const risk_match *match, const risk_noise *noise,
                       const work_firing *f, int64_t at_ms, bool *ret_noisy)
{
    bool may = true;
    ts_status st = risk_noise_admit(w, noise, match->hash, at_ms, f->row->id.data, &may);

    *ret_noisy = !may;
    return st;
}

ts_status risk_fire(risk_work *w, const risk_match *match, const risk_record *record,
                    const risk_noise *noise, bool *ret_noisy)
{
    const Ts__Risk__Event *event = record->event;
    /* Decisions never look into the future: a wrong clock at the source must not stretch a firing's
     * life. */
    int64_t at_ms = event->event_ms < w->now_ms ? event->event_ms : w->now_ms;
    ts_str dedup_key = match->dedup_key;
    ts_hash128 id;
    work_firing *f = NULL;
    ts_status st;

    *ret_noisy = false;
    if (dedup_key.n > DEDUP_KEY_MAX)
        dedup_key.n = DEDUP_KEY_MAX;
    id = firing_id(w, match, dedup_key, at_ms);
    st = work_firing_get(w, match->user == NULL ? 0 : match->user->row->number, id.bytes, &f);
    if (st == TS_OK && f->row->count == 0) {
        st = admit(w, match, noise, f, at_ms, ret_noisy);
        if (st != TS_OK || *ret_noisy)
            return st;
        st = begin_row(w, f->row, match, dedup_key, at_ms);
    }
    if (st != TS_OK)
        return st;
    f->row->count++;
    if (at_ms < f->row->event_ms)
        f->row->event_ms = at_ms;
    if (at_ms > f->row->last_event_ms)
        f->row->last_event_ms = at_ms;
    f->changed = true;
    f->email = match->email;
    f->announce = !f->row->historical;
    if (match->user != NULL && !f->row->historical)
        work_user_rescore(match->user, match->rule_id);
    return add_evidence(w, f->row, record);
}
