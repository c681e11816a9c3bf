/* risk loses an organization while its events come in: through its own ingest handler, inbox and store. */
#include <pthread.h>

#include "ingest.h"
#include "risk_served.h"

#define RACE_ORGS    150
#define RACE_WRITERS 3
#define RECORDS      6
#define RECORD_BYTES 600

/* Failures and then a success: users, firings, scores, correlation hits, rows for incidents. */
static size_t make_body(char *body, size_t size, uint64_t number, int64_t now_ms)
{
    size_t n = 0;

    for (unsigned i = 0; i < RECORDS; i++) {
        char at[TS_RFC3339_SIZE];

        ts_time_format(now_ms - TS_MINUTE_MS + i * 1000, false, at);
        n += (size_t)snprintf(
            body + n, size - n,
            "{\"id\":{\"time\":\"%s\",\"uniqueQualifier\":\"%llu\",\"applicationName\":\"login\","
            "\"customerId\":\"C01\"},\"actor\":{\"email\":\"user%llu@corp.example\"},"
            "\"ipAddress\":\"203.0.113.7\",\"events\":[{\"type\":\"login\",\"name\":\"%s\","
            "\"parameters\":[{\"name\":\"login_type\",\"value\":\"google_password\"}]}]}\n",
            at, (unsigned long long)(number * RECORDS + i), (unsigned long long)number % 4,
            i + 1 < RECORDS ? "login_failure" : "login_success");
        CHECK(n < size);
    }
    return n;
}

/* The handler as the dispatcher calls it, once the hook has let the call in. */
static ts_status ingest(ts_tenant whose, uint64_t number, ts_arena *arena)
{
    Ts__Risk__IngestRequest request = TS__RISK__INGEST_REQUEST__INIT;
    Ts__Risk__IngestReply reply = TS__RISK__INGEST_REPLY__INIT;
    char body[RECORDS * RECORD_BYTES];
    ts_error error = { "", "" };
    ts_call call = {
        .tenant = whose, .arena = arena, .error = &error, .service = &app, .now_ms = ts_wall_ms()
    };

    request.source = (char *)(uintptr_t) "google_workspace"; /* only read */
    request.content_type = (char *)(uintptr_t) "ndjson";
    request.body.len = make_body(body, sizeof(body), number, call.now_ms);
    request.body.data = (uint8_t *)body;
    ts_arena_reset(arena);
    return risk_rpc_ingest(&call, &request.base, &reply.base);
}

static size_t due_rows(void)
{
    TS_CLEANUP(ts_iter_free_p)
    ts_iter *it = ts_iter_new(s.store, RISK_DUE, TS_STR_NULL, TS_STR_NULL, false);
    size_t n = 0;

    for (; ts_iter_valid(it); ts_iter_next(it))
        n++;
    return n;
}

