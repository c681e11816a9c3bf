/* GET /v1/apps, GET and PATCH /v1/apps/{id}. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"
#include "proto/shapes.h"

/* Of an empty list: how many there are whatever their status. */
static void find_wider(http_exchange *x, shape_wider *ret)
{
    static char all[] = "all";
    Ts__Risk__ListAppsRequest request = TS__RISK__LIST_APPS_REQUEST__INIT;
    const Ts__Risk__AppList *list;

    request.status = all;
    request.limit = 1;
    if (api_ask(x, &ts_risk_list_apps, &request.base, &list) == TS_OK)
        shape_wider_add(ret, "status", list->total);
}

ts_status api_apps(http_exchange *x)
{
    Ts__Risk__ListAppsRequest request = TS__RISK__LIST_APPS_REQUEST__INIT;
    const http_value *status = http_param_of(x, "status");
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Risk__AppList *list;
    shape_wider wider = { .count = 0 };
    ts_status st = shape_take_raw(x);

    if (st != TS_OK)
        return st;
    request.status = api_text(x, status);
    request.limit = (uint32_t)api_number(x, "limit");
    request.offset = (uint64_t)api_number(x, "offset");
    request.after = api_text(x, http_param_of(x, "cursor"));
    if (request.status == NULL || request.after == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_risk_list_apps, &request.base, &list);
    if (st != TS_OK)
        return st;
    if (list->total == 0 && !ts_str_is(status->text, "all"))
        find_wider(x, &wider);
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "apps");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < list->n_apps; i++)
        ts_app_json(&w, list->apps[i], x->is_raw);
    ts_jsonw_array_end(&w);
    shape_pagination_at(&w, request.limit, request.offset, list->total, list->n_apps, list->next);
    shape_wider_put(&w, &wider);
    ts_jsonw_object_end(&w);
    if (list->n_apps > 0) {
        http_name_add(&x->untrusted, "data.apps[].name");
        http_name_add(&x->untrusted, "data.apps[].client_id");
        http_name_add(&x->untrusted, "data.apps[].scopes[].scope");
        http_name_add(&x->untrusted, "data.apps[].note");
    }
    if (ts_str_is(status->text, "all"))
        words_count(&x->summary, list->total, "connected app");
    else
        words_count(&x->summary, list->total,
                    ts_str_is(status->text, "trusted") ? "trusted app" : "untrusted app");
    words_order(&x->summary, list->total, "highest risk first");
    words_past_end(&x->summary, list->total, list->n_apps);
    if (list->n_apps > 0 && request.offset == 0) {
        ts_buf_z(&x->summary, " Highest: ");
        words_id(&x->summary, ts_str_of(list->apps[0]->id), "app_", "an app");
        ts_buf_z(&x->summary, " with ");
        words_upper(&x->summary, ts_risk_level_name(list->apps[0]->risk_score));
        ts_buf_printf(&x->summary, " risk (%u).", list->apps[0]->risk_score);
    }
    shape_wider_say(&x->summary, &wider);
    return TS_OK;
}

/* Data and summary of one app: the same for GET and PATCH, so that the ETag of one fits the other. */
static void put_app(http_exchange *x, const Ts__Risk__App *app)
{
    ts_jsonw w = ts_jsonw_on(&x->data);

    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "app");
    ts_app_json(&w, app, x->is_raw);
    ts_jsonw_object_end(&w);
    http_name_add(&x->untrusted, "data.app.name");
    http_name_add(&x->untrusted, "data.app.client_id");
    http_name_add(&x->untrusted, "data.app.scopes[].scope");
    http_name_add(&x->untrusted, "data.app.note");
    ts_buf_z(&x->summary, "App ");
    words_id(&x->summary, ts_str_of(app->id), "app_", "(id not shown)");
    ts_buf_printf(&x->summary, " is %s and has ", app->status);
    words_upper(&x->summary, ts_risk_level_name(app->risk_score));
    ts_buf_printf(&x->summary, " risk (%u). ", app->risk_score);
    words_count(&x->summary, app->user_count, "user");
    ts_buf_char(&x->summary, '.');
}

/* A text that is no id of an app names none. */
static ts_status take_id(http_exchange *x, char **ret)
{
    if (!words_is_id(x->segment, "app_"))
        return ts_fail(&x->error, TS_NOT_FOUND, "id", "There is no such app.");
    *ret = ts_arena_z(x->arena, x->segment);
    return *ret == NULL ? TS_NOMEM : TS_OK;
}

static ts_status show(http_exchange *x, char *id, uint64_t *ret_revision)
{
    Ts__Risk__AppId request = TS__RISK__APP_ID__INIT;
    const Ts__Risk__App *app;
    ts_status st;

    *ret_revision = 0;
    request.id = id;
    st = api_ask(x, &ts_risk_get_app, &request.base, &app);
    if (st == TS_OK)
        put_app(x, app);
    return st;
}

ts_status api_app(http_exchange *x)
{
    uint64_t revision;
    char *id;
    ts_status st = shape_take_raw(x);

    if (st == TS_OK)
        st = take_id(x, &id);
    return st == TS_OK ? show(x, id, &revision) : st;
}

ts_status api_app_update(http_exchange *x)
{
    Ts__Risk__UpdateAppRequest request = TS__RISK__UPDATE_APP_REQUEST__INIT;
    const Ts__Risk__App *app;
    uint64_t revision;
    ts_status st = take_id(x, &request.id);

    if (st != TS_OK)
        return st;
    request.status = api_text(x, http_field_of(x, "status"));
    request.note = api_text(x, http_field_of(x, "note"));
    if (request.status == NULL || request.note == NULL)
        return TS_NOMEM;
    st = api_check_match(x, show, request.id, "The app", &revision);
    if (st == TS_OK)
        st = api_ask(x, &ts_risk_update_app, &request.base, &app);
    if (st == TS_OK)
        put_app(x, app);
    return st;
}
