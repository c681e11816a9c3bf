/* auth in a process of its own, to be killed: a test program that starts itself again with the words "serve DIRECTORY". */
#ifndef CONTRACT_AUTH_SPAWNED_H
#define CONTRACT_AUTH_SPAWNED_H

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "auth_served.h"
#include "tend.h"

static const char *self; /* argv[0] */

static inline pid_t spawn_server(void)
{
    char *arguments[] = { (char *)(uintptr_t)self, (char *)(uintptr_t) "serve", s.directory, NULL };
    pid_t pid = -1;

    CHECK_EQ(posix_spawn(&pid, self, NULL, NULL, arguments, environ), 0);
    return pid;
}

static inline void kill_server(pid_t pid)
{
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

/* From the server in this process to one in another, of which only a peer is here, and back. */
static inline void stop_and_connect(void)
{
    char address[128];

    stop();
    snprintf(address, sizeof(address), "ipc://%s/auth", s.directory);
    CHECK_EQ(ts_peer_new("auth", address, &s.peer, NULL), TS_OK);
    s.arena = ts_arena_new((size_t)64 << 20);
    CHECK(s.arena != NULL);
}

static inline void disconnect_and_start(void)
{
    ts_peer_free(TS_TAKE(s.peer));
    ts_arena_free(TS_TAKE(s.arena));
    start();
}

/* As main.c does: with the thread that tends. */
_Noreturn static inline void serve(const char *directory)
{
    auth_tender *tender = NULL;

    snprintf(s.directory, sizeof(s.directory), "%s", directory);
    start();
    CHECK_EQ(auth_tender_start(&app, &tender, NULL), TS_OK);
    for (;;)
        pause(); /* until it is killed */
}

#endif
