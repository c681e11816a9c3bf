#include <criterion/criterion.h>

#include "proto/risk.pb-c.h"
#include "row.h"

#define ROW_MAX 512

static ts_str packed(const ProtobufCMessage *m, char bytes[ROW_MAX])
{
    cr_assert_leq(protobuf_c_message_get_packed_size(m), ROW_MAX);
    return ts_str_n(bytes, protobuf_c_message_pack(m, (uint8_t *)bytes));
}

static Ts__Risk__UserRow dana(void)
{
    static char email[] = "dana@acme.example";
    Ts__Risk__UserRow row = TS__RISK__USER_ROW__INIT;

    row.number = 300;
    row.email = email;
    row.is_admin = true;
    row.last_seen_ms = INT64_C(1736937000000);
    row.score = 82;
    row.open_incident_count = 2;
    return row;
}

Test(row, what_is_shown_ends_where_the_bookkeeping_begins)
{
    Ts__Risk__UserRow row = dana();
    char *sources[] = { (char[]){ "google" } };
    char shown[ROW_MAX], kept[ROW_MAX];
    ts_str wanted = packed(&row.base, shown);
    risk_row view;

    row.next_score_ms = 1;
    row.timeline_score = 2;
    row.timeline_ms = 3;
    row.searchable = true;
    row.id_sources = sources;
    row.n_id_sources = 1;
    cr_assert_eq(risk_row_view(packed(&row.base, kept), &view), TS_OK);
    cr_assert(ts_str_eq(view.shown, wanted));
    cr_assert_eq(view.number, 300);
    cr_assert_eq(view.score, 82);
    cr_assert_eq(risk_row_view(wanted, &view), TS_OK);
    cr_assert(ts_str_eq(view.shown, wanted));
}

Test(row, a_row_cut_short_is_corrupt_or_ends_between_two_fields)
{
    Ts__Risk__UserRow row = dana();
    char bytes[ROW_MAX];
    ts_str whole = packed(&row.base, bytes);
    size_t corrupt = 0;

    for (size_t n = 0; n < whole.n; n++) {
        risk_row view;
        ts_status st = risk_row_view(ts_str_n(whole.p, n), &view);

        if (st == TS_OK)
            cr_expect_eq(view.shown.n, n);
        else
            cr_expect_eq(st, TS_CORRUPT);
        corrupt += st == TS_CORRUPT;
    }
    cr_assert_eq(whole.n - corrupt, 6); /* in front of each of its six fields */
}
