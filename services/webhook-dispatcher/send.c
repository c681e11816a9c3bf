#include "send.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define POLL_MS          60000 /* woken earlier by work and by libcurl's own timers */
#define CONNECTIONS_KEPT 64    /* idle ones beside those in use */

/* A handle and its options are made once and used for one job after another. */
typedef struct transfer {
    work_job *job; /* NULL: idle */
    CURL *easy;
    struct curl_slist *headers;
    const ts_ssrf_policy *policy;
    int64_t start_boot_ms;
    size_t body_n;
    size_t header_n;
    bool is_blocked;
    bool is_cut;      /* we stopped reading: the status still counts */
    bool is_answered; /* all headers of an answer are there */
    struct transfer *next, *previous;
} transfer;

struct sender {
    const dispatcher_config *config;
    const ts_ssrf_policy *policy;
    work *work;
    CURLM *multi;
    pthread_t thread;
    transfer *active;
    transfer *idle;     /* by `next` */
    work_list finished; /* told of once a round */
    atomic_bool stopping;
    atomic_llong give_up_boot_ms;
    ts_metric *sent;
    ts_metric *blocked;
};

/* ---- callbacks ---- */

/* Who reads this log may know the address; the endpoint's owner may not. */
static void block(transfer *t, const char *address)
{
    if (!t->is_blocked)
        ts_info(TS_MSG("address refused"), TS_F_Z("address", address),
                TS_F_Z("endpoint_id", t->job->delivery->endpoint_id),
                TS_F_Z("event_id", t->job->delivery->event_id));
    t->is_blocked = true;
}

static void spell(const struct sockaddr *address, char ret[INET6_ADDRSTRLEN])
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    ret[0] = '\0';
    memcpy(&in, address, sizeof(in));
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &in.sin_addr, ret, INET6_ADDRSTRLEN);
    if (address->sa_family != AF_INET6)
        return;
    memcpy(&in6, address, sizeof(in6));
    inet_ntop(AF_INET6, &in6.sin6_addr, ret, INET6_ADDRSTRLEN);
}

/* Called for each candidate address. One that is refused fails the whole attempt: an answer that mixes public and private
 * addresses is an attack or a mistake. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    transfer *t = context;

    (void)purpose;
    if (t->is_blocked || !ts_ssrf_allows(t->policy, &address->addr)) {
        char text[INET6_ADDRSTRLEN];

        spell(&address->addr, text);
        block(t, text);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A kept connection is not opened again, so its address is judged here. */
static int before_request(void *context, char *peer, char *local, int peer_port, int local_port)
{
    transfer *t = context;

    (void)local;
    (void)peer_port;
    (void)local_port;
    if (peer != NULL && ts_ssrf_allows_text(t->policy, ts_str_of(peer)))
        return CURL_PREREQFUNC_OK;
    block(t, peer == NULL ? "" : peer);
    return CURL_PREREQFUNC_ABORT;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    transfer *t = context;
    size_t n = size * count;
    size_t room = WORK_RESPONSE_MAX - t->job->response_n;
    size_t kept = n < room ? n : room;

    memcpy(t->job->response + t->job->response_n, data, kept);
    t->job->response_n += kept;
    t->body_n += n;
    if (t->body_n > SEND_ANSWER_MAX) {
        t->is_cut = true;
        return 0;
    }
    return n;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    transfer *t = context;

    t->header_n += size * count;
    t->is_answered = t->is_answered || (size * count == 2 && data[0] == '\r');
    return t->header_n > SEND_ANSWER_MAX ? 0 : size * count;
}

/* ---- one attempt ---- */

static const char *class_of(CURLcode code)
{
    switch (code) { /* only those that tell something apart; a class for each code would be noise */
    case CURLE_OK: return "";
    case CURLE_OPERATION_TIMEDOUT: return "timeout";
    case CURLE_COULDNT_RESOLVE_HOST: return "dns";
    case CURLE_COULDNT_CONNECT: return "connect";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return "tls";
    default: return "protocol";
    }
}

static void free_transfer(transfer *t)
{
    if (t->easy != NULL)
        curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    free(t);
}

