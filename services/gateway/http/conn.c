/* A connection is
 *   READING    until the head of a request is whole. Its timer runs: keep_alive_ms between requests, header_ms from a head's first
 *              byte on;
 *   SERVING    while a fiber works for it, which alone touches it;
 *   LINGERING  after the last answer, until the client has closed: to close while bytes of its lie unread would make the system
 *              throw away what we sent (RFC 9112 section 9.6).
 *
 * epoll tells each change once (EPOLLET), in whatever state: `is_readable` holds until a read comes back short. A client's end that
 * came together with its last bytes makes no event of its own, so that after EPOLLRDHUP it holds until the end is read.
 */
#include "http/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/chunks.h"
#include "http/head.h"
#include "ts/time.h"
#include "ts/wait.h"

/* Read at once. */
#define PIECE ((size_t)64 * 1024)
/* What stands in line behind a request, read with it. More waits in the socket. */
#define INPUT_MAX (HTTP_HEAD_MAX + PIECE)
/* A client that goes on sending after our last answer is cut off. */
#define LINGER_MS    2000
#define LINGER_BYTES ((size_t)1 << 20)
/* Pipelined requests, and bytes of one body, that are taken before others have their turn. */
#define IN_A_ROW   16
#define BODY_A_ROW ((size_t)256 * 1024)

typedef enum conn_state { READING, SERVING, LINGERING } conn_state;

typedef struct http_conn {
    ts_watch watch; /* first */
    http_shard *shard;
    conn_state state;
    bool is_beyond;
    bool is_readable;
    bool is_hung_up; /* the client has ended its side, or the connection broke */
    char peer[HTTP_ADDRESS_SIZE];

    ts_timer
        timer; /* may fire before deadline_ms, and is then set again: moving it for each request is not worth it */
    int64_t deadline_ms; /* of the state */

    ts_buf in; /* bytes before in_at are used up */
    size_t in_at;
    size_t seen;        /* of the head that is coming in: http_head_find() */
    size_t blank;       /* bytes of empty lines before it */
    uint64_t skip;      /* bytes of a body that nobody read, before the next head */
    size_t lingered;    /* bytes read after the last answer */
    http_problem wrong; /* with the head */
    const char *why;
    size_t head_size; /* the head is whole */

    ts_wake *awaits; /* the fiber waits for the socket */
    http_work *work;
    int64_t body_until_ms;
    size_t body_in_a_row;
    size_t body_held; /* counted among body_bytes of all */

    uint64_t given;    /* to the socket, of answers */
    uint64_t taken;    /* of that, by the client, when the present answer_ms began */
    int64_t waited_ms; /* of the present answer_ms */

    struct http_conn *next, *prev;
} http_conn;

/* ---- bytes ---- */

static ts_str input_of(const http_conn *c)
{
    return c->in.size == c->in_at ? TS_STR_NULL
                                  : ts_str_n(c->in.data + c->in_at, c->in.size - c->in_at);
}

static void use_up(http_conn *c, size_t n)
{
    c->in_at += n;
    if (c->in_at < c->in.size)
        return;
    /* Idle connections hold no buffer. */
    ts_buf_done(&c->in);
    c->in = TS_BUF_INIT(INPUT_MAX);
    c->in_at = 0;
}

/* Bytes read, without waiting; 0: none are there; -1: the end. */
static ssize_t receive(http_conn *c, void *room, size_t size)
{
    ssize_t n;

    if (!c->is_readable)
        return 0;
    do
        n = recv(c->watch.fd, room, size, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        c->is_readable = (size_t)n == size || c->is_hung_up;
        return n;
    }
    if (n < 0 && errno == EAGAIN) {
        c->is_readable = false;
        return 0;
    }
    return -1;
}

/* More of what comes in behind what is there. As receive(). */
static ssize_t fill(http_conn *c)
{
    size_t size;
    ssize_t n;

    if (c->in_at > 0 && c->in.size > c->in_at) {
        memmove(c->in.data, c->in.data + c->in_at, c->in.size - c->in_at);
        c->in.size -= c->in_at;
        c->in_at = 0;
    }
    size = INPUT_MAX - c->in.size < PIECE / 4 ? INPUT_MAX - c->in.size : PIECE / 4;
    if (!c->is_readable || size == 0)
        return 0;
    if (!ts_buf_grow(&c->in, size))
        return -1;
    n = receive(c, c->in.data + c->in.size, size);
    if (n > 0) {
        c->in.size += (size_t)n;
        c->in.data[c->in.size] = '\0';
    } else if (c->in.size == 0) {
        use_up(c, 0);
    }
    return n;
}

