#include "search/index.h"

#include "search/postings.h"

#define BLOCK_SIZE  4
#define WINDOW_STEP 3  /* between the fronts of a long text that are asked for */
#define FEW_ENOUGH  64 /* users left, who are rather looked at than narrowed further */

typedef struct change {
    uint16_t place;
    bool is_in;
} change;

typedef struct search_edit {
    ts_str key;
    change *changes;
    size_t count;
    size_t capacity;
    struct search_edit *next;
} search_edit;

static risk_key term_key(ts_tenant t, char kind, ts_str term)
{
    risk_key k = risk_key_tenant(t);

    risk_key_u8(&k, (uint8_t)kind);
    risk_key_bytes(&k, term.p, term.n);
    return k;
}

/* ---- changing ---- */

static search_edit *edit_of(search_edits *e, const risk_key *key)
{
    search_edit *edit = risk_map_get(&e->by_key, risk_key_view(key));

    if (edit != NULL)
        return edit;
    edit = ts_arena_alloc(e->arena, sizeof(*edit));
    if (edit == NULL)
        return NULL;
    edit->key = ts_arena_str(e->arena, risk_key_view(key));
    if (edit->key.p == NULL || !risk_map_put(&e->by_key, edit->key, edit))
        return NULL;
    edit->next = e->list;
    e->list = edit;
    return edit;
}

ts_status search_edit_user(search_edits *e, ts_tenant t, uint64_t user, ts_str name,
                           ts_str department, ts_str email, bool is_in)
{
    search_terms terms;
    ts_status st = search_terms_of(e->arena, name, department, email, &terms);

    e->by_key.arena = e->arena;
    for (size_t i = 0; i < terms.count && st == TS_OK; i++) {
        risk_key key = term_key(t, terms.list[i].kind, terms.list[i].text);
        search_edit *edit;

        risk_key_u8(&key, 0);
        risk_key_u32(&key, postings_block(user));
        edit = edit_of(e, &key);
        if (edit == NULL || !ts_arena_grow(e->arena, &edit->changes, edit->count, &edit->capacity,
                                           sizeof(*edit->changes)))
            return TS_NOMEM;
        edit->changes[edit->count++] = (change){ (uint16_t)postings_place(user), is_in };
    }
    return st;
}

ts_status search_edits_write(search_edits *e, ts_store *store, ts_batch *batch)
{
    uint8_t *row = ts_arena_alloc(e->arena, POSTINGS_BYTES_MAX);

    if (row == NULL)
        return TS_NOMEM;
    for (const search_edit *edit = e->list; edit != NULL; edit = edit->next) {
        postings p = { .bits = { 0 } };
        size_t n;
        ts_str old;
        ts_status st = ts_store_get(store, RISK_SEARCH, edit->key, e->arena, &old);

        if (st == TS_OK)
            st = postings_read(old, p.bits);
        if (st != TS_OK && st != TS_NOT_FOUND)
            return st;
        for (size_t i = 0; i < edit->count; i++)
            postings_set(&p, edit->changes[i].place, edit->changes[i].is_in);
        n = postings_write(&p, row);
        if (n > 0)
            ts_batch_put(batch, store, RISK_SEARCH, edit->key, ts_str_n(row, n));
        else
            ts_batch_delete(batch, store, RISK_SEARCH, edit->key);
    }
    return TS_OK;
}

/* ---- asking ---- */

typedef struct question {
    const search_source *from;
    ts_arena *arena;
    size_t words; /* of a set */
    size_t rows;
    bool cut;
} question;

static uint64_t *new_set(question *q)
{
    return ts_arena_array(q->arena, q->words, sizeof(uint64_t));
}

static uint32_t block_of(ts_str key)
{
    uint32_t n = 0;

    for (size_t i = key.n - BLOCK_SIZE; i < key.n; i++)
        n = n << 8 | (uint8_t)key.p[i];
    return n;
}

static ts_status add_row(question *q, ts_iter *it, uint64_t *set)
{
    ts_str key = ts_iter_key(it);
    size_t from;

    if (key.n < TS_KEY_TENANT_SIZE + 2 + BLOCK_SIZE)
        return TS_CORRUPT;
    from = (size_t)block_of(key) * POSTINGS_WORDS;
    if (from >= q->words)
        return TS_OK; /* made after the totals were read */
    return postings_read(ts_iter_value(it), set + from);
}

/* Adds whom a term of that kind is about: the whole one, or all that begin with it. */
static ts_status add_term(question *q, char kind, ts_str term, bool whole, uint64_t *set)
{
    risk_key from = term_key(q->from->tenant, kind, term);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    ts_status st = TS_OK;

    if (whole)
        risk_key_u8(&from, 0);
    it = ts_iter_prefix(q->from->store, RISK_SEARCH, risk_key_view(&from), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; st == TS_OK && ts_iter_valid(it); ts_iter_next(it)) {
        if (q->rows++ == SEARCH_ROWS_MAX) {
            q->cut = true;
            break;
        }
        st = add_row(q, it, set);
    }
    return st == TS_OK ? ts_iter_status(it) : st;
}

/* Whether the address of a user's place holds the text; there may be no place. */
static bool holds(ts_str place, ts_str text)
{
    for (size_t i = 1; i + text.n <= place.n; i++) {
        if (memcmp(place.p + i, text.p, text.n) == 0)
            return true;
    }
    return false;
}

