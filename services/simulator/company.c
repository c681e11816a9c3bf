#include "company.h"

#include "apps.h"
#include "prng.h"

static const char *const first_names[64] = {
    "Ada",    "Amir",   "Ana",   "Anders", "Aisha", "Ben",   "Bianca", "Carlos", "Chen",  "Chloe",
    "Daniel", "Daria",  "David", "Diego",  "Elena", "Emeka", "Emma",   "Erik",   "Eva",   "Farah",
    "Felix",  "Grace",  "Hana",  "Hugo",   "Ines",  "Isaac", "Ivan",   "Jana",   "Jonas", "Julia",
    "Kaito",  "Karin",  "Kofi",  "Lara",   "Leila", "Leo",   "Lin",    "Lucas",  "Maja",  "Marco",
    "Maria",  "Mei",    "Mila",  "Nadia",  "Nils",  "Noor",  "Olga",   "Omar",   "Paula", "Pedro",
    "Priya",  "Rafael", "Rosa",  "Ruth",   "Samir", "Sara",  "Sofia",  "Tariq",  "Thea",  "Tomas",
    "Uma",    "Victor", "Yara",  "Zoe",
};
static const char *const last_names[64] = {
    "Abebe",    "Almeida", "Andersen", "Bauer",  "Becker",  "Bianchi", "Brown",  "Castro",
    "Chandra",  "Clarke",  "Costa",    "Dahl",   "Davies",  "Dubois",  "Egger",  "Eriksen",
    "Evans",    "Fischer", "Fontaine", "Garcia", "Gomez",   "Green",   "Haddad", "Hansen",
    "Hoffmann", "Ibrahim", "Ito",      "Jansen", "Johnson", "Kaya",    "Keller", "Khan",
    "Kim",      "Kovacs",  "Kumar",    "Larsen", "Lee",     "Lopez",   "Malik",  "Mensah",
    "Meyer",    "Moreau",  "Nakamura", "Nguyen", "Novak",   "Okafor",  "Olsen",  "Patel",
    "Petrov",   "Pham",    "Quinn",    "Ramos",  "Rossi",   "Santos",  "Sato",   "Schmidt",
    "Silva",    "Smith",   "Tanaka",   "Torres", "Vogel",   "Walsh",   "Weber",  "Zhang",
};
#define NAME_PAIRS 4096u

/* Share of each department in hundredths; sums to 100. */
static const struct {
    const char *name;
    uint32_t percent;
    const char *head;
    const char *titles[3];
} departments[] = {
    { "Engineering",
      34,
      "VP Engineering",
      { "Software Engineer", "Senior Engineer", "Site Reliability Engineer" } },
    { "Sales", 18, "VP Sales", { "Account Executive", "Sales Development", "Account Manager" } },
    { "Customer Success",
      12,
      "Head of Success",
      { "Success Manager", "Support Engineer", "Onboarding Specialist" } },
    { "Marketing", 9, "VP Marketing", { "Content Manager", "Designer", "Campaign Manager" } },
    { "Operations", 8, "COO", { "Operations Analyst", "Office Manager", "Logistics Planner" } },
    { "Finance", 7, "CFO", { "Accountant", "Controller", "Payroll Specialist" } },
    { "People", 6, "Head of People", { "Recruiter", "People Partner", "Talent Specialist" } },
    { "Legal", 3, "General Counsel", { "Counsel", "Paralegal", "Contract Manager" } },
    { "IT", 3, "Head of IT", { "IT Specialist", "Systems Administrator", "IT Support" } },
};
#define DEPARTMENT_IT 8u
/* Numbers 4 .. 4 + departments - 1 head a department, where there are so many people. */
#define FIRST_HEAD 4u

/* Half of the company lives around its headquarters. */
#define HEADQUARTERS_PERCENT 50u
#define SMALL_COMPANY        1000u
#define SMALL_BRANCHES       4u

uint32_t sim_admin_count(const sim_company *c)
{
    if (c->people < 10)
        return 1;
    return c->people < 60 ? 2 : 3;
}

uint32_t sim_admin_number(const sim_company *c, uint32_t index)
{
    if (c->people == 1)
        return 0;
    return 1 + index % sim_admin_count(c);
}

void sim_customer_id(const sim_company *c, char ret[SIM_NUMBER_SIZE])
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    sim_rng rng = sim_rng_of(sim_mix_text(c->seed, "customer"));

    ret[0] = 'C';
    for (size_t i = 1; i < 9; i++)
        ret[i] = letters[sim_rng_below(&rng, sizeof(letters) - 1)];
    ret[9] = '\0';
}

