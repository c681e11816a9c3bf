#include <criterion/criterion.h>

#include "ts/trace.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

Test(trace, a_traceparent_has_one_shape)
{
    static const char *const invalid[] = {
        "",
        "00-4bf9",
        PARENT "-",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7\r\n1",
    };

    cr_expect(ts_traceparent_valid(TS_STR_LIT(PARENT)));
    for (size_t i = 0; i < TS_COUNT(invalid); i++)
        cr_expect_not(ts_traceparent_valid(ts_str_of(invalid[i])), "%s", invalid[i]);
}

Test(trace, one_is_made_of_random_bytes)
{
    static const uint8_t random[24] = { 0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                                        0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36,
                                        0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7 };
    char text[TS_TRACEPARENT_SIZE];

    ts_traceparent_make(random, text);
    cr_expect_str_eq(text, PARENT);
}

Test(trace, a_thread_works_for_one_request_or_none)
{
    cr_expect_str_eq(ts_trace_request_id(), "");
    cr_expect_str_eq(ts_trace_parent(), "");
    ts_trace_begin("req_1", PARENT);
    cr_expect_str_eq(ts_trace_request_id(), "req_1");
    cr_expect_str_eq(ts_trace_parent(), PARENT);
    ts_trace_begin("req_2", "not one");
    cr_expect_str_eq(ts_trace_request_id(), "req_2");
    cr_expect_str_eq(ts_trace_parent(), "");
    ts_trace_begin(NULL, NULL);
    cr_expect_str_eq(ts_trace_request_id(), "");
    ts_trace_begin("req_3", PARENT);
    ts_trace_end();
    cr_expect_str_eq(ts_trace_request_id(), "");
    cr_expect_str_eq(ts_trace_parent(), "");
}
