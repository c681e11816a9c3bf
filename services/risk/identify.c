#include "identify.h"

static ts_str domain_of(ts_str email)
{
    size_t at = ts_str_find(email, '@');

    return at + 1 < email.n ? ts_str_n(email.p + at + 1, email.n - at - 1) : TS_STR_NULL;
}

/* Only an account of the organization can do these. */
static bool proves_membership(const risk_record *record)
{
    const char *outcome = record->event->outcome;

    switch (record->kind) {
    case RISK_KIND_SIGN_IN:
    case RISK_KIND_SSO: return strcmp(outcome, "success") == 0;
    case RISK_KIND_ACCOUNT:
    case RISK_KIND_ADMIN: return !record->may_be_foreign && strcmp(outcome, "failure") != 0;
    default: return false;
    }
}

/* A source warns of its own accounts; a product that looks at more, of whomever it sees. */
static bool is_warned(const risk_record *record, bool own)
{
    return record->kind == RISK_KIND_WARNING && (own || !record->may_be_foreign);
}

/* Who did it was there: not if it failed, nor in a sign-in that only asks for more. */
static bool came_about(const risk_record *record)
{
    const char *outcome = record->event->outcome;

    if (record->kind == RISK_KIND_SIGN_IN || record->kind == RISK_KIND_SSO)
        return strcmp(outcome, "success") == 0;
    return strcmp(outcome, "failure") != 0;
}

static ts_status domain_is_own(risk_work *w, risk_domains *domains, ts_str domain, bool *ret)
{
    risk_key key = risk_key_tenant(w->tenant);
    char *copy;

    *ret = false;
    if (risk_map_get(&domains->known, domain) != NULL) {
        *ret = true;
        return TS_OK;
    }
    risk_key_text(&key, domain);
    if (!ts_store_has(w->store, RISK_DOMAINS, risk_key_view(&key)))
        return TS_OK;
    copy = ts_arena_z(w->arena, domain);
    if (copy == NULL || !risk_map_put(&domains->known, ts_str_of(copy), copy))
        return TS_NOMEM;
    *ret = true;
    return TS_OK;
}

static ts_status learn_domain(risk_work *w, risk_domains *domains, ts_str domain)
{
    risk_key key = risk_key_tenant(w->tenant);
    bool known = false;
    ts_status st = domain_is_own(w, domains, domain, &known);
    risk_key since;
    char *copy;

    if (st != TS_OK || known)
        return st;
    copy = ts_arena_z(w->arena, domain);
    if (copy == NULL || !risk_map_put(&domains->known, ts_str_of(copy), copy))
        return TS_NOMEM;
    risk_key_text(&key, domain);
    since.n = 0;
    since.overflow = false;
    risk_key_u64(&since, (uint64_t)w->now_ms);
    ts_batch_put(w->batch, w->store, RISK_DOMAINS, risk_key_view(&key), risk_key_view(&since));
    return TS_OK;
}

/* An own user by address, never made; NULL if there is none. */
static ts_status find_user(risk_work *w, ts_str email, work_user **ret)
{
    ts_status st = TS_NOT_FOUND;

    *ret = NULL;
    if (email.n > 0)
        st = work_user_by_email(w, email, ret);
    return st == TS_NOT_FOUND ? TS_OK : st;
}

/* An e-mail that is new for an account which is known by the source's immutable id is another name
 * of that account. */
static ts_status find_by_id(risk_work *w, const Ts__Risk__Event *e, ts_str email, work_user **ret)
{
    ts_status st;

    *ret = NULL;
    if (e->actor_id[0] == '\0' || strcmp(e->actor_email, e->user_email) != 0)
        return TS_OK;
    st = work_user_by_source(w, e->source, ts_str_of(e->actor_id), ret);
    if (st == TS_NOT_FOUND)
        return TS_OK;
    return st == TS_OK && email.n > 0 ? work_user_alias(w, *ret, email) : st;
}

static void note_seen(work_user *u, const risk_record *record)
{
    const Ts__Risk__Event *e = record->event;

    /* Whom something happened to, in a warning or by another's act, was not there. */
    if (record->kind == RISK_KIND_WARNING || !came_about(record) ||
        strcmp(e->actor_email, e->user_email) != 0)
        return;
    if (e->event_ms > u->row->last_seen_ms) {
        u->row->last_seen_ms = e->event_ms;
        u->touched = true;
    }
    if (u->row->first_seen_ms == 0 || e->event_ms < u->row->first_seen_ms) {
        u->row->first_seen_ms = e->event_ms;
        u->touched = true;
    }
}

/* What nobody is made for waits under its address (orphans.h). */
static ts_status add_user(risk_work *w, risk_domains *domains, const Ts__Risk__Event *e, ts_str id,
                          work_user **ret)
{
    if (!work_has_room(w, domains->users_max)) {
        domains->users_refused++;
        return TS_OK;
    }
    return work_user_add(w, ts_str_of(e->user_email), e->source, id, e->event_ms, ret);
}

ts_status risk_identify(risk_work *w, risk_domains *domains, const risk_record *record,
                        work_user **ret)
{
    const Ts__Risk__Event *e = record->event;
    ts_str email = ts_str_of(e->user_email);
    ts_str domain = domain_of(email);
    bool is_actor = strcmp(e->actor_email, e->user_email) == 0;
    bool own = false;
    ts_status st;

    domains->known.arena = w->arena;
    *ret = NULL;
    if (domain.n == 0)
        return TS_OK;
    if (is_actor && proves_membership(record)) {
        st = learn_domain(w, domains, domain);
        if (st != TS_OK)
            return st;
    }
    st = find_user(w, email, ret);
    if (st == TS_OK && *ret == NULL)
        st = find_by_id(w, e, email, ret);
    if (st == TS_OK && *ret == NULL && came_about(record)) {
        st = domain_is_own(w, domains, domain, &own);
        if (st == TS_OK && ((own && is_actor) || is_warned(record, own)))
            st = add_user(w, domains, e, is_actor ? ts_str_of(e->actor_id) : TS_STR_NULL, ret);
    }
    if (st != TS_OK || *ret == NULL)
        return st;
    note_seen(*ret, record);
    if (is_actor && e->actor_id[0] != '\0' && came_about(record))
        st = work_user_identify(w, *ret, e->source, ts_str_of(e->actor_id));
    return st;
}
