#include "ts/tenancy.h"

bool ts_tenancy_serves(void *store, ts_tenant tenant)
{
    return !ts_store_is_erased(store, tenant.org);
}
