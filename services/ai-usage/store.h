/* Reading and counting up rows. Every value is a message of aiusage.proto. */
#ifndef AI_USAGE_STORE_H
#define AI_USAGE_STORE_H

#include "keys.h"
#include "proto/methods.h"
#include "ts/store.h"

typedef enum ai_usage_stream { AI_USAGE_TO_WEBHOOKS, AI_USAGE_TO_AUTH } ai_usage_stream;

/* *ret_row (a pointer to a message's pointer) lives in the arena; an absent row is TS_OK and an empty message. */
TS_CHECK ts_status ai_usage_load(ts_store *s, unsigned family, const ts_buf *key, ts_arena *arena,
                                 const ProtobufCMessageDescriptor *type, bool *ret_found,
                                 void *ret_row);
/* Reads a Counter, moves it and puts it into the batch. A batch must not move the same counter twice. */
TS_CHECK ts_status ai_usage_count(ts_store *s, ts_batch *b, unsigned family, const ts_buf *key,
                                  ts_arena *arena, int64_t events, int64_t users);

#endif
