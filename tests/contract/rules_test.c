/* The shipped rules against labelled samples, through the service's own ingest handler and a real store: each rule must fire
 * on its positive samples and be silent on its negative ones, and what comes twice changes nothing. */
#include "check.h"
#include "detection.h"
#include "ingest.h"
#include "keys.h"
#include "risk.h"
#include "ts/json.h"
#include "ts/store.h"
#include "ts/time.h"

#define SAMPLES_MAX (1u << 20)
#define BODY_MAX    (1u << 20)
#define NOW_MS      INT64_C(1764000000000)
#define AGO_MS      INT64_C(200000000) /* samples start this long before now */

static risk app;
static uint64_t org;
static unsigned sample_number;

/* ---- from the short form of a sample to records of the Reports API ---- */

/* "%d" in a text becomes the repeat's number. */
static void put_text(ts_jsonw *w, ts_str text, int64_t n)
{
    char with[256];
    size_t at = 0;

    while (at + 1 < text.n && (text.p[at] != '%' || text.p[at + 1] != 'd'))
        at++;
    if (at + 1 >= text.n) {
        ts_jsonw_str(w, text);
        return;
    }
    snprintf(with, sizeof(with), "%.*s%lld%.*s", (int)at, text.p, (long long)n,
             (int)(text.n - at - 2), text.p + at + 2);
    ts_jsonw_z(w, with);
}

static void put_value(ts_jsonw *w, ts_json value, int64_t n)
{
    char digits[32];

    switch (ts_json_type_of(value)) {
    case TS_JSON_BOOL: ts_jsonw_kbool(w, "boolValue", ts_json_bool(value, false)); break;
    case TS_JSON_INT:
        snprintf(digits, sizeof(digits), "%lld", (long long)ts_json_i64(value, 0));
        ts_jsonw_kz(w, "intValue", digits);
        break;
    case TS_JSON_ARRAY:
        ts_jsonw_key(w, "multiValue");
        ts_jsonw_array(w);
        for (ts_json_iter it = ts_json_iter_of(value); ts_json_next(&it);)
            put_text(w, ts_json_str(it.value), n);
        ts_jsonw_array_end(w);
        break;
    case TS_JSON_NULL:
    case TS_JSON_UINT:
    case TS_JSON_DOUBLE:
    case TS_JSON_STRING:
    case TS_JSON_OBJECT:
        ts_jsonw_key(w, "value");
        put_text(w, ts_json_str(value), n);
        break;
    }
}

static ts_str member(ts_json object, const char *name)
{
    ts_json v;

    return ts_json_get(object, name, &v) ? ts_json_str(v) : TS_STR_NULL;
}

static int64_t number(ts_json object, const char *name, int64_t otherwise)
{
    ts_json v;

    return ts_json_get(object, name, &v) ? ts_json_i64(v, otherwise) : otherwise;
}

static void put_event(ts_jsonw *w, ts_json record, int64_t n)
{
    ts_json parameters;

    ts_jsonw_key(w, "events");
    ts_jsonw_array(w);
    ts_jsonw_object(w);
    ts_jsonw_kstr(w, "name", member(record, "name"));
    if (member(record, "type").n > 0)
        ts_jsonw_kstr(w, "type", member(record, "type"));
    ts_jsonw_key(w, "parameters");
    ts_jsonw_array(w);
    if (ts_json_get(record, "parameters", &parameters)) {
        for (ts_json_iter it = ts_json_iter_of(parameters); ts_json_next(&it);) {
            ts_jsonw_object(w);
            ts_jsonw_kstr(w, "name", it.name);
            put_value(w, it.value, n);
            ts_jsonw_object_end(w);
        }
    }
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
    ts_jsonw_array_end(w);
}

static void put_record(ts_buf *body, ts_json record, int64_t at_ms, int64_t n)
{
    static uint64_t qualifier;
    ts_jsonw w = ts_jsonw_on(body);
    char digits[32];

    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)++qualifier);
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "id");
    ts_jsonw_object(&w);
    ts_jsonw_ktime(&w, "time", at_ms);
    ts_jsonw_kz(&w, "uniqueQualifier", digits);
    ts_jsonw_kstr(&w, "applicationName", member(record, "app"));
    ts_jsonw_kz(&w, "customerId", "C01");
    ts_jsonw_object_end(&w);
    ts_jsonw_key(&w, "actor");
    ts_jsonw_object(&w);
    if (member(record, "user").n > 0) {
        ts_jsonw_key(&w, "email");
        put_text(&w, member(record, "user"), n);
    }
    ts_jsonw_object_end(&w);
    ts_jsonw_kstr(&w, "ipAddress", member(record, "ip"));
    put_event(&w, record, n);
    ts_jsonw_object_end(&w);
    ts_buf_char(body, '\n');
}

