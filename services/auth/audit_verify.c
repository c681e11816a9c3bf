/* Is the log whole? Walks the rows as they lie in the store, beside the head and anchor that say how many there must be. */
#include "audit.h"
#include "chain.h"

typedef struct walk {
    ts_store *store;
    ts_arena *arena;
    uint64_t org;
    uint64_t next; /* number of the entry that comes now */
    uint8_t previous[AUTH_HASH_SIZE];
    const Ts__Auth__AuditHead *head;
    Ts__Auth__VerifyAuditReply *rep;
} walk;

/* Only the first fault is told: what is behind it follows from it. */
static void tell(walk *w, uint64_t number, const char *reason)
{
    w->rep->broken = number;
    w->rep->reason =
        ts_arena_printf(w->arena, "entry %llu: %s", (unsigned long long)number, reason);
}

static bool is_hash(ProtobufCBinaryData field, const uint8_t *hash)
{
    return field.len == AUTH_HASH_SIZE && memcmp(field.data, hash, AUTH_HASH_SIZE) == 0;
}

static void check_row(walk *w, uint64_t number, ts_str value)
{
    ProtobufCMessage *m = NULL;
    Ts__Auth__AuditRow *row;
    const char *fault;

    if (number < w->next) {
        /* 0 is no number of an entry: the first one is where something is wrong. */
        tell(w, number == 0 ? w->next : number, "something stands before the first one");
        return;
    }
    if (number > w->next) {
        tell(w, w->next, "it is missing");
        return;
    }
    if (number > w->head->entries) {
        tell(w, number, "it stands behind the newest one");
        return;
    }
    if (ts_arena_unpack(w->arena, &ts__auth__audit_row__descriptor, value, &m) != TS_OK) {
        tell(w, number, "it cannot be read");
        return;
    }
    row = (Ts__Auth__AuditRow *)m;
    fault = auth_chain_fault(row, w->org, number, w->previous);
    if (fault != NULL) {
        tell(w, number, fault);
        return;
    }
    memcpy(w->previous, row->hash.data, AUTH_HASH_SIZE);
    w->rep->last = number;
    w->next = number + 1;
}

/* Where the walk begins: behind the anchor, or behind an entry that an earlier call has checked. */
static ts_status begin(walk *w, uint64_t after)
{
    const Ts__Auth__AuditAnchor *anchor = NULL;
    Ts__Auth__AuditRow *row = NULL;
    uint8_t hash[AUTH_HASH_SIZE];
    ts_status st = auth_load_audit_anchor(w->store, w->org, w->arena, (void *)&anchor);

    if (st != TS_OK)
        return st;
    w->rep->dropped = anchor->dropped;
    if (after <= anchor->dropped) {
        w->next = anchor->dropped + 1;
        if (anchor->dropped > 0 && anchor->hash.len == AUTH_HASH_SIZE)
            memcpy(w->previous, anchor->hash.data, AUTH_HASH_SIZE);
        return TS_OK;
    }
    w->next = after + 1;
    st = auth_load_audit_row(w->store, w->org, after, w->arena, &row);
    if (st == TS_NOT_FOUND || st == TS_CORRUPT) {
        tell(w, after, st == TS_CORRUPT ? "it cannot be read" : "it is missing");
        return TS_OK;
    }
    if (st == TS_OK)
        st = auth_chain_hash(row, hash);
    if (st == TS_OK && !is_hash(row->hash, hash))
        tell(w, after, "it was changed");
    memcpy(w->previous, hash, AUTH_HASH_SIZE);
    return st;
}

static ts_status walk_rows(walk *w, uint64_t after, uint32_t limit)
{
    TS_CLEANUP(ts_buf_done) ts_buf from = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_buf_done) ts_buf until = TS_BUF_INIT(AUTH_ROW_KEY_MAX);
    TS_CLEANUP(ts_iter_free_p) ts_iter *it = NULL;
    uint32_t seen = 0;

    /* The first page also sees what lies before the first entry. */
    auth_audit_key(&from, w->org, after == 0 ? 0 : w->next);
    auth_audit_key(&until, w->org, UINT64_MAX);
    it = ts_iter_new(w->store, AUTH_AUDIT, ts_buf_view(&from), ts_buf_view(&until), false);
    if (it == NULL)
        return TS_NOMEM;
    for (; ts_iter_valid(it) && w->rep->broken == 0 && seen < limit; ts_iter_next(it), seen++)
        check_row(w, auth_read_u64(ts_iter_key(it), 8), ts_iter_value(it));
    w->rep->more = ts_iter_valid(it) && w->rep->broken == 0;
    return ts_iter_status(it);
}

/* All rows are walked: is the last one the one that it should be? */
static void check_end(walk *w)
{
    if (w->next <= w->head->entries)
        tell(w, w->next, "it is missing");
    else if (w->head->entries > 0 && !is_hash(w->head->hash, w->previous))
        tell(w, w->head->entries, "it is not the newest one that was noted");
}

ts_status auth_audit_verify(ts_store *s, ts_arena *arena, uint64_t org, uint64_t after,
                            uint32_t limit, Ts__Auth__VerifyAuditReply *rep)
{
    walk w = { .store = s, .arena = arena, .org = org, .rep = rep };
    Ts__Auth__AuditHead *head = NULL;
    ts_status st = auth_load_audit_head(s, org, arena, &head);

    if (st != TS_OK)
        return st;
    w.head = head;
    rep->entries = head->entries;
    rep->head = head->hash;
    rep->last = after;
    st = begin(&w, after);
    if (st == TS_OK && rep->broken == 0)
        st = walk_rows(&w, after, limit);
    if (st == TS_OK && rep->broken == 0 && !rep->more)
        check_end(&w);
    if (st == TS_OK && rep->broken != 0 && rep->reason == NULL)
        st = TS_NOMEM;
    return st;
}
