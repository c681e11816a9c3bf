/* Okta records that nobody here wrote: each is taken, and user, address, outcome and time are what it says; SigmaHQ's rules
 * for Okta find in them what they look for. Skipped where the shared data is absent. */
#include "check.h"
#include "detect/sigma/ruleset.h"
#include "normalize/normalize.h"
#include "ts/json.h"

#define SKIPPED   77
#define TEXT_MAX  (1u << 20)
#define ARENA_MAX ((size_t)256 << 20)

#define DATA TS_SOURCE_DIR "/../shared/data"

typedef struct world {
    ts_json_parser *json;
    risk_parser *parser;
    sigma_ruleset *rules;
    size_t records, untimed, with_user, with_ip;
    size_t kinds[RISK_KINDS];
} world;

/* What Panther's tests leave out that no record of Okta's is without. */
static bool has_time(ts_json event)
{
    ts_json v;
    int64_t ms;
    char text[64];
    ts_str published = ts_json_get(event, "published", &v) ? ts_json_str(v) : TS_STR_NULL;

    snprintf(text, sizeof(text), "%.*sZ", (int)(published.n > 40 ? 40 : published.n),
             published.n == 0 ? "" : published.p);
    return ts_time_parse(ts_str_of(text), &ms) == TS_OK;
}

static ts_str with_time(ts_json event, ts_buf *out)
{
    ts_jsonw w = ts_jsonw_on(out);
    TS_CLEANUP(ts_buf_done) ts_buf value = TS_BUF_INIT(TEXT_MAX);

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "published", "2024-01-02 03:04:05.678");
    for (ts_json_iter it = ts_json_iter_of(event); ts_json_next(&it);) {
        if (ts_str_is(it.name, "published"))
            continue;
        ts_buf_clear(&value);
        ts_json_print(it.value, &value);
        ts_jsonw_key_str(&w, it.name);
        ts_jsonw_raw(&w, ts_buf_view(&value));
    }
    ts_jsonw_object_end(&w);
    CHECK_EQ(ts_buf_status(out), TS_OK);
    return ts_buf_view(out);
}

/* A text of the record as it stands there; names of its top are in lower case in half of the records. */
static ts_str said(ts_json event, const char *path, const char *lower)
{
    ts_json v;

    return ts_json_path(event, path, &v) || ts_json_path(event, lower, &v) ? ts_json_str(v)
                                                                           : TS_STR_LIT("");
}

static void check_people(world *w, ts_json event, const risk_record *r)
{
    ts_str login = said(event, "actor.alternateId", "");
    bool is_person = ts_str_is(said(event, "actor.type", ""), "User") &&
                     !ts_str_is(login, "system@okta.com") && ts_str_find(login, '@') < login.n;

    CHECK(ts_str_is(is_person ? login : TS_STR_LIT(""), r->event->actor_email));
    if (is_person && r->event->target_email[0] == '\0')
        CHECK(ts_str_is(login, r->event->user_email));
    w->with_user += r->event->user_email[0] != '\0';
}

static void check_rest(world *w, ts_json event, const risk_record *r)
{
    ts_str result = said(event, "outcome.result", "");
    ts_str ip = said(event, "client.ipAddress", "");
    char time[TS_RFC3339_SIZE];
    char published[32];

    CHECK(ts_str_is(said(event, "eventType", "eventtype"), r->event->action));
    CHECK(ts_str_is(ip, r->event->ip));
    w->with_ip += ip.n > 0;
    if (r->kind == RISK_KIND_WARNING)
        CHECK(r->event->outcome[0] == '\0');
    else if (ts_str_is(result, "SUCCESS"))
        CHECK(strcmp(r->event->outcome, "success") == 0);
    else if (ts_str_is(result, "FAILURE") || ts_str_is(result, "DENY"))
        CHECK(strcmp(r->event->outcome, "failure") == 0);
    else
        CHECK(r->event->outcome[0] == '\0');
    /* "2022-06-22 18:18:29.015" and "...T18:18:29.015Z". */
    ts_time_format(r->event->event_ms, true, time);
    snprintf(published, sizeof(published), "%.19s", time);
    published[10] = ' ';
    CHECK(ts_str_starts(said(event, "published", ""), ts_str_of(published)));
}

static void match(const world *w, const risk_record *r, ts_arena *arena, ts_buf *fired)
{
    sigma_matches found;

    CHECK_EQ(sigma_ruleset_match(w->rules, r, arena, &found), TS_OK);
    for (size_t i = 0; i < found.count; i++)
        ts_buf_printf(fired, "%s\n", strrchr(found.rules[i]->file, '/') + 1);
}

