#include "send.h"

#include <arpa/inet.h>
#include <stdatomic.h>

#include "loop.h"
#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/time.h"

#define POLL_MS          60000 /* woken earlier by work and by libcurl's own timers */
#define CONNECTIONS_KEPT 64    /* idle ones beside those in use */
#define HEADERS_FIRST    16    /* room for so many from the start */

typedef struct lane lane;

/* A handle is made once and used for one job after another. */
typedef struct transfer {
    work_job *job; /* NULL: idle */
    CURL *easy;
    lane *lane;
    struct curl_slist *headers; /* an array, linked; libcurl only reads it */
    size_t header_room;
    int64_t start_boot_ms;
    size_t body_n;
    size_t header_n;
    bool is_blocked;
    bool is_cut;      /* we stopped reading: the status still counts */
    bool is_answered; /* all headers of an answer are there */
    struct transfer *next, *previous;
} transfer;

/* A thread and what it has under way. A job that comes when there is room in the first lane goes there, so that little work
 * stays on one thread and its connections; a lane that is full wakes the next. */
struct lane {
    sender *sender;
    lane *after; /* NULL: the last */
    loop *loop;
    pthread_t thread;
    bool is_running;
    transfer *active;
    uint32_t active_count;
    transfer *idle;     /* by `next` */
    work_list finished; /* told of once a round */
};

struct sender {
    const dispatcher_config *config;
    const ts_ssrf_policy *policy;
    work *work;
    lane *lanes;
    size_t lane_count;
    uint32_t share; /* of `parallel`, at once in a lane */
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
        ts_info_rationed(t->job->delivery->endpoint_id, TS_MSG("address refused"),
                         TS_F_Z("address", address),
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
    if (t->is_blocked || !ts_ssrf_allows(t->lane->sender->policy, &address->addr)) {
        char text[INET6_ADDRSTRLEN];

        spell(&address->addr, text);
        block(t, text);
        return CURL_SOCKET_BAD;
    }
    return loop_open(t->lane->loop, address);
}

/* A kept connection is not opened again, so its address is judged here; and one that was opened beside another address of the
 * name, which was refused, does not go on. */
static int before_request(void *context, char *peer, char *local, int peer_port, int local_port)
{
    transfer *t = context;

    (void)local;
    (void)peer_port;
    (void)local_port;
    if (!t->is_blocked && peer != NULL &&
        ts_ssrf_allows_text(t->lane->sender->policy, ts_str_of(peer)))
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
    free(t->headers);
    free(t);
}

static void unlink_transfer(lane *l, transfer *t)
{
    l->active_count--;
    if (t->previous == NULL)
        l->active = t->next;
    else
        t->previous->next = t->next;
    if (t->next != NULL)
        t->next->previous = t->previous;
}

/* Links what is in the lease; no copy. */
static bool set_headers(transfer *t)
{
    static char no_expect[] = "Expect:"; /* no 100-continue: one round trip less */
    const Ts__Webhooks__LeasedDelivery *d = t->job->delivery;
    size_t count = d->n_headers + 1;

    if (count > t->header_room) {
        size_t room = count < HEADERS_FIRST ? HEADERS_FIRST : count;
        struct curl_slist *longer = realloc(t->headers, room * sizeof(*longer));

        if (longer == NULL)
            return false;
        t->headers = longer;
        t->header_room = room;
    }
    for (size_t i = 0; i < count; i++)
        t->headers[i] = (struct curl_slist){
            .data = i < d->n_headers ? d->headers[i] : no_expect,
            .next = i + 1 < count ? &t->headers[i + 1] : NULL,
        };
    return true;
}

static bool set_callbacks(lane *l, transfer *t)
{
    CURL *e = t->easy;
    bool ok = true;

    ok = ok && curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, loop_close_socket) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, l->loop) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, before_request) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PREREQDATA, t) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_WRITEDATA, t) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_HEADERDATA, t) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PRIVATE, t) == CURLE_OK;
    return ok;
}

/* What is the same for all jobs, and yet set for each: libcurl tries again by itself where a kept connection ends as it is used, but
 * up to 7.88 at least only five times from one reset to the next. Half a microsecond; connections outlive it. */
