/* Places in memory (search/places.h): whatever happens to users, a search answers as a plain scan of their rows would, wherever it
 * finds their places. */
#include <pthread.h>

#include "risk_words.h"
#include "search/terms.h"

#define USERS  900
#define ROUNDS 12
#define AMPLE  ((size_t)4 << 20)
#define SCARCE ((size_t)24 << 10) /* for a step of reading, not for all users */

static uint32_t seed = 20261127;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static const char *const firsts[] = { "Anna", "Anton", "Bea", "Bert", "Cleo", "Corinna" };
static const char *const lasts[] = { "Anders", "Berghoff", "Bergmann", "Castellano", "Dietrich" };
static const char *const departments[] = { "Sales", "Legal", "Board Office" };

#define PICK(list) (list)[draw((uint32_t)TS_COUNT(list))]

/* ---- a random organization ---- */

typedef struct person {
    char email[64];
    char name[48];
    unsigned renames; /* an account that has signed in keeps its id under another address */
} person;

static person people[USERS];

static void name_one(person *p)
{
    snprintf(p->name, sizeof(p->name), "%s %s", PICK(firsts), PICK(lasts));
}

static void address_one(person *p, unsigned number)
{
    snprintf(p->email, sizeof(p->email), "%c%s%u.%u@acme.example", 'a' + (char)draw(26),
             PICK(lasts) + 1, number, p->renames);
}

/* Puts `count` of them, from `first` on, into the directory. */
static void employ_some(unsigned first, unsigned count)
{
    Ts__Risk__DirectoryRow *rows = calloc(count, sizeof(*rows));

    for (unsigned i = 0; i < count; i++) {
        ts__risk__directory_row__init(&rows[i]);
        rows[i].email = people[first + i].email;
        rows[i].name = people[first + i].name;
        rows[i].department = text(PICK(departments));
    }
    CHECK_EQ(upload(rows, count)->n_rejected, 0);
    free(rows);
}

static void put_act(ts_buf *out, const char *application, const char *event, const char *email,
                    unsigned id, const char *name, const char *value)
{
    char profile[16];

    snprintf(profile, sizeof(profile), "%u", 1000 + id);
    put_record(out, application, event, email, profile, 60, name, value);
}

static void put_sign_in(ts_buf *out, unsigned who)
{
    put_act(out, "login", "login_success", people[who].email, who, "login_type", "x");
}

/* Some do what rules know, some come back under another address, one signs in who was unknown. */
static void let_happen(unsigned round)
{
    TS_CLEANUP(ts_buf_done) ts_buf body = TS_BUF_INIT(1u << 20);

    for (unsigned i = 0; i < 40; i++)
        put_act(&body, "drive", "change_owner", people[draw(USERS)].email, USERS + 1,
                "visibility_change", "external");
    for (unsigned i = 0; i < 20; i++)
        put_act(&body, "user_accounts", "email_forwarding_out_of_domain",
                people[draw(USERS / 4)].email, USERS + 1, "email_forwarding_destination_address",
                "drop@elsewhere.example");
    for (unsigned i = 0; i < 10; i++) {
        unsigned who = draw(USERS);

        put_sign_in(&body, who);
        people[who].renames++;
        address_one(&people[who], who);
        put_sign_in(&body, who);
    }
    put_act(&body, "login", "login_success", "zoe.late@acme.example", USERS + 2 + round,
            "login_type", "x");
    post(&body, 40 + 20 + 2 * 10 + 1);
}

/* The incident of somebody's firing is a false positive: the score goes down. */
static void forgive(unsigned round)
{
    risk_key prefix = risk_user_key(tenant, 1 + draw(USERS));
    risk_key until = risk_key_tenant(tenant);
    Ts__IncidentChanged change = TS__INCIDENT_CHANGED__INIT;
    ProtobufCBinaryData id = { 16, NULL };
    char name[24];
    ts_iter *it;

    risk_key_u64(&until, UINT64_MAX);
    it = ts_iter_new(s.store, RISK_FIRINGS, risk_key_view(&prefix), risk_key_view(&until), false);
    CHECK(it != NULL);
    if (ts_iter_valid(it)) {
        id.data = (uint8_t *)(uintptr_t)(ts_iter_key(it).p + prefix.n);
        snprintf(name, sizeof(name), "inc_%u", round);
        change.incident_id = name;
        change.revision = 1;
        change.status = text("false_positive");
        change.detection_ids = &id;
        change.n_detection_ids = 1;
        served_hand_over(&s, &ts_risk_accept, tenant, "incident_changed", ts_wall_ms(),
                         &change.base);
    }
    ts_iter_free(it);
}

/* ---- the oracle: all rows, looked at one by one ---- */

