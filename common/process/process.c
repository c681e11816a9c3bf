#include "ts/process.h"

#include <ctype.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "ops.h"
#include "ts/log.h"
#include "ts/metrics.h"
#include "ts/rpc.h"

#define MISTAKES_MAX (UINT64_C(64) << 10)
#define REMARKS_MAX  8
#define PEERS_MAX    8
#define STOP_S_MAX   3600

typedef struct common_config {
    char ops_address[TS_CONFIG_TEXT_MAX];
    int64_t ops_port;
    char log_level[TS_CONFIG_TEXT_MAX];
    int64_t stop_s;
} common_config;

struct ts_process {
    const char *name;
    ts_log_level log_level; /* as set */
    ts_metric *ready_metric;
    common_config config;
    ts_ops *ops;
    atomic_bool ready;
    pthread_mutex_t lock; /* guards the remarks */
    struct {
        bool (*well)(void *context, ts_error *why);
        void *context;
    } remarks[REMARKS_MAX];
    size_t remark_count;
    struct {
        char name[32];
        char address[TS_BUS_ADDRESS_SIZE];
    } peers[PEERS_MAX];
    size_t peer_count;
    atomic_int exit_code;
};

/* "TS_AI_USAGE_" and a suffix. */
static void variable_name(const char *service, const char *suffix, char *ret, size_t size)
{
    size_t n = (size_t)snprintf(ret, size, "TS_%s_%s", service, suffix);

    for (size_t i = 0; i < n && i < size; i++)
        ret[i] = ret[i] == '-' ? '_' : (char)toupper((unsigned char)ret[i]);
}

/* False with words: not ready. True with words: ready, but something is not well. */
static bool is_ready(void *context, ts_error *why)
{
    ts_process *p = context;
    bool well = true;

    ts_error_set(why, "", "%s", "");
    if (!atomic_load(&p->ready)) {
        ts_error_set(why, "", "starting or stopping");
        return false;
    }
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; well && i < p->remark_count; i++)
        well = p->remarks[i].well(p->remarks[i].context, why);
    pthread_mutex_unlock(&p->lock);
    return true;
}

static void print_help(const ts_process_options *o, const ts_config_table *tables, size_t count)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(MISTAKES_MAX);

    ts_buf_printf(
        &text,
        "ts-%s %s: %s\n\n"
        "  --help          this text\n"
        "  --check-config  the settings in force, or whatever a start would refuse about them\n"
        "  --stop-seconds  how long a stop may take with these settings\n"
        "  --health        what a running ts-%s says of itself; exit 0 if it is ready\n"
        "  --version       the version\n\n"
        "Settings, from the environment:\n\n",
        o->name, TS_VERSION, o->summary, o->name);
    ts_config_help(tables, count, &text);
    ts_buf_printf(
        &text,
        "  TS_BUS_DIR (data/run/bus)  directory of the bus's ipc sockets\n"
        "  TS_BUS_<SERVICE> (ipc)     address of a service: ipc://path, tcp://host:port, "
        "tls+tcp://host:port\n"
        "  TS_BUS_TLS_CA, TS_BUS_TLS_CERT  PEM files for tls+tcp\n"
        "  TS_BUS_SILENCE_MS (5000)  silence after which a peer is asked for a sign of life\n");
    fwrite(text.data, 1, text.size, stdout);
}

/* What the process says goes to whoever asks: an engine's log of health checks, up.sh. */
static int print_health(const common_config *config)
{
    char words[TS_PROBE_WORDS_SIZE];
    bool ready = ts_ops_probe(config->ops_address, config->ops_port, words);

    printf("%s\n", words);
    return ready ? 0 : 1;
}

/* How long a stop may take, in whole seconds. */
static int64_t stop_seconds(const ts_process_options *o)
{
    return (*o->drain_ms + o->farewell_ms + TS_STOP_MARGIN_MS + 999) / 1000;
}

/* A drain that would be cut short by whoever stops us promises what it cannot keep. */
static ts_status check_stop(const ts_process_options *o, const common_config *config,
                            ts_buf *mistakes)
{
    ts_error err = { "", "" };
    int64_t needed = stop_seconds(o);

    if (config->stop_s == 0 || needed <= config->stop_s)
        return TS_OK;
    variable_name(o->name, "DRAIN_MS", err.param, sizeof(err.param));
    snprintf(err.text, sizeof(err.text),
             "with it a stop may take %lld s, and after %lld s (TS_STOP_S) the process is killed",
             (long long)needed, (long long)config->stop_s);
    ts_config_mistake(mistakes, &err);
    return TS_INVALID;
}

/* What a start with these settings would stumble over, beyond the tables. */
static void look_further(const ts_process_options *o, const common_config *config, ts_buf *mistakes)
{
    ts_error err = { "", "" };
    size_t count = 0;

    if (ts_ops_check(config->ops_address, &err) != TS_OK) {
        variable_name(o->name, "OPS_ADDRESS", err.param, sizeof(err.param));
        ts_config_mistake(mistakes, &err);
    }
    while (o->peers != NULL && o->peers[count] != NULL)
        count++;
    ts_bus_check(o->peers, count, mistakes);
    if (o->check != NULL)
        o->check(o->config, mistakes);
}

