/* The shipped rules against labelled samples, through the service's own ingest handler and a real store: each rule must fire
 * on its positive samples and be silent on its negative ones, and what comes twice changes nothing. */
#include <glob.h>

#include "check.h"
#include "detection.h"
#include "ingest.h"
#include "keys.h"
#include "risk.h"
#include "ts/json.h"
#include "ts/store.h"
#include "ts/time.h"

#define SAMPLES_MAX (4u << 20)
#define BODY_MAX    (1u << 20)
#define NOW_MS      INT64_C(1764000000000)
#define AGO_MS      INT64_C(200000000) /* samples start this long before now */

static risk app;
static uint64_t org;
static unsigned sample_number;
static uint64_t qualifier; /* of the sample's records, the same when it is played again */

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

/* ---- records of other sources, which samples give as they are ---- */

/* "%t" is the record's time in RFC 3339; a text that is "%ms" as a whole becomes its milliseconds as a number; "%d" is the repeat's
 * number. */
static void put_raw_text(ts_jsonw *w, ts_str text, int64_t at_ms, int64_t n)
{
    TS_CLEANUP(ts_buf_done) ts_buf with = TS_BUF_INIT(4096);
    char time[TS_RFC3339_SIZE];

    if (ts_str_is(text, "%ms")) {
        ts_jsonw_i64(w, at_ms);
        return;
    }
    ts_time_format(at_ms, true, time);
    for (size_t i = 0; i < text.n; i++) {
        bool is_mark = text.p[i] == '%' && i + 1 < text.n;

        if (is_mark && text.p[i + 1] == 't')
            ts_buf_z(&with, time);
        else if (is_mark && text.p[i + 1] == 'd')
            ts_buf_printf(&with, "%lld", (long long)n);
        else
            ts_buf_char(&with, text.p[i]);
        i += is_mark && (text.p[i + 1] == 't' || text.p[i + 1] == 'd');
    }
    CHECK_EQ(ts_buf_status(&with), TS_OK);
    ts_jsonw_str(w, ts_buf_view(&with));
}

static void put_raw(ts_jsonw *w, ts_json value, int64_t at_ms, int64_t n)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(BODY_MAX);
    ts_json_type type = ts_json_type_of(value);

    if (type == TS_JSON_STRING) {
        put_raw_text(w, ts_json_str(value), at_ms, n);
    } else if (type == TS_JSON_OBJECT) {
        ts_jsonw_object(w);
        for (ts_json_iter it = ts_json_iter_of(value); ts_json_next(&it);) {
            ts_jsonw_key_str(w, it.name);
            put_raw(w, it.value, at_ms, n);
        }
        ts_jsonw_object_end(w);
    } else if (type == TS_JSON_ARRAY) {
        ts_jsonw_array(w);
        for (ts_json_iter it = ts_json_iter_of(value); ts_json_next(&it);)
            put_raw(w, it.value, at_ms, n);
        ts_jsonw_array_end(w);
    } else {
        ts_json_print(value, &text);
        ts_jsonw_raw(w, ts_buf_view(&text));
    }
}

static ts_str source_of(ts_json item)
{
    ts_str source = member(item, "source");

    return source.n > 0 ? source : TS_STR_LIT("google_workspace");
}

/* One item of a sample, as often as it says. */
static uint32_t put_item(ts_buf *body, ts_json item)
{
    int64_t repeat = number(item, "repeat", 1);
    ts_json raw;

    for (int64_t n = 0; n < repeat; n++) {
        int64_t at_ms =
            NOW_MS - AGO_MS + 1000 * (number(item, "at", 0) + n * number(item, "every", 0));
        ts_jsonw w = ts_jsonw_on(body);

        if (!ts_json_get(item, "record", &raw)) {
            put_record(body, item, at_ms, n);
            continue;
        }
        put_raw(&w, raw, at_ms, n);
        ts_buf_char(body, '\n');
    }
    CHECK_EQ(ts_buf_status(body), TS_OK);
    return (uint32_t)repeat;
}

/* ---- playing ---- */

static void ingest(ts_str source, ts_str body, uint32_t *accepted, uint32_t *duplicates)
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

    request.source = ts_arena_z(arena, source);
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
    *accepted += reply.accepted;
    *duplicates += reply.duplicates;
    ts_arena_free(arena);
}

