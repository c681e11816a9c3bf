/* Sentences of summaries. Pure.
 *
 * A summary is read by people and language models, so it never carries text from monitored events: it is made of counts,
 * enums, ids, dates and e-mail addresses of a strict ASCII grammar. Every number in it stands in `data` too.
 */
#ifndef API_WORDS_H
#define API_WORDS_H

#include "ts/buf.h"

/* "1 open incident" / "0 open incidents": `noun` is the singular, 's' makes the plural. */
void words_count(ts_buf *out, uint64_t n, const char *noun);
/* The same with a plural of its own: "2 behavioral anomalies". */
void words_count_as(ts_buf *out, uint64_t n, const char *one, const char *many);

/* Ends the sentence that begins with the count of a list: ", newest first." where there is an order to speak of, else ".". */
void words_order(ts_buf *out, uint64_t total, const char *order);
/* Behind it, of a page that holds nothing of a list that is not empty: " Nothing is shown: ...". */
void words_past_end(ts_buf *out, uint64_t total, size_t shown);

/* "in the last 7 days" / "today": the time of a report that ends now and begins at a midnight (UTC). */
void words_days(ts_buf *out, uint64_t days);

/* Letters, digits and . _ % + - before one '@'; labels of letters, digits and inner hyphens after it, at least two of them;
 * at most 254 bytes. Narrower than what a mailbox may be called: what does not fit is not shown. */
bool words_is_email(ts_str text);
/* The address, or `otherwise`. */
void words_email(ts_buf *out, ts_str address, const char *otherwise);

/* prefix + 1..40 ASCII letters and digits. */
bool words_is_id(ts_str text, const char *prefix);
void words_id(ts_buf *out, ts_str id, const char *prefix, const char *otherwise);

/* "HIGH" of "high": our own enums only. */
void words_upper(ts_buf *out, const char *word);
/* What an incident of this status is: "a false positive", "being investigated", "open". */
void words_status(ts_buf *out, const char *status);

#endif