/* By the fiber: until the socket has news. */
static bool await_socket(http_conn *c, int64_t deadline_ms)
{
    ts_wake wake;
    bool has_news;

    ts_wake_init(&wake);
    c->awaits = &wake;
    has_news = ts_wake_wait(&wake, deadline_ms);
    if (!has_news && c->awaits == NULL)
        has_news = ts_wake_wait(&wake, TS_FOREVER); /* posted in this very turn */
    c->awaits = NULL;
    ts_wake_done(&wake);
    return has_news;
}

/* Bytes that have arrived at the client's system. That the socket has room again would be too rough a measure: it says so only when
 * a third of what it holds has left, which may be a megabyte. */
static uint64_t taken_by(const http_conn *c)
{
    int unsure = 0;

    return ioctl(c->watch.fd, SIOCOUTQ, &unsure) == 0 ? c->given - (uint64_t)unsure : c->given;
}

/* By the fiber: until the socket has news, which may also be that bytes came in. False: the client takes too little. When the server
 * ends nobody is waited for. */
static bool await_room(http_conn *c)
{
    const http_limits *limits = &c->shard->limits;
    int64_t began_ms = ts_boot_ms();
    uint64_t before = c->taken;

    if (c->shard->is_ending)
        return false;
    (void)await_socket(c, began_ms + limits->answer_ms - c->waited_ms);
    c->waited_ms += ts_boot_ms() - began_ms;
    if (c->waited_ms < limits->answer_ms)
        return true;
    c->waited_ms = 0;
    c->taken = taken_by(c);
    return c->taken - before >= (uint64_t)limits->answer_bytes;
}

