/* Characters of a question: what they are and what they become before it is read. Pure. */
#ifndef AGENT_CHARS_H
#define AGENT_CHARS_H

#include "ts/base.h"

/* Next code point of valid UTF-8 at *at (moved on). 0 at the end. */
uint32_t agent_code_at(ts_str text, size_t *at);
/* Writes 1 to 4 bytes and returns how many. */
size_t agent_put_code(char *to, uint32_t code);

/* One form for what looks the same at once; nothing for what cannot be seen. */
#define AGENT_DROPPED 0u
uint32_t agent_tidy(uint32_t c);

bool agent_is_digit(uint32_t c);
bool agent_is_ascii_letter(uint32_t c);
bool agent_is_letter(uint32_t c);
/* Scripts written without spaces: each character is a token. */
bool agent_stands_alone(uint32_t c);
bool agent_is_mark(uint32_t c);
uint32_t agent_lower(uint32_t c);
bool agent_is_upper(uint32_t c);

#endif
