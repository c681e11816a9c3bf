#include "agent/excerpt.h"

#include <assert.h>

#include "agent/defang.h"

typedef struct walk {
    excerpt *e;
    const char *p, *end;
    ts_buf *out;
    unsigned muted; /* what is left out is read too: how long it was */
    unsigned depth;
    char path[EXCERPT_PATH_SIZE];
    size_t n; /* of the path; longer ones than fit match nothing */
} walk;

void excerpt_add(excerpt_paths *paths, ts_str path)
{
    assert(paths->count < EXCERPT_PATHS_MAX);
    if (paths->count < EXCERPT_PATHS_MAX)
        paths->items[paths->count++] = path;
}

static bool has_path(const excerpt_paths *paths, ts_str path)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (ts_str_eq(paths->items[i], path))
            return true;
    }
    return false;
}

static bool value(walk *w);

static ts_str rest_of(ts_str s, size_t from)
{
    return ts_str_n(s.p + from, s.n - from);
}

static ts_str path_of(const walk *w)
{
    return w->n < EXCERPT_PATH_SIZE ? ts_str_n(w->path, w->n) : TS_STR_NULL;
}

/* The length before, for leave(). */
static size_t enter(walk *w, const char *before, ts_str name)
{
    size_t old = w->n;
    size_t head = strlen(before);

    if (old + head + name.n >= EXCERPT_PATH_SIZE) {
        w->n = EXCERPT_PATH_SIZE;
        return old;
    }
    memcpy(w->path + old, before, head);
    if (name.n > 0)
        memcpy(w->path + old + head, name.p, name.n);
    w->n = old + head + name.n;
    return old;
}

static void put(walk *w, ts_str text)
{
    if (w->muted == 0)
        ts_buf_str(w->out, text);
}

static bool take(walk *w, char c)
{
    if (w->p == w->end || *w->p != c)
        return false;
    w->p++;
    return true;
}

/* Quotes included. */
static bool take_string(walk *w, ts_str *ret)
{
    const char *from = w->p;

    if (!take(w, '"'))
        return false;
    while (w->p < w->end && *w->p != '"')
        w->p += *w->p == '\\' && w->end - w->p > 1 ? 2 : 1;
    if (!take(w, '"'))
        return false;
    *ret = ts_str_n(from, (size_t)(w->p - from));
    return true;
}

static void look(walk *w, ts_str token)
{
    ts_str path = path_of(w);

    if (token.p[0] == 'n')
        return;
    for (size_t i = 0; i < w->e->wanted_count; i++) {
        if (w->e->found[i].n == 0 && ts_str_eq(w->e->wanted[i], path))
            w->e->found[i] = token;
    }
}

static bool string(walk *w)
{
    ts_str token;

    if (!take_string(w, &token))
        return false;
    look(w, token);
    if (w->muted > 0)
        return true;
    if (!has_path(&w->e->defanged, path_of(w))) {
        ts_buf_str(w->out, token);
        return true;
    }
    ts_buf_char(w->out, '"');
    defang_put(w->out, ts_str_n(token.p + 1, token.n - 2));
    ts_buf_char(w->out, '"');
    return true;
}

static bool scalar(walk *w)
{
    const char *from = w->p;
    ts_str token;

    while (w->p < w->end && strchr(",]}", *w->p) == NULL)
        w->p++;
    token = ts_str_n(from, (size_t)(w->p - from));
    if (token.n == 0)
        return false;
    look(w, token);
    put(w, token);
    return true;
}

static bool object(walk *w)
{
    bool is_first = true;

    put(w, TS_STR_LIT("{"));
    if (take(w, '}')) {
        put(w, TS_STR_LIT("}"));
        return true;
    }
    do {
        ts_str key;
        size_t old;
        bool is_left_out;

        if (!take_string(w, &key) || !take(w, ':'))
            return false;
        old = enter(w, w->n == 0 ? "" : ".", ts_str_n(key.p + 1, key.n - 2));
        is_left_out = has_path(&w->e->left_out, path_of(w));
        w->muted += is_left_out;
        if (!is_first)
            put(w, TS_STR_LIT(","));
        put(w, key);
        put(w, TS_STR_LIT(":"));
        if (!value(w))
            return false;
        is_first = is_first && is_left_out;
        w->muted -= is_left_out;
        w->n = old;
    } while (take(w, ','));
    put(w, TS_STR_LIT("}"));
    return take(w, '}');
}

static void note_cut(walk *w, size_t total)
{
    excerpt *e = w->e;
    ts_str path = path_of(w);
    excerpt_cut *cut;

    for (size_t i = 0; i < e->cut_count; i++) {
        if (ts_str_is(path, e->cuts[i].path))
            return; /* of many lists at one path the first is told */
    }
    if (w->muted > 0 || path.n == 0 || e->cut_count == EXCERPT_CUTS_MAX)
        return;
    cut = &e->cuts[e->cut_count++];
    memcpy(cut->path, path.p, path.n);
    cut->path[path.n] = '\0';
    cut->shown = e->items_max;
    cut->total = total;
}

static void note_rows(walk *w, ts_str path, size_t count)
{
    const ts_str head = TS_STR_LIT("data.");

    if (count <= w->e->rows || !ts_str_starts(path, head) ||
        ts_str_find(rest_of(path, head.n), '.') < path.n - head.n ||
        ts_str_find(path, '[') < path.n)
        return;
    w->e->rows = count;
    memcpy(w->e->rows_path, path.p, path.n);
    w->e->rows_path[path.n] = '\0';
}

static bool list(walk *w)
{
    ts_str path = path_of(w);
    size_t old = w->n;
    size_t count = 0;

    put(w, TS_STR_LIT("["));
    if (take(w, ']')) {
        put(w, TS_STR_LIT("]"));
        return true;
    }
    (void)enter(w, "[]", TS_STR_NULL);
    do {
        bool is_cut = w->e->items_max > 0 && count >= w->e->items_max;

        w->muted += is_cut;
        if (count > 0)
            put(w, TS_STR_LIT(","));
        if (!value(w))
            return false;
        w->muted -= is_cut;
        count++;
    } while (take(w, ','));
    w->n = old;
    put(w, TS_STR_LIT("]"));
    if (w->e->items_max > 0 && count > w->e->items_max)
        note_cut(w, count);
    note_rows(w, path, count);
    return take(w, ']');
}

static bool value(walk *w)
{
    bool is_good;

    if (w->p == w->end || w->depth == EXCERPT_DEPTH_MAX)
        return false;
    w->depth++;
    if (take(w, '{'))
        is_good = object(w);
    else if (take(w, '['))
        is_good = list(w);
    else
        is_good = *w->p == '"' ? string(w) : scalar(w);
    w->depth--;
    return is_good;
}

ts_status excerpt_make(excerpt *e, ts_str json, ts_str root, ts_buf *out)
{
    walk w = { .e = e, .p = json.p, .end = json.p + json.n, .out = out };

    memset(e->found, 0, sizeof(e->found));
    e->cut_count = 0;
    e->rows = 0;
    (void)enter(&w, "", root);
    if (!value(&w) || w.p != w.end)
        return TS_CORRUPT;
    return ts_buf_status(out);
}
