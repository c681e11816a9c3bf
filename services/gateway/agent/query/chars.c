#include "chars.h"

uint32_t agent_code_at(ts_str text, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text.p + *at;
    size_t left = text.n - *at;
    uint32_t code;
    size_t n;

    if (left == 0)
        return 0;
    if (p[0] < 0x80) {
        *at += 1;
        return p[0];
    }
    n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (n > left) { /* not in valid text */
        *at = text.n;
        return 0xFFFD;
    }
    code = p[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        code = (code << 6) | (p[i] & 0x3Fu);
    *at += n;
    return code;
}

size_t agent_put_code(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xC0 | (code >> 6));
        to[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xE0 | (code >> 12));
        to[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        to[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | (code >> 18));
    to[1] = (char)(0x80 | ((code >> 12) & 0x3F));
    to[2] = (char)(0x80 | ((code >> 6) & 0x3F));
    to[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

typedef struct range {
    uint32_t first;
    uint32_t last;
    uint32_t to; /* what each becomes; 0: nothing */
} range;

/* Sorted. Default-ignorable characters (Unicode, DerivedCoreProperties) are dropped. */
static const range singles[] = {
    { 0x00A0, 0x00A0, ' ' },           { 0x00A1, 0x00A1, '!' },
    { 0x00AB, 0x00AB, '"' },           { 0x00AD, 0x00AD, AGENT_DROPPED },
    { 0x00B4, 0x00B4, '\'' },          { 0x00B7, 0x00B7, ' ' },
    { 0x00BB, 0x00BB, '"' },           { 0x00BF, 0x00BF, '?' },
    { 0x02B9, 0x02BC, '\'' },          { 0x034F, 0x034F, AGENT_DROPPED },
    { 0x061C, 0x061C, AGENT_DROPPED }, { 0x115F, 0x1160, AGENT_DROPPED },
    { 0x1680, 0x1680, ' ' },           { 0x17B4, 0x17B5, AGENT_DROPPED },
    { 0x180B, 0x180F, AGENT_DROPPED }, { 0x2000, 0x200A, ' ' },
    { 0x200B, 0x200F, AGENT_DROPPED }, { 0x2010, 0x2015, '-' },
    { 0x2018, 0x201B, '\'' },          { 0x201C, 0x201F, '"' },
    { 0x2022, 0x2022, ' ' },           { 0x2026, 0x2026, '.' },
    { 0x2028, 0x2029, '\n' },          { 0x202A, 0x202E, AGENT_DROPPED },
    { 0x202F, 0x202F, ' ' },           { 0x2032, 0x2032, '\'' },
    { 0x2033, 0x2033, '"' },           { 0x205F, 0x205F, ' ' },
    { 0x2060, 0x206F, AGENT_DROPPED }, { 0x2190, 0x2211, ' ' },
    { 0x2212, 0x2212, '-' },           { 0x2213, 0x2263, ' ' },
    { 0x2266, 0x245F, ' ' },           { 0x2500, 0x2BFF, ' ' },
    { 0x3000, 0x3000, ' ' },           { 0x3001, 0x3001, ',' },
    { 0x3002, 0x3002, '.' },           { 0x300C, 0x300F, '"' },
    { 0x3164, 0x3164, AGENT_DROPPED }, { 0xFE00, 0xFE0F, AGENT_DROPPED },
    { 0xFEFF, 0xFEFF, AGENT_DROPPED }, { 0xFFA0, 0xFFA0, AGENT_DROPPED },
    { 0xFFF0, 0xFFFB, AGENT_DROPPED }, { 0xFFFC, 0xFFFD, ' ' },
    { 0x1F000, 0x1FAFF, ' ' },         { 0xE0000, 0xE0FFF, AGENT_DROPPED },
};

/* Letters and digits that exist again in other dress. */
static uint32_t undress(uint32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E)
        return c - 0xFEE0;
    if (c >= 0x1D400 && c <= 0x1D6A3)
        return (c - 0x1D400) % 52 < 26 ? 'A' + (c - 0x1D400) % 52 : 'a' + (c - 0x1D400) % 52 - 26;
    if (c >= 0x1D7CE && c <= 0x1D7FF)
        return '0' + (c - 0x1D7CE) % 10;
    if (c >= 0x24B6 && c <= 0x24CF)
        return 'A' + (c - 0x24B6);
    if (c >= 0x24D0 && c <= 0x24E9)
        return 'a' + (c - 0x24D0);
    if (c >= 0x1F130 && c <= 0x1F149)
        return 'A' + (c - 0x1F130);
    if (c >= 0x1F150 && c <= 0x1F169)
        return 'A' + (c - 0x1F150);
    if (c >= 0x1F170 && c <= 0x1F189)
        return 'A' + (c - 0x1F170);
    return c;
}

uint32_t agent_tidy(uint32_t c)
{
    size_t low = 0;
    size_t high = TS_COUNT(singles);

    c = undress(c);
    if (c == '\t')
        return ' ';
    if (c == '\r')
        return '\n';
    if (c == '`')
        return '\'';
    if (c < 0x20 && c != '\n')
        return ' ';
    if (c < 0x7F)
        return c;
    if (c < 0xA0)
        return ' ';
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (c > singles[middle].last)
            low = middle + 1;
        else if (c < singles[middle].first)
            high = middle;
        else
            return singles[middle].to;
    }
    return c;
}

bool agent_is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

bool agent_is_ascii_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool agent_is_letter(uint32_t c)
{
    if (c < 0x80)
        return agent_is_ascii_letter(c);
    return (c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7) || c == 0xAA || c == 0xBA ||
           (c >= 0x2C00 && c < 0x3000) || c >= 0x3005;
}

bool agent_stands_alone(uint32_t c)
{
    return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
           (c >= 0xAC00 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) || c >= 0x20000;
}

bool agent_is_mark(uint32_t c)
{
    return c >= 0x300 && c <= 0x36F;
}

uint32_t agent_lower(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
        (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40F)
        return c + 0x50;
    if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) || (c >= 0x1E00 && c <= 0x1EFF) ||
        (c >= 0x460 && c <= 0x4FF))
        return c | 1;
    return c;
}

bool agent_is_upper(uint32_t c)
{
    return agent_lower(c) != c;
}
