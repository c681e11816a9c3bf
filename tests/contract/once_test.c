/* Calls that come again: over a real store, through a real socket for what the client sees. */
#include "served.h"
#include "ts/once.h"

enum { ONCE };
static const ts_family families[] = { { .name = "once" }, { .name = NULL } };
static served s;
static int made; /* things that the handler made */
static int64_t now_ms;

static const ts_tenant live = { 7, TS_MODE_LIVE };
static const ts_tenant test = { 7, TS_MODE_TEST };

/* Makes a thing and answers its number. */
static ts_status make(ts_call *call, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    Ts__Auth__CreateKeyReply *reply = (Ts__Auth__CreateKeyReply *)out;
    ts_batch *b = ts_batch_new();
    bool found;
    ts_status st;

    call->now_ms = now_ms;
    st = ts_once_find(s.store, ONCE, call, in, out, &found);
    if (st == TS_OK && !found) {
        made++;
        reply->secret = ts_arena_printf(call->arena, "%d", made);
        CHECK_EQ(ts_once_keep(b, s.store, ONCE, call, in, out), TS_OK);
        CHECK_EQ(ts_store_write(s.store, b, NULL), TS_OK);
    }
    ts_batch_free(b);
    return st;
}

static const ts_rpc_row rows[] = {
    { &ts_auth_create_key, make, false },
    { NULL, NULL, false },
};

typedef struct asked {
    ts_status status;
    int number;
    bool replayed;
} asked;

static asked ask(ts_tenant tenant, const char *actor, const char *key, const char *name)
{
    Ts__Auth__CreateKeyRequest request = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    asked a = { 0 };
    uint64_t number = 0;
    ts_caller caller = served_caller(tenant, actor, key);

    caller.ret_replayed = &a.replayed;
    request.name = (char *)(uintptr_t)name; /* only packed */
    a.status =
        ts_rpc_call(s.peer, &ts_auth_create_key, &caller, &request.base, s.arena, &out, &s.error);
    if (a.status == TS_OK)
        CHECK_EQ(
            ts_parse_u64(ts_str_of(((Ts__Auth__CreateKeyReply *)(void *)out)->secret), &number),
            TS_OK);
    a.number = (int)number;
    served_forget(&s);
    return a;
}

static int row_count(void)
{
    ts_iter *it = ts_iter_new(s.store, ONCE, TS_STR_NULL, TS_STR_NULL, false);
    int n = 0;

    for (; ts_iter_valid(it); ts_iter_next(it))
        n++;
    ts_iter_free(it);
    return n;
}

static void a_repeat_gets_the_first_answer_and_is_marked(void)
{
    asked first = ask(live, "key:a", "k1", "one");
    asked again = ask(live, "key:a", "k1", "one");

    CHECK(!first.replayed);
    CHECK(again.replayed);
    CHECK_EQ(again.number, first.number);
}

static void without_a_key_each_call_is_its_own(void)
{
    asked first = ask(live, "key:a", "", "one");
    asked again = ask(live, "key:a", "", "one");

    CHECK(!again.replayed);
    CHECK_EQ(again.number, first.number + 1);
}

static void another_request_under_the_key_is_refused(void)
{
    int before = made;

    CHECK_EQ(ask(live, "key:a", "k1", "two").status, TS_CONFLICT);
    CHECK(strcmp(s.error.param, "Idempotency-Key") == 0);
    CHECK_EQ(made, before);
}

static void actors_and_modes_keep_apart(void)
{
    int before = made;

    CHECK(!ask(live, "key:b", "k1", "one").replayed);
    CHECK(!ask(test, "key:a", "k1", "one").replayed);
    CHECK_EQ(made, before + 2);
}

static void after_a_day_the_key_is_free_again(void)
{
    asked first = ask(live, "key:a", "k2", "one");

    now_ms += TS_ONCE_KEEP_MS - 1;
    CHECK(ask(live, "key:a", "k2", "one").replayed);
    now_ms += 1;
    CHECK_EQ(ask(live, "key:a", "k2", "other").number, first.number + 1);
}

