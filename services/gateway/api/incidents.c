/* GET /v1/incidents, GET and PATCH /v1/incidents/{id}, POST /v1/incidents/{id}/reopen. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"

#define RULES_MAX   64
#define ACTIONS_MAX 20

static int severity_number(const http_value *value)
{
    for (uint32_t i = 0; value->given && i <= 4; i++) {
        if (ts_str_is(value->text, ts_severity_name(i)))
            return (int)i;
    }
    return -1;
}

static void say_list(http_exchange *x, const Ts__Incidents__IncidentList *list, uint64_t offset)
{
    const http_value *status = http_param_of(x, "status");
    const http_value *severity = http_param_of(x, "severity");
    ts_buf *out = &x->summary;

    ts_buf_u64(out, list->total);
    if (!ts_str_is(status->text, "all")) {
        ts_buf_char(out, ' ');
        ts_buf_str(out, status->text);
    }
    ts_buf_z(out, list->total == 1 ? " incident" : " incidents");
    if (severity->given) {
        ts_buf_z(out, " of ");
        ts_buf_str(out, severity->text);
        ts_buf_z(out, " severity");
    }
    if (http_param_of(x, "user")->given)
        ts_buf_z(out, " of this user");
    if (http_param_of(x, "since")->given || http_param_of(x, "until")->given)
        ts_buf_z(out, " in the time asked for");
    ts_buf_char(out, '.');
    words_past_end(out, list->total, list->n_incidents);
    if (list->n_incidents == 0 || offset > 0)
        return;
    ts_buf_z(out, " Newest: ");
    words_id(out, ts_str_of(list->incidents[0]->id), "inc_", "one");
    ts_buf_printf(out, " with %s severity.", ts_severity_name(list->incidents[0]->severity));
}

ts_status api_incidents_filter(http_exchange *x, Ts__Incidents__ListRequest *request)
{
    request->status = api_text(x, http_param_of(x, "status"));
    request->user = api_text(x, http_param_of(x, "user"));
    request->severity = severity_number(http_param_of(x, "severity"));
    request->since_ms = api_number(x, "since");
    request->until_ms = api_number(x, "until");
    if (request->status == NULL || request->user == NULL)
        return TS_NOMEM;
    if (http_param_of(x, "since")->given && http_param_of(x, "until")->given &&
        request->since_ms >= request->until_ms)
        return ts_fail(&x->error, TS_INVALID, "until", "until must be later than since");
    return TS_OK;
}

/* How many a list without some of the filters would hold; 0 also if nobody tells. */
static uint64_t count_of(http_exchange *x, const Ts__Incidents__ListRequest *request)
{
    const Ts__Incidents__IncidentList *list;

    return api_ask(x, &ts_incidents_list, &request->base, &list) == TS_OK ? list->total : 0;
}

static void find_wider(http_exchange *x, const Ts__Incidents__ListRequest *request,
                       shape_wider *ret)
{
    static char all[] = "all", none[] = "";
    bool has_since = request->since_ms != 0, has_until = request->until_ms != 0;
    Ts__Incidents__ListRequest r = *request;

    r.limit = 1;
    r.offset = 0;
    r.after = none;
    if (strcmp(r.status, all) != 0) {
        r.status = all;
        shape_wider_add(ret, "status", count_of(x, &r));
        r.status = request->status;
    }
    if (r.severity >= 0) {
        r.severity = -1;
        shape_wider_add(ret, "severity", count_of(x, &r));
        r.severity = request->severity;
    }
    if (has_since || has_until) {
        r.since_ms = r.until_ms = 0;
        shape_wider_add(ret,
                        !has_until   ? "since"
                        : !has_since ? "until"
                                     : "since and until",
                        count_of(x, &r));
        r.since_ms = request->since_ms;
        r.until_ms = request->until_ms;
    }
    if (r.user[0] != '\0') {
        r.user = none;
        shape_wider_add(ret, "user", count_of(x, &r));
    }
}

