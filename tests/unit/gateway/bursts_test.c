/* Bursts wait in a bounded ring while auth is away; what finds it full is counted. */
#include <criterion/criterion.h>

#include "api/api.h"

static double lost(void)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(1 << 20);
    const char *row;

    ts_metrics_print(&text);
    row = strstr(text.data, "\nts_gateway_bursts_lost_total ");
    cr_assert_not_null(row);
    return strtod(row + strlen("\nts_gateway_bursts_lost_total "), NULL);
}

Test(bursts, the_sixty_fifth_is_lost_and_counted_and_nobody_waits, .timeout = 30)
{
    ts_peer *auth = NULL;
    api app = { .auth = NULL };
    http_exchange x = { .app = &app, .scope = "203.0.113.7", .client = "203.0.113.7" };

    /* Nobody listens there: the first stays in its place until it is told. */
    cr_assert_eq(ts_peer_new("auth", "ipc:///nonexistent/auth", &auth, NULL), TS_OK);
    app.bursts = api_bursts_new(auth);
    cr_assert_not_null(app.bursts);
    for (int i = 0; i < 64; i++)
        api_burst(&x, TS_STR_LIT("tsk_live_abcdefgh"));
    cr_assert_eq(lost(), 0);
    api_burst(&x, TS_STR_NULL);
    api_burst(&x, TS_STR_LIT("tsk_live_ab"));
    cr_assert_eq(lost(), 2);
    api_bursts_free(app.bursts);
    cr_assert_eq(lost(), 66, "what is still in the ring is lost when the gateway stops");
    ts_peer_free(auth);
}
