/* The word that a misspelt one was meant to be. Pure. */
#ifndef AGENT_SPELL_H
#define AGENT_SPELL_H

#include "grammar.h"

#define AGENT_SPELL_MIN   3u  /* shorter words are never corrected */
#define AGENT_SPELL_ANY   4u  /* shorter ones only where two letters are swapped ("hwo") */
#define AGENT_SPELL_WORDS 12u /* of a question at most: bounds the work on hostile text */

/* The nearest known word: distance 1 for up to 7 letters, 2 for 8 and more. 0 if there is none. */
uint32_t agent_spell(const agent_grammar *g, ts_str word);

#endif
