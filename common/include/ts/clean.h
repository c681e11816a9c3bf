/* Text from an attacker's hand made fit to be shown: valid UTF-8, no control, invisible or bidirectional characters, of
 * bounded length. Whoever shows it still escapes it for the place it goes to. */
#ifndef TS_CLEAN_H
#define TS_CLEAN_H

#include "ts/arena.h"

/* A cleaned copy of at most `max` bytes, cut between characters; bytes that are no UTF-8 are dropped, line breaks and tabs
 * become spaces. NULL if out of memory. */
char *ts_clean(ts_arena *arena, ts_str text, size_t max);

/* The same in place; the text only ever gets shorter. Gives `text` back; NULL is "". */
const char *ts_clean_z(char *text, size_t max);

#endif
