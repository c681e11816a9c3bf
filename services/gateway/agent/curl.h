/* The few functions of libcurl that the gateway uses, looked up when they are first wanted: linked, the library and the thirty it
 * needs would cost each gateway 4 MB of memory, though few ask a model anything. */
#ifndef AGENT_CURL_H
#define AGENT_CURL_H

#include <curl/curl.h>

#include "ts/base.h"

typedef struct curl_api {
    __typeof__(curl_easy_init) *init;
    __typeof__(curl_easy_reset) *reset;
    __typeof__(curl_easy_setopt) *set;
    __typeof__(curl_easy_getinfo) *get_info;
    __typeof__(curl_easy_perform) *perform;
    __typeof__(curl_easy_cleanup) *cleanup;
    __typeof__(curl_slist_append) *append;
    __typeof__(curl_slist_free_all) *free_all;
} curl_api;

/* Loads the library for good. Not to be called by two threads at once. TS_UNAVAILABLE with words. */
TS_CHECK ts_status curl_api_load(const curl_api **ret, ts_error *err);

#endif
