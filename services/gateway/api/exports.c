/* GET /v1/exports/{users,incidents,apps,ai-usage}.csv: whole lists, page by page from the service to the client. One page is
 * in memory at a time. The first one is fetched, and the audit log has been told, before the first byte goes out.
 *
 * Users and apps are walked by number and id, incidents by the time they were made and id, users of AI tools by address: keys that
 * never change. So whatever is
 * there, and fits the filters, during the whole walk stands in the file once, whatever comes, goes or moves meanwhile. */
#include "api/api.h"
#include "api/csv.h"
#include "api/shape.h"
#include "http/stream.h"
#include "ts/clean.h"
#include "ts/time.h"

#define PAGE_ROWS      200
#define PAGE_ARENA_MAX ((size_t)32 * 1024 * 1024)
/* As many as risk keeps of one app. */
#define APP_SCOPES_MAX 64

/* A list that is walked. `request` is one of the method's, made by the handler with its limit; `seek` sets where the page
 * begins ("": from the first row), `put` writes the rows of a reply and gives where the next page begins ("": there is none). */
typedef struct export
{
    const char *name; /* of the file, without .csv */
    const char *columns;
    const ts_method *method;
    ProtobufCMessage *request;
    void (*seek)(ProtobufCMessage * request, char *after);
    const char *(*put)(const http_exchange *x, const ProtobufCMessage *reply, ts_buf *out);
    char
        after[HTTP_POSITION_MAX + 1]; /* where the next page begins; "": at the first, or nowhere */
}
export;

/* A page must not begin where the one before it did: the walk would never end. */
static ts_status step(export *e, const char *next)
{
    size_t n = strlen(next);

    if (n >= sizeof(e->after) || (n > 0 && strcmp(e->after, next) == 0))
        return TS_CORRUPT;
    memcpy(e->after, next, n + 1);
    return TS_OK;
}

static ts_status fetch(http_exchange *x, export *e, ts_arena *arena)
{
    ProtobufCMessage *reply = NULL;
    ts_caller caller;
    ts_status st;

    ts_arena_reset(arena);
    e->seek(e->request, e->after);
    st = api_caller(x, api_of(x)->config->call_ms, &caller);
    if (st != TS_OK)
        return st;
    st = api_rpc(api_of(x), e->method, &caller, e->request, arena, &reply, &x->error);
    api_soften(x, e->method, st);
    if (st != TS_OK)
        return st;
    return step(e, e->put(x, reply, &x->data));
}

/* The query goes into the log as it came: it was checked, and holds names and values of filters only. */
static ts_status record(http_exchange *x, const export *e)
{
    Ts__Auth__RecordAuditRequest request = TS__AUTH__RECORD_AUDIT_REQUEST__INIT;
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(16384);
    ts_jsonw w = ts_jsonw_on(&details);
    const Ts__Empty *recorded;
    char action[] = "export.started";
    ts_caller caller;
    ts_status st;

    st = api_caller(x, api_of(x)->config->call_ms, &caller);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_kstr(&w, "filters", x->request->query);
    ts_jsonw_object_end(&w);
    st = ts_buf_status(&details);
    if (st != TS_OK)
        return st;
    entry.action = action;
    entry.object = ts_arena_printf(x->arena, "%s.csv", e->name);
    entry.actor = ts_arena_z(x->arena, ts_str_of(caller.actor));
    entry.client_addr = x->client;
    entry.request_id = x->request_id;
    entry.at_ms = x->now_ms;
    entry.details = details.data;
    request.entry = &entry;
    if (entry.object == NULL || entry.actor == NULL)
        return TS_NOMEM;
    return api_ask(x, &ts_auth_record_audit, &request.base, &recorded);
}

/* The pages behind the first, which stands in x->data. */
static ts_status walk(http_exchange *x, export *e, ts_arena *arena)
{
    ts_status st = http_stream_flush(x);

    while (st == TS_OK && e->after[0] != '\0') {
        st = fetch(x, e, arena);
        if (st == TS_OK)
            st = http_stream_flush(x);
    }
    return st;
}