ts_status api_incidents(http_exchange *x)
{
    Ts__Incidents__ListRequest request = TS__INCIDENTS__LIST_REQUEST__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Incidents__IncidentList *list;
    shape_wider wider = { .count = 0 };
    ts_status st;

    st = api_incidents_filter(x, &request);
    if (st != TS_OK)
        return st;
    request.limit = (uint32_t)api_number(x, "limit");
    request.offset = (uint64_t)api_number(x, "offset");
    request.after = api_text(x, http_param_of(x, "cursor"));
    if (request.after == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_incidents_list, &request.base, &list);
    if (st != TS_OK)
        return st;
    if (list->total == 0)
        find_wider(x, &request, &wider);
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "incidents");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < list->n_incidents; i++)
        shape_incident(&w, list->incidents[i]);
    ts_jsonw_array_end(&w);
    shape_pagination_at(&w, request.limit, request.offset, list->total, list->n_incidents,
                        list->next);
    shape_wider_put(&w, &wider);
    ts_jsonw_object_end(&w);
    say_list(x, list, request.offset);
    shape_wider_say(&x->summary, &wider);
    return TS_OK;
}

static void put_chain(ts_jsonw *w, const Ts__Incidents__IncidentDetails *details)
{
    ts_jsonw_key(w, "threat_chain");
    ts_jsonw_array(w);
    for (size_t i = 0; i < details->n_threat_chain; i++) {
        const Ts__Incidents__ThreatStep *step = details->threat_chain[i];

        ts_jsonw_object(w);
        ts_jsonw_kz(w, "tactic", step->tactic);
        ts_jsonw_kz(w, "name", ts_tactic_name(ts_str_of(step->tactic)));
        ts_jsonw_kz(w, "rule_id", step->rule_id);
        ts_jsonw_ktime(w, "at", step->at_ms);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

static void put_story(const http_exchange *x, ts_jsonw *w,
                      const Ts__Incidents__IncidentDetails *details)
{
    ts_jsonw_key(w, "timeline");
    ts_jsonw_array(w);
    for (size_t i = 0; i < details->n_timeline; i++) {
        const Ts__Incidents__TimelineEntry *entry = details->timeline[i];

        ts_jsonw_object(w);
        ts_jsonw_ktime(w, "at", entry->at_ms);
        ts_jsonw_kz(w, "kind", entry->kind);
        shape_prose(x, w, "text", entry->text, false);
        ts_jsonw_kz(w, "actor", entry->actor);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
    ts_jsonw_key(w, "notes");
    ts_jsonw_array(w);
    for (size_t i = 0; i < details->n_notes; i++) {
        const Ts__Incidents__Note *note = details->notes[i];

        ts_jsonw_object(w);
        ts_jsonw_ktime(w, "at", note->at_ms);
        ts_jsonw_kz(w, "actor", note->actor);
        shape_prose(x, w, "text", note->text, false);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
}

/* No earlier detection has the same rule. */
static bool is_first_of_rule(const Ts__Incidents__IncidentDetails *details, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(details->detections[i]->rule_id, details->detections[index]->rule_id) == 0)
            return false;
    }
    return true;
}

/* All detections of the rule of detections[first], as one. */
static void put_rule(ts_jsonw *w, const Ts__Incidents__IncidentDetails *details, size_t first)
{
    const Ts__Detection *rule = details->detections[first];
    int64_t from_ms = rule->event_ms;
    int64_t until_ms = rule->last_event_ms;
    uint64_t count = 0;

    for (size_t i = first; i < details->n_detections; i++) {
        const Ts__Detection *other = details->detections[i];

        if (strcmp(other->rule_id, rule->rule_id) != 0)
            continue;
        count += other->count;
        from_ms = other->event_ms < from_ms ? other->event_ms : from_ms;
        until_ms = other->last_event_ms > until_ms ? other->last_event_ms : until_ms;
    }
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "rule_id", rule->rule_id);
    ts_jsonw_kz(w, "title", rule->title);
    ts_jsonw_kz(w, "severity", ts_severity_name(rule->severity));
    shape_texts(w, "mitre_tactics", rule->tactics, rule->n_tactics);
    shape_texts(w, "mitre_techniques", rule->techniques, rule->n_techniques);
    shape_u64(w, "count", count);
    ts_jsonw_ktime(w, "first_at", from_ms);
    ts_jsonw_ktime(w, "last_at", until_ms);
    ts_jsonw_object_end(w);
}

static void put_detections(const http_exchange *x, ts_jsonw *w,
                           const Ts__Incidents__IncidentDetails *details)
{
    ts_jsonw_key(w, "triggered_rules");
    ts_jsonw_array(w);
    for (size_t i = 0, shown = 0; i < details->n_detections && shown < RULES_MAX; i++) {
        if (!is_first_of_rule(details, i))
            continue;
        put_rule(w, details, i);
        shown++;
    }
    ts_jsonw_array_end(w);
    ts_jsonw_key(w, "evidence");
    ts_jsonw_array(w);
    for (size_t i = 0; i < details->n_detections; i++) {
        const Ts__Detection *detection = details->detections[i];

        for (size_t j = 0; j < detection->n_evidence; j++)
            shape_evidence(x, w, detection->evidence[j], detection->rule_id);
    }
    ts_jsonw_array_end(w);
}

/* The actions that the rules recommend, those of the severest rule first, each once. */
static void put_actions(ts_jsonw *w, const Ts__Incidents__IncidentDetails *details)
{
    char *shown[ACTIONS_MAX];
    uint32_t count = 0;

    ts_jsonw_key(w, "recommended_actions");
    ts_jsonw_array(w);
    for (uint32_t severity = 5; severity > 0; severity--) {
        for (size_t i = 0; i < details->n_detections; i++) {
            const Ts__Detection *detection = details->detections[i];

            if (detection->severity != severity - 1)
                continue;
            for (size_t j = 0; j < detection->n_recommended_actions && count < ACTIONS_MAX; j++) {
                char *action = detection->recommended_actions[j];
                char reason[160];
                bool is_shown = false;

                for (uint32_t k = 0; k < count; k++)
                    is_shown = is_shown || strcmp(shown[k], action) == 0;
                if (is_shown)
                    continue;
                shown[count++] = action;
                (void)snprintf(reason, sizeof(reason), "Rule %s fired with %s severity.",
                               detection->rule_id, ts_severity_name(detection->severity));
                ts_jsonw_object(w);
                shape_u64(w, "priority", count);
                ts_jsonw_kz(w, "action", action);
                ts_jsonw_kz(w, "reason", reason);
                ts_jsonw_object_end(w);
            }
        }
    }
    ts_jsonw_array_end(w);
}

static void say_details(ts_buf *out, const Ts__Incidents__IncidentDetails *details)
{
    const Ts__Incidents__Incident *incident = details->incident;

    ts_buf_z(out, "Incident ");
    words_id(out, ts_str_of(incident->id), "inc_", "(id not shown)");
    ts_buf_z(out, " has ");
    words_upper(out, ts_severity_name(incident->severity));
    ts_buf_z(out, " severity and is ");
    words_status(out, incident->status);
    ts_buf_z(out, ". ");
    words_count(out, incident->detection_count, "detection");
    if (details->n_detections < incident->detection_count)
        ts_buf_printf(out, ", the first %zu of them shown", details->n_detections);
    ts_buf_char(out, '.');
    if (incident->n_affected_users > 0 && words_is_email(ts_str_of(incident->affected_users[0]))) {
        ts_buf_z(out, " First affected user: ");
        ts_buf_z(out, incident->affected_users[0]);
        ts_buf_char(out, '.');
    }
}

/* Data and summary of one incident: the same for GET, PATCH and reopening, so that the ETag of one fits the others. */
static ts_status put_details(http_exchange *x, const Ts__Incidents__IncidentDetails *details)
{
    const Ts__Incidents__Incident *incident = details->incident;
    ts_jsonw w = ts_jsonw_on(&x->data);

    if (incident == NULL)
        return TS_CORRUPT;
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "incident");
    ts_jsonw_object(&w);
    shape_incident_members(&w, incident);
    shape_u64(&w, "detections_shown", details->n_detections);
    shape_u64(&w, "detections_with_evidence", details->detections_with_evidence);
    put_chain(&w, details);
    put_story(x, &w, details);
    put_detections(x, &w, details);
    put_actions(&w, details);
    shape_prose(x, &w, "resolution", incident->resolution, true);
    ts_jsonw_ktime(&w, "closed_at", incident->closed_ms);
    ts_jsonw_object_end(&w);
    ts_jsonw_object_end(&w);
    http_name_add(&x->untrusted, "data.incident.evidence[].summary");
    http_name_add(&x->untrusted, "data.incident.evidence[].fields[].name");
    http_name_add(&x->untrusted, "data.incident.evidence[].fields[].value");
    http_name_add(&x->untrusted, "data.incident.timeline[].text");
    http_name_add(&x->untrusted, "data.incident.notes[].text");
    http_name_add(&x->untrusted, "data.incident.resolution");
    say_details(&x->summary, details);
    return TS_OK;
}

