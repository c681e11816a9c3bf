/* A client on a plain socket, that sends whatever it is told to. */
#ifndef ASK_H
#define ASK_H

#include <stdio.h>
#include <stdlib.h>

#include "ts/buf.h"

/* Not Criterion's: these helpers also serve plain programs, which run under ThreadSanitizer. */
#define CHECK(...)                                                                                 \
    do {                                                                                           \
        if (!(__VA_ARGS__)) {                                                                      \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #__VA_ARGS__);                      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

typedef struct answer {
    int status;
    bool is_closed; /* the connection ended after the answer */
    ts_buf head;
    ts_buf body;
} answer;

int client_connect(int port);
void client_send(int fd, const void *bytes, size_t n);
/* Reads one answer; 100 Continue is one. That to HEAD has no body. */
void client_read(int fd, bool is_head, answer *ret);
void answer_done(answer *a);
/* Value of a header, or NULL. Lives until the thread's next call. */
const char *answer_header(const answer *a, const char *name);

/* One request on a connection of its own. `headers` are whole lines, "" for none. Authorization is added if key is given. */
void ask(int port, const char *method, const char *path, const char *key, const char *headers,
         const char *body, answer *ret);

#endif
