/* The skeleton that every process of the suite shares: settings, logging, signals, ops port, ready,
 * drain.
 *
 *   ts_process_begin()  settings from the environment, --help, --check-config, --stop-seconds, --version, --health; logging; signals
 *                       blocked; ops port with /healthz /readyz /metrics (answers 503 on /readyz until ready)
 *   ... open the store, start the RPC server and relays ...
 *   ts_process_ready()  /readyz answers 200
 *   ts_process_wait()   until SIGTERM or SIGINT
 *   ... stop in reverse order ...
 *   ts_process_end()
 */
#ifndef TS_PROCESS_H
#define TS_PROCESS_H

#include "ts/config.h"

#define TS_VERSION "0.1.0"

typedef struct ts_process ts_process;

typedef struct ts_process_options {
    const char *name;            /* "auth", "ai-usage" */
    const char *summary;         /* one line for --help */
    int ops_port;                /* default of TS_<NAME>_OPS_PORT */
    const ts_config_item *items; /* the service's own settings */
    size_t item_count;
    void *config; /* the service's struct */
    const char *const *
        peers; /* services whose addresses on the bus it uses, its own among them; NULL ends them */
    /* For --check-config: whatever else run() would refuse about the settings, a line each. What is only so at present (a port that
     * is taken, a store that is open) is none of it. NULL: nothing. */
    void (*check)(const void *config, ts_buf *mistakes);
    const int64_t *drain_ms; /* in the struct: how long a stop waits for what is in work... */
    int64_t farewell_ms;     /* ... and for others afterwards */
} ts_process_options;

/* What comes in a stop beside its waits: stores are closed, memory is given back. */
#define TS_STOP_MARGIN_MS 2000

/* TS_OK: go on. Otherwise *ret_exit is what main returns (0 after --help; 2 on mistakes, already
 * printed). */
TS_CHECK ts_status ts_process_begin(const ts_process_options *options, int argc, char **argv,
                                    ts_process **ret, int *ret_exit);
void ts_process_ready(ts_process *p, bool ready);
/* Something that /readyz tells beside "ready", e.g. that the disk is nearly full: `well` is asked at each probe; false with
 * words. It stays 200: what is not well takes no reader away. */
void ts_process_remark(ts_process *p, bool (*well)(void *context, ts_error *why), void *context);
/* Takes all remarks back, before what they look at is freed. */
void ts_process_unremark(ts_process *p);
/* Blocks until SIGTERM or SIGINT, then answers /readyz with 503. SIGHUP calls `on_hup` (may be
 * NULL) and goes on; SIGUSR1 logs at level debug from now on, SIGUSR2 at the level of the settings again. */
void ts_process_wait(ts_process *p, void (*on_hup)(void *context), void *context);
/* Stops the ops port, frees, returns main's exit code. */
int ts_process_end(ts_process *p);

/* A whole main(): begin, `run`, end. `run` opens what it needs, says ready, waits, and takes everything down again; what it
 * fails with is logged and makes the exit code 1. `config` is the options' struct. */
typedef ts_status ts_process_run(const void *config, ts_process *p, ts_error *err);
int ts_process_main(const ts_process_options *options, int argc, char **argv, ts_process_run *run);
/* For ts_store_on_failure(), with the process as its context: ends it, to start again from the disk. */
void ts_process_store_failed(void *process);

/* Is the process behind this ops port ready? Asks its /readyz; blocks up to 3 s. What it says, or that nobody answers, is
 * copied as one line. */
#define TS_PROBE_WORDS_SIZE 256
bool ts_process_probe(const char *address, int64_t port, char ret_words[TS_PROBE_WORDS_SIZE]);

/* Address of a peer on the bus: TS_BUS_<PEER>, else ipc in TS_BUS_DIR. Lives as long as the
 * process. Not thread-safe: by the thread that starts it. */
const char *ts_process_bus(const ts_process *p, const char *peer);

#endif
