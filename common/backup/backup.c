#include "ts/backup.h"

#include <sys/stat.h>

static ts_status pause_relays(ts_store *store, ts_call *call, const Ts__BackupRequest *req,
                              Ts__BackupReply *rep)
{
    ts_status st;

    if (req->lease_ms < TS_BACKUP_LEASE_MIN_MS || req->lease_ms > TS_BACKUP_LEASE_MAX_MS)
        return ts_fail(call->error, TS_INVALID, "lease_ms", "lease_ms must be between %d and %d",
                       TS_BACKUP_LEASE_MIN_MS, TS_BACKUP_LEASE_MAX_MS);
    st = ts_store_pause(store, req->id, req->lease_ms, call->error);
    if (st == TS_OK)
        rep->quiet = ts_store_is_quiet(store);
    return st;
}

static ts_status check_directory(const char *path, ts_error *err)
{
    struct stat found;

    if (path[0] != '/' || strstr(path, "/../") != NULL)
        return ts_fail(err, TS_INVALID, "directory", "directory must be an absolute path");
    if (lstat(path, &found) == 0)
        return ts_fail(err, TS_CONFLICT, "directory", "%s is there already", path);
    return TS_OK;
}

ts_status ts_backup_step(ts_store *store, ts_call *call, const ProtobufCMessage *in,
                         ProtobufCMessage *out)
{
    const Ts__BackupRequest *req = (const Ts__BackupRequest *)in;
    Ts__BackupReply *rep = (Ts__BackupReply *)out;
    ts_status st;

    if (req->id == 0)
        return ts_fail(call->error, TS_INVALID, "id", "id must not be 0");
    if (strcmp(req->step, "pause") == 0)
        return pause_relays(store, call, req, rep);
    if (strcmp(req->step, "checkpoint") == 0) {
        st = check_directory(req->directory, call->error);
        return st == TS_OK ? ts_store_checkpoint(store, req->directory, call->error) : st;
    }
    if (strcmp(req->step, "resume") == 0) {
        rep->held = ts_store_resume(store, req->id);
        return TS_OK;
    }
    return ts_fail(call->error, TS_INVALID, "step", "step must be pause, checkpoint or resume");
}
