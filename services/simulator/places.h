/* Where people are: cities, and the addresses that belong to them.
 *
 * Every address comes from blocks that are set aside for tests and documentation, so that no record
 * names a real person's connection: 198.18.0.0/15 (RFC 2544) for homes, 203.0.113.0/24 (RFC 5737)
 * for offices, 2001:db8::/32 (RFC 3849) for phones, 192.0.2.0/24 and 198.51.100.0/24 (RFC 5737) for
 * attackers. A city owns a fixed part of each block: the block implies the place. Autonomous
 * systems are documentation numbers too (RFC 5398). Pure.
 */
#ifndef SIMULATOR_PLACES_H
#define SIMULATOR_PLACES_H

#include "ts/base.h"

#define SIM_CITIES       16u
#define SIM_FOREIGN      4u
#define SIM_ADDRESS_SIZE 48

typedef struct sim_city {
    const char *name;
    const char *country;     /* ISO 3166-1 alpha-2 */
    const char *subdivision; /* ISO 3166-2, "" where not used */
    int latitude_milli;      /* thousandths of a degree */
    int longitude_milli;
    int utc_minutes; /* offset of its clocks all year: the company knows no summer time */
} sim_city;

/* "Germany", for an ISO 3166-1 code of a city. */
const char *sim_country_name(const char *country);

/* What an event's address says about its place. */
typedef enum sim_where { SIM_HOME, SIM_OFFICE, SIM_PHONE, SIM_AWAY } sim_where;

const sim_city *sim_city_at(uint32_t index);
/* Where attackers sit: 0 .. SIM_FOREIGN-1. */
const sim_city *sim_foreign_at(uint32_t index);

/* The address of a person at a place. `who` tells people apart; for SIM_AWAY `city` is an index of
 * a foreign city. */
void sim_address(sim_where where, uint32_t city, uint64_t who, char ret[SIM_ADDRESS_SIZE]);
/* The autonomous system of that address. */
uint32_t sim_asn(sim_where where, uint32_t city);

/* The blocks of a city, as CIDRs; index 0 home, 1 office, 2 phone. */
#define SIM_CITY_BLOCKS 3u
void sim_city_block(uint32_t city, uint32_t index, char ret[SIM_ADDRESS_SIZE]);
void sim_foreign_block(uint32_t city, char ret[SIM_ADDRESS_SIZE]);

#endif
