/* The sender alone: signs and posts COUNT deliveries to a URL with PARALLEL under way, as a dispatcher would that has them all
 * at hand. With 0 threads the least that libcurl's multi interface can do instead: one body, no signature, no headers and
 * no checks of ours. Prints deliveries a second and microseconds of CPU for one.
 *
 *   bench_sender URL PARALLEL THREADS COUNT
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "loop.h"
#include "send.h"
#include "sign.h"
#include "ts/time.h"

#define ARENA_BYTES ((size_t)4 << 20)
#define BODY                                                                                       \
    "{\"id\":\"evt_3aZkQ0v1wYb7cD9eF2gH4i\",\"event\":\"incident.created\",\"timestamp\":"         \
    "\"2025-01-15T10:30:00.000Z\",\"data\":{\"t\":0,\"incident_id\":\"inc_3aZkQ0\",\"severity\":"  \
    "\"high\",\"title\":\"Possible account takeover\",\"affected_user\":\"j.smith@example.com\"}}"

/* As many more as there is room for, signed into one arena like an answer of the ledger. */
static bool put_more(work *w, const char *url, const char *secret, uint32_t count)
{
    work_batch *batch = calloc(1, sizeof(*batch));
    work_list made = { 0 };

    if (batch == NULL || (batch->arena = ts_arena_new(ARENA_BYTES)) == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        sign_input in = { .secret = secret,
                          .event_id = "evt_3aZkQ0v1wYb7cD9eF2gH4i",
                          .endpoint_id = "whe_3aZkQ0v1wYb7cD9eF2gH4i",
                          .attempt = 1,
                          .now_ms = ts_wall_ms(),
                          .body = TS_STR_LIT(BODY) };
        Ts__Webhooks__LeasedDelivery *d = ts_arena_alloc(batch->arena, sizeof(*d));
        work_job *job = calloc(1, sizeof(*job));

        if (d == NULL || job == NULL)
            return false;
        ts__webhooks__leased_delivery__init(d);
        if (sign_headers(&in, batch->arena, &d->headers, &d->n_headers) != TS_OK)
            return false;
        d->url = (char *)(uintptr_t)url; /* only read */
        d->body.data = (uint8_t *)(uintptr_t)in.body.p;
        d->body.len = in.body.n;
        job->batch = batch;
        job->delivery = d;
        job->error = "";
        job->lease_until_boot_ms = ts_boot_ms() + 60000;
        batch->refs++;
        work_push(&made, job);
    }
    pthread_mutex_lock(&w->lock);
    w->taken += count;
    for (work_job *job; (job = work_pop(&made)) != NULL;)
        work_push(&w->todo, job);
    pthread_mutex_unlock(&w->lock);
    return true;
}

/* Those that have ended; waits for the first. */
static uint32_t take_back(work *w, work_job **list, uint32_t max, uint64_t *failed)
{
    uint32_t n = 0;

    pthread_mutex_lock(&w->lock);
    while (w->done.first == NULL)
        work_wait(w, -1);
    while (n < max && w->done.first != NULL)
        list[n++] = work_pop(&w->done);
    pthread_mutex_unlock(&w->lock);
    for (uint32_t i = 0; i < n; i++)
        *failed += list[i]->status_code != 200;
    work_release(w, list, n);
    return n;
}

static void print_rate(uint64_t count, int64_t started_us)
{
    double us = (double)(ts_boot_us() - started_us);
    struct timespec cpu;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    printf("%.0f %.2f\n", (double)count * 1e6 / us,
           ((double)cpu.tv_sec * 1e6 + (double)cpu.tv_nsec / 1e3) / (double)count);
}

static size_t ignore(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static CURL *bare_transfer(const char *url)
{
    CURL *e = curl_easy_init();

    if (e == NULL || curl_easy_setopt(e, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, BODY) != CURLE_OK ||
        curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, ignore) != CURLE_OK ||
        curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) != CURLE_OK)
        return NULL;
    return e;
}

static int run_bare(const char *url, uint32_t parallel, uint64_t count)
{
    loop *l = NULL;
    int64_t started_us;
    uint64_t put = 0, got = 0, failed = 0;

    if (loop_new((long)parallel, &l) != TS_OK)
        return 1;
    started_us = ts_boot_us();
    for (; put < parallel && put < count; put++) {
        if (curl_multi_add_handle(loop_multi(l), bare_transfer(url)) != CURLM_OK)
            return 1;
    }
    while (got < count) {
        CURLMsg *message;
        int left;

        loop_run(l, 1000);
        while ((message = curl_multi_info_read(loop_multi(l), &left)) != NULL) {
            CURL *e = message->easy_handle;

            failed += message->data.result != CURLE_OK;
            got++;
            curl_multi_remove_handle(loop_multi(l), e);
            if (put == count)
                curl_easy_cleanup(e);
            else if (curl_multi_add_handle(loop_multi(l), e) == CURLM_OK)
                put++;
        }
    }
    print_rate(count, started_us);
    loop_free(l);
    return failed == 0 ? 0 : 1;
}

static int run(const char *url, uint32_t parallel, uint32_t threads, uint64_t count)
{
    dispatcher_config config = { .allow_http = true,
                                 .parallel = parallel,
                                 .threads = threads,
                                 .timeout_ms = 10000,
                                 .dns_cache_s = 60 };
    static const uint8_t key[SIGN_SECRET_BYTES] = { 1, 2, 3 };
    char secret[SIGN_SECRET_SIZE];
    ts_ssrf_policy policy = { .count = 0 };
    work_job **list = calloc(parallel, sizeof(work_job *));
    uint64_t put = 0, got = 0, failed = 0;
    int64_t started_us;
    sender *s = NULL;
    work w;

    if (list == NULL || ts_ssrf_policy_parse(TS_STR_LIT("127.0.0.0/8"), &policy, NULL) != TS_OK)
        return 1;
    sign_secret(key, secret);
    work_init(&w, parallel);
    if (sender_start(&config, &policy, &w, &s, NULL) != TS_OK)
        return 1;
    started_us = ts_boot_us();
    while (got < count) {
        uint64_t room = parallel - (put - got);

        if (room > count - put)
            room = count - put;
        if (room > 0 && !put_more(&w, url, secret, (uint32_t)room))
            return 1;
        put += room;
        if (room > 0)
            sender_wake(s);
        got += take_back(&w, list, parallel, &failed);
    }
    print_rate(count, started_us);
    sender_stop(s, 0);
    work_done(&w);
    free(list);
    return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint32_t parallel, threads;
    uint64_t count;
    int result;

    if (argc != 5) {
        fprintf(stderr, "usage: bench_sender URL PARALLEL THREADS COUNT\n");
        return 2;
    }
    parallel = (uint32_t)strtoul(argv[2], NULL, 10);
    threads = (uint32_t)strtoul(argv[3], NULL, 10);
    count = strtoull(argv[4], NULL, 10);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    result =
        threads == 0 ? run_bare(argv[1], parallel, count) : run(argv[1], parallel, threads, count);
    curl_global_cleanup();
    return result;
}