static void unlink_transfer(sender *s, transfer *t)
{
    if (t->previous == NULL)
        s->active = t->next;
    else
        t->previous->next = t->next;
    if (t->next != NULL)
        t->next->previous = t->previous;
}

static bool add_headers(transfer *t)
{
    const Ts__Webhooks__LeasedDelivery *d = t->job->delivery;

    for (size_t i = 0; i < d->n_headers; i++) {
        struct curl_slist *longer = curl_slist_append(t->headers, d->headers[i]);

        if (longer == NULL)
            return false;
        t->headers = longer;
    }
    t->headers =
        curl_slist_append(t->headers, "Expect:"); /* no 100-continue: one round trip less */
    return t->headers != NULL;
}

/* What is the same for all jobs. */
static bool set_options(const sender *s, transfer *t)
{
    CURL *e = t->easy;
    const char *protocols = s->config->allow_http ? "http,https" : "https";
    bool ok = true;

    ok = ok && curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PROXY, "") ==
                   CURLE_OK; /* the environment's would hide the target */
    ok = ok && curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)s->config->timeout_ms) == CURLE_OK;
    ok = ok &&
         curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, (long)s->config->dns_cache_s) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, before_request) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PREREQDATA, t) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_WRITEDATA, t) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_HEADERDATA, t) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PRIVATE, t) == CURLE_OK;
    if (s->config->ca_file[0] != '\0')
        ok = ok && curl_easy_setopt(e, CURLOPT_CAINFO, s->config->ca_file) == CURLE_OK;
    return ok;
}

static bool set_job(transfer *t)
{
    const Ts__Webhooks__LeasedDelivery *d = t->job->delivery;
    CURL *e = t->easy;
    curl_off_t n = (curl_off_t)d->body.len;
    bool ok = add_headers(t);

    ok = ok && curl_easy_setopt(e, CURLOPT_URL, d->url) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, n) == CURLE_OK;
    return ok && curl_easy_setopt(e, CURLOPT_POSTFIELDS, (const char *)d->body.data) == CURLE_OK;
}

/* An idle one, or a new one; NULL if out of memory. */
static transfer *take_transfer(sender *s)
{
    transfer *t = s->idle;

    if (t != NULL) {
        s->idle = t->next;
        t->next = NULL;
        return t;
    }
    t = calloc(1, sizeof(*t));
    if (t == NULL)
        return NULL;
    t->policy = s->policy;
    t->easy = curl_easy_init();
    if (t->easy == NULL || !set_options(s, t)) {
        free_transfer(t);
        return NULL;
    }
    return t;
}

/* Ready for the next job; the connection stays with the multi handle. */
static void rest_transfer(sender *s, transfer *t)
{
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(t->headers);
    *t = (transfer){ .easy = t->easy, .policy = t->policy, .next = s->idle };
    s->idle = t;
}

/* Ends a job that no request was made for. */
static void give_back(sender *s, work_job *job)
{
    job->returned = true;
    job->error = "";
    work_push(&s->finished, job);
}

static void start_job(sender *s, work_job *job)
{
    transfer *t;

    if (job->lease_until_boot_ms - ts_boot_ms() < s->config->timeout_ms + SEND_MARGIN_MS) {
        give_back(s, job); /* the lease would end before we know what became of it */
        return;
    }
    t = take_transfer(s);
    if (t == NULL) {
        give_back(s, job);
        return;
    }
    t->job = job;
    t->start_boot_ms = ts_boot_ms();
    job->at_ms = ts_wall_ms();
    if (!set_job(t) || curl_multi_add_handle(s->multi, t->easy) != CURLM_OK) {
        rest_transfer(s, t);
        give_back(s, job);
        return;
    }
    t->next = s->active;
    if (s->active != NULL)
        s->active->previous = t;
    s->active = t;
}

