/* simdjson's DOM behind the C face of ts/json.h.
 *
 * A handle is (document, tape index). The tape is walked here rather than by simdjson's own element
 * classes, because a handle must be plain data for C and a step of an iteration must cost the same
 * wherever it stands. Layout of the tape: one word per element, type in the upper 8 bits; numbers
 * have a second word with the value; a string's word holds its offset in the string buffer; a
 * container's opening word holds the index behind its closing word (lower 32 bits) and its count of
 * members (next 24 bits, saturated). The root element is word 1.
 *
 * Nothing here throws: this file is compiled without exceptions, and every allocation is nothrow.
 */
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include <simdjson.h>

extern "C" {
/* Our headers are C11: their compound literals are an extension in C++. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include "ts/json.h"

#include "../base/utf8.h"
#include "number.h"
#include "where.h"
#pragma GCC diagnostic pop
}

using simdjson::internal::tape_ref;
using simdjson::internal::tape_type;

namespace
{

constexpr size_t CAPACITY_FIRST = 4096;
/* Memory of larger documents (about 15 times their size) is given back at the next small one. */
constexpr size_t CAPACITY_KEPT = size_t{ 1 } << 20;
/* simdjson counts the level that it is about to enter. */
constexpr size_t SIMDJSON_DEPTH = TS_JSON_DEPTH + 1;
constexpr size_t ROOT = 1;
constexpr size_t COUNT_SATURATED = 0xFFFFFF;

ts_str make_str(const char *p, size_t n)
{
    return ts_str{ p, n };
}

ts_str str_null()
{
    return ts_str{ nullptr, 0 };
}

tape_ref ref_of(ts_json v)
{
    return tape_ref(static_cast<const simdjson::dom::document *>(v.doc), v.index);
}

ts_str str_at(const tape_ref &ref)
{
    return make_str(ref.get_c_str(), ref.get_string_length());
}

bool is_container(tape_type type)
{
    return type == tape_type::START_ARRAY || type == tape_type::START_OBJECT;
}

size_t first_bad_byte(ts_str text)
{
    const auto *p = reinterpret_cast<const unsigned char *>(text.p);
    size_t at = 0;

    while (at < text.n) {
        size_t length = utf8_sequence(p + at, text.n - at);

        if (length == 0)
            break;
        at += length;
    }
    return at;
}

/* " (line 2, column 7)", without the line where there is only one, which may be one of many records; "" if its form is right. */
void spell_place(ts_str text, char *ret, size_t size)
{
    size_t at = 0, line = 1, column = 1;

    ret[0] = '\0';
    if (!ts_json_where(text, &at))
        return;
    for (size_t i = 0; i < at; i++) {
        if (text.p[i] == '\n') {
            line++;
            column = 1;
        } else if ((static_cast<unsigned char>(text.p[i]) & 0xC0) != 0x80) {
            column++; /* characters */
        }
    }
    if (line == 1)
        (void)std::snprintf(ret, size, " (column %zu)", column);
    else
        (void)std::snprintf(ret, size, " (line %zu, column %zu)", line, column);
}

ts_status refuse_form(ts_str text, const char *words, ts_error *err)
{
    char place[64];

    spell_place(text, place, sizeof(place));
    return ts_fail(err, TS_INVALID, "", "%s%s", words, place);
}

ts_status refuse(simdjson::error_code error, ts_str text, ts_error *err)
{
    switch (error) {
    case simdjson::MEMALLOC: return ts_fail(err, TS_NOMEM, "", "out of memory");
    case simdjson::CAPACITY: return ts_fail(err, TS_TOO_LARGE, "", "the JSON text is too large");
    case simdjson::UTF8_ERROR:
        return ts_fail(err, TS_INVALID, "", "the JSON text is not valid UTF-8 at byte %zu",
                       first_bad_byte(text));
    case simdjson::DEPTH_ERROR:
        return ts_fail(err, TS_INVALID, "", "the JSON text is nested deeper than %d levels",
                       TS_JSON_DEPTH);
    case simdjson::EMPTY: return ts_fail(err, TS_INVALID, "", "the JSON text is empty");
    case simdjson::NUMBER_ERROR:
        return refuse_form(
            text, "a number in the JSON text is malformed or does not fit in 64 bits", err);
    case simdjson::STRING_ERROR:
        return refuse_form(text, "a string in the JSON text has a wrong escape", err);
    case simdjson::UNESCAPED_CHARS:
        return refuse_form(
            text, "a string in the JSON text has a control character that is not escaped", err);
    case simdjson::UNCLOSED_STRING:
        return refuse_form(text, "a string in the JSON text is not closed", err);
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
        return refuse_form(text, "a word in the JSON text is neither true, false nor null", err);
    default: return refuse_form(text, "the text is not valid JSON", err);
    }
}

/* What simdjson lets through and our contract does not: a 65th level if it is empty (simdjson does
 * not count empty containers), and the low half of a surrogate pair alone (it becomes three bytes
 * that are not UTF-8). */
simdjson::error_code check_tape(const simdjson::dom::document &doc, bool has_escapes)
{
    tape_ref ref(&doc, ROOT);
    size_t depth = 0;

    do {
        switch (ref.tape_ref_type()) {
        case tape_type::START_ARRAY:
        case tape_type::START_OBJECT:
            if (++depth > TS_JSON_DEPTH)
                return simdjson::DEPTH_ERROR;
            ref.json_index++;
            break;
        case tape_type::END_ARRAY:
        case tape_type::END_OBJECT:
            depth--;
            ref.json_index++;
            break;
        case tape_type::STRING:
            if (has_escapes && !ts_utf8_valid(str_at(ref)))
                return simdjson::STRING_ERROR;
            ref.json_index++;
            break;
        default: ref.json_index = ref.after_element();
        }
    } while (depth > 0);
    return simdjson::SUCCESS;
}

} // namespace

