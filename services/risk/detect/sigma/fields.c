#include "detect/sigma/fields.h"

#include "ts/id.h"

static size_t fold(ts_str name, char ret[SIGMA_NAME_MAX])
{
    size_t n = name.n < SIGMA_NAME_MAX ? name.n : SIGMA_NAME_MAX;

    for (size_t i = 0; i < n; i++) {
        char c = name.p[i];

        ret[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return n;
}

static bool find_folded(const sigma_names *names, ts_str folded, uint32_t *ret, size_t *ret_slot)
{
    size_t slot;

    if (names->slot_count == 0)
        return false;
    slot = (size_t)ts_hash_mem(folded.p, folded.n) & (names->slot_count - 1);
    while (names->slots[slot] != 0) {
        if (ts_str_eq(names->list[names->slots[slot] - 1], folded)) {
            *ret = names->slots[slot] - 1u;
            return true;
        }
        slot = (slot + 1) & (names->slot_count - 1);
    }
    *ret_slot = slot;
    return false;
}

ts_status sigma_names_add(sigma_names *names, ts_str name, uint32_t *ret, ts_error *err)
{
    char folded[SIGMA_NAME_MAX];
    size_t slot = 0;
    size_t n;

    if (names->slots == NULL) {
        /* Twice as many slots as names there may ever be: never full, never rehashed. */
        names->slot_count = (size_t)2 * SIGMA_NAMES_MAX;
        names->slots = ts_arena_array(names->arena, names->slot_count, sizeof(*names->slots));
        if (names->slots == NULL)
            return TS_NOMEM;
    }
    if (name.n == 0 || name.n > SIGMA_NAME_MAX)
        return ts_fail(err, TS_TOO_LARGE, "detection", "a field's name must have 1 to %d bytes",
                       SIGMA_NAME_MAX);
    n = fold(name, folded);
    if (find_folded(names, ts_str_n(folded, n), ret, &slot))
        return TS_OK;
    if (names->count == SIGMA_NAMES_MAX)
        return ts_fail(err, TS_TOO_LARGE, "detection", "all rules together may name %d fields",
                       SIGMA_NAMES_MAX);
    if (!ts_arena_grow(names->arena, &names->list, names->count, &names->capacity,
                       sizeof(*names->list)))
        return TS_NOMEM;
    names->list[names->count] = ts_arena_str(names->arena, ts_str_n(folded, n));
    if (names->list[names->count].p == NULL)
        return TS_NOMEM;
    names->slots[slot] = (uint16_t)(names->count + 1);
    *ret = (uint32_t)names->count++;
    return TS_OK;
}

/* False if no rule asks for it. */
static bool find_name(const sigma_names *names, ts_str name, uint32_t *ret)
{
    char folded[SIGMA_NAME_MAX];
    size_t slot;
    size_t n;

    if (name.n > SIGMA_NAME_MAX)
        return false;
    n = fold(name, folded);
    return find_folded(names, ts_str_n(folded, n), ret, &slot);
}

ts_status sigma_view_of(const sigma_names *names, const risk_record *record, ts_arena *arena,
                        sigma_view *ret)
{
    ret->fields = record->fields;
    ret->count = record->field_count;
    ret->first = ts_arena_array(arena, names->count + 1, sizeof(*ret->first));
    ret->next = ts_arena_array(arena, record->field_count + 1, sizeof(*ret->next));
    if (ret->first == NULL || ret->next == NULL)
        return TS_NOMEM;
    for (size_t i = record->field_count; i-- > 0;) { /* backwards, so that chains run forwards */
        uint32_t name;

        if (!find_name(names, record->fields[i].name, &name))
            continue;
        ret->next[i] = ret->first[name];
        ret->first[name] = (uint16_t)(i + 1);
    }
    return TS_OK;
}

ts_str sigma_view_first(const sigma_view *view, uint32_t name)
{
    return view->first[name] == 0 ? TS_STR_NULL : view->fields[view->first[name] - 1].value;
}
