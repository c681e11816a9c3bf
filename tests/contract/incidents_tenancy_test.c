/* incidents loses an organization: through its own inbox and store. */
#include "incidents_served.h"

static size_t rows_in(unsigned family, uint64_t org)
{
    TS_CLEANUP(ts_buf_done) ts_buf prefix = TS_BUF_INIT(8);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    size_t count = 0;

    ts_buf_be64(&prefix, org);
    it = ts_iter_prefix(s.store, family, ts_buf_view(&prefix), false);
    for (; ts_iter_valid(it); ts_iter_next(it))
        count++;
    return count;
}

static void an_erased_organization_leaves_incidents(void)
{
    ts_tenant mine = tenant;
    ts_tenant other = { mine.org + 100, TS_MODE_LIVE };
    const Ts__Incidents__IncidentDetails *details = NULL;
    char **lines = NULL;
    size_t rows;
    size_t count;
    bool has_note = false;
    char *id;

    served_check_hidden(incidents_families);
    for (int mode = TS_MODE_LIVE; mode <= TS_MODE_TEST; mode++) {
        tenant = (ts_tenant){ mine.org, (ts_mode)mode };
        detect("one", "rule_a", 3, "ann@corp.example", -3);
        detect("two", "rule_b", 1, "ann@corp.example", -2);
        detect("waits", "rule_c", 1, "bob@corp.example", -2);
        tenant = (ts_tenant){ other.org, (ts_mode)mode };
        detect("one", "rule_a", 3, "ann@corp.example", -3);
        detect("two", "rule_b", 1, "ann@corp.example", -2);
        detect("waits", "rule_c", 1, "bob@corp.example", -2);
    }
    rows = served_rows_of(&s, incidents_families, other.org);
    CHECK(rows > 10);
    tenant = mine;
    id = ts_arena_z(s.arena, ts_str_of(only()->id));
    (void)updated(id, "investigating", "a note of ours");
    CHECK_EQ(metric("ts_incidents_open"), 4);

    count = served_export(&s, &ts_incidents_export, mine, 7, &lines);
    /* All but what is the store's own: the remembered answer of the change, and the counts by time. */
    CHECK(rows_in(INCIDENTS_RANKS, mine.org) > 0);
    CHECK_EQ(count, served_rows_of(&s, incidents_families, mine.org) - 1 -
                        rows_in(INCIDENTS_RANKS, mine.org));
    for (size_t i = 0; i < count && !has_note; i++)
        has_note = strstr(lines[i], "a note of ours") != NULL;
    CHECK(has_note);

    served_erase(&s, &ts_incidents_accept, mine.org);
    CHECK_EQ(served_rows_of(&s, incidents_families, mine.org), 0);
    CHECK_EQ(served_rows_of(&s, incidents_families, other.org), rows);
    CHECK_EQ(metric("ts_incidents_open"), 2);
    CHECK_EQ(served_sent(&s, INCIDENTS_TO_AUTH),
             2); /* the audit entry of the change, and the word that it is gone */
    CHECK_EQ(update(id, "resolved", "", &details), TS_NOT_FOUND);
    CHECK_EQ(strcmp(s.error.text, "The organization has been deleted."), 0);

    detect("late", "rule_a", 3, "ann@corp.example", -1);
    served_erase(&s, &ts_incidents_accept, mine.org);
    CHECK_EQ(served_rows_of(&s, incidents_families, mine.org), 0);
    CHECK_EQ(metric("ts_incidents_open"), 2);
    tenant = other;
    CHECK_EQ(only()->detection_count, 2);
}

int main(void)
{
    begin();
    RUN_FRESH(an_erased_organization_leaves_incidents);
    end();
    return 0;
}
