/* The end of a dispatcher whose ledger does not answer: whoever told it to stop kills what takes too long. */
#include <curl/curl.h>
#include <stdatomic.h>

#include "ask.h"
#include "check.h"
#include "ts/rpc.h"

#define PATIENCE_MS 15000 /* of the supervisor; the others have more */
#define PARKED_MAX  64

/* ---- a ledger ---- */

static work w;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what is parked */
static struct {
    ts_call *call;
    ProtobufCMessage *out;
} parked[PARKED_MAX];
static size_t parked_count;
static atomic_uint given, asked, told;
static atomic_bool may_answer;     /* what is told */
static atomic_bool answers_at_end; /* ... once that is all that the dispatcher waits for */

/* One delivery, to where nobody listens; then not a word, whatever is asked. */
static ts_status on_lease(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    Ts__Webhooks__LeaseReply *reply = (Ts__Webhooks__LeaseReply *)out;
    Ts__Webhooks__LeasedDelivery *d;

    (void)in;
    if (atomic_fetch_add(&given, 1) == 0) {
        d = ts_arena_alloc(call->arena, sizeof(*d));
        reply->deliveries = ts_arena_array(call->arena, 1, sizeof(*reply->deliveries));
        CHECK(d != NULL && reply->deliveries != NULL);
        ts__webhooks__leased_delivery__init(d);
        d->url = (char *)(uintptr_t) "http://127.0.0.1:1/"; /* only packed */
        d->lease_ms = 60000;
        reply->deliveries[0] = d;
        reply->n_deliveries = 1;
        return TS_OK;
    }
    pthread_mutex_lock(&lock);
    CHECK(parked_count < PARKED_MAX);
    parked[parked_count].call = call;
    parked[parked_count++].out = out;
    pthread_mutex_unlock(&lock);
    return TS_PARKED;
}

static bool is_finishing(void)
{
    bool finishing;

    pthread_mutex_lock(&w.lock);
    finishing = w.finishing;
    pthread_mutex_unlock(&w.lock);
    return finishing;
}

static ts_status on_result(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const struct timespec pause = { 0, 5000000 };

    (void)call;
    (void)in;
    (void)out;
    atomic_fetch_add(&asked, 1);
    while (!atomic_load(&may_answer) && !(atomic_load(&answers_at_end) && is_finishing()))
        nanosleep(&pause, NULL);
    atomic_fetch_add(&told, 1);
    return TS_OK;
}

static const ts_rpc_row rows[] = { { &ts_webhooks_lease, on_lease, true },
                                   { &ts_webhooks_result, on_result, true },
                                   { 0 } };

/* The connection that a question came over ends with it: the ledger leases nothing to who is gone. */
static bool is_anybody_there(void)
{
    bool there = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < parked_count; i++)
        there = there || ts_rpc_caller_is_there(parked[i].call);
    pthread_mutex_unlock(&lock);
    return there;
}

static size_t count_parked(void)
{
    size_t count;

    pthread_mutex_lock(&lock);
    count = parked_count;
    pthread_mutex_unlock(&lock);
    return count;
}

static void let_go(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < parked_count; i++)
        ts_rpc_finish(parked[i].call, parked[i].out, TS_OK);
    parked_count = 0;
    pthread_mutex_unlock(&lock);
}

/* ---- a dispatcher ---- */

typedef struct stage {
    char directory[64];
    char address[128];
    ts_rpc_server *server;
    dispatcher_config config;
    ts_ssrf_policy policy;
    sender *sender;
    asker *asker;
    int64_t drain_ms;
} stage;

static void begin(stage *st)
{
    char *environment[] = { NULL };
    ts_config_table table = { dispatcher_config_items, dispatcher_config_count, &st->config };
    TS_CLEANUP(ts_buf_done) ts_buf mistakes = TS_BUF_INIT(4096);
    ts_rpc_options o = { .address = st->address, .service_name = "ledger", .rows = rows };

    *st = (stage){ .server = NULL };
    atomic_store(&given, 0);
    atomic_store(&asked, 0);
    atomic_store(&told, 0);
    atomic_store(&may_answer, false);
    atomic_store(&answers_at_end, false);
    CHECK_EQ(ts_config_load(&table, 1, "TS_WEBHOOK_DISPATCHER_", environment, &mistakes), TS_OK);
    st->config.allow_http = true;
    st->drain_ms = st->config.drain_ms;
    scratch_directory(st->directory);
    snprintf(st->address, sizeof(st->address), "ipc://%s/ledger", st->directory);
    CHECK_EQ(ts_rpc_server_start(&o, &st->server, NULL), TS_OK);
    CHECK_EQ(ts_ssrf_policy_parse(TS_STR_LIT("127.0.0.0/8"), &st->policy, NULL), TS_OK);
    work_init(&w, (uint32_t)st->config.parallel);
    CHECK_EQ(sender_start(&st->config, &st->policy, &w, &st->sender, NULL), TS_OK);
    CHECK_EQ(asker_start(&st->config, st->address, &w, st->sender, &st->asker, NULL), TS_OK);
    CHECK_SOON(atomic_load(&asked) > 0 && count_parked() > 0); /* it waits for both answers */
}

static void end(stage *st)
{
    atomic_store(&may_answer, true);
    let_go();
    work_done(&w);
    ts_rpc_server_stop(st->server);
    remove_directory(st->directory);
}

/* With what it takes at most to finish attempts, which the test leaves out. */
static void a_ledger_that_hangs_keeps_no_dispatcher_from_stopping(void)
{
    int64_t began_ms;
    stage st;

    begin(&st);
    began_ms = ts_boot_ms();
    asker_stop_asking(st.asker);
    CHECK_SOON(!is_anybody_there());
    sender_stop(st.sender, 0);
    asker_stop(st.asker);
    printf("  %lld ms\n", (long long)(ts_boot_ms() - began_ms));
    CHECK(ts_boot_ms() - began_ms < PATIENCE_MS - st.drain_ms);
    CHECK_EQ(atomic_load(&told), 0);
    end(&st);
}

static void what_the_ledger_takes_at_the_end_is_told(void)
{
    stage st;

    begin(&st);
    atomic_store(&answers_at_end, true);
    asker_stop_asking(st.asker);
    sender_stop(st.sender, 0);
    asker_stop(st.asker);
    CHECK_EQ(atomic_load(&told), 1);
    CHECK_EQ(atomic_load(&asked), 1);
    end(&st);
}

int main(void)
{
    CHECK_EQ(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    RUN(a_ledger_that_hangs_keeps_no_dispatcher_from_stopping);
    RUN(what_the_ledger_takes_at_the_end_is_told);
    curl_global_cleanup();
    return 0;
}