/* The path's id as a message field; a text that is no id of an incident names none. */
static ts_status take_id(http_exchange *x, char **ret)
{
    if (!words_is_id(x->segment, "inc_"))
        return ts_fail(&x->error, TS_NOT_FOUND, "id", "There is no such incident.");
    *ret = ts_arena_z(x->arena, x->segment);
    return *ret == NULL ? TS_NOMEM : TS_OK;
}

static ts_status show(http_exchange *x, char *id, uint64_t *ret_revision)
{
    Ts__Incidents__GetRequest request = TS__INCIDENTS__GET_REQUEST__INIT;
    const Ts__Incidents__IncidentDetails *details;
    ts_status st;

    request.id = id;
    st = api_ask(x, &ts_incidents_get, &request.base, &details);
    if (st == TS_OK)
        st = put_details(x, details);
    if (st == TS_OK)
        *ret_revision = details->incident->revision;
    return st;
}

ts_status api_incident(http_exchange *x)
{
    uint64_t revision;
    char *id;
    ts_status st = shape_take_raw(x);

    if (st == TS_OK)
        st = take_id(x, &id);
    return st == TS_OK ? show(x, id, &revision) : st;
}

static ts_status change(http_exchange *x, const ts_method *method, const ProtobufCMessage *request)
{
    const Ts__Incidents__IncidentDetails *details;
    ts_status st = api_ask(x, method, request, &details);

    return st == TS_OK ? put_details(x, details) : st;
}

ts_status api_incident_update(http_exchange *x)
{
    Ts__Incidents__UpdateStatusRequest request = TS__INCIDENTS__UPDATE_STATUS_REQUEST__INIT;
    ts_status st = take_id(x, &request.id);

    if (st != TS_OK)
        return st;
    request.status = api_text(x, http_field_of(x, "status"));
    request.notes = api_text(x, http_field_of(x, "notes"));
    if (request.status == NULL || request.notes == NULL)
        return TS_NOMEM;
    st = api_check_match(x, show, request.id, "The incident", &request.revision);
    return st == TS_OK ? change(x, &ts_incidents_update_status, &request.base) : st;
}

ts_status api_incident_reopen(http_exchange *x)
{
    Ts__Incidents__ReopenRequest request = TS__INCIDENTS__REOPEN_REQUEST__INIT;
    ts_status st = take_id(x, &request.id);

    if (st != TS_OK)
        return st;
    request.notes = api_text(x, http_field_of(x, "notes"));
    if (request.notes == NULL)
        return TS_NOMEM;
    st = api_check_match(x, show, request.id, "The incident", &request.revision);
    return st == TS_OK ? change(x, &ts_incidents_reopen, &request.base) : st;
}
