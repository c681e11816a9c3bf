#include "options.h"

#include "ts/time.h"

#define DEFAULT_PEOPLE 142u
#define DEFAULT_DAYS   7u
#define DEFAULT_DOMAIN "lumen-works.example"

const char *sim_options_help(void)
{
    return "usage: ts-simulator [options]\n"
           "\n"
           "A company's days as audit records of Google Workspace, Okta or Entra ID (one JSON "
           "object a line), with\n"
           "labelled attacks in them. The same seed, end and options give the same bytes.\n"
           "\n"
           "  --people N         people of the company, 1 to 100000 (142)\n"
           "  --days N           days, 1 to 365 (7)\n"
           "  --history N        ordinary days before them, without attacks; with the days at "
           "most 365 (0)\n"
           "  --end TIME         the play ends then, RFC 3339 (now)\n"
           "  --seed N           another company and other days for each number (1)\n"
           "  --domain NAME      of the company's addresses (" DEFAULT_DOMAIN ")\n"
           "  --source LIST      who tells: google_workspace, okta or entra_id; okta or entra_id "
           "with "
           "google_workspace:\n"
           "                     people sign in there and work in Google Workspace "
           "(google_workspace)\n"
           "  --attacks LIST     none, all, or names joined by commas (all): "
           "brute_force_takeover,\n"
           "                     insider_data_theft, oauth_consent_abuse, rogue_admin\n"
           "  --events N         exactly N records: fewer or more work in the same days\n"
           "  --out FILE         write the records; - is standard output (the default without "
           "other outputs);\n"
           "                     of two sources each into FILE.SOURCE\n"
           "  --labels FILE      write what is an attack, one JSON object a line\n"
           "  --directory FILE   write the people as a JSON array\n"
           "  --places FILE      write address blocks and their places as a JSON array\n"
           "  --post URL         post the records to URL/v1/events, 500 at a time\n"
           "  --with-directory   --post uploads the people first, to URL/v1/directory/users\n"
           "  --key KEY          API key for --post (or the environment variable TS_API_KEY)\n"
           "  --speed N          events a second for --post; 0 is as fast as possible (0)\n";
}

static ts_status number(const char *name, const char *text, uint64_t low, uint64_t high,
                        uint64_t *ret, ts_error *err)
{
    if (ts_parse_u64(ts_str_of(text), ret) != TS_OK || *ret < low || *ret > high)
        return ts_fail(err, TS_INVALID, name, "%s must be a number between %llu and %llu", name,
                       (unsigned long long)low, (unsigned long long)high);
    return TS_OK;
}

static ts_status small_number(const char *name, const char *text, uint32_t low, uint32_t high,
                              uint32_t *ret, ts_error *err)
{
    uint64_t n;
    const ts_status st = number(name, text, low, high, &n, err);

    if (st == TS_OK)
        *ret = (uint32_t)n;
    return st;
}

