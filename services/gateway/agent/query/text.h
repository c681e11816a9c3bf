/* A question as a list of tokens: invisible and look-alike characters are taken out of the way, literals (addresses, ids,
 * dates) are recognised whole. Pure; everything lives in the arena.
 */
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H

#include "ts/arena.h"
#include "ts/base.h"

#define AGENT_CHARS_MAX  500u  /* characters of a question */
#define AGENT_BYTES_MAX  2000u /* the same in UTF-8 */
#define AGENT_TOKENS_MAX 520u

typedef enum agent_token_kind {
    AGENT_WORD,
    AGENT_NUMBER,   /* norm: digits, perhaps with a fraction */
    AGENT_NTH,      /* 1st, 2nd; norm: the digits */
    AGENT_YEAR,     /* four digits that read as a year */
    AGENT_EMAIL,    /* one @, a dot behind it */
    AGENT_INCIDENT, /* inc_..., INC-..., #12; raw: without # */
    AGENT_ID,       /* another prefixed id: usr_..., org_..., key_... */
    AGENT_IP,       /* version 4 or 6 */
    AGENT_URL,      /* scheme://... or www. */
    AGENT_DOTTED,   /* partner.example, mail.read, p.ortiz */
    AGENT_DATE,     /* norm: YYYY-MM-DD */
    AGENT_DATE_UNSURE, /* 03/04/2025: day and month may be either; norm: both readings, joined by '|' */
    AGENT_OPEN, /* a quotation mark that has its partner further on; `partner` is its token */
    AGENT_COMMA,
    AGENT_END, /* . ; ? ! newline ( ) : */
} agent_token_kind;

typedef struct agent_token {
    agent_token_kind kind;
    ts_str raw;         /* as typed, without invisible characters */
    ts_str norm;        /* lower case, without accents */
    ts_str skeleton;    /* norm with look-alikes of Latin letters read as such */
    uint32_t word;      /* its number in a lexicon, 0 if unknown: filled by the caller */
    uint32_t partner;   /* of AGENT_OPEN: the closing token */
    bool is_capital;    /* begins with a capital letter */
    bool is_upper;      /* all letters are capitals, and there are at least two */
    bool is_possessive; /* 's or s' stood behind it */
    bool is_corrected;  /* `word` is what it was meant to be: filled by the caller */
    bool is_mixed;      /* letters of several alphabets */
} agent_token;

typedef struct agent_text {
    ts_str clean; /* what the tokens point into; ends in NUL */
    agent_token *tokens;
    size_t count;
    unsigned hidden; /* invisible characters that were dropped */
    bool is_shouted; /* no small letters at all: capitals say nothing */
} agent_text;

/* How characters beyond ASCII read: from data files, sorted by code point. */
typedef struct agent_fold {
    uint32_t code;
    char to[4];
    bool is_lookalike; /* only a likeness; otherwise the same letter with an accent */
} agent_fold;

typedef struct agent_folds {
    agent_fold *list;
    size_t count;
} agent_folds;

/* TS_INVALID if `text` is no valid UTF-8, TS_TOO_LARGE over AGENT_CHARS_MAX characters, TS_NOMEM. */
TS_CHECK ts_status agent_text_read(ts_str text, const agent_folds *folds, ts_arena *arena,
                                   agent_text *ret, ts_error *err);

#endif
