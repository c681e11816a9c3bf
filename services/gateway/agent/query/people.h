/* A gazetteer of the organization's people: found by full name, first name, last name and address, in constant time. Built once
 * from the directory, then only read, from any thread.
 */
#ifndef AGENT_PEOPLE_H
#define AGENT_PEOPLE_H

#include "parse.h"

typedef struct agent_people agent_people;

/* TS_NOMEM. `folds`: of the grammar, for names with accents; must outlive it. The caller owns *ret. */
TS_CHECK ts_status agent_people_new(const agent_folds *folds, agent_people **ret);
void agent_people_free(agent_people *p);
TS_DEFINE_CLEANUP(agent_people, agent_people_free);

/* A name of more than AGENT_NAME_WORDS words is kept by its first and last. TS_NOMEM. */
TS_CHECK ts_status agent_people_add(agent_people *p, ts_str email, ts_str name);

/* For agent_gazetteer.person. */
size_t agent_people_find(const void *people, ts_str name, ts_str *ret_email);

#endif
