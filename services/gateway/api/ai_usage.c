/* GET /v1/ai-usage. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"

static void put_group(ts_jsonw *w, const Ts__Aiusage__Group *group, ts_str by)
{
    ts_jsonw_object(w);
    if (ts_str_is(by, "user")) {
        ts_jsonw_kz(w, "email", group->key);
        shape_u64(w, "events", group->events);
        shape_texts(w, "tools", group->tools, group->n_tools);
        ts_jsonw_ktime(w, "last_used_at", group->last_used_ms);
    } else if (ts_str_is(by, "day")) {
        ts_jsonw_kz(w, "date", group->key);
        shape_u64(w, "events", group->events);
        shape_u64(w, "users", group->users);
    } else {
        ts_jsonw_kz(w, "tool", group->key);
        ts_jsonw_kz(w, "vendor", group->vendor);
        ts_jsonw_kbool(w, "sanctioned", group->sanctioned != 0);
        shape_u64(w, "events", group->events);
        shape_u64(w, "users", group->users);
        ts_jsonw_ktime(w, "first_seen_at", group->first_seen_ms);
    }
    ts_jsonw_object_end(w);
}

ts_status api_ai_usage(http_exchange *x)
{
    Ts__Aiusage__ReportRequest request = TS__AIUSAGE__REPORT_REQUEST__INIT;
    const http_value *by = http_param_of(x, "group_by");
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Aiusage__Report *report;
    ts_status st;

    request.days = (uint32_t)api_number(x, "days");
    request.group_by = api_text(x, by);
    if (request.group_by == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_aiusage_report, &request.base, &report);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "period");
    ts_jsonw_object(&w);
    shape_u64(&w, "days", request.days);
    ts_jsonw_ktime(&w, "from", report->from_ms);
    ts_jsonw_ktime(&w, "to", report->to_ms);
    ts_jsonw_object_end(&w);
    ts_jsonw_key(&w, "totals");
    ts_jsonw_object(&w);
    shape_u64(&w, "events", report->events);
    shape_u64(&w, "active_users", report->active_users);
    shape_u64(&w, "tools", report->tools);
    shape_u64(&w, "unsanctioned_events", report->unsanctioned_events);
    /* Against the period of equal length before. */
    shape_u64(&w, "events_before", report->previous_events);
    shape_change(&w, "change_percent", report->events, report->previous_events);
    ts_jsonw_object_end(&w);
    ts_jsonw_kstr(&w, "group_by", by->text);
    shape_u64(&w, "groups_total", report->groups_total);
    ts_jsonw_key(&w, "groups");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < report->n_groups; i++)
        put_group(&w, report->groups[i], by->text);
    ts_jsonw_array_end(&w);
    ts_jsonw_object_end(&w);

    words_count(&x->summary, report->events, "AI tool event");
    if (report->events == 0) {
        ts_buf_char(&x->summary, ' ');
        words_days(&x->summary, request.days);
        ts_buf_char(&x->summary, '.');
        return TS_OK;
    }
    ts_buf_z(&x->summary, " by ");
    words_count(&x->summary, report->active_users, "user");
    ts_buf_z(&x->summary, " with ");
    words_count(&x->summary, report->tools, "tool");
    ts_buf_char(&x->summary, ' ');
    words_days(&x->summary, request.days);
    ts_buf_z(&x->summary, ". ");
    words_count(&x->summary, report->unsanctioned_events, "unsanctioned event");
    ts_buf_char(&x->summary, '.');
    if (report->n_groups < report->groups_total)
        ts_buf_printf(&x->summary, " Shown are the %zu users with the most events.",
                      report->n_groups);
    return TS_OK;
}
