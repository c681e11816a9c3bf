#include "record.h"

#include "entra.h"
#include "okta.h"
#include "prng.h"
#include "source.h"
#include "ts/time.h"

#define ETAG_CHARS 27u

void sim_qualifier(const sim_company *c, uint64_t key, char ret[SIM_NUMBER_SIZE])
{
    /* One-to-one in `key`, so that it is unique where the key is. Half of Google's own are negative
     * as well. */
    const uint64_t n = sim_mix(key ^ sim_mix_text(c->seed, "qualifier"));

    snprintf(ret, SIM_NUMBER_SIZE, "%lld", (long long)n);
}

void sim_rogue_email(const sim_company *c, uint32_t number, char ret[SIM_EMAIL_SIZE])
{
    snprintf(ret, SIM_EMAIL_SIZE, "svc-backup-%u@%s", number + 1, c->domain);
}

void sim_uuid(uint64_t seed, char ret[SIM_ID_SIZE])
{
    const uint64_t high = sim_mix2(seed, 1);
    const uint64_t low = sim_mix2(seed, 2);

    /* Version 4, variant 1. */
    snprintf(ret, SIM_ID_SIZE, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
             (unsigned)(low >> 48 & 0x3fff) | 0x8000,
             (unsigned long long)(low & UINT64_C(0xffffffffffff)));
}

void sim_record_id(const sim_company *c, const sim_event *e, char ret[SIM_ID_SIZE])
{
    sim_source source = SIM_GOOGLE;

    if (sim_source_of(c->sources, (sim_kind)e->kind, &source) && source != SIM_GOOGLE)
        sim_uuid(sim_mix3(c->seed, 0x7265636f7264, e->key), ret);
    else
        sim_qualifier(c, e->key, ret);
}

void sim_write_milli(ts_jsonw *w, const char *key, int milli)
{
    char text[24];
    const int size = milli < 0 ? -milli : milli;
    const int n =
        snprintf(text, sizeof(text), "%s%d.%03d", milli < 0 ? "-" : "", size / 1000, size % 1000);

    ts_jsonw_key(w, key);
    ts_jsonw_raw(w, (ts_str){ text, (size_t)n });
}

void sim_record_network(const sim_record *r, sim_network *ret)
{
    const sim_where where = (sim_where)r->event->where;
    const uint32_t index = where == SIM_AWAY ? r->event->city : r->person->city;
    /* An attacker works from one address; everybody else has one per place. */
    const uint64_t who = where == SIM_AWAY ? sim_mix2(r->company->seed, r->event->attack)
                                           : sim_mix2(r->person->seed, where);

    sim_address(where, index, who, ret->address);
    ret->city = where == SIM_AWAY ? sim_foreign_at(index) : sim_city_at(index);
    ret->asn = sim_asn(where, index);
}

const char *sim_record_user_agent(const sim_record *r)
{
    static const char *const agents[] = {
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    };

    return r->event->where == SIM_AWAY ? agents[2] : agents[r->person->seed % 2];
}

void sim_record_target(const sim_record *r, sim_person *ret)
{
    sim_rng rng = sim_rng_of(sim_mix_text(r->seed, "target"));

    sim_person_get(r->company, sim_rng_below(&rng, r->company->people), ret);
}

const char *sim_record_group(const sim_record *r)
{
    static const char *const groups[] = { "all-hands", "project-atlas", "on-call",
                                          "hiring",    "sales-emea",    "design" };
    sim_rng rng = sim_rng_of(sim_mix_text(r->seed, "group"));

    return groups[sim_rng_below(&rng, (uint32_t)TS_COUNT(groups))];
}

/* ---- the Reports API ---- */

static void write_id(sim_record *r)
{
    char time[TS_RFC3339_SIZE];
    char number[SIM_NUMBER_SIZE];

    ts_jsonw_key(r->w, "id");
    ts_jsonw_object(r->w);
    ts_time_format(r->event->time_ms, true, time);
    ts_jsonw_kz(r->w, "time", time);
    sim_qualifier(r->company, r->event->key, number);
    ts_jsonw_kz(r->w, "uniqueQualifier", number);
    ts_jsonw_kz(r->w, "applicationName", sim_kind_application((sim_kind)r->event->kind));
    sim_customer_id(r->company, number);
    ts_jsonw_kz(r->w, "customerId", number);
    ts_jsonw_object_end(r->w);
}

static void write_etag(sim_record *r)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    sim_rng rng = sim_rng_of(sim_mix2(r->seed, 0x65746167));
    char etag[ETAG_CHARS + 3];

    etag[0] = '"';
    for (size_t i = 1; i <= ETAG_CHARS; i++)
        etag[i] = letters[sim_rng_below(&rng, sizeof(letters) - 1)];
    etag[ETAG_CHARS + 1] = '"';
    etag[ETAG_CHARS + 2] = '\0';
    ts_jsonw_kz(r->w, "etag", etag);
}

static void write_actor(sim_record *r)
{
    ts_jsonw_key(r->w, "actor");
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "callerType", "USER");
    ts_jsonw_kz(r->w, "email", r->person->email);
    ts_jsonw_kz(r->w, "profileId", r->person->profile_id);
    ts_jsonw_object_end(r->w);
}

static void write_network(sim_record *r)
{
    sim_network net;

    sim_record_network(r, &net);
    ts_jsonw_kz(r->w, "ipAddress", net.address);
    ts_jsonw_key(r->w, "networkInfo");
    ts_jsonw_object(r->w);
    ts_jsonw_key(r->w, "ipAsn");
    ts_jsonw_array(r->w);
    ts_jsonw_u64(r->w, net.asn);
    ts_jsonw_array_end(r->w);
    ts_jsonw_kz(r->w, "regionCode", net.city->country);
    if (net.city->subdivision[0] != '\0')
        ts_jsonw_kz(r->w, "subdivisionCode", net.city->subdivision);
    ts_jsonw_object_end(r->w);
}

static void write_google(sim_record *r)
{
    ts_jsonw_object(r->w);
    ts_jsonw_kz(r->w, "kind", "admin#reports#activity");
    write_id(r);
    write_etag(r);
    write_actor(r);
    ts_jsonw_kz(r->w, "ownerDomain", r->company->domain);
    write_network(r);
    ts_jsonw_key(r->w, "events");
    ts_jsonw_array(r->w);
    sim_kind_write(r);
    ts_jsonw_array_end(r->w);
    ts_jsonw_object_end(r->w);
}

void sim_record_write(const sim_company *c, const sim_event *e, ts_buf *out)
{
    ts_jsonw w = ts_jsonw_on(out);
    sim_person person;
    sim_record r = { .company = c, .event = e, .person = &person, .w = &w };
    sim_source source = SIM_GOOGLE;

    if (!sim_source_of(c->sources, (sim_kind)e->kind, &source))
        return;
    sim_person_get(c, e->person, &person);
    r.seed = sim_mix2(c->seed, e->key);
    switch (source) {
    case SIM_OKTA: sim_okta_write(&r); return;
    case SIM_ENTRA: sim_entra_write(&r); return;
    case SIM_GOOGLE:
    case SIM_SOURCES: break;
    }
    write_google(&r);
}