static bool set_options(lane *l, transfer *t)
{
    const dispatcher_config *config = l->sender->config;
    CURL *e = t->easy;
    const char *protocols = config->allow_http ? "http,https" : "https";
    bool ok = true;

    curl_easy_reset(e);
    ok = ok && curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_PROXY, "") ==
                   CURLE_OK; /* the environment's would hide the target */
    ok = ok && curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms) == CURLE_OK;
    /* An attempt that ends before its name is known does not wait for whoever asks for the name: all others would with it. */
    ok = ok && curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
    ok =
        ok && curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, (long)config->dns_cache_s) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK;
    if (config->ca_file[0] != '\0')
        ok = ok && curl_easy_setopt(e, CURLOPT_CAINFO, config->ca_file) == CURLE_OK;
    return ok && set_callbacks(l, t);
}

static bool set_job(lane *l, transfer *t)
{
    const Ts__Webhooks__LeasedDelivery *d = t->job->delivery;
    CURL *e = t->easy;
    curl_off_t n = (curl_off_t)d->body.len;
    bool ok = set_options(l, t) && set_headers(t);

    ok = ok && curl_easy_setopt(e, CURLOPT_URL, d->url) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
    ok = ok && curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, n) == CURLE_OK;
    return ok && curl_easy_setopt(e, CURLOPT_POSTFIELDS, (const char *)d->body.data) == CURLE_OK;
}

/* An idle one, or a new one; NULL if out of memory. */
static transfer *take_transfer(lane *l)
{
    transfer *t = l->idle;

    if (t != NULL) {
        l->idle = t->next;
        t->next = NULL;
        return t;
    }
    t = calloc(1, sizeof(*t));
    if (t == NULL)
        return NULL;
    t->lane = l;
    t->easy = curl_easy_init();
    if (t->easy == NULL) {
        free_transfer(t);
        return NULL;
    }
    return t;
}

/* Ready for the next job; the connection stays with the multi handle. */
static void rest_transfer(lane *l, transfer *t)
{
    *t = (transfer){ .easy = t->easy,
                     .lane = l,
                     .headers = t->headers,
                     .header_room = t->header_room,
                     .next = l->idle };
    l->idle = t;
}

/* Ends a job that no request was made for. */
static void give_back(lane *l, work_job *job)
{
    job->returned = true;
    job->error = "";
    work_push(&l->finished, job);
}

static void start_job(lane *l, work_job *job)
{
    transfer *t;

    if (job->lease_until_boot_ms - ts_boot_ms() < l->sender->config->timeout_ms + SEND_MARGIN_MS) {
        give_back(l, job); /* the lease would end before we know what became of it */
        return;
    }
    t = take_transfer(l);
    if (t == NULL) {
        give_back(l, job);
        return;
    }
    t->job = job;
    t->start_boot_ms = ts_boot_ms();
    job->at_ms = ts_wall_ms();
    if (!set_job(l, t) || curl_multi_add_handle(loop_multi(l->loop), t->easy) != CURLM_OK) {
        rest_transfer(l, t);
        give_back(l, job);
        return;
    }
    t->next = l->active;
    if (l->active != NULL)
        l->active->previous = t;
    l->active = t;
    l->active_count++;
}

static void end_transfer(lane *l, transfer *t, CURLcode code)
{
    work_job *job = t->job;
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(loop_multi(l->loop), t->easy);
    unlink_transfer(l, t);
    job->duration_ms = (uint32_t)(ts_boot_ms() - t->start_boot_ms);
    /* A receiver that said yes in time and then never ends its words has said yes. */
    if (code == CURLE_OPERATION_TIMEDOUT && t->is_answered && status >= 200)
        t->is_cut = true;
    job->error = t->is_blocked && code != CURLE_OK ? "blocked_address"
                 : t->is_cut                       ? ""
                                                   : class_of(code);
    job->status_code = job->error[0] == '\0' ? (uint32_t)status : 0;
    if (t->is_blocked)
        ts_metric_add(l->sender->blocked, 1);
    ts_metric_add(l->sender->sent, 1);
    rest_transfer(l, t);
    work_push(&l->finished, job);
}

/* ---- the thread ---- */

static void start_new(lane *l)
{
    sender *s = l->sender;
    bool stopping = atomic_load(&s->stopping);
    bool more = false;
    work_list todo =
        work_take_todo(s->work, stopping ? SIZE_MAX : s->share - l->active_count, &more);
    work_job *job;

    if (more && l->after != NULL)
        loop_wake(l->after->loop);
    while ((job = work_pop(&todo)) != NULL) {
        if (stopping)
            give_back(l, job);
        else
            start_job(l, job);
    }
}

