/* Arena: a list of blocks, the newest first, filled from their beginning.
 *
 * Between calls: `head` is the block that small pieces come from. A piece too large for a usual
 * block gets a block of its own, which stands behind `head`, so that the rest of `head` is not
 * lost. Under AddressSanitizer all memory that is not handed out is poisoned: a pointer kept over a
 * reset is found.
 */
#include "ts/arena.h"

#include <stdalign.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define BLOCK_BYTES_FIRST ((size_t)4 * 1024)
#define BLOCK_BYTES_MAX   ((size_t)64 * 1024)
#define GROW_FIRST        8

typedef struct block {
    struct block *next;
    size_t size;
    size_t filled;
    alignas(max_align_t) char bytes[];
} block;

struct ts_arena {
    block *head;
    size_t ceiling;
    size_t used;
    size_t next_block; /* size of the next usual block */
    bool is_exhausted; /* a piece was refused since the flag was last cleared */
    ProtobufCAllocator protobuf;
};

static block *block_new(size_t size)
{
    block *b = malloc(offsetof(block, bytes) + size);

    if (b == NULL)
        return NULL;
    b->next = NULL;
    b->size = size;
    b->filled = 0;
    POISON(b->bytes, size);
    return b;
}

static void block_free(block *b)
{
    UNPOISON(b->bytes, b->size);
    free(b);
}

static char *block_take(block *b, size_t pad, size_t n)
{
    char *p = b->bytes + b->filled + pad;

    b->filled += pad + n;
    UNPOISON(p, n);
    return p;
}

/* A new block with room for `n` bytes, and the place that it belongs to in the list. */
static block *add_block(ts_arena *a, size_t n)
{
    bool is_usual = n <= a->next_block;
    block *b = block_new(is_usual ? a->next_block : n);

    if (b == NULL)
        return NULL;
    if (is_usual || a->head == NULL) {
        b->next = a->head;
        a->head = b;
    } else {
        b->next = a->head->next;
        a->head->next = b;
    }
    if (is_usual && a->next_block < BLOCK_BYTES_MAX)
        a->next_block *= 2;
    return b;
}

/* Bytes that are not zeroed. */
static char *take(ts_arena *a, size_t n, size_t align)
{
    size_t pad = 0;
    block *b = a->head;

    if (b != NULL)
        pad = (align - b->filled % align) % align;
    if (n > a->ceiling - a->used) {
        a->is_exhausted = true;
        return NULL;
    }
    if (b == NULL || pad > b->size - b->filled || n > b->size - b->filled - pad) {
        b = add_block(a, n);
        pad = 0;
        if (b == NULL) {
            a->is_exhausted = true;
            return NULL;
        }
    }
    a->used += n;
    return block_take(b, pad, n);
}

static void *protobuf_alloc(void *arena, size_t n)
{
    return take(arena, n, alignof(max_align_t));
}

static void protobuf_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

ts_arena *ts_arena_new(size_t ceiling)
{
    ts_arena *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return NULL;
    a->ceiling = ceiling;
    a->next_block = BLOCK_BYTES_FIRST;
    a->protobuf = (ProtobufCAllocator){ protobuf_alloc, protobuf_free, a };
    return a;
}

void ts_arena_free(ts_arena *a)
{
    block *b;

    if (a == NULL)
        return;
    b = a->head;
    while (b != NULL) {
        block *next = b->next;

        block_free(b);
        b = next;
    }
    free(a);
}

void ts_arena_reset(ts_arena *a)
{
    block *kept = a->head;
    block *b = kept == NULL ? NULL : kept->next;

    while (b != NULL) {
        block *next = b->next;

        block_free(b);
        b = next;
    }
    /* A block that one huge piece forced is not worth keeping. */
    if (kept != NULL && kept->size > BLOCK_BYTES_MAX) {
        block_free(kept);
        kept = NULL;
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->filled = 0;
        POISON(kept->bytes, kept->size);
    }
    a->head = kept;
    a->used = 0;
    a->is_exhausted = false;
}

size_t ts_arena_used(const ts_arena *a)
{
    return a->used;
}

void *ts_arena_alloc(ts_arena *a, size_t n)
{
    char *p = take(a, n, alignof(max_align_t));

    if (p != NULL)
        memset(p, 0, n);
    return p;
}

void *ts_arena_array(ts_arena *a, size_t count, size_t size)
{
    size_t n;

    if (__builtin_mul_overflow(count, size, &n)) {
        a->is_exhausted = true;
        return NULL;
    }
    return ts_arena_alloc(a, n);
}

char *ts_arena_z(ts_arena *a, ts_str s)
{
    char *p = s.n == SIZE_MAX ? NULL : take(a, s.n + 1, 1);

    if (p == NULL)
        return NULL;
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

ts_str ts_arena_str(ts_arena *a, ts_str s)
{
    char *p = ts_arena_z(a, s);

    return p == NULL ? TS_STR_NULL : ts_str_n(p, s.n);
}

char *ts_arena_printf(ts_arena *a, const char *format, ...)
{
    char text[256];
    va_list args;
    int wanted;
    char *p;

    va_start(args, format);
    wanted = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (wanted < 0)
        return NULL;
    if ((size_t)wanted < sizeof(text))
        return ts_arena_z(a, ts_str_n(text, (size_t)wanted));
    p = take(a, (size_t)wanted + 1, 1);
    if (p == NULL)
        return NULL;
    va_start(args, format);
    (void)vsnprintf(p, (size_t)wanted + 1, format, args);
    va_end(args);
    return p;
}

ts_status ts_arena_unpack(ts_arena *a, const ProtobufCMessageDescriptor *type, ts_str bytes,
                          ProtobufCMessage **ret)
{
    const uint8_t *data = bytes.n == 0 ? (const uint8_t *)"" : (const uint8_t *)bytes.p;
    ProtobufCMessage *message;

    /* protobuf-c says only "no message"; the flag tells which of the two reasons it was. */
    a->is_exhausted = false;
    message = protobuf_c_message_unpack(type, &a->protobuf, bytes.n, data);
    if (message == NULL)
        return a->is_exhausted ? TS_NOMEM : TS_CORRUPT;
    *ret = message;
    return TS_OK;
}

void ts_arena_give_back(ts_arena *a, const void *piece, size_t n)
{
    if (n <= BLOCK_BYTES_MAX)
        return;
    for (block *b = a->head; b != NULL && b->next != NULL; b = b->next) {
        block *alone = b->next;

        if (alone->bytes != piece || alone->filled != n)
            continue;
        b->next = alone->next;
        a->used -= n;
        block_free(alone);
        return;
    }
}

bool ts_arena_grow(ts_arena *a, void *list_ptr, size_t count, size_t *capacity, size_t size)
{
    size_t wanted = *capacity == 0 ? GROW_FIRST : *capacity;
    void *old;
    void *list;

    if (count < *capacity)
        return true;
    while (wanted <= count) {
        if (wanted > SIZE_MAX / 2)
            return false;
        wanted *= 2;
    }
    list = ts_arena_array(a, wanted, size);
    if (list == NULL)
        return false;
    /* The list's own type is unknown here: its pointer is read and written as bytes. */
    memcpy(&old, list_ptr, sizeof(old));
    if (count > 0 && old != NULL)
        memcpy(list, old, count * size);
    memcpy(list_ptr, &list, sizeof(list));
    if (old != NULL)
        ts_arena_give_back(a, old, *capacity * size);
    *capacity = wanted;
    return true;
}
