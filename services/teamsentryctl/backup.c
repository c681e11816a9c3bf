/* backup: one cut across all stores (ts/backup.h), each as a directory of its own, and a manifest that is written last: without
 * it the backup is not whole. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "ts/backup.h"
#include "ts/id.h"
#include "ts/process.h"
#include "ts/time.h"

#define LEASE_MS 60000
#define STEP_MS  10000
#define CHECKPOINT_MS                                                                              \
    50000 /* less than the lease: a copy that takes longer is no part of the cut anyway */
#define QUIET_MS       30000
#define LOOK_AGAIN_MS  50
#define MANIFEST_BYTES 4096

typedef struct member {
    const char *service;
    const ts_method *method;
    ts_peer *peer;
} member;

typedef struct backup {
    ctl *c;
    uint64_t id;
    char directory[PATH_MAX];
    member members[5];
} backup;

static ts_status step(backup *b, const member *m, Ts__BackupRequest *request, int64_t patience_ms,
                      const Ts__BackupReply **ret)
{
    ProtobufCMessage *reply = NULL;
    ts_status st;

    request->id = b->id;
    st = ctl_call_on(b->c, m->peer, m->service, (ts_tenant){ 0, TS_MODE_LIVE }, m->method,
                     &request->base, patience_ms, b->c->arena, &reply);
    *ret = (const Ts__BackupReply *)reply;
    return st;
}

/* All relays, from now for LEASE_MS. */
static ts_status pause_all(backup *b, bool *ret_quiet)
{
    ts_status st = TS_OK;

    *ret_quiet = true;
    for (size_t i = 0; i < TS_COUNT(b->members) && st == TS_OK; i++) {
        Ts__BackupRequest request = TS__BACKUP_REQUEST__INIT;
        const Ts__BackupReply *reply = NULL;

        request.step = (char *)(uintptr_t) "pause"; /* only packed */
        request.lease_ms = LEASE_MS;
        st = step(b, &b->members[i], &request, STEP_MS, &reply);
        if (st == TS_OK && !reply->quiet)
            *ret_quiet = false;
    }
    return st;
}

/* Who is quiet stays so while the pause lasts. */
static ts_status wait_until_quiet(backup *b)
{
    int64_t until_ms = ts_boot_ms() + QUIET_MS;
    struct timespec pause = { 0, LOOK_AGAIN_MS * 1000000L };
    bool quiet = false;
    ts_status st;

    for (;;) {
        st = pause_all(b, &quiet);
        if (st != TS_OK || quiet)
            return st;
        if (ts_boot_ms() >= until_ms)
            return ts_fail(&b->c->error, TS_UNAVAILABLE, "",
                           "rows are still on their way between services after %d s",
                           QUIET_MS / 1000);
        nanosleep(&pause, NULL);
    }
}

static ts_status copy_all(backup *b)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < TS_COUNT(b->members) && st == TS_OK; i++) {
        Ts__BackupRequest request = TS__BACKUP_REQUEST__INIT;
        const Ts__BackupReply *reply = NULL;
        char path[PATH_MAX + 32];
        bool quiet;

        snprintf(path, sizeof(path), "%s/%s", b->directory, b->members[i].service);
        request.step = (char *)(uintptr_t) "checkpoint"; /* only packed */
        request.directory = path;
        st = step(b, &b->members[i], &request, CHECKPOINT_MS, &reply);
        if (st == TS_OK)
            st = pause_all(b, &quiet);
    }
    return st;
}

/* Also after a failure: nobody shall wait for the lease's end. */
static ts_status resume_all(backup *b)
{
    ts_status failed = TS_OK;

    for (size_t i = 0; i < TS_COUNT(b->members); i++) {
        Ts__BackupRequest request = TS__BACKUP_REQUEST__INIT;
        const Ts__BackupReply *reply = NULL;
        ts_status st;

        if (b->members[i].peer == NULL)
            continue;
        request.step = (char *)(uintptr_t) "resume"; /* only packed */
        st = step(b, &b->members[i], &request, STEP_MS, &reply);
        if (st == TS_OK && !reply->held)
            st = ts_fail(&b->c->error, TS_CONFLICT, "",
                         "the pause of %s did not last: the copies are not of one moment",
                         b->members[i].service);
        if (failed == TS_OK)
            failed = st;
    }
    return failed;
}