static uint32_t put_sample(ts_buf *body, ts_json sample)
{
    uint32_t count = 0;

    for (ts_json_iter it = ts_json_iter_of(sample); ts_json_next(&it);) {
        int64_t repeat = number(it.value, "repeat", 1);

        for (int64_t n = 0; n < repeat; n++, count++)
            put_record(body, it.value,
                       NOW_MS - AGO_MS +
                           1000 * (number(it.value, "at", 0) + n * number(it.value, "every", 0)),
                       n);
    }
    CHECK_EQ(ts_buf_status(body), TS_OK);
    return count;
}

/* ---- playing ---- */

static void ingest(ts_str body, uint32_t *ret_accepted, uint32_t *ret_duplicates)
{
    Ts__Risk__IngestRequest request = TS__RISK__INGEST_REQUEST__INIT;
    Ts__Risk__IngestReply reply = TS__RISK__INGEST_REPLY__INIT;
    ts_arena *arena = ts_arena_new(256u << 20);
    ts_error error = { "", "" };
    ts_call call = { .tenant = { org, TS_MODE_LIVE },
                     .arena = arena,
                     .error = &error,
                     .service = &app,
                     .now_ms = NOW_MS };

    request.source = (char *)(uintptr_t) "google_workspace";
    request.content_type = (char *)(uintptr_t) "ndjson";
    request.body.data = (uint8_t *)(uintptr_t)body.p;
    request.body.len = body.n;
    if (risk_rpc_ingest(&call, &request.base, &reply.base) != TS_OK) {
        fprintf(stderr, "%s %s\n", error.param, error.text);
        exit(1);
    }
    for (size_t i = 0; i < reply.n_rejected; i++)
        fprintf(stderr, "rejected: %s\n", reply.rejected[i]->reason);
    CHECK_EQ(reply.n_rejected, 0);
    *ret_accepted = reply.accepted;
    *ret_duplicates = reply.duplicates;
    ts_arena_free(arena);
}

static unsigned firings_of(ts_str rule, uint32_t *ret_count)
{
    risk_key prefix = risk_key_tenant((ts_tenant){ org, TS_MODE_LIVE });
    ts_arena *arena = ts_arena_new(64u << 20);
    ts_iter *it = ts_iter_prefix(app.store, RISK_FIRINGS, risk_key_view(&prefix), false);
    unsigned n = 0;

    *ret_count = 0;
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        const Ts__Risk__Firing *row;

        CHECK_EQ(ts_arena_unpack(arena, &ts__risk__firing__descriptor, ts_iter_value(it), &m),
                 TS_OK);
        row = (const Ts__Risk__Firing *)m;
        if (!ts_str_is(rule, row->rule_id))
            continue;
        n++;
        *ret_count += row->count;
        CHECK(row->n_evidence > 0);
    }
    ts_iter_free(it);
    ts_arena_free(arena);
    return n;
}

static unsigned play(ts_str rule, ts_json sample, bool expected)
{
    ts_buf body = TS_BUF_INIT(BODY_MAX);
    uint32_t records, accepted, duplicates, count, count_again;
    unsigned fired;

    org++;
    sample_number++;
    records = put_sample(&body, sample);
    ingest(ts_buf_view(&body), &accepted, &duplicates);
    CHECK_EQ(accepted, records);
    fired = firings_of(rule, &count);
    if ((fired > 0) != expected) {
        fprintf(stderr, "rule %.*s: %s on this sample:\n%.*s", (int)rule.n, rule.p,
                expected ? "silent" : "fires", (int)(body.size > 600 ? 600 : body.size), body.data);
        return 1;
    }
    ingest(ts_buf_view(&body), &accepted, &duplicates);
    CHECK_EQ(accepted, 0);
    CHECK_EQ(duplicates, records);
    CHECK_EQ(firings_of(rule, &count_again), fired);
    CHECK_EQ(count_again, count);
    ts_buf_done(&body);
    return 0;
}

static ts_str read_samples(void)
{
    static char text[SAMPLES_MAX];
    FILE *file = fopen(TS_SOURCE_DIR "/tests/rules/samples.json", "rbe");
    size_t n;

    CHECK(file != NULL);
    n = fread(text, 1, sizeof(text), file);
    fclose(file);
    CHECK(n < sizeof(text));
    return ts_str_n(text, n);
}

static void rules_fire_on_their_samples_and_on_nothing_else(ts_json samples)
{
    unsigned wrong = 0;

    for (ts_json_iter it = ts_json_iter_of(samples); ts_json_next(&it);) {
        ts_str rule = member(it.value, "rule");
        ts_json list;

        CHECK(ts_json_get(it.value, "positive", &list) && ts_json_count(list) >= 2);
        for (ts_json_iter s = ts_json_iter_of(list); ts_json_next(&s);)
            wrong += play(rule, s.value, true);
        CHECK(ts_json_get(it.value, "negative", &list) && ts_json_count(list) >= 2);
        for (ts_json_iter s = ts_json_iter_of(list); ts_json_next(&s);)
            wrong += play(rule, s.value, false);
    }
    printf("%u samples\n", sample_number);
    CHECK_EQ(wrong, 0);
}

