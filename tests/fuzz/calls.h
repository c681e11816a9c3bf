/* A service as calls_fuzz.c calls it; one file for each gives it. */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include <stdio.h>

#include "proto/methods.h"
#include "proto/publish.h"
#include "ts/config.h"
#include "ts/log.h"
#include "ts/outbox.h"
#include "ts/store.h"
#include "ts/tenancy.h"
#include "ts/time.h"

#define CHECK(...)                                                                                 \
    do {                                                                                           \
        if (!(__VA_ARGS__)) {                                                                      \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #__VA_ARGS__);                      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A kind of row that is handed over to the service. */
typedef struct calls_kind {
    const char *name;
    const ProtobufCMessageDescriptor *type;
} calls_kind;

typedef struct calls_service {
    const ts_rpc_row *rows;
    void *app;
    ts_store *store;
    const calls_kind *kinds; /* NULL ends them; the last ends an organization */
    bool makes_orgs;         /* it is auth */
} calls_service;

/* Once: with the settings that there are by default, and its store in that directory. */
void calls_open(const char *directory, calls_service *ret);
/* Ends its threads, and closes the store. */
void calls_close(void);

static inline ts_store *calls_store(const char *directory, const ts_family *families)
{
    ts_store_options o = { .directory = directory, .families = families, .schema = 1 };
    ts_store *store = NULL;

    CHECK(ts_store_open(&o, &store, NULL) == TS_OK);
    return store;
}

static inline void calls_configure(const ts_config_item *items, size_t count, void *config)
{
    char *environment[] = { NULL };
    ts_config_table table = { items, count, config };
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(4096);

    CHECK(ts_config_load(&table, 1, "TS_FUZZ_", environment, &mistakes) == TS_OK);
}

#endif
