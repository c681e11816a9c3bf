/* Short texts of a client or an operator that are more than text: addresses, times, ids, places to go on from, schedules, settings.
 * Each is refused or keeps its promise. The first byte chooses the kind. */
#include <curl/curl.h>

#include "http/route.h"
#include "schedule.h"
#include "ts/apikey.h"
#include "ts/config.h"
#include "ts/id.h"
#include "ts/time.h"
#include "url.h"

#define TEXT_MAX ((size_t)4096)

typedef struct settings {
    char text[TS_CONFIG_TEXT_MAX];
    char secret[TS_CONFIG_TEXT_MAX];
    int64_t number;
    bool flag;
} settings;

static settings into;
static const ts_config_item items[] = {
    TS_TEXT(settings, text, "TS_FUZZ_TEXT", "as it is", "text"),
    TS_SECRET(settings, secret, "TS_FUZZ_SECRET", "secret"),
    TS_NUM(settings, number, "TS_FUZZ_NUMBER", 5, -10, 1000, "number"),
    TS_BOOL(settings, flag, "TS_FUZZ_FLAG", true, "flag"),
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void free_text(char **p)
{
    curl_free(*p);
}

/* Whatever the URL is taken for, it goes to no address of this network. */
static void urls(const char *text)
{
    static const url_rules rules = { .allow_http = true };
    CURLU *u = curl_url();
    TS_CLEANUP(free_text) char *host = NULL;
    ts_str name;
    ts_error err;

    if (url_check(&rules, text, &err) == TS_OK) {
        require(curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK);
        require(curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK);
        name = ts_str_of(host);
        if (name.p[0] == '[')
            require(ts_ssrf_allows_text(&rules.networks, ts_str_n(name.p + 1, name.n - 2)));
        else
            require(ts_str_find(name, '.') < name.n && !ts_str_ieq(name, TS_STR_LIT("localhost")));
    } else {
        require(strcmp(err.param, "url") == 0 && err.text[0] != '\0');
    }
    curl_url_cleanup(u);
}

static void networks(ts_str text)
{
    ts_ssrf_policy policy;
    ts_error err;

    (void)ts_ssrf_allows_text(&(ts_ssrf_policy){ .count = 0 }, text);
    if (ts_ssrf_policy_parse(text, &policy, &err) == TS_OK) {
        require(policy.count <= TS_SSRF_ALLOWED_MAX);
        (void)ts_ssrf_allows_text(&policy, text);
    }
}

static void times(ts_str text)
{
    char printed[TS_RFC3339_SIZE];
    int64_t ms = 0, again = 0;

    if (ts_time_parse(text, &ms) != TS_OK)
        return;
    ts_time_format(ms, true, printed);
    require(ts_time_parse(ts_str_of(printed), &again) == TS_OK);
    /* An offset may lead out of the years that can be written. */
    require(again == ms || printed[0] == '0' || printed[0] == '9');
}

static void ids(ts_str text)
{
    char printed[TS_ID_SIZE];
    ts_hash128 id;

    if (ts_id_parse("inc_", text, &id) == TS_OK) {
        ts_id_format("inc_", id, printed);
        require(ts_str_is(text, printed));
    }
    if (ts_api_key_form_valid(text))
        require(text.n == TS_API_KEY_LENGTH);
}

static void cursors(ts_str text)
{
    char printed[HTTP_CURSOR_SIZE];
    uint64_t offset = 0, again = 0;

    if (http_cursor_parse(text, &offset) != TS_OK)
        return;
    require(http_cursor_position(text).n <= HTTP_POSITION_MAX);
    http_cursor_format(offset, printed);
    require(http_cursor_parse(ts_str_of(printed), &again) == TS_OK && again == offset);
}

static void schedules(ts_str text)
{
    schedule s;
    ts_error err;
    int64_t wait_ms = 0;

    if (schedule_parse(text, &s, &err) != TS_OK) {
        require(err.text[0] != '\0');
        return;
    }
    require(s.steps <= SCHEDULE_STEPS_MAX);
    for (unsigned i = 1; i <= s.steps; i++)
        require(schedule_next(&s, i, UINT32_MAX, &wait_ms) && wait_ms >= s.step_ms[i - 1] &&
                wait_ms <= SCHEDULE_STEP_MAX_MS + SCHEDULE_STEP_MAX_MS / 10 + 1);
    require(!schedule_next(&s, s.steps + 1, 0, &wait_ms));
}

/* One line for each variable. */
static void environment(char *text)
{
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(1u << 20);
    TS_CLEANUP(ts_buf_done) ts_buf printed = TS_BUF_INIT(1u << 20);
    const ts_config_table table = { items, TS_COUNT(items), &into };
    char *lines[17] = { NULL };
    size_t count = 0;
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL && count < TS_COUNT(lines) - 1;
         line = strtok_r(NULL, "\n", &rest))
        lines[count++] = line;
    if (ts_config_load(&table, 1, "TS_FUZZ_", lines, &mistakes) != TS_OK) {
        require(mistakes.size > 0);
        return;
    }
    require(into.number >= -10 && into.number <= 1000);
    ts_config_print(&table, 1, &printed);
    require(ts_buf_status(&printed) == TS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char text[TEXT_MAX + 1];
    ts_str view;

    if (n == 0 || n > TEXT_MAX)
        return 0;
    memcpy(text, data + 1, n - 1);
    text[n - 1] = '\0';
    view = ts_str_n(data + 1, n - 1);
    switch (data[0] % 7) {
    case 0: urls(text); break;
    case 1: networks(view); break;
    case 2: times(view); break;
    case 3: ids(view); break;
    case 4: cursors(view); break;
    case 5: schedules(view); break;
    default: environment(text); break;
    }
    return 0;
}
