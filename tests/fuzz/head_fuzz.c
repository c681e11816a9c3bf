/* What comes over a connection before anything is known of it: the head of a request, and a chunked body. What is read must not
 * depend on the pieces it comes in, and what is taken must be what a strict reader takes. */
#include "http/chunks.h"
#include "http/head.h"

#define BODY_MAX ((size_t)4096)

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void head(ts_str input, size_t step)
{
    http_head_state whole_state, state = HTTP_HEAD_MORE;
    size_t whole = 0, size = 0, seen = 0;
    http_request r;
    ts_error err;

    whole_state = http_head_find(input, &seen, &whole);
    seen = 0;
    for (size_t n = step; state == HTTP_HEAD_MORE; n += step) {
        n = n > input.n ? input.n : n;
        state = http_head_find(ts_str_n(input.p, n), &seen, &size);
        if (n == input.n)
            break;
    }
    require(state == whole_state && size == whole);
    if (state != HTTP_HEAD_WHOLE || http_head_parse(ts_str_n(input.p, size), &r, &err) != TS_OK)
        return;
    require(r.header_count <= HTTP_HEADERS_MAX + 1 && r.target.n > 0);
    r.peer = TS_STR_LIT("127.0.0.1");
    if (http_request_check(&r, &err) != TS_OK)
        return;
    for (size_t i = 0; i < r.header_count; i++) {
        require(ts_str_find(r.headers[i].value, '\r') == r.headers[i].value.n);
        require(ts_str_find(r.headers[i].value, '\n') == r.headers[i].value.n);
    }
}

static void chunks(ts_str input, size_t step)
{
    TS_CLEANUP(ts_buf_done) ts_buf whole = TS_BUF_INIT(BODY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf pieces = TS_BUF_INIT(BODY_MAX);
    http_chunks a = { 0 }, b = { 0 };
    size_t used = 0, at = 0;
    http_chunks_state whole_state = http_chunks_read(&a, input, BODY_MAX, &whole, &used);
    http_chunks_state state = HTTP_CHUNKS_MORE;

    while (state == HTTP_CHUNKS_MORE && at < input.n) {
        size_t n = input.n - at < step ? input.n - at : step;
        size_t got = 0;

        state = http_chunks_read(&b, ts_str_n(input.p + at, n), BODY_MAX, &pieces, &got);
        at += got;
    }
    require(state == whole_state && at == used);
    require(ts_str_eq(ts_buf_view(&whole), ts_buf_view(&pieces)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    head(ts_str_n(data + 1, size - 1), (size_t)data[0] + 1);
    chunks(ts_str_n(data + 1, size - 1), (size_t)data[0] + 1);
    return 0;
}
