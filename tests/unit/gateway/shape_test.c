#include <criterion/criterion.h>

#include "api/shape.h"

Test(shape, a_change_is_in_percent_to_one_decimal)
{
    static const struct {
        uint64_t now, before;
        const char *wanted;
    } cases[] = {
        { 3, 0, "null" },
        { 3, 2, "50" },
        { 2, 3, "-33.3" },
        { 10125, 10000, "1.3" }, /* a half goes away from zero */
        { 9875, 10000, "-1.3" },
        { 0, 7, "-100" },
        { UINT64_MAX, 1, "1.8446744073709552e+21" }, /* no whole number of ours holds it */
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(128);
        TS_CLEANUP(ts_buf_done) ts_buf wanted = TS_BUF_INIT(128);
        ts_jsonw w = ts_jsonw_on(&out);

        ts_jsonw_object(&w);
        shape_change(&w, "c", cases[i].now, cases[i].before);
        ts_jsonw_object_end(&w);
        ts_buf_printf(&wanted, "{\"c\":%s}", cases[i].wanted);
        cr_expect_str_eq(out.data, wanted.data);
    }
}
