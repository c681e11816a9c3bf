/* Text from monitored events made fit for what we do with it: valid UTF-8 of bounded length. */
#ifndef RISK_CLEAN_H
#define RISK_CLEAN_H

#include "ts/arena.h"

/* What things are known and found by: ts_clean(), without control, invisible and bidirectional characters. NULL if out of
 * memory. */
char *risk_clean_z(ts_arena *arena, ts_str text, size_t max);

/* What only people read: ts_keep(), so that whoever investigates can see what was hidden in it. Whoever shows it otherwise, or
 * finds something by it, cleans it. NULL if out of memory. */
char *risk_keep_z(ts_arena *arena, ts_str text, size_t max);

/* Lower case (ASCII), without surrounding space; "" unless it looks like an e-mail address: one '@' with text on both
 * sides, at most 254 bytes, no space, control or quoting characters. NULL if out of memory. */
char *risk_clean_email(ts_arena *arena, ts_str text);

/* The address in text form if it is a valid IPv4 or IPv6 one, else "". NULL if out of memory. */
char *risk_clean_ip(ts_arena *arena, ts_str text);

#endif
