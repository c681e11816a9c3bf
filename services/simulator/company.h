/* The company: who works there, where they live, what they are allowed to do.
 *
 * A person is computed from (seed, number) whenever asked for, so a company of 100,000 costs no
 * memory and person 7 is the same in a company of any size with that seed, but for e-mail domain,
 * city mix and admins. Pure.
 */
#ifndef SIMULATOR_COMPANY_H
#define SIMULATOR_COMPANY_H

#include "places.h"
#include "ts/base.h"

#define SIM_PEOPLE_MAX  100000u
#define SIM_DOMAIN_MAX  64
#define SIM_EMAIL_SIZE  (SIM_DOMAIN_MAX + 64)
#define SIM_NAME_SIZE   48
#define SIM_NUMBER_SIZE 24

typedef struct sim_company {
    uint64_t seed;
    uint32_t people;  /* 1 .. SIM_PEOPLE_MAX */
    uint32_t sources; /* bits of sim_source; none is Google Workspace alone */
    char domain[SIM_DOMAIN_MAX];
} sim_company;

typedef struct sim_person {
    uint32_t number; /* 0 .. people-1 */
    uint64_t seed;   /* of everything about this person */
    char name[SIM_NAME_SIZE];
    char email[SIM_EMAIL_SIZE];
    char profile_id[SIM_NUMBER_SIZE];
    const char *department;
    const char *title;
    uint32_t manager; /* number; own number for the head of the company */
    uint32_t city;
    bool is_admin;
    bool mfa_enrolled;
    int start_minute;         /* local minute of the day when work usually begins */
    int work_minutes;         /* length of the working day */
    uint32_t office_permille; /* days in the office */
    uint32_t busyness;        /* Drive actions on a usual day */
    uint32_t gemini_per_day;  /* uses of Gemini on a usual day, at most */
} sim_person;

void sim_person_get(const sim_company *c, uint32_t number, sim_person *ret);
/* Whether the person has connected app `app` (an index of apps.h). */
bool sim_person_has_app(const sim_person *p, size_t app);

/* How many admins there are: 1 to 3. They are numbers 1, 2, 3 (number 0 in a company of one). */
uint32_t sim_admin_count(const sim_company *c);
uint32_t sim_admin_number(const sim_company *c, uint32_t index);
/* Customer id of the workspace, "C" and 8 letters or digits. */
void sim_customer_id(const sim_company *c, char ret[SIM_NUMBER_SIZE]);

#endif
