/* Signs of life on the bus: a peer whose machine is gone says nothing, not even that it is gone. Here it is played by sockets that
 * stay open and silent. */
#include <errno.h>
#include <pthread.h>

#include "raw_peer.h"

#define SILENCE_MS      "500" /* three of them: longer than a busy machine stands still */
#define SILENCES        7     /* more than end the connection of a caller */
#define ANSWERS         4     /* to more than end that of a side that asks */
#define LIFE_FRAME_SIZE 12

static const char life_frame[LIFE_FRAME_SIZE]; /* no body, the number 0 */

static void hear(int fd, const char *bytes, size_t n)
{
    char got[32];

    CHECK_EQ(recv(fd, got, n, MSG_WAITALL), n);
    CHECK(memcmp(got, bytes, n) == 0);
}

/* The other side has closed, maybe while bytes lay unread. */
static void hear_the_end(int fd)
{
    char got[4096];
    ssize_t n;

    while ((n = recv(fd, got, sizeof(got), 0)) > 0)
        ;
    CHECK(n == 0 || errno == ECONNRESET);
}

/* Its first call opens the connection; nobody answers it. */
static void *call_once(void *argument)
{
    ts_ignore(authorize(argument));
    return NULL;
}

typedef struct asker {
    ts_peer *peer;
    pthread_t thread;
    int door, fd;
} asker;

static asker let_one_ask(void)
{
    asker a = { .door = listen_raw() };

    CHECK_EQ(ts_peer_new("test", address, &a.peer, NULL), TS_OK);
    CHECK_EQ(pthread_create(&a.thread, NULL, call_once, a.peer), 0);
    a.fd = accept(a.door, NULL, NULL);
    be_patient(a.fd);
    hear(a.fd, GREETING, GREETING_SIZE);
    return a;
}

static void let_it_go(asker *a)
{
    pthread_join(a->thread, NULL);
    ts_peer_free(a->peer);
    close(a->fd);
}

static void the_next_one_answers(asker *a)
{
    ts_rpc_server *server;

    close(a->door);
    CHECK_EQ(unlink(fast_lane().sun_path), 0);
    server = serve();
    CHECK_SOON(authorize(a->peer) == TS_OK);
    let_it_go(a);
    ts_rpc_server_stop(server);
}

static void a_peer_that_falls_silent_is_dialled_anew(void)
{
    asker a = let_one_ask();

    say(a.fd, GREETING, GREETING_SIZE);
    the_next_one_answers(&a);
}

static void a_peer_that_does_not_greet_is_dialled_anew(void)
{
    asker a = let_one_ask();

    the_next_one_answers(&a);
}

static void a_peer_that_lives_is_asked_and_kept(void)
{
    asker a = let_one_ask();
    char call[4096];
    ssize_t n;

    say(a.fd, GREETING, GREETING_SIZE);
    n = recv(a.fd, call, sizeof(call), 0);
    CHECK(n > LIFE_FRAME_SIZE && memcmp(call + n - LIFE_FRAME_SIZE, life_frame, LIFE_FRAME_SIZE));
    for (int i = 0; i < ANSWERS; i++) {
        hear(a.fd, life_frame, LIFE_FRAME_SIZE);
        say(a.fd, life_frame, LIFE_FRAME_SIZE);
    }
    close(a.door);
    let_it_go(&a);
}

static void a_caller_that_falls_silent_is_let_go(void)
{
    ts_rpc_server *server = serve();
    int mute = connect_raw();
    int silent = connect_raw();

    say(silent, GREETING, GREETING_SIZE);
    hear_the_end(mute);
    hear_the_end(silent);
    close(mute);
    close(silent);
    ts_rpc_server_stop(server);
}

static void a_caller_that_asks_for_signs_of_life_gets_them(void)
{
    struct timespec pause = { 0, 600000000 }; /* more than a silence */
    ts_rpc_server *server = serve();
    int fd = connect_raw();

    say(fd, GREETING, GREETING_SIZE);
    hear(fd, GREETING, GREETING_SIZE);
    for (int i = 0; i < SILENCES; i++) {
        nanosleep(&pause, NULL);
        say(fd, life_frame, LIFE_FRAME_SIZE);
        hear(fd, life_frame, LIFE_FRAME_SIZE);
    }
    close(fd);
    ts_rpc_server_stop(server);
}

static ts_status peer_with_silence(const char *ms, ts_error *err)
{
    ts_peer *peer = NULL;
    ts_status st;

    setenv("TS_BUS_SILENCE_MS", ms, 1); /* NOLINT(concurrency-mt-unsafe): no thread reads it now */
    st = ts_peer_new("test", address, &peer, err);
    ts_peer_free(peer);
    return st;
}

static void the_setting_has_bounds(void)
{
    static const char *const wrong[] = { "99", "60001", "5s", "-1", "99999999999999999999" };
    ts_error err = { "", "" };

    CHECK_EQ(peer_with_silence("100", &err), TS_OK);
    CHECK_EQ(peer_with_silence("60000", &err), TS_OK);
    CHECK_EQ(peer_with_silence("", &err), TS_OK);
    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        CHECK_EQ(peer_with_silence(wrong[i], &err), TS_INVALID);
        CHECK(strstr(err.text, "between 100 and 60000") != NULL);
    }
}

int main(void)
{
    scratch_directory(directory);
    snprintf(address, sizeof(address), "ipc://%s/test", directory);
    setenv("TS_BUS_SILENCE_MS", SILENCE_MS, 1); /* NOLINT(concurrency-mt-unsafe): no thread yet */
    RUN(a_peer_that_falls_silent_is_dialled_anew);
    RUN(a_peer_that_does_not_greet_is_dialled_anew);
    RUN(a_peer_that_lives_is_asked_and_kept);
    RUN(a_caller_that_falls_silent_is_let_go);
    RUN(a_caller_that_asks_for_signs_of_life_gets_them);
    RUN(the_setting_has_bounds);
    remove_directory(directory);
    return 0;
}
