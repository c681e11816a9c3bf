/* What a start of the gateway would refuse about its settings, beyond what their table says. */
#ifndef GATEWAY_CHECK_H
#define GATEWAY_CHECK_H

#include "ts/buf.h"

/* A line in `mistakes` for each; `config` is a gateway_config. Reads the files that the settings name. */
void gateway_check(const void *config, ts_buf *mistakes);

#endif
