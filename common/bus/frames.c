#include "frames.h"

ts_status bus_frames_init(bus_frames *f, size_t frame_max)
{
    *f = (bus_frames){ .frame_max = frame_max, .in = malloc(BUS_IN_SIZE), .size = BUS_IN_SIZE };
    return f->in == NULL ? TS_NOMEM : TS_OK;
}

void bus_frames_done(bus_frames *f)
{
    free(f->in);
    f->in = NULL;
}

void bus_frames_begin(bus_frames *f)
{
    f->have = 0;
    f->at = 0;
    f->is_greeted = false;
}

char *bus_frames_room(bus_frames *f, size_t *ret_size)
{
    *ret_size = f->size - f->have;
    return f->in + f->have;
}

void bus_frames_add(bus_frames *f, size_t n)
{
    f->have += n;
}

static uint64_t le(const char *p, size_t n)
{
    uint64_t number = 0;

    for (size_t i = n; i > 0; i--)
        number = number << 8 | (uint8_t)p[i - 1];
    return number;
}

static void put_le(char *p, uint64_t number, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(number >> (8 * i) & 0xff);
}

void bus_frame_head(char ret[BUS_HEADER_SIZE], size_t n, uint64_t number)
{
    put_le(ret, n, 4);
    put_le(ret + 4, number, 8);
}

/* Makes room for `need` bytes, of which some are still to come, that begin at `at`, which becomes 0. */
static bus_came await(bus_frames *f, size_t need)
{
    size_t size = need > BUS_IN_SIZE ? need : BUS_IN_SIZE;
    size_t kept = f->have - f->at;
    char *bigger;

    if (f->at > 0 && kept > 0)
        memmove(f->in, f->in + f->at, kept);
    f->have = kept;
    f->at = 0;
    if (size <= f->size && (kept > 0 || f->size == BUS_IN_SIZE))
        return BUS_CAME_PART;
    bigger = realloc(f->in, size);
    if (bigger == NULL)
        return BUS_CAME_WRONG;
    f->in = bigger;
    f->size = size;
    return BUS_CAME_PART;
}

static bus_came look_for_greeting(bus_frames *f)
{
    if (f->have - f->at < BUS_GREETING_SIZE)
        return await(f, BUS_GREETING_SIZE);
    if (memcmp(f->in + f->at, BUS_GREETING, BUS_GREETING_SIZE) != 0)
        return BUS_CAME_WRONG;
    f->is_greeted = true;
    f->at += BUS_GREETING_SIZE;
    return BUS_CAME_GREETING;
}

bus_came bus_frames_look(bus_frames *f, bus_frame *ret)
{
    size_t there = f->have - f->at;
    const char *p = f->in + f->at;
    uint64_t length;

    if (!f->is_greeted)
        return look_for_greeting(f);
    if (there < BUS_HEADER_SIZE)
        return await(f, BUS_HEADER_SIZE);
    length = le(p, 4);
    if (length > f->frame_max)
        return BUS_CAME_WRONG;
    if (there - BUS_HEADER_SIZE < length)
        return await(f, BUS_HEADER_SIZE + length);
    *ret = (bus_frame){ le(p + 4, 8), ts_str_n(p + BUS_HEADER_SIZE, length) };
    return BUS_CAME_FRAME;
}

void bus_frames_pass(bus_frames *f, const bus_frame *frame)
{
    f->at += BUS_HEADER_SIZE + frame->body.n;
}
