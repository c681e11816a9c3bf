#include "normalize/source.h"

#include "normalize/google.h"

static const risk_source sources[] = {
    { "google_workspace", { "items" }, risk_google },
};

const risk_source *risk_source_find(const char *name)
{
    for (size_t i = 0; i < TS_COUNT(sources); i++) {
        if (strcmp(name, sources[i].name) == 0)
            return &sources[i];
    }
    return NULL;
}

ts_status risk_source_names(ts_arena *arena, const char **ret)
{
    const char *text = sources[0].name;

    for (size_t i = 1; i < TS_COUNT(sources) && text != NULL; i++)
        text = ts_arena_printf(arena, "%s%s%s", text, i + 1 < TS_COUNT(sources) ? ", " : " or ",
                               sources[i].name);
    *ret = text;
    return text == NULL ? TS_NOMEM : TS_OK;
}

ts_status risk_source_normalize(const risk_source *source, const risk_intake *in, ts_error *err)
{
    size_t before = in->body->record_count;
    ts_status st = source->normalize(in, err);

    if (st != TS_OK)
        in->body->record_count = before;
    return st;
}
