/* From typed phrases to intent and slots: negation, hostile text, the list of intents, comparison, follow-ups. */
#ifndef AGENT_MEANING_H
#define AGENT_MEANING_H

#include "items.h"

#define AGENT_SURE 0.6 /* an intent of less weight gives way to an earlier question */

/* Marks the items that a "not", "except" or "without" governs; an act so governed is only `held`. */
void agent_negate(agent_work *w);

/* Leaves hostile clauses out where a question of its own stands beside them (then they are in out->flags). *ret_reason is what
 * to refuse for, or empty. */
TS_CHECK ts_status agent_set_aside(agent_work *w, ts_str *ret_reason);

/* The first intent whose condition holds. TS_INTERNAL if none does: the data files must end with one that always holds. */
TS_CHECK ts_status agent_decide(const agent_work *w, const agent_intent **ret);

/* An item that the code adds, behind the others. */
TS_CHECK ts_status agent_add_fact(agent_work *w, const char *cls, ts_str value);

/* Two values of one kind, or one that implies the other, for a comparison: facts for agent_decide(). */
TS_CHECK ts_status agent_find_pairs(agent_work *w);

/* Slots of w->items as `intent` reads them, into w->out. */
TS_CHECK ts_status agent_fill_slots(agent_work *w, const agent_intent *intent);

/* The same without the sides of a comparison. */
TS_CHECK ts_status agent_fill_part(agent_work *w, const agent_intent *intent);

/* Before deciding: what "he", "it", "those" mean. After deciding and filling: what an incomplete question leaves as it was. */
TS_CHECK ts_status agent_resolve_pronouns(agent_work *w, const agent_interpretation *before);
TS_CHECK ts_status agent_carry_over(agent_work *w, const agent_intent *intent,
                                    const agent_interpretation *before);

TS_CHECK ts_status agent_slot_set(ts_arena *arena, agent_slots *slots, ts_str name, char kind,
                                  ts_str value, bool is_many);
/* What follows from intent and slots: the bounds of the time, and the words that restate it all. */
TS_CHECK ts_status agent_round_off(const agent_grammar *g, int64_t now_ms, ts_arena *arena,
                                   agent_interpretation *out);
void agent_slot_remove(agent_slots *slots, ts_str name);

#endif
