#include <criterion/criterion.h>

#include "score/app_score.h"

typedef struct sample {
    const char *what;
    uint32_t weights[4];
    size_t scopes, broad;
    uint64_t users;
    bool known, trusted;
    uint32_t wanted;
} sample;

Test(app_score, follows_its_description)
{
    static const sample samples[] = {
        { "signs in only", { 0, 0 }, 2, 0, 1, false, false, 0 },
        { "nothing known of it", { 0 }, 0, 0, 0, false, false, APP_NO_SCOPES },
        { "a scope in no catalogue", { 40 }, 1, 0, 1, false, false, 40 },
        { "reads all files", { 80, 0 }, 2, 1, 1, false, false, 80 },
        { "the greatest weight counts", { 10, 80, 30 }, 3, 1, 1, false, false, 80 },
        { "all of mail and files", { 100, 95 }, 2, 2, 1, false, false, 100 },
        { "each further broad scope", { 60, 60, 60 }, 3, 3, 1, false, false, 64 },
        { "two users", { 80 }, 1, 1, 2, false, false, 81 },      /* 80 + 1 * 0.8 */
        { "1,024 users", { 80 }, 1, 1, 1024, false, false, 88 }, /* 80 + 10 * 0.8 */
        { "a million users", { 80 }, 1, 1, 1000000, false, false, 88 },
        { "many users of a door to nothing", { 0 }, 1, 0, 1024, false, false, 0 },
        { "a known publisher", { 80 }, 1, 1, 1, true, false, 64 },
        { "trusted", { 80 }, 1, 1, 1, false, true, 40 },
        { "known and trusted", { 80 }, 1, 1, 1, true, true, 32 },
        { "trusted with all", { 100, 100 }, 2, 2, 1024, false, true, 56 }, /* (100 + 2 + 10) / 2 */
    };

    for (size_t i = 0; i < TS_COUNT(samples); i++) {
        const sample *s = &samples[i];
        app_facts f = { .weights = s->weights,
                        .scope_count = s->scopes,
                        .broad_count = s->broad,
                        .user_count = s->users,
                        .publisher_known = s->known,
                        .trusted = s->trusted };

        cr_expect_eq(app_score(&f), s->wanted, "%s: %u", s->what, app_score(&f));
    }
}

Test(app_score, stays_within_its_bounds)
{
    uint32_t weights[200];
    app_facts f = {
        .weights = weights, .scope_count = 200, .broad_count = 200, .user_count = UINT64_MAX
    };

    for (size_t i = 0; i < 200; i++)
        weights[i] = 100;
    cr_assert_eq(app_score(&f), 100);
    f.trusted = true;
    cr_assert_leq(app_score(&f), APP_TRUSTED_MAX);
}
