/* Which start of the machine this is, and how late it is. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "ts/id.h"
#include "ts/time.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
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
    /* Without it no two processes compare their boot clocks: each believes in its own alone. */
    if (n > 0)
        boot_id = ts_hash_mem(text, (size_t)n);
    else
        ts_ignore(ts_random(&boot_id, sizeof(boot_id)));
    if (boot_id == 0)
        boot_id = 1;
}

uint64_t ts_boot_id(void)
{
    pthread_once(&once, read_boot_id);
    return boot_id;
}

ts_clocks ts_clocks_read(void)
{
    return (ts_clocks){ ts_wall_ms(), ts_boot_ms(), ts_boot_id() };
}
