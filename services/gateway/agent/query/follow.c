/* Follow-ups: what a question leaves unsaid, an earlier one may have said. */
#include "meaning.h"

static bool has_class(const agent_work *w, uint32_t cls)
{
    for (size_t i = 0; i < w->items.count; i++) {
        if (w->items.list[i].cls == cls)
            return true;
    }
    return false;
}

static ts_status inject(agent_work *w, const char *slot, const agent_interpretation *before,
                        bool *ret_done)
{
    ts_str value = agent_slot_text(&before->slots, slot);

    *ret_done = value.n > 0;
    if (value.n == 0)
        return TS_OK;
    for (size_t i = 0; i < w->items.count; i++) { /* named anew: nothing to resolve */
        if (ts_str_is(agent_names_text(&w->g->symbols, w->items.list[i].cls), slot))
            return TS_OK;
    }
    for (size_t i = 0; i < before->people.count; i++) {
        const agent_pair *pair = &before->people.list[i];
        agent_pairs *list = &w->out->people;

        if (!ts_arena_grow(w->arena, &list->list, list->count, &list->capacity,
                           sizeof(*list->list)))
            return TS_NOMEM;
        list->list[list->count++] = *pair;
    }
    return agent_add_fact(w, slot, value);
}

/* A fact is added as used, a referent must become a slot. */
static void unuse_last(agent_work *w)
{
    if (w->items.count > 0)
        w->items.list[w->items.count - 1].is_used = false;
}

ts_status agent_resolve_pronouns(agent_work *w, const agent_interpretation *before)
{
    static const char *const things[] = { "incident_id", "app", "user", "contact" };
    bool is_done = false;
    ts_status st = agent_add_fact(w, "prev", before->intent);

    for (size_t i = 0; i < w->items.count && st == TS_OK && !is_done; i++) {
        ts_str value = w->items.list[i].text;

        if (w->items.list[i].cls != w->c.pronoun)
            continue;
        if (ts_str_is(value, "person") && !has_class(w, w->c.email)) {
            st = inject(w, "user", before, &is_done);
            unuse_last(w);
        }
        for (size_t j = 0;
             ts_str_is(value, "thing") && j < TS_COUNT(things) && !is_done && st == TS_OK; j++) {
            st = inject(w, things[j], before, &is_done);
            if (is_done)
                unuse_last(w);
        }
    }
    return st;
}

static const char *family_of(ts_str intent)
{
    static const char *const families[] = { "user", "incident", "app", "contact", "usage" };
    char name[40];

    snprintf(name, sizeof(name), "%.*s",
             (int)(intent.n < sizeof(name) ? intent.n : sizeof(name) - 1), intent.p);
    for (size_t i = 0; i < TS_COUNT(families); i++) {
        if (strstr(name, families[i]) != NULL)
            return families[i];
    }
    return "";
}

/* Slots that say the same thing in another way: a new one puts the old one out. */
static void displace(agent_slots *slots, ts_str name)
{
    static const char *const groups[][3] = {
        { "severity", "severity_min", "" },
        { "risk_level", "risk_level_min", "" },
        { "min_score", "min_score_exclusive", "" },
        { "max_score", "max_score_exclusive", "" },
        { "user", "assignee", "" },
    };

    for (size_t i = 0; i < TS_COUNT(groups); i++) {
        for (size_t j = 0; j < 2; j++) {
            if (ts_str_is(name, groups[i][j]))
                agent_slot_remove(slots, ts_str_of(groups[i][1 - j]));
        }
    }
}

static ts_status copy_slots(agent_work *w, agent_slots *to, const agent_slots *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (agent_slot_find(to, from->list[i].name) != NULL)
            continue;
        if (!ts_arena_grow(w->arena, &to->list, to->count, &to->capacity, sizeof(*to->list)))
            return TS_NOMEM;
        to->list[to->count++] = from->list[i];
    }
    return TS_OK;
}