static bool begins_a_word(const char *where, const char *part)
{
    for (const char *p = where; *p != '\0'; p++) {
        if ((p == where || p[-1] == ' ') && strncasecmp(p, part, strlen(part)) == 0)
            return true;
    }
    return false;
}

static bool meets(const Ts__Risk__UserRow *row, const char *query)
{
    char parts[64];
    char *rest = NULL;

    snprintf(parts, sizeof(parts), "%s", query);
    for (char *part = strtok_r(parts, " ", &rest); part != NULL;
         part = strtok_r(NULL, " ", &rest)) {
        bool is_short = strlen(part) <= SEARCH_SHORT;

        if (!begins_a_word(row->name, part) && !begins_a_word(row->department, part) &&
            (is_short ? strncmp(row->email, part, strlen(part)) != 0
                      : strstr(row->email, part) == NULL))
            return false;
    }
    return true;
}

static int by_place(const void *left, const void *right)
{
    const Ts__Risk__UserRow *a = *(Ts__Risk__UserRow *const *)left;
    const Ts__Risk__UserRow *b = *(Ts__Risk__UserRow *const *)right;

    return a->score != b->score ? (a->score > b->score ? -1 : 1) : strcmp(a->email, b->email);
}

static size_t scan(const char *query, uint32_t low, uint32_t high, ts_arena *arena,
                   Ts__Risk__UserRow ***ret)
{
    risk_key prefix = risk_key_tenant(tenant);
    ts_iter *it = ts_iter_prefix(s.store, RISK_USERS, risk_key_view(&prefix), false);
    Ts__Risk__UserRow **rows = ts_arena_array(arena, 2 * USERS, sizeof(*rows));
    size_t count = 0;

    CHECK(it != NULL && rows != NULL);
    for (; ts_iter_valid(it); ts_iter_next(it)) {
        ProtobufCMessage *m = NULL;
        Ts__Risk__UserRow *row;

        CHECK_EQ(ts_arena_unpack(arena, &ts__risk__user_row__descriptor, ts_iter_value(it), &m),
                 TS_OK);
        row = (Ts__Risk__UserRow *)m;
        if (row->score >= low && row->score <= high && meets(row, query))
            rows[count++] = row;
    }
    CHECK_EQ(ts_iter_status(it), TS_OK);
    ts_iter_free(it);
    qsort(rows, count, sizeof(*rows), by_place);
    *ret = rows;
    return count;
}

static void compare(const char *query, const char *level, uint32_t low, uint32_t high,
                    uint32_t limit)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)64 << 20);
    const Ts__Risk__UserList *reply;
    Ts__Risk__UserRow **wanted;
    size_t count = scan(query, low, high, arena, &wanted);

    served_forget(&s);
    reply = search_for(query, level, limit);
    CHECK_EQ(reply->total, count);
    CHECK(!reply->truncated);
    CHECK_EQ(reply->n_users, count < limit ? count : limit);
    for (size_t i = 0; i < reply->n_users; i++) {
        CHECK_EQ(reply->users[i]->number, wanted[i]->number);
        CHECK_EQ(reply->users[i]->score, wanted[i]->score);
        CHECK(strcmp(reply->users[i]->email, wanted[i]->email) == 0);
    }
}

/* Each time with another limit: an answer that was given before would be given again. */
static void compare_all(void)
{
    static const char *const queries[] = { "an",        "berg",      "anna",       "acme.example",
                                           "bergmann",  "ellano",    "rghoff1",    "board",
                                           "bea diet",  "zoe",       "cor cas le", "1.1@acme",
                                           "ietrich12", "nobody at", "e" };
    static uint32_t limit;

    for (size_t i = 0; i < TS_COUNT(queries); i++) {
        limit = limit % 200 + 1;
        compare(queries[i], "", 0, 100, limit);
    }
    compare("acme", "minimal", 0, 19, 1 + limit % 200);
    compare("berg", "medium", 40, 69, 1 + limit % 200);
}

/* ---- */

static void keep(size_t max_bytes)
{
    places_free(TS_TAKE(app.places));
    if (max_bytes > 0)
        CHECK_EQ(places_new(s.store, max_bytes, &app.places), TS_OK);
}

static void make_organization(void)
{
    fresh_organization();
    for (unsigned i = 0; i < USERS; i++) {
        people[i].renames = 0;
        name_one(&people[i]);
        address_one(&people[i], i);
    }
    employ_some(0, USERS / 2);
    compare_all(); /* reads in who is there; the others come by themselves */
    employ_some(USERS / 2, USERS - USERS / 2);
    compare_all();
}

