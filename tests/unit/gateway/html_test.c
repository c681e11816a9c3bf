#include <criterion/criterion.h>

#include "api/html.h"

static ts_buf out;

static void start(void)
{
    out = TS_BUF_INIT(4096);
}

static void stop(void)
{
    ts_buf_done(&out);
}

TestSuite(html, .init = start, .fini = stop);

Test(html, markup_is_escaped)
{
    html_z(&out, "<a href=\"x\">'&'</a>");
    cr_assert_str_eq(out.data, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

Test(html, backquotes_make_code)
{
    html_prose(&out, "use `a<b` or `c");
    cr_assert_str_eq(out.data, "use <code>a&lt;b</code> or <code>c</code>");
}

Test(html, json_is_laid_out)
{
    html_json(&out, TS_STR_LIT("{\"a\":[1,\"x:\\\"<\"],\"b\":{},\"c\":[],\"d\":null}"));
    cr_assert_str_eq(out.data,
                     "{\n  <b>&quot;a&quot;</b>: [\n    1,\n    <i>&quot;x:\\&quot;&lt;&quot;"
                     "</i>\n  ],\n  <b>&quot;b&quot;</b>: {},\n  <b>&quot;c&quot;</b>: [],\n  "
                     "<b>&quot;d&quot;</b>: null\n}");
}

/* Whatever comes, it ends. */
Test(html, json_that_is_cut_off_ends)
{
    html_json(&out, TS_STR_LIT("}]{\"a"));
    html_json(&out, TS_STR_LIT("\"\\"));
    cr_assert_eq(ts_buf_status(&out), TS_OK);
}
