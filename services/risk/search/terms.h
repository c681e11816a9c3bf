/* What users are found by: terms of their names, departments and addresses, and the terms that a query asks for. Pure.
 *
 * Text is folded: ASCII, Greek and Cyrillic letters to lower case, Latin letters with diacritics to plain ones, so that
 * "muller" finds "Müller". A user's terms, one letter before each saying its kind:
 *
 *   p  the first character and the first SEARCH_SHORT characters of each word and of the address
 *   v  the first SEARCH_FRONT characters of each word            w  each word that is longer, whole
 *   d  the first SEARCH_FRONT characters of each end of the      e  each end that is longer, whole, from the '@' on
 *      address, from SEARCH_SHORT + 1 characters on
 *
 * A part of an address is the beginning of one of its ends. So a text of up to SEARCH_SHORT characters is one term of kind p,
 * and one of up to SEARCH_FRONT the beginning of terms of the kinds v and d. A longer one is the beginning of words (w) or of
 * what stands behind an '@' (e), which is the same for many; what begins before it is different for each user, and is found by
 * all its fronts (d) and then looked at. Fronts keep ranges and the index short: "user" in 100,000 addresses that go on with a
 * number is a hundred terms.
 */
#ifndef RISK_SEARCH_TERMS_H
#define RISK_SEARCH_TERMS_H

#include "ts/arena.h"

#define SEARCH_SHORT     2  /* characters up to which only beginnings are found */
#define SEARCH_FRONT     6  /* characters of a front */
#define SEARCH_TERM_MAX  64 /* bytes of a term; longer ones are cut between characters */
#define SEARCH_WORDS_MAX 16 /* words of one text that are looked at */
#define SEARCH_PARTS_MAX 8  /* parts of a query, separated by space */

enum search_kind {
    SEARCH_START = 'p',
    SEARCH_WORD_FRONT = 'v',
    SEARCH_WORD = 'w',
    SEARCH_END_FRONT = 'd',
    SEARCH_END = 'e',
};

typedef struct search_term {
    char kind;
    ts_str text;
} search_term;

typedef struct search_terms {
    search_term *list;
    size_t count;
    size_t capacity;
} search_terms;

/* NULL-pointer result if out of memory. The text must be valid UTF-8. */
ts_str search_fold(ts_arena *arena, ts_str text);

/* All terms of a user; one may stand twice. TS_NOMEM. */
TS_CHECK ts_status search_terms_of(ts_arena *arena, ts_str name, ts_str department, ts_str email,
                                   search_terms *ret);

/* One part of a query: it meets a user of whom all `words` are beginnings of words, or whose address holds `address`. */
typedef struct search_part {
    ts_str words[SEARCH_WORDS_MAX];
    size_t word_count;
    ts_str address;
} search_part;

/* The parts of a query, all of which a user must meet. TS_INVALID with words if there are too many; TS_NOMEM. */
TS_CHECK ts_status search_parse(ts_arena *arena, ts_str query, search_part **ret, size_t *ret_count,
                                ts_error *err);

/* Characters of a text that is valid UTF-8. */
size_t search_characters(ts_str text);

#endif
