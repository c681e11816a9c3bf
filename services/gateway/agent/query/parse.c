/* The pipeline: text, tokens, items, rules, negation, hostile text, intent, slots, follow-up; then what goes with it. */
#include "parse.h"

#include "meaning.h"
#include "ts/clean.h"

#define UNPARSED_MAX 8u

/* ---- around the slots ---- */

/* What the question is about: the first noun of ours in it. "Users with incidents" are users. */
static ts_str head_of(const agent_work *w)
{
    bool has_type = false; /* "sign-ins by contractors" are incidents */

    for (size_t i = 0; i < w->items.count; i++) {
        const agent_item *item = &w->items.list[i];
        ts_str cls = agent_names_text(&w->g->symbols, item->cls);

        if (item->is_negated)
            continue;
        if (ts_str_is(cls, "entity"))
            return item->text;
        has_type = has_type || ts_str_is(cls, "type");
        if ((ts_str_is(cls, "ask") && ts_str_is(item->text, "who")) ||
            (ts_str_is(cls, "employment_type") && !has_type))
            return TS_STR_LIT("user");
    }
    return TS_STR_NULL;
}

/* Facts about the question as a whole, for conditions. */
static ts_status add_facts(agent_work *w)
{
    ts_str head = head_of(w);
    size_t unknown = 0;
    size_t content = 0;
    size_t count = w->items.count;
    ts_status st = TS_OK;

    for (size_t i = 0; i < count; i++) {
        uint32_t cls = w->items.list[i].cls;

        if (w->items.list[i].is_negated && st == TS_OK)
            st = agent_add_fact(w, "excluded", agent_names_text(&w->g->symbols, cls));
        unknown += cls == w->c.name || cls == w->c.common;
        content += cls != w->c.stop && cls != w->c.end && cls != w->c.comma && cls != w->c.poss &&
                   cls != w->c.polite;
    }
    if (st == TS_OK && head.n > 0)
        st = agent_add_fact(w, "head", head);
    if (st == TS_OK && content == 1)
        st = agent_add_fact(w, "lone", TS_STR_LIT("lone"));
    if (st == TS_OK && content == 0)
        st = agent_add_fact(w, "empty", TS_STR_LIT("empty"));
    if (st == TS_OK && unknown > 0)
        st = agent_add_fact(w, "unknown", TS_STR_LIT("unknown"));
    if (st == TS_OK && unknown > 1)
        st = agent_add_fact(w, "long", TS_STR_LIT("long"));
    return st;
}

static ts_status add_unparsed(agent_work *w)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < w->items.count && st == TS_OK; i++) {
        const agent_item *item = &w->items.list[i];

        if (item->is_used ||
            (item->cls != w->c.name && item->cls != w->c.quoted && item->cls != w->c.common) ||
            w->out->unparsed.count == UNPARSED_MAX)
            continue;
        st = agent_texts_add(w->arena, &w->out->unparsed, item->raw);
    }
    return st;
}

/* Share of what carries meaning that was understood. */
static double coverage(const agent_work *w)
{
    size_t understood = 0;
    size_t lost = 0;

    for (size_t i = 0; i < w->items.count; i++) {
        const agent_item *item = &w->items.list[i];

        if (item->is_used)
            understood++;
        else if (item->cls == w->c.name || item->cls == w->c.quoted)
            lost++;
        else if (item->cls != w->c.stop && item->cls != w->c.common && item->cls != w->c.end &&
                 item->cls != w->c.comma && item->cls != w->c.polite)
            understood++;
    }
    return understood + lost == 0 ? 0 : (double)understood / (double)(understood + lost);
}

static ts_status add_span(agent_work *w)
{
    ts_str time = agent_slot_text(&w->out->slots, "time");

    if (time.n > 0)
        w->out->has_span = agent_time_span(time, w->now_ms, &w->out->span);
    w->out->is_span_assumed = ts_str_is(time, "recent");
    if (ts_str_is(time, "recent"))
        return agent_note(w, "recent means the last %d days", AGENT_RECENT_DAYS);
    if (time.n > 0 || !ts_str_is(w->out->intent, "ai_usage"))
        return TS_OK;
    w->out->has_span = agent_time_span(TS_STR_LIT("last_7d"), w->now_ms, &w->out->span);
    w->out->is_span_assumed = true;
    return agent_note(w, "no time was named: the last 7 days");
}

