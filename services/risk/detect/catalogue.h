/* What is known of AI tools and OAuth scopes, from catalogue/ai_tools.yml and catalogue/oauth_scopes.yml below the rules'
 * directory. Immutable once loaded, and then thread-safe. */
#ifndef RISK_CATALOGUE_H
#define RISK_CATALOGUE_H

#include "ts/base.h"

typedef struct catalogue catalogue;

typedef struct catalogue_tool {
    ts_str name;
    ts_str vendor;
} catalogue_tool;

/* What a grant of a scope lets an app do: "critical" (all of mail, files or the directory), "restricted", "sensitive",
 * "basic"; "unknown" if it is not in the catalogue. */
typedef struct catalogue_scope {
    ts_str class_name;
    uint32_t weight; /* 0..100 */
    ts_str meaning;  /* what it lets an app do, for a person */
} catalogue_scope;

TS_CHECK ts_status catalogue_load(const char *directory, catalogue **ret, ts_error *err);
void catalogue_free(catalogue *c);
TS_DEFINE_CLEANUP(catalogue, catalogue_free);
size_t catalogue_tool_count(const catalogue *c);

/* By an app's client id or the name it shows; NULL if it is no AI tool that we know. */
const catalogue_tool *catalogue_find_app(const catalogue *c, ts_str client_id, ts_str app_name);
/* The client id is pinned to a tool: nobody else can bear it, as they can a name. */
bool catalogue_pins(const catalogue *c, ts_str client_id);
/* By its name in the catalogue. */
const catalogue_tool *catalogue_find_tool(const catalogue *c, const char *name);
catalogue_scope catalogue_find_scope(const catalogue *c, ts_str scope);

#endif
