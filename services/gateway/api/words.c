#include "api/words.h"

#define EMAIL_MAX 254
#define ID_MAX    40

void words_count(ts_buf *out, uint64_t n, const char *noun)
{
    ts_buf_u64(out, n);
    ts_buf_char(out, ' ');
    ts_buf_z(out, noun);
    if (n != 1)
        ts_buf_char(out, 's');
}

void words_count_as(ts_buf *out, uint64_t n, const char *one, const char *many)
{
    ts_buf_u64(out, n);
    ts_buf_char(out, ' ');
    ts_buf_z(out, n == 1 ? one : many);
}

void words_order(ts_buf *out, uint64_t total, const char *order)
{
    if (total > 1)
        ts_buf_printf(out, ", %s", order);
    ts_buf_char(out, '.');
}

void words_past_end(ts_buf *out, uint64_t total, size_t shown)
{
    if (shown == 0 && total > 0)
        ts_buf_z(out, " Nothing is shown: this page lies behind the end of the list.");
}

void words_days(ts_buf *out, uint64_t days)
{
    if (days == 1)
        ts_buf_z(out, "today");
    else
        ts_buf_printf(out, "in the last %llu days", (unsigned long long)days);
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool words_is_email(ts_str text)
{
    static const char others[] = "._%+-";
    size_t at = ts_str_find(text, '@');

    if (text.n > EMAIL_MAX || at == 0 || at > 64 || at == text.n)
        return false;
    for (size_t i = 0; i < at; i++) {
        if (!is_alnum(text.p[i]) && memchr(others, text.p[i], sizeof(others) - 1) == NULL)
            return false;
    }
    return ts_domain_valid(ts_str_n(text.p + at + 1, text.n - at - 1));
}

void words_email(ts_buf *out, ts_str address, const char *otherwise)
{
    if (words_is_email(address))
        ts_buf_str(out, address);
    else
        ts_buf_z(out, otherwise);
}

bool words_is_id(ts_str text, const char *prefix)
{
    size_t start = strlen(prefix);

    if (!ts_str_starts(text, ts_str_of(prefix)) || text.n == start || text.n > start + ID_MAX)
        return false;
    for (size_t i = start; i < text.n; i++) {
        if (!is_alnum(text.p[i]))
            return false;
    }
    return true;
}

void words_id(ts_buf *out, ts_str id, const char *prefix, const char *otherwise)
{
    if (words_is_id(id, prefix))
        ts_buf_str(out, id);
    else
        ts_buf_z(out, otherwise);
}

void words_upper(ts_buf *out, const char *word)
{
    for (; *word != '\0'; word++)
        ts_buf_char(out, *word >= 'a' && *word <= 'z' ? (char)(*word - 'a' + 'A') : *word);
}

void words_status(ts_buf *out, const char *status)
{
    if (strcmp(status, "false_positive") == 0)
        status = "a false positive";
    else if (strcmp(status, "investigating") == 0)
        status = "being investigated";
    ts_buf_z(out, status);
}
