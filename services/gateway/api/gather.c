/* Parts of one answer, asked of several services at the same time. */
#include "api/api.h"

/* One part's memory: the largest is a report of a few hundred groups. */
#define PART_ARENA_MAX ((size_t)16 * 1024 * 1024)

/* A place at its service for each call, in the order of the services: two requests never wait for each other's places. Nor for those
 * that they hold themselves: who has one at a service takes more only if they are free, and what is left is asked afterwards. A
 * part that gets no place has failed. Returns how many calls there are, with the number of each one's part. */
static size_t enter(api *a, const ts_caller *caller, api_part *parts, size_t count, bool *is_left,
                    ts_rpc_part *ret_calls, size_t *ret_part_of)
{
    size_t calls = 0;

    for (size_t gate = 0; gate < a->gate_count; gate++) {
        int64_t until_ms = caller->deadline_boot_ms;

        for (size_t i = 0; i < count; i++) {
            api_part *part = &parts[i];
            bool is_in;

            if (!is_left[i] || api_gate_of(a, part->method) != gate)
                continue;
            is_in = api_gate_enter(&a->gates[gate].gate, until_ms);
            if (!is_in && until_ms == 0)
                continue;
            is_left[i] = false;
            if (!is_in) {
                part->status = ts_fail(&part->error, TS_UNAVAILABLE, "", API_GATE_WORDS);
                continue;
            }
            until_ms = 0;
            ret_part_of[calls] = i;
            ret_calls[calls++] = (ts_rpc_part){ .peer = a->gates[gate].peer,
                                                .method = part->method,
                                                .in = part->in,
                                                .arena = part->arena };
        }
    }
    return calls;
}

static void leave(api *a, api_part *parts, const ts_rpc_part *calls, const size_t *part_of,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        api_part *part = &parts[part_of[i]];

        api_leave(a, part->method, calls[i].status, &calls[i].error);
        part->status = calls[i].status;
        part->error = calls[i].error;
        part->out = calls[i].out;
    }
}

static void run_all(api *a, const ts_caller *caller, api_part *parts, size_t count)
{
    ts_rpc_part calls[TS_RPC_PARTS_MAX];
    size_t part_of[TS_RPC_PARTS_MAX];
    bool is_left[TS_RPC_PARTS_MAX];
    size_t call_count;

    for (size_t i = 0; i < count; i++) {
        parts[i].arena = ts_arena_new(PART_ARENA_MAX);
        parts[i].status = parts[i].arena == NULL ? TS_NOMEM : TS_INTERNAL;
        is_left[i] = parts[i].arena != NULL;
    }
    do {
        call_count = enter(a, caller, parts, count, is_left, calls, part_of);
        ts_rpc_call_all(caller, calls, call_count);
        leave(a, parts, calls, part_of, call_count);
    } while (call_count > 0);
}

ts_status api_gather(http_exchange *x, api_part *parts, size_t count)
{
    api *a = api_of(x);
    ts_caller caller;
    ts_status st;

    if (count > TS_RPC_PARTS_MAX)
        return TS_INTERNAL;
    st = api_caller(x, a->config->call_ms, &caller);
    if (st != TS_OK)
        return st;
    run_all(a, &caller, parts, count);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].status == TS_OK)
            continue;
        x->error = parts[i].error;
        api_soften(x, parts[i].method, parts[i].status);
        if (parts[i].optional == NULL)
            return parts[i].status;
        if (parts[i].status != TS_NOT_FOUND)
            http_name_add(&x->degraded, parts[i].optional);
        x->error = (ts_error){ .text = "" };
    }
    return TS_OK;
}

void api_parts_done(api_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ts_arena_free(parts[i].arena);
        parts[i].arena = NULL;
        parts[i].out = NULL;
    }
}
