/* Messages of any type: mostly what is usual in fields of those names, so that something comes of them, and else anything that the
 * fields can hold: what a peer may say that is broken, hostile or of another version. The same whim makes the same message. */
#ifndef FUZZ_MADE_UP_H
#define FUZZ_MADE_UP_H

#include <protobuf-c/protobuf-c.h>

#include "ts/arena.h"
#include "ts/base.h"

/* The next number; never moves a whim to 0, which it must not be. */
uint64_t made_up_number(uint64_t *whim);
const char *made_up_text(uint64_t *whim);
/* Ids in a message that a service gave, and where its lists go on: they are among what is made up from now on. */
void made_up_learn(const ProtobufCMessage *m);
/* As at the beginning; moments are around `now_ms`. */
void made_up_begin(int64_t now_ms);
/* In the arena, which must be large enough. */
ProtobufCMessage *made_up(uint64_t *whim, const ProtobufCMessageDescriptor *type, ts_arena *arena);

#endif