struct ts_json_parser {
    simdjson::dom::parser simd;
    std::unique_ptr<char[]> bytes; /* capacity + SIMDJSON_PADDING */
    size_t capacity = 0;
    size_t max_bytes = 0;

    simdjson::error_code resize(size_t wanted)
    {
        simdjson::error_code error;

        capacity = 0;
        bytes.reset(new (std::nothrow) char[wanted + simdjson::SIMDJSON_PADDING]);
        if (!bytes)
            return simdjson::MEMALLOC;
        error = simd.allocate(wanted, SIMDJSON_DEPTH);
        if (error == simdjson::SUCCESS)
            error = simd.doc.allocate(wanted);
        if (error == simdjson::SUCCESS)
            capacity = wanted;
        return error;
    }

    simdjson::error_code make_room(size_t n)
    {
        size_t wanted = CAPACITY_FIRST;

        if (n <= capacity && (capacity <= CAPACITY_KEPT || n > CAPACITY_KEPT))
            return simdjson::SUCCESS;
        /* Powers of two, so that a stream of slowly growing documents does not allocate for each.
         */
        while (wanted < n)
            wanted *= 2;
        return resize(wanted);
    }
};

ts_json_parser *ts_json_parser_new(size_t max_bytes)
{
    auto *p = new (std::nothrow) ts_json_parser();

    if (p == nullptr)
        return nullptr;
    /* Tape indexes have 32 bits. */
    p->max_bytes = max_bytes < simdjson::SIMDJSON_MAXSIZE_BYTES / 2
                       ? max_bytes
                       : simdjson::SIMDJSON_MAXSIZE_BYTES / 2;
    if (p->resize(CAPACITY_FIRST) != simdjson::SUCCESS) {
        delete p;
        return nullptr;
    }
    return p;
}

void ts_json_parser_free(ts_json_parser *p)
{
    delete p;
}

/* The text, and for each of its bytes one word of tape, a structural index, and 5/3 of a byte of strings. */
size_t ts_json_parser_size(const ts_json_parser *p)
{
    return p->capacity * (1 + sizeof(uint64_t) + sizeof(uint32_t) + 2);
}

