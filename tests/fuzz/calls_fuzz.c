/* What a peer may ask of a service that is broken, hostile or of another version: calls in a row, each of any method with anything that
 * its message can hold, some of which the service has said before; rows that are handed over alike. Each is answered with a status
 * that tells whose mistake it is, and with words if it is the caller's; what is answered goes over the wire. Each input has an
 * organization of its own, so that none hangs on those before it; of auth's, those that operators have made.
 *
 * Of each call the first byte is the method. The second: 1 test mode; 2 an Idempotency-Key; 4 the former call's id; 8 the message is
 * of the next bytes, after one with their number, as they are; else it is made up of the next two; 16 an operator calls, if he may. */
#include <ftw.h>
#include <stdlib.h>

#include "calls.h"
#include "made_up.h"
#include "ts/id.h"

#define CALLS_MAX   12
#define ARENA_BYTES ((size_t)64 << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[64] = "/dev/shm/ts-fuzz-XXXXXX";
static calls_service service;
static const ts_rpc_row *rows[64]; /* those that are called */
static size_t row_count;
static ts_arena *arena;
static uint64_t seq, org = 100; /* of the row handed over, and of the input before */
static uint8_t call_id[16];

static int forget(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

static void clean_up(void)
{
    calls_close();
    ts_arena_free(arena);
    (void)nftw(directory, forget, 16, FTW_DEPTH | FTW_PHYS);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[96];

    (void)argc;
    (void)argv;
    ts_log_set_level(TS_LOG_ERROR);
    CHECK(mkdtemp(directory) != NULL);
    (void)snprintf(path, sizeof(path), "%s/store", directory);
    calls_open(path, &service);
    (void)atexit(clean_up); /* before what RocksDB has put there meanwhile */
    arena = ts_arena_new(ARENA_BYTES);
    CHECK(arena != NULL);
    for (const ts_rpc_row *row = service.rows; row->method != NULL; row++) {
        /* Whoever waits for work needs a connection; a backup writes where it is told to. */
        if (row->method->lane != TS_LANE_PARK &&
            row->method->request != &ts__backup_request__descriptor)
            rows[row_count++] = row;
    }
    return 0;
}

static uint64_t take(ts_str *rest, size_t n)
{
    uint64_t number = 0;

    for (; n > 0 && rest->n > 0; n--) {
        number = number << 8 | (uint8_t)rest->p[0];
        *rest = ts_str_n(rest->p + 1, rest->n - 1);
    }
    return number;
}

static ts_str packed(const ProtobufCMessage *m)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t *bytes = ts_arena_alloc(arena, n + 1);

    CHECK(bytes != NULL && protobuf_c_message_pack(m, bytes) == n);
    return ts_str_n(bytes, n);
}

static ProtobufCMessage *hand_over(uint64_t whim, ts_tenant tenant)
{
    static uint8_t producer[16] = "a fuzzer's store";
    Ts__HandOverRequest *request = ts_arena_alloc(arena, sizeof(*request));
    Ts__HandOverRow *row = ts_arena_alloc(arena, sizeof(*row));
    const calls_kind *kind = service.kinds;
    size_t others = 0; /* than the last, which ends an organization */
    ts_str bytes;

    while (service.kinds[others + 1].name != NULL)
        others++;
    kind += whim % 128 == 1 ? others : whim / 128 % others; /* the disk is slow to forget */
    CHECK(request != NULL && row != NULL);
    ts__hand_over_request__init(request);
    ts__hand_over_row__init(row);
    bytes = packed(made_up(&whim, kind->type, arena));
    row->seq = ++seq;
    row->org = tenant.org;
    row->mode = (uint32_t)tenant.mode;
    row->kind = (char *)(uintptr_t)kind->name;
    row->at_ms = ts_wall_ms();
    row->payload.data = (uint8_t *)(uintptr_t)bytes.p;
    row->payload.len = bytes.n;
    request->producer.data = producer;
    request->producer.len = sizeof(producer);
    request->epoch = 1;
    request->n_rows = 1;
    request->rows = ts_arena_alloc(arena, sizeof(Ts__HandOverRow *));
    request->rows[0] = row;
    return &request->base;
}