/* "$department" in an offered question stands for what the question named. */
static ts_str with_item(agent_work *w, ts_str form)
{
    size_t mark = ts_str_find(form, '$');
    size_t end = mark + 1;
    ts_str cls;

    if (mark == form.n)
        return form;
    while (end < form.n && ((form.p[end] >= 'a' && form.p[end] <= 'z') || form.p[end] == '_'))
        end++;
    cls = ts_str_n(form.p + mark + 1, end - mark - 1);
    for (size_t i = 0; i < w->items.count; i++) {
        const agent_item *item = &w->items.list[i];

        if (!ts_str_eq(agent_names_text(&w->g->symbols, item->cls), cls) || item->text.n > 60)
            continue;
        return ts_str_of(ts_arena_printf(w->arena, "%.*s%.*s%.*s", (int)mark, form.p,
                                         (int)item->text.n, item->text.p, (int)(form.n - end),
                                         form.p + end));
    }
    return TS_STR_NULL;
}

static ts_status add_questions(agent_work *w, const agent_intent *intent)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < intent->ask_count && st == TS_OK; i++) {
        ts_str question = with_item(w, intent->ask[i]);

        if (question.n > 0)
            st = agent_texts_add(w->arena, &w->out->questions, question);
    }
    return st;
}

static bool is_plain(ts_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            strchr("@._%+-: ", c) == NULL)
            return false;
    }
    return text.n <= 64;
}

static void restate_slots(ts_buf *to, const agent_work *w, const agent_slots *slots,
                          const char *before)
{
    for (size_t i = 0; i < slots->count; i++) {
        const agent_slot *slot = &slots->list[i];
        ts_str form = agent_pairs_get(&w->g->says, slot->name);

        if (form.n == 0)
            continue;
        ts_buf_z(to, before);
        for (size_t j = 0; j < form.n; j++) {
            if (form.p[j] != '$') {
                ts_buf_char(to, form.p[j]);
                continue;
            }
            for (size_t v = 0; v < slot->count; v++) {
                if (v > 0)
                    ts_buf_z(to, " or ");
                if (is_plain(slot->values[v]))
                    ts_buf_str(to, slot->values[v]);
                else
                    ts_buf_z(to, "(as typed)");
            }
        }
    }
}

/* In our own words: of what was typed only texts of plain ASCII appear. */
static ts_status restate(agent_work *w)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(4096);
    ts_str intent = agent_pairs_get(&w->g->says, w->out->intent);

    ts_buf_str(&text, intent.n > 0 ? intent : w->out->intent);
    restate_slots(&text, w, &w->out->slots, ", ");
    restate_slots(&text, w, &w->out->exclude, ", not ");
    restate_slots(&text, w, &w->out->left, ", first ");
    restate_slots(&text, w, &w->out->right, ", then ");
    if (ts_buf_status(&text) == TS_NOMEM)
        return TS_NOMEM;
    w->out->restated = ts_arena_str(w->arena, ts_buf_view(&text));
    return w->out->restated.p == NULL ? TS_NOMEM : TS_OK;
}

ts_status agent_round_off(const agent_grammar *g, int64_t now_ms, ts_arena *arena,
                          agent_interpretation *out)
{
    agent_work *w = ts_arena_alloc(arena, sizeof(*w));
    ts_status st;

    if (w == NULL)
        return TS_NOMEM;
    w->g = g;
    w->now_ms = now_ms;
    w->arena = arena;
    w->out = out;
    st = add_span(w);
    return st == TS_OK ? restate(w) : st;
}

/* ---- one question ---- */

static ts_status refuse_for(agent_work *w, ts_str reason)
{
    w->out->intent = TS_STR_LIT("refuse");
    w->out->flags = (agent_texts){ .capacity = 0 };
    w->out->confidence = 1;
    return agent_slot_set(w->arena, &w->out->slots, TS_STR_LIT("reason"), 't', reason, false);
}

static bool is_answerable(const agent_interpretation *in)
{
    static const char *const not [] = { "refuse", "out_of_scope", "help", "clarify" };

    for (size_t i = 0; in != NULL && i < TS_COUNT(not ); i++) {
        if (ts_str_is(in->intent, not [i]))
            return false;
    }
    return in != NULL;
}

