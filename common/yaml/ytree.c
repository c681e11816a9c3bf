#include "ts/ytree.h"

#include <yaml.h>

#include "ts/buf.h"

typedef struct builder {
    yaml_document_t *document;
    ts_arena *arena;
    ts_error *err;
    unsigned nodes;
} builder;

static ts_str scalar_text(const yaml_node_t *node)
{
    return ts_str_n(node->data.scalar.value, node->data.scalar.length);
}

static ts_status build(builder *b, int index, unsigned depth, ytree **ret);

static ts_status build_list(builder *b, const yaml_node_t *node, unsigned depth, ytree *to)
{
    const yaml_node_item_t *first = node->data.sequence.items.start;
    size_t count = (size_t)(node->data.sequence.items.top - first);

    to->kind = YTREE_LIST;
    to->items = ts_arena_array(b->arena, count, sizeof(ytree *));
    if (to->items == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < count; i++) {
        ts_status st = build(b, first[i], depth + 1, &to->items[i]);

        if (st != TS_OK)
            return st;
        to->count++;
    }
    return TS_OK;
}

static ts_status build_member(builder *b, const yaml_node_pair_t *pair, unsigned depth, ytree *to)
{
    const yaml_node_t *key = yaml_document_get_node(b->document, pair->key);
    ts_str name;

    if (key == NULL || key->type != YAML_SCALAR_NODE)
        return ts_fail(b->err, TS_INVALID, "", "line %u: a name must be plain text", to->line);
    name = scalar_text(key);
    for (size_t i = 0; i < to->count; i++) {
        if (ts_str_eq(to->names[i], name))
            return ts_fail(b->err, TS_INVALID, "", "line %u: %.*s stands there twice",
                           (unsigned)key->start_mark.line + 1, (int)(name.n > 60 ? 60 : name.n),
                           name.p);
    }
    to->names[to->count] = ts_arena_str(b->arena, name);
    if (to->names[to->count].p == NULL)
        return TS_NOMEM;
    return build(b, pair->value, depth + 1, &to->items[to->count++]);
}

static ts_status build_map(builder *b, const yaml_node_t *node, unsigned depth, ytree *to)
{
    const yaml_node_pair_t *first = node->data.mapping.pairs.start;
    size_t count = (size_t)(node->data.mapping.pairs.top - first);
    ts_status st = TS_OK;

    to->kind = YTREE_MAP;
    to->items = ts_arena_array(b->arena, count, sizeof(ytree *));
    to->names = ts_arena_array(b->arena, count, sizeof(ts_str));
    if (to->items == NULL || to->names == NULL)
        return TS_NOMEM;
    for (size_t i = 0; i < count && st == TS_OK; i++)
        st = build_member(b, &first[i], depth, to);
    return st;
}

static ts_status build(builder *b, int index, unsigned depth, ytree **ret)
{
    const yaml_node_t *node = yaml_document_get_node(b->document, index);
    ytree *to = ts_arena_alloc(b->arena, sizeof(*to));

    if (to == NULL || node == NULL)
        return TS_NOMEM;
    *ret = to;
    to->line = (unsigned)node->start_mark.line + 1;
    /* Aliases make a document larger than its file, and even endless: what counts is what comes out. */
    if (++b->nodes > YTREE_NODES_MAX || depth > YTREE_DEPTH_MAX)
        return ts_fail(b->err, TS_TOO_LARGE, "", "line %u: too many or too deeply nested nodes",
                       to->line);
    switch (node->type) {
    case YAML_SCALAR_NODE:
        to->kind = YTREE_SCALAR;
        to->quoted = node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        to->text = ts_arena_str(b->arena, scalar_text(node));
        return to->text.p == NULL ? TS_NOMEM : TS_OK;
    case YAML_SEQUENCE_NODE: return build_list(b, node, depth, to);
    case YAML_MAPPING_NODE: return build_map(b, node, depth, to);
    case YAML_NO_NODE: break;
    }
    return ts_fail(b->err, TS_INVALID, "", "line %u: not understood", to->line);
}

