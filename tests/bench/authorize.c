/* What Authorize costs beside a bare round trip of the bus: auth's core with its real store, and a server that does nothing,
 * both in another process; one after the other in short rounds, so that both see the same machine.
 *
 *   bench_authorize DIRECTORY KEYS CALLERS ROUNDS CALLS   prints one JSON object
 *   bench_authorize serve DIRECTORY KEYS                  what the first starts; ends with its standard input
 *
 * Rounds ask in turn: nothing; one key of all; keys at random over all, each of which was asked for once before. Figures are
 * medians over the rounds. first_us is what the first request of a key takes, which reads it from the store.
 */
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth.h"
#include "ts/id.h"
#include "ts/time.h"

#define ROUNDS_MAX  1000
#define CALLERS_MAX 64
#define LIMIT       1000000
#define BATCH_KEYS  1000
#define PATH_SIZE   300
#define CALL_MS     30000

static const ts_method nothing = { "bench.Nothing", &ts__empty__descriptor, &ts__empty__descriptor,
                                   TS_LANE_FAST, TS_RPC_IDEMPOTENT };

static int complain(const char *what)
{
    fprintf(stderr, "bench_authorize: %s\n", what);
    return 1;
}

/* Key number n as both sides know it. */
static void hash_of(uint64_t n, uint8_t ret[32])
{
    ts_sha256(ts_str_n(&n, sizeof(n)), ret);
}

/* ---- the serving process ---- */

static ts_status answer_nothing(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)call;
    (void)in;
    (void)out;
    return TS_OK;
}

static const ts_rpc_row nothing_rows[] = { { &nothing, answer_nothing, true },
                                           { NULL, NULL, false } };

static void put_key(ts_batch *b, ts_store *s, uint64_t n)
{
    Ts__Auth__ApiKey key = TS__AUTH__API_KEY__INIT;
    uint8_t hash[32];
    char id[TS_ID_SIZE];

    snprintf(id, sizeof(id), "key_%022llu", (unsigned long long)n);
    hash_of(n, hash);
    key.id = id;
    key.org = 1;
    key.permissions = TS_PERM_READ_USERS;
    key.created_ms = (int64_t)n + 1;
    key.sha256 = (ProtobufCBinaryData){ sizeof(hash), hash };
    auth_put_key(b, s, &key);
    auth_put_key_listed(b, s, &key);
}

static ts_status fill_store(ts_store *s, uint64_t keys)
{
    Ts__Auth__Organization org = TS__AUTH__ORGANIZATION__INIT;
    ts_status st = TS_OK;

    org.number = 1;
    org.id = (char *)(uintptr_t) "org_bench";
    org.name = (char *)(uintptr_t) "Bench";
    org.tier = (char *)(uintptr_t) "enterprise";
    org.status = (char *)(uintptr_t) "active";
    for (uint64_t n = 0; n < keys && st == TS_OK;) {
        ts_batch *b = ts_batch_new();

        if (b == NULL)
            return TS_NOMEM;
        auth_put_org(b, s, &org);
        for (uint64_t i = 0; i < BATCH_KEYS && n < keys; i++)
            put_key(b, s, n++);
        st = ts_store_write(s, b, NULL);
        ts_batch_free(b);
    }
    return st == TS_OK ? ts_store_sync_all(s) : st;
}

static int serve(const char *directory, uint64_t keys)
{
    static auth_config config;
    ts_config_table table = { auth_config_items, auth_config_count, &config };
    char *none[] = { NULL };
    auth app = { .config = &config };
    char path[PATH_SIZE];
    char auth_address[PATH_SIZE];
    char nothing_address[PATH_SIZE];
    ts_store_options o = { .directory = path, .families = auth_families, .schema = 1 };
    ts_rpc_options auth_server = {
        .address = auth_address, .service_name = "auth", .rows = auth_rows, .service = &app
    };
    ts_rpc_options nothing_server = { .address = nothing_address,
                                      .service_name = "nothing",
                                      .rows = nothing_rows };
    ts_rpc_server *servers[2] = { NULL, NULL };
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(4096);
    ts_error err = { "", "" };
    ts_status st = ts_config_load(&table, 1, "TS_AUTH_", none, &mistakes); /* the defaults */

    if (st != TS_OK)
        return complain("the defaults are no good");
    config.enterprise_limit = LIMIT;
    snprintf(path, sizeof(path), "%s/store", directory);
    snprintf(auth_address, sizeof(auth_address), "ipc://%s/auth", directory);
    snprintf(nothing_address, sizeof(nothing_address), "ipc://%s/nothing", directory);
    st = ts_store_open(&o, &app.store, &err);
    if (st != TS_OK)
        return complain(err.text);
    st = fill_store(app.store, keys);
    if (st == TS_OK)
        st = auth_init(&app, &err);
    if (st == TS_OK)
        st = ts_rpc_server_start(&auth_server, &servers[0], &err);
    if (st == TS_OK)
        st = ts_rpc_server_start(&nothing_server, &servers[1], &err);
    while (st == TS_OK && getchar() != EOF)
        ;
    ts_rpc_server_stop(servers[0]);
    ts_rpc_server_stop(servers[1]);
    auth_done(&app);
    ts_store_close(app.store);
    return st == TS_OK ? 0 : complain(err.text);
}

