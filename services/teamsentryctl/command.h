/* The commands of teamsentryctl, as data. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "proto/methods.h"
#include "ts/buf.h"
#include "ts/json.h"

#define CTL_ARGS_MAX 3
#define CTL_SELF     "ctl"

typedef enum ctl_option {
    CTL_JSON,
    CTL_TIER,
    CTL_NAME,
    CTL_MODE,
    CTL_PERMISSIONS,
    CTL_EXPIRES,
    CTL_STATUS,
    CTL_ENDPOINT,
    CTL_OVERLAP,
    CTL_SINCE,
    CTL_UNTIL,
    CTL_ACTOR,
    CTL_LIMIT,
    CTL_YES,
    CTL_OUT,
    CTL_OPTIONS,
} ctl_option;

#define CTL_TAKES(option) (1u << (option))

struct ctl;

typedef struct ctl_command {
    const char *group; /* "org"; "" for a command of one word */
    const char *verb;  /* "create" */
    const char *args;  /* "NAME", for the help; as many words as arguments */
    unsigned options;  /* CTL_TAKES() of those it understands; --json is understood by all */
    const char *help;
    ts_status (*run)(struct ctl *c);
} ctl_command;

/* Ends with a row whose run is NULL. */
extern const ctl_command ctl_commands[];

/* What was asked, and where the answer is written. */
typedef struct ctl {
    const ctl_command *command;
    const char *group; /* the first word, if it is a group's name; else "" */
    const char *args[CTL_ARGS_MAX];
    const char *options[CTL_OPTIONS]; /* NULL: not given */
    ts_arena *arena;
    ts_buf *out; /* printed at the end, if all went well */
    ts_jsonw json;
    ts_error error;
} ctl;

static inline bool ctl_wants_json(const ctl *c)
{
    return c->options[CTL_JSON] != NULL;
}

/* Pure: from the words of a command line to a command. TS_CONFLICT: --help was asked for (command may be NULL); TS_INVALID
 * with words that say what is right. */
TS_CHECK ts_status ctl_parse(int argc, const char *const *argv, ctl *ret);
/* The one command, else those of the group, else all. */
void ctl_help(const ctl *asked, ts_buf *out);

/* Values of options. Pure; TS_INVALID with words that say what is right. */
TS_CHECK ts_status ctl_parse_permissions(const char *text, uint64_t *ret, ts_error *err);
TS_CHECK ts_status ctl_parse_mode(const char *text, ts_mode *ret, ts_error *err);
/* A day is its first moment in UTC. `option` is for the words. */
TS_CHECK ts_status ctl_parse_time(const char *option, const char *text, int64_t *ret_ms,
                                  ts_error *err);
/* The same, or "never", which is 0. */
TS_CHECK ts_status ctl_parse_expires(const char *text, int64_t *ret_ms, ts_error *err);
TS_CHECK ts_status ctl_parse_number(const char *option, const char *text, uint32_t min,
                                    uint32_t max, uint32_t *ret, ts_error *err);
/* Text from monitored systems, without what a terminal would obey: control characters are shown as '?'. */
void ctl_plain(const char *text, ts_buf *out);

/* One call to a service as the operator. Statuses and words are the service's. */
TS_CHECK ts_status ctl_call(ctl *c, const char *service, const ts_method *method,
                            const ProtobufCMessage *in, ProtobufCMessage **ret);
/* The same for an organization. */
TS_CHECK ts_status ctl_call_for(ctl *c, const char *service, ts_tenant tenant,
                                const ts_method *method, const ProtobufCMessage *in,
                                ProtobufCMessage **ret);
/* For many calls to one service: the peer is the caller's to free, the answer lives in `arena`. */
TS_CHECK ts_status ctl_peer(ctl *c, const char *service, ts_peer **ret);
TS_CHECK ts_status ctl_call_on(ctl *c, ts_peer *peer, const char *service, ts_tenant tenant,
                               const ts_method *method, const ProtobufCMessage *in,
                               int64_t patience_ms, ts_arena *arena, ProtobufCMessage **ret);
/* An organization by its id, or by its name if only one that is not deleted has it. */
TS_CHECK ts_status ctl_find_org(ctl *c, const char *text, const Ts__Auth__Organization **ret);

ts_status ctl_org_create(ctl *c);
ts_status ctl_org_list(ctl *c);
ts_status ctl_org_show(ctl *c);
ts_status ctl_org_rename(ctl *c);
ts_status ctl_org_tier(ctl *c);
ts_status ctl_org_suspend(ctl *c);
ts_status ctl_org_resume(ctl *c);
ts_status ctl_org_delete(ctl *c);
ts_status ctl_org_export(ctl *c);
ts_status ctl_key_create(ctl *c);
ts_status ctl_key_list(ctl *c);
ts_status ctl_key_show(ctl *c);
ts_status ctl_key_update(ctl *c);
ts_status ctl_key_rotate(ctl *c);
ts_status ctl_key_revoke(ctl *c);
ts_status ctl_webhooks_endpoints(ctl *c);
ts_status ctl_webhooks_events(ctl *c);
ts_status ctl_webhooks_replay(ctl *c);
ts_status ctl_webhooks_replay_failed(ctl *c);
ts_status ctl_audit_list(ctl *c);
ts_status ctl_audit_verify(ctl *c);
ts_status ctl_backup(ctl *c);
ts_status ctl_status(ctl *c);

#endif
