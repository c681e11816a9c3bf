/* The form of an API key: tsk_live_ or tsk_test_, 26 random base62 characters, 6 of the CRC-32 of all before. Pure.
 *
 * The checksum is no security: it lets a mistyped or cut key be refused without asking anybody.
 */
#ifndef API_KEY_H
#define API_KEY_H

#include "ts/base.h"

#define API_KEY_LENGTH 41

bool api_key_form_valid(ts_str key);

#endif