/* The settings in force, or all mistakes. */
static int check_config(const ts_process_options *o, const common_config *config,
                        const ts_config_table *tables, size_t count)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(MISTAKES_MAX);
    bool is_fine;

    look_further(o, config, &text);
    is_fine = text.size == 0;
    if (is_fine)
        ts_config_print(tables, count, &text);
    fwrite(text.data, 1, text.size, is_fine ? stdout : stderr);
    return is_fine ? 0 : 2;
}

static ts_status configure(const ts_process_options *o, ts_process *p, int argc, char **argv,
                           int *ret_exit)
{
    char address_variable[64];
    char port_variable[64];
    char level_variable[64];
    char port_text[16];
    char prefix[64];
    ts_config_item common[] = {
        { TS_CONFIG_TEXT, offsetof(common_config, ops_address), address_variable, "127.0.0.1", 0, 0,
          "address of the ops port" },
        { TS_CONFIG_NUM, offsetof(common_config, ops_port), port_variable, port_text, 1, 65535,
          "ops port: /healthz, /readyz, /metrics" },
        { TS_CONFIG_TEXT, offsetof(common_config, log_level), level_variable, "info", 0, 0,
          "debug, info, warn or error" },
        { TS_CONFIG_NUM, offsetof(common_config, stop_s), "TS_STOP_S", "0", 0, STOP_S_MAX,
          "s after which whoever stops this process kills it; a drain that takes longer is "
          "refused. 0: not known" },
    };
    ts_config_table tables[] = { { common, TS_COUNT(common), &p->config },
                                 { o->items, o->item_count, o->config } };
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(MISTAKES_MAX);
    const char *option = argc > 1 ? argv[1] : "";
    ts_log_level level = TS_LOG_INFO;
    ts_status st;

    variable_name(o->name, "OPS_ADDRESS", address_variable, sizeof(address_variable));
    variable_name(o->name, "OPS_PORT", port_variable, sizeof(port_variable));
    variable_name(o->name, "LOG_LEVEL", level_variable, sizeof(level_variable));
    variable_name(o->name, "", prefix, sizeof(prefix));
    snprintf(port_text, sizeof(port_text), "%d", o->ops_port);

    *ret_exit = 0;
    if (strcmp(option, "--help") == 0) {
        print_help(o, tables, TS_COUNT(tables));
        return TS_CONFLICT;
    }
    if (strcmp(option, "--version") == 0) {
        printf("ts-%s %s\n", o->name, TS_VERSION);
        return TS_CONFLICT;
    }
    *ret_exit = 2;
    if (argc > 2 || (argc > 1 && strcmp(option, "--check-config") != 0 &&
                     strcmp(option, "--stop-seconds") != 0 && strcmp(option, "--health") != 0)) {
        fprintf(stderr, "ts-%s: unknown option %s (try --help)\n", o->name, argv[argc - 1]);
        return TS_INVALID;
    }
    st = ts_config_load(tables, TS_COUNT(tables), prefix, environ, &text);
    if (ts_log_level_parse(ts_str_of(p->config.log_level), &level) != TS_OK) {
        ts_buf_printf(&text, "%s must be debug, info, warn or error\n", level_variable);
        st = TS_INVALID;
    }
    if (st == TS_OK && strcmp(option, "--stop-seconds") == 0) {
        printf("%lld\n", (long long)stop_seconds(o));
        *ret_exit = 0;
        return TS_CONFLICT;
    }
    if (st == TS_OK && strcmp(option, "--health") == 0) {
        *ret_exit = print_health(&p->config);
        return TS_CONFLICT;
    }
    if (st == TS_OK)
        st = check_stop(o, &p->config, &text);
    if (st != TS_OK) {
        fwrite(text.data, 1, text.size, stderr);
        return TS_INVALID;
    }
    if (strcmp(option, "--check-config") == 0) {
        *ret_exit = check_config(o, &p->config, tables, TS_COUNT(tables));
        return TS_CONFLICT;
    }
    p->log_level = level;
    ts_log_init(o->name, level);
    return TS_OK;
}

bool ts_process_probe(const char *address, int64_t port, char ret_words[TS_PROBE_WORDS_SIZE])
{
    return ts_ops_probe(address, port, ret_words);
}

/* Those that ts_process_wait() waits for. */
static sigset_t awaited_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    return set;
}

static void block_signals(void)
{
    sigset_t set = awaited_signals();

    pthread_sigmask(SIG_BLOCK, &set, NULL); /* threads that start later inherit it */
    signal(SIGPIPE, SIG_IGN);
}

