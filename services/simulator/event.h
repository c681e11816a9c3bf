/* What happened, before it is words: an event is a few numbers; record.h makes the JSON of it.
 *
 * So a day of 100,000 people can be planned, counted and put in order of time without writing a
 * byte. Pure data.
 */
#ifndef SIMULATOR_EVENT_H
#define SIMULATOR_EVENT_H

#include "ts/base.h"

typedef enum sim_kind {
    SIM_LOGIN_SUCCESS,
    SIM_LOGIN_REAUTH,
    SIM_LOGIN_FAILURE,
    SIM_LOGOUT,
    SIM_DRIVE_VIEW,
    SIM_DRIVE_EDIT,
    SIM_DRIVE_CREATE,
    SIM_DRIVE_UPLOAD,
    SIM_DRIVE_DOWNLOAD,
    SIM_DRIVE_RENAME,
    SIM_DRIVE_TRASH,
    SIM_DRIVE_SHARE_INSIDE,
    SIM_DRIVE_SHARE_OUTSIDE,
    SIM_DRIVE_PUBLIC_LINK,
    SIM_TOKEN_AUTHORIZE,
    SIM_TOKEN_ACTIVITY,
    SIM_TOKEN_BAD_AUTHORIZE, /* of the consent attack's app */
    SIM_TOKEN_BAD_ACTIVITY,
    SIM_GEMINI_USE,
    SIM_DEVICE_SYNC,
    SIM_PASSWORD_EDIT,
    SIM_2SV_DISABLE,
    SIM_FORWARD_OUTSIDE,
    SIM_ADMIN_ADD_GROUP_MEMBER,
    SIM_ADMIN_ASSIGN_LICENSE,
    SIM_ADMIN_CHANGE_NAME,
    SIM_ADMIN_CREATE_GROUP,
    SIM_ADMIN_CREATE_ROGUE_USER,
    SIM_ADMIN_GRANT_PRIVILEGE,
    SIM_ADMIN_ASSIGN_ROLE,
    SIM_ADMIN_STRONG_AUTH_OFF,
    SIM_ADMIN_AUTHORIZE_CLIENT,
    SIM_SSO,        /* into another application from where people sign in; arg: index of apps.h */
    SIM_LOGIN_SAML, /* what Google tells of one into itself */
    SIM_KINDS,
} sim_kind;

typedef struct sim_event {
    int64_t time_ms;
    uint64_t key;    /* unique in the world: also the seed of the record's details */
    uint32_t person; /* who acts */
    uint32_t arg;   /* Drive: document (see SIM_DOC); token, gemini, sso: index of apps.h; else 0 */
    uint8_t kind;   /* sim_kind */
    uint8_t where;  /* sim_where */
    uint8_t city;   /* index of a foreign city where `where` is SIM_AWAY */
    uint8_t attack; /* 0, or 1 + sim_attack */
} sim_event;

/* A document: its owner's number and one of the owner's documents. */
#define SIM_DOCS_EACH            64u
#define SIM_DOC(owner, document) ((owner)*SIM_DOCS_EACH + (document))
#define SIM_DOC_OWNER(arg)       ((arg) / SIM_DOCS_EACH)

/* Unique keys. An ordinary event: day since the epoch (20 bits), person (17), round (14), place in
 * that day (12). */
#define SIM_ROUNDS_MAX 16384u
#define SIM_SEQ_MAX    4096u
static inline uint64_t sim_key_of_day(int64_t day, uint32_t person, uint32_t round, uint32_t seq)
{
    return ((uint64_t)day & 0xfffff) << 43 | (uint64_t)person << 26 | (uint64_t)round << 12 | seq;
}
/* An attack's event: its kind (3 bits), its number among its kind (8), second it begins (34), place
 * in it (12). */
static inline uint64_t sim_key_of_attack(uint32_t kind, uint32_t number, int64_t start_ms,
                                         uint32_t seq)
{
    return UINT64_C(1) << 63 | (uint64_t)kind << 54 | (uint64_t)number << 46 |
           ((uint64_t)(start_ms / 1000) & UINT64_C(0x3ffffffff)) << 12 | seq;
}

/* A growing list. Out of memory sticks in `status`. */
typedef struct sim_events {
    sim_event *items;
    size_t count;
    size_t capacity;
    ts_status status;
} sim_events;

void sim_events_done(sim_events *list);
void sim_events_add(sim_events *list, const sim_event *event);
/* By time, then key: one order for one set of events. */
void sim_events_sort(sim_events *list);

#endif
