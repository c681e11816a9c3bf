/* Rules that nobody here wrote: each file of the SigmaHQ corpus gives a rule or a refusal with its reason, and those for
 * Google Workspace and Okta are taken, but for two that need what rules/README.md says is not taken. Skipped where the
 * shared data is absent. */
#include <ftw.h>

#include "check.h"
#include "detect/sigma/ruleset.h"

#define SKIPPED 77

static size_t files;

static int count_file(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    ts_str name = ts_str_of(path + ftw->base);

    (void)stat;
    if (type == FTW_F &&
        (ts_str_ends(name, TS_STR_LIT(".yml")) || ts_str_ends(name, TS_STR_LIT(".yaml"))))
        files++;
    return 0;
}

static bool is_workspace(const char *path)
{
    return strstr(path, "/gworkspace/") != NULL;
}

static bool is_okta(const char *path)
{
    return strstr(path, "/identity/okta/") != NULL || strstr(path, "/cloud/okta/") != NULL ||
           strstr(path, "/Okta-") != NULL;
}

/* All but these two: a regular expression, and a placeholder that its user fills in. */
static void check_okta(const sigma_ruleset *set)
{
    static const char *const refused[][2] = {
        { "/okta_password_in_alternateid_field.yml", "modifier re " },
        { "/okta_session_impersonation_granted.yml", "modifier expand " },
    };
    size_t count, refusal_count, okta = 0, seen = 0;
    const sigma_refusal *refusals = sigma_ruleset_refusals(set, &refusal_count);
    sigma_rule *const *rules = sigma_ruleset_rules(set, &count);

    for (size_t i = 0; i < count; i++)
        okta += is_okta(rules[i]->file);
    CHECK_EQ(okta, 22);
    for (size_t i = 0; i < refusal_count; i++) {
        size_t k = 0;

        if (!is_okta(refusals[i].file))
            continue;
        while (k < TS_COUNT(refused) && strstr(refusals[i].file, refused[k][0]) == NULL)
            k++;
        fprintf(stderr, "%s: %s\n", refusals[i].file, refusals[i].reason);
        CHECK(k < TS_COUNT(refused) && strstr(refusals[i].reason, refused[k][1]) != NULL);
        seen++;
    }
    CHECK_EQ(seen, TS_COUNT(refused));
}

int main(void)
{
    static const char directory[] = TS_SOURCE_DIR "/../shared/data/sigma/all";
    sigma_ruleset *set = NULL;
    sigma_rule *const *rules;
    const sigma_refusal *refusals;
    size_t count = 0, refused = 0, workspace = 0;
    ts_error err = { "", "" };

    if (access(directory, R_OK) != 0) {
        printf("skipped: no shared data\n");
        return SKIPPED;
    }
    CHECK(nftw(directory, count_file, 16, FTW_PHYS) == 0);
    CHECK_EQ(sigma_ruleset_load(directory, &set, &err), TS_OK);
    rules = sigma_ruleset_rules(set, &count);
    refusals = sigma_ruleset_refusals(set, &refused);
    printf("%zu files: %zu rules, %zu refused\n", files, count, refused);
    CHECK(count + refused >= files); /* a file may hold several */
    for (size_t i = 0; i < refused; i++) {
        CHECK(refusals[i].reason[0] != '\0');
        if (is_workspace(refusals[i].file))
            fprintf(stderr, "%s: %s\n", refusals[i].file, refusals[i].reason);
        CHECK(!is_workspace(refusals[i].file));
    }
    for (size_t i = 0; i < count; i++)
        workspace += is_workspace(rules[i]->file);
    CHECK_EQ(workspace, 10);
    check_okta(set);
    sigma_ruleset_free(set);
    return 0;
}
