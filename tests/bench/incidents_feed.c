/* Fills an organization with incidents as risk would: hands detections over to a running incidents service.
 *
 *   bench_incidents_feed ORG INCIDENTS        the bus is where TS_BUS_DIR says; prints seconds as JSON
 *
 * Each incident has a user of its own and three detections, over the last week. Beside them one user has an incident a day
 * over HOT_DAYS days, and one incident has BIG detections. Every tenth of the others is closed.
 */
#include "proto/methods.h"
#include "ts/id.h"
#include "ts/rpc.h"
#include "ts/time.h"

#define ROWS       250 /* of a hand-over */
#define DETECTIONS 3
#define HOT_DAYS   200
#define BIG        1500
#define CALL_MS    60000
#define WEEK_MS    (7 * TS_DAY_MS)

typedef struct feed {
    ts_peer *peer;
    ts_tenant tenant;
    ts_arena *arena;
    uint8_t producer[16];
    uint64_t seq;
    Ts__HandOverRow *rows[ROWS];
    size_t count;
} feed;

static char *text(const char *z)
{
    return (char *)(uintptr_t)z; /* only packed */
}

static int complain(const char *what, const ts_error *err)
{
    fprintf(stderr, "bench_incidents_feed: %s: %s\n", what, err->text);
    return 1;
}

static ts_caller caller_for(ts_tenant tenant)
{
    return (ts_caller){ .tenant = tenant,
                        .request_id = "",
                        .actor = "service:bench",
                        .client_addr = "",
                        .traceparent = "",
                        .idempotency_key = "",
                        .deadline_boot_ms = ts_boot_ms() + CALL_MS };
}

static int flush(feed *f)
{
    Ts__HandOverRequest request = TS__HAND_OVER_REQUEST__INIT;
    ts_caller caller = caller_for((ts_tenant){ 0, TS_MODE_LIVE });
    ProtobufCMessage *out = NULL;
    ts_error err = { "", "" };

    if (f->count == 0)
        return 0;
    request.producer.data = f->producer;
    request.producer.len = sizeof(f->producer);
    request.epoch = 1;
    request.rows = f->rows;
    request.n_rows = f->count;
    if (ts_rpc_call(f->peer, &ts_incidents_accept, &caller, &request.base, f->arena, &out, &err) !=
            TS_OK ||
        ((Ts__HandOverReply *)(void *)out)->last_seq != f->seq)
        return complain("a hand-over was refused", &err);
    f->count = 0;
    ts_arena_reset(f->arena);
    return 0;
}

/* Number `number` of user's detections; the severity is the rule's. */
static int detect(feed *f, const char *user, uint32_t rule, uint32_t number, int64_t event_ms)
{
    static const char *const tactics[] = { "TA0001", "TA0006", "TA0010", "TA0005" };
    Ts__Detection d = TS__DETECTION__INIT;
    Ts__Evidence evidence = TS__EVIDENCE__INIT;
    Ts__Evidence *evidences[] = { &evidence };
    char *names[] = { text(tactics[rule % TS_COUNT(tactics)]) };
    Ts__HandOverRow *row = ts_arena_alloc(f->arena, sizeof(*row));
    char rule_id[32];
    uint32_t numbers[2] = { rule, number };
    ts_str parts[] = { ts_str_of(user), ts_str_n(numbers, sizeof(numbers)) };
    ts_hash128 id = ts_hash_parts(parts, TS_COUNT(parts));

    (void)snprintf(rule_id, sizeof(rule_id), "bench_rule_%u", rule);
    evidence.event_id = text("rec_0123456789012345678901");
    evidence.event_ms = event_ms;
    evidence.summary = text("login_failure");
    evidence.ip = text("203.0.113.66");
    d.id.data = id.bytes;
    d.id.len = sizeof(id.bytes);
    d.rule_id = rule_id;
    d.title = text("Something that a rule describes in a sentence of usual length");
    d.severity = 1 + rule % 4;
    d.user_email = text(user);
    d.event_ms = d.last_event_ms = event_ms;
    d.count = 1;
    d.dedup_key = text(user);
    d.tactics = names;
    d.n_tactics = 1;
    d.evidence = evidences;
    d.n_evidence = 1;
    if (row == NULL)
        return 1;
    ts__hand_over_row__init(row);
    row->seq = ++f->seq;
    row->org = f->tenant.org;
    row->kind = text("detection");
    row->at_ms = event_ms;
    row->payload.len = ts__detection__get_packed_size(&d);
    row->payload.data = ts_arena_alloc(f->arena, row->payload.len);
    if (row->payload.data == NULL)
        return 1;
    ts__detection__pack(&d, row->payload.data);
    f->rows[f->count++] = row;
    return f->count == ROWS ? flush(f) : 0;
}

