/* The hand-over between two real processes with stores of their own, each killed again and again:
 * every durable row of the producer has its effect at the consumer exactly once and in order; a row
 * that cannot be applied is parked. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "check.h"
#include "proto/methods.h"
#include "ts/outbox.h"
#include "ts/time.h"
#include "ts/trace.h"

#define ROWS_WANTED 3000
#define ROUNDS      8
#define POISONED    7 /* every 1000th row has this remainder and cannot be applied */

enum { EFFECTS, INBOX };
static const ts_family families[] = { { .name = "effects", .is_global = true },
                                      { .name = "inbox", .is_global = true },
                                      { .name = NULL } };
#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
static const char *self;
static char directory[64];

/* Blocked from the first instruction on, and in the children too: a signal that comes early waits. */
static void block_term(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void wait_for_term(void)
{
    sigset_t set;
    int number;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigwait(&set, &number);
}

static ts_store *open_store(const char *name)
{
    char path[128];
    ts_store_options o = { .directory = path, .families = families, .schema = 1 };
    ts_store *s = NULL;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    CHECK_EQ(ts_store_open(&o, &s, NULL), TS_OK);
    return s;
}

static void request_of(uint64_t n, char ret[32])
{
    snprintf(ret, 32, "req_%llu", (unsigned long long)n);
}

static void address_of(char ret[128])
{
    snprintf(ret, 128, "ipc://%s/consumer", directory);
}

/* ---- consumer ---- */

/* Effect: "count" goes up by one and must equal the payload's number: order and once-only in one.
 */
static uint64_t count_of(ts_store *s, ts_arena *arena)
{
    ts_str value;
    uint64_t n = 0;

    if (ts_store_get(s, EFFECTS, TS_STR_LIT("count"), arena, &value) == TS_OK)
        CHECK_EQ(ts_parse_u64(value, &n), TS_OK);
    return n;
}

static ts_status apply(void *service, const Ts__HandOverRow *row, ts_arena *arena, ts_batch *batch,
                       ts_error *err)
{
    ts_store *s = service;
    ProtobufCMessage *m = NULL;
    char text[32];
    uint64_t n;

    CHECK_EQ(ts_arena_unpack(arena, &ts__ai_use__descriptor,
                             ts_str_n(row->payload.data, row->payload.len), &m),
             TS_OK);
    n = (uint64_t)((Ts__AiUse *)m)->event_ms;
    request_of(n, text);
    CHECK(strcmp(ts_trace_request_id(), text) == 0);
    CHECK(strcmp(ts_trace_parent(), PARENT) == 0);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
    if (n % 1000 == POISONED)
        return ts_fail(err, TS_INVALID, "event_ms", "poisoned");
    /* Poisoned rows leave a gap of one. */
    CHECK(n == count_of(s, arena) + 1 || (n - 1) % 1000 == POISONED);
    ts_batch_put(batch, s, EFFECTS, TS_STR_LIT("count"), ts_str_of(text));
    ts_batch_put(batch, s, EFFECTS, ts_str_of(text), TS_STR_NULL);
    return TS_OK;
}

static ts_inbox *inbox;

static ts_status on_accept(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    return ts_inbox_accept(inbox, call, (const Ts__HandOverRequest *)in, (Ts__HandOverReply *)out);
}

static const ts_rpc_row rows[] = { { &ts_aiusage_accept, on_accept, true }, { 0 } };

static int consume(void)
{
    char address[128];
    ts_rpc_options o = { .address = address, .service_name = "consumer", .rows = rows };
    ts_store *s = open_store("consumer");
    ts_rpc_server *server = NULL;
    CHECK_EQ(ts_inbox_new(s, INBOX, "consumer", apply, s, &inbox), TS_OK);
    address_of(address);
    o.service = s;
    CHECK_EQ(ts_rpc_server_start(&o, &server, NULL), TS_OK);
    wait_for_term();
    ts_rpc_server_stop(server);
    ts_inbox_free(inbox);
    ts_store_close(s);
    return 0;
}

/* ---- producer ---- */

static int produce(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    char address[128];
    char text[32];
    ts_store *s = open_store("producer");
    ts_relay_options o = { .store = s,
                           .stream = 0,
                           .method = &ts_aiusage_accept,
                           .service_name = "producer",
                           .peer_name = "consumer" };
    ts_relay *relay = NULL;
    uint64_t first = 1;
    uint64_t last = 0;
    address_of(address);
    CHECK_EQ(ts_peer_new("consumer", address, &o.peer, NULL), TS_OK);
    CHECK_EQ(ts_relay_start(&o, &relay, NULL), TS_OK);
    for (uint64_t n = count_of(s, arena) + 1; n <= ROWS_WANTED; n++) {
        TS_CLEANUP(ts_batch_free_p) ts_batch *b = ts_batch_new();
        Ts__AiUse use = TS__AI_USE__INIT;
        uint64_t ticket = 0;

        use.event_ms = (int64_t)n;
        request_of(n, text);
        ts_trace_begin(text, PARENT);
        snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
        ts_batch_put(b, s, EFFECTS, TS_STR_LIT("count"), ts_str_of(text));
        ts_outbox_add(b, 0, (ts_tenant){ 1, TS_MODE_LIVE }, "ai_use", 1, &use.base);
        CHECK_EQ(ts_store_write(s, b, &ticket), TS_OK);
        if (n % 10 == 0 || n == ROWS_WANTED)
            CHECK_EQ(ts_store_sync(s, ticket), TS_OK);
    }
    CHECK_SOON((ts_stream_bounds(s, 0, &first, &last), first > last));
    wait_for_term();
    ts_relay_stop(relay);
    ts_peer_free(o.peer);
    ts_store_close(s);
    return 0;
}

/* ---- the test ---- */

/* Its lines go to `log`, or where ours go. */
static pid_t spawn_logged(const char *role, const char *log)
{
    char *arguments[] = { (char *)(uintptr_t)self, (char *)(uintptr_t)role, directory, NULL };
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;

    CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
    if (log != NULL)
        CHECK_EQ(posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log,
                                                  O_WRONLY | O_CREAT | O_APPEND, 0600),
                 0);
    CHECK_EQ(posix_spawn(&pid, self, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static pid_t spawn_role(const char *role)
{
    return spawn_logged(role, NULL);
}

/* How many lines of a log hold a text. */
static int lines_with(const char *log, const char *text)
{
    char line[4096];
    FILE *f = fopen(log, "r");
    int count = 0;

    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        count += strstr(line, text) != NULL;
    if (f != NULL)
        fclose(f);
    return count;
}

static void end_role(pid_t pid, int signal_number)
{
    int status = 0;

    CHECK_EQ(kill(pid, signal_number), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    if (signal_number == SIGTERM) {
        CHECK(WIFEXITED(status));
        CHECK_EQ(WEXITSTATUS(status), 0);
    }
}

/* Some work between two kills, of a length that differs from round to round. */
static void let_run(int round)
{
    struct timespec pause = { 0, 40000000L + round * 23000000L };

    nanosleep(&pause, NULL);
}

static void check_consumer(void)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(1 << 20);
    ts_store *s = open_store("consumer");
    ts_iter *it;
    char text[24];
    size_t parked = 0;

    for (int n = 1; n <= ROWS_WANTED; n++) {
        snprintf(text, sizeof(text), "%d", n);
        CHECK_EQ(ts_store_has(s, EFFECTS, ts_str_of(text)), n % 1000 != POISONED);
    }
    CHECK_EQ(count_of(s, arena), ROWS_WANTED);
    it = ts_iter_prefix(s, INBOX, TS_STR_LIT("p"), false);
    for (; ts_iter_valid(it); ts_iter_next(it))
        parked++;
    ts_iter_free(it);
    CHECK_EQ(parked, ROWS_WANTED / 1000);
    ts_store_close(s);
}

static void check_producer_is_drained(void)
{
    ts_store *s = open_store("producer");
    uint64_t first;
    uint64_t last;

    ts_stream_bounds(s, 0, &first, &last);
    CHECK_EQ(last, ROWS_WANTED);
    CHECK_EQ(first, ROWS_WANTED + 1);
    ts_store_close(s);
}

static void every_row_has_its_effect_once_whoever_is_killed(void)
{
    pid_t producer = spawn_role("produce");
    pid_t consumer = spawn_role("consume");

    for (int round = 0; round < ROUNDS; round++) {
        let_run(round);
        if (round % 2 == 0) {
            end_role(consumer, SIGKILL);
            consumer = spawn_role("consume");
        } else {
            end_role(producer, SIGKILL);
            producer = spawn_role("produce");
        }
    }
    end_role(producer, SIGTERM); /* ends only when everything has been handed over */
    end_role(consumer, SIGTERM);
    check_consumer();
    check_producer_is_drained();
}

static void a_producer_without_its_peer_waits_and_says_so_once(void)
{
    char log[128];
    pid_t producer, consumer;

    scratch_directory(directory);
    snprintf(log, sizeof(log), "%s/log", directory);
    producer = spawn_logged("produce", log);
    CHECK_SOON(lines_with(log, "msg=\"waiting for peer\" peer=consumer") == 1);
    consumer = spawn_role("consume");
    CHECK_SOON(lines_with(log, "msg=\"peer is there\" peer=consumer") == 1);
    end_role(producer, SIGTERM);
    end_role(consumer, SIGTERM);
    CHECK_EQ(lines_with(log, "waiting for peer"), 1);
    CHECK_EQ(lines_with(log, "peer is there"), 1);
    check_consumer();
    remove_directory(directory);
}

/* ---- a peer that hangs ---- */

#define STOP_MS 9000 /* less than the deadline of one call; it takes about one second */
#define STREAMS 3 /* more than the server has workers in the lane: calls wait in front of it too */

static atomic_bool hangs;
static atomic_uint hanging;

static ts_status on_accept_late(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const Ts__HandOverRequest *req = (const Ts__HandOverRequest *)in;
    const struct timespec pause = { 0, 5000000 };

    (void)call;
    atomic_fetch_add(&hanging, 1);
    while (atomic_load(&hangs))
        nanosleep(&pause, NULL);
    ((Ts__HandOverReply *)out)->last_seq = req->rows[req->n_rows - 1]->seq;
    return TS_OK;
}

static const ts_rpc_row late_rows[] = { { &ts_aiusage_accept, on_accept_late, true }, { 0 } };

/* The metrics' registry keeps pointing at them. */
static ts_relay *first_relays[STREAMS];
static ts_relay *next_relays[STREAMS];

static void start_relays(ts_store *s, const char *address, ts_relay *ret[STREAMS],
                         ts_peer *peers[STREAMS])
{
    for (unsigned i = 0; i < STREAMS; i++) {
        ts_relay_options o = { .store = s,
                               .stream = i,
                               .method = &ts_aiusage_accept,
                               .service_name = "producer",
                               .peer_name = "consumer" };

        CHECK_EQ(ts_peer_new("consumer", address, &peers[i], NULL), TS_OK);
        o.peer = peers[i];
        CHECK_EQ(ts_relay_start(&o, &ret[i], NULL), TS_OK);
    }
}

static void stop_relays(ts_relay *relays[STREAMS], ts_peer *peers[STREAMS])
{
    ts_relays_stop(relays, STREAMS);
    for (unsigned i = 0; i < STREAMS; i++)
        ts_peer_free(TS_TAKE(peers[i]));
}

static uint64_t waiting_rows(ts_store *s)
{
    uint64_t sum = 0;
    uint64_t first;
    uint64_t last;

    for (unsigned i = 0; i < STREAMS; i++) {
        ts_stream_bounds(s, i, &first, &last);
        sum += last + 1 - first;
    }
    return sum;
}

/* A process has 15 s to stop, however many peers hang; what they did not answer for goes again. */
static void relays_of_a_hung_peer_stop_in_time_and_lose_nothing(void)
{
    ts_peer *peers[STREAMS];
    char address[128];
    ts_rpc_options o = { .address = address, .service_name = "consumer", .rows = late_rows };
    ts_batch *b = ts_batch_new();
    Ts__AiUse use = TS__AI_USE__INIT;
    ts_rpc_server *server = NULL;
    int64_t asked_ms;
    ts_store *s;

    scratch_directory(directory);
    address_of(address);
    s = open_store("producer");
    for (unsigned i = 0; i < STREAMS; i++)
        ts_outbox_add(b, i, (ts_tenant){ 1, TS_MODE_LIVE }, "ai_use", 1, &use.base);
    CHECK_EQ(ts_store_commit(s, b), TS_OK);
    ts_batch_free(b);
    atomic_store(&hangs, true);
    CHECK_EQ(ts_rpc_server_start(&o, &server, NULL), TS_OK);
    start_relays(s, address, first_relays, peers);
    CHECK_SOON(atomic_load(&hanging) >= 2);
    asked_ms = ts_boot_ms();
    stop_relays(first_relays, peers);
    CHECK(ts_boot_ms() - asked_ms < STOP_MS);
    CHECK(atomic_load(&hanging) < STREAMS); /* they still do: nobody was answered */
    CHECK_EQ(waiting_rows(s), STREAMS);
    atomic_store(&hangs, false);
    start_relays(s, address, next_relays, peers);
    CHECK_SOON(waiting_rows(s) == 0);
    stop_relays(next_relays, peers);
    ts_rpc_server_stop(server);
    ts_store_close(s);
    remove_directory(directory);
}

int main(int argc, char **argv)
{
    self = argv[0];
    block_term();
    if (argc == 3) {
        snprintf(directory, sizeof(directory), "%s", argv[2]);
        return strcmp(argv[1], "consume") == 0 ? consume() : produce();
    }
    scratch_directory(directory);
    RUN(every_row_has_its_effect_once_whoever_is_killed);
    remove_directory(directory);
    RUN(a_producer_without_its_peer_waits_and_says_so_once);
    RUN(relays_of_a_hung_peer_stop_in_time_and_lose_nothing);
    return 0;
}
