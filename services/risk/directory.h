/* A row of a directory upload, checked and cleaned. Pure but for memory. */
#ifndef RISK_DIRECTORY_H
#define RISK_DIRECTORY_H

#include "proto/methods.h"
#include "ts/arena.h"

#define DIRECTORY_TEXT_MAX 200 /* characters of name, department and title */

enum directory_given {
    DIRECTORY_TITLE = 1,
    DIRECTORY_MANAGER = 2,
    DIRECTORY_IS_ADMIN = 4,
    DIRECTORY_SUSPENDED = 8,
    DIRECTORY_MFA = 16,
};

/* The row's texts are replaced by cleaned ones, addresses by normalised ones. TS_INVALID: the row is refused, *ret_reason
 * says why; TS_NOMEM. */
TS_CHECK ts_status directory_check(ts_arena *arena, Ts__Risk__DirectoryRow *row,
                                   const char **ret_reason);

/* Brings a user up to the row. True if anything differed. */
bool directory_merge(Ts__Risk__UserRow *user, const Ts__Risk__DirectoryRow *row);

#endif
