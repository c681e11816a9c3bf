#include "ask.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int client_connect(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { .tv_sec = 15 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

void client_send(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        /* A server that has heard enough may close: the answer tells. */
        if (sent <= 0)
            return;
        p += sent;
        n -= (size_t)sent;
    }
}

void client_read(int fd, bool is_head, answer *a)
{
    const char *length;
    uint64_t wanted = 0;
    char c;

    *a = (answer){ .head = TS_BUF_INIT(65536), .body = TS_BUF_INIT(1 << 22) };
    while (recv(fd, &c, 1, 0) == 1) {
        ts_buf_char(&a->head, c);
        if (a->head.size >= 4 && memcmp(a->head.data + a->head.size - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    if (a->head.size < 12) {
        a->is_closed = true;
        return;
    }
    a->status =
        (a->head.data[9] - '0') * 100 + (a->head.data[10] - '0') * 10 + a->head.data[11] - '0';
    length = answer_header(a, "Content-Length");
    if (length != NULL)
        CHECK(ts_parse_u64(ts_str_of(length), &wanted) == TS_OK);
    while (!is_head && a->body.size < wanted && recv(fd, &c, 1, 0) == 1)
        ts_buf_char(&a->body, c);
    a->is_closed = answer_header(a, "Connection") != NULL &&
                   strcmp(answer_header(a, "Connection"), "close") == 0;
}

void answer_done(answer *a)
{
    ts_buf_done(&a->head);
    ts_buf_done(&a->body);
}

const char *answer_header(const answer *a, const char *name)
{
    static _Thread_local char value[512];
    ts_str rest = ts_str_n(a->head.data, a->head.size);

    while (rest.n > 0) {
        size_t end = ts_str_find(rest, '\n');
        ts_str line = ts_str_n(rest.p, end);
        size_t colon = ts_str_find(line, ':');

        if (colon < line.n && ts_str_ieq(ts_str_n(line.p, colon), ts_str_of(name))) {
            ts_str text = ts_str_trim(ts_str_n(line.p + colon + 1, line.n - colon - 1));

            (void)snprintf(value, sizeof(value), "%.*s", (int)text.n, text.p);
            return value;
        }
        rest = end == rest.n ? TS_STR_NULL : ts_str_n(rest.p + end + 1, rest.n - end - 1);
    }
    return NULL;
}

void ask(int port, const char *method, const char *path, const char *key, const char *headers,
         const char *body, answer *ret)
{
    TS_CLEANUP(ts_buf_done) ts_buf request = TS_BUF_INIT(1 << 20);
    int fd = client_connect(port);

    ts_buf_printf(&request, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path);
    if (key != NULL)
        ts_buf_printf(&request, "Authorization: Bearer %s\r\n", key);
    ts_buf_z(&request, headers);
    if (body != NULL)
        ts_buf_printf(&request, "Content-Length: %zu\r\n", strlen(body));
    ts_buf_z(&request, "\r\n");
    ts_buf_z(&request, body == NULL ? "" : body);
    CHECK(ts_buf_status(&request) == TS_OK);
    client_send(fd, request.data, request.size);
    client_read(fd, strcmp(method, "HEAD") == 0, ret);
    (void)close(fd);
}