static int fill(feed *f, uint64_t incidents, int64_t now_ms)
{
    char user[64];
    int failed = 0;

    for (uint32_t i = 0; i < incidents && failed == 0; i++) {
        int64_t at_ms = now_ms - WEEK_MS + (int64_t)((double)WEEK_MS * i / (double)incidents);

        (void)snprintf(user, sizeof(user), "user.%05u@bench.example", i);
        for (uint32_t k = 0; k < DETECTIONS && failed == 0; k++)
            failed = detect(f, user, 2 + (i + k) % 3, i * DETECTIONS + k, at_ms + k * 1000);
    }
    for (uint32_t day = 0; day < HOT_DAYS && failed == 0; day++)
        failed = detect(f, "hot@bench.example", 2, day,
                        now_ms - (int64_t)(HOT_DAYS - day) * 25 * TS_HOUR_MS);
    for (uint32_t i = 0; i < BIG && failed == 0; i++)
        failed = detect(f, "big@bench.example", 3, i, now_ms - (int64_t)(BIG - i) * 1000);
    return failed == 0 ? flush(f) : failed;
}

/* Every tenth of the listed, from the newest. */
static int close_some(feed *f, uint64_t incidents)
{
    for (uint64_t offset = 5; offset < incidents; offset += 9) {
        Ts__Incidents__ListRequest list = TS__INCIDENTS__LIST_REQUEST__INIT;
        Ts__Incidents__UpdateStatusRequest update = TS__INCIDENTS__UPDATE_STATUS_REQUEST__INIT;
        ts_caller caller = caller_for(f->tenant);
        ProtobufCMessage *out = NULL;
        ts_error err = { "", "" };

        ts_arena_reset(f->arena);
        list.status = text("open");
        list.severity = -1;
        list.limit = 1;
        list.offset = offset;
        if (ts_rpc_call(f->peer, &ts_incidents_list, &caller, &list.base, f->arena, &out, &err) !=
            TS_OK)
            return complain("list", &err);
        if (((Ts__Incidents__IncidentList *)(void *)out)->n_incidents == 0)
            break;
        update.id = ((Ts__Incidents__IncidentList *)(void *)out)->incidents[0]->id;
        update.status = text("resolved");
        if (ts_rpc_call(f->peer, &ts_incidents_update_status, &caller, &update.base, f->arena, &out,
                        &err) != TS_OK)
            return complain("close", &err);
    }
    return 0;
}

/* The number of an organization by its id; 0 if there is none, with words on stderr. */
static uint64_t number_of(feed *f, const char *id)
{
    Ts__Auth__ListOrganizationsRequest request = TS__AUTH__LIST_ORGANIZATIONS_REQUEST__INIT;
    ts_caller caller = caller_for((ts_tenant){ 0, TS_MODE_LIVE });
    char address[TS_BUS_ADDRESS_SIZE];
    ProtobufCMessage *out = NULL;
    ts_error err = { "", "no such organization" };
    ts_peer *auth = NULL;
    uint64_t number = 0;

    ts_bus_address("auth", address);
    if (ts_peer_new("auth", address, &auth, &err) == TS_OK &&
        ts_rpc_call(auth, &ts_auth_list_organizations, &caller, &request.base, f->arena, &out,
                    &err) == TS_OK) {
        const Ts__Auth__OrganizationList *list = (const void *)out;

        for (size_t i = 0; i < list->n_organizations; i++) {
            if (strcmp(list->organizations[i]->id, id) == 0)
                number = list->organizations[i]->number;
        }
    }
    ts_peer_free(auth);
    if (number == 0)
        (void)complain(id, &err);
    return number;
}

int main(int argc, char **argv)
{
    feed f = { .tenant = { 0, TS_MODE_LIVE } };
    char address[TS_BUS_ADDRESS_SIZE];
    uint64_t incidents = 0;
    int64_t begin_us = ts_boot_us();
    int failed;

    if (argc != 3 || ts_parse_u64(ts_str_of(argv[2]), &incidents) != TS_OK || incidents > 1000000) {
        fprintf(stderr, "usage: bench_incidents_feed ORG INCIDENTS\n");
        return 2;
    }
    ts_bus_address("incidents", address);
    f.arena = ts_arena_new((size_t)64 << 20);
    if (f.arena == NULL || ts_random(f.producer, sizeof(f.producer)) != TS_OK ||
        ts_peer_new("incidents", address, &f.peer, NULL) != TS_OK)
        return 1;
    f.tenant.org = number_of(&f, argv[1]);
    if (f.tenant.org == 0)
        return 1;
    failed = fill(&f, incidents, ts_wall_ms());
    if (failed == 0)
        failed = close_some(&f, incidents);
    if (failed == 0)
        printf("{\"detections\": %llu, \"seconds\": %.3f}\n", (unsigned long long)f.seq,
               (double)(ts_boot_us() - begin_us) / 1e6);
    ts_peer_free(f.peer);
    ts_arena_free(f.arena);
    return failed;
}
