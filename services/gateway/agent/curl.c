#include "agent/curl.h"

#include <dlfcn.h>

#define LIBRARY "libcurl.so.4"

/* POSIX promises that an address from dlsym() is a function's; ISO C has no cast for it. */
static bool look_up(void *library, const char *name, void *place)
{
    void *found = dlsym(library, name);

    memcpy(place, &found, sizeof(found));
    return found != NULL;
}

ts_status curl_api_load(const curl_api **ret, ts_error *err)
{
    static curl_api made;
    __typeof__(curl_global_init) *start = NULL;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (library == NULL)
        return ts_fail(err, TS_UNAVAILABLE, "", "cannot load %s", LIBRARY);
    if (!look_up(library, "curl_global_init", &start) ||
        !look_up(library, "curl_easy_init", &made.init) ||
        !look_up(library, "curl_easy_reset", &made.reset) ||
        !look_up(library, "curl_easy_setopt", &made.set) ||
        !look_up(library, "curl_easy_getinfo", &made.get_info) ||
        !look_up(library, "curl_easy_perform", &made.perform) ||
        !look_up(library, "curl_easy_cleanup", &made.cleanup) ||
        !look_up(library, "curl_slist_append", &made.append) ||
        !look_up(library, "curl_slist_free_all", &made.free_all) ||
        start(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ts_fail(err, TS_UNAVAILABLE, "", "%s is not what it should be", LIBRARY);
    *ret = &made;
    return TS_OK;
}
