/* Addresses in text from others' hands, made harmless for whoever shows or follows what he reads: "https://a.example" becomes
 * "hxxps://a[.]example", "203.0.113.66" "203[.]0[.]113[.]66", "javascript:" "javascript[:]". Pure.
 *
 * It is for text that a model reads; whoever needs the exact value finds it in the structured answer.
 */
#ifndef AGENT_DEFANG_H
#define AGENT_DEFANG_H

#include "ts/buf.h"

/* `text` is what stands between the quotes of a JSON string, escapes and all; what is written is so too. At most three bytes
 * for one. */
void defang_put(ts_buf *out, ts_str text);

#endif