static ts_status run(http_exchange *x, export *e)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(PAGE_ARENA_MAX);
    bool is_head = ts_str_is(x->request->method, "HEAD");
    const char *file;
    bool is_wanted = false;
    ts_status st;

    if (arena == NULL)
        return TS_NOMEM;
    ts_buf_z(&x->data, e->columns);
    ts_buf_z(&x->data, "\r\n");
    st = fetch(x, e, arena);
    /* HEAD shows nobody anything. */
    if (st == TS_OK && !is_head)
        st = record(x, e);
    if (st != TS_OK)
        return st;
    file = ts_arena_printf(x->arena, "%s.csv", e->name);
    if (file == NULL)
        return TS_NOMEM;
    st = http_stream_begin(x, "text/csv; charset=utf-8; header=present", file, &is_wanted);
    if (st != TS_OK || !is_wanted)
        return st;
    return walk(x, e, arena);
}

/* ---- users ---- */

/* Text of others, as all answers show it (ts/clean.h). */
static void put_brief(ts_buf *out, const char *text)
{
    char shown[TS_BRIEF_SIZE];

    csv_text(out, ts_brief(ts_str_of(text), shown));
}

static void seek_users(ProtobufCMessage *request, char *after)
{
    Ts__Risk__ListUsersRequest *r = (void *)request;

    r->after = after;
}

static const char *put_users(const http_exchange *x, const ProtobufCMessage *reply, ts_buf *out)
{
    const Ts__Risk__UserList *list = (const void *)reply;

    (void)x;
    for (size_t i = 0; i < list->n_users; i++) {
        const Ts__Risk__UserRow *user = list->users[i];

        csv_text(out, ts_str_of(user->email));
        put_brief(out, user->name);
        put_brief(out, user->department);
        put_brief(out, user->title);
        csv_text(out, ts_str_of(user->manager));
        csv_u64(out, user->score);
        csv_text(out, ts_str_of(ts_risk_level_name(user->score)));
        csv_u64(out, user->active_rule_count);
        csv_u64(out, user->open_incident_count);
        csv_bool(out, user->is_admin || user->is_super_admin);
        /* Empty: no source has told. */
        if (user->mfa_known)
            csv_bool(out, user->mfa_enrolled);
        else
            csv_text(out, TS_STR_NULL);
        csv_bool(out, user->suspended);
        csv_time(out, user->first_seen_ms);
        csv_time(out, user->last_seen_ms);
        csv_end(out);
    }
    return list->next;
}

ts_status api_export_users(http_exchange *x)
{
    Ts__Risk__ListUsersRequest request = TS__RISK__LIST_USERS_REQUEST__INIT;
    export e = {
        .name = "users",
        .columns = "email,name,department,title,manager,risk_score,risk_level,active_rule_count,"
                   "open_incident_count,is_admin,mfa_enrolled,suspended,first_seen_at,last_seen_at",
        .method = &ts_risk_list_users,
        .request = &request.base,
        .seek = seek_users,
        .put = put_users,
    };

    request.limit = PAGE_ROWS;
    request.by_number = true;
    request.risk_level = api_text(x, http_param_of(x, "risk_level"));
    return request.risk_level == NULL ? TS_NOMEM : run(x, &e);
}

/* ---- incidents ---- */

static void seek_incidents(ProtobufCMessage *request, char *after)
{
    Ts__Incidents__ListRequest *r = (void *)request;

    r->after = after;
}

static const char *put_incidents(const http_exchange *x, const ProtobufCMessage *reply, ts_buf *out)
{
    const Ts__Incidents__IncidentList *list = (const void *)reply;

    (void)x;
    for (size_t i = 0; i < list->n_incidents; i++) {
        const Ts__Incidents__Incident *incident = list->incidents[i];

        csv_text(out, ts_str_of(incident->id));
        csv_text(out, ts_str_of(incident->title));
        csv_text(out, ts_str_of(ts_severity_name(incident->severity)));
        csv_text(out, ts_str_of(incident->status));
        csv_texts(out, incident->affected_users, incident->n_affected_users);
        csv_texts(out, incident->rule_ids, incident->n_rule_ids);
        csv_texts(out, incident->tactics, incident->n_tactics);
        csv_u64(out, incident->detection_count);
        csv_time(out, incident->created_ms);
        csv_time(out, incident->updated_ms);
        csv_time(out, incident->closed_ms);
        csv_text(out, ts_str_of(ts_clean_z(incident->resolution, SHAPE_PROSE_MAX)));
        csv_end(out);
    }
    return list->n_incidents < PAGE_ROWS ? "" : list->next;
}

