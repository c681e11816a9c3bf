/* Addresses whose window of failed authentications has filled, on their way into the audit log.
 *
 * A burst is put into a ring and told to auth by a thread: no request waits for it. While auth is away the thread tries again
 * and the ring fills; a burst that finds it full is lost and counted (ts_gateway_bursts_lost_total), as is what the ring holds
 * when the gateway stops. One whose answer came too late is told again, and may stand in the log twice. At most one a minute and address comes here, so that a ring of BURSTS_MAX lasts for as many
 * addresses.
 */
#include <pthread.h>
#include <time.h>

#include "api/api.h"
#include "ts/log.h"
#include "ts/time.h"

#define BURSTS_MAX    64
#define TELL_MS       5000
#define PAUSE_S       1
#define ARENA_BYTES   ((size_t)256 * 1024)
#define PREFIX_LENGTH 13 /* "tsk_live_abcd": what may be shown of a key */

typedef struct burst {
    char scope[HTTP_SCOPE_SIZE];
    char client[HTTP_ADDRESS_SIZE];
    char request_id[TS_REQUEST_ID_SIZE];
    char prefix[PREFIX_LENGTH + 1];
    uint32_t count;
    int64_t at_ms;
} burst;

struct api_bursts {
    ts_peer *auth;
    ts_metric *lost;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t news;
    burst ring[BURSTS_MAX];
    size_t first, count;
    bool is_ending;
};

/* Of a text that is no key of ours nothing is shown: it may be another system's secret. */
static void copy_prefix(ts_str key, char ret[PREFIX_LENGTH + 1])
{
    bool is_ours = key.n > PREFIX_LENGTH && (ts_str_starts(key, TS_STR_LIT("tsk_live_")) ||
                                             ts_str_starts(key, TS_STR_LIT("tsk_test_")));

    for (size_t i = 9; is_ours && i < PREFIX_LENGTH; i++) {
        char c = key.p[i];

        is_ours = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }
    if (is_ours)
        memcpy(ret, key.p, PREFIX_LENGTH);
    ret[is_ours ? PREFIX_LENGTH : 0] = '\0';
}

void api_burst(http_exchange *x, ts_str key)
{
    api_bursts *b = api_of(x)->bursts;
    burst one = { .count = x->window.limit, .at_ms = x->now_ms };
    bool is_lost;

    memcpy(one.scope, x->scope, sizeof(one.scope));
    memcpy(one.client, x->client, sizeof(one.client));
    memcpy(one.request_id, x->request_id, sizeof(one.request_id));
    copy_prefix(key, one.prefix);
    pthread_mutex_lock(&b->mutex);
    is_lost = b->count == BURSTS_MAX;
    if (!is_lost) {
        b->ring[(b->first + b->count) % BURSTS_MAX] = one;
        b->count++;
        pthread_cond_signal(&b->news);
    }
    pthread_mutex_unlock(&b->mutex);
    if (is_lost)
        ts_metric_add(b->lost, 1);
}

static ts_status tell(api_bursts *b, const burst *one, ts_arena *arena, ts_error *err)
{
    TS_CLEANUP(ts_buf_done) ts_buf details = TS_BUF_INIT(512);
    Ts__Auth__RecordAuditRequest request = TS__AUTH__RECORD_AUDIT_REQUEST__INIT;
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;
    ts_jsonw w = ts_jsonw_on(&details);
    char action[] = "auth.failures", actor[] = "service:gateway";
    ProtobufCMessage *out = NULL;
    ts_caller caller = {
        .request_id = one->request_id,
        .actor = actor,
        .client_addr = one->client,
        .traceparent = "",
        .idempotency_key = "",
        .deadline_boot_ms = ts_boot_ms() + TELL_MS,
    };

    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "address", one->scope);
    ts_jsonw_ki64(&w, "count", one->count);
    ts_jsonw_kz(&w, "key_prefix", one->prefix[0] == '\0' ? NULL : one->prefix);
    ts_jsonw_object_end(&w);
    if (ts_buf_status(&details) != TS_OK)
        return ts_buf_status(&details);
    entry.action = action;
    entry.actor = actor;
    entry.object = (char *)(uintptr_t)one->scope; /* packing only reads these */
    entry.client_addr = (char *)(uintptr_t)one->client;
    entry.request_id = (char *)(uintptr_t)one->request_id;
    entry.at_ms = one->at_ms;
    entry.details = details.data;
    request.entry = &entry;
    return ts_rpc_call(b->auth, &ts_auth_record_audit, &caller, &request.base, arena, &out, err);
}

/* Under the lock. False if the gateway ends first. */
static bool pause_told(api_bursts *b)
{
    struct timespec until = ts_monotonic_in(PAUSE_S * TS_SECOND_MS);
    while (!b->is_ending && pthread_cond_timedwait(&b->news, &b->mutex, &until) == 0)
        ;
    return !b->is_ending;
}

/* Under the lock, left around the call. The burst stays in its place until auth has it. */
static void tell_first(api_bursts *b, ts_arena *arena)
{
    burst one = b->ring[b->first];
    ts_error err = { .text = "" };
    ts_status st;

    pthread_mutex_unlock(&b->mutex);
    ts_arena_reset(arena);
    st = tell(b, &one, arena, &err);
    if (st != TS_OK && st != TS_UNAVAILABLE) {
        ts_log_error(TS_MSG("burst of failed authentications not recorded"), TS_F_STATUS(st),
                     TS_F_Z("reason", err.text), TS_F_Z("address", one.scope));
        ts_metric_add(b->lost, 1);
    }
    pthread_mutex_lock(&b->mutex);
    if (st == TS_UNAVAILABLE) {
        (void)pause_told(b);
        return;
    }
    b->first = (b->first + 1) % BURSTS_MAX;
    b->count--;
}

static void *tell_all(void *context)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_BYTES);
    api_bursts *b = context;

    pthread_mutex_lock(&b->mutex);
    while (!b->is_ending && arena != NULL) {
        if (b->count > 0)
            tell_first(b, arena);
        else
            (void)pthread_cond_wait(&b->news, &b->mutex);
    }
    pthread_mutex_unlock(&b->mutex);
    return NULL;
}

api_bursts *api_bursts_new(ts_peer *auth)
{
    api_bursts *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return NULL;
    b->auth = auth;
    b->lost = ts_counter("ts_gateway_bursts_lost_total", "",
                         "bursts of failed authentications that the audit log does not have");
    pthread_mutex_init(&b->mutex, NULL);
    ts_monotonic_cond(&b->news);
    if (pthread_create(&b->thread, NULL, tell_all, b) != 0) {
        pthread_cond_destroy(&b->news);
        pthread_mutex_destroy(&b->mutex);
        free(b);
        return NULL;
    }
    return b;
}

void api_bursts_free(api_bursts *b)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->mutex);
    b->is_ending = true;
    pthread_cond_signal(&b->news);
    pthread_mutex_unlock(&b->mutex);
    (void)pthread_join(b->thread, NULL);
    ts_metric_add(b->lost, b->count);
    if (b->count > 0)
        ts_warn(TS_MSG("bursts of failed authentications not recorded"),
                TS_F_U64("count", b->count));
    pthread_cond_destroy(&b->news);
    pthread_mutex_destroy(&b->mutex);
    free(b);
}
