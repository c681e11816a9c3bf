#include <criterion/criterion.h>

#include "http/chunks.h"

#define MAX ((size_t)1000)

/* In pieces of `step` bytes. The outcome; what was read stands in `out`, and how much of the text was used. */
static http_chunks_state read_in(const char *text, size_t step, ts_buf *out, size_t *ret_used)
{
    size_t n = strlen(text);
    http_chunks c = { 0 };
    http_chunks_state state = HTTP_CHUNKS_MORE;

    ts_buf_clear(out);
    *ret_used = 0;
    while (state == HTTP_CHUNKS_MORE && *ret_used < n) {
        size_t piece = n - *ret_used < step ? n - *ret_used : step;
        size_t used = 0;

        state = http_chunks_read(&c, ts_str_n(text + *ret_used, piece), MAX, out, &used);
        *ret_used += used;
    }
    return state;
}

static void expect(const char *text, http_chunks_state wanted, const char *body, size_t used)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(MAX);
    size_t got;

    for (size_t step = 1; step <= strlen(text) + 1; step++) {
        cr_assert_eq(read_in(text, step, &out, &got), wanted, "%s by %zu", text, step);
        if (wanted != HTTP_CHUNKS_DONE)
            continue;
        cr_assert(ts_str_is(ts_buf_view(&out), body), "%s by %zu", text, step);
        cr_assert_eq(got, used, "%s by %zu", text, step);
    }
}

Test(chunks, are_put_together_however_they_come)
{
    expect("0\r\n\r\nGET", HTTP_CHUNKS_DONE, "", 5);
    expect("1\r\n[\r\n1\r\n]\r\n0\r\n\r\n", HTTP_CHUNKS_DONE, "[]", 17);
    expect("00A\r\n0123456789\r\n000\r\n\r\n", HTTP_CHUNKS_DONE, "0123456789", 24);
    expect("2;a=b;c=\"d\"\r\n\r\n\r\n0;x\r\n\r\n", HTTP_CHUNKS_DONE, "\r\n", 24);
    expect("1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\nrest", HTTP_CHUNKS_DONE, "a", 23);
}

Test(chunks, that_end_early_are_waited_for)
{
    expect("1\r\na\r\n0\r\n", HTTP_CHUNKS_MORE, NULL, 0);
    expect("5\r\nab", HTTP_CHUNKS_MORE, NULL, 0);
    expect("5", HTTP_CHUNKS_MORE, NULL, 0);
}

Test(chunks, that_two_may_read_in_two_ways_are_wrong)
{
    static const char *const wrong[] = {
        "\r\n",
        "g\r\n",
        "-1\r\n",
        "0x1\r\na\r\n",
        "1\na\r\n",
        "1\ra\r\n",
        " 1\r\na\r\n",
        "1 \r\na\r\n",
        ";x\r\na\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "1\r\na\n0\r\n\r\n",
        "1\r\na0\r\n\r\n",
        "0\r\n\n",
        "0\r\nA: b\n",
        "0\r\nA: b\rC\r\n",
        "1;x\na\r\n",
        "1;x\ra\r\n",
        "1\r\r\na",
        "1000000000000000\r\n",
    };

    for (size_t i = 0; i < TS_COUNT(wrong); i++)
        expect(wrong[i], HTTP_CHUNKS_WRONG, NULL, 0);
}

Test(chunks, have_a_most)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(65536);

    ts_buf_z(&text, "3e8\r\n");
    for (size_t i = 0; i < MAX; i++)
        ts_buf_char(&text, 'a');
    ts_buf_z(&text, "\r\n0\r\n\r\n");
    {
        TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(MAX);
        size_t used;

        cr_assert_eq(read_in(text.data, 7, &out, &used), HTTP_CHUNKS_DONE);
        cr_assert_eq(out.size, MAX);
    }
    expect("3e9\r\na", HTTP_CHUNKS_LONG, NULL, 0);
    expect("fffffffffffffff\r\na", HTTP_CHUNKS_LONG, NULL, 0);
}

static void with_line(size_t n, bool is_trailer, http_chunks_state wanted)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(65536);
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(MAX);
    size_t used;

    ts_buf_z(&text, is_trailer ? "0\r\n" : "0;");
    for (size_t i = 0; i < n; i++)
        ts_buf_char(&text, 'x');
    ts_buf_z(&text, is_trailer ? "\r\n\r\n" : "\r\n\r\n");
    cr_assert_eq(read_in(text.data, 100, &out, &used), wanted, "%zu", n);
}

Test(chunks, lines_and_trailers_have_a_longest)
{
    with_line(HTTP_CHUNK_LINE_MAX - 2, false, HTTP_CHUNKS_DONE);
    with_line(HTTP_CHUNK_LINE_MAX - 1, false, HTTP_CHUNKS_WRONG);
    with_line(HTTP_CHUNK_TRAILER_MAX - 4, true, HTTP_CHUNKS_DONE);
    with_line(HTTP_CHUNK_TRAILER_MAX - 3, true, HTTP_CHUNKS_WRONG);
}