static void live(void)
{
    make_organization();
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned first = draw(USERS - 50);

        let_happen(round);
        forgive(round);
        for (unsigned i = first; i < first + 50; i++)
            name_one(&people[i]);
        employ_some(first, 50);
        compare_all();
    }
    served_forget(&s);
}

static void a_search_answers_as_a_scan_would_out_of_memory(void)
{
    keep(AMPLE);
    live();
    CHECK(places_bytes(app.places) > (size_t)USERS * 20);
}

static void so_it_does_where_only_some_have_room(void)
{
    keep(SCARCE);
    live();
    CHECK(places_bytes(app.places) > SCARCE / 4);
    CHECK(places_bytes(app.places) < 2 * SCARCE);
}

static void so_it_does_from_the_store_alone(void)
{
    keep(0);
    live();
}

/* As after a start, on what a program without any of this has left behind. */
static void what_was_stored_before_is_read_in(void)
{
    keep(AMPLE);
    CHECK_EQ(places_bytes(app.places), 0);
    compare("zoe", "", 0, 100, 7); /* few: nobody is read in for them */
    CHECK_EQ(places_bytes(app.places), 0);
    compare_all();
    CHECK(places_bytes(app.places) > (size_t)USERS * 20);
    let_happen(ROUNDS);
    compare_all();
}

static void an_organization_that_ends_leaves_nothing(void)
{
    size_t all = places_bytes(app.places);

    served_erase(&s, &ts_risk_accept, tenant.org);
    CHECK(places_bytes(app.places) < all / 4);
    tenant.org--; /* the one before has not been searched since */
    compare_all();
    CHECK(places_bytes(app.places) > all / 2);
}

/* ---- places alone ---- */

#define CROWD 1500

static void put_places(ts_tenant t, unsigned first, unsigned count, unsigned version)
{
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();

    for (unsigned i = first; i < first + count; i++) {
        risk_key key = risk_user_key(t, i);
        char place[40];

        snprintf(place, sizeof(place), "%06u@%u.example", version, i);
        ts_batch_put(b, s.store, RISK_USER_PLACES, risk_key_view(&key), ts_str_of(place));
    }
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
}

/* Asks for all; gives how many have a place, and puts the version of each into `versions`. */
static unsigned ask_all(places *p, ts_tenant t, int64_t now_ms, unsigned versions[CROWD])
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)4 << 20);
    uint64_t numbers[CROWD];
    ts_str values[CROWD];
    unsigned count = 0;

    for (unsigned i = 0; i < CROWD; i++)
        numbers[i] = 1 + i;
    CHECK_EQ(places_get(p, s.store, t, numbers, CROWD, now_ms, arena, values), TS_OK);
    for (unsigned i = 0; i < CROWD; i++) {
        char end[24];

        versions[i] = 0;
        if (values[i].p == NULL)
            continue;
        count++;
        versions[i] = (unsigned)strtoul(ts_arena_z(arena, values[i]), NULL, 10);
        snprintf(end, sizeof(end), "@%u.example", 1 + i);
        CHECK(ts_str_is(ts_str_n(values[i].p + 6, values[i].n - 6), end));
    }
    return count;
}

static void who_has_not_searched_for_a_while_makes_room(void)
{
    const ts_tenant one = { 101, TS_MODE_LIVE };
    const ts_tenant other = { 102, TS_MODE_LIVE };
    places *p = NULL;
    unsigned versions[CROWD];
    size_t alone;

    keep(0);
    put_places(one, 1, CROWD, 1);
    put_places(other, 1, CROWD, 2);
    CHECK_EQ(places_new(s.store, 80000, &p), TS_OK);
    CHECK_EQ(ask_all(p, one, 5000, versions), CROWD);
    alone = places_bytes(p);
    CHECK(alone > 30000 && alone < 80000);
    /* Some of the other fit beside the one, which stays for its time. */
    CHECK_EQ(ask_all(p, other, 5000 + PLACES_KEEP_MS - 1, versions), CROWD);
    CHECK_EQ(versions[CROWD - 1], 2);
    CHECK(places_bytes(p) >= alone);
    CHECK(places_bytes(p) < 2 * alone - 5000);
    CHECK_EQ(ask_all(p, other, 5000 + PLACES_KEEP_MS, versions), CROWD);
    CHECK(places_bytes(p) < alone + 5000); /* all of the other, and none of the one */
    CHECK_EQ(ask_all(p, one, 5000 + PLACES_KEEP_MS, versions), CROWD);
    CHECK_EQ(versions[0], 1);
    places_free(p);
}