static ts_status decide_and_fill(agent_work *w, const agent_interpretation *before)
{
    const agent_intent *intent = NULL;
    bool is_reached = is_answerable(before);
    ts_status st = TS_OK;

    if (is_reached)
        st = agent_resolve_pronouns(w, before);
    if (st == TS_OK)
        st = agent_find_pairs(w);
    if (st == TS_OK)
        st = add_facts(w);
    if (st == TS_OK)
        st = agent_decide(w, &intent);
    if (st != TS_OK)
        return st;
    st = agent_fill_slots(w, intent);
    if (st == TS_OK && intent->note.n > 0)
        st = agent_note(w, "%.*s", (int)intent->note.n, intent->note.p);
    if (st == TS_OK)
        st = add_questions(w, intent);
    if (st == TS_OK && is_reached)
        st = agent_carry_over(w, intent, before);
    if (st == TS_OK)
        st = add_unparsed(w);
    w->out->confidence = intent->weight * coverage(w);
    return st;
}

static ts_status parse_one(agent_work *w, ts_str text, const agent_interpretation *before,
                           ts_error *err)
{
    ts_str reason = TS_STR_NULL;
    ts_status st = agent_text_read(text, &w->g->folds, w->arena, &w->text, err);

    if (st != TS_OK)
        return st;
    st = agent_items_read(w);
    if (st == TS_OK)
        st = agent_rules_run(w);
    if (st == TS_OK) {
        agent_negate(w);
        st = agent_set_aside(w, &reason);
    }
    if (st == TS_OK && w->text.hidden > 0)
        st = agent_note(w, "%u invisible characters were left out", w->text.hidden);
    if (st == TS_OK)
        st = reason.n > 0 ? refuse_for(w, reason) : decide_and_fill(w, before);
    if (st == TS_OK)
        st = add_span(w);
    if (st == TS_OK)
        st = restate(w);
    return st;
}

ts_status agent_parse(const agent_grammar *g, const agent_question *question, ts_arena *arena,
                      agent_interpretation **ret, ts_error *err)
{
    agent_interpretation *before = NULL;
    size_t count = question->context_count;

    if (count > AGENT_CONTEXT_MAX)
        return ts_fail(err, TS_TOO_LARGE, "context", "context may hold %u questions",
                       AGENT_CONTEXT_MAX);
    for (size_t i = 0; i <= count; i++) {
        agent_work *w = ts_arena_alloc(arena, sizeof(*w));
        ts_status st;

        if (w == NULL || (w->out = ts_arena_alloc(arena, sizeof(*w->out))) == NULL)
            return ts_fail(err, TS_NOMEM, "", "out of memory");
        w->g = g;
        w->gazetteer = question->gazetteer;
        w->arena = arena;
        w->now_ms = question->now_ms;
        w->c = agent_classes_of(g);
        st = parse_one(w, i == count ? question->text : question->context[i], before, err);
        if (st == TS_NOMEM)
            return ts_fail(err, TS_NOMEM, "", "out of memory");
        if (st == TS_INTERNAL)
            return ts_fail(err, TS_INTERNAL, "", "no intent fits");
        if (st != TS_OK) {
            if (i < count)
                ts_error_set(err, "context",
                             "context must hold questions of at most %u characters in UTF-8",
                             AGENT_CHARS_MAX);
            return st;
        }
        /* An earlier question that led nowhere does not hide the one before it. */
        if (i == count || is_answerable(w->out))
            before = w->out;
    }
    *ret = before;
    return TS_OK;
}

/* ---- showing ---- */

static ts_status clean_text(ts_arena *arena, ts_str *text)
{
    char *clean = ts_clean(arena, *text, text->n);

    if (clean == NULL)
        return TS_NOMEM;
    *text = ts_str_of(clean);
    return TS_OK;
}

static ts_status clean_texts(ts_arena *arena, agent_texts *texts)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < texts->count && st == TS_OK; i++)
        st = clean_text(arena, &texts->list[i]);
    return st;
}

static ts_status clean_slots(ts_arena *arena, agent_slots *slots)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < slots->count; i++) {
        for (size_t j = 0; j < slots->list[i].count && st == TS_OK; j++)
            st = clean_text(arena, &slots->list[i].values[j]);
    }
    return st;
}

static ts_status brief_texts(ts_arena *arena, agent_texts *texts)
{
    char shown[TS_BRIEF_SIZE];

    for (size_t i = 0; i < texts->count; i++) {
        texts->list[i] = ts_arena_str(arena, ts_brief(texts->list[i], shown));
        if (texts->list[i].p == NULL)
            return TS_NOMEM;
    }
    return TS_OK;
}

