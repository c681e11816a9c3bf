#include <criterion/criterion.h>

#include "keys.h"

static const ts_tenant tenant = { 0x0102030405060708, TS_MODE_TEST };
static const ts_hash128 event = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };

/* As schema 2 wrote it. */
static webhooks_key lease_of_schema_2(int64_t until_ms)
{
    webhooks_key k = { .n = 0 };
    uint8_t mode = (uint8_t)tenant.mode;

    key_u64(&k, (uint64_t)until_ms);
    key_u64(&k, tenant.org);
    key_bytes(&k, &mode, 1);
    key_bytes(&k, event.bytes, sizeof(event.bytes));
    key_bytes(&k, "whe_abc", sizeof("whe_abc"));
    return k;
}

Test(keys, due_and_lease_rows_read_back)
{
    ts_str endpoint = TS_STR_LIT("whe_abc");
    webhooks_key prefix = key_endpoint(tenant, endpoint);
    webhooks_key due = key_due(tenant, endpoint, INT64_C(1764000000123), event);
    webhooks_key lease = lease_of_schema_2(INT64_C(1764000000456));
    webhooks_key group = key_leases(INT64_C(1764000000789), 7);
    uint64_t number = 0;
    ts_hash128 read;
    ts_tenant read_tenant;
    ts_str read_endpoint;
    int64_t ms = 0;

    cr_assert(key_read_due(key_view(&due), prefix.n, &ms, &read));
    cr_expect_eq(ms, INT64_C(1764000000123));
    cr_expect_arr_eq(read.bytes, event.bytes, 16);
    cr_assert(key_read_lease(key_view(&lease), &ms, &read_tenant, &read, &read_endpoint));
    cr_expect_eq(ms, INT64_C(1764000000456));
    cr_expect_eq(read_tenant.org, tenant.org);
    cr_expect_eq(read_tenant.mode, TS_MODE_TEST);
    cr_expect(ts_str_eq(read_endpoint, endpoint));
    cr_assert(key_read_leases(key_view(&group), &ms, &number));
    cr_expect_eq(ms, INT64_C(1764000000789));
    cr_expect_eq(number, 7);
    cr_expect_not(key_read_leases(key_view(&lease), &ms, &number));
    cr_expect_not(key_read_lease(key_view(&group), &ms, &read_tenant, &read, &read_endpoint));
    cr_assert(key_read_endpoint(key_view(&prefix), &read_tenant, &read_endpoint));
    cr_expect(ts_str_eq(read_endpoint, endpoint));
}

Test(keys, damaged_keys_are_refused)
{
    webhooks_key lease = lease_of_schema_2(1);
    ts_hash128 read;
    ts_tenant read_tenant;
    ts_str endpoint;
    int64_t ms;

    for (size_t n = 0; n < lease.n; n++) {
        bool ok = key_read_lease(ts_str_n(lease.bytes, n), &ms, &read_tenant, &read, &endpoint);

        cr_expect_not(ok, "%zu", n);
        cr_expect_not(key_read_due(ts_str_n(lease.bytes, n), 100, &ms, &read));
    }
}

Test(keys, a_due_row_says_when_and_which_attempt)
{
    uint8_t value[DUE_FACTS_SIZE];

    for (unsigned bits = 0; bits < 4; bits++) {
        const due_facts written = { INT64_C(1764000000123), 0x01020304, (bits & 1) != 0,
                                    (bits & 2) != 0 };
        due_facts read;

        due_write_facts(&written, value);
        read = due_read_facts(ts_str_n(value, sizeof(value)));
        cr_expect_eq(read.next_attempt_ms, INT64_C(1764000000123));
        cr_expect_eq(read.attempt, 0x01020304);
        cr_expect_eq(read.is_sole, written.is_sole);
        cr_expect_eq(read.is_bare, written.is_bare);
    }
    cr_expect_eq(due_read_facts(ts_str_n(value, sizeof(value) - 1)).attempt, 0);
    cr_expect_eq(due_read_facts(TS_STR_NULL).attempt, 0);
}

Test(keys, newest_first_and_soonest_first)
{
    index_place old_place = { 3, DELIVERY_FAILED, 1000, event };
    index_place new_place = { 3, DELIVERY_FAILED, 2000, event };
    webhooks_key older = key_event_index(tenant, &old_place);
    webhooks_key newer = key_event_index(tenant, &new_place);
    webhooks_key sooner = key_due(tenant, TS_STR_LIT("w"), 1000, event);
    webhooks_key later = key_due(tenant, TS_STR_LIT("w"), 2000, event);

    cr_expect_lt(ts_str_cmp(key_view(&newer), key_view(&older)), 0);
    cr_expect_lt(ts_str_cmp(key_view(&sooner), key_view(&later)), 0);
}

Test(keys, places_in_both_indexes_read_back)
{
    index_place at = { 11, DELIVERY_DELIVERED, INT64_C(1764000000123), event };
    webhooks_key keys[] = { key_event_index(tenant, &at),
                            key_owed_index(tenant, TS_STR_LIT("whe_abc"), &at) };

    for (size_t i = 0; i < TS_COUNT(keys); i++) {
        index_place read;

        cr_assert(key_read_place(key_view(&keys[i]), &read));
        cr_expect_eq(read.type, 11);
        cr_expect_eq(read.state, DELIVERY_DELIVERED);
        cr_expect_eq(read.created_ms, INT64_C(1764000000123));
        cr_expect_arr_eq(read.event.bytes, event.bytes, 16);
        keys[i].bytes[keys[i].n - INDEX_PLACE_SIZE + 1] = INDEX_BARE;
        cr_assert(key_read_place(key_view(&keys[i]), &read));
        cr_expect_eq(read.state, INDEX_BARE);
        keys[i].bytes[keys[i].n - INDEX_PLACE_SIZE + 1] = INDEX_STATES; /* no such state */
        cr_expect_not(key_read_place(key_view(&keys[i]), &read));
        keys[i].bytes[keys[i].n - INDEX_PLACE_SIZE + 1] = DELIVERY_DELIVERED;
        keys[i].bytes[keys[i].n - INDEX_PLACE_SIZE] = 12; /* no such kind */
        cr_expect_not(key_read_place(key_view(&keys[i]), &read));
    }
}
