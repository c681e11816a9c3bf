/* Shapes of the API's objects as data, from which the OpenAPI document's schemas are made. */
#ifndef API_SCHEMAS_H
#define API_SCHEMAS_H

#include "ts/json.h"

/* components.schemas: an object of all shapes, the envelope's and the error's. */
void schemas_write(ts_jsonw *w);
/* A shape of that name exists. */
bool schemas_has(const char *name);

#endif
