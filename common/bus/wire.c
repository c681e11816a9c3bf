#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "internal.h"
#include "ts/id.h"

static pthread_once_t boot_id_once = PTHREAD_ONCE_INIT;
static uint64_t boot_id;

static void read_boot_id(void)
{
    char text[64];
    ssize_t n = 0;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        n = read(fd, text, sizeof(text));
        close(fd);
    }
    /* Without it no two processes compare their clocks: each takes the relative deadline. */
    if (n > 0)
        boot_id = ts_hash_mem(text, (size_t)n);
    else
        ts_ignore(ts_random(&boot_id, sizeof(boot_id)));
    if (boot_id == 0)
        boot_id = 1;
}

uint64_t ts_bus_boot_id(void)
{
    pthread_once(&boot_id_once, read_boot_id);
    return boot_id;
}

ts_status ts_bus_pack(const ProtobufCMessage *m, size_t max_bytes, nng_msg **ret)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    nng_msg *msg = NULL;

    if (n > max_bytes)
        return TS_TOO_LARGE;
    if (nng_msg_alloc(&msg, n) != 0)
        return TS_NOMEM;
    protobuf_c_message_pack(m, nng_msg_body(msg));
    *ret = msg;
    return TS_OK;
}

ts_status ts_bus_unpack(nng_msg *msg, const ProtobufCMessageDescriptor *type, ts_arena *arena,
                        ProtobufCMessage **ret)
{
    return ts_arena_unpack(arena, type, ts_str_n(nng_msg_body(msg), nng_msg_len(msg)), ret);
}
