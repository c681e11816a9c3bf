#include "ts/tenancy.h"

bool ts_tenancy_serves(void *store, ts_tenant tenant)
{
    return !ts_store_is_erased(store, tenant.org);
}

uint64_t ts_tenancy_version(const void *store, uint64_t org)
{
    return ts_store_version(store, org);
}