static bool send_all(http_conn *c, ts_str bytes)
{
    size_t sent = 0;

    while (sent < bytes.n) {
        ssize_t n = send(c->watch.fd, bytes.p + sent, bytes.n - sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return false;
        if (n > 0) {
            sent += (size_t)n;
            c->given += (uint64_t)n;
        } else if (!await_room(c)) {
            return false;
        }
    }
    return true;
}

static bool send_bytes(void *connection, ts_str bytes)
{
    return send_all(connection, bytes);
}

/* ---- bodies ---- */

/* By the fiber: some bytes into `room`. TS_INVALID: the end; TS_LIMITED: too slow. */
static ts_status read_some(http_conn *c, char *room, size_t size, size_t *ret)
{
    ts_str there = input_of(c);
    int64_t now_ms;

    if (there.n > 0) {
        *ret = there.n < size ? there.n : size;
        memcpy(room, there.p, *ret);
        use_up(c, *ret);
        return TS_OK;
    }
    for (;;) {
        ssize_t n = receive(c, room, size);

        if (n < 0)
            return TS_INVALID;
        *ret = (size_t)n;
        now_ms = ts_boot_ms();
        if (now_ms > c->body_until_ms)
            return TS_LIMITED;
        if (n > 0)
            return TS_OK;
        now_ms += c->shard->limits.header_ms;
        if (!await_socket(c, now_ms < c->body_until_ms ? now_ms : c->body_until_ms))
            return TS_LIMITED;
    }
}

/* A client that sends as fast as it is read would keep the loop until its body has ended. */
static void count_read(http_conn *c, size_t n)
{
    c->body_in_a_row += n;
    if (c->body_in_a_row < BODY_A_ROW)
        return;
    c->body_in_a_row = 0;
    ts_pause_ms(0);
}

/* So much of the body is in memory now. False: of all together it is too much. */
static bool hold(http_conn *c, size_t size)
{
    long long more = (long long)(size - c->body_held);

    c->body_held = size;
    return atomic_fetch_add(&c->shard->traffic->body_bytes, more) + more <=
           c->shard->limits.body_bytes;
}

static void hold_no_more(http_conn *c)
{
    atomic_fetch_sub(&c->shard->traffic->body_bytes, (long long)c->body_held);
    c->body_held = 0;
}

static ts_status read_length(http_conn *c, uint64_t length, ts_buf *out)
{
    while (out->size < length) {
        size_t size = length - out->size < PIECE ? (size_t)(length - out->size) : PIECE;
        char *room = ts_buf_reserve(out, size);
        size_t n = 0;
        ts_status st;

        if (room == NULL)
            return TS_NOMEM;
        st = read_some(c, room, size, &n);
        if (st != TS_OK)
            return st;
        out->size += n;
        out->data[out->size] = '\0';
        if (!hold(c, out->size))
            return TS_UNAVAILABLE;
        count_read(c, n);
    }
    return TS_OK;
}

static ts_status read_chunks(http_conn *c, size_t max, ts_buf *out)
{
    http_chunks chunks = { 0 };

    for (;;) {
        http_chunks_state state = HTTP_CHUNKS_MORE;
        ts_status st;
        size_t n = 0;
        char first;

        /* Whatever else is there stays for the decoder, which knows where the body ends. */
        if (input_of(c).n == 0 && fill(c) == 0) {
            st = read_some(c, &first, 1, &n);
            if (st != TS_OK)
                return st;
            state = http_chunks_read(&chunks, ts_str_n(&first, 1), max, out, &n);
        } else if (input_of(c).n == 0) {
            return TS_INVALID;
        } else {
            state = http_chunks_read(&chunks, input_of(c), max, out, &n);
            use_up(c, n);
            count_read(c, n);
        }
        if (ts_buf_status(out) != TS_OK)
            return TS_NOMEM;
        if (!hold(c, out->size))
            return TS_UNAVAILABLE;
        if (state == HTTP_CHUNKS_DONE)
            return TS_OK;
        if (state != HTTP_CHUNKS_MORE)
            return state == HTTP_CHUNKS_LONG ? TS_TOO_LARGE : TS_INVALID;
        if (ts_boot_ms() > c->body_until_ms)
            return TS_LIMITED;
    }
}

static ts_status read_body(void *connection, size_t max, ts_buf *out)
{
    http_conn *c = connection;
    const http_request *r = &c->work->request;

    c->body_until_ms = ts_boot_ms() + c->shard->limits.request_ms;
    if (http_request_expects_continue(r) &&
        !send_all(c, TS_STR_LIT("HTTP/1.1 100 Continue\r\n\r\n")))
        return TS_INVALID;
    if (http_request_is_chunked(r))
        return read_chunks(c, max, out);
    return read_length(c, http_request_length(r), out);
}

/* ---- the end ---- */

static void end(http_conn *c)
{
    http_shard *s = c->shard;

    ts_loop_unwatch(s->loop, &c->watch);
    ts_loop_clear_timer(s->loop, &c->timer);
    (void)close(c->watch.fd);
    if (c->next != NULL)
        c->next->prev = c->prev;
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        s->first = c->next;
    ts_buf_done(&c->in);
    free(c);
    ts_metric_move(s->counts->open, -1);
    http_traffic_disconnect(s->traffic);
}

static void set_deadline(http_conn *c, int64_t at_ms)
{
    c->deadline_ms = at_ms;
    if (!c->timer.is_set || c->timer.at_boot_ms > at_ms)
        ts_loop_set_timer(c->shard->loop, &c->timer, at_ms);
}

/* Reads what still comes, so that the client reads what we sent. The connection may be gone afterwards. */
static void linger(http_conn *c)
{
    char waste[4096];
    ssize_t n;

    do {
        n = receive(c, waste, sizeof(waste));
        c->lingered += n > 0 ? (size_t)n : 0;
    } while (n > 0 && c->lingered < LINGER_BYTES);
    if (n != 0)
        end(c);
}

static void begin_lingering(http_conn *c)
{
    if (c->shard->is_ending || shutdown(c->watch.fd, SHUT_WR) != 0) {
        end(c);
        return;
    }
    c->state = LINGERING;
    use_up(c, c->in.size - c->in_at);
    set_deadline(c, ts_boot_ms() + LINGER_MS);
    linger(c);
}

/* ---- requests ---- */

/* Takes the head off the input. False: the answer is that it is wrong. */
static bool take_head(http_conn *c, http_work *w)
{
    ts_str head = c->wrong == HTTP_FINE
                      ? ts_arena_str(w->arena, ts_str_n(c->in.data + c->in_at, c->head_size))
                      : TS_STR_NULL;
    bool is_there = head.n > 0;

    w->request.peer = ts_str_of(c->peer);
    if (is_there)
        use_up(c, c->head_size);
    c->head_size = 0;
    c->seen = 0;
    c->blank = 0;
    if (is_there && http_head_parse(head, &w->request, &w->exchange.error) == TS_OK)
        return true;
    w->request = (http_request){ .peer = w->request.peer, .version = TS_STR_LIT("1.1") };
    return false;
}

static void answer(http_conn *c, http_work *w)
{
    http_shard *s = c->shard;

    if (!take_head(c, w)) {
        if (c->why != NULL)
            ts_error_set(&w->exchange.error, "", "%s", c->why);
        http_refuse(s->service, w, c->wrong == HTTP_FINE ? HTTP_BAD_REQUEST : c->wrong);
    } else if (c->is_beyond) {
        ts_metric_add(s->counts->refused, 1);
        ts_error_set(&w->exchange.error, "", "Too many connections at once.");
        http_refuse(s->service, w, HTTP_UNAVAILABLE);
    } else {
        http_serve(s->service, w, read_body, c);
        if (!w->must_close && w->body.size == 0)
            c->skip = http_request_length(&w->request);
    }
}

/* When it came there were too many; some may have gone since, and their end been seen only after it. */
static bool is_still_beyond(http_conn *c)
{
    c->is_beyond =
        c->is_beyond && atomic_load(&c->shard->traffic->connections) > c->shard->limits.connections;
    return c->is_beyond;
}

/* By the fiber: one request, from its head to its answer. False: there will be no other. */
static bool serve_one(http_conn *c)
{
    http_shard *s = c->shard;
    int64_t began_us = ts_boot_us();
    http_work *w = http_works_take(&s->works);
    bool goes_on = false;

    if (w == NULL)
        return false;
    http_traffic_begin(s->traffic);
    c->work = w;
    w->send = send_bytes;
    w->is_draining = &s->traffic->is_draining;
    w->must_close = is_still_beyond(c) || s->is_ending;
    answer(c, w);
    /* A client that is gone gets nothing, and that is all that can be done. */
    goes_on =
        (w->out.size > 0 || w->is_streaming) && send_all(c, ts_buf_view(&w->out)) && !w->must_close;
    http_counts_answer(s->counts, w->exchange.route, w->status, ts_boot_us() - began_us);
    c->work = NULL;
    http_works_put(&s->works, w);
    hold_no_more(c);
    http_traffic_end(s->traffic);
    return goes_on;
}

/* Bytes of empty lines at the front of `there`. The first byte of a line may have been looked at before its second came. */
static size_t take_blank(http_conn *c, ts_str there)
{
    size_t n = c->seen <= 1 ? http_head_blank(there) : 0;

    if (n > 0)
        c->seen = 0;
    c->blank += n;
    return n;
}

/* Empty lines count: a client that sends nothing else is read no more at some time, too. */
static http_head_state find_head(http_conn *c, ts_str there)
{
    return c->blank > HTTP_HEAD_MAX ? HTTP_HEAD_LONG
                                    : http_head_find(there, &c->seen, &c->head_size);
}

/* Is there something to answer? Reads what has come, without waiting. Sets `over` if there never will be. */
static bool has_request(http_conn *c, bool *ret_over)
{
    *ret_over = false;
    for (;;) {
        ts_str there = input_of(c);
        size_t n = c->skip < there.n ? (size_t)c->skip : there.n;

        c->skip -= n;
        if (c->skip == 0 && there.n > n)
            n += take_blank(c, ts_str_n(there.p + n, there.n - n));
        if (n > 0)
            use_up(c, n);
        there = input_of(c);
        if (c->skip == 0 && (there.n > 0 || n > 0)) {
            http_head_state state = find_head(c, there);

            if (state == HTTP_HEAD_WHOLE)
                return true;
            if (state != HTTP_HEAD_MORE) {
                c->wrong = state == HTTP_HEAD_LONG ? HTTP_HEADERS_TOO_LARGE : HTTP_BAD_REQUEST;
                c->why = state == HTTP_HEAD_LONG ? NULL : "Header lines must end in CR LF.";
                return true;
            }
        }
        switch (fill(c)) {
        case 0: return false;
        case -1: *ret_over = true; return false;
        default: break;
        }
    }
}

/* From a head's first byte on the client has header_ms. */
static void await_head(http_conn *c, bool is_fresh)
{
    const http_limits *limits = &c->shard->limits;
    bool has_begun = c->in.size > c->in_at || c->skip > 0;

    c->state = READING;
    if (is_fresh)
        c->deadline_ms = ts_boot_ms() + (has_begun ? limits->header_ms : limits->keep_alive_ms);
    set_deadline(c, c->deadline_ms);
}

/* A fiber's work: the request that is there, and those that stand behind it. */
static void serve(void *context)
{
    http_conn *c = context;
    bool is_over = false;
    int in_a_row = 0;

    c->state = SERVING;
    do {
        if (in_a_row++ == IN_A_ROW) {
            in_a_row = 0;
            ts_pause_ms(0);
        }
        if (!serve_one(c)) {
            begin_lingering(c);
            return;
        }
    } while (has_request(c, &is_over));
    if (is_over || c->shard->is_ending)
        end(c);
    else
        await_head(c, true);
}

static void start_serving(http_conn *c)
{
    /* There is a fiber for each connection; only memory can be missing. */
    if (ts_loop_go(c->shard->loop, serve, c) != TS_OK)
        end(c);
}

static void read_on(http_conn *c)
{
    bool had_begun = c->in.size > c->in_at;
    bool is_over;

    if (has_request(c, &is_over))
        start_serving(c);
    else if (is_over)
        end(c);
    else
        await_head(c, !had_begun && c->in.size > c->in_at);
}

/* The fiber that waits for the socket, if one does, looks at it. */
static bool tell_fiber(http_conn *c)
{
    ts_wake *awaits = c->awaits;

    c->awaits = NULL;
    if (awaits != NULL)
        ts_wake_post(awaits);
    return awaits != NULL;
}

static void on_ready(ts_watch *w, uint32_t events)
{
    http_conn *c = (http_conn *)w;

    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        c->is_hung_up = true;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        c->is_readable = true;
    if (tell_fiber(c))
        return;
    if (c->state == READING && c->is_readable)
        read_on(c);
    else if (c->state == LINGERING)
        linger(c);
}

static void on_deadline(ts_timer *t)
{
    http_conn *c = (http_conn *)(void *)((char *)t - offsetof(http_conn, timer));

    if (c->state == SERVING)
        return; /* it is set anew afterwards */
    if (c->deadline_ms > ts_loop_now_ms(c->shard->loop)) {
        set_deadline(c, c->deadline_ms);
    } else if (c->state == READING && c->in.size > c->in_at) {
        c->wrong = HTTP_BAD_REQUEST;
        c->why = "The header came too slowly.";
        start_serving(c);
    } else {
        end(c);
    }
}

void http_conn_begin(http_shard *s, int take_fd, bool is_beyond)
{
    http_conn *c = calloc(1, sizeof(*c));
    struct sockaddr_in address = { .sin_family = AF_UNSPEC };
    socklen_t size = sizeof(address);
    int on = 1;

    ts_metric_move(s->counts->open, 1);
    if (c != NULL)
        *c = (http_conn){ .watch = { .fd = take_fd, .ready = on_ready },
                          .shard = s,
                          .is_beyond = is_beyond,
                          .timer = { .fire = on_deadline },
                          .in = TS_BUF_INIT(INPUT_MAX),
                          .next = s->first };
    if (c == NULL || s->is_ending ||
        ts_loop_watch(s->loop, &c->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) != TS_OK) {
        free(c);
        (void)close(take_fd);
        ts_metric_move(s->counts->open, -1);
        http_traffic_disconnect(s->traffic);
        return;
    }
    (void)setsockopt(take_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (getpeername(take_fd, (struct sockaddr *)&address, &size) != 0 ||
        inet_ntop(AF_INET, &address.sin_addr, c->peer, sizeof(c->peer)) == NULL)
        c->peer[0] = '\0';
    if (s->first != NULL)
        s->first->prev = c;
    s->first = c;
    set_deadline(c, ts_boot_ms() + s->limits.header_ms);
}

void http_conn_end_all(http_shard *s)
{
    http_conn *next;

    s->is_ending = true;
    for (http_conn *c = s->first; c != NULL; c = next) {
        next = c->next;
        if (c->state != SERVING) {
            end(c);
            continue;
        }
        (void)shutdown(c->watch.fd, SHUT_RD);
        (void)tell_fiber(c);
    }
}