/* Items that follow one another and are of one source make one request. Returns how many records there were. */
static uint32_t ingest_sample(ts_json sample, uint32_t *ret_accepted, uint32_t *ret_duplicates)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(BODY_MAX);
    ts_str source = TS_STR_NULL;
    uint32_t count = 0;

    *ret_accepted = *ret_duplicates = 0;
    for (ts_json_iter it = ts_json_iter_of(sample); ts_json_next(&it);) {
        if (body.size > 0 && !ts_str_eq(source, source_of(it.value))) {
            ingest(source, ts_buf_view(&body), ret_accepted, ret_duplicates);
            ts_buf_clear(&body);
        }
        source = source_of(it.value);
        count += put_item(&body, it.value);
    }
    ingest(source, ts_buf_view(&body), ret_accepted, ret_duplicates);
    return count;
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
    uint32_t records, accepted, duplicates, count, count_again;
    unsigned fired;

    org++;
    sample_number++;
    qualifier = 0;
    records = ingest_sample(sample, &accepted, &duplicates);
    CHECK_EQ(accepted, records);
    fired = firings_of(rule, &count);
    if ((fired > 0) != expected) {
        TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(BODY_MAX);

        ts_json_print(sample, &text);
        fprintf(stderr, "rule %.*s: %s on this sample:\n%.*s\n", (int)rule.n, rule.p,
                expected ? "silent" : "fires", (int)(text.size > 600 ? 600 : text.size), text.data);
        return 1;
    }
    qualifier = 0;
    CHECK_EQ(ingest_sample(sample, &accepted, &duplicates), records);
    CHECK_EQ(accepted, 0);
    CHECK_EQ(duplicates, records);
    CHECK_EQ(firings_of(rule, &count_again), fired);
    CHECK_EQ(count_again, count);
    return 0;
}

/* The samples of all files as one document: a list of lists. */
static ts_str read_samples(ts_buf *text)
{
    glob_t files;

    CHECK_EQ(glob(TS_SOURCE_DIR "/tests/rules/*.json", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *file = fopen(files.gl_pathv[i], "rbe");
        char *room = ts_buf_reserve(text, SAMPLES_MAX / 4);
        size_t n;

        CHECK(file != NULL && room != NULL);
        room[0] = i == 0 ? '[' : ',';
        n = fread(room + 1, 1, SAMPLES_MAX / 4 - 1, file);
        CHECK(n < SAMPLES_MAX / 4 - 1);
        fclose(file);
        text->size += n + 1;
    }
    globfree(&files);
    ts_buf_char(text, ']');
    CHECK_EQ(ts_buf_status(text), TS_OK);
    return ts_buf_view(text);
}

static unsigned play_all(ts_json entry, const char *kind, bool expected)
{
    unsigned wrong = 0;
    ts_json list;

    CHECK(ts_json_get(entry, kind, &list) && ts_json_count(list) >= 2);
    for (ts_json_iter s = ts_json_iter_of(list); ts_json_next(&s);)
        wrong += play(member(entry, "rule"), s.value, expected);
    return wrong;
}

static void rules_fire_on_their_samples_and_on_nothing_else(ts_json samples)
{
    unsigned wrong = 0;

    for (ts_json_iter file = ts_json_iter_of(samples); ts_json_next(&file);) {
        for (ts_json_iter it = ts_json_iter_of(file.value); ts_json_next(&it);)
            wrong += play_all(it.value, "positive", true) + play_all(it.value, "negative", false);
    }
    printf("%u samples\n", sample_number);
    CHECK_EQ(wrong, 0);
}

static bool has_samples(ts_json samples, const char *rule)
{
    for (ts_json_iter file = ts_json_iter_of(samples); ts_json_next(&file);) {
        for (ts_json_iter it = ts_json_iter_of(file.value); ts_json_next(&it);) {
            if (ts_str_is(member(it.value, "rule"), rule))
                return true;
        }
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
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(SAMPLES_MAX);
    ts_error error = { "", "" };
    ts_json samples;

    snprintf(config.rules_dir, sizeof(config.rules_dir), "%s",
             TS_SOURCE_DIR "/services/risk/rules");
    scratch_directory(directory);
    o.min_free_bytes = 1;
    CHECK_EQ(ts_store_open(&o, &app.store, &error), TS_OK);
    CHECK_EQ(risk_ingest_new(&config, &app.ingest, &error), TS_OK);
    CHECK_EQ(ts_json_parse(parser, read_samples(&text), &samples, &error), TS_OK);
    rules_fire_on_their_samples_and_on_nothing_else(samples);
    every_rule_that_fires_has_samples_and_advice(samples);
    rules_are_counted_by_name_up_to_a_limit();
    ts_json_parser_free(parser);
    risk_ingest_free(app.ingest);
    ts_store_close(app.store);
    remove_directory(directory);
    return 0;
}