/* ---- the asking process ---- */

typedef enum question {
    ASK_NOTHING,
    ASK_ONE_KEY,
    ASK_ALL_KEYS,
    QUESTIONS,
    ASK_EACH_KEY = QUESTIONS
} question;

typedef struct caller {
    pthread_t thread;
    ts_peer *peers[2]; /* nothing, auth */
    question question;
    uint64_t keys, calls, random, next;
    ts_arena *arena;
    bool failed;
} caller;

static ts_status ask(caller *c)
{
    Ts__Auth__AuthorizeRequest request = TS__AUTH__AUTHORIZE_REQUEST__INIT;
    Ts__Empty empty = TS__EMPTY__INIT;
    ts_caller who = { .request_id = "",
                      .actor = "service:gateway",
                      .client_addr = "",
                      .traceparent = "",
                      .idempotency_key = "",
                      .deadline_boot_ms = ts_boot_ms() + CALL_MS };
    ProtobufCMessage *reply = NULL;
    uint8_t hash[32];
    ts_status st;

    if (c->question == ASK_NOTHING)
        return ts_rpc_call(c->peers[0], &nothing, &who, &empty.base, c->arena, &reply, NULL);
    if (c->question == ASK_EACH_KEY)
        hash_of(c->next++, hash);
    c->random = c->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    if (c->question != ASK_EACH_KEY)
        hash_of(c->question == ASK_ONE_KEY ? 0 : (c->random >> 33) % c->keys, hash);
    request.key_sha256 = (ProtobufCBinaryData){ sizeof(hash), hash };
    request.cost = 1;
    request.failures_limit = 60;
    request.key_prefix = (char *)(uintptr_t) "tsk_live_abcd";
    st = ts_rpc_call(c->peers[1], &ts_auth_authorize, &who, &request.base, c->arena, &reply, NULL);
    if (st == TS_OK && !((const Ts__Auth__AuthorizeReply *)(void *)reply)->known)
        st = TS_NOT_FOUND;
    return st;
}

static void *ask_often(void *argument)
{
    caller *c = argument;

    for (uint64_t i = 0; i < c->calls; i++) {
        if (ask(c) != TS_OK)
            c->failed = true;
        ts_arena_reset(c->arena);
    }
    return NULL;
}

/* Microseconds a call and caller; 0 if a call failed. */
static double play(caller *callers, uint64_t count, question q, uint64_t calls)
{
    int64_t begin = ts_boot_us();
    bool failed = false;

    for (uint64_t i = 0; i < count; i++) {
        callers[i].question = q;
        callers[i].calls = calls / count;
        if (pthread_create(&callers[i].thread, NULL, ask_often, &callers[i]) != 0)
            return 0;
    }
    for (uint64_t i = 0; i < count; i++) {
        pthread_join(callers[i].thread, NULL);
        failed = failed || callers[i].failed;
    }
    return failed ? 0 : (double)(ts_boot_us() - begin) / (double)(calls / count);
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return left < right ? -1 : left > right;
}

