#include "record.h"

#include "prng.h"
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
    const sim_where where = (sim_where)r->event->where;
    const uint32_t index = where == SIM_AWAY ? r->event->city : r->person->city;
    const sim_city *city = where == SIM_AWAY ? sim_foreign_at(index) : sim_city_at(index);
    /* An attacker works from one address; everybody else has one per place. */
    const uint64_t who = where == SIM_AWAY ? sim_mix2(r->company->seed, r->event->attack)
                                           : sim_mix2(r->person->seed, where);
    char address[SIM_ADDRESS_SIZE];

    sim_address(where, index, who, address);
    ts_jsonw_kz(r->w, "ipAddress", address);
    ts_jsonw_key(r->w, "networkInfo");
    ts_jsonw_object(r->w);
    ts_jsonw_key(r->w, "ipAsn");
    ts_jsonw_array(r->w);
    ts_jsonw_u64(r->w, sim_asn(where, index));
    ts_jsonw_array_end(r->w);
    ts_jsonw_kz(r->w, "regionCode", city->country);
    if (city->subdivision[0] != '\0')
        ts_jsonw_kz(r->w, "subdivisionCode", city->subdivision);
    ts_jsonw_object_end(r->w);
}

void sim_record_write(const sim_company *c, const sim_event *e, ts_buf *out)
{
    ts_jsonw w = ts_jsonw_on(out);
    sim_person person;
    sim_record r = { .company = c, .event = e, .person = &person, .w = &w };

    sim_person_get(c, e->person, &person);
    r.seed = sim_mix2(c->seed, e->key);
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "kind", "admin#reports#activity");
    write_id(&r);
    write_etag(&r);
    write_actor(&r);
    ts_jsonw_kz(&w, "ownerDomain", c->domain);
    write_network(&r);
    ts_jsonw_key(&w, "events");
    ts_jsonw_array(&w);
    sim_kind_write(&r);
    ts_jsonw_array_end(&w);
    ts_jsonw_object_end(&w);
}
