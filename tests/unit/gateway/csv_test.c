#include <criterion/criterion.h>

#include "api/csv.h"

static ts_buf out;

static void start(void)
{
    out = TS_BUF_INIT(4096);
}

static void stop(void)
{
    ts_buf_done(&out);
}

TestSuite(csv, .init = start, .fini = stop);

Test(csv, plain_cells_stand_as_they_are)
{
    csv_text(&out, TS_STR_LIT("a b"));
    csv_u64(&out, 17);
    csv_bool(&out, true);
    csv_bool(&out, false);
    csv_time(&out, 1736937000999);
    csv_end(&out);
    cr_assert_str_eq(out.data, "a b,17,true,false,2025-01-15T10:30:00Z\r\n");
}

Test(csv, empty_cells_keep_their_place)
{
    csv_text(&out, TS_STR_NULL);
    csv_time(&out, 0);
    csv_texts(&out, NULL, 0);
    csv_text(&out, TS_STR_LIT("x"));
    csv_text(&out, TS_STR_NULL);
    csv_end(&out);
    cr_assert_str_eq(out.data, ",,,x,\r\n");
}

Test(csv, what_would_break_a_row_is_quoted)
{
    csv_text(&out, TS_STR_LIT("a,b"));
    csv_text(&out, TS_STR_LIT("say \"hi\""));
    csv_text(&out, TS_STR_LIT("two\r\nlines"));
    csv_text(&out, TS_STR_LIT("\n"));
    csv_end(&out);
    cr_assert_str_eq(out.data, "\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\",\"\n\"\r\n");
}

Test(csv, no_cell_begins_a_formula)
{
    static const struct {
        const char *text, *cell;
    } cases[] = {
        { "=1+1", "'=1+1" },
        { "+49 30", "'+49 30" },
        { "-2", "'-2" },
        { "@SUM(A1)", "'@SUM(A1)" },
        { "\tx", "'\tx" },
        { "\r=x", "\"'\r=x\"" },
        { "=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"" },
        { "a=1", "a=1" },
        { "'=1", "'=1" },
    };

    for (size_t i = 0; i < TS_COUNT(cases); i++) {
        ts_buf_clear(&out);
        csv_text(&out, ts_str_of(cases[i].text));
        out.data[out.size - 1] = '\0';
        cr_assert_str_eq(out.data, cases[i].cell);
    }
}

Test(csv, a_list_is_one_cell)
{
    char one[] = "=a", two[] = "b,c", three[] = "d\"e";
    char *items[] = { one, two, three };

    csv_texts(&out, items, 3);
    csv_texts(&out, items + 1, 1);
    csv_end(&out);
    cr_assert_str_eq(out.data, "\"'=a; b,c; d\"\"e\",\"b,c\"\r\n");
}
