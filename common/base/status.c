/* Names of statuses, and the words of errors. */
#include "ts/base.h"

const char *ts_status_name(ts_status status)
{
    switch (status) {
    case TS_OK: return "ok";
    case TS_INVALID: return "invalid";
    case TS_UNAUTHENTICATED: return "unauthenticated";
    case TS_DENIED: return "denied";
    case TS_NOT_FOUND: return "not_found";
    case TS_CONFLICT: return "conflict";
    case TS_LIMITED: return "limited";
    case TS_UNAVAILABLE: return "unavailable";
    case TS_CORRUPT: return "corrupt";
    case TS_NOMEM: return "nomem";
    case TS_INTERNAL: return "internal";
    case TS_TOO_LARGE: return "too_large";
    case TS_PRECONDITION: return "precondition";
    }
    return "unknown";
}

/* The text was cut at `n` bytes: removes the first bytes of a UTF-8 sequence whose end is missing.
 */
static void cut_at_boundary(char *text, size_t n)
{
    size_t start = n;
    size_t back = 0;

    while (start > 0 && back < 4) {
        unsigned char c = (unsigned char)text[start - 1];
        size_t length;

        start--;
        back++;
        if ((c & 0xC0) == 0x80)
            continue;
        length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        if (length > back)
            text[start] = '\0';
        return;
    }
}

void ts_error_set(ts_error *err, const char *param, const char *format, ...)
{
    va_list args;
    size_t n;
    int wanted;

    if (err == NULL)
        return;
    n = param == NULL ? 0 : strlen(param);
    if (n >= sizeof(err->param))
        n = sizeof(err->param) - 1;
    /* memmove: a caller may add words to the error that it was given. */
    if (n > 0)
        memmove(err->param, param, n);
    err->param[n] = '\0';
    if (param != NULL && n == sizeof(err->param) - 1)
        cut_at_boundary(err->param, n);

    va_start(args, format);
    wanted = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (wanted < 0)
        err->text[0] = '\0';
    else if ((size_t)wanted >= sizeof(err->text))
        cut_at_boundary(err->text, sizeof(err->text) - 1);
}