static ts_str message_of(const ts_method *method, unsigned how, ts_tenant tenant, ts_str *rest)
{
    size_t n;
    ts_str bytes;
    uint64_t whim;

    if ((how & 8) != 0) {
        n = (size_t)take(rest, 1);
        n = n < rest->n ? n : rest->n;
        bytes = ts_str_n(rest->p, n);
        *rest = ts_str_n(rest->p + n, rest->n - n);
        return bytes;
    }
    whim = take(rest, 2) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    return packed(method->request == &ts__hand_over_request__descriptor
                      ? hand_over(whim, tenant)
                      : made_up(&whim, method->request, arena));
}

static void check_status(ts_status st, const ts_error *error)
{
    CHECK(st >= TS_OK && st <= TS_PRECONDITION);
    CHECK(st != TS_INTERNAL && st != TS_CORRUPT && st != TS_NOMEM && st != TS_UNAVAILABLE);
    CHECK((st != TS_INVALID && st != TS_CONFLICT) || error->text[0] != '\0');
    CHECK(ts_utf8_valid(ts_str_of(error->param)));
}

static void call(const ts_rpc_row *row, unsigned how, ts_str *rest)
{
    ts_error error = { .text = "" };
    ts_tenant tenant = { service.makes_orgs ? 1 + org % 3 : org,
                         (how & 1) != 0 ? TS_MODE_TEST : TS_MODE_LIVE };
    ts_call c = { .arena = arena, .error = &error, .service = service.app, .method = row->method };
    ProtobufCMessage *in = NULL;
    ProtobufCMessage *out = ts_arena_alloc(arena, row->method->reply->sizeof_message);
    ts_status st;

    CHECK(out != NULL);
    if ((how & 4) == 0)
        CHECK(ts_random_public(call_id, sizeof(call_id)) == TS_OK);
    memcpy(c.call_id, call_id, sizeof(call_id));
    if (ts_arena_unpack(arena, row->method->request, message_of(row->method, how, tenant, rest),
                        &in) != TS_OK)
        return;
    if (row->method->request == &ts__hand_over_request__descriptor ||
        ((how & 16) != 0 && row->without_tenant))
        tenant = (ts_tenant){ 0, TS_MODE_LIVE };
    c.tenant = tenant;
    if (c.tenant.org != 0 && !ts_tenancy_serves(service.store, c.tenant))
        return;
    c.now_ms = ts_wall_ms();
    c.caller = (ts_caller){ .tenant = c.tenant,
                            .request_id = "req_1",
                            .actor = "key:key_one",
                            .client_addr = "192.0.2.7",
                            .traceparent = "",
                            .idempotency_key = (how & 2) != 0 ? "again" : "",
                            .permissions = TS_PERM_ALL,
                            .deadline_boot_ms = ts_boot_ms() + 30000 };
    protobuf_c_message_init(row->method->reply, out);
    st = row->handler(&c, in, out);
    if (getenv("CALLS_TRACE") != NULL)
        (void)fprintf(stderr, "%s: %d %s %s\n", row->method->name, (int)st, error.param,
                      error.text);
    check_status(st, &error);
    if (st != TS_OK)
        return;
    (void)packed(out);
    made_up_learn(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_str rest = ts_str_n(data, size);

    org++;
    made_up_begin(ts_wall_ms());
    for (unsigned i = 0; i < CALLS_MAX && rest.n > 0; i++) {
        const ts_rpc_row *row = rows[take(&rest, 1) % row_count];
        unsigned how = (unsigned)take(&rest, 1);

        ts_arena_reset(arena);
        call(row, how, &rest);
    }
    return 0;
}