/* Letters, digits, '-' and '.', so that addresses made with it are addresses. */
static ts_status domain(const char *text, sim_company *c, ts_error *err)
{
    const size_t n = strlen(text);

    if (n == 0 || n >= sizeof(c->domain) ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") != n)
        return ts_fail(err, TS_INVALID, "domain",
                       "domain must be 1 to %zu characters of a-z, 0-9, - and .",
                       sizeof(c->domain) - 1);
    memcpy(c->domain, text, n + 1);
    return TS_OK;
}

static ts_status end_time(const char *text, sim_setup *s, ts_error *err)
{
    if (ts_time_parse(ts_str_of(text), &s->end_ms) != TS_OK ||
        s->end_ms < (int64_t)SIM_DAYS_MAX * TS_DAY_MS)
        return ts_fail(err, TS_INVALID, "end", "end must be a time like 2025-01-15T10:30:00Z");
    return TS_OK;
}

static ts_status take(sim_options *o, const char *name, const char *value, ts_error *err)
{
    if (strcmp(name, "--people") == 0)
        return small_number("people", value, 1, SIM_PEOPLE_MAX, &o->setup.company.people, err);
    if (strcmp(name, "--days") == 0)
        return small_number("days", value, 1, SIM_DAYS_MAX, &o->setup.days, err);
    if (strcmp(name, "--history") == 0)
        return small_number("history", value, 0, SIM_DAYS_MAX - 1, &o->history, err);
    if (strcmp(name, "--seed") == 0)
        return number("seed", value, 0, UINT64_MAX, &o->setup.company.seed, err);
    if (strcmp(name, "--events") == 0)
        return number("events", value, 1, SIM_EVENTS_MAX, &o->setup.max_events, err);
    if (strcmp(name, "--speed") == 0)
        return small_number("speed", value, 0, SIM_SPEED_MAX, &o->speed, err);
    if (strcmp(name, "--end") == 0)
        return end_time(value, &o->setup, err);
    if (strcmp(name, "--domain") == 0)
        return domain(value, &o->setup.company, err);
    if (strcmp(name, "--source") == 0)
        return sim_sources_parse(ts_str_of(value), &o->setup.company.sources, err);
    if (strcmp(name, "--attacks") == 0)
        return sim_attacks_parse(ts_str_of(value), &o->setup.attacks, err);
    if (strcmp(name, "--out") == 0)
        o->out = value;
    else if (strcmp(name, "--labels") == 0)
        o->labels = value;
    else if (strcmp(name, "--directory") == 0)
        o->directory = value;
    else if (strcmp(name, "--places") == 0)
        o->places = value;
    else if (strcmp(name, "--post") == 0)
        o->post = value;
    else if (strcmp(name, "--key") == 0)
        o->key = value;
    else
        return ts_fail(err, TS_INVALID, name, "unknown option %s; see --help", name);
    return TS_OK;
}

/* What no option can tell alone. */
static ts_status check(const sim_options *o, ts_error *err)
{
    if (o->history > 0 && o->history > SIM_DAYS_MAX - o->setup.days)
        return ts_fail(err, TS_INVALID, "history",
                       "history must be at most %u with %u days: %u together",
                       SIM_DAYS_MAX - o->setup.days, o->setup.days, SIM_DAYS_MAX);
    if (o->history > 0 && o->setup.max_events > 0)
        return ts_fail(err, TS_INVALID, "events",
                       "events counts the records of all days: it goes without history");
    if (o->with_directory && o->post == NULL)
        return ts_fail(err, TS_INVALID, "with-directory", "with-directory needs --post");
    if (o->out != NULL && strcmp(o->out, "-") == 0 &&
        sim_source_count(o->setup.company.sources) > 1)
        return ts_fail(err, TS_INVALID, "out",
                       "out must be a file where there are two sources: FILE.SOURCE for each");
    return TS_OK;
}

ts_status sim_options_parse(int argc, char *const *argv, int64_t now_ms, sim_options *ret,
                            ts_error *err)
{
    sim_options o = { .setup = {
                          .days = DEFAULT_DAYS, .attacks = SIM_ATTACKS_ALL, .end_ms = now_ms } };

    o.setup.company =
        (sim_company){ .seed = 1, .people = DEFAULT_PEOPLE, .domain = DEFAULT_DOMAIN };
    for (int i = 1; i < argc; i += 2) {
        ts_status st;

        if (strcmp(argv[i], "--help") == 0) {
            o.help = true;
            break;
        }
        if (strcmp(argv[i], "--with-directory") == 0) {
            o.with_directory = true;
            i--; /* no value */
            continue;
        }
        if (i + 1 == argc)
            return ts_fail(err, TS_INVALID, argv[i], "%s needs a value; see --help", argv[i]);
        st = take(&o, argv[i], argv[i + 1], err);
        if (st != TS_OK)
            return st;
    }
    if (o.out == NULL && o.labels == NULL && o.directory == NULL && o.places == NULL &&
        o.post == NULL)
        o.out = "-";
    if (!o.help && check(&o, err) != TS_OK)
        return TS_INVALID;
    *ret = o;
    return TS_OK;
}