static uint32_t pick_city(const sim_company *c, sim_rng *rng)
{
    const uint32_t headquarters = (uint32_t)(sim_mix_text(c->seed, "headquarters") % SIM_CITIES);
    const uint32_t branches = c->people < SMALL_COMPANY ? SMALL_BRANCHES : SIM_CITIES - 1;

    if (sim_rng_below(rng, 100) < HEADQUARTERS_PERCENT)
        return headquarters;
    return (headquarters + 1 + sim_rng_below(rng, branches)) % SIM_CITIES;
}

static uint32_t pick_department(sim_rng *rng)
{
    uint32_t at = sim_rng_below(rng, 100);

    for (uint32_t i = 0; i < TS_COUNT(departments); i++) {
        if (at < departments[i].percent)
            return i;
        at -= departments[i].percent;
    }
    return 0;
}

static void fill_job(const sim_company *c, sim_person *p, sim_rng *rng)
{
    uint32_t department = pick_department(rng);
    const uint32_t title = sim_rng_below(rng, 3);
    const uint32_t heads_end = FIRST_HEAD + (uint32_t)TS_COUNT(departments);

    p->manager = 0;
    if (p->number == 0) {
        p->department = "Executive";
        p->title = "Chief Executive Officer";
        return;
    }
    if (p->is_admin) {
        p->department = departments[DEPARTMENT_IT].name;
        p->title = departments[DEPARTMENT_IT].titles[1];
        return;
    }
    if (p->number >= FIRST_HEAD && p->number < heads_end) {
        department = p->number - FIRST_HEAD;
        p->department = departments[department].name;
        p->title = departments[department].head;
        return;
    }
    p->department = departments[department].name;
    p->title = departments[department].titles[title];
    if (FIRST_HEAD + department < c->people)
        p->manager = FIRST_HEAD + department;
}

/* A one-to-one shuffle of 0 .. 4095: each line is undone by its inverse, so no two numbers meet. */
static uint32_t shuffle_pair(uint32_t n, uint32_t key)
{
    n = (n * 2731u + key) % NAME_PAIRS;
    n ^= n >> 5;
    n = n * 1597u % NAME_PAIRS;
    n ^= n >> 7;
    return n * 3169u % NAME_PAIRS;
}

/* 64 x 64 pairs of names in an order of the seed's own, without repeats; the 4,097th person gets a
 * number. */
static void fill_name(const sim_company *c, sim_person *p)
{
    const uint32_t key = (uint32_t)(sim_mix_text(c->seed, "names") % NAME_PAIRS);
    const uint32_t pair = shuffle_pair(p->number % NAME_PAIRS, key);
    const uint32_t round = p->number / NAME_PAIRS;
    const char *first = first_names[pair % 64];
    const char *last = last_names[pair / 64];
    char suffix[12] = "";
    char local[SIM_NAME_SIZE];

    if (round > 0)
        snprintf(suffix, sizeof(suffix), "%u", round + 1);
    snprintf(p->name, sizeof(p->name), "%s %s", first, last);
    snprintf(local, sizeof(local), "%s.%s%s", first, last, suffix);
    for (size_t i = 0; local[i] != '\0'; i++) {
        if (local[i] >= 'A' && local[i] <= 'Z')
            local[i] = (char)(local[i] - 'A' + 'a');
    }
    snprintf(p->email, sizeof(p->email), "%s@%s", local, c->domain);
}

void sim_person_get(const sim_company *c, uint32_t number, sim_person *ret)
{
    sim_rng rng;
    uint64_t high;

    memset(ret, 0, sizeof(*ret));
    ret->number = number;
    ret->seed = sim_mix3(c->seed, 0x70656f706c65, number);
    rng = sim_rng_of(ret->seed);
    for (uint32_t i = 0; i < sim_admin_count(c); i++)
        ret->is_admin = ret->is_admin || sim_admin_number(c, i) == number;
    fill_name(c, ret);
    fill_job(c, ret, &rng);
    /* 21 digits beginning with 1, as Google's own are. */
    high = sim_rng_next(&rng) % 10000000000ULL;
    snprintf(ret->profile_id, sizeof(ret->profile_id), "1%010llu%010llu", (unsigned long long)high,
             (unsigned long long)(sim_rng_next(&rng) % 10000000000ULL));
    ret->city = pick_city(c, &rng);
    ret->mfa_enrolled = ret->is_admin || sim_rng_chance(&rng, 880);
    ret->start_minute = (int)sim_rng_between(&rng, 7 * 60 + 30, 9 * 60 + 45);
    ret->work_minutes = (int)sim_rng_between(&rng, 8 * 60, 9 * 60 + 30);
    ret->office_permille = sim_rng_below(&rng, 900);
    ret->busyness = 8 + sim_rng_below(&rng, 26);
    ret->gemini_per_day = sim_rng_chance(&rng, 450) ? 1 + sim_rng_below(&rng, 6) : 0;
}

bool sim_person_has_app(const sim_person *p, size_t app)
{
    return sim_mix3(p->seed, 0x61707073, app) % 1000 < sim_app_at(app)->popularity;
}
