#include "http/answer.h"

#include <zlib.h>

#include "ts/time.h"
#include "ts/wait.h"

/* Shorter bodies gain nothing that a packet would show. */
#define COMPRESS_MIN ((size_t)1024)
/* JSON of ours shrinks to a tenth at 4 already; 6 takes twice the time for 3 % more. */
#define COMPRESS_LEVEL 4

/* RFC 9110's date; the names must not follow the locale. */
static void put_date(ts_buf *out, int64_t now_ms)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int64_t weekday = (ts_time_day(now_ms) % 7 + 11) % 7; /* the epoch was a Thursday */
    char at[TS_RFC3339_SIZE];                             /* 2026-11-27T06:05:04Z */

    ts_time_format(now_ms, false, at);
    ts_buf_z(out, "Date: ");
    ts_buf_z(out, days[weekday]);
    ts_buf_z(out, ", ");
    ts_buf_add(out, at + 8, 2);
    ts_buf_char(out, ' ');
    ts_buf_z(out, months[10 * (at[5] - '0') + at[6] - '0' - 1]);
    ts_buf_char(out, ' ');
    ts_buf_add(out, at, 4);
    ts_buf_char(out, ' ');
    ts_buf_add(out, at + 11, 8);
    ts_buf_z(out, " GMT\r\n");
}

static void put_line(ts_buf *out, const char *name, const char *value)
{
    ts_buf_z(out, name);
    ts_buf_z(out, value);
    ts_buf_z(out, "\r\n");
}

static void put_number(ts_buf *out, const char *name, int64_t value)
{
    ts_buf_z(out, name);
    ts_buf_i64(out, value);
    ts_buf_z(out, "\r\n");
}

/* Only origins that the operator lists may read answers from a browser. */
static void put_cors(const http_service *s, const http_work *w, const http_answer *a, ts_buf *out)
{
    ts_str origin;
    bool is_listed = false;

    if (!http_header_get(&w->request, "Origin", &origin))
        return;
    for (size_t i = 0; i < s->origin_count; i++)
        is_listed = is_listed || ts_str_eq(s->origins[i], origin);
    if (!is_listed)
        return;
    ts_buf_z(out, "Access-Control-Allow-Origin: ");
    ts_buf_str(out, origin);
    ts_buf_z(out, "\r\nAccess-Control-Expose-Headers: X-Request-Id, ETag, X-RateLimit-Limit, "
                  "X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, Content-Disposition, "
                  "Idempotent-Replayed\r\n");
    if (!a->is_preflight)
        return;
    put_line(out, "Access-Control-Allow-Methods: ", a->allow);
    ts_buf_z(out, "Access-Control-Allow-Headers: Authorization, Content-Type, Content-Encoding, "
                  "If-Match, If-None-Match, Idempotency-Key, X-Request-Id, MCP-Protocol-Version, "
                  "Mcp-Method, Mcp-Name\r\n"
                  "Access-Control-Max-Age: 600\r\n");
}

static void put_caching(const http_answer *a, bool is_gzip, ts_buf *out)
{
    if (a->etag != NULL) {
        ts_buf_z(out, "ETag: ");
        ts_buf_add(out, a->etag, strlen(a->etag) - 1);
        put_line(out, is_gzip ? HTTP_ETAG_GZIP : "", "\"");
    }
    ts_buf_z(out, a->no_store || a->is_error ? "Cache-Control: no-store\r\n"
                                             : "Cache-Control: private, no-cache\r\n");
    ts_buf_z(out, "Vary: Authorization, Origin, Accept-Encoding\r\n");
}

static void put_limits(const http_exchange *x, const http_answer *a, ts_buf *out)
{
    put_number(out, "X-RateLimit-Limit: ", x->window.limit);
    put_number(out, "X-RateLimit-Remaining: ", x->window.remaining);
    put_number(out, "X-RateLimit-Reset: ", x->window.reset_s);
    if (a->retry_after)
        put_number(out, "Retry-After: ", x->retry_after_s == 0 ? 1 : x->retry_after_s);
}

/* A 304 tells of the form that a 200 would have had, so `whole` is the length of the body that it stands for. */
static bool wants_gzip(const http_work *w, const http_answer *a)
{
    ts_str accepted;

    return a->may_compress && w->answer.size > COMPRESS_MIN &&
           http_header_get(&w->request, "Accept-Encoding", &accepted) &&
           http_accepts_gzip(accepted);
}