/* The order row of the first use is older than the row that the second use wrote. */
static void a_key_used_again_after_a_day_outlives_the_clearing_of_its_first_use(void)
{
    for (int i = 0; i < 4; i++)
        CHECK_EQ(ask(live, "key:c", "", "filler").status, TS_OK);
    CHECK(ask(live, "key:a", "k2", "other").replayed);
}

/* What another caller's call puts into its batch, on its way to the store. */
static void keep(ts_batch *b, const char *actor, const char *key)
{
    Ts__Auth__CreateKeyRequest in = TS__AUTH__CREATE_KEY_REQUEST__INIT;
    Ts__Auth__CreateKeyReply out = TS__AUTH__CREATE_KEY_REPLY__INIT;
    ts_call call = { .caller = { .actor = actor, .idempotency_key = key },
                     .tenant = live,
                     .method = &ts_auth_create_key,
                     .arena = s.arena,
                     .error = &s.error,
                     .now_ms = now_ms };

    CHECK_EQ(ts_once_keep(b, s.store, ONCE, &call, &in.base, &out.base), TS_OK);
}

/* Callers lock what they change, not each other. */
static void a_row_that_is_written_anew_while_another_call_clears_it_away_stays(void)
{
    ts_batch *clearing = ts_batch_new();
    asked first;

    served_clear(&s, ONCE);
    first = ask(live, "key:a", "k4", "one");
    now_ms += TS_ONCE_KEEP_MS;
    keep(clearing, "key:e", "k5");
    CHECK_EQ(ask(live, "key:a", "k4", "one").number, first.number + 1);
    CHECK_EQ(ts_store_write(s.store, clearing, NULL), TS_OK);
    ts_batch_free(clearing);
    CHECK(ask(live, "key:a", "k4", "one").replayed);
    CHECK_EQ(row_count(), 4);
}

static void a_call_that_clears_its_own_first_use_away_is_kept(void)
{
    asked first;

    served_clear(&s, ONCE);
    first = ask(live, "key:a", "k6", "one");
    now_ms += TS_ONCE_KEEP_MS;
    CHECK_EQ(ask(live, "key:a", "k6", "one").number, first.number + 1);
    CHECK(ask(live, "key:a", "k6", "one").replayed);
    CHECK_EQ(row_count(), 2);
    served_clear(&s, ONCE);
}

static void old_rows_go_as_new_ones_come(void)
{
    for (int i = 0; i < 40; i++)
        CHECK_EQ(ask(live, "key:c", "", "filler").status, TS_OK);
    CHECK(row_count() >= 80);
    now_ms += TS_ONCE_KEEP_MS;
    for (int i = 0; i < 10; i++)
        CHECK_EQ(ask(live, "key:c", "", "filler").status, TS_OK);
    CHECK_EQ(row_count(), 20);
}

static void answers_outlive_the_process(void)
{
    asked first = ask(live, "key:d", "k3", "one");
    asked again;

    served_stop(&s);
    ts_store_close(s.store);
    served_open_store(&s, families);
    served_start(&s, "once", rows, NULL);
    again = ask(live, "key:d", "k3", "one");
    CHECK(again.replayed);
    CHECK_EQ(again.number, first.number);
}

int main(void)
{
    scratch_directory(s.directory);
    now_ms = ts_wall_ms();
    served_open_store(&s, families);
    served_start(&s, "once", rows, NULL);
    RUN(a_repeat_gets_the_first_answer_and_is_marked);
    RUN(without_a_key_each_call_is_its_own);
    RUN(another_request_under_the_key_is_refused);
    RUN(actors_and_modes_keep_apart);
    RUN(after_a_day_the_key_is_free_again);
    RUN(a_key_used_again_after_a_day_outlives_the_clearing_of_its_first_use);
    RUN(a_row_that_is_written_anew_while_another_call_clears_it_away_stays);
    RUN(a_call_that_clears_its_own_first_use_away_is_kept);
    RUN(old_rows_go_as_new_ones_come);
    RUN(answers_outlive_the_process);
    served_stop(&s);
    ts_store_close(s.store);
    remove_directory(s.directory);
    return 0;
}