size_t search_list(const uint64_t *bits, size_t words, size_t max, uint64_t *ret)
{
    size_t count = 0;

    for (size_t word = 0; word < words && count < max; word++) {
        for (uint64_t rest = bits[word]; rest != 0 && count < max; rest &= rest - 1)
            ret[count++] = word * 64 + (uint64_t)__builtin_ctzll(rest);
    }
    return count;
}

static uint64_t count_left(const question *q, const uint64_t *left)
{
    uint64_t count = 0;

    for (size_t i = 0; i < q->words; i++)
        count += (uint64_t)__builtin_popcountll(left[i]);
    return count;
}

/* Adds those of `left`, up to a limit, whose address holds the text. */
static ts_status look_at(question *q, const uint64_t *left, ts_str text, uint64_t *set)
{
    size_t count = (size_t)count_left(q, left);
    uint64_t *users;
    ts_str *found;
    ts_status st;

    if (count > SEARCH_LOOKED_MAX) {
        q->cut = true;
        count = SEARCH_LOOKED_MAX;
    }
    users = ts_arena_array(q->arena, count + 1, sizeof(*users));
    found = ts_arena_array(q->arena, count + 1, sizeof(*found));
    if (users == NULL || found == NULL)
        return TS_NOMEM;
    count = search_list(left, q->words, count, users);
    st = places_get(q->from->places, q->from->store, q->from->tenant, users, count, q->from->now_ms,
                    q->arena, found);
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        if (holds(found[i], text))
            set[users[i] >> 6] |= UINT64_C(1) << (users[i] & 63);
    }
    return st;
}

/* A long text that begins before the '@': its fronts narrow down who is looked at. */
static ts_status add_within(question *q, ts_str text, uint64_t *set)
{
    uint64_t *left = NULL;
    ts_status st = TS_OK;

    for (size_t i = 0; i + SEARCH_FRONT <= text.n && st == TS_OK; i += WINDOW_STEP) {
        uint64_t *one = new_set(q);

        if (one == NULL)
            return TS_NOMEM;
        st = add_term(q, SEARCH_END_FRONT, ts_str_n(text.p + i, SEARCH_FRONT), true, one);
        for (size_t j = 0; j < q->words; j++)
            one[j] &= left == NULL ? ~set[j] : left[j];
        left = one;
        if (count_left(q, left) <= FEW_ENOUGH)
            break;
    }
    return st == TS_OK && left != NULL ? look_at(q, left, text, set) : st;
}

static ts_status add_word(question *q, ts_str text, uint64_t *set)
{
    size_t characters = search_characters(text);

    if (characters <= SEARCH_SHORT)
        return add_term(q, SEARCH_START, text, true, set);
    return add_term(q, characters <= SEARCH_FRONT ? SEARCH_WORD_FRONT : SEARCH_WORD, text, false,
                    set);
}

/* `set` holds whom other parts of the question have found already. */
static ts_status add_address(question *q, ts_str text, uint64_t *set)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < text.n; i++) {
        if ((uint8_t)text.p[i] >= 0x80)
            return TS_OK; /* in no address */
    }
    if (text.n <= SEARCH_SHORT)
        return add_term(q, SEARCH_START, text, true, set);
    if (text.n <= SEARCH_FRONT)
        return add_term(q, SEARCH_END_FRONT, text, false, set);
    if (text.n <= SEARCH_TERM_MAX)
        st = add_term(q, SEARCH_END, text, false, set);
    return st == TS_OK ? add_within(q, text, set) : st;
}

/* All words of the part, or its text within the address. */
static ts_status find_part(question *q, const search_part *part, uint64_t *ret)
{
    uint64_t *words = NULL;
    ts_status st = TS_OK;

    for (size_t i = 0; i < part->word_count && st == TS_OK; i++) {
        uint64_t *one = new_set(q);

        if (one == NULL)
            return TS_NOMEM;
        st = add_word(q, part->words[i], one);
        for (size_t j = 0; words != NULL && j < q->words; j++)
            one[j] &= words[j];
        words = one;
    }
    if (words != NULL)
        memcpy(ret, words, q->words * sizeof(*words));
    return st == TS_OK ? add_address(q, part->address, ret) : st;
}

ts_status search_find(const search_source *from, const search_part *parts, size_t count,
                      ts_arena *arena, search_set *ret, bool *ret_cut)
{
    question q = { .from = from,
                   .arena = arena,
                   .words = (size_t)(postings_block(from->last_user) + 1) * POSTINGS_WORDS };
    uint64_t *all = NULL;

    for (size_t i = 0; i < count; i++) {
        uint64_t *set = new_set(&q);
        ts_status st = set == NULL ? TS_NOMEM : find_part(&q, &parts[i], set);

        if (st != TS_OK)
            return st;
        for (size_t j = 0; all != NULL && j < q.words; j++)
            set[j] &= all[j];
        all = set;
    }
    if (all == NULL)
        all = new_set(&q);
    if (all == NULL)
        return TS_NOMEM;
    *ret = (search_set){ .bits = all, .last_user = q.words * 64 - 1 };
    for (size_t j = 0; j < q.words; j++)
        ret->count += (uint64_t)__builtin_popcountll(all[j]);
    *ret_cut = q.cut;
    return TS_OK;
}
