/* The requests of a plan as they are written, and what the question says of their parts. */
#include "planner.h"

void planner_note(planner *p, const char *format, ...)
{
    char words[256];
    agent_texts *list = &p->plan->notes;
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    for (size_t i = 0; i < list->count; i++) {
        if (ts_str_is(list->list[i], words))
            return;
    }
    if (!ts_arena_grow(p->arena, &list->list, list->count, &list->capacity, sizeof(ts_str))) {
        p->status = TS_NOMEM;
        return;
    }
    list->list[list->count++] = ts_arena_str(p->arena, ts_str_of(words));
}

static void encode(ts_buf *to, ts_str text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_' || c == '~' || c == '@') {
            ts_buf_char(to, (char)c);
        } else {
            ts_buf_char(to, '%');
            ts_buf_char(to, hex[c >> 4]);
            ts_buf_char(to, hex[c & 15]);
        }
    }
}

void planner_path(planner *p, const char *resource)
{
    ts_buf_clear(&p->path);
    ts_buf_z(&p->path, resource);
    p->has_query = false;
}

void planner_segment(planner *p, ts_str text)
{
    ts_buf_char(&p->path, '/');
    encode(&p->path, text);
}

void planner_parameter(planner *p, const char *name, ts_str value)
{
    ts_buf_char(&p->path, p->has_query ? '&' : '?');
    p->has_query = true;
    ts_buf_z(&p->path, name);
    ts_buf_char(&p->path, '=');
    encode(&p->path, value);
}

void planner_number(planner *p, const char *name, int64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%lld", (long long)value);
    planner_parameter(p, name, ts_str_of(digits));
}

void planner_finish(planner *p, const char *method, ts_str body)
{
    agent_plan *plan = p->plan;
    ts_str made = ts_arena_str(p->arena, ts_buf_view(&p->path));

    if (ts_buf_status(&p->path) != TS_OK || made.p == NULL ||
        !ts_arena_grow(p->arena, &plan->requests, plan->count, &plan->capacity,
                       sizeof(*plan->requests))) {
        p->status = TS_NOMEM;
        return;
    }
    plan->requests[plan->count++] = (agent_request){ method, made, body };
}

ts_str planner_slot(const planner *p, const char *name)
{
    return agent_slot_text(&p->in->slots, name);
}

size_t planner_count(const planner *p, const char *name)
{
    const agent_slot *slot = agent_slot_find(&p->in->slots, ts_str_of(name));

    return slot == NULL ? 0 : slot->count;
}

int64_t planner_number_of(const planner *p, const char *name, int64_t otherwise)
{
    int64_t n;

    return ts_parse_i64(planner_slot(p, name), &n) == TS_OK ? n : otherwise;
}

bool planner_is_email(ts_str text)
{
    return ts_str_find(text, '@') < text.n;
}

ts_str planner_address(const planner *p, ts_str user)
{
    for (size_t i = 0; i < p->in->people.count && !planner_is_email(user); i++) {
        if (ts_str_eq(p->in->people.list[i].from, user))
            return p->in->people.list[i].to;
    }
    return user;
}
