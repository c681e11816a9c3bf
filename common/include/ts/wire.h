/* A packed protobuf message read field by field where it lies: for who passes rows on as they are kept and needs little of them.
 *
 * Pure. Groups, which proto3 does not have, are refused like whatever else does not decode.
 */
#ifndef TS_WIRE_H
#define TS_WIRE_H

#include "ts/base.h"

typedef struct ts_wire_field {
    uint32_t number;
    uint64_t value; /* of a field that is a number */
    ts_str bytes;   /* of text, bytes, a message, a packed list; borrowed */
} ts_wire_field;

/* The next field of *rest, which then begins behind it. TS_NOT_FOUND: there is none; TS_CORRUPT. */
TS_CHECK ts_status ts_wire_next(ts_str *rest, ts_wire_field *ret);

#endif
