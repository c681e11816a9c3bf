#include "leases.h"

#include "keys.h"
#include "proto/methods.h"

#define SLOTS_FIRST 64

static size_t slot_of(const leases *l, ts_hash128 event)
{
    return (size_t)ts_hash_mem(event.bytes, sizeof(event.bytes)) & (l->size - 1);
}

static ts_status grow(leases *l)
{
    size_t old_size = l->size;
    lease_held **old = l->slots;
    size_t size = old_size == 0 ? SLOTS_FIRST : 2 * old_size;

    if (l->count < old_size)
        return TS_OK;
    l->slots = calloc(size, sizeof(lease_held *));
    if (l->slots == NULL) {
        l->slots = old;
        return TS_NOMEM;
    }
    l->size = size;
    for (size_t i = 0; i < old_size; i++) {
        while (old[i] != NULL) {
            lease_held *moved = old[i];
            lease_held **slot = &l->slots[slot_of(l, moved->event)];

            old[i] = moved->next_of_slot;
            moved->next_of_slot = *slot;
            *slot = moved;
        }
    }
    free(old);
    return TS_OK;
}

lease_group *leases_open(leases *l, int64_t until_ms)
{
    lease_group *group = calloc(1, sizeof(*group));

    if (group == NULL)
        return NULL;
    group->until_ms = until_ms;
    group->number = ++l->number;
    group->previous = l->last;
    if (l->last == NULL)
        l->first = group;
    else
        l->last->next = group;
    l->last = group;
    return group;
}

void leases_drop(leases *l, lease_group *group)
{
    if (group->previous == NULL)
        l->first = group->next;
    else
        group->previous->next = group->next;
    if (group->next == NULL)
        l->last = group->previous;
    else
        group->next->previous = group->previous;
    free(group);
}

ts_status leases_add(leases *l, lease_group *group, ready_endpoint *e, ts_hash128 event,
                     int64_t due_ms, const uint8_t token[LEASE_TOKEN_SIZE], lease_held **ret)
{
    lease_held *made = NULL;
    lease_held **slot;

    if (grow(l) != TS_OK || (made = calloc(1, sizeof(*made))) == NULL)
        return TS_NOMEM;
    *made = (lease_held){
        .endpoint = e, .event = event, .due_ms = due_ms, .group = group, .next = group->first
    };
    memcpy(made->token, token, LEASE_TOKEN_SIZE);
    if (group->first != NULL)
        group->first->previous = made;
    group->first = made;
    group->count++;
    slot = &l->slots[slot_of(l, event)];
    made->next_of_slot = *slot;
    *slot = made;
    l->count++;
    *ret = made;
    return TS_OK;
}

lease_held *leases_find(const leases *l, const ready_endpoint *e, ts_hash128 event)
{
    lease_held *found;

    if (l->count == 0)
        return NULL;
    for (found = l->slots[slot_of(l, event)]; found != NULL; found = found->next_of_slot) {
        if (found->endpoint == e &&
            memcmp(found->event.bytes, event.bytes, sizeof(event.bytes)) == 0)
            break;
    }
    return found;
}

static webhooks_key key_of(const lease_group *group)
{
    return key_leases(group->until_ms, group->number);
}

void leases_end(leases *l, ts_store *s, ts_batch *batch, lease_held *ended)
{
    lease_group *group = ended->group;
    lease_held **slot = &l->slots[slot_of(l, ended->event)];
    webhooks_key key = key_of(group);

    while (*slot != ended)
        slot = &(*slot)->next_of_slot;
    *slot = ended->next_of_slot;
    l->count--;
    if (ended->previous == NULL)
        group->first = ended->next;
    else
        ended->previous->next = ended->next;
    if (ended->next != NULL)
        ended->next->previous = ended->previous;
    free(ended);
    if (--group->count > 0)
        return;
    ts_batch_delete(batch, s, WEBHOOKS_LEASES, key_view(&key));
    leases_drop(l, group);
}

void leases_put(ts_store *s, ts_batch *batch, const lease_group *group)
{
    Ts__Webhooks__StoredLeases row = TS__WEBHOOKS__STORED_LEASES__INIT;
    Ts__Webhooks__StoredLease *list[LEASES_OF_ROW];
    Ts__Webhooks__StoredLease items[LEASES_OF_ROW];
    webhooks_key key = key_of(group);

    row.leases = list;
    for (lease_held *i = group->first; i != NULL && row.n_leases < LEASES_OF_ROW; i = i->next) {
        Ts__Webhooks__StoredLease *item = &items[row.n_leases];

        ts__webhooks__stored_lease__init(item);
        item->org = i->endpoint->tenant.org;
        item->mode = (uint32_t)i->endpoint->tenant.mode;
        item->endpoint_id = i->endpoint->id;
        item->event.data = i->event.bytes;
        item->event.len = sizeof(i->event.bytes);
        item->token.data = i->token;
        item->token.len = sizeof(i->token);
        item->due_ms = i->due_ms;
        list[row.n_leases++] = item;
    }
    ts_batch_put_message(batch, s, WEBHOOKS_LEASES, key_view(&key), &row.base);
}

void leases_done(leases *l)
{
    while (l->first != NULL) {
        while (l->first->first != NULL) {
            lease_held *next = l->first->first->next;

            free(l->first->first);
            l->first->first = next;
        }
        leases_drop(l, l->first);
    }
    free(l->slots);
    *l = (leases){ 0 };
}