ts_status ts_process_begin(const ts_process_options *options, int argc, char **argv,
                           ts_process **ret, int *ret_exit)
{
    ts_process *p = calloc(1, sizeof(*p));
    ts_error err = { "", "" };
    char labels[96];
    ts_status st;

    *ret_exit = 2;
    if (p == NULL)
        return TS_NOMEM;
    p->name = options->name;
    pthread_mutex_init(&p->lock, NULL);
    /* Many threads, few of them busy: an arena per core would cost more resident memory than it
     * wins. */
    mallopt(M_ARENA_MAX, 2);
    st = configure(options, p, argc, argv, ret_exit);
    if (st != TS_OK) {
        pthread_mutex_destroy(&p->lock);
        free(p);
        return st;
    }
    block_signals();
    st = ts_ops_start(p->config.ops_address, p->config.ops_port, is_ready, p, &p->ops, &err);
    if (st != TS_OK) {
        ts_log_error(TS_MSG("cannot start"), TS_F_Z("reason", err.text));
        *ret_exit = 1;
        pthread_mutex_destroy(&p->lock);
        free(p);
        return st;
    }
    p->ready_metric = ts_gauge("ts_ready", "", "1 while the process takes work");
    snprintf(labels, sizeof(labels), "version=\"%s\",process=\"%s\"", TS_VERSION, p->name);
    ts_metric_set(ts_gauge("ts_build_info", labels, "always 1; the labels say what runs"), 1);
    ts_info(TS_MSG("starting"), TS_F_Z("version", TS_VERSION), TS_F_I64("pid", getpid()));
    *ret = p;
    return TS_OK;
}

void ts_process_ready(ts_process *p, bool ready)
{
    ts_metric_set(p->ready_metric, ready ? 1 : 0);
    if (atomic_exchange(&p->ready, ready) != ready)
        ts_info(ready ? TS_MSG("ready") : TS_MSG("not ready"));
}

void ts_process_remark(ts_process *p, bool (*well)(void *context, ts_error *why), void *context)
{
    pthread_mutex_lock(&p->lock);
    if (p->remark_count < REMARKS_MAX) {
        p->remarks[p->remark_count].well = well;
        p->remarks[p->remark_count++].context = context;
    }
    pthread_mutex_unlock(&p->lock);
}

void ts_process_unremark(ts_process *p)
{
    pthread_mutex_lock(&p->lock);
    p->remark_count = 0;
    pthread_mutex_unlock(&p->lock);
}

/* SIGUSR1: everything is logged; SIGUSR2: as the settings say. Said at a level that neither leaves out. */
static void change_level(ts_process *p, int number)
{
    bool is_debug = number == SIGUSR1;

    ts_log_set_level(is_debug ? TS_LOG_DEBUG : p->log_level);
    ts_warn(TS_MSG("log level changed"), TS_F_Z("level", is_debug ? "debug" : p->config.log_level));
}

void ts_process_wait(ts_process *p, void (*on_hup)(void *context), void *context)
{
    sigset_t set = awaited_signals();
    int number = 0;

    for (;;) {
        if (sigwait(&set, &number) != 0)
            continue;
        if (number == SIGTERM || number == SIGINT)
            break;
        if (number == SIGUSR1 || number == SIGUSR2)
            change_level(p, number);
        else if (on_hup != NULL)
            on_hup(context);
    }
    ts_info(TS_MSG("stopping"), TS_F_I64("signal", number));
    ts_process_ready(p, false);
}

/* Makes ts_process_wait() return as after SIGTERM. Any thread. */
static void fail(ts_process *p, int exit_code)
{
    atomic_store(&p->exit_code, exit_code);
    kill(getpid(), SIGTERM);
}

int ts_process_end(ts_process *p)
{
    int exit_code = atomic_load(&p->exit_code);

    ts_ops_stop(p->ops);
    ts_info(TS_MSG("stopped"), TS_F_I64("exit_code", exit_code));
    pthread_mutex_destroy(&p->lock);
    free(p);
    return exit_code;
}

const char *ts_process_bus(const ts_process *p, const char *peer)
{
    ts_process *self = (ts_process *)(uintptr_t)p;

    for (size_t i = 0; i < self->peer_count; i++) {
        if (strcmp(self->peers[i].name, peer) == 0)
            return self->peers[i].address;
    }
    if (self->peer_count == PEERS_MAX)
        return "";
    snprintf(self->peers[self->peer_count].name, sizeof(self->peers[0].name), "%s", peer);
    ts_bus_address(peer, self->peers[self->peer_count].address);
    return self->peers[self->peer_count++].address;
}

int ts_process_main(const ts_process_options *options, int argc, char **argv, ts_process_run *run)
{
    ts_process *p = NULL;
    ts_error err = { "", "" };
    int exit_code = 2;

    if (ts_process_begin(options, argc, argv, &p, &exit_code) != TS_OK)
        return exit_code;
    if (run(options->config, p, &err) != TS_OK) {
        ts_log_error(TS_MSG("cannot run"), TS_F_Z("reason", err.text));
        fail(p, 1);
    }
    return ts_process_end(p);
}

void ts_process_store_failed(void *process)
{
    ts_log_error(TS_MSG("the store failed, ending to start again from the disk"));
    fail(process, 1);
}
