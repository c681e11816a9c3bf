/* A slot is a thread with a curl handle of its own, and so with a connection that it keeps. Who asks takes a slot that rests, hands
 * it a request and waits; if its time is over first it goes, and the slot rests again when libcurl comes back. So nothing that a
 * thread touches ends before the thread is done with it, and no more than `parallel` questions are ever out.
 */
#include "endpoint.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "agent/curl.h"
#include "breaker.h"
#include "completion.h"
#include "http/guard.h"
#include "ts/buf.h"
#include "ts/json.h"
#include "ts/log.h"
#include "ts/time.h"
#include "ts/wait.h"

#define KEY_MAX     1024u
#define REQUEST_MAX ((size_t)64 * 1024)
#define HEADERS_MAX ((size_t)64 * 1024)
#define CONTENT_MAX ((size_t)16 * 1024) /* of what the model wrote */

typedef enum slot_state {
    RESTING,
    ASKED, /* a request waits for the thread */
    AT_WORK,
    LEFT, /* at work, but nobody waits for it any more */
    DONE  /* the answer waits for who asked */
} slot_state;

typedef struct slot {
    endpoint *of;
    pthread_t thread;
    ts_cond news; /* for the thread: a request, or the end; for who asked: the answer */
    slot_state state;
    int64_t timeout_ms;
    ts_buf request;
    ts_buf content;
    endpoint_outcome outcome;

    /* The thread's alone. */
    CURL *easy;
    ts_buf body;
    size_t header_bytes;
    ts_json_parser *parser;
} slot;

struct endpoint {
    const curl_api *curl;
    endpoint_options options;
    char *url;
    char *model;
    char *ca_file;
    bool is_https;
    struct curl_slist *headers;
    atomic_bool is_ending; /* also asked by libcurl, while it works */
    pthread_mutex_t
        mutex; /* guards all below, and state, timeout, request, content, outcome of the slots */
    breaker breaker;
    slot *slots;
    size_t count;
};

const char *endpoint_outcome_name(endpoint_outcome outcome)
{
    switch (outcome) {
    case ENDPOINT_ANSWERED: return "answered";
    case ENDPOINT_TIMEOUT: return "timeout";
    case ENDPOINT_UNREACHABLE: return "unreachable";
    case ENDPOINT_REFUSED: return "refused";
    case ENDPOINT_LIMITED: return "limited";
    case ENDPOINT_REDIRECT: return "redirect";
    case ENDPOINT_ERROR: return "error";
    case ENDPOINT_TOO_LARGE: return "too_large";
    case ENDPOINT_GARBAGE: return "garbage";
    case ENDPOINT_BUSY: return "busy";
    case ENDPOINT_PAUSED: return "paused";
    }
    return "unknown";
}

/* ---- the address ---- */

static bool holds_only(ts_str text, const char *others)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return true;
}

ts_status endpoint_url_check(ts_str url, bool allow_http, ts_error *err)
{
    static const ts_str https = { "https://", 8 };
    static const ts_str http = { "http://", 7 };
    static const char name[] = "TS_GATEWAY_LLM_URL";
    bool is_https = ts_str_starts(url, https);
    ts_str rest, host;

    if (!is_https && !ts_str_starts(url, http))
        return ts_fail(err, TS_INVALID, name, "must begin with https:// or http://");
    rest = ts_str_n(url.p + (is_https ? 8 : 7), url.n - (is_https ? 8 : 7));
    host = ts_str_n(rest.p, ts_str_find(rest, '/'));
    if (host.n == 0 || host.p[0] == ':' || !holds_only(host, ".-:[]_"))
        return ts_fail(err, TS_INVALID, name,
                       "must name a host, as https://host:port/v1; no user, query or fragment");
    if (!holds_only(ts_str_n(rest.p + host.n, rest.n - host.n), "/.-_~"))
        return ts_fail(err, TS_INVALID, name,
                       "may have a path of letters, digits and /.-_~ only, as https://host/v1");
    if (!is_https && !allow_http && !http_guard_host(host, NULL, 0))
        return ts_fail(err, TS_INVALID, name,
                       "must be https:// for other machines, or set TS_GATEWAY_LLM_ALLOW_HTTP=1");
    return TS_OK;
}

/* ---- libcurl's callbacks ---- */

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    slot *s = context;

    ts_buf_add(&s->body, data, size * count);
    return ts_buf_status(&s->body) == TS_OK ? size * count : 0;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    slot *s = context;

    (void)data;
    s->header_bytes += size * count;
    return s->header_bytes > HEADERS_MAX ? 0 : size * count;
}