static void check_event(world *w, ts_json event, ts_buf *fired)
{
    risk_body_options options = { .tenant = { 1, TS_MODE_LIVE },
                                  .source = "okta",
                                  .now_ms = INT64_C(1800000000000) };
    ts_arena *arena = ts_arena_new(ARENA_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(TEXT_MAX);
    ts_json_parser *again = ts_json_parser_new(TEXT_MAX);
    ts_error err = { "", "" };
    risk_body body;

    w->untimed += !has_time(event);
    if (has_time(event))
        ts_json_print(event, &text);
    else
        (void)with_time(event, &text);
    CHECK_EQ(risk_body_parse(w->parser, &options, ts_buf_view(&text), arena, &body, &err), TS_OK);
    for (size_t i = 0; i < body.rejected_count; i++)
        fprintf(stderr, "%.*s\n%s\n", (int)text.size, text.data, body.rejected[i].reason);
    CHECK_EQ(body.rejected_count, 0);
    CHECK_EQ(body.record_count, 1);
    CHECK_EQ(ts_json_parse(again, ts_buf_view(&text), &event, &err), TS_OK);
    check_people(w, event, &body.records[0]);
    check_rest(w, event, &body.records[0]);
    w->records++;
    w->kinds[body.records[0].kind]++;
    match(w, &body.records[0], arena, fired);
    ts_json_parser_free(again);
    ts_arena_free(arena);
}

static unsigned times(const ts_buf *fired, const char *rule)
{
    unsigned n = 0;

    for (const char *at = fired->data; (at = strstr(at, rule)) != NULL; at++)
        n++;
    return n;
}

/* Read by eye from the records of each kind, and from what each rule says. */
static void check_found(const world *w, ts_buf *fired)
{
    static const struct {
        const char *rule;
        unsigned times;
    } found[] = {
        { "okta_new_behaviours_admin_console.yml", 3 },
        { "okta_security_threat_detected.yml", 2 },
        { "okta_fastpass_phishing_detection.yml", 1 },
        { "okta_admin_role_assigned_to_user_or_group.yml", 2 },
        { "okta_mfa_reset_or_deactivated.yml", 1 },
        { "okta_application_modified_or_deleted.yml", 1 },
        { "okta_user_account_locked_out.yml", 0 }, /* "Account Locked from New Devices - ..." */
    };
    unsigned all = 0;

    ts_buf_char(fired, '\0');
    CHECK_EQ(ts_buf_status(fired), TS_OK);
    printf("%s", fired->data);
    for (size_t i = 0; i < TS_COUNT(found); i++) {
        CHECK_EQ(times(fired, found[i].rule), found[i].times);
        all += found[i].times;
    }
    CHECK_EQ(times(fired, ".yml"), all);
    printf("%zu records, %zu without a time\n", w->records, w->untimed);
    for (unsigned k = 0; k < RISK_KINDS; k++) {
        if (w->kinds[k] > 0)
            printf("%s: %zu\n", risk_kind_name((risk_kind)k), w->kinds[k]);
    }
    printf("%zu users, %zu addresses\n", w->with_user, w->with_ip);
}

int main(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf fired = TS_BUF_INIT(TEXT_MAX);
    FILE *file = fopen(DATA "/panther/panther-tests.jsonl", "rbe");
    char *line = malloc(TEXT_MAX);
    world w = { .json = ts_json_parser_new(TEXT_MAX), .parser = risk_parser_new() };
    ts_error err = { "", "" };

    if (file == NULL || access(DATA "/sigma/all/rules/identity/okta", R_OK) != 0) {
        printf("skipped: no shared data\n");
        return SKIPPED;
    }
    CHECK(line != NULL && w.json != NULL && w.parser != NULL);
    CHECK_EQ(sigma_ruleset_load(DATA "/sigma/all/rules/identity/okta", &w.rules, &err), TS_OK);
    while (fgets(line, TEXT_MAX, file) != NULL) {
        ts_json row, log, event;

        CHECK_EQ(ts_json_parse(w.json, ts_str_of(line), &row, &err), TS_OK);
        if (ts_json_get(row, "log_type", &log) && ts_str_is(ts_json_str(log), "Okta.SystemLog") &&
            ts_json_get(row, "event", &event) && ts_json_type_of(event) == TS_JSON_OBJECT)
            check_event(&w, event, &fired);
    }
    check_found(&w, &fired);
    CHECK_EQ(w.records, 38);
    fclose(file);
    free(line);
    sigma_ruleset_free(w.rules);
    risk_parser_free(w.parser);
    ts_json_parser_free(w.json);
    return 0;
}