ts_status agent_interpretation_clean(agent_interpretation *in, ts_arena *arena)
{
    agent_slots *const slots[] = { &in->slots, &in->left, &in->right, &in->exclude };
    ts_status st = clean_text(arena, &in->restated);

    for (size_t i = 0; i < TS_COUNT(slots) && st == TS_OK; i++)
        st = clean_slots(arena, slots[i]);
    for (size_t i = 0; i < in->corrections.count && st == TS_OK; i++)
        st = clean_text(arena, &in->corrections.list[i].from);
    if (st == TS_OK)
        st = clean_texts(arena, &in->assumptions);
    if (st == TS_OK)
        st = clean_texts(arena, &in->questions);
    return st == TS_OK ? brief_texts(arena, &in->unparsed) : st;
}

/* ---- writing ---- */

static void write_value(ts_jsonw *w, char kind, ts_str value)
{
    int64_t n;

    if (kind == 'b')
        ts_jsonw_bool(w, ts_str_is(value, "true"));
    else if (kind == 'n' && ts_parse_i64(value, &n) == TS_OK)
        ts_jsonw_i64(w, n);
    else
        ts_jsonw_str(w, value);
}

static void write_slots(ts_jsonw *w, const agent_slots *slots)
{
    for (size_t i = 0; i < slots->count; i++) {
        const agent_slot *slot = &slots->list[i];

        ts_jsonw_key_str(w, slot->name);
        if (slot->count > 1)
            ts_jsonw_array(w);
        for (size_t j = 0; j < slot->count; j++)
            write_value(w, slot->kind, slot->values[j]);
        if (slot->count > 1)
            ts_jsonw_array_end(w);
    }
}

static void write_group(ts_jsonw *w, const char *name, const agent_slots *slots)
{
    if (slots->count == 0)
        return;
    ts_jsonw_key(w, name);
    ts_jsonw_object(w);
    write_slots(w, slots);
    ts_jsonw_object_end(w);
}

static void write_texts(ts_jsonw *w, const char *name, const agent_texts *texts)
{
    ts_jsonw_key(w, name);
    ts_jsonw_array(w);
    for (size_t i = 0; i < texts->count; i++)
        ts_jsonw_str(w, texts->list[i]);
    ts_jsonw_array_end(w);
}

static void write_span(ts_jsonw *w, const agent_interpretation *in)
{
    ts_jsonw_key(w, "time_range");
    if (!in->has_span) {
        ts_jsonw_null(w);
        return;
    }
    ts_jsonw_object(w);
    ts_jsonw_ktime(w, "from", in->span.from_ms == INT64_MIN ? 0 : in->span.from_ms);
    ts_jsonw_ktime(w, "to", in->span.to_ms == INT64_MAX ? 0 : in->span.to_ms);
    ts_jsonw_kz(w, "tz", "UTC");
    ts_jsonw_kbool(w, "assumed", in->is_span_assumed);
    ts_jsonw_object_end(w);
}

void agent_interpretation_write(ts_jsonw *w, const agent_interpretation *in)
{
    ts_jsonw_object(w);
    ts_jsonw_kstr(w, "intent", in->intent);
    if (in->source != NULL)
        ts_jsonw_kz(w, "source", in->source);
    ts_jsonw_key(w, "slots");
    ts_jsonw_object(w);
    write_slots(w, &in->slots);
    write_group(w, "left", &in->left);
    write_group(w, "right", &in->right);
    write_group(w, "exclude", &in->exclude);
    ts_jsonw_object_end(w);
    write_span(w, in);
    write_texts(w, "assumptions", &in->assumptions);
    ts_jsonw_key(w, "corrections");
    ts_jsonw_array(w);
    for (size_t i = 0; i < in->corrections.count; i++) {
        ts_jsonw_object(w);
        ts_jsonw_kstr(w, "from", in->corrections.list[i].from);
        ts_jsonw_kstr(w, "to", in->corrections.list[i].to);
        ts_jsonw_object_end(w);
    }
    ts_jsonw_array_end(w);
    write_texts(w, "unparsed", &in->unparsed);
    if (in->flags.count > 0)
        write_texts(w, "flags", &in->flags);
    if (in->questions.count > 0)
        write_texts(w, "questions", &in->questions);
    ts_jsonw_key(w, "confidence");
    ts_jsonw_f64(w, (double)(int)(in->confidence * 100 + 0.5) / 100);
    ts_jsonw_kstr(w, "restated", in->restated);
    ts_jsonw_object_end(w);
}