ts_status api_export_incidents(http_exchange *x)
{
    Ts__Incidents__ListRequest request = TS__INCIDENTS__LIST_REQUEST__INIT;
    export e = {
        .name = "incidents",
        .columns = "id,title,severity,status,affected_users,rule_ids,mitre_tactics,"
                   "detection_count,created_at,updated_at,closed_at,resolution",
        .method = &ts_incidents_list,
        .request = &request.base,
        .seek = seek_incidents,
        .put = put_incidents,
    };
    ts_status st = api_incidents_filter(x, &request);

    request.limit = PAGE_ROWS;
    return st == TS_OK ? run(x, &e) : st;
}

/* ---- apps ---- */

static void seek_apps(ProtobufCMessage *request, char *after)
{
    Ts__Risk__ListAppsRequest *r = (void *)request;

    r->after = after;
}

static const char *put_apps(const http_exchange *x, const ProtobufCMessage *reply, ts_buf *out)
{
    const Ts__Risk__AppList *list = (const void *)reply;

    (void)x;
    for (size_t i = 0; i < list->n_apps; i++) {
        const Ts__Risk__App *one = list->apps[i];
        char *scopes[APP_SCOPES_MAX];
        size_t n = 0;

        for (; n < one->n_scopes && n < APP_SCOPES_MAX; n++)
            scopes[n] = one->scopes[n]->scope;
        csv_text(out, ts_str_of(one->id));
        put_brief(out, one->name);
        put_brief(out, one->client_id);
        csv_text(out, ts_str_of(one->publisher));
        csv_text(out, ts_str_of(one->status));
        csv_text(out, ts_str_of(ts_risk_level_name(one->risk_score)));
        csv_u64(out, one->risk_score);
        csv_u64(out, one->user_count);
        csv_texts(out, scopes, n);
        csv_time(out, one->first_seen_ms);
        csv_time(out, one->last_used_ms);
        csv_bool(out, one->is_ai_tool);
        csv_end(out);
    }
    return list->next;
}

ts_status api_export_apps(http_exchange *x)
{
    Ts__Risk__ListAppsRequest request = TS__RISK__LIST_APPS_REQUEST__INIT;
    export e = {
        .name = "apps",
        .columns = "id,name,client_id,publisher,status,risk_level,risk_score,user_count,scopes,"
                   "first_seen_at,last_used_at,is_ai_tool",
        .method = &ts_risk_list_apps,
        .request = &request.base,
        .seek = seek_apps,
        .put = put_apps,
    };

    request.limit = PAGE_ROWS;
    request.by_id = true;
    request.status = api_text(x, http_param_of(x, "status"));
    return request.status == NULL ? TS_NOMEM : run(x, &e);
}

/* ---- AI usage ---- */

/* By tool and day a report is one answer; users are walked. */
static void seek_report(ProtobufCMessage *request, char *after)
{
    Ts__Aiusage__ReportRequest *r = (void *)request;

    r->after = after;
}

static const char *put_report(const http_exchange *x, const ProtobufCMessage *reply, ts_buf *out)
{
    const Ts__Aiusage__Report *report = (const void *)reply;
    ts_str by = http_param_of(x, "group_by")->text;

    for (size_t i = 0; i < report->n_groups; i++) {
        const Ts__Aiusage__Group *group = report->groups[i];

        csv_text(out, ts_str_of(group->key));
        if (ts_str_is(by, "tool")) {
            csv_text(out, ts_str_of(group->vendor));
            csv_bool(out, group->sanctioned);
        }
        csv_u64(out, group->events);
        if (ts_str_is(by, "user")) {
            csv_texts(out, group->tools, group->n_tools);
            csv_time(out, group->last_used_ms);
        } else {
            csv_u64(out, group->users);
        }
        if (ts_str_is(by, "tool"))
            csv_time(out, group->first_seen_ms);
        csv_end(out);
    }
    return report->next;
}

ts_status api_export_ai_usage(http_exchange *x)
{
    Ts__Aiusage__ReportRequest request = TS__AIUSAGE__REPORT_REQUEST__INIT;
    ts_str by = http_param_of(x, "group_by")->text;
    export e = {
        .name = "ai-usage",
        .columns = ts_str_is(by, "user")  ? "email,events,tools,last_used_at"
                   : ts_str_is(by, "day") ? "date,events,users"
                                          : "tool,vendor,sanctioned,events,users,first_seen_at",
        .method = &ts_aiusage_report,
        .request = &request.base,
        .seek = seek_report,
        .put = put_report,
    };

    request.days = (uint32_t)api_number(x, "days");
    request.limit = ts_str_is(by, "user") ? PAGE_ROWS : 0;
    request.group_by = api_text(x, http_param_of(x, "group_by"));
    return request.group_by == NULL ? TS_NOMEM : run(x, &e);
}