ts_status ts_json_parse(ts_json_parser *p, ts_str text, ts_json *ret, ts_error *err)
{
    simdjson::error_code error;
    simdjson::dom::element root;
    bool has_escapes;

    if (text.n > p->max_bytes)
        return ts_fail(err, TS_TOO_LARGE, "", "the JSON text is larger than %zu bytes",
                       p->max_bytes);
    error = p->make_room(text.n);
    if (error != simdjson::SUCCESS)
        return refuse(error, text, err);
    if (text.n > 0)
        std::memcpy(p->bytes.get(), text.p, text.n);
    std::memset(p->bytes.get() + text.n, 0, simdjson::SIMDJSON_PADDING);
    error = p->simd.parse(p->bytes.get(), text.n, false).get(root);
    if (error != simdjson::SUCCESS)
        return refuse(error, text, err);
    has_escapes = memmem(p->bytes.get(), text.n, "\\u", 2) != nullptr;
    error = check_tape(p->simd.doc, has_escapes);
    if (error != simdjson::SUCCESS)
        return refuse(error, text, err);
    ret->doc = &p->simd.doc;
    ret->index = ROOT;
    return TS_OK;
}

ts_json_type ts_json_type_of(ts_json v)
{
    if (v.doc == nullptr)
        return TS_JSON_NULL;
    switch (ref_of(v).tape_ref_type()) {
    case tape_type::START_ARRAY: return TS_JSON_ARRAY;
    case tape_type::START_OBJECT: return TS_JSON_OBJECT;
    case tape_type::STRING: return TS_JSON_STRING;
    case tape_type::INT64: return TS_JSON_INT;
    case tape_type::UINT64: return TS_JSON_UINT;
    case tape_type::DOUBLE: return TS_JSON_DOUBLE;
    case tape_type::TRUE_VALUE:
    case tape_type::FALSE_VALUE: return TS_JSON_BOOL;
    case tape_type::NULL_VALUE:
    case tape_type::ROOT:
    case tape_type::END_ARRAY:
    case tape_type::END_OBJECT: break;
    }
    return TS_JSON_NULL;
}

ts_str ts_json_str(ts_json v)
{
    return ts_json_type_of(v) == TS_JSON_STRING ? str_at(ref_of(v)) : str_null();
}

int64_t ts_json_i64(ts_json v, int64_t otherwise)
{
    return ts_json_type_of(v) == TS_JSON_INT ? ref_of(v).next_tape_value<int64_t>() : otherwise;
}

double ts_json_f64(ts_json v, double otherwise)
{
    switch (ts_json_type_of(v)) {
    case TS_JSON_DOUBLE: return ref_of(v).next_tape_value<double>();
    /* A whole number is a number all the same: JSON does not tell 5 from 5.0. */
    case TS_JSON_INT: return static_cast<double>(ref_of(v).next_tape_value<int64_t>());
    case TS_JSON_UINT: return static_cast<double>(ref_of(v).next_tape_value<uint64_t>());
    case TS_JSON_NULL:
    case TS_JSON_BOOL:
    case TS_JSON_STRING:
    case TS_JSON_ARRAY:
    case TS_JSON_OBJECT: break;
    }
    return otherwise;
}

bool ts_json_bool(ts_json v, bool otherwise)
{
    return ts_json_type_of(v) == TS_JSON_BOOL ? ref_of(v).is_true() : otherwise;
}

size_t ts_json_number_text(double n, char ret[JSON_NUMBER_SIZE])
{
    char *last = ret + JSON_NUMBER_SIZE;
    auto end = std::to_chars(ret, last, n);

    /* Digits alone read back as an integer: it has no negative zero, and from 2^63 on it may not fit. */
    if (n == 0 && std::signbit(n)) {
        std::memcpy(ret, "-0.0", 4);
        return 4;
    }
    if (std::fabs(n) >= 0x1p63)
        end = std::to_chars(ret, last, n, std::chars_format::scientific);
    return static_cast<size_t>(end.ptr - ret);
}

ts_str ts_json_text(ts_json v, ts_arena *arena)
{
    char digits[JSON_NUMBER_SIZE];
    char *end = digits;

    switch (ts_json_type_of(v)) {
    case TS_JSON_STRING: return str_at(ref_of(v));
    case TS_JSON_BOOL: return ref_of(v).is_true() ? make_str("true", 4) : make_str("false", 5);
    case TS_JSON_INT:
        end = std::to_chars(digits, digits + sizeof(digits), ref_of(v).next_tape_value<int64_t>())
                  .ptr;
        break;
    case TS_JSON_UINT:
        end = std::to_chars(digits, digits + sizeof(digits), ref_of(v).next_tape_value<uint64_t>())
                  .ptr;
        break;
    case TS_JSON_DOUBLE:
        end = digits + ts_json_number_text(ref_of(v).next_tape_value<double>(), digits);
        break;
    case TS_JSON_NULL:
    case TS_JSON_ARRAY:
    case TS_JSON_OBJECT: return str_null();
    }
    return ts_arena_str(arena, make_str(digits, static_cast<size_t>(end - digits)));
}

