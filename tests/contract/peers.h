/* What tests ask of the connections of this process. */
#ifndef CONTRACT_PEERS_H
#define CONTRACT_PEERS_H

#include <dirent.h>

#include "check.h"
#include "proto/methods.h"
#include "ts/rpc.h"

/* A call waits half a second for a lane's connection, and on a busy machine it may take longer to make one. So all are made
 * before anything is asked: by a method that nobody serves, and that is asked for until there is an answer. */
static inline void connect_lanes(ts_peer *peer, const ts_rpc_row *rows)
{
    static ts_method nobodys[TS_LANES]; /* the peer counts by their addresses */

    ts_arena *arena = ts_arena_new(1 << 16);
    bool is_served[TS_LANES] = { false };

    CHECK(arena != NULL);
    for (; rows->method != NULL; rows++)
        is_served[rows->method->lane] = true;
    for (unsigned i = 0; i < TS_LANES; i++) {
        const Ts__Empty in = TS__EMPTY__INIT;
        ts_caller caller = { .request_id = "",
                             .actor = "ctl",
                             .client_addr = "",
                             .traceparent = "",
                             .idempotency_key = "",
                             .deadline_boot_ms = ts_boot_ms() + 30000 };
        ProtobufCMessage *out = NULL;

        if (!is_served[i])
            continue;
        nobodys[i] = (ts_method){ .name = "test.Connect",
                                  .request = &ts__empty__descriptor,
                                  .reply = &ts__empty__descriptor,
                                  .lane = (ts_lane)i,
                                  .flags = TS_RPC_IDEMPOTENT | TS_RPC_PATIENT };
        CHECK_EQ(ts_rpc_call(peer, &nobodys[i], &caller, &in.base, arena, &out, NULL), TS_INTERNAL);
    }
    ts_arena_free(arena);
}

/* Sockets that this process holds, on whichever side. One that closes is among them until the bus has let go of its
 * connection. */
static inline int open_sockets(void)
{
    DIR *descriptors = opendir("/proc/self/fd");
    const struct dirent *d;
    int count = 0;

    CHECK(descriptors != NULL);
    while ((d = readdir(descriptors)) != NULL) { /* NOLINT(concurrency-mt-unsafe): it is ours */
        char target[16] = "";

        if (readlinkat(dirfd(descriptors), d->d_name, target, sizeof(target) - 1) > 0 &&
            strncmp(target, "socket:", 7) == 0)
            count++;
    }
    closedir(descriptors);
    return count;
}

#endif
