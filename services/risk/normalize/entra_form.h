/* What the kinds of Entra records share. Inner to the normaliser: entra.c decides what a record is, entra_signin.c, entra_audit.c
 * and entra_risk.c make its event. */
#ifndef RISK_ENTRA_FORM_H
#define RISK_ENTRA_FORM_H

#include "normalize/intake.h"

/* A record on its way. */
typedef struct entra_form {
    const risk_intake *in;
    ts_json top;  /* the whole record */
    ts_json body; /* `properties`, or the whole record where there is none */
    bool is_diagnostic;
} entra_form;

/* Values at a path of names joined by '.', in either case. */
bool entra_get(ts_json object, const char *path, ts_json *ret);
/* As text; what stands for nothing ("null", "<null>", "") is empty. */
ts_str entra_text_in(const risk_intake *in, ts_json object, const char *path);
/* Of the body, and of what stands around it if it is not there. */
ts_str entra_text(const entra_form *f, const char *path);

/* The event's time: the first of two members that there is. */
TS_CHECK ts_status entra_begin(const entra_form *f, const char *field, const char *otherwise,
                               risk_record **ret, ts_error *err);
/* Sets action, type, address and user agent, cleaned. */
TS_CHECK ts_status entra_describe(const entra_form *f, risk_record *rec, ts_str action, ts_str type,
                                  ts_str ip, ts_str user_agent);
/* A name of our own or of a rule's: left out if the value is empty. */
TS_CHECK ts_status entra_field(const entra_form *f, risk_record *rec, const char *name,
                               ts_str value);
/* What all events have, from what is set so far, and the id. */
TS_CHECK ts_status entra_common(const entra_form *f, risk_record *rec, const char *own_id);
/* The last step: the record under Microsoft's names, what is in `properties` as if it stood on top. Long records have more fields
 * than are laid out: what rules ask for comes before. */
TS_CHECK ts_status entra_members(const entra_form *f, risk_record *rec);

TS_CHECK ts_status entra_signin(const entra_form *f, const char *category, ts_error *err);
TS_CHECK ts_status entra_audit(const entra_form *f, ts_error *err);
TS_CHECK ts_status entra_risk(const entra_form *f, const char *category, ts_error *err);

#endif