/* *ret_tree is NULL behind the last document. */
static ts_status load_document(yaml_parser_t *parser, ts_arena *arena, ytree **ret_tree,
                               bool *ret_end, ts_error *err)
{
    yaml_document_t document;
    builder b = { .document = &document, .arena = arena, .err = err };
    ts_status st = TS_OK;

    *ret_tree = NULL;
    if (yaml_parser_load(parser, &document) == 0) {
        if (parser->error == YAML_MEMORY_ERROR)
            return TS_NOMEM;
        return ts_fail(err, TS_INVALID, "", "line %u: %s", (unsigned)parser->problem_mark.line + 1,
                       parser->problem == NULL ? "not YAML" : parser->problem);
    }
    *ret_end = yaml_document_get_root_node(&document) == NULL;
    if (!*ret_end)
        st = build(&b, 1, 0, ret_tree); /* node 1 is the root */
    yaml_document_delete(&document);
    return st;
}

ts_status ytree_parse(ts_str text, ts_arena *arena, ytree ***ret, size_t *ret_count, ts_error *err)
{
    ytree **list = ts_arena_array(arena, YTREE_DOCUMENTS, sizeof(*list));
    yaml_parser_t parser;
    size_t count = 0;
    bool end = false;
    ts_status st = TS_OK;

    if (list == NULL || yaml_parser_initialize(&parser) == 0)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
    while (st == TS_OK && !end) {
        ytree *tree = NULL;

        st = load_document(&parser, arena, &tree, &end, err);
        if (st != TS_OK || tree == NULL || ytree_is_null(tree))
            continue;
        if (count == YTREE_DOCUMENTS)
            st = ts_fail(err, TS_TOO_LARGE, "", "a file may hold %u documents", YTREE_DOCUMENTS);
        else
            list[count++] = tree;
    }
    yaml_parser_delete(&parser);
    if (st != TS_OK)
        return st;
    *ret = list;
    *ret_count = count;
    return TS_OK;
}

/* Reads at most one byte more than is allowed. */
static ts_status read_file(const char *path, ts_buf *to, ts_error *err)
{
    FILE *file = fopen(path, "rbe");
    char *room = ts_buf_reserve(to, YTREE_FILE_MAX + 1);
    bool failed;

    if (file == NULL)
        return ts_fail(err, TS_NOT_FOUND, "", "%s cannot be opened", path);
    if (room != NULL)
        to->size += fread(room, 1, YTREE_FILE_MAX + 1, file);
    failed = ferror(file) != 0;
    fclose(file);
    if (room == NULL)
        return ts_fail(err, TS_NOMEM, "", "out of memory");
    if (failed)
        return ts_fail(err, TS_UNAVAILABLE, "", "%s cannot be read", path);
    if (to->size > YTREE_FILE_MAX)
        return ts_fail(err, TS_TOO_LARGE, "", "a file may have %u bytes", YTREE_FILE_MAX);
    return TS_OK;
}

ts_status ytree_load(const char *path, ts_arena *arena, ytree ***ret, size_t *ret_count,
                     ts_error *err)
{
    TS_CLEANUP(ts_buf_done) ts_buf text = TS_BUF_INIT(YTREE_FILE_MAX + 1);
    ts_status st = read_file(path, &text, err);

    return st == TS_OK ? ytree_parse(ts_buf_view(&text), arena, ret, ret_count, err) : st;
}

const ytree *ytree_get(const ytree *map, const char *name)
{
    if (map == NULL || map->kind != YTREE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++) {
        if (ts_str_is(map->names[i], name))
            return map->items[i];
    }
    return NULL;
}

ts_str ytree_text(const ytree *map, const char *name)
{
    const ytree *node = ytree_get(map, name);

    return node == NULL || node->kind != YTREE_SCALAR ? TS_STR_NULL : node->text;
}

bool ytree_is_null(const ytree *node)
{
    static const char *const words[] = { "", "~", "null", "Null", "NULL" };

    if (node == NULL)
        return true;
    if (node->kind != YTREE_SCALAR || node->quoted)
        return false;
    for (size_t i = 0; i < TS_COUNT(words); i++) {
        if (ts_str_is(node->text, words[i]))
            return true;
    }
    return false;
}
