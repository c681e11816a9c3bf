#include "post.h"

#include <curl/curl.h>
#include <errno.h>
#include <time.h>

#include "ts/buf.h"
#include "ts/json.h"
#include "ts/time.h"

#define BODY_MAX_BYTES     (8u << 20)
#define ANSWER_MAX_BYTES   (4u << 20)
#define URL_MAX            1024
#define REQUEST_TIMEOUT_MS 60000L
#define CONNECT_TIMEOUT_MS 5000L
/* How long one batch is repeated before giving up, and the pause before a repeat that names none.
 */
#define GIVE_UP_MS        (2 * TS_MINUTE_MS)
#define REPEAT_MS         500
#define RETRY_AFTER_MAX_S 60L

/* What is sent where. */
typedef struct target {
    const char *method;
    long wanted; /* status */
    char url[URL_MAX];
    struct curl_slist *headers;
} target;

/* Records of one source that wait to be sent together. */
typedef struct batch {
    target to;
    ts_buf body;
    uint32_t count; /* records in body */
} batch;

struct sim_post {
    CURL *curl;
    batch batches[SIM_SOURCES];
    target directory;
    ts_json_parser *parser;
    ts_buf answer;
    uint64_t sent;
    uint32_t speed;
    int64_t start_ms;
    sim_post_totals totals;
};

static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
    ts_buf *answer = context;

    ts_buf_add(answer, bytes, size * count);
    return ts_buf_status(answer) == TS_OK ? size * count : 0;
}

