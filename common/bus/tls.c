/* TLS of the bus between machines: certificates on both sides, by nng's mbedTLS.
 *
 * The files are read at each listen and dial, so that a renewed certificate is taken up when a process starts again.
 */
#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "internal.h"

#define TLS_SCHEME "tls+tcp://"
#define HOST_SIZE  256

bool ts_bus_is_tls(const char *address)
{
    return ts_str_starts(ts_str_of(address), TS_STR_LIT(TLS_SCHEME));
}

static const char *setting(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing here sets it */

    return value == NULL ? "" : value;
}

/* The host of tls+tcp://host:port: the name that the peer's certificate must carry. */
static bool host_of(const char *address, char ret[HOST_SIZE])
{
    const char *host = address + strlen(TLS_SCHEME);
    const char *colon = strrchr(host, ':');
    size_t n = colon == NULL ? strlen(host) : (size_t)(colon - host);

    if (n == 0 || n >= HOST_SIZE)
        return false;
    memcpy(ret, host, n);
    ret[n] = '\0';
    return true;
}

static int fill(nng_tls_config *config, bool is_server, const char *address)
{
    char host[HOST_SIZE];
    int rv = nng_tls_config_ca_file(config, setting("TS_BUS_TLS_CA"));

    if (rv == 0)
        rv = nng_tls_config_cert_key_file(config, setting("TS_BUS_TLS_CERT"), NULL);
    if (rv == 0)
        rv = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
    if (rv == 0 && !is_server)
        rv = host_of(address, host) ? nng_tls_config_server_name(config, host) : NNG_EINVAL;
    return rv;
}

ts_status ts_bus_tls(const char *address, bool is_server, nng_tls_config **ret, ts_error *err)
{
    nng_tls_config *config = NULL;
    int rv;

    if (setting("TS_BUS_TLS_CA")[0] == '\0' || setting("TS_BUS_TLS_CERT")[0] == '\0')
        return ts_fail(
            err, TS_INVALID, "TS_BUS_TLS_CERT",
            "%s needs TS_BUS_TLS_CA and TS_BUS_TLS_CERT: PEM files of the authority, and "
            "of certificate and key",
            address);
    rv = nng_tls_config_alloc(&config, is_server ? NNG_TLS_MODE_SERVER : NNG_TLS_MODE_CLIENT);
    if (rv == 0)
        rv = fill(config, is_server, address);
    if (rv == 0) {
        *ret = config;
        return TS_OK;
    }
    if (config != NULL)
        nng_tls_config_free(config);
    return ts_fail(err, TS_INVALID, "TS_BUS_TLS_CERT",
                   "TS_BUS_TLS_CA or TS_BUS_TLS_CERT cannot be used: %s", nng_strerror(rv));
}