static ts_status make_directory(backup *b, const char *path)
{
    if (mkdir(path, 0700) != 0)
        return ts_fail(&b->c->error, errno == EEXIST ? TS_CONFLICT : TS_INVALID, "--out",
                       "cannot make %s: %s", path, strerrordesc_np(errno));
    if (realpath(path, b->directory) == NULL)
        return ts_fail(&b->c->error, TS_INVALID, "--out", "cannot find %s: %s", path,
                       strerrordesc_np(errno));
    return TS_OK;
}

static void put_manifest(const backup *b, ts_jsonw *w)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "version", TS_VERSION);
    ts_jsonw_ktime(w, "created_at", ts_wall_ms());
    ts_jsonw_kz(w, "directory", b->directory);
    ts_jsonw_key(w, "stores");
    ts_jsonw_array(w);
    for (size_t i = 0; i < TS_COUNT(b->members); i++)
        ts_jsonw_z(w, b->members[i].service);
    ts_jsonw_array_end(w);
    ts_jsonw_object_end(w);
}

static ts_status write_manifest(const backup *b)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(PATH_MAX + MANIFEST_BYTES);
    char path[PATH_MAX + 32];
    ts_jsonw w = ts_jsonw_on(&text);
    bool written;
    int fd;

    put_manifest(b, &w);
    ts_buf_char(&text, '\n');
    if (ts_buf_status(&text) != TS_OK)
        return TS_NOMEM;
    snprintf(path, sizeof(path), "%s/manifest.json", b->directory);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    written = fd >= 0 && write(fd, text.data, text.size) == (ssize_t)text.size && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0)
        written = false;
    return written ? TS_OK
                   : ts_fail(&b->c->error, TS_UNAVAILABLE, "--out", "cannot write %s: %s", path,
                             strerrordesc_np(errno));
}

static ts_status run(backup *b)
{
    ts_status st = TS_OK;
    ts_status resumed;

    for (size_t i = 0; i < TS_COUNT(b->members) && st == TS_OK; i++)
        st = ctl_peer(b->c, b->members[i].service, &b->members[i].peer);
    if (st == TS_OK)
        st = wait_until_quiet(b);
    if (st == TS_OK)
        st = copy_all(b);
    resumed = resume_all(b);
    for (size_t i = 0; i < TS_COUNT(b->members); i++)
        ts_peer_free(b->members[i].peer);
    return st == TS_OK ? resumed : st;
}

ts_status ctl_backup(ctl *c)
{
    backup b = { .c = c,
                 .members = { { "auth", &ts_auth_backup, NULL },
                              { "risk", &ts_risk_backup, NULL },
                              { "incidents", &ts_incidents_backup, NULL },
                              { "ai-usage", &ts_aiusage_backup, NULL },
                              { "webhooks", &ts_webhooks_backup, NULL } } };
    ts_status st = ts_random(&b.id, sizeof(b.id));

    b.id |= 1; /* 0 is none */
    if (st == TS_OK && c->options[CTL_OUT] == NULL)
        return ts_fail(&c->error, TS_INVALID, "--out", "--out is needed: where does it go?");
    if (st == TS_OK)
        st = make_directory(&b, c->options[CTL_OUT]);
    if (st == TS_OK)
        st = run(&b);
    if (st == TS_OK)
        st = write_manifest(&b);
    if (st != TS_OK)
        return st;
    if (ctl_wants_json(c))
        put_manifest(&b, &c->json);
    else
        ts_buf_printf(c->out, "%zu stores in %s\n", TS_COUNT(b.members), b.directory);
    return TS_OK;
}
