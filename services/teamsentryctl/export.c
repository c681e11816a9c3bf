/* org export: every row that any store keeps of an organization, as lines of JSON, page by page. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "command.h"
#include "ts/tenancy.h"
#include "ts/time.h"

#define PAGE_MS     30000
#define PAGE_ARENA  (64u << 20)
#define PART_SUFFIX ".part"
#define PATH_BYTES  4096

typedef struct store_method {
    const char *service;
    const ts_method *method;
} store_method;

static const store_method stores[] = { { "auth", &ts_auth_export },
                                       { "risk", &ts_risk_export },
                                       { "incidents", &ts_incidents_export },
                                       { "ai-usage", &ts_aiusage_export },
                                       { "webhooks", &ts_webhooks_export } };

typedef struct export
{
    ctl *c;
    const Ts__Auth__Organization *org;
    FILE *to;
    const char *to_name;
    ts_arena *arena; /* of one page */
    uint64_t rows;
}
export;

/* Nothing leaves before the audit log knows of it. */
static ts_status record(const export *e)
{
    Ts__Auth__RecordAuditRequest request = TS__AUTH__RECORD_AUDIT_REQUEST__INIT;
    Ts__AuditEntry entry = TS__AUDIT_ENTRY__INIT;
    ProtobufCMessage *reply = NULL;

    entry.action = (char *)(uintptr_t) "organization.exported"; /* only packed */
    entry.object = e->org->id;
    entry.actor = (char *)(uintptr_t)CTL_SELF;
    entry.at_ms = ts_wall_ms();
    request.entry = &entry;
    return ctl_call_for(e->c, "auth", (ts_tenant){ e->org->number, TS_MODE_LIVE },
                        &ts_auth_record_audit, &request.base, &reply);
}

static ts_status write_page(export *e, const Ts__ExportReply *page)
{
    for (size_t i = 0; i < page->n_rows; i++) {
        if (fputs(page->rows[i], e->to) == EOF || fputc('\n', e->to) == EOF)
            return ts_fail(&e->c->error, TS_UNAVAILABLE, "--out", "cannot write to %s: %s",
                           e->to_name, strerrordesc_np(errno));
    }
    e->rows += page->n_rows;
    return TS_OK;
}

static ts_status export_store(export *e, const store_method *store)
{
    TS_CLEANUP(ts_peer_free_p) ts_peer *peer = NULL;
    TS_CLEANUP(ts_buf_done) ts_buf cursor = TS_BUF_INIT(PATH_BYTES);
    Ts__ExportRequest request = TS__EXPORT_REQUEST__INIT;
    ts_status st = ctl_peer(e->c, store->service, &peer);

    request.limit = TS_EXPORT_ROWS_MAX;
    while (st == TS_OK) {
        ProtobufCMessage *reply = NULL;
        const Ts__ExportReply *page;

        ts_arena_reset(e->arena);
        st = ctl_call_on(e->c, peer, store->service, (ts_tenant){ e->org->number, TS_MODE_LIVE },
                         store->method, &request.base, PAGE_MS, e->arena, &reply);
        if (st != TS_OK)
            break;
        page = (const Ts__ExportReply *)reply;
        st = write_page(e, page);
        if (page->cursor.len == 0)
            break;
        ts_buf_clear(&cursor);
        ts_buf_add(&cursor, page->cursor.data, page->cursor.len);
        if (st == TS_OK)
            st = ts_buf_status(&cursor);
        request.cursor.data = (uint8_t *)cursor.data;
        request.cursor.len = cursor.size;
    }
    return st;
}

static ts_status export_all(export *e)
{
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(PAGE_ARENA);
    ts_status st = arena == NULL ? TS_NOMEM : TS_OK;

    e->arena = arena;
    /* Of one that is deleted auth keeps the audit log, the first of the stores; others have nothing and say so by refusing. */
    for (size_t i = 0; i < TS_COUNT(stores) && st == TS_OK; i++) {
        if (i == 0 || strcmp(e->org->status, "deleted") != 0)
            st = export_store(e, &stores[i]);
    }
    return st;
}

/* Half a file is none: it gets its name when it is whole and on the disk. */
static ts_status export_to_file(export *e, const char *path)
{
    char part[PATH_BYTES];
    int n = snprintf(part, sizeof(part), "%s" PART_SUFFIX, path);
    int fd = n > 0 && (size_t)n < sizeof(part)
                 ? open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
                 : -1;
    ts_status st;

    e->to = fd < 0 ? NULL : fdopen(fd, "w");
    if (e->to == NULL)
        return ts_fail(&e->c->error, TS_INVALID, "--out", "cannot write %s: %s", path,
                       strerrordesc_np(errno));
    e->to_name = path;
    st = export_all(e);
    if (st == TS_OK && (fflush(e->to) != 0 || fsync(fd) != 0))
        st = ts_fail(&e->c->error, TS_UNAVAILABLE, "--out", "cannot write to %s: %s", path,
                     strerrordesc_np(errno));
    if (fclose(e->to) != 0 && st == TS_OK)
        st = TS_UNAVAILABLE;
    if (st == TS_OK && rename(part, path) != 0)
        st = ts_fail(&e->c->error, TS_UNAVAILABLE, "--out", "cannot rename %s: %s", part,
                     strerrordesc_np(errno));
    if (st != TS_OK)
        (void)unlink(part);
    return st;
}

static ts_status export_to_stdout(export *e)
{
    ts_status st;

    e->to = stdout;
    e->to_name = "the standard output";
    st = export_all(e);
    if (fflush(stdout) != 0 && st == TS_OK)
        st = ts_fail(&e->c->error, TS_UNAVAILABLE, "--out", "cannot write to %s: %s", e->to_name,
                     strerrordesc_np(errno));
    return st;
}

ts_status ctl_org_export(ctl *c)
{
    const char *path = c->options[CTL_OUT];
    export e = { .c = c };
    ts_status st = ctl_find_org(c, c->args[0], &e.org);

    if (st == TS_OK)
        st = record(&e);
    if (st == TS_OK)
        st = path == NULL ? export_to_stdout(&e) : export_to_file(&e, path);
    if (st != TS_OK || path == NULL)
        return st; /* on the standard output there is nothing but rows */
    if (!ctl_wants_json(c)) {
        ts_buf_printf(c->out, "%llu rows of %s in %s\n", (unsigned long long)e.rows, e.org->id,
                      path);
        return TS_OK;
    }
    ts_jsonw_object(&c->json);
    ts_jsonw_kz(&c->json, "organization_id", e.org->id);
    ts_jsonw_ki64(&c->json, "rows", (int64_t)e.rows);
    ts_jsonw_kz(&c->json, "file", path);
    ts_jsonw_object_end(&c->json);
    return TS_OK;
}
