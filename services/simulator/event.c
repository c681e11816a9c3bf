#include "event.h"

#define FIRST_CAPACITY 1024u

void sim_events_done(sim_events *list)
{
    free(list->items);
    *list = (sim_events){ 0 };
}

void sim_events_add(sim_events *list, const sim_event *event)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : list->capacity * 2;
        sim_event *items;

        if (list->status != TS_OK)
            return;
        items = capacity > SIZE_MAX / sizeof(*items)
                    ? NULL
                    : realloc(list->items, capacity * sizeof(*items));
        if (items == NULL) {
            list->status = TS_NOMEM;
            return;
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *event;
}

static int compare(const void *left, const void *right)
{
    const sim_event *a = left;
    const sim_event *b = right;

    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return 0;
}

void sim_events_sort(sim_events *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare);
}