static void end_transfer(sender *s, transfer *t, CURLcode code)
{
    work_job *job = t->job;
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(s->multi, t->easy);
    unlink_transfer(s, t);
    job->duration_ms = (uint32_t)(ts_boot_ms() - t->start_boot_ms);
    /* A receiver that said yes in time and then never ends its words has said yes. */
    if (code == CURLE_OPERATION_TIMEDOUT && t->is_answered && status >= 200)
        t->is_cut = true;
    job->error = t->is_blocked && code != CURLE_OK ? "blocked_address"
                 : t->is_cut                       ? ""
                                                   : class_of(code);
    job->status_code = job->error[0] == '\0' ? (uint32_t)status : 0;
    if (t->is_blocked)
        ts_metric_add(s->blocked, 1);
    ts_metric_add(s->sent, 1);
    rest_transfer(s, t);
    work_push(&s->finished, job);
}

/* ---- the thread ---- */

static void start_new(sender *s)
{
    work_list todo = work_take_todo(s->work);
    work_job *job;

    while ((job = work_pop(&todo)) != NULL) {
        if (atomic_load(&s->stopping))
            give_back(s, job);
        else
            start_job(s, job);
    }
}

static void end_finished(sender *s)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(s->multi, &left)) != NULL) {
        transfer *t = NULL;
        CURLcode code = message->data.result;

        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t) == CURLE_OK)
            end_transfer(s, t, code);
    }
}

static void abandon_all(sender *s)
{
    while (s->active != NULL) {
        transfer *t = s->active;
        work_job *job = t->job;

        curl_multi_remove_handle(s->multi, t->easy);
        unlink_transfer(s, t);
        rest_transfer(s, t);
        give_back(s, job); /* it may have arrived; receivers know an event by its id */
    }
}

static int poll_ms(const sender *s)
{
    int64_t left_ms;

    if (!atomic_load(&s->stopping))
        return POLL_MS;
    left_ms = atomic_load(&s->give_up_boot_ms) - ts_boot_ms();
    return left_ms < 0 ? 0 : left_ms > POLL_MS ? POLL_MS : (int)left_ms;
}

static void *sender_main(void *argument)
{
    sender *s = argument;

    for (;;) {
        int running = 0;

        start_new(s);
        curl_multi_perform(s->multi, &running);
        end_finished(s);
        work_finish(s->work, &s->finished);
        if (atomic_load(&s->stopping) &&
            (s->active == NULL || ts_boot_ms() >= atomic_load(&s->give_up_boot_ms)))
            break;
        curl_multi_poll(s->multi, NULL, 0, poll_ms(s), NULL);
    }
    abandon_all(s);
    start_new(s); /* gives back what came last */
    work_finish(s->work, &s->finished);
    return NULL;
}

ts_status sender_start(const dispatcher_config *config, const ts_ssrf_policy *policy, work *w,
                       sender **ret, ts_error *err)
{
    sender *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    s->config = config;
    s->policy = policy;
    s->work = w;
    s->sent = ts_counter("ts_webhook_dispatcher_attempts_total", "", "requests made");
    s->blocked = ts_counter("ts_webhook_dispatcher_blocked_total", "",
                            "attempts refused for the address that they would have gone to");
    s->multi = curl_multi_init();
    if (s->multi != NULL)
        curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS,
                          (long)config->parallel + CONNECTIONS_KEPT);
    if (s->multi == NULL || pthread_create(&s->thread, NULL, sender_main, s) != 0) {
        curl_multi_cleanup(s->multi);
        free(s);
        return ts_fail(err, TS_NOMEM, "", "cannot start the sender's thread");
    }
    *ret = s;
    return TS_OK;
}

void sender_wake(sender *s)
{
    curl_multi_wakeup(s->multi);
}

void sender_stop(sender *s, int64_t drain_ms)
{
    if (s == NULL)
        return;
    atomic_store(&s->give_up_boot_ms, ts_boot_ms() + drain_ms);
    atomic_store(&s->stopping, true);
    curl_multi_wakeup(s->multi);
    pthread_join(s->thread, NULL);
    while (s->idle != NULL) {
        transfer *t = s->idle;

        s->idle = t->next;
        free_transfer(t);
    }
    curl_multi_cleanup(s->multi);
    free(s);
}
