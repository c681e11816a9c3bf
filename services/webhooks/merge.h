/* Rows of an index in the order of their events, over any choice of kinds and states: the merge of the ranges that hold them.
 * A row passed over costs a key, nothing is read that is not asked for. */
#ifndef WEBHOOKS_MERGE_H
#define WEBHOOKS_MERGE_H

#include "keys.h"

#define MERGE_ALL UINT32_MAX

/* An endpoint with bare deliveries, whose events stand in no other index. */
typedef struct merge_bare {
    webhooks_key begin; /* T E */
    uint32_t types;     /* a bit for each kind that there may be */
} merge_bare;

typedef struct merge_options {
    ts_store *store;
    unsigned family;        /* event_index or owed_index */
    webhooks_key begin;     /* T, or T E */
    uint32_t type;          /* MERGE_ALL: every kind */
    uint32_t state;         /* MERGE_ALL: every state */
    const merge_bare *bare; /* with event_index: these as well */
    size_t bare_count;
    bool oldest_first;
    const index_place
        *after; /* begin behind this one (by its time and event alone); NULL: at the start */
} merge_options;

typedef struct merge merge;

/* NULL if out of memory. */
merge *merge_new(const merge_options *options);
void merge_free(merge *m);
TS_DEFINE_CLEANUP(merge, merge_free);
/* False: that was all, or reading failed: see merge_status(). */
bool merge_next(merge *m, index_place *ret);
TS_CHECK ts_status merge_status(const merge *m);

#endif
