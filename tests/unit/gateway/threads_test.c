/* Many clients at once, composed answers and an orderly stop. A plain program, since
 * Criterion does not run under ThreadSanitizer. */
#include <pthread.h>
#include <unistd.h>

#include "standin.h"

#define CLIENTS  8
#define REQUESTS 40

static int port;
static atomic_int answered;

static void *run_client(void *context)
{
    static const char *const paths[] = {
        "/v1/overview?include_ai_usage=true&include_incidents=true",
        "/v1/users?limit=1",
        "/v1/users/john@acme.example",
        "/v1/incidents/inc_one",
        "/v1/nothing",
    };
    size_t seed = *(const size_t *)context;
    int fd = client_connect(port);

    for (size_t i = 0; i < REQUESTS; i++) {
        const char *path = paths[(i + seed) % TS_COUNT(paths)];
        char request[256];
        answer a;
        int n = snprintf(request, sizeof(request),
                         "GET %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n", path,
                         KEY_ALL);

        client_send(fd, request, (size_t)n);
        client_read(fd, false, &a);
        CHECK(a.status == (strcmp(path, "/v1/nothing") == 0 ? 404 : 200));
        answer_done(&a);
        atomic_fetch_add(&answered, 1);
    }
    (void)close(fd);
    return NULL;
}

int main(void)
{
    pthread_t threads[CLIENTS];
    size_t seeds[CLIENTS];

    port = standin_start(WITH_ALL, 16);
    for (size_t i = 0; i < CLIENTS; i++) {
        seeds[i] = i;
        CHECK(pthread_create(&threads[i], NULL, run_client, &seeds[i]) == 0);
    }
    for (size_t i = 0; i < CLIENTS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    standin_stop();
    CHECK(atomic_load(&answered) == CLIENTS * REQUESTS);
    printf("%d requests answered\n", atomic_load(&answered));
    return 0;
}
