/* The command line. Pure: files and the clock are main's. */
#ifndef SIMULATOR_OPTIONS_H
#define SIMULATOR_OPTIONS_H

#include "play.h"

#define SIM_SPEED_MAX 1000000u

typedef struct sim_options {
    sim_setup setup;
    uint32_t history; /* ordinary days before those of the setup */
    bool help;
    const char *out;    /* NULL: none; "-": standard output */
    const char *labels; /* NULL: none */
    const char *directory;
    const char *places;
    const char *post; /* base URL; NULL: none */
    const char *key;
    bool with_directory; /* upload the people, too */
    uint32_t speed;      /* events a second; 0: as fast as possible */
} sim_options;

/* Options borrow from argv. `now_ms` is the default of --end. TS_INVALID with words. */
TS_CHECK ts_status sim_options_parse(int argc, char *const *argv, int64_t now_ms, sim_options *ret,
                                     ts_error *err);
/* Text of --help. */
const char *sim_options_help(void);

#endif
