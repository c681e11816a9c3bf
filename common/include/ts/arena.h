/* ts_arena: memory of one request. Everything in it dies together; nothing that outlives it may
 * point into it.
 *
 * Grows in blocks up to a ceiling. Not thread-safe. Never aborts: over the ceiling or out of memory
 * gives NULL.
 */
#ifndef TS_ARENA_H
#define TS_ARENA_H

#include <protobuf-c/protobuf-c.h>

#include "ts/base.h"

typedef struct ts_arena ts_arena;

/* NULL if out of memory. `ceiling` counts all bytes ever handed out between two resets. */
ts_arena *ts_arena_new(size_t ceiling);
void ts_arena_free(ts_arena *a);
TS_DEFINE_CLEANUP(ts_arena, ts_arena_free);
/* Forgets everything; keeps one block. */
void ts_arena_reset(ts_arena *a);
size_t ts_arena_used(const ts_arena *a);

/* Aligned for any type; zeroed. NULL over the ceiling. `n` may be 0. */
void *ts_arena_alloc(ts_arena *a, size_t n);
/* count * size with overflow check; zeroed. */
void *ts_arena_array(ts_arena *a, size_t count, size_t size);
/* Copies; both give NULL-pointer results on failure. The copies end in NUL. */
ts_str ts_arena_str(ts_arena *a, ts_str s);
char *ts_arena_z(ts_arena *a, ts_str s);
char *ts_arena_printf(ts_arena *a, const char *format, ...) TS_PRINTF(2, 3);

/* Decodes a message into the arena. TS_CORRUPT if the bytes do not decode. */
TS_CHECK ts_status ts_arena_unpack(ts_arena *a, const ProtobufCMessageDescriptor *type,
                                   ts_str bytes, ProtobufCMessage **ret);

/* `piece` of `n` bytes, from ts_arena_alloc() or _array(), is not needed any more. One that is large enough to have memory to
 * itself is freed, others wait for the arena's end. */
void ts_arena_give_back(ts_arena *a, const void *piece, size_t n);

/* An array that grows: room for one more than `count` elements of `size` bytes in the list that `list_ptr` points to, which is NULL
 * at first, with *capacity 0. False over the ceiling. The list may move: its old place is no longer its own. */
bool ts_arena_grow(ts_arena *a, void *list_ptr, size_t count, size_t *capacity, size_t size);

#endif
