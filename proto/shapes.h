/* Objects that more than one service shows, as JSON: the API and the webhooks' data must not differ. */
#ifndef PROTO_SHAPES_H
#define PROTO_SHAPES_H

#include "proto/methods.h"
#include "ts/json.h"

/* An app of the inventory, a whole object. Text of others is cleaned and in brief (ts/clean.h), or, if `raw`, as it is kept. */
void ts_app_json(ts_jsonw *w, const Ts__Risk__App *app, bool raw);
/* An API key, a whole object: everything but the key itself and its hash. */
void ts_api_key_json(ts_jsonw *w, const Ts__Auth__ApiKey *key);

#endif
