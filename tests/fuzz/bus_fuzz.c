/* What a peer of the bus sends, in pieces of any size. What is read must be what a reader sees that has all of it at once, and the end
 * must be the same; nothing longer than allowed is waited for. The first byte is the size of the pieces, less 1; the second puts a
 * greeting before the rest (bit 0), and behind that one frame (bit 1) of 256 bytes times the third. */
#include "frames.h"
#include "ts/buf.h"
#include "ts/id.h"

#define FRAME_MAX  ((size_t)60000)
#define STREAM_MAX ((size_t)1 << 20)

typedef struct seen {
    size_t frames;
    uint64_t hash; /* of their numbers and bodies */
    bool is_greeted;
    bool is_wrong;
} seen;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void see(seen *s, uint64_t number, ts_str body)
{
    s->frames++;
    s->hash = s->hash * 31 + number;
    s->hash = s->hash * 31 + body.n;
    s->hash = s->hash * 31 + (body.n == 0 ? 0 : ts_hash_mem(body.p, body.n));
}

static uint64_t little_endian(const char *p, size_t n)
{
    uint64_t number = 0;

    for (size_t i = 0; i < n; i++)
        number |= (uint64_t)(uint8_t)p[i] << 8 * i;
    return number;
}

static seen read_at_once(ts_str stream)
{
    seen s = { .is_greeted = stream.n >= 8 && memcmp(stream.p, "TSBUS\0\0\1", 8) == 0 };

    s.is_wrong = stream.n >= 8 && !s.is_greeted;
    for (size_t at = 8; s.is_greeted && stream.n - at >= 12;) {
        uint64_t n = little_endian(stream.p + at, 4);

        s.is_wrong = n > FRAME_MAX;
        if (s.is_wrong || stream.n - at - 12 < n)
            break;
        see(&s, little_endian(stream.p + at + 4, 8), ts_str_n(stream.p + at + 12, n));
        at += 12 + n;
    }
    return s;
}

/* As a connection does: until bytes are missing, or nothing more can be read. */
static void look(bus_frames *f, seen *s)
{
    for (;;) {
        bus_frame frame, again;

        switch (bus_frames_look(f, &frame)) {
        case BUS_CAME_PART: return;
        case BUS_CAME_WRONG: s->is_wrong = true; return;
        case BUS_CAME_GREETING:
            require(!s->is_greeted && s->frames == 0);
            s->is_greeted = true;
            continue;
        case BUS_CAME_FRAME: break;
        }
        /* One that nobody has room for is shown again later. */
        require(bus_frames_look(f, &again) == BUS_CAME_FRAME);
        require(again.number == frame.number && again.body.p == frame.body.p);
        see(s, frame.number, frame.body);
        bus_frames_pass(f, &frame);
    }
}

static seen read_in_pieces(ts_str stream, size_t step)
{
    seen s = { .frames = 0 };
    bus_frames f;

    require(bus_frames_init(&f, FRAME_MAX) == TS_OK);
    for (size_t at = 0; at < stream.n && !s.is_wrong;) {
        size_t room = 0;
        char *to = bus_frames_room(&f, &room);
        size_t n = stream.n - at < step ? stream.n - at : step;

        require(room > 0 && f.size <= FRAME_MAX + BUS_HEADER_SIZE);
        n = n < room ? n : room;
        memcpy(to, stream.p + at, n);
        bus_frames_add(&f, n);
        at += n;
        look(&f, &s);
    }
    bus_frames_done(&f);
    return s;
}

static void put_long_frame(ts_buf *stream, size_t n)
{
    char head[BUS_HEADER_SIZE];
    char *body;

    bus_frame_head(head, n, n);
    ts_buf_add(stream, head, sizeof(head));
    body = n == 0 ? NULL : ts_buf_take(stream, n);
    if (body != NULL)
        memset(body, 'x', n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TS_CLEANUP(ts_buf_done) ts_buf stream = TS_BUF_INIT(STREAM_MAX);
    seen whole, pieces;
    size_t step;

    if (size < 3 || size > STREAM_MAX / 2)
        return 0;
    step = (size_t)data[0] + 1;
    if ((data[1] & 1) != 0)
        ts_buf_add(&stream, BUS_GREETING, BUS_GREETING_SIZE);
    if ((data[1] & 2) != 0) {
        put_long_frame(&stream, (size_t)data[2] * 256);
        step *= 256;
    }
    ts_buf_add(&stream, data + 3, size - 3);
    require(ts_buf_status(&stream) == TS_OK);
    whole = read_at_once(ts_buf_view(&stream));
    pieces = read_in_pieces(ts_buf_view(&stream), step);
    require(whole.frames == pieces.frames && whole.hash == pieces.hash);
    require(whole.is_greeted == pieces.is_greeted && whole.is_wrong == pieces.is_wrong);
    return 0;
}
