#include <criterion/criterion.h>

#include "detection.h"

#define NOW INT64_C(1800000000000)

static uint8_t id[16] = "0123456789abcde";

static char *text(const char *z)
{
    return (char *)(uintptr_t)z;
}

static Ts__Detection detection(void)
{
    Ts__Detection d = TS__DETECTION__INIT;

    d.id.data = id;
    d.id.len = sizeof(id);
    d.rule_id = text("rule");
    d.severity = 3;
    d.event_ms = NOW;
    d.last_event_ms = NOW + 1000;
    d.count = 5;
    return d;
}

Test(detection, a_good_one_passes_unchanged)
{
    Ts__Detection d = detection();

    cr_assert_eq(detection_check(&d, NULL), TS_OK);
    cr_assert_eq(d.last_event_ms, NOW + 1000);
    cr_assert_eq(d.count, 5);
}

Test(detection, wrong_fields_are_named)
{
    char long_text[DETECTION_TEXT_MAX + 2];
    Ts__Detection d;
    ts_error err;

    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';

    d = detection();
    d.id.len = 15;
    cr_assert_eq(detection_check(&d, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "id");
    d = detection();
    d.rule_id = text("");
    cr_assert_eq(detection_check(&d, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "rule_id");
    d = detection();
    d.severity = 5;
    cr_assert_eq(detection_check(&d, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "severity");
    d = detection();
    d.event_ms = -1;
    cr_assert_eq(detection_check(&d, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "event_ms");
    d = detection();
    d.last_event_ms = INT64_MAX;
    cr_assert_eq(detection_check(&d, &err), TS_INVALID);
    d = detection();
    d.dedup_key = long_text;
    cr_assert_eq(detection_check(&d, &err), TS_INVALID);
    cr_assert_str_eq(err.param, "dedup_key");
}

Test(detection, what_is_left_out_is_made_whole)
{
    Ts__Detection d = detection();

    d.last_event_ms = 0;
    d.count = 0;
    cr_assert_eq(detection_check(&d, NULL), TS_OK);
    cr_assert_eq(d.last_event_ms, NOW);
    cr_assert_eq(d.count, 1);
}

Test(detection, evidence_beyond_its_bytes_is_left_out_whole)
{
    static char summary[1501]; /* two of these fit 4096 bytes, three do not */
    Ts__Evidence parts[3];
    Ts__Evidence *list[] = { &parts[0], &parts[1], &parts[2] };
    Ts__Detection d = detection();

    memset(summary, 'x', sizeof(summary) - 1);
    for (size_t i = 0; i < 3; i++) {
        ts__evidence__init(&parts[i]);
        parts[i].summary = summary;
    }
    d.evidence = list;
    d.n_evidence = 3;
    cr_assert_eq(detection_check(&d, NULL), TS_OK);
    cr_assert_eq(d.n_evidence, 2);
}

Test(detection, the_same_again_is_no_news)
{
    Ts__Detection kept = detection();
    Ts__Detection news = detection();

    cr_assert_not(detection_grow(&kept, &news));
    news.count = 4; /* an older state of it */
    news.last_event_ms = NOW;
    news.severity = 2;
    cr_assert_not(detection_grow(&kept, &news));
    cr_assert_eq(kept.count, 5);
    cr_assert_eq(kept.severity, 3);
}

Test(detection, each_thing_known_better_is_taken)
{
    Ts__Evidence evidence = TS__EVIDENCE__INIT;
    Ts__Evidence *list[] = { &evidence };
    Ts__Detection kept = detection();
    Ts__Detection news = detection();

    news.event_ms = NOW - 1;
    cr_assert(detection_grow(&kept, &news));
    cr_assert_eq(kept.event_ms, NOW - 1);
    news = detection();
    news.last_event_ms = NOW + 2000;
    cr_assert(detection_grow(&kept, &news));
    cr_assert_eq(kept.last_event_ms, NOW + 2000);
    news = detection();
    news.count = 6;
    cr_assert(detection_grow(&kept, &news));
    cr_assert_eq(kept.count, 6);
    news = detection();
    news.severity = 4;
    cr_assert(detection_grow(&kept, &news));
    cr_assert_eq(kept.severity, 4);
    news = detection();
    news.evidence = list;
    news.n_evidence = 1;
    cr_assert(detection_grow(&kept, &news));
    cr_assert_eq(kept.n_evidence, 1);
    news = detection();
    news.user_email = text("ann@example.com");
    cr_assert(detection_grow(&kept, &news));
    news.user_email = text("bob@example.com"); /* whose it is stays as it was first known */
    cr_assert_not(detection_grow(&kept, &news));
    cr_assert_str_eq(kept.user_email, "ann@example.com");
}
