/* The kinds of webhook events, the states they can be in, and which of them an endpoint wants. Pure. */
#ifndef WEBHOOKS_TYPES_H
#define WEBHOOKS_TYPES_H

#include "proto/publish.h"
#include "ts/base.h"
#include "ts/near.h"

#define TYPES_FILTERS_MAX 32
#define TYPES_COUNT       TS_WEBHOOK_KINDS

/* Of an event and of a delivery. Stored in keys: never renumbered. */
typedef enum delivery_state {
    DELIVERY_PENDING = 0,
    DELIVERY_DELIVERED = 1,
    DELIVERY_FAILED = 2,
} delivery_state;
#define DELIVERY_STATES 3
const char *delivery_state_name(delivery_state state);
/* False if there is no state of that name. */
bool delivery_state_parse(ts_str name, delivery_state *ret);

/* Number of a kind, below TYPES_COUNT; false if there is no such kind. Stored in keys: new kinds go to the end. */
bool type_number(ts_str event, uint32_t *ret);
/* A kind or a group of them: "incident.created", "incident.*". */
bool type_filter_is_valid(ts_str filter);
/* What a text that is neither may have meant: " (did you mean incident.created?)", or "". */
void type_meant(ts_str text, char ret[TS_NEAR_WORDS]);
/* A bit for each kind that the filters want; no filter wants everything. */
uint32_t types_wanted(char *const *filters, size_t count);

#endif