static void sleep_ms(int64_t ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    while (ms > 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static ts_status add_header(target *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    if (longer == NULL)
        return TS_NOMEM;
    t->headers = longer;
    return TS_OK;
}

static ts_status target_init(target *t, ts_str base, const char *path, const char *key,
                             const char *type)
{
    char line[URL_MAX];
    ts_status st;

    (void)snprintf(t->url, sizeof(t->url), "%.*s%s", (int)base.n, base.p, path);
    if ((size_t)snprintf(line, sizeof(line), "Authorization: Bearer %s", key) >= sizeof(line))
        return TS_INVALID;
    st = add_header(t, line);
    ts_wipe(line, sizeof(line));
    (void)snprintf(line, sizeof(line), "Content-Type: %s", type);
    if (st == TS_OK)
        st = add_header(t, line);
    /* libcurl would ask for "100 Continue" first: a round trip for nothing. */
    return st == TS_OK ? add_header(t, "Expect:") : st;
}

static ts_status aim(sim_post *p, const target *t)
{
    if (curl_easy_setopt(p->curl, CURLOPT_URL, t->url) != CURLE_OK ||
        curl_easy_setopt(p->curl, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK)
        return TS_INVALID;
    curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(p->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(p->curl, CURLOPT_CUSTOMREQUEST, t->method);
    return TS_OK;
}

static ts_status init_batches(sim_post *p, ts_str base, const char *key)
{
    ts_status st = TS_OK;

    for (uint32_t i = 0; i < SIM_SOURCES && st == TS_OK; i++) {
        char path[64];

        (void)snprintf(path, sizeof(path), "/v1/events?source=%s", sim_source_name((sim_source)i));
        p->batches[i].to = (target){ .method = "POST", .wanted = 202 };
        p->batches[i].body = TS_BUF_INIT(BODY_MAX_BYTES);
        st = target_init(&p->batches[i].to, base, path, key, "application/x-ndjson");
    }
    return st;
}

ts_status sim_post_new(const char *url, const char *key, uint32_t speed, sim_post **ret,
                       ts_error *err)
{
    TS_CLEANUP(sim_post_free_p) sim_post *p = NULL;
    const size_t n = strlen(url);
    const ts_str base = ts_str_n(url, n > 0 && url[n - 1] == '/' ? n - 1 : n);

    if (n >= URL_MAX - 64)
        return ts_fail(err, TS_INVALID, "post", "post must be shorter than %d characters",
                       URL_MAX - 64);
    p = calloc(1, sizeof(*p));
    if (p == NULL)
        return TS_NOMEM;
    p->answer = TS_BUF_INIT(ANSWER_MAX_BYTES);
    p->speed = speed;
    p->curl = curl_easy_init();
    p->parser = ts_json_parser_new(ANSWER_MAX_BYTES);
    if (p->curl == NULL || p->parser == NULL)
        return TS_NOMEM;
    p->directory = (target){ .method = "PUT", .wanted = 200 };
    if (init_batches(p, base, key) != TS_OK ||
        target_init(&p->directory, base, "/v1/directory/users", key, "application/json") != TS_OK)
        return ts_fail(err, TS_INVALID, "key", "key is too long");
    if (aim(p, &p->directory) != TS_OK)
        return ts_fail(err, TS_INVALID, "post", "post is no URL that can be posted to");
    curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(p->curl, CURLOPT_WRITEDATA, &p->answer);
    curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, REQUEST_TIMEOUT_MS);
    curl_easy_setopt(p->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
    *ret = TS_TAKE(p);
    return TS_OK;
}

void sim_post_free(sim_post *p)
{
    if (p == NULL)
        return;
    curl_easy_cleanup(p->curl);
    for (size_t i = 0; i < SIM_SOURCES; i++) {
        curl_slist_free_all(p->batches[i].to.headers);
        ts_buf_done(&p->batches[i].body);
    }
    curl_slist_free_all(p->directory.headers);
    ts_json_parser_free(p->parser);
    ts_buf_done(&p->answer);
    free(p);
}

static ts_status parse_answer(sim_post *p, ts_json *ret)
{
    return ts_json_parse(p->parser, ts_buf_view(&p->answer), ret, NULL);
}

static ts_status read_totals(sim_post *p, ts_error *err)
{
    ts_json root, data, value;
    int64_t accepted = -1, duplicates = -1;

    if (parse_answer(p, &root) != TS_OK || !ts_json_get(root, "data", &data))
        return ts_fail(err, TS_CORRUPT, "post",
                       "the answer to a post is not the JSON it should be");
    if (ts_json_get(data, "accepted", &value))
        accepted = ts_json_i64(value, -1);
    if (ts_json_get(data, "duplicates", &value))
        duplicates = ts_json_i64(value, -1);
    if (accepted < 0 || duplicates < 0 || !ts_json_get(data, "rejected", &value))
        return ts_fail(err, TS_CORRUPT, "post",
                       "the answer to a post lacks accepted, duplicates or rejected");
    p->totals.accepted += (uint64_t)accepted;
    p->totals.duplicates += (uint64_t)duplicates;
    p->totals.rejected += ts_json_count(value);
    p->totals.requests++;
    return TS_OK;
}

/* The request as a whole is wrong: repeating it cannot help. */
static ts_status refused(sim_post *p, long status, ts_error *err)
{
    ts_json root, message;
    ts_str words = TS_STR_LIT("no words");

    if (parse_answer(p, &root) == TS_OK && ts_json_path(root, "error.message", &message))
        words = ts_json_str(message);
    return ts_fail(err, status == 401 || status == 403 ? TS_DENIED : TS_INVALID, "post",
                   "refused with %ld: %.*s", status, (int)(words.n < 120 ? words.n : 120), words.p);
}

/* How long to wait before the repeat: what the answer asks for, else a moment. */
static int64_t repeat_after_ms(sim_post *p)
{
    curl_off_t seconds = 0;

    if (curl_easy_getinfo(p->curl, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0)
        return REPEAT_MS;
    return (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) * TS_SECOND_MS;
}

/* Repeats it until it is acknowledged; the answer stands in p->answer. */
static ts_status deliver(sim_post *p, const target *t, ts_str body, ts_error *err)
{
    const int64_t give_up_ms = ts_boot_ms() + GIVE_UP_MS;
    long status = 0;

    if (aim(p, t) != TS_OK)
        return ts_fail(err, TS_NOMEM, "post", "out of memory");
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, body.p);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    for (;;) {
        CURLcode code;
        int64_t wait_ms = REPEAT_MS;

        status = 0;
        ts_buf_clear(&p->answer);
        code = curl_easy_perform(p->curl);
        if (code == CURLE_OK) {
            curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
            if (status == t->wanted)
                return TS_OK;
            if (status != 429 && status < 500)
                return refused(p, status, err);
            wait_ms = repeat_after_ms(p);
        } else if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
            return ts_fail(err, TS_INVALID, "post", "post is no URL that can be posted to");
        }
        if (ts_boot_ms() + wait_ms >= give_up_ms)
            return ts_fail(err, TS_UNAVAILABLE, "post",
                           "no acknowledgement for %d s; the last answer was %ld, %s",
                           (int)(GIVE_UP_MS / 1000), status, curl_easy_strerror(code));
        p->totals.repeats++;
        sleep_ms(wait_ms);
    }
}

static ts_status send_batch(sim_post *p, batch *b, ts_error *err)
{
    ts_status st;

    if (b->count == 0)
        return TS_OK;
    if (ts_buf_status(&b->body) != TS_OK)
        return ts_fail(err, TS_NOMEM, "post", "out of memory");
    if (p->sent == 0)
        p->start_ms = ts_boot_ms();
    /* By when the events before this batch should have gone out. */
    if (p->speed > 0)
        sleep_ms(p->start_ms + (int64_t)(p->sent * 1000 / p->speed) - ts_boot_ms());
    st = deliver(p, &b->to, ts_buf_view(&b->body), err);
    if (st == TS_OK)
        st = read_totals(p, err);
    p->sent += b->count;
    b->count = 0;
    ts_buf_clear(&b->body);
    return st;
}

ts_status sim_post_flush(sim_post *p, ts_error *err)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < SIM_SOURCES && st == TS_OK; i++)
        st = send_batch(p, &p->batches[i], err);
    return st;
}

ts_status sim_post_directory(sim_post *p, ts_str people, ts_error *err)
{
    ts_json root, rejected;
    ts_status st = deliver(p, &p->directory, people, err);

    if (st != TS_OK)
        return st;
    if (parse_answer(p, &root) != TS_OK || !ts_json_path(root, "data.rejected_count", &rejected))
        return ts_fail(err, TS_CORRUPT, "post", "the answer to an upload lacks rejected_count");
    if (ts_json_i64(rejected, -1) != 0)
        return ts_fail(err, TS_INVALID, "post", "the directory refuses %lld of the people",
                       (long long)ts_json_i64(rejected, -1));
    return TS_OK;
}

ts_status sim_post_record(sim_post *p, sim_source source, ts_str line, ts_error *err)
{
    batch *b = &p->batches[source];

    ts_buf_str(&b->body, line);
    b->count++;
    return b->count < SIM_POST_BATCH ? TS_OK : send_batch(p, b, err);
}

sim_post_totals sim_post_totals_of(const sim_post *p)
{
    return p->totals;
}
