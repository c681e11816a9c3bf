/* The kinds of webhook events, and which of them an endpoint wants. Pure. */
#ifndef WEBHOOKS_TYPES_H
#define WEBHOOKS_TYPES_H

#include "ts/base.h"

#define TYPES_FILTERS_MAX 32

bool type_is_known(ts_str event);
/* A kind or a group of them: "incident.created", "incident.*". */
bool type_filter_is_valid(ts_str filter);
/* No filter wants everything. */
bool type_is_wanted(ts_str event, char *const *filters, size_t count);

#endif
