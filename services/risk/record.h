#ifndef RISK_RECORD_H
#define RISK_RECORD_H

#include "proto/methods.h"
#include "ts/base.h"

/* What an event means, whichever source tells of it: what behaviour, users and apps are made of. A rule asks for it as `category` of
 * its logsource. Acts of apps, on files and of AI tools came about: risk_source_normalize takes the kind from those that failed. */
typedef enum risk_kind {
    RISK_KIND_OTHER,
    RISK_KIND_SIGN_IN,    /* to the workspace itself; `outcome` says whether it came to it */
    RISK_KIND_SSO,        /* to another application with the workspace's account */
    RISK_KIND_WARNING,    /* the source's word about an account: nobody's act */
    RISK_KIND_ACCOUNT,    /* settings of one's own account, and how one proves who one is */
    RISK_KIND_ADMIN,      /* an administrator's act */
    RISK_KIND_APP_GRANT,  /* fields client_id, app_name, scope: an app is given access */
    RISK_KIND_APP_USE,    /* client_id, app_name, perhaps scope: an app uses its access */
    RISK_KIND_APP_REVOKE, /* client_id, app_name: its access is taken away */
    RISK_KIND_FILE, /* with files, but none of the following, or a consequence of one of them */
    RISK_KIND_FILE_VIEW,
    RISK_KIND_FILE_TAKE,  /* downloaded, copied or printed */
    RISK_KIND_FILE_SHARE, /* opened to the outside */
    RISK_KIND_FILE_DELETE,
    RISK_KIND_AI, /* an AI tool of the workspace itself is used */
} risk_kind;
#define RISK_KINDS 15

/* "sign_in". */
const char *risk_kind_name(risk_kind kind);
/* "File downloaded, copied or printed". */
const char *risk_kind_words(risk_kind kind);
/* False if there is none of that name. */
bool risk_kind_of(ts_str name, risk_kind *ret);

/* A name may repeat: multi-valued. */
typedef struct risk_field {
    ts_str name;
    ts_str value;
} risk_field;

/* One normalised event and the flat view of its fields that detections read. Lives in the arena it
 * was made in. */
typedef struct risk_record {
    Ts__Risk__Event *event;
    risk_kind kind;
    bool
        may_be_foreign; /* a warning of a product that sees more than the organization's accounts */
    risk_field *fields;
    size_t field_count;
    size_t field_capacity;
    uint32_t index; /* position of its source record in the body: one source record may hold several
                       events */
} risk_record;

/* The first value of a field by its exact name; TS_STR_NULL if there is none. */
ts_str risk_record_field(const risk_record *record, const char *name);

#endif
