#include "ts/relay_set.h"

struct ts_relay_set {
    size_t count;
    ts_peer **peers;
    ts_relay **relays;
};

static ts_status start_one(const ts_process *p, ts_relay_options *o, ts_relay_set *set,
                           ts_error *err)
{
    ts_status st =
        ts_peer_new(o->peer_name, ts_process_bus(p, o->peer_name), &set->peers[set->count], err);

    if (st != TS_OK)
        return st;
    o->peer = set->peers[set->count];
    return ts_relay_start(o, &set->relays[set->count++], err);
}

ts_status ts_relay_set_start(const ts_process *p, const char *service_name, ts_store *store,
                             const ts_destination *destinations, ts_relay_set **ret, ts_error *err)
{
    ts_relay_set *set = calloc(1, sizeof(*set));
    ts_status st = TS_OK;
    size_t count = 0;

    while (destinations[count].peer != NULL)
        count++;
    if (set != NULL) {
        set->peers = calloc(count, sizeof(ts_peer *));
        set->relays = calloc(count, sizeof(ts_relay *));
    }
    if (set == NULL || set->peers == NULL || set->relays == NULL)
        st = ts_fail(err, TS_NOMEM, "", "out of memory");
    for (size_t i = 0; i < count && st == TS_OK; i++) {
        ts_relay_options o = { .store = store,
                               .stream = destinations[i].stream,
                               .method = destinations[i].method,
                               .service_name = service_name,
                               .peer_name = destinations[i].peer };

        st = start_one(p, &o, set, err);
    }
    if (st == TS_OK)
        *ret = set;
    else
        ts_relay_set_stop(set);
    return st;
}

void ts_relay_set_stop(ts_relay_set *set)
{
    if (set == NULL)
        return;
    ts_relays_stop(set->relays, set->count);
    for (size_t i = 0; i < set->count; i++)
        ts_peer_free(set->peers[i]);
    free(set->relays);
    free(set->peers);
    free(set);
}
