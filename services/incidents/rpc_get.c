/* One incident with its story. The timeline is told from two sources: the detections, at the time of their first event, and
 * the entries that were written as things happened. */
#include "details.h"
#include "ts/id.h"

#define STORY_READ_MAX 4096

ts_status details_id(const char *text, uint8_t ret[16], ts_error *err)
{
    ts_hash128 id;

    if (ts_id_parse("inc_", ts_str_of(text), &id) != TS_OK)
        return ts_fail(err, TS_NOT_FOUND, "id", "There is no such incident.");
    memcpy(ret, id.bytes, sizeof(id.bytes));
    return TS_OK;
}

/* Messages of a family under the incident, in key order, at most `max`. */
static ts_status load_all(ts_call *call, unsigned family, const uint8_t id[16], size_t max,
                          const ProtobufCMessageDescriptor *type, ProtobufCMessage ***ret,
                          size_t *ret_count)
{
    const incidents *app = call->service;
    incidents_key prefix = incidents_id_key(call->tenant, id);
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_prefix(app->store, family, incidents_key_view(&prefix), false);
    ProtobufCMessage **list = NULL;
    size_t capacity = 0;
    size_t count = 0;

    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && count < max; ts_iter_next(it)) {
        ts_status st;

        if (!ts_arena_grow(call->arena, &list, count, &capacity, sizeof(ProtobufCMessage *)))
            return TS_NOMEM;
        st = ts_arena_unpack(call->arena, type, ts_iter_value(it), &list[count]);
        if (st != TS_OK)
            return st;
        count++;
    }
    *ret = list;
    *ret_count = count;
    return ts_iter_status(it);
}

static ts_status load_detections(ts_call *call, const uint8_t id[16],
                                 Ts__Incidents__IncidentDetails *rep)
{
    ProtobufCMessage **list = NULL;
    ts_status st = load_all(call, INCIDENTS_DETECTIONS, id, DETAILS_DETECTIONS_MAX,
                            &ts__detection__descriptor, &list, &rep->n_detections);

    if (st != TS_OK)
        return st;
    rep->detections = ts_arena_array(call->arena, rep->n_detections, sizeof(Ts__Detection *));
    if (rep->detections == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < rep->n_detections; i++) {
        rep->detections[i] = (Ts__Detection *)list[i];
        if (i >= DETAILS_EVIDENCE_MAX)
            rep->detections[i]->n_evidence = 0;
        else
            rep->detections_with_evidence++;
    }
    return TS_OK;
}

static Ts__Incidents__TimelineEntry *new_entry(ts_call *call, int64_t at_ms, char *text)
{
    Ts__Incidents__TimelineEntry *entry = ts_arena_alloc(call->arena, sizeof(*entry));

    if (entry == NULL || text == NULL)
        return NULL;
    ts__incidents__timeline_entry__init(entry);
    entry->at_ms = at_ms;
    entry->kind = (char *)(uintptr_t) "detection"; /* only packed, both */
    entry->actor = (char *)(uintptr_t) "system";
    entry->text = text;
    return entry;
}

static Ts__Incidents__TimelineEntry *tell_detection(ts_call *call, const Ts__Detection *d)
{
    return new_entry(call, d->event_ms,
                     ts_arena_printf(call->arena, "%s (%u %s)",
                                     d->title[0] == '\0' ? d->rule_id : d->title, d->count,
                                     d->count == 1 ? "event" : "events"));
}

static ts_status copy_note(ts_call *call, const Ts__Incidents__TimelineEntry *entry,
                           Ts__Incidents__IncidentDetails *rep)
{
    Ts__Incidents__Note *note = ts_arena_alloc(call->arena, sizeof(*note));

    if (note == NULL)
        return TS_NOMEM;
    ts__incidents__note__init(note);
    note->at_ms = entry->at_ms;
    note->actor = entry->actor;
    note->text = entry->text;
    rep->notes[rep->n_notes++] = note;
    return TS_OK;
}

/* Both sources are in order; equal times tell the detection first, which is the cause. */
static ts_status tell(ts_call *call, ProtobufCMessage *const *story, size_t story_count,
                      Ts__Incidents__IncidentDetails *rep)
{
    uint32_t known = rep->incident->detection_count;
    size_t d = 0;
    size_t s = 0;

    while (d < rep->n_detections || s < story_count) {
        Ts__Incidents__TimelineEntry *entry =
            s < story_count ? (Ts__Incidents__TimelineEntry *)story[s] : NULL;

        if (entry == NULL ||
            (d < rep->n_detections && rep->detections[d]->event_ms <= entry->at_ms)) {
            entry = tell_detection(call, rep->detections[d]);
            if (entry == NULL)
                return TS_NOMEM;
            d++;
        } else {
            ts_status st = strcmp(entry->kind, "note") == 0 ? copy_note(call, entry, rep) : TS_OK;

            if (st != TS_OK)
                return st;
            s++;
        }
        rep->timeline[rep->n_timeline++] = entry;
    }
    if (known > rep->n_detections) {
        uint32_t hidden = known - (uint32_t)rep->n_detections;
        Ts__Incidents__TimelineEntry *more =
            new_entry(call, rep->incident->last_event_ms,
                      ts_arena_printf(call->arena,
                                      "\xe2\x80\xa6"
                                      "and %u more %s",
                                      hidden, hidden == 1 ? "detection" : "detections"));

        if (more == NULL)
            return TS_NOMEM;
        rep->timeline[rep->n_timeline++] = more;
    }
    return TS_OK;
}

ts_status details_fill(ts_call *call, const uint8_t id[16], Ts__Incidents__IncidentDetails *rep)
{
    const incidents *app = call->service;
    incidents_key key = incidents_id_key(call->tenant, id);
    ProtobufCMessage **story = NULL;
    Ts__Incidents__Row *row = NULL;
    size_t story_count = 0;
    ts_status st = incidents_load_row(app->store, incidents_key_view(&key), call->arena, &row);

    if (st == TS_NOT_FOUND)
        return ts_fail(call->error, TS_NOT_FOUND, "id", "There is no such incident.");
    if (st == TS_OK)
        st = load_detections(call, id, rep);
    if (st == TS_OK)
        st = load_all(call, INCIDENTS_STORY, id, STORY_READ_MAX,
                      &ts__incidents__timeline_entry__descriptor, &story, &story_count);
    if (st != TS_OK)
        return st;
    rep->incident = row->incident;
    rep->threat_chain = row->threat_chain;
    rep->n_threat_chain = row->n_threat_chain;
    rep->timeline = ts_arena_array(call->arena, rep->n_detections + story_count + 1,
                                   sizeof(Ts__Incidents__TimelineEntry *));
    rep->notes = ts_arena_array(call->arena, story_count, sizeof(Ts__Incidents__Note *));
    if (rep->timeline == NULL || rep->notes == NULL)
        return TS_NOMEM;
    return tell(call, story, story_count, rep);
}

ts_status incidents_rpc_get(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__Incidents__GetRequest *req = (const Ts__Incidents__GetRequest *)in;
    uint8_t id[16];
    ts_status st = details_id(req->id, id, call->error);

    return st == TS_OK ? details_fill(call, id, (Ts__Incidents__IncidentDetails *)out) : st;
}
