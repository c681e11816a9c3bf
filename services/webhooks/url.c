#include "url.h"

#include <curl/curl.h>

TS_DEFINE_CLEANUP(CURLU, curl_url_cleanup);

static void free_text(char **text)
{
    curl_free(*text);
}

static bool is_plain(ts_str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if ((uint8_t)url.p[i] <= 0x20 || (uint8_t)url.p[i] >= 0x7f || url.p[i] == '\\')
            return false;
    }
    return true;
}

/* Names that only mean something inside. */
static bool is_inner_name(ts_str host)
{
    static const char *const ends[] = { ".localhost",   ".local",     ".internal",
                                        ".localdomain", ".home.arpa", ".lan" };

    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    if (ts_str_find(host, '.') == host.n)
        return true; /* one label */
    for (size_t i = 0; i < TS_COUNT(ends); i++) {
        ts_str end = ts_str_of(ends[i]);

        if (host.n >= end.n && ts_str_ieq(ts_str_n(host.p + host.n - end.n, end.n), end))
            return true;
    }
    return false;
}

static ts_status check_host(const url_rules *rules, const char *host, ts_error *err)
{
    ts_str text = ts_str_of(host);

    if (text.n > 2 && text.p[0] == '[')
        text = ts_str_n(text.p + 1, text.n - 2);
    /* libcurl has turned every spelling of an IPv4 address into the plain one. */
    if (host[0] == '[' || strspn(host, "0123456789.") == strlen(host)) {
        if (!ts_ssrf_allows_text(&rules->networks, text))
            return ts_fail(err, TS_INVALID, "url",
                           "url must not point to a private or reserved address");
        return TS_OK;
    }
    if (is_inner_name(text) && rules->networks.count == 0)
        return ts_fail(err, TS_INVALID, "url", "url must name a host of the public internet");
    return TS_OK;
}

ts_status url_check(const url_rules *rules, const char *url, ts_error *err)
{
    TS_CLEANUP(curl_url_cleanup_p) CURLU *u = NULL;
    TS_CLEANUP(free_text) char *scheme = NULL;
    TS_CLEANUP(free_text) char *host = NULL;
    TS_CLEANUP(free_text) char *fragment = NULL;

    if (url[0] == '\0' || strlen(url) > URL_MAX)
        return ts_fail(err, TS_INVALID, "url", "url must have 1 to %d characters", URL_MAX);
    if (!is_plain(ts_str_of(url)))
        return ts_fail(
            err, TS_INVALID, "url",
            "url must be plain ASCII without spaces and backslashes; write a host as punycode");
    u = curl_url();
    if (u == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    if (curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK || host[0] == '\0')
        return ts_fail(err, TS_INVALID, "url",
                       "url must look like https://host/path, without user name and password");
    if (strcmp(scheme, "https") != 0 && !(rules->allow_http && strcmp(scheme, "http") == 0))
        return ts_fail(err, TS_INVALID, "url", "url must begin with https://");
    if (curl_url_get(u, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
        return ts_fail(err, TS_INVALID, "url", "url must not have a fragment (#)");
    return check_host(rules, host, err);
}
