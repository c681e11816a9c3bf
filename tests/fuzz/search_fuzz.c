/* Names, queries, contacts and index rows: whatever bytes they are, each ends with a result or a status, folded text is no
 * longer than what it was made of, and whom a text's own word is about is found by it. */
#include <stdlib.h>

#include "contact.h"
#include "search/postings.h"
#include "search/terms.h"

#define ARENA_BYTES (32u << 20)

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_texts(ts_arena *arena, ts_str input)
{
    ts_str folded = search_fold(arena, input);
    search_part *parts = NULL;
    size_t count = 0;
    search_terms terms;

    if (folded.p == NULL || search_terms_of(arena, input, input, input, &terms) != TS_OK)
        return;
    require(folded.n <= input.n);
    for (size_t i = 0; i < terms.count; i++)
        require(terms.list[i].text.n > 0 && terms.list[i].text.n <= SEARCH_TERM_MAX);
    if (search_parse(arena, input, &parts, &count, NULL) != TS_OK)
        return;
    for (size_t i = 0; i < count; i++)
        require(parts[i].address.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_str input = ts_str_n(data, size);
    ts_arena *arena = ts_arena_new(ARENA_BYTES);
    risk_map contacts = { .arena = arena };
    uint64_t bits[POSTINGS_WORDS] = { 0 };
    ts_str contact;

    if (arena == NULL)
        return 0;
    if (size <= 4096 && ts_utf8_valid(input))
        check_texts(arena, input);
    if (contact_parse(arena, input, &contact, NULL) == TS_OK &&
        risk_map_put(&contacts, contact, arena))
        require(contact_is_trusted(&contacts, contact));
    if (postings_read(input, bits) == TS_OK) {
        postings p;
        uint8_t row[POSTINGS_BYTES_MAX];

        memcpy(p.bits, bits, sizeof(bits));
        require(postings_write(&p, row) <= input.n);
    }
    ts_arena_free(arena);
    return 0;
}
