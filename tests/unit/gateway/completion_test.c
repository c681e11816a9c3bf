#include "agent/completion.h"

#include <criterion/criterion.h>

#define ANSWER_MAX 4096u

Test(completion, what_the_model_wrote_is_read)
{
    static const char *const cases[][2] = {
        { "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}", "a" },
        { "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}", "" },
        { "{\"id\":1,\"choices\":[{\"finish_reason\":null,\"message\":{\"content\":\"{\\\"a\\\":1}"
          "\","
          "\"role\":\"x\"}},7]}",
          "{\"a\":1}" },
        { "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":{\"length\":1}}]}",
          "a" },
    };
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(ANSWER_MAX);

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_str content = TS_STR_LIT("untouched");

        cr_assert_eq(completion_read(parser, ts_str_of(cases[i][0]), &content), TS_OK, "%zu", i);
        cr_expect(ts_str_is(content, cases[i][1]), "%zu", i);
    }
}

Test(completion, what_is_none_is_refused)
{
    static const char *const cases[] = {
        "",
        "hello",
        "[]",
        "null",
        "{}",
        "{\"choices\":null}",
        "{\"choices\":[]}",
        "{\"choices\":{\"0\":{\"message\":{\"content\":\"a\"}}}}",
        "{\"choices\":[null]}",
        "{\"choices\":[[{\"message\":{\"content\":\"a\"}}]]}",
        "{\"choices\":[{\"message\":\"content\"}]}",
        "{\"choices\":[{\"message\":{\"content\":null}}]}",
        "{\"choices\":[{\"message\":{\"content\":[\"a\"]}}]}",
        "{\"choices\":[{\"message.content\":\"a\"}]}",
        "{\"choices\":[7,{\"message\":{\"content\":\"a\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"length\"}]}",
        "{\"choices\":[{\"message\":{\"content\":\"a\"}}]} {}",
    };
    TS_CLEANUP(ts_json_parser_free_p) ts_json_parser *parser = ts_json_parser_new(ANSWER_MAX);

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_str content = TS_STR_LIT("untouched");

        cr_expect_eq(completion_read(parser, ts_str_of(cases[i]), &content), TS_INVALID, "%s",
                     cases[i]);
        cr_expect(ts_str_is(content, "untouched"), "%s", cases[i]);
    }
}

Test(completion, the_request_holds_the_words_as_text)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(ANSWER_MAX);

    completion_write("m\"1", TS_STR_LIT("say \"no\""), TS_STR_LIT("a\nb\xff"), &out);
    cr_assert_eq(ts_buf_status(&out), TS_OK);
    cr_assert_str_eq(out.data,
                     "{\"model\":\"m\\\"1\",\"messages\":[{\"role\":\"system\",\"content\":"
                     "\"say \\\"no\\\"\"},{\"role\":\"user\",\"content\":\"a\\nb\xef\xbf\xbd\"}],"
                     "\"temperature\":0,\"stream\":false,\"response_format\":{\"type\":"
                     "\"json_object\"}}");
}
