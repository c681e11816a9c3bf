/* Records of Microsoft Entra ID that nobody here wrote: each is taken, and who, from where, when and with what outcome come right.
 * Skipped where the shared data is absent. */
#include "check.h"
#include "normalize/normalize.h"
#include "ts/json.h"
#include "ts/time.h"

#define SKIPPED    77
#define LINE_MAX_N (4u << 20)
#define NOW_MS     INT64_C(1790000000000)

static risk_parser *parser;
static ts_arena *arena;
static unsigned sign_ins, audits;

static ts_str text_at(ts_json object, const char *path)
{
    ts_json v;

    return ts_json_path(object, path, &v) ? ts_json_text(v, arena) : TS_STR_NULL;
}

static ts_str first_of(ts_json object, const char *const *paths)
{
    ts_str text = TS_STR_NULL;

    for (; *paths != NULL && text.n == 0; paths++)
        text = text_at(object, *paths);
    return text;
}

/* As the samples' own members say it; each is in the diagnostic form. */
static void check_people(const Ts__Risk__Event *e, ts_json record, bool is_audit)
{
    static const char *const users[] = { "properties.userPrincipalName",
                                         "properties.initiatedBy.user.userPrincipalName", NULL };
    static const char *const addresses[] = { "properties.ipAddress",
                                             "properties.initiatedBy.user.ipAddress",
                                             "callerIpAddress", "calleripaddress", NULL };
    ts_str user = first_of(record, users);

    CHECK(ts_str_ieq(ts_str_of(e->actor_email), user));
    CHECK(user.n == 0 || ts_str_ieq(ts_str_of(e->user_email), user));
    CHECK(ts_str_is(first_of(record, addresses), e->ip));
    CHECK(strcmp(e->app, is_audit ? "audit" : "signin") == 0);
}

static void check_time(const Ts__Risk__Event *e, ts_json record)
{
    static const char *const times[] = { "properties.createdDateTime",
                                         "properties.activityDateTime", "time", NULL };
    ts_str said = first_of(record, times);
    char time[TS_RFC3339_SIZE];

    ts_time_format(e->event_ms, false, time);
    CHECK(said.n >= 19);
    CHECK(memcmp(time, said.p, 10) == 0 && memcmp(time + 11, said.p + 11, 8) == 0);
}

static void check_outcome(const Ts__Risk__Event *e, ts_json record, bool is_audit)
{
    static const char *const codes[] = { "properties.status.errorCode", "resultType", NULL };
    static const char *const results[] = { "properties.result", "result", NULL };
    ts_str said = first_of(record, is_audit ? results : codes);

    if (is_audit)
        CHECK(ts_str_ieq(said, ts_str_of(e->outcome)));
    else if (ts_str_is(said, "0") || ts_str_is(said, "Success"))
        CHECK(strcmp(e->outcome, "success") == 0);
    else if (ts_str_is(said, "50076"))
        CHECK(strcmp(e->outcome, "") == 0); /* asked for a second factor */
    else
        CHECK(strcmp(e->outcome, "failure") == 0);
}

static void check_record(ts_json record)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(LINE_MAX_N);
    risk_body_options options = { .tenant = { 1, 0 }, .source = "entra_id", .now_ms = NOW_MS };
    bool is_audit = text_at(record, "properties.loggedByService").n > 0;
    ts_error error = { "", "" };
    risk_body body;

    ts_json_print(record, &text);
    CHECK_EQ(ts_buf_status(&text), TS_OK);
    CHECK_EQ(risk_body_parse(parser, &options, ts_buf_view(&text), arena, &body, &error), TS_OK);
    if (body.rejected_count > 0)
        fprintf(stderr, "%s\n", body.rejected[0].reason);
    CHECK_EQ(body.rejected_count, 0);
    CHECK_EQ(body.record_count, 1);
    check_people(body.records[0].event, record, is_audit);
    check_time(body.records[0].event, record);
    check_outcome(body.records[0].event, record, is_audit);
    if (is_audit)
        audits++;
    else
        sign_ins++;
}

/* Rows of a file whose member `kind` is `wanted`; `member` is the record. */
static void check_file(const char *path, const char *kind, const char *wanted, const char *member)
{
    ts_json_parser *lines = ts_json_parser_new(LINE_MAX_N);
    FILE *file = fopen(path, "re");
    char *line = malloc(LINE_MAX_N);

    CHECK(file != NULL && line != NULL && lines != NULL);
    while (fgets(line, LINE_MAX_N, file) != NULL) {
        ts_json row, record;

        CHECK_EQ(ts_json_parse(lines, ts_str_of(line), &row, NULL), TS_OK);
        if (ts_str_is(text_at(row, kind), wanted) && ts_json_get(row, member, &record))
            check_record(record);
    }
    fclose(file);
    free(line);
    ts_json_parser_free(lines);
}

int main(void)
{
    static const char splunk[] = TS_SOURCE_DIR "/../shared/data/splunk-samples/data_sources.jsonl";
    static const char panther[] = TS_SOURCE_DIR "/../shared/data/panther/panther-tests.jsonl";

    if (access(splunk, R_OK) != 0 || access(panther, R_OK) != 0) {
        printf("skipped: no shared data\n");
        return SKIPPED;
    }
    parser = risk_parser_new();
    arena = ts_arena_new(256u << 20);
    CHECK(parser != NULL && arena != NULL);
    check_file(splunk, "sourcetype", "azure:monitor:aad", "example");
    CHECK_EQ(audits, 15);
    CHECK_EQ(sign_ins, 1);
    check_file(panther, "log_type", "Azure.Audit", "event");
    printf("%u audits, %u sign-ins\n", audits, sign_ins);
    CHECK_EQ(audits, 23);
    CHECK_EQ(sign_ins, 15);
    ts_arena_free(arena);
    risk_parser_free(parser);
    return 0;
}
