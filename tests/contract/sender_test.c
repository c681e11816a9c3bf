/* The sender alone, against every spelling of an address inside, in each locale: libcurl understands more of them in a
 * UTF-8 locale, and digits and case differ between languages. Somebody listens inside; nobody may come. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <locale.h>
#include <netinet/in.h>

#include "check.h"
#include "send.h"

static const char *const locales[] = { "C", "C.UTF-8", "tr_TR.UTF-8", "ar_EG.UTF-8",
                                       "th_TH.UTF-8" };

/* Those that the machine lacks are made for this process, where the package `locales` is. */
static void make_locales(const char *directory)
{
    char source[8];
    char path[96];

    CHECK_EQ(setenv("LOCPATH", directory, 1), 0); /* NOLINT: before any thread */
    for (size_t i = 2; i < TS_COUNT(locales); i++) {
        snprintf(source, sizeof(source), "%.5s", locales[i]); /* up to the charset */
        snprintf(path, sizeof(path), "%s/%s", directory, locales[i]);
        if (RUN_PROGRAM("localedef", "--no-archive", "--quiet", "-f", "UTF-8", "-i", source,
                        path) != 0)
            printf("  locale %s cannot be made here\n", locales[i]);
    }
}

/* PORT is the one that is listened on. */
static const char *const vectors[] = {
    "http://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0X7F.1:PORT/",
    "http://017700000001:PORT/",
    "http://0177.0.0.01:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/",
    "http:127.0.0.1:PORT/",
    "http://127.0.0.1:000PORT/",
    "http://127.0.0.1:PORT#@example.com/",
    "http://example.com@127.0.0.1:PORT/",
    "http://example.com\\@127.0.0.1:PORT/",
    "http://user:secret@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\\@example.com/",
    "http://127.0.0.1%00.example.com:PORT/",
    "http:// 127.0.0.1:PORT/",
    "http://127.0.0.1\t:PORT/",
    /* circled, full-width, ideographic and Arabic digits and dots */
    "http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.\xe2\x93\xaa.\xe2\x93\xaa.\xe2\x91\xa0:PORT/",
    "http://127\xe3\x80\x82"
    "0\xe3\x80\x82"
    "0\xe3\x80\x82"
    "1:PORT/",
    "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:PORT/",
    "http://\xd9\xa1\xd9\xa2\xd9\xa7.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST:PORT/",
    "http://LoCaLhOsT.:PORT/",
    "http://foo.localhost:PORT/",
    "http://"
    "\xef\xbd\x8c\xef\xbd\x8f\xef\xbd\x83\xef\xbd\x81\xef\xbd\x8c\xef\xbd\x88\xef\xbd\x8f\xef\xbd"
    "\x93\xef\xbd\x94:PORT/",
    "http://localho\xc5\xbft:PORT/",
    "http://0:PORT/",
    "http://0.0.0.0:PORT/",
    "http://[::]:PORT/",
    "http://[::1]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[64:ff9b::7f00:1]:PORT/",
    "http://[fe80::1%25lo]:PORT/",
    "http://169.254.169.254:PORT/",
    "https://127.0.0.1:PORT/",
    "file:///etc/passwd?PORT",
    "gopher://127.0.0.1:PORT/_POST",
    "dict://127.0.0.1:PORT/x",
    "ftp://127.0.0.1:PORT/x",
    "telnet://127.0.0.1:PORT/",
    "smtp://127.0.0.1:PORT/",
};

static int listen_inside(int family, uint16_t *ret_port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(*ret_port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(*ret_port) };
    socklen_t n = sizeof(in);
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1; /* a machine without IPv6 */
    in.sin_addr.s_addr = htonl(INADDR_ANY);
    in6.sin6_addr = in6addr_loopback;
    if (family == AF_INET6)
        return bind(fd, (struct sockaddr *)&in6, sizeof(in6)) == 0 && listen(fd, 64) == 0 ? fd : -1;
    CHECK_EQ(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    CHECK_EQ(listen(fd, 64), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&in, &n), 0);
    *ret_port = ntohs(in.sin_port);
    return fd;
}