ts_json_iter ts_json_iter_of(ts_json container)
{
    ts_json_iter it = {};

    it.parent = container;
    if (container.doc == nullptr || !is_container(ref_of(container).tape_ref_type()))
        return it;
    it.next = container.index + 1;
    it.end = ref_of(container).matching_brace_index() - 1;
    return it;
}

bool ts_json_next(ts_json_iter *it)
{
    tape_ref ref;

    if (it->next >= it->end)
        return false;
    ref = ref_of(ts_json{ it->parent.doc, it->next });
    if (ref_of(it->parent).tape_ref_type() == tape_type::START_OBJECT) {
        it->name = str_at(ref);
        ref.json_index++;
    }
    it->value = ts_json{ it->parent.doc, ref.json_index };
    it->next = ref.after_element();
    return true;
}

size_t ts_json_count(ts_json container)
{
    ts_json_iter it = ts_json_iter_of(container);
    size_t count;

    if (it.end == 0)
        return 0;
    count = ref_of(container).scope_count();
    if (count < COUNT_SATURATED)
        return count;
    for (count = 0; ts_json_next(&it);)
        count++;
    return count;
}

static bool get(ts_json object, ts_str name, ts_json *ret)
{
    if (ts_json_type_of(object) != TS_JSON_OBJECT)
        return false;
    for (ts_json_iter it = ts_json_iter_of(object); ts_json_next(&it);) {
        if (ts_str_eq(it.name, name)) {
            *ret = it.value;
            return true;
        }
    }
    return false;
}

bool ts_json_get(ts_json object, const char *name, ts_json *ret)
{
    return get(object, ts_str_of(name), ret);
}

bool ts_json_path(ts_json object, const char *path, ts_json *ret)
{
    ts_str rest = ts_str_of(path);
    ts_json at = object;

    for (;;) {
        size_t n = ts_str_find(rest, '.');

        if (!get(at, make_str(rest.p, n), &at))
            return false;
        if (n == rest.n)
            break;
        rest = make_str(rest.p + n + 1, rest.n - n - 1);
    }
    *ret = at;
    return true;
}

/* Recursion is bounded by TS_JSON_DEPTH, which the parser has enforced; a frame is about 200 bytes.
 */
static void print(ts_json v, ts_jsonw *w)
{
    ts_json_iter it;

    switch (ts_json_type_of(v)) {
    case TS_JSON_NULL: ts_jsonw_null(w); break;
    case TS_JSON_BOOL: ts_jsonw_bool(w, ref_of(v).is_true()); break;
    case TS_JSON_INT: ts_jsonw_i64(w, ref_of(v).next_tape_value<int64_t>()); break;
    case TS_JSON_UINT: ts_jsonw_u64(w, ref_of(v).next_tape_value<uint64_t>()); break;
    case TS_JSON_DOUBLE: ts_jsonw_f64(w, ref_of(v).next_tape_value<double>()); break;
    case TS_JSON_STRING: ts_jsonw_str(w, str_at(ref_of(v))); break;
    case TS_JSON_ARRAY:
        ts_jsonw_array(w);
        for (it = ts_json_iter_of(v); ts_json_next(&it);)
            print(it.value, w);
        ts_jsonw_array_end(w);
        break;
    case TS_JSON_OBJECT:
        ts_jsonw_object(w);
        for (it = ts_json_iter_of(v); ts_json_next(&it);) {
            ts_jsonw_key_str(w, it.name);
            print(it.value, w);
        }
        ts_jsonw_object_end(w);
        break;
    }
}

void ts_json_print(ts_json v, ts_buf *out)
{
    ts_jsonw w = ts_jsonw_on(out);

    print(v, &w);
}
