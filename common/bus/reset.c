/* sendmsg() as nng gets it: a connection that the other side has ended is reset, never EPIPE.
 *
 * nng (1.5.2) takes EPIPE for an order of its own to close. Written into a connection whose other side went away before the
 * handshake (a process that was killed, a dialler that was closed), it makes a listener accept nobody any more, while the
 * kernel goes on to take connections for it, and a dialler dial no more; either lane is dead for ever. A reset it takes for
 * what it is, and goes on. The program's own sendmsg() goes before libc's in all libraries; of those that we link only nng calls
 * it. May go with an nng that tells the two apart.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);

    if (sent < 0 && errno == EPIPE)
        errno = ECONNRESET;
    return sent;
}

void ts_bus_resets(void)
{
}
