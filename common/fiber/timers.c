/* `child` is a timer's first child, `next` its next sibling, `prev` the sibling before it, or its parent if it is the first. */
#include "timers.h"

static ts_timer *meld(ts_timer *a, ts_timer *b)
{
    if (a == NULL)
        return b;
    if (b == NULL)
        return a;
    if (b->at_boot_ms < a->at_boot_ms) {
        ts_timer *later = a;

        a = b;
        b = later;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child != NULL)
        a->child->prev = b;
    a->child = b;
    a->next = NULL;
    a->prev = NULL;
    return a;
}

/* One heap of the siblings from `first` on: pairs from left to right, then those from right to left. */
static ts_timer *meld_siblings(ts_timer *first)
{
    ts_timer *pairs = NULL;
    ts_timer *root = NULL;

    while (first != NULL) {
        ts_timer *a = first;
        ts_timer *b = a->next;
        ts_timer *pair;

        first = b == NULL ? NULL : b->next;
        a->next = NULL;
        a->prev = NULL;
        if (b != NULL) {
            b->next = NULL;
            b->prev = NULL;
        }
        pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs != NULL) {
        ts_timer *rest = pairs->next;

        pairs->next = NULL;
        root = meld(root, pairs);
        pairs = rest;
    }
    return root;
}

ts_timer *timers_add(ts_timer *root, ts_timer *t)
{
    t->child = NULL;
    t->next = NULL;
    t->prev = NULL;
    return meld(root, t);
}

ts_timer *timers_remove(ts_timer *root, ts_timer *t)
{
    ts_timer *below = meld_siblings(t->child);

    t->child = NULL;
    if (t == root)
        return below;
    if (t->prev->child == t)
        t->prev->child = t->next;
    else
        t->prev->next = t->next;
    if (t->next != NULL)
        t->next->prev = t->prev;
    t->next = NULL;
    t->prev = NULL;
    return meld(root, below);
}