static void an_erased_organization_leaves_risk_and_its_export_shows_it_before(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)256 << 20);
    ts_tenant live = { 7, TS_MODE_LIVE }, test = { 7, TS_MODE_TEST }, other = { 8, TS_MODE_LIVE };
    size_t others;
    size_t swept = 1;
    char **lines = NULL;
    size_t count;
    unsigned raw = 0;
    bool has_test = false;

    served_check_hidden(risk_families);
    for (uint64_t i = 0; i < 12; i++) {
        CHECK_EQ(ingest(live, i, arena), TS_OK);
        CHECK_EQ(ingest(test, i, arena), TS_OK);
        CHECK_EQ(ingest(other, i, arena), TS_OK);
    }
    others = served_rows_of(&s, risk_families, 8);
    CHECK_EQ(served_rows_of(&s, risk_families, 7), 2 * others);
    CHECK(served_sent(&s, RISK_TO_INCIDENTS) > 0);
    CHECK(due_rows() > 0);

    count = served_export(&s, &ts_risk_export, live, 100, &lines);
    CHECK_EQ(count, 2 * others);
    for (size_t i = 0; i < count; i++) {
        /* The record as it came is part of its row, as JSON. */
        raw += strstr(lines[i], "\"family\":\"events\"") != NULL &&
               strstr(lines[i], "\"raw\":{\"id\":{\"time\"") != NULL;
        has_test = has_test || strstr(lines[i], "\"mode\":\"test\"") != NULL;
    }
    CHECK_EQ(raw, 2 * 12 * RECORDS);
    CHECK(has_test);

    served_erase(&s, &ts_risk_accept, 7);
    CHECK_EQ(served_rows_of(&s, risk_families, 7), 0);
    CHECK_EQ(served_rows_of(&s, risk_families, 8), others);
    CHECK_EQ(ingest(live, 99, arena), TS_NOT_FOUND);
    CHECK_EQ(served_rows_of(&s, risk_families, 7), 0);
    CHECK_EQ(served_sent(&s, RISK_TO_AUTH), 1);

    /* What is due for it leads nowhere: the sweep gets over it and comes to an end. */
    while (swept > 0) {
        ts_arena_reset(arena);
        CHECK_EQ(risk_sweep_once(s.store, ts_wall_ms() + 400 * TS_DAY_MS, arena, &swept), TS_OK);
    }
    CHECK_EQ(due_rows(), 0);
    CHECK_EQ(served_rows_of(&s, risk_families, 7), 0);
}

/* ---- the race ---- */

static _Atomic uint64_t race_org; /* 0: the end */
static _Atomic uint64_t race_taken;
static _Atomic uint64_t race_refused;

static void *race_writer(void *argument)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new((size_t)64 << 20);
    uint64_t number = *(uint64_t *)argument;
    uint64_t org;

    while ((org = atomic_load(&race_org)) != 0) {
        ts_tenant whose = { org, (number & 1) == 0 ? TS_MODE_LIVE : TS_MODE_TEST };
        ts_status st = ingest(whose, number++, arena);

        if (st != TS_OK)
            CHECK_EQ(st, TS_NOT_FOUND);
        atomic_fetch_add(st == TS_OK ? &race_taken : &race_refused, 1);
        while (st == TS_NOT_FOUND && atomic_load(&race_org) == org)
            sched_yield();
    }
    return NULL;
}

static void erasing_races_with_ingest(void)
{
    uint64_t first[RACE_WRITERS];
    pthread_t writers[RACE_WRITERS];

    atomic_store(&race_org, 1000);
    for (size_t i = 0; i < RACE_WRITERS; i++) {
        first[i] = (i + 1) << 40;
        CHECK_EQ(pthread_create(&writers[i], NULL, race_writer, &first[i]), 0);
    }
    for (uint64_t org = 1000; org < 1000 + RACE_ORGS; org++) {
        uint64_t taken = atomic_load(&race_taken);
        uint64_t refused = atomic_load(&race_refused);

        while (atomic_load(&race_taken) < taken + 2)
            sched_yield();
        served_erase(&s, &ts_risk_accept, org);
        served_forget(&s);
        while (atomic_load(&race_refused) < refused + RACE_WRITERS)
            sched_yield();
        CHECK_EQ(served_rows_of(&s, risk_families, org), 0);
        atomic_store(&race_org, org + 1 < 1000 + RACE_ORGS ? org + 1 : 0);
    }
    for (size_t i = 0; i < RACE_WRITERS; i++)
        pthread_join(writers[i], NULL);
    for (uint64_t org = 1000; org < 1000 + RACE_ORGS; org++)
        CHECK_EQ(served_rows_of(&s, risk_families, org), 0);
    printf("  %llu posts taken in, %llu refused\n", (unsigned long long)atomic_load(&race_taken),
           (unsigned long long)atomic_load(&race_refused));
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    RUN(an_erased_organization_leaves_risk_and_its_export_shows_it_before);
    RUN(erasing_races_with_ingest);
    stop();
    remove_directory(s.directory);
    return 0;
}
