/* Whom an event is about. Users come from the directory and from actors of successful events in the
 * organization's own domains, which are learned from successful sign-ins and administrators' acts;
 * an account warning of the source names an account that exists. A name that somebody merely tried
 * creates nobody. */
#ifndef RISK_IDENTIFY_H
#define RISK_IDENTIFY_H

#include "record.h"
#include "work.h"

/* What one unit of work knows of own domains. Zeroed but for users_max: nothing yet. */
typedef struct risk_domains {
    risk_map known;         /* domain -> itself */
    uint64_t users_max;     /* of the organization: with so many no further one is made */
    uint64_t users_refused; /* that were not made for that */
} risk_domains;

/* *ret is NULL if the event is about nobody of the organization. */
TS_CHECK ts_status risk_identify(risk_work *w, risk_domains *domains, const risk_record *record,
                                 work_user **ret);

#endif
