/* Which runs of characters are literals: addresses, ids. Pure. */
#ifndef AGENT_LITERALS_H
#define AGENT_LITERALS_H

#include "ts/base.h"

/* Of a mailbox: one @, a dot behind it. */
bool agent_is_address(ts_str s);
bool agent_is_url(ts_str s);
/* Version 4 or 6. */
bool agent_is_ip(ts_str s);
/* inc_x, INC-12; *ret_incident tells it from other prefixes. 0: it does not begin with an id. */
size_t agent_id_length(ts_str s, bool *ret_incident);

#endif
