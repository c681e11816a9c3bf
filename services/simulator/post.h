/* Posts records to a running suite: 500 a request, at a chosen speed, repeating what was not
 * acknowledged.
 *
 * A repeat is harmless: the suite knows records by their ids and counts them as duplicates. Blocks.
 * Not thread-safe.
 */
#ifndef SIMULATOR_POST_H
#define SIMULATOR_POST_H

#include "source.h"
#include "ts/base.h"

#define SIM_POST_BATCH  500u
#define SIM_POST_PEOPLE 1000u /* of one directory upload */

typedef struct sim_post sim_post;

typedef struct sim_post_totals {
    uint64_t accepted;
    uint64_t duplicates;
    uint64_t rejected;
    uint64_t requests; /* answered with 202 */
    uint64_t repeats;  /* requests that had to be sent again */
} sim_post_totals;

/* `url` without path, e.g. http://127.0.0.1:8080. `speed` in events a second, 0 for no limit. */
TS_CHECK ts_status sim_post_new(const char *url, const char *key, uint32_t speed, sim_post **ret,
                                ts_error *err);
void sim_post_free(sim_post *p);
TS_DEFINE_CLEANUP(sim_post, sim_post_free);

/* Takes one record (its line end included) and sends when 500 of its source have come together.
 * TS_UNAVAILABLE after two minutes without an acknowledgement; TS_DENIED, TS_INVALID with the
 * suite's words when it refuses the request as a whole. */
TS_CHECK ts_status sim_post_record(sim_post *p, sim_source source, ts_str line, ts_error *err);
/* Sends what is left. */
TS_CHECK ts_status sim_post_flush(sim_post *p, ts_error *err);
/* Uploads people, a JSON array of directory rows; at most SIM_POST_PEOPLE of them. Statuses as above. */
TS_CHECK ts_status sim_post_directory(sim_post *p, ts_str people, ts_error *err);
sim_post_totals sim_post_totals_of(const sim_post *p);

#endif
