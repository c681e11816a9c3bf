/* A peer that dies while it is being dialled, or while it dials: accepted, then hung up on, before a word of the handshake. The
 * bus must dial it again, and let others in; its library alone takes the broken pipe for an order to stop. */
#include <pthread.h>
#include <stdatomic.h>

#include "raw_peer.h"

#define HANG_UPS 40 /* dials that end so; one is enough to stop the library */
#define ROUNDS   3

typedef struct hanger_up {
    int fd;
    atomic_int count;
} hanger_up;

static void *hang_up(void *argument)
{
    hanger_up *h = argument;
    int fd;

    while ((fd = accept(h->fd, NULL, NULL)) >= 0) {
        close(fd);
        atomic_fetch_add(&h->count, 1);
    }
    return NULL;
}

/* Until so many dials were hung up on, or the library has stopped to dial. */
static void wait_for_hang_ups(hanger_up *h)
{
    struct timespec pause = { 0, 10000000 };
    int seen = -1;
    int same = 0;

    while (atomic_load(&h->count) < HANG_UPS && same < 60) {
        int now = atomic_load(&h->count);

        same = now == seen ? same + 1 : 0;
        seen = now;
        nanosleep(&pause, NULL);
    }
}

static void a_peer_that_hung_up_on_a_dial_is_dialled_again(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        hanger_up h = { .fd = listen_raw() };
        ts_rpc_server *server;
        ts_peer *peer = NULL;
        pthread_t thread;

        CHECK_EQ(pthread_create(&thread, NULL, hang_up, &h), 0);
        CHECK_EQ(ts_peer_new("test", address, &peer, NULL), TS_OK);
        wait_for_hang_ups(&h);
        CHECK_EQ(shutdown(h.fd, SHUT_RDWR), 0);
        pthread_join(thread, NULL);
        close(h.fd);
        server = serve();
        CHECK_SOON(authorize(peer) == TS_OK);
        ts_peer_free(peer);
        ts_rpc_server_stop(server);
    }
}

/* Callers that come all at once make one new dial, not many: each answer is one connection's. */
static void *call_until_answered(void *argument)
{
    CHECK_SOON(authorize(argument) == TS_OK);
    return NULL;
}

static void many_callers_wait_for_one_that_dials(void)
{
    pthread_t threads[8];
    ts_rpc_server *server;
    ts_peer *peer = NULL;

    CHECK_EQ(ts_peer_new("test", address, &peer, NULL), TS_OK);
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, call_until_answered, peer), 0);
    nanosleep(&(struct timespec){ 2, 500000000 }, NULL); /* long enough for new dials */
    server = serve();
    for (size_t i = 0; i < TS_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

static void clients_that_hang_up_close_the_door_to_nobody(void)
{
    struct sockaddr_un name = fast_lane();
    ts_rpc_server *server = serve();
    ts_peer *peer = NULL;

    for (int i = 0; i < HANG_UPS; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        CHECK_EQ(connect(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
        close(fd);
    }
    CHECK_EQ(ts_peer_new("test", address, &peer, NULL), TS_OK);
    CHECK_SOON(authorize(peer) == TS_OK);
    ts_peer_free(peer);
    ts_rpc_server_stop(server);
}

int main(void)
{
    scratch_directory(directory);
    snprintf(address, sizeof(address), "ipc://%s/test", directory);
    RUN(a_peer_that_hung_up_on_a_dial_is_dialled_again);
    RUN(clients_that_hang_up_close_the_door_to_nobody);
    RUN(many_callers_wait_for_one_that_dials);
    remove_directory(directory);
    return 0;
}
