/* The end of an organization, and what is kept of it, shown.
 *
 * Which rows are an organization's follows from the service's table of families (ts_family in ts/store.h). Keys of tenant
 * families begin with its number.
 *
 * Erasing. auth hands over a row of kind TS_KIND_ERASE; ts_inbox_erases() makes the inbox
 *   1. put a permanent tombstone: from then on the store refuses every batch that puts a row of the organization, whoever
 *      writes it, so that a change under way leaves either nothing or rows that step 2 removes (ts_store_fence());
 *   2. for each mode, under the inbox's guard, call the service's ts_inbox_forget and delete the rows of all tenant families;
 *   3. empty its rows in the outbox, except what waits for auth (audit entries), and delete its parked rows;
 *   4. tell auth (TS_KIND_ERASED), in the batch that counts the row as taken.
 * Each step may be done twice; a crash between two brings the row again. What later comes for the organization is
 * acknowledged and dropped (ts_inbox_dropped_total), calls that name it are refused.
 * Entries of global families (due queues, leases) hold numbers only; their readers drop those that lead nowhere.
 *
 * Thread-safe.
 */
#ifndef TS_TENANCY_H
#define TS_TENANCY_H

#include "ts/outbox.h"

/* For ts_rpc_options.serves, with the store as its context. */
bool ts_tenancy_serves(void *store, ts_tenant tenant);
/* For ts_rpc_options.version, with the store as its context. */
uint64_t ts_tenancy_version(const void *store, uint64_t org);

#define TS_EXPORT_ROWS_MAX 1000
#define TS_EXPORT_BYTES_MAX                                                                        \
    (UINT64_C(4) << 20) /* of rows in a page; a single larger row goes alone */

/* The whole of a service's export method: a page of the organization's rows as lines of JSON (ExportRequest, ExportReply of
 * envelope.proto), both modes, family by family in the order of the keys:
 *   {"service":"risk","family":"users","mode":"live","key":"<hex, behind the tenant>","value":{...}}
 * A value is its message as ts_jsonw_message() writes it, base64 if the family has no message, null if it is empty; hidden
 * fields are left out, and so are global and internal families. Each row is shown as it is when its page is made: an export
 * beside changes is not one moment. TS_INVALID with words; TS_CORRUPT if a row does not decode. */
TS_CHECK ts_status ts_tenancy_export(ts_store *store, const char *service_name, ts_call *call,
                                     const ProtobufCMessage *in, ProtobufCMessage *out);

#endif
