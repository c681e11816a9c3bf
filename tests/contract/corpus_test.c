/* Rules that nobody here wrote: each file of the SigmaHQ corpus gives a rule or a refusal with its reason, and those for
 * Google Workspace are taken. Skipped where the shared data is absent. */
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
    sigma_ruleset_free(set);
    return 0;
}
