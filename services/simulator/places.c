#include "places.h"

static const sim_city cities[SIM_CITIES] = {
    { "Berlin", "DE", "DE-BE", 52520, 13405, 60 },
    { "London", "GB", "GB-ENG", 51507, -128, 0 },
    { "New York", "US", "US-NY", 40713, -74006, -300 },
    { "San Francisco", "US", "US-CA", 37775, -122419, -480 },
    { "Lisbon", "PT", "PT-11", 38722, -9139, 0 },
    { "Toronto", "CA", "CA-ON", 43653, -79383, -300 },
    { "Singapore", "SG", "", 1352, 103820, 480 },
    { "Sydney", "AU", "AU-NSW", -33869, 151209, 600 },
    { "Dublin", "IE", "IE-L", 53350, -6260, 0 },
    { "Warsaw", "PL", "PL-14", 52230, 21012, 60 },
    { "Tokyo", "JP", "JP-13", 35677, 139650, 540 },
    { "Austin", "US", "US-TX", 30267, -97743, -360 },
    { "Stockholm", "SE", "SE-AB", 59329, 18069, 60 },
    { "Bengaluru", "IN", "IN-KA", 12972, 77595, 330 },
    { "Sao Paulo", "BR", "BR-SP", -23551, -46633, -180 },
    { "Cape Town", "ZA", "ZA-WC", -33925, 18424, 120 },
};

static const sim_city foreign[SIM_FOREIGN] = {
    { "Bucharest", "RO", "RO-B", 44427, 26103, 120 },
    { "Lagos", "NG", "NG-LA", 6524, 3379, 60 },
    { "Ho Chi Minh City", "VN", "VN-SG", 10823, 106630, 420 },
    { "Chisinau", "MD", "", 47010, 28864, 120 },
};

/* 198.18.0.0/15 has 2^17 addresses: a /19 for each of 16 cities. */
#define HOME_BASE      ((198u << 24) | (18u << 16))
#define HOME_CITY_BITS 13u
/* 203.0.113.0/24: a /28 for each city. */
#define OFFICE_CITY_BITS 4u
#define OFFICE_EXITS     3u
/* RFC 5398: 64496-64511 are 16 numbers, one a city; 65536-65551 for everybody else. */
#define ASN_CITY    64496u
#define ASN_PHONE   65544u
#define ASN_FOREIGN 65536u

const sim_city *sim_city_at(uint32_t index)
{
    return &cities[index % SIM_CITIES];
}

const sim_city *sim_foreign_at(uint32_t index)
{
    return &foreign[index % SIM_FOREIGN];
}

const char *sim_country_name(const char *country)
{
    static const char *const countries[][2] = {
        { "DE", "Germany" },   { "GB", "United Kingdom" }, { "US", "United States" },
        { "PT", "Portugal" },  { "CA", "Canada" },         { "SG", "Singapore" },
        { "AU", "Australia" }, { "IE", "Ireland" },        { "PL", "Poland" },
        { "JP", "Japan" },     { "SE", "Sweden" },         { "IN", "India" },
        { "BR", "Brazil" },    { "ZA", "South Africa" },   { "RO", "Romania" },
        { "NG", "Nigeria" },   { "VN", "Vietnam" },        { "MD", "Moldova" },
    };

    for (size_t i = 0; i < TS_COUNT(countries); i++) {
        if (strcmp(country, countries[i][0]) == 0)
            return countries[i][1];
    }
    return country;
}

static void print_v4(uint32_t address, char ret[SIM_ADDRESS_SIZE])
{
    snprintf(ret, SIM_ADDRESS_SIZE, "%u.%u.%u.%u", address >> 24, (address >> 16) & 255u,
             (address >> 8) & 255u, address & 255u);
}

/* Two /24s, each halved: four blocks of 128. */
static uint32_t foreign_base(uint32_t city)
{
    const uint32_t first = (192u << 24) | (2u << 8);
    const uint32_t second = (198u << 24) | (51u << 16) | (100u << 8);

    city %= SIM_FOREIGN;
    return (city < 2 ? first : second) + (city % 2) * 128;
}

void sim_address(sim_where where, uint32_t city, uint64_t who, char ret[SIM_ADDRESS_SIZE])
{
    uint32_t slot;

    city %= SIM_CITIES;
    switch (where) {
    case SIM_HOME:
        /* Neither the first nor the last address of a /24. */
        slot = (uint32_t)(who % ((1u << HOME_CITY_BITS) / 256 * 254));
        slot = slot / 254 * 256 + slot % 254 + 1;
        print_v4(HOME_BASE + (city << HOME_CITY_BITS) + slot, ret);
        return;
    case SIM_OFFICE:
        slot = 1 + (uint32_t)(who % OFFICE_EXITS);
        print_v4(((203u << 24) | (113u << 8)) + (city << OFFICE_CITY_BITS) + slot, ret);
        return;
    case SIM_PHONE:
        snprintf(ret, SIM_ADDRESS_SIZE, "2001:db8:%x:%x::%x", city + 1,
                 (unsigned)(who >> 16 & 0xffff) | 1u, (unsigned)(who & 0xffff) | 1u);
        return;
    case SIM_AWAY: print_v4(foreign_base(city) + 1 + (uint32_t)(who % 126), ret); return;
    }
}

uint32_t sim_asn(sim_where where, uint32_t city)
{
    switch (where) {
    case SIM_HOME:
    case SIM_OFFICE: return ASN_CITY + city % SIM_CITIES;
    case SIM_PHONE: return ASN_PHONE + city % SIM_FOREIGN;
    case SIM_AWAY: return ASN_FOREIGN + city % SIM_FOREIGN;
    }
    return 0;
}

void sim_city_block(uint32_t city, uint32_t index, char ret[SIM_ADDRESS_SIZE])
{
    char base[SIM_ADDRESS_SIZE];

    city %= SIM_CITIES;
    if (index == 0) {
        print_v4(HOME_BASE + (city << HOME_CITY_BITS), base);
        snprintf(ret, SIM_ADDRESS_SIZE, "%.20s/%u", base, 32u - HOME_CITY_BITS);
        return;
    }
    if (index == 1) {
        print_v4(((203u << 24) | (113u << 8)) + (city << OFFICE_CITY_BITS), base);
        snprintf(ret, SIM_ADDRESS_SIZE, "%.20s/%u", base, 32u - OFFICE_CITY_BITS);
        return;
    }
    snprintf(ret, SIM_ADDRESS_SIZE, "2001:db8:%x::/48", city + 1);
}

void sim_foreign_block(uint32_t city, char ret[SIM_ADDRESS_SIZE])
{
    char base[SIM_ADDRESS_SIZE];

    print_v4(foreign_base(city), base);
    snprintf(ret, SIM_ADDRESS_SIZE, "%.20s/25", base);
}
