#include "tally.h"

#include "ts/id.h"

#define SLOTS_FIRST 64

tally tally_in(ts_arena *arena)
{
    return (tally){ .arena = arena };
}

static size_t slot_of(const tally *t, ts_str key)
{
    size_t at = (size_t)ts_hash_mem(key.p, key.n) & (t->slots - 1);

    while (t->table[at] != 0 && !ts_str_is(key, t->groups[t->table[at] - 1]->key))
        at = (at + 1) & (t->slots - 1);
    return at;
}

/* At most half full: probes stay short. */
static bool make_room(tally *t)
{
    size_t slots = t->slots == 0 ? SLOTS_FIRST : t->slots * 2;

    if (t->slots > 0 && t->count < t->slots / 2)
        return true;
    t->table = ts_arena_array(t->arena, slots, sizeof(*t->table));
    if (t->table == NULL)
        return false;
    t->slots = slots;
    for (size_t i = 0; i < t->count; i++)
        t->table[slot_of(t, ts_str_of(t->groups[i]->key))] = (uint32_t)(i + 1);
    return true;
}

Ts__Aiusage__Group *tally_group(tally *t, ts_str key)
{
    Ts__Aiusage__Group *group;
    size_t at;

    if (!make_room(t))
        return NULL;
    at = slot_of(t, key);
    if (t->table[at] != 0)
        return t->groups[t->table[at] - 1];
    group = ts_arena_alloc(t->arena, sizeof(*group));
    if (group == NULL ||
        !ts_arena_grow(t->arena, &t->groups, t->count, &t->capacity, sizeof(*t->groups)))
        return NULL;
    ts__aiusage__group__init(group);
    group->key = ts_arena_z(t->arena, key);
    if (group->key == NULL)
        return NULL;
    t->groups[t->count++] = group;
    t->table[at] = (uint32_t)t->count;
    return group;
}

ts_status tally_name_tool(tally *t, Ts__Aiusage__Group *group, ts_str tool)
{
    size_t at = 0;

    while (at < group->n_tools && ts_str_cmp(ts_str_of(group->tools[at]), tool) < 0)
        at++;
    if (at < group->n_tools && ts_str_is(tool, group->tools[at]))
        return TS_OK;
    if (group->n_tools == TALLY_TOOLS_MAX)
        return TS_OK;
    /* Room for all at once would cost 512 bytes a user: powers of two instead. */
    if ((group->n_tools & (group->n_tools - 1)) == 0) {
        size_t room = group->n_tools == 0 ? 1 : group->n_tools * 2;
        char **tools = ts_arena_array(t->arena, room, sizeof(*tools));

        if (tools == NULL)
            return TS_NOMEM;
        if (group->n_tools > 0)
            memcpy(tools, group->tools, group->n_tools * sizeof(*tools));
        group->tools = tools;
    }
    memmove(group->tools + at + 1, group->tools + at, (group->n_tools - at) * sizeof(char *));
    group->tools[at] = ts_arena_z(t->arena, tool);
    if (group->tools[at] == NULL)
        return TS_NOMEM;
    group->n_tools++;
    return TS_OK;
}

static int compare(const void *a, const void *b)
{
    const Ts__Aiusage__Group *left = *(Ts__Aiusage__Group *const *)a;
    const Ts__Aiusage__Group *right = *(Ts__Aiusage__Group *const *)b;

    if (left->events != right->events)
        return left->events > right->events ? -1 : 1;
    return strcmp(left->key, right->key);
}

void tally_sort(tally *t)
{
    if (t->count > 1)
        qsort(t->groups, t->count, sizeof(*t->groups), compare);
}
