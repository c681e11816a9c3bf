/* GET /v1/overview: risk and incidents are needed, ai-usage is optional. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"

#define AI_DAYS   7
#define TOP_TOOLS 5

enum { PART_RISK, PART_INCIDENTS, PART_AI, PARTS };

static void put_risk(ts_jsonw *w, const http_exchange *x, const Ts__Risk__OverviewReply *risk)
{
    ts_jsonw_key(w, "organization");
    ts_jsonw_object(w);
    ts_jsonw_kstr(w, "id", x->who.org_id);
    ts_jsonw_kstr(w, "name", x->who.org_name);
    shape_u64(w, "total_users", risk->total_users);
    shape_u64(w, "monitored_users", risk->monitored_users);
    ts_jsonw_object_end(w);
    shape_risk_distribution(w, risk);
    shape_u64(w, "high_risk_users", shape_high_risk(risk));
}

static void put_incidents(ts_jsonw *w, const Ts__Incidents__SummaryReply *incidents)
{
    ts_jsonw_key(w, "incidents");
    ts_jsonw_object(w);
    shape_u64(w, "open", incidents->open);
    shape_u64(w, "investigating", incidents->investigating);
    shape_by_severity(w, incidents);
    ts_jsonw_key(w, "latest");
    ts_jsonw_array(w);
    for (size_t i = 0; i < incidents->n_latest; i++)
        shape_incident(w, incidents->latest[i]);
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
}

static void put_ai_usage(ts_jsonw *w, const Ts__Aiusage__Report *report)
{
    ts_jsonw_key(w, "ai_usage");
    ts_jsonw_object(w);
    ts_jsonw_ki64(w, "days", AI_DAYS);
    shape_u64(w, "total_events", report->events);
    shape_u64(w, "active_users", report->active_users);
    shape_u64(w, "unsanctioned_events", report->unsanctioned_events);
    shape_top_tools(w, report, TOP_TOOLS);
    ts_jsonw_object_end(w);
}

/* Three sentences at most, the first two as the reference has them. */
static void say(ts_buf *out, const Ts__Risk__OverviewReply *risk,
                const Ts__Incidents__SummaryReply *incidents, const api_part *ai)
{
    const Ts__Aiusage__Report *report = (const void *)ai->out;

    words_count(out, risk->monitored_users, "monitored user");
    ts_buf_z(out, ". ");
    words_count(out, shape_high_risk(risk), "high-risk user");
    ts_buf_z(out, ". ");
    words_count(out, incidents->open + incidents->investigating, "open incident");
    if (ai->method != NULL && report == NULL) {
        ts_buf_z(out, "; AI usage is not available at the moment");
    } else if (report != NULL) {
        ts_buf_z(out, "; ");
        words_count(out, report->events, "AI tool event");
        ts_buf_char(out, ' ');
        words_days(out, AI_DAYS);
        ts_buf_printf(out, ", %llu unsanctioned", (unsigned long long)report->unsanctioned_events);
    }
    ts_buf_char(out, '.');
}

/* A part asked for needs that part's own permission. */
static ts_status check_parts(http_exchange *x)
{
    if (api_flag(x, "include_incidents") && (x->who.permissions & TS_PERM_READ_INCIDENTS) == 0)
        return ts_fail(&x->error, TS_DENIED, "include_incidents",
                       "include_incidents needs the permission read:incidents.");
    if (api_flag(x, "include_ai_usage") && (x->who.permissions & TS_PERM_READ_AI_USAGE) == 0)
        return ts_fail(&x->error, TS_DENIED, "include_ai_usage",
                       "include_ai_usage needs the permission read:ai_usage.");
    return TS_OK;
}

static ts_status compose(http_exchange *x, api_part *parts)
{
    const Ts__Risk__OverviewReply *risk = (const void *)parts[PART_RISK].out;
    const Ts__Incidents__SummaryReply *incidents = (const void *)parts[PART_INCIDENTS].out;
    ts_jsonw w = ts_jsonw_on(&x->data);

    ts_jsonw_object(&w);
    put_risk(&w, x, risk);
    shape_u64(&w, "open_incidents", incidents->open + incidents->investigating);
    if (api_flag(x, "include_incidents"))
        put_incidents(&w, incidents);
    if (parts[PART_AI].out != NULL)
        put_ai_usage(&w, (const void *)parts[PART_AI].out);
    ts_jsonw_object_end(&w);
    say(&x->summary, risk, incidents, &parts[PART_AI]);
    return TS_OK;
}

ts_status api_overview(http_exchange *x)
{
    Ts__Risk__OverviewRequest risk = TS__RISK__OVERVIEW_REQUEST__INIT;
    Ts__Incidents__SummaryRequest incidents = TS__INCIDENTS__SUMMARY_REQUEST__INIT;
    Ts__Aiusage__ReportRequest report = TS__AIUSAGE__REPORT_REQUEST__INIT;
    char group_by[] = "tool";
    api_part parts[PARTS] = {
        [PART_RISK] = { .method = &ts_risk_overview, .in = &risk.base },
        [PART_INCIDENTS] = { .method = &ts_incidents_summary, .in = &incidents.base },
    };
    size_t count = PART_AI;
    ts_status st;

    st = check_parts(x);
    if (st != TS_OK)
        return st;
    incidents.without_latest = !api_flag(x, "include_incidents");
    if (api_flag(x, "include_ai_usage")) {
        report.days = AI_DAYS;
        report.group_by = group_by;
        parts[PART_AI] =
            (api_part){ .method = &ts_aiusage_report, .in = &report.base, .optional = "ai-usage" };
        count = PARTS;
    }
    st = api_gather(x, parts, count);
    if (st == TS_OK)
        st = compose(x, parts);
    api_parts_done(parts, PARTS);
    return st;
}
