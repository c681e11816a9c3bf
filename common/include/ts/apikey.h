/* The form of an API key: tsk_live_ or tsk_test_, 26 random base62 characters, 6 base62 digits of the CRC-32 of all before.
 *
 * The checksum is no security: it lets a mistyped or cut key be refused without asking anybody.
 */
#ifndef TS_APIKEY_H
#define TS_APIKEY_H

#include "ts/base.h"

#define TS_API_KEY_LENGTH 41
#define TS_API_KEY_PREFIX 13 /* characters shown of a key: "tsk_live_" and four more */

/* A new key from the system's CSPRNG, and a NUL. The caller wipes it. TS_INTERNAL if there are no random bytes. */
TS_CHECK ts_status ts_api_key_make(ts_mode mode, char ret[TS_API_KEY_LENGTH + 1]);

/* Length, prefix, alphabet and checksum. */
bool ts_api_key_form_valid(ts_str key);

#endif
