/* Settings: a table drives reading, checking, --help and --check-config. */
#include "ts/config.h"

static void mistake(ts_buf *out, const char *variable, const char *words)
{
    ts_buf_printf(out, "%s: %s\n", variable, words);
}

/* A field is reached by its offset: the table's macros have taken it from the struct's own type. */
static void *field_of(const ts_config_table *table, const ts_config_item *item)
{
    return (char *)table->target + item->offset;
}

/* The value of "NAME=value" for that name, or NULL. The first one counts, as with getenv(). */
static const char *value_of(char *const *environment, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; environment[i] != NULL; i++) {
        if (strncmp(environment[i], name, n) == 0 && environment[i][n] == '=')
            return environment[i] + n + 1;
    }
    return NULL;
}

static bool has_control(ts_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
            return true;
    }
    return false;
}

/* NULL, or what is wrong. The words never hold the value: it may be a secret. */
static const char *set_text(void *field, ts_str text)
{
    if (text.n >= TS_CONFIG_TEXT_MAX)
        return "longer than 1023 bytes";
    if (!ts_utf8_valid(text))
        return "not valid UTF-8";
    if (has_control(text))
        return "holds a control character";
    if (text.n > 0)
        memcpy(field, text.p, text.n);
    memset((char *)field + text.n, 0, TS_CONFIG_TEXT_MAX - text.n);
    return NULL;
}
_Static_assert(TS_CONFIG_TEXT_MAX == 1024, "set_text() tells the limit in words");

static const char *set_bool(void *field, ts_str text)
{
    bool value = ts_str_is(text, "1") || ts_str_is(text, "true");

    if (!value && !ts_str_is(text, "0") && !ts_str_is(text, "false"))
        return "must be 0, 1, false or true";
    memcpy(field, &value, sizeof(value));
    return NULL;
}

/* Tells its own mistake, which holds the range. */
static void load_num(const ts_config_item *item, void *field, ts_str text, ts_buf *mistakes)
{
    int64_t value;

    if (ts_parse_i64(text, &value) != TS_OK || value < item->min || value > item->max) {
        ts_buf_printf(mistakes, "%s: must be a whole number from %lld to %lld\n", item->variable,
                      (long long)item->min, (long long)item->max);
        return;
    }
    memcpy(field, &value, sizeof(value));
}

static void load_value(const ts_config_item *item, void *field, ts_str text, ts_buf *mistakes)
{
    const char *words = NULL;

    switch (item->kind) {
    case TS_CONFIG_TEXT:
    case TS_CONFIG_SECRET: words = set_text(field, text); break;
    case TS_CONFIG_NUM: load_num(item, field, text, mistakes); break;
    case TS_CONFIG_BOOL: words = set_bool(field, text); break;
    }
    if (words != NULL)
        mistake(mistakes, item->variable, words);
}

static bool is_known(const ts_config_table *tables, size_t count, ts_str name)
{
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (ts_str_is(name, tables[t].items[i].variable))
                return true;
        }
    }
    return false;
}

static void find_unknown(const ts_config_table *tables, size_t count, const char *prefix,
                         char *const *environment, ts_buf *mistakes)
{
    for (size_t i = 0; environment[i] != NULL; i++) {
        ts_str name = ts_str_of(environment[i]);

        name.n = ts_str_find(name, '=');
        if (!ts_str_starts(name, ts_str_of(prefix)) || is_known(tables, count, name))
            continue;
        ts_buf_str(mistakes, name);
        ts_buf_z(mistakes, ": unknown variable\n");
    }
}

ts_status ts_config_load(const ts_config_table *tables, size_t count, const char *prefix,
                         char *const *environment, ts_buf *mistakes)
{
    size_t before = mistakes->size;

    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            const ts_config_item *item = &tables[t].items[i];
            const char *value = value_of(environment, item->variable);

            load_value(item, field_of(&tables[t], item),
                       ts_str_of(value == NULL ? item->fallback : value), mistakes);
        }
    }
    if (prefix != NULL && prefix[0] != '\0')
        find_unknown(tables, count, prefix, environment, mistakes);
    /* A buffer too small for the words must not hide that there were some. */
    if (mistakes->size > before || ts_buf_status(mistakes) != TS_OK)
        return TS_INVALID;
    return TS_OK;
}

void ts_config_mistake(ts_buf *mistakes, const ts_error *err)
{
    if (err->param[0] == '\0' || ts_str_starts(ts_str_of(err->text), ts_str_of(err->param)))
        ts_buf_printf(mistakes, "%s\n", err->text);
    else
        mistake(mistakes, err->param, err->text);
}

static void help_item(const ts_config_item *item, ts_buf *out)
{
    ts_buf_printf(out, "  %s\n      %s\n      ", item->variable, item->help);
    switch (item->kind) {
    case TS_CONFIG_TEXT:
        if (item->fallback[0] == '\0')
            ts_buf_z(out, "default: empty\n");
        else
            ts_buf_printf(out, "default: %s\n", item->fallback);
        break;
    case TS_CONFIG_SECRET: ts_buf_z(out, "secret, default: not set\n"); break;
    case TS_CONFIG_NUM:
        ts_buf_printf(out, "default: %s, from %lld to %lld\n", item->fallback, (long long)item->min,
                      (long long)item->max);
        break;
    case TS_CONFIG_BOOL: ts_buf_printf(out, "default: %s, 0 or 1\n", item->fallback); break;
    }
}

void ts_config_help(const ts_config_table *tables, size_t count, ts_buf *out)
{
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++)
            help_item(&tables[t].items[i], out);
    }
}

static void print_item(const ts_config_table *table, const ts_config_item *item, ts_buf *out)
{
    const void *field = field_of(table, item);
    int64_t num;
    bool flag;

    ts_buf_printf(out, "%s=", item->variable);
    switch (item->kind) {
    case TS_CONFIG_TEXT: ts_buf_z(out, field); break;
    case TS_CONFIG_SECRET:
        ts_buf_z(out, ((const char *)field)[0] == '\0' ? "(not set)" : "(set)");
        break;
    case TS_CONFIG_NUM:
        memcpy(&num, field, sizeof(num));
        ts_buf_i64(out, num);
        break;
    case TS_CONFIG_BOOL:
        memcpy(&flag, field, sizeof(flag));
        ts_buf_z(out, flag ? "1" : "0");
        break;
    }
    ts_buf_char(out, '\n');
}

void ts_config_print(const ts_config_table *tables, size_t count, ts_buf *out)
{
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++)
            print_item(&tables[t], &tables[t].items[i], out);
    }
}
