/* Expected values come from Python's hmac and base64 modules. */
#include <criterion/criterion.h>

#include "sign.h"

static const char body[] = "{\"id\":\"evt_1\",\"n\":1}";

static void make_secret(char ret[SIGN_SECRET_SIZE])
{
    uint8_t bytes[SIGN_SECRET_BYTES];

    for (uint8_t i = 0; i < SIGN_SECRET_BYTES; i++)
        bytes[i] = i;
    sign_secret(bytes, ret);
}

static const char *header(char **list, size_t count, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < count; i++) {
        if (strncmp(list[i], name, n) == 0 && strncmp(list[i] + n, ": ", 2) == 0)
            return list[i] + n + 2;
    }
    return "";
}

Test(sign, a_secret_is_the_base64_of_its_bytes)
{
    char secret[SIGN_SECRET_SIZE];

    make_secret(secret);
    cr_expect_str_eq(secret, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
}

Test(sign, both_signatures_are_those_that_python_makes)
{
    ts_arena *arena = ts_arena_new(1u << 20);
    char secret[SIGN_SECRET_SIZE];
    sign_input in = { .secret = secret,
                      .event_id = "evt_1",
                      .endpoint_id = "whe_2",
                      .attempt = 3,
                      .now_ms = INT64_C(1700000000999),
                      .body = TS_STR_LIT("") };
    char **list = NULL;
    size_t count = 0;

    make_secret(secret);
    in.body = ts_str_of(body);
    cr_assert_eq(sign_headers(&in, arena, &list, &count), TS_OK);
    cr_expect_str_eq(header(list, count, "X-TeamSentry-Signature"),
                     "sha256=0705b683aed0f73ebb7a0a41cb61d75853756c72ec59a03c87922e3929ccc803");
    cr_expect_str_eq(header(list, count, "webhook-signature"),
                     "v1,L+RRoSmgopyvTS3L46ClLp1dhr8uVN06J7f2EMq/Jk8=");
    cr_expect_str_eq(header(list, count, "webhook-id"), "evt_1");
    cr_expect_str_eq(header(list, count, "webhook-timestamp"), "1700000000");
    cr_expect_str_eq(header(list, count, "X-TeamSentry-Delivery"), "evt_1.whe_2");
    cr_expect_str_eq(header(list, count, "X-TeamSentry-Attempt"), "3");
    cr_expect_str_eq(header(list, count, "Content-Type"), "application/json");
    cr_expect_str_eq(header(list, count, "traceparent"), "");
    ts_arena_free(arena);
}

Test(sign, a_rotation_signs_with_both_and_keeps_the_fixed_header_on_the_old_one)
{
    ts_arena *arena = ts_arena_new(1u << 20);
    Ts__Webhooks__Header extra = TS__WEBHOOKS__HEADER__INIT;
    Ts__Webhooks__Header *extras[] = { &extra };
    char secret[SIGN_SECRET_SIZE];
    sign_input in = { .secret = secret,
                      .next_secret = "whsec_FxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA",
                      .event_id = "evt_1",
                      .endpoint_id = "whe_2",
                      .attempt = 3,
                      .now_ms = INT64_C(1700000000999),
                      .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                      .extra = extras,
                      .extra_count = 1 };
    char **list = NULL;
    size_t count = 0;

    extra.name = (char *)(uintptr_t) "X-Tenant";
    extra.value = (char *)(uintptr_t) "seven";
    make_secret(secret);
    in.body = ts_str_of(body);
    cr_assert_eq(sign_headers(&in, arena, &list, &count), TS_OK);
    cr_expect_str_eq(header(list, count, "X-TeamSentry-Signature"),
                     "sha256=0705b683aed0f73ebb7a0a41cb61d75853756c72ec59a03c87922e3929ccc803");
    cr_expect_str_eq(header(list, count, "X-TeamSentry-Signature-Next"),
                     "sha256=c98e78d20300f7d5f6661391ae79dc59cdc546ba53d97be61a0ebf6820334266");
    cr_expect_str_eq(header(list, count, "webhook-signature"),
                     "v1,L+RRoSmgopyvTS3L46ClLp1dhr8uVN06J7f2EMq/Jk8= "
                     "v1,0gKuLuzu0c79aLFWlensZXKQ7xVXa0Aa/vTvR4IhFoE=");
    cr_expect_str_eq(header(list, count, "traceparent"), in.traceparent);
    cr_expect_str_eq(header(list, count, "X-Tenant"), "seven");
    ts_arena_free(arena);
}

Test(sign, a_damaged_secret_signs_nothing)
{
    static const char *const wrong[] = { "", "whsec_", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
                                         "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY!" };
    ts_arena *arena = ts_arena_new(1u << 20);

    for (size_t i = 0; i < TS_COUNT(wrong); i++) {
        sign_input in = {
            .secret = wrong[i], .event_id = "e", .endpoint_id = "w", .body = { body, 1 }
        };
        char **list = NULL;
        size_t count = 0;

        cr_expect_eq(sign_headers(&in, arena, &list, &count), TS_CORRUPT, "%s", wrong[i]);
    }
    ts_arena_free(arena);
}