static double median(double *values, uint64_t count)
{
    qsort(values, count, sizeof(*values), by_size);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static int measure(caller *callers, const uint64_t numbers[4])
{
    static double us[QUESTIONS][ROUNDS_MAX];
    static double ratios[QUESTIONS][ROUNDS_MAX];
    uint64_t count = numbers[1];
    double first_us;

    first_us = play(callers, 1, ASK_EACH_KEY, numbers[0]);
    if (first_us <= 0 || play(callers, count, ASK_NOTHING, numbers[3]) <= 0)
        return complain("a call failed");
    for (uint64_t round = 0; round < numbers[2]; round++) {
        for (int q = 0; q < QUESTIONS; q++) {
            us[q][round] = play(callers, count, (question)q, numbers[3]);
            if (us[q][round] <= 0)
                return complain("a call failed");
            ratios[q][round] = us[q][round] / us[ASK_NOTHING][round];
        }
    }
    printf("{\"keys\": %llu, \"callers\": %llu, \"first_us\": %.2f, \"nothing_us\": %.2f, "
           "\"one_key_us\": %.2f, "
           "\"all_keys_us\": %.2f, \"one_key_ratio\": %.3f, \"all_keys_ratio\": %.3f}\n",
           (unsigned long long)numbers[0], (unsigned long long)count, first_us,
           median(us[ASK_NOTHING], numbers[2]), median(us[ASK_ONE_KEY], numbers[2]),
           median(us[ASK_ALL_KEYS], numbers[2]), median(ratios[ASK_ONE_KEY], numbers[2]),
           median(ratios[ASK_ALL_KEYS], numbers[2]));
    return 0;
}

static int run_callers(const char *directory, const uint64_t numbers[4])
{
    static caller callers[CALLERS_MAX];
    const char *const names[] = { "nothing", "auth" };
    ts_peer *peers[2] = { NULL, NULL };
    int failed = 0;

    for (size_t i = 0; i < TS_COUNT(names); i++) {
        char address[PATH_SIZE];

        snprintf(address, sizeof(address), "ipc://%s/%s", directory, names[i]);
        if (ts_peer_new(names[i], address, &peers[i], NULL) != TS_OK)
            return complain("no peer");
    }
    for (uint64_t i = 0; i < numbers[1]; i++) {
        callers[i] = (caller){ .peers = { peers[0], peers[1] }, .keys = numbers[0], .random = i };
        callers[i].arena = ts_arena_new((size_t)1 << 20);
        if (callers[i].arena == NULL)
            return complain("out of memory");
    }
    /* The server is filling its store. */
    callers[0].question = ASK_ONE_KEY;
    for (int64_t until = ts_boot_ms() + 120000; ask(&callers[0]) != TS_OK;) {
        if (ts_boot_ms() > until)
            return complain("the server does not answer");
        ts_arena_reset(callers[0].arena);
    }
    failed = measure(callers, numbers);
    for (uint64_t i = 0; i < numbers[1]; i++)
        ts_arena_free(callers[i].arena);
    ts_peer_free(peers[0]);
    ts_peer_free(peers[1]);
    return failed;
}

static int run(const char *self, const char *directory, const char *keys, const uint64_t numbers[4])
{
    char *arguments[] = { (char *)(uintptr_t)self, (char *)(uintptr_t) "serve",
                          (char *)(uintptr_t)directory, (char *)(uintptr_t)keys, NULL };
    posix_spawn_file_actions_t actions;
    int ends[2];
    int failed;
    pid_t pid;

    if (pipe(ends) != 0)
        return complain("no pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    failed = posix_spawn(&pid, self, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    if (failed != 0)
        return complain("cannot start the server");
    failed = run_callers(directory, numbers);
    close(ends[1]); /* the server ends */
    waitpid(pid, NULL, 0);
    return failed;
}

int main(int argc, char **argv)
{
    static const uint64_t most[4] = { 10000000, CALLERS_MAX, ROUNDS_MAX, 1000000 };
    uint64_t numbers[4] = { 0 };

    if (argc == 4 && strcmp(argv[1], "serve") == 0 &&
        ts_parse_u64(ts_str_of(argv[3]), &numbers[0]) == TS_OK)
        return serve(argv[2], numbers[0]);
    for (int i = 0; i < 4; i++) {
        if (argc != 6 || ts_parse_u64(ts_str_of(argv[i + 2]), &numbers[i]) != TS_OK ||
            numbers[i] == 0 || numbers[i] > most[i]) {
            fprintf(stderr, "usage: bench_authorize DIRECTORY KEYS CALLERS ROUNDS CALLS\n");
            return 2;
        }
    }
    return run(argv[0], argv[1], argv[2], numbers);
}
