/* Keys of ai-usage's store. Numbers are big-endian; T is the tenant: organization (8), mode (1); a day is 4 bytes, counted
 * from the epoch in UTC.
 *
 *   family     key                      value
 *   days       T day                    Counter   events and users of the day
 *   day_tools  T day tool 0             Counter   events of the day
 *   day_users  T day user 0 tool 0      Use
 *   last_use   T tool 0 user 0          LastUse   tool "" stands for any tool
 *   last_days  T tool 0 day             Counter   users whose last use of the tool was on that day
 *   tools      T tool 0                 Tool
 *   inbox      see common/outbox                  global
 *
 * A report's window always ends today, so "users of the last N days" is a sum over N rows of last_days.
 */
#ifndef AI_USAGE_KEYS_H
#define AI_USAGE_KEYS_H

#include "ts/buf.h"
#include "ts/store.h"

enum ai_usage_family {
    AI_USAGE_DAYS,
    AI_USAGE_DAY_TOOLS,
    AI_USAGE_DAY_USERS,
    AI_USAGE_LAST_USE,
    AI_USAGE_LAST_DAYS,
    AI_USAGE_TOOLS,
    AI_USAGE_INBOX
};
/* For ts_store_open(), in the order above. */
extern const ts_family ai_usage_families[];

#define AI_USAGE_TOOL_MAX 128
#define AI_USAGE_USER_MAX 320
#define AI_USAGE_KEY_MAX  512 /* tenant, day, tool and user with their ends fit */

/* Each appends to an empty buffer of AI_USAGE_KEY_MAX. */
void ai_usage_day_key(ts_buf *b, ts_tenant t, int64_t day);
void ai_usage_day_tool_key(ts_buf *b, ts_tenant t, int64_t day, ts_str tool);
/* The prefix of all of a user's tools on that day. */
void ai_usage_day_user_prefix(ts_buf *b, ts_tenant t, int64_t day, ts_str user);
/* Behind all of them, and before the next user. */
void ai_usage_day_user_end(ts_buf *b, ts_tenant t, int64_t day, ts_str user);
void ai_usage_day_user_key(ts_buf *b, ts_tenant t, int64_t day, ts_str user, ts_str tool);
void ai_usage_last_use_key(ts_buf *b, ts_tenant t, ts_str tool, ts_str user);
void ai_usage_last_day_key(ts_buf *b, ts_tenant t, ts_str tool, int64_t day);
void ai_usage_tool_key(ts_buf *b, ts_tenant t, ts_str tool);

#define AI_USAGE_DAY_SIZE 4 /* bytes of a day in a key */
/* The day at the end of a key of last_days. */
int64_t ai_usage_key_last_day(ts_str key);
/* The day that stands in a key of the families days, day_tools and day_users. */
int64_t ai_usage_key_day(ts_str key);
/* The user at the end of a key of last_use of any tool; TS_STR_NULL if it is none. */
ts_str ai_usage_key_last_user(ts_str key);
/* Text number `index` (0, 1) behind the day; TS_STR_NULL if the key is too short. */
ts_str ai_usage_key_text(ts_str key, unsigned index);

#endif
