/* Text from an attacker's hand made fit to be shown: valid UTF-8, no control, invisible or bidirectional characters, of
 * bounded length. Whoever shows it still escapes it for the place it goes to.
 *
 * Characters stay as they were composed (no NFC): no library of ours knows how, one that does would be megabytes in each process
 * for the sake of looks, and nothing compares texts that were cleaned.
 */
#ifndef TS_CLEAN_H
#define TS_CLEAN_H

#include "ts/arena.h"

/* A cleaned copy of at most `max` bytes, cut between characters; bytes that are no UTF-8 are dropped, line breaks and tabs
 * become spaces. NULL if out of memory. */
char *ts_clean(ts_arena *arena, ts_str text, size_t max);

/* The same in place; the text only ever gets shorter. Gives `text` back; NULL is "". */
const char *ts_clean_z(char *text, size_t max);

/* The same into `ret` of `size` bytes, NUL included; gives `ret`. */
const char *ts_clean_to(char *ret, size_t size, ts_str text);

/* How a name, a title or a value of a monitored event is shown: cleaned, and of more than TS_BRIEF_MAX characters (code points)
 * only the front and "…", TS_BRIEF_MAX in all. A letter is not parted from its accents. `ret` holds the text. */
#define TS_BRIEF_MAX  120
#define TS_BRIEF_SIZE (4 * TS_BRIEF_MAX + 1)
ts_str ts_brief(ts_str text, char ret[TS_BRIEF_SIZE]);

/* A copy for keeping, with what ts_clean() would take out: only bytes that are no UTF-8, and NUL, are dropped. At most `max`
 * bytes, cut between characters. NULL if out of memory. */
char *ts_keep(ts_arena *arena, ts_str text, size_t max);

#endif
