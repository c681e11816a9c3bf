#include <ctype.h>
#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "internal.h"
#include "ts/config.h"

#define SILENCE_MS    5000
#define VARIABLE_SIZE sizeof(((ts_error *)NULL)->param)

static const char *const lane_names[TS_LANES] = { "fast", "slow", "bulk", "park" };

const char *ts_lane_name(ts_lane lane)
{
    return lane_names[lane];
}

/* "TS_BUS_AI_USAGE" of "ai-usage". */
static void variable_of(const char *service, char ret[VARIABLE_SIZE])
{
    size_t n = (size_t)snprintf(ret, VARIABLE_SIZE, "TS_BUS_%s", service);

    for (size_t i = 0; i < n && i < VARIABLE_SIZE; i++)
        ret[i] = ret[i] == '-' ? '_' : (char)toupper((unsigned char)ret[i]);
}

void ts_bus_address(const char *service, char ret[TS_BUS_ADDRESS_SIZE])
{
    char variable[VARIABLE_SIZE];
    const char *value;

    variable_of(service, variable);
    value = getenv(
        variable); /* NOLINT(concurrency-mt-unsafe): nothing here ever sets the environment */
    if (value != NULL && value[0] != '\0') {
        snprintf(ret, TS_BUS_ADDRESS_SIZE, "%s", value);
        return;
    }
    value = getenv("TS_BUS_DIR"); /* NOLINT(concurrency-mt-unsafe): as above */
    if (value == NULL || value[0] == '\0')
        value = "data/run/bus";
    snprintf(ret, TS_BUS_ADDRESS_SIZE, "ipc://%s/%s", value, service);
}

ts_status ts_bus_silence(int *ret_ms, ts_error *err)
{
    const char *value = getenv("TS_BUS_SILENCE_MS"); /* NOLINT(concurrency-mt-unsafe): as above */
    uint64_t ms = SILENCE_MS;

    if (value != NULL && value[0] != '\0' &&
        (ts_parse_u64(ts_str_of(value), &ms) != TS_OK || ms < BUS_SILENCE_MIN_MS ||
         ms > BUS_SILENCE_MAX_MS))
        return ts_fail(err, TS_INVALID, "TS_BUS_SILENCE_MS",
                       "TS_BUS_SILENCE_MS must be a number of milliseconds between %d and %d",
                       (int)BUS_SILENCE_MIN_MS, (int)BUS_SILENCE_MAX_MS);
    *ret_ms = (int)ms;
    return TS_OK;
}

ts_status ts_bus_lane_address(const char *address, ts_lane lane, char ret[TS_BUS_ADDRESS_SIZE],
                              ts_error *err)
{
    ts_str text = ts_str_of(address);
    const char *colon = strrchr(address, ':');
    uint64_t port;
    int n;

    if (ts_str_starts(text, TS_STR_LIT("ipc://"))) {
        n = snprintf(ret, TS_BUS_ADDRESS_SIZE, "%s-%s", address, ts_lane_name(lane));
        /* sun_path ends at 107 characters. */
        if (n < 0 || (size_t)n >= TS_BUS_ADDRESS_SIZE || n - 6 > 107)
            return ts_fail(err, TS_INVALID, "address",
                           "the path of %s is longer than 102 characters", address);
        return TS_OK;
    }
    if ((!ts_str_starts(text, TS_STR_LIT("tcp://")) && !ts_bus_is_tls(address)) || colon == NULL)
        return ts_fail(err, TS_INVALID, "address",
                       "%s must be ipc://path, tcp://host:port or tls+tcp://host:port", address);
    if (ts_parse_u64(ts_str_of(colon + 1), &port) != TS_OK || port == 0 || port > 65535 - TS_LANES)
        return ts_fail(err, TS_INVALID, "address", "the port of %s must be between 1 and %d",
                       address, 65535 - TS_LANES);
    n = snprintf(ret, TS_BUS_ADDRESS_SIZE, "%.*s:%u", (int)(colon - address), address,
                 (unsigned)port + (unsigned)lane);
    if (n < 0 || (size_t)n >= TS_BUS_ADDRESS_SIZE)
        return ts_fail(err, TS_INVALID, "address", "address too long");
    return TS_OK;
}

/* All lanes, for their ports and paths differ. */
static ts_status check_address(const char *service, ts_error *err)
{
    char address[TS_BUS_ADDRESS_SIZE], lane[TS_BUS_ADDRESS_SIZE];
    ts_status st = TS_OK;

    ts_bus_address(service, address);
    for (int i = 0; st == TS_OK && i < TS_LANES; i++)
        st = ts_bus_lane_address(address, (ts_lane)i, lane, err);
    if (st != TS_OK)
        variable_of(service, err->param);
    return st;
}

static ts_status check_tls(const char *service, ts_error *err)
{
    char address[TS_BUS_ADDRESS_SIZE];
    nng_tls_config *tls = NULL;
    ts_status st;

    ts_bus_address(service, address);
    if (!ts_bus_is_tls(address))
        return TS_OK;
    st = ts_bus_tls(address, false, &tls, err);
    if (st == TS_OK)
        nng_tls_config_free(tls);
    return st;
}

void ts_bus_check(const char *const *services, size_t count, ts_buf *mistakes)
{
    ts_error err = { "", "" };
    bool is_usable = true; /* the one certificate, for all */
    int silence_ms;

    if (ts_bus_silence(&silence_ms, &err) != TS_OK)
        ts_config_mistake(mistakes, &err);
    for (size_t i = 0; i < count; i++) {
        if (check_address(services[i], &err) != TS_OK) {
            ts_config_mistake(mistakes, &err);
        } else if (is_usable && check_tls(services[i], &err) != TS_OK) {
            is_usable = false;
            ts_config_mistake(mistakes, &err);
        }
    }
}
