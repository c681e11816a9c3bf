/* Rules and catalogues come from files that an operator writes or downloads: whatever stands in them, loading ends with rules
 * or with words, and a rule that was taken can be asked about any record. */
#include "detect/sigma/rule.h"

#define ARENA_BYTES (32u << 20)

static void ask(const sigma_rule *rule, const sigma_names *names, ts_arena *arena, ts_str input)
{
    risk_field fields[] = { { TS_STR_LIT("eventName"), input },
                            { TS_STR_LIT("a"), TS_STR_LIT("10.0.0.1") },
                            { TS_STR_LIT("b"), TS_STR_LIT("1500") } };
    risk_record record = { .fields = fields, .field_count = TS_COUNT(fields) };
    sigma_view view;

    if (input.n > 512)
        fields[0].value.n = 512;
    if (sigma_view_of(names, &record, arena, &view) == TS_OK)
        (void)sigma_rule_matches(rule, &view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_str input = ts_str_n(data, size);
    ts_arena *arena = ts_arena_new(ARENA_BYTES);
    sigma_names names = { .arena = arena };
    ytree **documents = NULL;
    size_t count = 0;
    ts_error err;

    if (arena == NULL)
        return 0;
    if (ytree_parse(input, arena, &documents, &count, &err) != TS_OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        sigma_rule *rule = NULL;

        if (sigma_rule_compile(documents[i], "fuzz", &names, arena, &rule, &err) == TS_OK &&
            !rule->is_correlation)
            ask(rule, &names, arena, input);
    }
    ts_arena_free(arena);
    return 0;
}
