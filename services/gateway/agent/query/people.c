/* One table of keys (each name in each form), each with the number of people and the first one's address. */
#include "people.h"

#define PEOPLE_BYTES (512u << 20)

typedef struct entry {
    ts_str email;
    uint32_t count;
    uint32_t last_person; /* who raised the count last: one person has one form twice ("ana ana") */
} entry;

struct agent_people {
    ts_arena *arena;
    ts_arena *scratch;
    const agent_folds *folds;
    agent_names keys;
    entry *entries;
    size_t capacity;
    uint32_t people;
};

ts_status agent_people_new(const agent_folds *folds, agent_people **ret)
{
    TS_CLEANUP(agent_people_free_p) agent_people *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return TS_NOMEM;
    p->folds = folds;
    p->arena = ts_arena_new(PEOPLE_BYTES);
    p->scratch = ts_arena_new(AGENT_ARENA_BYTES);
    if (p->arena == NULL || p->scratch == NULL)
        return TS_NOMEM;
    p->keys.arena = p->arena;
    *ret = TS_TAKE(p);
    return TS_OK;
}

void agent_people_free(agent_people *p)
{
    if (p == NULL)
        return;
    ts_arena_free(p->arena);
    ts_arena_free(p->scratch);
    free(p);
}

static ts_status add_key(agent_people *p, ts_str key, ts_str email)
{
    uint32_t number;

    if (key.n == 0)
        return TS_OK;
    number = agent_names_add(&p->keys, key);
    if (number == 0)
        return TS_NOMEM;
    while (number >= p->capacity) {
        if (!ts_arena_grow(p->arena, &p->entries, p->capacity, &p->capacity, sizeof(*p->entries)))
            return TS_NOMEM;
    }
    if (p->entries[number].last_person == p->people)
        return TS_OK;
    if (p->entries[number].count++ == 0)
        p->entries[number].email = email;
    p->entries[number].last_person = p->people;
    return TS_OK;
}

static ts_str joined(agent_people *p, const agent_text *text, size_t from, size_t count)
{
    ts_str key = TS_STR_LIT("");

    for (size_t i = from; i < from + count; i++)
        key = ts_str_of(ts_arena_printf(p->scratch, "%.*s%s%.*s", (int)key.n, key.p,
                                        i == from ? "" : " ", (int)text->tokens[i].norm.n,
                                        text->tokens[i].norm.p));
    return key;
}

static ts_status add_name(agent_people *p, ts_str name, ts_str email)
{
    agent_text text;
    ts_status st;
    size_t n;

    if (agent_text_read(name, p->folds, p->scratch, &text, NULL) != TS_OK)
        return TS_OK; /* a name that no question could hold */
    n = text.count;
    if (n == 0)
        return TS_OK;
    st = add_key(p, text.tokens[0].norm, email);
    if (st == TS_OK && n > 1)
        st = add_key(p, text.tokens[n - 1].norm, email);
    if (st == TS_OK && n > 1 && n <= AGENT_NAME_WORDS)
        st = add_key(p, joined(p, &text, 0, n), email);
    for (size_t tail = 2; st == TS_OK && tail < n && tail <= AGENT_NAME_WORDS; tail++)
        st = add_key(p, joined(p, &text, n - tail, tail), email); /* van der Berg */
    return st;
}

ts_status agent_people_add(agent_people *p, ts_str email, ts_str name)
{
    ts_str local = ts_str_n(email.p, ts_str_find(email, '@'));
    char lower[65];
    size_t n = local.n < sizeof(lower) ? local.n : sizeof(lower) - 1;
    ts_status st;

    ts_arena_reset(p->scratch);
    p->people++;
    email = ts_arena_str(p->arena, email);
    if (email.p == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(local.p[i] >= 'A' && local.p[i] <= 'Z' ? local.p[i] | 0x20 : local.p[i]);
    st = add_key(p, ts_str_n(lower, n), email);
    return st == TS_OK ? add_name(p, name, email) : st;
}

size_t agent_people_find(const void *people, ts_str name, ts_str *ret_email)
{
    const agent_people *p = people;
    uint32_t number = agent_names_find(&p->keys, name);

    if (number == 0)
        return 0;
    *ret_email = p->entries[number].email;
    return p->entries[number].count;
}
