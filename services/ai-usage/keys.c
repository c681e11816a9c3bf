#include "keys.h"

#include "proto/methods.h"

const ts_family ai_usage_families[] = {
    { .name = "days", .type = &ts__aiusage__counter__descriptor },
    { .name = "day_tools", .type = &ts__aiusage__counter__descriptor },
    { .name = "day_users", .type = &ts__aiusage__use__descriptor },
    { .name = "last_use", .type = &ts__aiusage__last_use__descriptor },
    { .name = "last_days", .type = &ts__aiusage__counter__descriptor },
    { .name = "tools", .type = &ts__aiusage__tool__descriptor },
    { .name = "inbox", .is_global = true },
    { .name = NULL },
};

void ai_usage_day_key(ts_buf *b, ts_tenant t, int64_t day)
{
    ts_key_tenant(b, t);
    ts_buf_be32(b, (uint32_t)day);
}

void ai_usage_day_tool_key(ts_buf *b, ts_tenant t, int64_t day, ts_str tool)
{
    ai_usage_day_key(b, t, day);
    ts_key_text(b, tool);
}

void ai_usage_day_user_prefix(ts_buf *b, ts_tenant t, int64_t day, ts_str user)
{
    ai_usage_day_key(b, t, day);
    ts_key_text(b, user);
}

void ai_usage_day_user_key(ts_buf *b, ts_tenant t, int64_t day, ts_str user, ts_str tool)
{
    ai_usage_day_user_prefix(b, t, day, user);
    ts_key_text(b, tool);
}

void ai_usage_day_user_end(ts_buf *b, ts_tenant t, int64_t day, ts_str user)
{
    ai_usage_day_user_prefix(b, t, day, user);
    if (ts_buf_status(b) == TS_OK)
        b->data[b->size - 1] = 1; /* texts end in 0 and hold no smaller byte than this */
}

void ai_usage_last_use_key(ts_buf *b, ts_tenant t, ts_str tool, ts_str user)
{
    ai_usage_tool_key(b, t, tool);
    ts_key_text(b, user);
}

void ai_usage_last_day_key(ts_buf *b, ts_tenant t, ts_str tool, int64_t day)
{
    ai_usage_tool_key(b, t, tool);
    ts_buf_be32(b, (uint32_t)day);
}

void ai_usage_tool_key(ts_buf *b, ts_tenant t, ts_str tool)
{
    ts_key_tenant(b, t);
    ts_key_text(b, tool);
}

static int64_t read_day(ts_str key, size_t at)
{
    uint32_t day = 0;

    for (size_t i = at; i < at + AI_USAGE_DAY_SIZE && i < key.n; i++)
        day = day << 8 | (uint8_t)key.p[i];
    return (int64_t)day;
}

int64_t ai_usage_key_day(ts_str key)
{
    return read_day(key, TS_KEY_TENANT_SIZE);
}

int64_t ai_usage_key_last_day(ts_str key)
{
    return key.n < AI_USAGE_DAY_SIZE ? 0 : read_day(key, key.n - AI_USAGE_DAY_SIZE);
}

ts_str ai_usage_key_last_user(ts_str key)
{
    size_t before = TS_KEY_TENANT_SIZE + 1; /* the tool is empty */

    if (key.n < before + 1 || key.p[before - 1] != '\0')
        return TS_STR_NULL;
    return ts_str_n(key.p + before, key.n - before - 1);
}

ts_str ai_usage_key_text(ts_str key, unsigned index)
{
    size_t at = TS_KEY_TENANT_SIZE + AI_USAGE_DAY_SIZE;

    for (;;) {
        ts_str rest;
        size_t n;

        if (at >= key.n)
            return TS_STR_NULL;
        rest = ts_str_n(key.p + at, key.n - at);
        n = ts_str_find(rest, '\0');
        if (index == 0)
            return ts_str_n(rest.p, n);
        index--;
        at += n + 1;
    }
}
