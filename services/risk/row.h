/* A user's row as it is kept: what lists show of it, without unpacking it. Pure. */
#ifndef RISK_ROW_H
#define RISK_ROW_H

#include "ts/base.h"

typedef struct risk_row {
    ts_str
        shown; /* the front of the row, up to risk's own bookkeeping, which whoever asks would only unpack */
    uint64_t number;
    uint32_t score;
} risk_row;

/* TS_CORRUPT: the front does not decode. */
TS_CHECK ts_status risk_row_view(ts_str row, risk_row *ret);

#endif
