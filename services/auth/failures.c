#include "failures.h"

#include <arpa/inet.h>

#include "ts/id.h"

#define WAYS 8

/* The hash stands for the address: two of one 64-bit hash would share a window, which harms nobody but them. */
typedef struct place {
    uint64_t hash;
    auth_window window;
} place;

struct auth_failures {
    size_t buckets;
    place *places;
};

auth_failures *auth_failures_new(size_t places)
{
    auth_failures *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->buckets = (places + WAYS - 1) / WAYS;
    f->places = calloc(f->buckets * WAYS, sizeof(place));
    if (f->places == NULL) {
        free(f);
        return NULL;
    }
    return f;
}

void auth_failures_free(auth_failures *f)
{
    if (f == NULL)
        return;
    free(f->places);
    free(f);
}

void auth_failures_scope(const char *client, char ret[AUTH_SCOPE_SIZE])
{
    struct in6_addr address;
    char network[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, client, &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address)) {
        (void)snprintf(ret, AUTH_SCOPE_SIZE, "%s", client);
        return;
    }
    memset(&address.s6_addr[8], 0, 8);
    (void)inet_ntop(AF_INET6, &address, network, sizeof(network));
    (void)snprintf(ret, AUTH_SCOPE_SIZE, "%s/64", network);
}

/* What would be forgotten with it. */
static uint32_t weight(const place *p, const auth_moment *now)
{
    return now->boot_ms < p->window.ends_boot_ms ? p->window.used : 0;
}

static place *find(auth_failures *f, const char *scope, const auth_moment *now)
{
    uint64_t hash = ts_hash_mem(scope, strlen(scope));
    place *bucket = &f->places[hash % f->buckets * WAYS];
    place *least = bucket;

    for (place *p = bucket; p < bucket + WAYS; p++) {
        if (p->hash == hash)
            return p;
        if (weight(p, now) < weight(least, now))
            least = p;
    }
    *least = (place){ .hash = hash };
    return least;
}

auth_verdict auth_failures_count(auth_failures *f, const char *scope, uint32_t limit,
                                 const auth_moment *now)
{
    return auth_window_take(&find(f, scope, now)->window, limit, 1, now);
}