/* The job once it is done; its outcome is the caller's to release. */
static work_job *deliver(work *w, sender *s, const char *url)
{
    static Ts__Webhooks__LeasedDelivery d;
    work_batch *batch = calloc(1, sizeof(*batch));
    work_job *job = calloc(1, sizeof(*job));
    work_job *done;

    CHECK(batch != NULL && job != NULL);
    ts__webhooks__leased_delivery__init(&d);
    d.url = (char *)(uintptr_t)url; /* only read */
    d.body.data = (uint8_t *)(uintptr_t) "{}";
    d.body.len = 2;
    batch->arena = ts_arena_new(4096);
    batch->refs = 1;
    job->batch = batch;
    job->delivery = &d;
    job->error = "";
    job->lease_until_boot_ms = ts_boot_ms() + 60000;
    pthread_mutex_lock(&w->lock);
    w->taken++;
    work_push(&w->todo, job);
    pthread_mutex_unlock(&w->lock);
    sender_wake(s);
    pthread_mutex_lock(&w->lock);
    while ((done = work_pop(&w->done)) == NULL)
        work_wait(w, 1000);
    pthread_mutex_unlock(&w->lock);
    return done;
}

static void nothing_inside_is_reached(bool allow_http)
{
    dispatcher_config config = {
        .allow_http = allow_http, .parallel = 4, .threads = 2, .timeout_ms = 3000, .dns_cache_s = 0
    };
    ts_ssrf_policy policy = { .count = 0 };
    uint16_t port = 0;
    int inside = listen_inside(AF_INET, &port);
    int inside6 = listen_inside(AF_INET6, &port);

    for (size_t l = 0; l < TS_COUNT(locales); l++) {
        sender *s = NULL;
        work w;

        if (setlocale(LC_ALL, locales[l]) == NULL) {
            printf("  locale %s is not installed here\n", locales[l]);
            continue;
        }
        work_init(&w, 4);
        CHECK_EQ(sender_start(&config, &policy, &w, &s, NULL), TS_OK);
        for (size_t i = 0; i < TS_COUNT(vectors); i++) {
            const char *at = strstr(vectors[i], "PORT");
            char url[256];
            work_job *job;

            snprintf(url, sizeof(url), "%.*s%d%s", (int)(at - vectors[i]), vectors[i], port,
                     at + strlen("PORT"));
            job = deliver(&w, s, url);
            if (job->status_code != 0 || job->error[0] == '\0' || job->returned)
                fprintf(stderr, "%s in %s: %u %s\n", url, locales[l], job->status_code, job->error);
            CHECK(!job->returned);
            CHECK_EQ(job->status_code, 0);
            CHECK(job->error[0] != '\0');
            CHECK_EQ(job->response_n, 0);
            if (allow_http && i == 0)
                CHECK(strcmp(job->error, "blocked_address") == 0);
            work_release(&w, &job, 1);
            CHECK(accept(inside, NULL, NULL) < 0); /* who came would wait here */
            CHECK(inside6 < 0 || accept(inside6, NULL, NULL) < 0);
        }
        sender_stop(s, 0);
        work_done(&w);
    }
    setlocale(LC_ALL, "C");
    close(inside);
    if (inside6 >= 0)
        close(inside6);
}

static void nothing_inside_is_reached_over_http(void)
{
    nothing_inside_is_reached(true);
}

static void plain_http_is_not_sent_unless_it_is_allowed(void)
{
    nothing_inside_is_reached(false);
}

int main(void)
{
    char directory[64];

    scratch_directory(directory);
    make_locales(directory);
    CHECK_EQ(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    RUN(nothing_inside_is_reached_over_http);
    RUN(plain_http_is_not_sent_unless_it_is_allowed);
    curl_global_cleanup();
    remove_directory(directory);
    return 0;
}
