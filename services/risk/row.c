#include "row.h"

#include "ts/wire.h"

/* Fields of UserRow; protobuf-c packs them in the order of their numbers. */
#define FIELD_NUMBER 1
#define FIELD_SCORE  15
#define FIELD_HIDDEN 19 /* the first that is not shown */

ts_status risk_row_view(ts_str row, risk_row *ret)
{
    ts_str rest = row;
    risk_row r = { .shown = row };
    ts_wire_field field;

    for (;;) {
        size_t at = row.n - rest.n;
        ts_status st = ts_wire_next(&rest, &field);

        if (st == TS_CORRUPT)
            return st;
        if (st == TS_NOT_FOUND || field.number >= FIELD_HIDDEN) {
            r.shown.n = at;
            *ret = r;
            return TS_OK;
        }
        if (field.number == FIELD_NUMBER)
            r.number = field.value;
        if (field.number == FIELD_SCORE)
            r.score = (uint32_t)field.value;
    }
}
