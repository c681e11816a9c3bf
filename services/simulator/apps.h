/* Third-party apps that people connect, AI tools among them. Pure. */
#ifndef SIMULATOR_APPS_H
#define SIMULATOR_APPS_H

#include "ts/base.h"

#define SIM_APP_SCOPES     6u
#define SIM_CLIENT_ID_SIZE 80

typedef struct sim_app {
    const char *name;
    const char *client_type;
    uint32_t popularity; /* permille of people who have it connected */
    bool is_ai;
    const char *api_name; /* of its calls; "" if it makes none */
    const char *method_name;
    const char *product_bucket;
    const char *scopes[SIM_APP_SCOPES]; /* NULL ends the list */
} sim_app;

size_t sim_app_count(void);
const sim_app *sim_app_at(size_t index);
/* The unverified app of the consent attack; not in the list above. */
const sim_app *sim_app_malicious(void);
/* A Google client id: the same for an app in every company. */
void sim_app_client_id(const sim_app *app, char ret[SIM_CLIENT_ID_SIZE]);
/* GMAIL, DRIVE, CALENDAR, CONTACTS or IDENTITY. */
const char *sim_scope_bucket(const char *scope);

/* What people reach from where they sign in. The first one is Google Workspace. */
const char *sim_sso_app_at(uint32_t index);
uint32_t sim_sso_app_count(void);

/* Gemini inside Workspace: pairs of app and action. */
typedef struct sim_gemini_use {
    const char *app_name;
    const char *action;
    const char *event_category;
    const char *feature_source;
} sim_gemini_use;
const sim_gemini_use *sim_gemini_at(uint32_t index);
uint32_t sim_gemini_count(void);

#endif
