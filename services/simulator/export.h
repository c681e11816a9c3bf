/* What stands beside the records: the directory, the labels, the places. Pure. */
#ifndef SIMULATOR_EXPORT_H
#define SIMULATOR_EXPORT_H

#include "play.h"
#include "ts/buf.h"

/* One person of the directory: {email, name, department, title, manager, is_admin, suspended,
 * mfa_enrolled}. */
void sim_export_person(const sim_company *c, uint32_t number, ts_buf *out);
/* One label: {attack, user, start, end, unique_qualifiers}. */
void sim_export_label(const sim_company *c, const sim_play *p, const sim_label *label, ts_buf *out);
/* All places as a JSON array: {block, city, country, latitude, longitude, foreign}. */
void sim_export_places(ts_buf *out);

#endif
