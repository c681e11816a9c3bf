/* What civetweb alone can do: every request is answered with the bytes of a file (status line, headers and body), in one
 * write, with as many threads and the same settings as the gateway.
 *
 *   bench_http_peer PORT THREADS FILE        until SIGTERM
 */
#include <civetweb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWER_MAX (1 << 20)

static char answer[ANSWER_MAX];
static size_t answer_size;

static int on_request(struct mg_connection *connection)
{
    return mg_write(connection, answer, answer_size) > 0 ? 200 : 500;
}

int main(int argc, char **argv)
{
    static const struct mg_callbacks callbacks = { .begin_request = on_request };
    char listen[64];
    const char *settings[] = { "listening_ports",
                               listen,
                               "num_threads",
                               argc > 2 ? argv[2] : "",
                               "enable_keep_alive",
                               "yes",
                               "keep_alive_timeout_ms",
                               "15000",
                               "tcp_nodelay",
                               "1",
                               "decode_url",
                               "no",
                               "connection_queue",
                               "128",
                               "listen_backlog",
                               "1024",
                               NULL };
    struct mg_context *server;
    sigset_t signals;
    FILE *file;
    int which;

    if (argc != 4) {
        fprintf(stderr, "usage: bench_http_peer PORT THREADS FILE\n");
        return 2;
    }
    file = fopen(argv[3], "rb");
    if (file == NULL) {
        fprintf(stderr, "bench_http_peer: cannot read the file\n");
        return 1;
    }
    answer_size = fread(answer, 1, sizeof(answer), file);
    fclose(file);
    (void)snprintf(listen, sizeof(listen), "127.0.0.1:%s", argv[1]);
    (void)mg_init_library(0);
    /* Before the threads: they inherit the mask. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    server = mg_start(&callbacks, NULL, settings);
    if (server == NULL) {
        fprintf(stderr, "bench_http_peer: cannot listen\n");
        return 1;
    }
    (void)sigwait(&signals, &which);
    mg_stop(server);
    return 0;
}
