/* Its longjmp() would take the way to another stack for a mistake. */
#undef _FORTIFY_SOURCE
#include "fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define FIBER_TSAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN
#endif
#if defined(__SANITIZE_THREAD__)
#define FIBER_TSAN
#endif

#ifdef FIBER_ASAN
#include <sanitizer/asan_interface.h>
#endif
#ifdef FIBER_TSAN
#include <sanitizer/tsan_interface.h>
#endif

static _Thread_local ts_fiber *self;

ts_fiber *fiber_self(void)
{
    return self;
}

/* A function of its own: getcontext() may return twice, for what the compiler knows. */
static bool make_context(fiber_side *side, void (*entry)(void))
{
    if (getcontext(&side->context) != 0)
        return false;
    side->context.uc_stack.ss_sp = (void *)(uintptr_t)side->bottom;
    side->context.uc_stack.ss_size = side->size;
    side->context.uc_link = NULL;
    makecontext(&side->context, entry, 0);
    return true;
}

ts_fiber *fiber_new(size_t stack_bytes, void (*entry)(void))
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (stack_bytes + page - 1) / page * page;
    ts_fiber *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->mapped = size + page;
    f->mapping = mmap(NULL, f->mapped, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (f->mapping == MAP_FAILED) {
        free(f);
        return NULL;
    }
    f->side.bottom = (const char *)f->mapping + page;
    f->side.size = size;
    /* A stack that overflows ends the process instead of writing into its neighbour. */
    if (mprotect(f->mapping, page, PROT_NONE) != 0 || !make_context(&f->side, entry)) {
        fiber_free(f);
        return NULL;
    }
#ifdef FIBER_TSAN
    f->side.thread_sanitizer = __tsan_create_fiber(0);
#endif
    return f;
}

void fiber_free(ts_fiber *f)
{
    if (f == NULL)
        return;
#ifdef FIBER_TSAN
    if (f->side.thread_sanitizer != NULL)
        __tsan_destroy_fiber(f->side.thread_sanitizer);
#endif
#ifdef FIBER_ASAN
    /* What is mapped there next is not this stack. */
    ASAN_UNPOISON_MEMORY_REGION(f->mapping, f->mapped);
#endif
    (void)munmap(f->mapping, f->mapped);
    free(f);
}

/* On arrival, for whoever left at the other side: where its stack lies is known then. */
static void tell_arrival(fiber_side *here, fiber_side *other)
{
#ifdef FIBER_ASAN
    __sanitizer_finish_switch_fiber(here->address_sanitizer, &other->bottom, &other->size);
#else
    (void)here;
    (void)other;
#endif
}

/* swapcontext() asks the kernel for the signal mask each time, which is the same everywhere: once begun, sides change by jumps.
 * Sanitizers are told after _setjmp(), which is of the side that leaves, and before _longjmp(), which is of the other; here, since
 * the thread sanitizer must not see another function return in between. */
static void jump(fiber_side *from, fiber_side *to)
{
    from->was_left = true;
    if (_setjmp(from->place) != 0)
        return;
#ifdef FIBER_ASAN
    __sanitizer_start_switch_fiber(&from->address_sanitizer, to->bottom, to->size);
#endif
#ifdef FIBER_TSAN
    __tsan_switch_to_fiber(to->thread_sanitizer, 0);
#endif
    if (to->was_left)
        _longjmp(to->place, 1);
    (void)setcontext(&to->context);
}

static void keep(const char *text, char *ret, size_t size)
{
    size_t n = strnlen(text, size - 1);

    memcpy(ret, text, n);
    ret[n] = '\0';
}

static void change(fiber_side *from, fiber_side *to)
{
    keep(ts_trace_request_id(), from->request_id, sizeof(from->request_id));
    keep(ts_trace_parent(), from->traceparent, sizeof(from->traceparent));
    jump(from, to);
    tell_arrival(from, to);
    ts_trace_begin(from->request_id, from->traceparent);
}

void fiber_enter(fiber_side *loop, ts_fiber *f)
{
#ifdef FIBER_TSAN
    loop->thread_sanitizer = __tsan_get_current_fiber();
#endif
    self = f;
    change(loop, &f->side);
    self = NULL;
}

void fiber_leave(fiber_side *loop)
{
    change(&self->side, loop);
}

void fiber_arrived(fiber_side *loop)
{
    tell_arrival(&self->side, loop);
    ts_trace_end();
}