static void one_without_a_place_is_known_to_have_none(void)
{
    const ts_tenant t = { 103, TS_MODE_TEST };
    TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
    risk_key key = risk_user_key(t, 700);
    places *p = NULL;
    unsigned versions[CROWD];

    put_places(t, 1, 600, 1);
    CHECK_EQ(places_new(s.store, AMPLE, &p), TS_OK);
    CHECK_EQ(ask_all(p, t, 1, versions), 600);
    put_places(t, 700, 200, 2);
    CHECK_EQ(ask_all(p, t, 1, versions), 800);
    ts_batch_delete(b, s.store, RISK_USER_PLACES, risk_key_view(&key));
    CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    CHECK_EQ(ask_all(p, t, 1, versions), 799);
    CHECK_EQ(versions[699], 0);
    put_places(t, 650, 60, 3);
    CHECK_EQ(ask_all(p, t, 1, versions), 850);
    CHECK_EQ(versions[699], 3);
    CHECK_EQ(versions[599], 1);
    CHECK_EQ(ask_all(p, (ts_tenant){ 103, TS_MODE_LIVE }, 1, versions), 0);
    places_free(p);
}

/* ---- beside writes ---- */

static const ts_tenant busy = { 104, TS_MODE_LIVE };
static atomic_bool writing;

static void *ask_again_and_again(void *argument)
{
    static _Thread_local unsigned before[CROWD], now[CROWD];
    places *p = argument;

    memset(before, 0, sizeof(before));
    while (atomic_load(&writing)) {
        ask_all(p, busy, ts_boot_ms(), now);
        for (unsigned i = 0; i < CROWD; i++) {
            CHECK(now[i] >= before[i]); /* nobody's place goes back to what it was */
            before[i] = now[i];
        }
    }
    return NULL;
}

static void write_beside(size_t max_bytes)
{
    pthread_t readers[2];
    places *p = NULL;
    unsigned versions[CROWD];
    unsigned last = 0;

    CHECK_EQ(places_new(s.store, max_bytes, &p), TS_OK);
    atomic_store(&writing, true);
    for (size_t i = 0; i < TS_COUNT(readers); i++)
        CHECK_EQ(pthread_create(&readers[i], NULL, ask_again_and_again, p), 0);
    for (unsigned version = 1; version <= 400; version++) {
        unsigned count = 1 + draw(20);
        unsigned first = 1 + draw(1 + version * (CROWD - 20) / 400);

        put_places(busy, first, count, version);
        last = first;
    }
    atomic_store(&writing, false);
    for (size_t i = 0; i < TS_COUNT(readers); i++)
        pthread_join(readers[i], NULL);
    CHECK(ask_all(p, busy, ts_boot_ms(), versions) > 0);
    CHECK_EQ(versions[last - 1], 400);
    places_free(p);
}

static void readers_beside_writes_never_see_an_older_place_again(void)
{
    write_beside(AMPLE);
    CHECK_EQ(ts_store_wipe(s.store, busy, NULL), TS_OK);
    write_beside(SCARCE);
}

static void *ask_for_whole_batches(void *argument)
{
    static _Thread_local unsigned versions[CROWD];
    places *p = argument;

    while (atomic_load(&writing)) {
        CHECK_EQ(ask_all(p, busy, ts_boot_ms(), versions), CROWD);
        for (unsigned i = 1; i < CROWD; i++)
            CHECK_EQ(versions[i], versions[0]);
    }
    return NULL;
}

static void readers_beside_writes_see_a_batch_whole(void)
{
    pthread_t reader;
    places *p = NULL;
    unsigned versions[CROWD];

    CHECK_EQ(places_new(s.store, AMPLE, &p), TS_OK);
    put_places(busy, 1, CROWD, 1);
    CHECK_EQ(ask_all(p, busy, ts_boot_ms(), versions), CROWD);
    atomic_store(&writing, true);
    CHECK_EQ(pthread_create(&reader, NULL, ask_for_whole_batches, p), 0);
    for (unsigned version = 2; version <= 60; version++)
        put_places(busy, 1, CROWD, version);
    atomic_store(&writing, false);
    pthread_join(reader, NULL);
    places_free(p);
}

int main(void)
{
    scratch_directory(s.directory);
    config.noisy_firings = 100000; /* each counts */
    start();
    RUN(a_search_answers_as_a_scan_would_out_of_memory);
    RUN(so_it_does_where_only_some_have_room);
    RUN(so_it_does_from_the_store_alone);
    RUN(what_was_stored_before_is_read_in);
    RUN(an_organization_that_ends_leaves_nothing);
    RUN(who_has_not_searched_for_a_while_makes_room);
    RUN(one_without_a_place_is_known_to_have_none);
    RUN(readers_beside_writes_never_see_an_older_place_again);
    RUN(readers_beside_writes_see_a_batch_whole);
    keep(0);
    stop();
    remove_directory(s.directory);
    return 0;
}
