#include "export.h"

#include "places.h"
#include "record.h"
#include "ts/json.h"
#include "ts/time.h"

void sim_export_person(const sim_company *c, uint32_t number, ts_buf *out)
{
    ts_jsonw w = ts_jsonw_on(out);
    sim_person person, manager;

    sim_person_get(c, number, &person);
    sim_person_get(c, person.manager, &manager);
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "email", person.email);
    ts_jsonw_kz(&w, "name", person.name);
    ts_jsonw_kz(&w, "department", person.department);
    ts_jsonw_kz(&w, "title", person.title);
    if (person.manager != number)
        ts_jsonw_kz(&w, "manager", manager.email);
    ts_jsonw_kbool(&w, "is_admin", person.is_admin);
    ts_jsonw_kbool(&w, "suspended", false);
    ts_jsonw_kbool(&w, "mfa_enrolled", person.mfa_enrolled);
    ts_jsonw_object_end(&w);
}

static void key_time(ts_jsonw *w, const char *key, int64_t ms)
{
    char text[TS_RFC3339_SIZE];

    ts_time_format(ms, true, text);
    ts_jsonw_kz(w, key, text);
}

void sim_export_label(const sim_company *c, const sim_play *p, const sim_label *label, ts_buf *out)
{
    const sim_events *events = sim_play_attack_events(p);
    ts_jsonw w = ts_jsonw_on(out);
    sim_person person;

    sim_person_get(c, label->person, &person);
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "attack", sim_attack_name(label->attack));
    ts_jsonw_kz(&w, "user", person.email);
    key_time(&w, "start", label->start_ms);
    key_time(&w, "end", label->end_ms);
    ts_jsonw_key(&w, "unique_qualifiers");
    ts_jsonw_array(&w);
    for (size_t i = label->first; i < label->first + label->count; i++) {
        char id[SIM_ID_SIZE];

        sim_record_id(c, &events->items[i], id);
        ts_jsonw_z(&w, id);
    }
    ts_jsonw_array_end(&w);
    ts_jsonw_object_end(&w);
}

static void place(ts_jsonw *w, const char *block, const sim_city *city, bool foreign)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "block", block);
    ts_jsonw_kz(w, "city", city->name);
    ts_jsonw_kz(w, "country", city->country);
    sim_write_milli(w, "latitude", city->latitude_milli);
    sim_write_milli(w, "longitude", city->longitude_milli);
    ts_jsonw_kbool(w, "foreign", foreign);
    ts_jsonw_object_end(w);
}

void sim_export_places(ts_buf *out)
{
    ts_jsonw w = ts_jsonw_on(out);
    char block[SIM_ADDRESS_SIZE];

    ts_jsonw_array(&w);
    for (uint32_t city = 0; city < SIM_CITIES; city++) {
        for (uint32_t i = 0; i < SIM_CITY_BLOCKS; i++) {
            sim_city_block(city, i, block);
            place(&w, block, sim_city_at(city), false);
        }
    }
    for (uint32_t city = 0; city < SIM_FOREIGN; city++) {
        sim_foreign_block(city, block);
        place(&w, block, sim_foreign_at(city), true);
    }
    ts_jsonw_array_end(&w);
}
