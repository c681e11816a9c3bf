/* The chain of the audit log: what a hash covers, and what does not fit. */
#include <criterion/criterion.h>

#include "chain.h"
#include "ts/id.h"

static Ts__AuditEntry entry;
static Ts__Auth__AuditRow row;
static uint8_t zeros[AUTH_HASH_SIZE];
static uint8_t hash[AUTH_HASH_SIZE];

static void make(void)
{
    entry = (Ts__AuditEntry)TS__AUDIT_ENTRY__INIT;
    entry.action = (char *)(uintptr_t) "key.created";
    entry.object = (char *)(uintptr_t) "key_1";
    entry.actor = (char *)(uintptr_t) "ctl";
    entry.at_ms = 1000;
    row = (Ts__Auth__AuditRow)TS__AUTH__AUDIT_ROW__INIT;
    row.number = 1;
    row.org = 7;
    row.entry = &entry;
    row.logged_ms = 1001;
    row.previous = (ProtobufCBinaryData){ sizeof(zeros), zeros };
    cr_assert_eq(auth_chain_hash(&row, hash), TS_OK);
    row.hash = (ProtobufCBinaryData){ sizeof(hash), hash };
}

/* The bytes were laid out by hand from the wire format and hashed with another program: a row written today must verify for
 * ever. */
Test(chain, a_known_row_has_a_known_hash)
{
    char hex[2 * AUTH_HASH_SIZE + 1];

    make();
    ts_hex(hash, sizeof(hash), hex);
    cr_assert_str_eq(hex, "90b839bf0790a30d2e61d1040a012d9d20c7fcd8e88c8166d3c63f74b2514fdd");
}

Test(chain, a_row_fits_its_place_and_no_other)
{
    uint8_t other[AUTH_HASH_SIZE] = { 1 };

    make();
    cr_assert_null(auth_chain_fault(&row, 7, 1, zeros));
    cr_assert_not_null(strstr(auth_chain_fault(&row, 7, 2, zeros), "another entry"));
    cr_assert_not_null(strstr(auth_chain_fault(&row, 8, 1, zeros), "another organization"));
    cr_assert_not_null(strstr(auth_chain_fault(&row, 7, 1, other), "does not follow"));
}

Test(chain, every_field_is_covered)
{
    uint8_t other[AUTH_HASH_SIZE] = { 1 };

    make();
    entry.action = (char *)(uintptr_t) "key.revoked";
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    make();
    entry.object = (char *)(uintptr_t) "key_2";
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    make();
    entry.actor = (char *)(uintptr_t) "";
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    make();
    entry.client_addr = (char *)(uintptr_t) "192.0.2.1";
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    make();
    entry.request_id = (char *)(uintptr_t) "req_1";
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    make();
    entry.details = (char *)(uintptr_t) "{}";
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    make();
    entry.at_ms++;
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    make();
    row.mode = 1;
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    make();
    row.logged_ms++;
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    make();
    row.number = 2;
    cr_assert_not_null(auth_chain_fault(&row, 7, 2, zeros));
    make();
    row.org = 8;
    cr_assert_not_null(auth_chain_fault(&row, 8, 1, zeros));
    make();
    row.previous = (ProtobufCBinaryData){ sizeof(other), other };
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, other));
    make();
    row.hash.len = 31;
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
    row.hash.len = 0;
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
}

Test(chain, the_row_is_left_as_it_was)
{
    uint8_t again[AUTH_HASH_SIZE];

    make();
    cr_assert_eq(auth_chain_hash(&row, again), TS_OK);
    cr_assert_arr_eq(again, hash, sizeof(hash));
    cr_assert_eq(row.hash.data, hash);
    cr_assert_eq(row.hash.len, sizeof(hash));
}

Test(chain, a_row_larger_than_most_is_hashed_whole)
{
    static char details[5000];

    make();
    memset(details, 'x', sizeof(details) - 1);
    entry.details = details;
    cr_assert_eq(auth_chain_hash(&row, hash), TS_OK);
    cr_assert_null(auth_chain_fault(&row, 7, 1, zeros));
    details[4990] = 'y';
    cr_assert_not_null(auth_chain_fault(&row, 7, 1, zeros));
}
