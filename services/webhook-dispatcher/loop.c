#include "loop.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ts/time.h"

#define EVENTS_MAX 256
#define NEVER      INT64_MAX

/* By descriptor. */
typedef struct watch {
    uint32_t wanted;     /* by libcurl */
    uint32_t registered; /* with epoll */
    bool is_ours;        /* from loop_open: we hear of its end, so it may stay registered */
} watch;

struct loop {
    CURLM *multi;
    int poll;
    int wake;
    atomic_bool is_woken; /* `wake` has been written to and not read */
    int64_t due_boot_ms;  /* libcurl's next timer; NEVER */
    watch *watches;
    size_t watch_count;
};

static watch *watch_of(loop *l, curl_socket_t fd)
{
    size_t count = l->watch_count == 0 ? 64 : l->watch_count;
    watch *longer;

    if ((size_t)fd < l->watch_count)
        return &l->watches[fd];
    while (count <= (size_t)fd)
        count *= 2;
    longer = realloc(l->watches, count * sizeof(*longer));
    if (longer == NULL)
        return NULL;
    memset(longer + l->watch_count, 0, (count - l->watch_count) * sizeof(*longer));
    l->watches = longer;
    l->watch_count = count;
    return &l->watches[fd];
}

static bool set(loop *l, int fd, watch *w, uint32_t events)
{
    struct epoll_event e = { .events = events, .data = { .fd = fd } };
    int op = events == 0 ? EPOLL_CTL_DEL : w->registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    if (events == w->registered)
        return true;
    w->registered = events;
    return epoll_ctl(l->poll, op, fd, &e) == 0 || events == 0;
}

/* CURLMOPT_SOCKETFUNCTION. */
static int want(CURL *easy, curl_socket_t fd, int what, void *context, void *unused)
{
    loop *l = context;
    watch *w = watch_of(l, fd);
    uint32_t events = 0;

    (void)easy;
    (void)unused;
    if (w == NULL)
        return -1;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= EPOLLOUT;
    w->wanted = events;
    if (events == 0 && w->is_ours && w->registered == EPOLLIN)
        return 0; /* the next request on it wants the same */
    return set(l, fd, w, events) ? 0 : -1;
}

/* CURLMOPT_TIMERFUNCTION. */
static int set_timer(CURLM *multi, long ms, void *context)
{
    loop *l = context;

    (void)multi;
    l->due_boot_ms = ms < 0 ? NEVER : ms == 0 ? 0 : ts_boot_ms() + ms;
    return 0;
}

ts_status loop_new(long idle_connections_max, loop **ret)
{
    loop *l = calloc(1, sizeof(*l));
    struct epoll_event e = { .events = EPOLLIN };

    if (l == NULL)
        return TS_NOMEM;
    l->due_boot_ms = NEVER;
    l->poll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->multi = curl_multi_init();
    e.data.fd = l->wake;
    if (l->poll < 0 || l->wake < 0 || l->multi == NULL ||
        epoll_ctl(l->poll, EPOLL_CTL_ADD, l->wake, &e) != 0) {
        loop_free(l);
        return TS_NOMEM;
    }
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, idle_connections_max);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, want);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
    *ret = l;
    return TS_OK;
}

void loop_free(loop *l)
{
    if (l == NULL)
        return;
    curl_multi_cleanup(l->multi); /* closes connections by loop_close_socket */
    if (l->poll >= 0)
        close(l->poll);
    if (l->wake >= 0)
        close(l->wake);
    free(l->watches);
    free(l);
}

CURLM *loop_multi(loop *l)
{
    return l->multi;
}

static void take_event(loop *l, const struct epoll_event *e)
{
    int fd = e->data.fd;
    watch *w = &l->watches[fd];
    int running;
    int bits = 0;

    if (w->wanted == 0) {
        /* At rest: the receiver has closed it or speaks out of turn. libcurl sees that before it uses it again. */
        set(l, fd, w, 0);
        return;
    }
    /* An error is found by whoever reads or writes; said as CURL_CSELECT_ERR it would lose its reason. */
    if ((e->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && (w->wanted & EPOLLIN) != 0)
        bits |= CURL_CSELECT_IN;
    if ((e->events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0 && (w->wanted & EPOLLOUT) != 0)
        bits |= CURL_CSELECT_OUT;
    curl_multi_socket_action(l->multi, fd, bits, &running);
}

void loop_run(loop *l, int64_t max_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t left_ms = max_ms;
    int running;
    int n;

    if (l->due_boot_ms != NEVER) {
        int64_t due_ms = l->due_boot_ms == 0 ? 0 : l->due_boot_ms - ts_boot_ms();

        left_ms = due_ms < 0 ? 0 : due_ms < max_ms ? due_ms : max_ms;
    }
    n = epoll_wait(l->poll, events, EVENTS_MAX, (int)left_ms);
    for (int i = 0; i < n; i++) {
        uint64_t count;

        if (events[i].data.fd != l->wake)
            take_event(l, &events[i]);
        else if (read(l->wake, &count, sizeof(count)) == sizeof(count))
            atomic_store(&l->is_woken, false);
    }
    if (l->due_boot_ms != NEVER && ts_boot_ms() >= l->due_boot_ms) {
        l->due_boot_ms = NEVER;
        curl_multi_socket_action(l->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

void loop_wake(loop *l)
{
    uint64_t one = 1;

    if (!atomic_exchange(&l->is_woken, true) && write(l->wake, &one, sizeof(one)) < 0)
        atomic_store(&l->is_woken, false);
}

curl_socket_t loop_open(loop *l, const struct curl_sockaddr *address)
{
    curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    watch *w;

    if (fd == CURL_SOCKET_BAD)
        return fd;
    w = watch_of(l, fd);
    if (w == NULL) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    *w = (watch){ .is_ours = true };
    return fd;
}

int loop_close_socket(void *context, curl_socket_t fd)
{
    loop *l = context;

    l->watches[fd] = (watch){ 0 }; /* epoll forgets it by itself */
    return close(fd);
}