static bool has_samples(ts_json samples, const char *rule)
{
    for (ts_json_iter it = ts_json_iter_of(samples); ts_json_next(&it);) {
        if (ts_str_is(member(it.value, "rule"), rule))
            return true;
    }
    return false;
}

static void every_rule_that_fires_has_samples_and_advice(ts_json samples)
{
    detection_engine *engine = NULL;
    ts_error error;
    sigma_rule *const *rules;
    const sigma_refusal *refusals;
    size_t count, refused;

    CHECK_EQ(detection_engine_new(TS_SOURCE_DIR "/services/risk/rules", 100, &engine, &error),
             TS_OK);
    refusals = sigma_ruleset_refusals(detection_engine_rules(engine), &refused);
    for (size_t i = 0; i < refused; i++)
        fprintf(stderr, "%s: %s\n", refusals[i].file, refusals[i].reason);
    CHECK_EQ(refused, 0);
    rules = sigma_ruleset_rules(detection_engine_rules(engine), &count);
    for (size_t i = 0; i < count; i++) {
        if (!rules[i]->fires)
            continue;
        if (!has_samples(samples, rules[i]->id) || rules[i]->action_count == 0 ||
            rules[i]->tactic_count == 0 || rules[i]->technique_count == 0)
            fprintf(stderr, "%s has no samples, advice, tactic or technique\n", rules[i]->id);
        CHECK(has_samples(samples, rules[i]->id));
        CHECK(rules[i]->action_count > 0 && rules[i]->tactic_count > 0 &&
              rules[i]->technique_count > 0);
    }
    detection_engine_free(engine);
}

/* However many rules an operator has, a scrape has a bounded size. */
static void rules_are_counted_by_name_up_to_a_limit(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(4u << 20);
    detection_engine *engine = NULL;
    char directory[64] = "";
    char path[128];
    ts_error error;
    FILE *f;

    scratch_directory(directory);
    snprintf(path, sizeof(path), "%s/catalogue", directory);
    CHECK_EQ(symlink(TS_SOURCE_DIR "/services/risk/rules/catalogue", path), 0);
    for (int i = 1; i <= DETECTION_COUNTED_MAX + 2; i++) {
        snprintf(path, sizeof(path), "%s/%04d.yml", directory, i);
        f = fopen(path, "w");
        CHECK(f != NULL);
        fprintf(f,
                "title: A rule\nname: mine_%d\nstatus: stable\nlogsource:\n"
                "    product: google_workspace\ndetection:\n    selection:\n        eventName: A\n"
                "    condition: selection\nlevel: low\n",
                i);
        CHECK_EQ(fclose(f), 0);
    }
    if (detection_engine_new(directory, 100, &engine, &error) != TS_OK)
        fprintf(stderr, "%s\n", error.text);
    CHECK(engine != NULL);
    ts_metrics_print(&text);
    ts_buf_char(&text, '\0');
    CHECK_EQ(ts_buf_status(&text), TS_OK);
    CHECK(strstr(text.data, "{rule=\"mine_1\"} 0\n") != NULL);
    CHECK(strstr(text.data, "{rule=\"mine_512\"} 0\n") != NULL);
    CHECK(strstr(text.data, "{rule=\"mine_513\"}") == NULL);
    CHECK(strstr(text.data, "{rule=\"other\"} 0\n") != NULL);
    detection_engine_free(engine);
    remove_directory(directory);
}

int main(void)
{
    char directory[64];
    ts_store_options o = { .directory = directory, .families = risk_families, .schema = 1 };
    risk_config config = { .retention_days = 36500, .noisy_firings = 100, .users_max = 1000000 };
    ts_json_parser *parser = ts_json_parser_new(SAMPLES_MAX);
    ts_error error = { "", "" };
    ts_json samples;

    snprintf(config.rules_dir, sizeof(config.rules_dir), "%s",
             TS_SOURCE_DIR "/services/risk/rules");
    scratch_directory(directory);
    o.min_free_bytes = 1;
    CHECK_EQ(ts_store_open(&o, &app.store, &error), TS_OK);
    CHECK_EQ(risk_ingest_new(&config, &app.ingest, &error), TS_OK);
    CHECK_EQ(ts_json_parse(parser, read_samples(), &samples, &error), TS_OK);
    rules_fire_on_their_samples_and_on_nothing_else(samples);
    every_rule_that_fires_has_samples_and_advice(samples);
    rules_are_counted_by_name_up_to_a_limit();
    ts_json_parser_free(parser);
    risk_ingest_free(app.ingest);
    ts_store_close(app.store);
    remove_directory(directory);
    return 0;
}