/* What the earlier question said and this one does not. */
static ts_status keep_slots(agent_work *w, const agent_interpretation *before)
{
    agent_slots kept = { .capacity = 0 };
    ts_status st = copy_slots(w, &kept, &before->slots);

    for (size_t i = 0; i < w->out->slots.count; i++)
        displace(&kept, w->out->slots.list[i].name);
    for (size_t i = 0; i < w->out->exclude.count; i++)
        agent_slot_remove(&kept, w->out->exclude.list[i].name);
    if (st == TS_OK)
        st = copy_slots(w, &w->out->slots, &kept);
    if (st == TS_OK)
        st = copy_slots(w, &w->out->exclude, &before->exclude);
    if (st == TS_OK)
        st = copy_slots(w, &w->out->left, &before->left);
    return st == TS_OK ? copy_slots(w, &w->out->right, &before->right) : st;
}

/* "and with legal instead?" behind a comparison names the other side anew. */
static void replace_side(agent_work *w)
{
    agent_slots *slots = &w->out->slots;

    for (size_t i = 0; i < w->out->right.count; i++) {
        const agent_slot *fresh = agent_slot_find(slots, w->out->right.list[i].name);

        if (fresh == NULL)
            continue;
        w->out->right.list[i] = *fresh;
        agent_slot_remove(slots, w->out->right.list[i].name);
    }
}

/* "and ...", "only ...", "what about ...", "with ...", "without ...". */
static bool is_elliptic(const agent_work *w)
{
    uint32_t first = w->items.count == 0 ? 0 : w->items.list[0].cls;

    return first == w->c.join || first == w->c.prep || first == w->c.neg ||
           has_class(w, w->c.elliptic);
}

ts_status agent_carry_over(agent_work *w, const agent_intent *intent,
                           const agent_interpretation *before)
{
    const agent_intent plain = { .name = before->intent };
    const agent_intent *earlier = NULL;
    bool is_group = false;
    ts_status st;

    for (size_t i = 0; i < w->items.count; i++) {
        is_group = is_group || (w->items.list[i].cls == w->c.pronoun &&
                                ts_str_is(w->items.list[i].text, "group"));
    }
    if (intent->weight >= AGENT_SURE) {
        bool is_kin = strcmp(family_of(intent->name), family_of(before->intent)) == 0;

        if (!intent->follows && !(is_kin && (is_group || is_elliptic(w))))
            return TS_OK;
        st = agent_note(w, "filters of the earlier question were kept");
        return st == TS_OK ? keep_slots(w, before) : st;
    }
    for (size_t i = 0; i < w->g->intent_count && earlier == NULL; i++) {
        if (ts_str_eq(w->g->intents[i].name, before->intent))
            earlier = &w->g->intents[i];
    }
    if (earlier == NULL)
        return TS_OK;
    /* Read again as a part of the earlier question. */
    w->out->slots = (agent_slots){ .capacity = 0 };
    w->out->exclude = (agent_slots){ .capacity = 0 };
    w->out->left = (agent_slots){ .capacity = 0 };
    w->out->right = (agent_slots){ .capacity = 0 };
    w->out->questions = (agent_texts){ .capacity = 0 };
    w->out->intent = earlier->name;
    for (size_t i = 0; i < w->items.count; i++)
        w->items.list[i].is_used = false;
    if (ts_str_is(earlier->name, "compare")) {
        w->out->left = before->left;
        w->out->right = (agent_slots){ .capacity = 0 };
        st = copy_slots(w, &w->out->right, &before->right);
        if (st != TS_OK)
            return st;
        /* Its sides stand: no new pair is looked for. */
        earlier = &plain;
    }
    st = agent_fill_part(w, earlier);
    w->out->intent = before->intent;
    agent_slot_remove(&w->out->slots, TS_STR_LIT("reason"));
    replace_side(w);
    if (st == TS_OK)
        st = keep_slots(w, before);
    return st == TS_OK ? agent_note(w, "read as a follow-up to the question before") : st;
}
