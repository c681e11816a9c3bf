#include "types.h"

static const char *const state_names[DELIVERY_STATES] = { "pending", "delivered", "failed" };

const char *delivery_state_name(delivery_state state)
{
    return state_names[state];
}

bool delivery_state_parse(ts_str name, delivery_state *ret)
{
    for (unsigned i = 0; i < DELIVERY_STATES; i++) {
        if (ts_str_is(name, state_names[i])) {
            *ret = (delivery_state)i;
            return true;
        }
    }
    return false;
}

bool type_number(ts_str event, uint32_t *ret)
{
    for (uint32_t i = 0; i < TYPES_COUNT; i++) {
        if (ts_str_is(event, ts_webhook_kinds[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool matches(ts_str filter, ts_str event)
{
    if (ts_str_ends(filter, TS_STR_LIT(".*")))
        return ts_str_starts(event, ts_str_n(filter.p, filter.n - 1));
    return ts_str_eq(filter, event);
}

bool type_filter_is_valid(ts_str filter)
{
    for (size_t i = 0; i < TYPES_COUNT; i++) {
        if (matches(filter, ts_str_of(ts_webhook_kinds[i])))
            return true;
    }
    return false;
}

void type_meant(ts_str text, char ret[TS_NEAR_WORDS])
{
    static const char *const groups[] = { "incident.*", "user.*",    "detection.*", "app.*",
                                          "ai_tool.*",  "api_key.*", "webhook.*" };
    ts_near near = { .word = TS_STR_NULL };

    for (size_t i = 0; i < TYPES_COUNT; i++)
        ts_near_add(&near, text, ts_str_of(ts_webhook_kinds[i]));
    for (size_t i = 0; i < TS_COUNT(groups); i++)
        ts_near_add(&near, text, ts_str_of(groups[i]));
    ts_near_say(&near, ret);
}

uint32_t types_wanted(char *const *filters, size_t count)
{
    uint32_t wanted = count == 0 ? (1u << TYPES_COUNT) - 1 : 0;

    for (size_t i = 0; i < count; i++) {
        for (uint32_t type = 0; type < TYPES_COUNT; type++) {
            if (matches(ts_str_of(filters[i]), ts_str_of(ts_webhook_kinds[type])))
                wanted |= 1u << type;
        }
    }
    return wanted;
}