static void end_finished(lane *l)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(loop_multi(l->loop), &left)) != NULL) {
        transfer *t = NULL;
        CURLcode code = message->data.result;

        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t) == CURLE_OK)
            end_transfer(l, t, code);
    }
}

static void abandon_all(lane *l)
{
    while (l->active != NULL) {
        transfer *t = l->active;
        work_job *job = t->job;

        curl_multi_remove_handle(loop_multi(l->loop), t->easy);
        unlink_transfer(l, t);
        rest_transfer(l, t);
        give_back(l, job); /* it may have arrived; receivers know an event by its id */
    }
}

static int64_t poll_ms(const sender *s)
{
    int64_t left_ms;

    if (!atomic_load(&s->stopping))
        return POLL_MS;
    left_ms = atomic_load(&s->give_up_boot_ms) - ts_boot_ms();
    return left_ms < 0 ? 0 : left_ms > POLL_MS ? POLL_MS : left_ms;
}

static void *lane_main(void *argument)
{
    lane *l = argument;
    sender *s = l->sender;

    for (;;) {
        loop_run(l->loop, poll_ms(s)); /* at first until it is woken */
        end_finished(l);
        start_new(l);
        work_finish(s->work, &l->finished);
        if (atomic_load(&s->stopping) &&
            (l->active == NULL || ts_boot_ms() >= atomic_load(&s->give_up_boot_ms)))
            break;
    }
    abandon_all(l);
    start_new(l); /* gives back what came last */
    work_finish(s->work, &l->finished);
    return NULL;
}

static bool make_lane(sender *s, lane *l)
{
    long idle_max = (long)s->share + CONNECTIONS_KEPT;

    l->sender = s;
    l->after = l + 1 < s->lanes + s->lane_count ? l + 1 : NULL;
    return loop_new(idle_max, &l->loop) == TS_OK;
}

ts_status sender_start(const dispatcher_config *config, const ts_ssrf_policy *policy, work *w,
                       sender **ret, ts_error *err)
{
    sender *s = calloc(1, sizeof(*s));
    bool ok;

    if (s == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    s->config = config;
    s->policy = policy;
    s->work = w;
    s->sent = ts_counter("ts_webhook_dispatcher_attempts_total", "", "requests made");
    s->blocked = ts_counter("ts_webhook_dispatcher_blocked_total", "",
                            "attempts refused for the address that they would have gone to");
    s->lane_count = (size_t)config->threads;
    s->share = (uint32_t)((config->parallel + config->threads - 1) / config->threads);
    s->lanes = calloc(s->lane_count, sizeof(*s->lanes));
    ok = s->lanes != NULL;
    for (size_t i = 0; ok && i < s->lane_count; i++)
        ok = make_lane(s, &s->lanes[i]);
    for (size_t i = 0; ok && i < s->lane_count; i++) { /* each may wake the next */
        lane *l = &s->lanes[i];

        ok = l->is_running = pthread_create(&l->thread, NULL, lane_main, l) == 0;
    }
    if (!ok) {
        sender_stop(s, 0);
        return ts_fail(err, TS_NOMEM, "", "cannot start the sender's threads");
    }
    *ret = s;
    return TS_OK;
}

void sender_wake(sender *s)
{
    loop_wake(s->lanes[0].loop);
}

static void stop_lane(lane *l)
{
    if (l->is_running)
        pthread_join(l->thread, NULL);
    while (l->idle != NULL) {
        transfer *t = l->idle;

        l->idle = t->next;
        free_transfer(t);
    }
}

void sender_stop(sender *s, int64_t drain_ms)
{
    if (s == NULL)
        return;
    atomic_store(&s->give_up_boot_ms, ts_boot_ms() + drain_ms);
    atomic_store(&s->stopping, true);
    for (size_t i = 0; s->lanes != NULL && i < s->lane_count; i++) {
        if (s->lanes[i].loop != NULL)
            loop_wake(s->lanes[i].loop);
    }
    for (size_t i = 0; s->lanes != NULL && i < s->lane_count; i++)
        stop_lane(
            &s->lanes[i]); /* a running one may wake the next: loops go after all have ended */
    for (size_t i = 0; s->lanes != NULL && i < s->lane_count; i++)
        loop_free(s->lanes[i].loop);
    free(s->lanes);
    free(s);
}