static int is_over(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                   curl_off_t up)
{
    const endpoint *e = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(&e->is_ending) ? 1 : 0;
}

/* ---- one question ---- */

static bool set_options(slot *s)
{
    const endpoint *e = s->of;
    __typeof__(curl_easy_setopt) *set = e->curl->set;
    CURL *c = s->easy;
    bool ok = set(c, CURLOPT_URL, e->url) == CURLE_OK;

    ok = ok && set(c, CURLOPT_PROTOCOLS_STR, e->is_https ? "https" : "http") == CURLE_OK;
    ok = ok && set(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok = ok && set(c, CURLOPT_PROXY, "") == CURLE_OK;
    ok = ok && set(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
    ok = ok && set(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok = ok && set(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    /* A name server that does not answer must not hold the thread past its time. */
    ok = ok && set(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
    ok = ok && set(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    ok = ok && set(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    ok = ok && set(c, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK;
    ok = ok && set(c, CURLOPT_WRITEDATA, s) == CURLE_OK;
    ok = ok && set(c, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK;
    ok = ok && set(c, CURLOPT_HEADERDATA, s) == CURLE_OK;
    ok = ok && set(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
    ok = ok && set(c, CURLOPT_XFERINFOFUNCTION, is_over) == CURLE_OK;
    ok = ok && set(c, CURLOPT_XFERINFODATA, e) == CURLE_OK;
    ok = ok && set(c, CURLOPT_POST, 1L) == CURLE_OK;
    ok = ok && set(c, CURLOPT_HTTPHEADER, e->headers) == CURLE_OK;
    if (e->ca_file[0] != '\0')
        ok = ok && set(c, CURLOPT_CAINFO, e->ca_file) == CURLE_OK;
    return ok;
}

static endpoint_outcome judge(const slot *s, CURLcode code)
{
    long status = 0;

    if (code == CURLE_OPERATION_TIMEDOUT)
        return ENDPOINT_TIMEOUT;
    if (code == CURLE_WRITE_ERROR)
        return ENDPOINT_TOO_LARGE;
    if (code != CURLE_OK || s->of->curl->get_info(s->easy, CURLINFO_RESPONSE_CODE, &status) != 0)
        return ENDPOINT_UNREACHABLE;
    if (status == 200)
        return ENDPOINT_ANSWERED;
    if (status == 401 || status == 403)
        return ENDPOINT_REFUSED;
    if (status == 429)
        return ENDPOINT_LIMITED;
    return status >= 300 && status < 400 ? ENDPOINT_REDIRECT : ENDPOINT_ERROR;
}

static endpoint_outcome keep_content(slot *s)
{
    ts_str content;

    if (completion_read(s->parser, ts_buf_view(&s->body), &content) != TS_OK)
        return ENDPOINT_GARBAGE;
    ts_buf_clear(&s->content);
    ts_buf_str(&s->content, content);
    return ts_buf_status(&s->content) == TS_OK ? ENDPOINT_ANSWERED : ENDPOINT_TOO_LARGE;
}

/* Without the mutex: while a slot is at work its thread alone touches it, but for its state. */
static endpoint_outcome work(slot *s)
{
    const curl_api *curl = s->of->curl;
    endpoint_outcome outcome;

    if (s->easy == NULL)
        s->easy = curl->init();
    if (s->easy == NULL)
        return ENDPOINT_UNREACHABLE;
    /* libcurl tries again by itself where a kept connection ends as it is used, but up to 7.88 at
     * least only five times from one reset to the next. Connections outlive it. */
    curl->reset(s->easy);
    ts_buf_clear(&s->body);
    s->header_bytes = 0;
    if (!set_options(s) ||
        curl->set(s->easy, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms) != CURLE_OK ||
        curl->set(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->request.size) != CURLE_OK ||
        curl->set(s->easy, CURLOPT_POSTFIELDS, s->request.data) != CURLE_OK)
        return ENDPOINT_UNREACHABLE;
    outcome = judge(s, curl->perform(s->easy));
    return outcome == ENDPOINT_ANSWERED ? keep_content(s) : outcome;
}

/* Under the mutex. */
static void tell_breaker(endpoint *e, endpoint_outcome outcome)
{
    if (!breaker_told(&e->breaker, outcome == ENDPOINT_ANSWERED, ts_boot_ms()))
        return;
    if (outcome == ENDPOINT_ANSWERED)
        ts_info(TS_MSG("the model answers again"));
    else
        ts_warn(TS_MSG("the model is not asked for a while"),
                TS_F_Z("outcome", endpoint_outcome_name(outcome)),
                TS_F_I64("failures", e->breaker.failures),
                TS_F_I64("pause_ms", e->breaker.pause_ms));
}

static void *run(void *context)
{
    slot *s = context;
    endpoint *e = s->of;

    pthread_mutex_lock(&e->mutex);
    while (!atomic_load(&e->is_ending)) {
        endpoint_outcome outcome;

        if (s->state != ASKED) {
            ts_cond_wait(&s->news, &e->mutex, TS_FOREVER);
            continue;
        }
        s->state = AT_WORK;
        pthread_mutex_unlock(&e->mutex);
        outcome = work(s);
        pthread_mutex_lock(&e->mutex);
        tell_breaker(e, outcome);
        s->outcome = outcome;
        s->state = s->state == LEFT ? RESTING : DONE;
        ts_cond_broadcast(&s->news);
    }
    pthread_mutex_unlock(&e->mutex);
    return NULL;
}

static ts_status write_request(const endpoint *e, slot *s, ts_str system, ts_str user)
{
    ts_buf_clear(&s->request);
    completion_write(e->model, system, user, &s->request);
    return ts_buf_status(&s->request);
}

/* Under the mutex. A slot whose request is written; NULL with the reason. */
static slot *take_slot(endpoint *e, ts_str system, ts_str user, endpoint_outcome *ret)
{
    slot *s = NULL;

    for (size_t i = 0; i < e->count && s == NULL; i++) {
        if (e->slots[i].state == RESTING)
            s = &e->slots[i];
    }
    *ret = ENDPOINT_BUSY;
    if (s == NULL || write_request(e, s, system, user) != TS_OK)
        return NULL;
    *ret = ENDPOINT_PAUSED;
    return breaker_admits(&e->breaker, ts_boot_ms()) ? s : NULL;
}

endpoint_outcome endpoint_ask(endpoint *e, ts_str system, ts_str user, int64_t deadline_boot_ms,
                              ts_arena *arena, ts_str *ret)
{
    int64_t left_ms = deadline_boot_ms - ts_boot_ms();
    endpoint_outcome outcome = ENDPOINT_TIMEOUT;
    slot *s;

    if (left_ms <= 0)
        return ENDPOINT_TIMEOUT;
    pthread_mutex_lock(&e->mutex);
    s = take_slot(e, system, user, &outcome);
    if (s != NULL) {
        s->timeout_ms = left_ms;
        s->state = ASKED;
        ts_cond_broadcast(&s->news);
        while (s->state != DONE && ts_cond_wait(&s->news, &e->mutex, deadline_boot_ms))
            ;
        outcome = s->state == DONE ? s->outcome : ENDPOINT_TIMEOUT;
        if (outcome == ENDPOINT_ANSWERED)
            *ret = ts_arena_str(arena, ts_buf_view(&s->content));
        if (s->state == ASKED) /* its thread has not even seen it */
            tell_breaker(e, outcome);
        s->state = s->state == AT_WORK ? LEFT : RESTING;
    }
    pthread_mutex_unlock(&e->mutex);
    return outcome;
}

/* ---- making ---- */

/* What a header may hold. */
static ts_status read_key(const char *path, char ret[KEY_MAX + 2], ts_error *err)
{
    static const char name[] = "TS_GATEWAY_LLM_KEY_FILE";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, ret, KEY_MAX + 1);

    if (fd >= 0)
        (void)close(fd);
    if (n < 0)
        return ts_fail(err, TS_INVALID, name, "cannot be read");
    while (n > 0 && (ret[n - 1] == '\n' || ret[n - 1] == '\r'))
        n--;
    ret[n] = '\0';
    if (n == 0 || n > (ssize_t)KEY_MAX)
        return ts_fail(err, TS_INVALID, name, "must hold a key of 1 to %u characters", KEY_MAX);
    for (ssize_t i = 0; i < n; i++) {
        if (ret[i] <= ' ' || ret[i] > '~')
            return ts_fail(err, TS_INVALID, name,
                           "must hold nothing but a key: one line of ASCII without blanks");
    }
    return TS_OK;
}

static ts_status add_header(endpoint *e, const char *line)
{
    struct curl_slist *longer = e->curl->append(e->headers, line);

    if (longer == NULL)
        return TS_NOMEM;
    e->headers = longer;
    return TS_OK;
}

static ts_status add_key(endpoint *e, const char *path, ts_error *err)
{
    char key[KEY_MAX + 2];
    char line[KEY_MAX + 32];
    ts_status st = read_key(path, key, err);

    if (st == TS_OK) {
        snprintf(line, sizeof(line), "Authorization: Bearer %s", key);
        st = add_header(e, line);
    }
    ts_wipe(key, sizeof(key));
    ts_wipe(line, sizeof(line));
    return st;
}

static ts_status add_headers(endpoint *e, const char *key_file, ts_error *err)
{
    ts_status st = add_header(e, "Content-Type: application/json");

    if (st == TS_OK)
        st = add_header(e, "Accept: application/json");
    if (st == TS_OK)
        st = add_header(e, "Expect:"); /* no 100-continue: one round trip less */
    if (st == TS_OK && key_file[0] != '\0')
        st = add_key(e, key_file, err);
    return st;
}

static ts_status start_slot(endpoint *e, slot *s)
{
    s->of = e;
    s->request = TS_BUF_INIT(REQUEST_MAX);
    s->content = TS_BUF_INIT(CONTENT_MAX);
    s->body = TS_BUF_INIT(e->options.answer_max);
    s->parser = ts_json_parser_new(e->options.answer_max);
    if (s->parser == NULL)
        return TS_NOMEM;
    s->news = TS_COND_INIT;
    if (pthread_create(&s->thread, NULL, run, s) == 0)
        return TS_OK;
    ts_json_parser_free(s->parser);
    return TS_NOMEM;
}

static ts_status fill(endpoint *e, ts_error *err)
{
    const endpoint_options *o = &e->options;
    ts_str url = ts_str_of(o->url);
    ts_status st = endpoint_url_check(url, o->allow_http, err);

    if (st == TS_OK && o->model[0] == '\0')
        st = ts_fail(err, TS_INVALID, "TS_GATEWAY_LLM_MODEL", "must name the endpoint's model");
    if (st == TS_OK)
        st = curl_api_load(&e->curl, err);
    if (st == TS_OK)
        st = add_headers(e, o->key_file, err);
    if (st != TS_OK)
        return st;
    while (url.n > 0 && url.p[url.n - 1] == '/')
        url.n--;
    e->is_https = ts_str_starts(url, TS_STR_LIT("https"));
    e->model = strdup(o->model);
    e->ca_file = strdup(o->ca_file);
    e->slots = calloc((size_t)o->parallel, sizeof(slot));
    if (asprintf(&e->url, "%.*s/chat/completions", (int)url.n, url.p) < 0)
        e->url = NULL;
    if (e->url == NULL || e->model == NULL || e->ca_file == NULL || e->slots == NULL)
        return TS_NOMEM;
    while (st == TS_OK && e->count < (size_t)o->parallel) {
        st = start_slot(e, &e->slots[e->count]);
        e->count += st == TS_OK;
    }
    return st;
}

ts_status endpoint_new(const endpoint_options *options, endpoint **ret, ts_error *err)
{
    TS_CLEANUP(endpoint_free_p) endpoint *e = calloc(1, sizeof(*e));
    ts_status st;

    if (e == NULL)
        return TS_NOMEM;
    e->options = *options;
    e->breaker = (breaker){ .limit = options->failures, .pause_ms = options->pause_ms };
    pthread_mutex_init(&e->mutex, NULL);
    st = fill(e, err);
    if (st == TS_OK)
        *ret = TS_TAKE(e);
    return st;
}

static void free_slot(slot *s)
{
    if (s->easy != NULL)
        s->of->curl->cleanup(s->easy);
    ts_json_parser_free(s->parser);
    ts_buf_done(&s->request);
    ts_buf_done(&s->content);
    ts_buf_done(&s->body);
}

void endpoint_free(endpoint *e)
{
    if (e == NULL)
        return;
    pthread_mutex_lock(&e->mutex);
    atomic_store(&e->is_ending, true);
    for (size_t i = 0; i < e->count; i++)
        ts_cond_broadcast(&e->slots[i].news);
    pthread_mutex_unlock(&e->mutex);
    for (size_t i = 0; i < e->count; i++)
        (void)pthread_join(e->slots[i].thread, NULL);
    for (size_t i = 0; i < e->count; i++)
        free_slot(&e->slots[i]);
    for (struct curl_slist *h = e->headers; h != NULL; h = h->next)
        ts_wipe(h->data, strlen(h->data));
    if (e->curl != NULL)
        e->curl->free_all(e->headers);
    pthread_mutex_destroy(&e->mutex);
    free(e->slots);
    free(e->url);
    free(e->model);
    free(e->ca_file);
    free(e);
}