/* From here on it takes so long that others are served meanwhile. */
#define ASIDE_MIN ((size_t)64 * 1024)

/* False: it cannot be done, or does not pay. */
static bool deflate_body(ts_str body, ts_buf *out)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)body.p, .avail_in = (uInt)body.n };
    char *room;
    size_t most;
    int done;

    ts_buf_clear(out);
    /* 16 more than the window's 15 bits: gzip's header instead of zlib's. */
    if (deflateInit2(&z, COMPRESS_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    most = deflateBound(&z, (uLong)body.n);
    room = ts_buf_reserve(out, most);
    if (room == NULL) {
        (void)deflateEnd(&z);
        return false;
    }
    z.next_out = (Bytef *)room;
    z.avail_out = (uInt)most;
    done = deflate(&z, Z_FINISH);
    out->size = z.total_out;
    (void)deflateEnd(&z);
    return done == Z_STREAM_END && out->size < body.n;
}

typedef struct compression {
    ts_str body;
    ts_buf *out;
    bool is_done;
} compression;

static void compress_aside(void *context)
{
    compression *c = context;

    c->is_done = deflate_body(c->body, c->out);
}

static bool compress_body(ts_str body, ts_buf *out)
{
    compression c = { .body = body, .out = out };

    if (body.n < ASIDE_MIN)
        return deflate_body(body, out);
    ts_aside(compress_aside, &c);
    return c.is_done;
}

static void put_content(const http_work *w, const http_answer *a, ts_str body, ts_buf *out)
{
    if (a->is_stream || body.n > 0)
        put_line(out, "Content-Type: ", a->media_type == NULL ? "application/json" : a->media_type);
    if (a->attachment != NULL)
        ts_buf_printf(out, "Content-Disposition: attachment; filename=\"%s\"\r\n", a->attachment);
    if (a->policy != NULL)
        ts_buf_printf(out, "Content-Security-Policy: %s\r\nReferrer-Policy: no-referrer\r\n",
                      a->policy);
    if (a->is_stream) {
        /* HTTP/1.0 knows no chunks: the end of the connection is the end of the body. */
        if (ts_str_is(w->request.version, "1.1"))
            ts_buf_z(out, "Transfer-Encoding: chunked\r\n");
    } else if (a->status != 204 && a->status != 304) {
        put_number(out, "Content-Length: ", (int64_t)body.n);
    }
}

void http_answer_write(const http_service *s, http_work *w, const http_answer *a)
{
    const http_exchange *x = &w->exchange;
    bool is_gzip = wants_gzip(w, a);
    ts_str body = a->body;
    ts_buf *out = &w->out;

    if (is_gzip && body.n > 0) {
        is_gzip = compress_body(body, &w->packed);
        if (is_gzip)
            body = ts_buf_view(&w->packed);
    }

    if (http_request_wants_close(&w->request) ||
        (w->is_draining != NULL && atomic_load(w->is_draining)))
        w->must_close = true;
    w->status = a->status;
    ts_buf_clear(out);
    ts_buf_z(out, "HTTP/1.1 ");
    ts_buf_i64(out, a->status);
    ts_buf_char(out, ' ');
    put_line(out, http_reason(a->status), "");
    put_date(out, x->now_ms);
    put_content(w, a, body, out);
    if (is_gzip && body.n > 0)
        ts_buf_z(out, "Content-Encoding: gzip\r\n");
    ts_buf_z(out, w->must_close ? "Connection: close\r\n" : "Connection: keep-alive\r\n");
    put_line(out, "X-Request-Id: ", x->request_id);
    put_limits(x, a, out);
    if (a->allow != NULL)
        put_line(out, "Allow: ", a->allow);
    if (a->challenge)
        ts_buf_z(out, "WWW-Authenticate: Bearer realm=\"teamsentry\"\r\n");
    if (x->replayed && !a->is_error)
        ts_buf_z(out, "Idempotent-Replayed: true\r\n");
    if (x->is_https && s->hsts_s > 0)
        put_number(out, "Strict-Transport-Security: max-age=", s->hsts_s);
    put_caching(a, is_gzip, out);
    ts_buf_z(out, "X-Content-Type-Options: nosniff\r\n");
    put_cors(s, w, a, out);
    ts_buf_z(out, "\r\n");
    if (!a->is_head && a->status != 304)
        ts_buf_str(out, body);
    if (ts_buf_status(out) != TS_OK)
        ts_buf_clear(out);
}
