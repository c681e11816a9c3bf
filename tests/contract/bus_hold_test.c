/* A caller that asks and asks but lets its answers lie: it is not read from until it has taken them, and then gets them all. */
#include <stdatomic.h>

#include "raw_peer.h"

#define CALLS       28
#define ANSWER_SIZE (1U << 20)
#define HOLD        (16U << 20) /* OUT_HOLD of bus/conn.c */
#define HEADER_SIZE 12
/* So many may be answered before the connection is held: those that fit, the one that is one too many, and those that left into the
 * socket's buffers meanwhile. */
#define ANSWERED_MAX (HOLD / ANSWER_SIZE + 4)

static atomic_uint answered;
static char *words;

static ts_status on_big(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)call;
    (void)in;
    ((Ts__Auth__AuthorizeReply *)out)->org_name = words;
    atomic_fetch_add(&answered, 1);
    return TS_OK;
}

static const ts_rpc_row big_rows[] = { { &ts_auth_authorize, on_big, true }, { 0 } };

static void say_call(int fd, unsigned number)
{
    uint8_t frame[256] = { 0 };
    uint8_t call_id[16] = { (uint8_t)number };
    Ts__Call call = TS__CALL__INIT;
    size_t n;

    call.method = (char *)(uintptr_t)ts_auth_authorize.name;
    call.call_id.data = call_id;
    call.call_id.len = sizeof(call_id);
    call.timeout_ms = 60000;
    n = protobuf_c_message_pack(&call.base, frame + HEADER_SIZE);
    CHECK(n < sizeof(frame) - HEADER_SIZE && n < 256);
    frame[0] = (uint8_t)n;
    frame[4] = (uint8_t)number;
    say(fd, (const char *)frame, HEADER_SIZE + n);
}

/* Of whichever call; whole. Signs of life may come between. */
static unsigned hear_answer(int fd)
{
    uint8_t header[HEADER_SIZE];
    uint32_t n;
    char *body;

    CHECK_EQ(recv(fd, header, sizeof(header), MSG_WAITALL), sizeof(header));
    n = header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16 |
        (uint32_t)header[3] << 24;
    CHECK(n > ANSWER_SIZE);
    body = malloc(n);
    CHECK(body != NULL);
    CHECK_EQ(recv(fd, body, n, MSG_WAITALL), n);
    CHECK(memmem(body, n, words, ANSWER_SIZE) != NULL);
    free(body);
    return header[4];
}

static void a_caller_that_lets_its_answers_lie_is_held_until_it_takes_them(void)
{
    ts_rpc_options o = { .address = address, .service_name = "test", .rows = big_rows };
    struct timespec pause = { 0, 100000000 };
    bool was_heard[CALLS + 1] = { false };
    ts_rpc_server *server = NULL;
    char greeting[GREETING_SIZE];
    int fd;

    CHECK_EQ(ts_rpc_server_start(&o, &server, NULL), TS_OK);
    fd = connect_raw();
    say(fd, GREETING, GREETING_SIZE);
    /* One after the other: what is read at once is answered at once. */
    for (unsigned i = 1; i <= HOLD / ANSWER_SIZE; i++) {
        say_call(fd, i);
        CHECK_SOON(atomic_load(&answered) == i);
    }
    for (unsigned i = HOLD / ANSWER_SIZE + 1; i <= CALLS; i++) {
        say_call(fd, i);
        nanosleep(&pause, NULL);
    }
    CHECK(atomic_load(&answered) <= ANSWERED_MAX);
    CHECK_EQ(recv(fd, greeting, GREETING_SIZE, MSG_WAITALL), GREETING_SIZE);
    for (unsigned i = 1; i <= CALLS; i++) {
        unsigned number = hear_answer(fd);

        CHECK(number >= 1 && number <= CALLS && !was_heard[number]);
        was_heard[number] = true;
    }
    CHECK_EQ(atomic_load(&answered), CALLS);
    CHECK_EQ(close(fd), 0);
    ts_rpc_server_stop(server);
}

int main(void)
{
    scratch_directory(directory);
    snprintf(address, sizeof(address), "ipc://%s/test", directory);
    words = malloc(ANSWER_SIZE + 1);
    CHECK(words != NULL);
    memset(words, 'w', ANSWER_SIZE);
    words[ANSWER_SIZE] = '\0';
    RUN(a_caller_that_lets_its_answers_lie_is_held_until_it_takes_them);
    free(words);
    remove_directory(directory);
    return 0;
}
