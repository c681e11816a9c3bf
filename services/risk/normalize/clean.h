/* Text from monitored events made fit to be shown: valid UTF-8, no control, invisible or bidirectional characters, of
 * bounded length. Whoever shows it still escapes it for the place it goes to. */
#ifndef RISK_CLEAN_H
#define RISK_CLEAN_H

#include "ts/arena.h"

/* A cleaned copy of at most `max` bytes, cut between characters; bytes that are no UTF-8 are dropped. NULL if out of
 * memory. */
char *risk_clean_z(ts_arena *arena, ts_str text, size_t max);

/* Lower case (ASCII), without surrounding space; "" unless it looks like an e-mail address: one '@' with text on both
 * sides, at most 254 bytes, no space, control or quoting characters. NULL if out of memory. */
char *risk_clean_email(ts_arena *arena, ts_str text);

/* The address in text form if it is a valid IPv4 or IPv6 one, else "". NULL if out of memory. */
char *risk_clean_ip(ts_arena *arena, ts_str text);

#endif
