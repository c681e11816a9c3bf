#include <criterion/criterion.h>

#include "frames.h"

#define FRAME_MAX ((size_t)100000)

/* What the peer sends: a greeting, a frame of 3 bytes, an empty one. */
static const char bytes[] = "TSBUS\0\0\1"
                            "\3\0\0\0\2\1\0\0\0\0\0\0abc"
                            "\0\0\0\0\0\0\0\0\0\0\0\x80";
#define BYTES (sizeof(bytes) - 1)

static void give(bus_frames *f, const char *p, size_t n)
{
    size_t room;
    char *to = bus_frames_room(f, &room);

    cr_assert(n <= room);
    memcpy(to, p, n);
    bus_frames_add(f, n);
}

static void give_zeros(bus_frames *f, size_t n)
{
    while (n > 0) {
        size_t room;
        char *to = bus_frames_room(f, &room);
        size_t piece = n < room ? n : room;
        bus_frame frame;

        cr_assert(piece > 0);
        memset(to, 0, piece);
        bus_frames_add(f, piece);
        n -= piece;
        if (n > 0)
            cr_assert_eq(bus_frames_look(f, &frame), BUS_CAME_PART);
    }
}

static void begin(bus_frames *f)
{
    bus_frame frame;

    cr_assert_eq(bus_frames_init(f, FRAME_MAX), TS_OK);
    give(f, bytes, BUS_GREETING_SIZE);
    cr_assert_eq(bus_frames_look(f, &frame), BUS_CAME_GREETING);
    cr_assert_eq(bus_frames_look(f, &frame), BUS_CAME_PART);
}

static void give_head(bus_frames *f, size_t n, uint64_t number)
{
    char head[BUS_HEADER_SIZE];

    bus_frame_head(head, n, number);
    give(f, head, sizeof(head));
}

Test(frames, are_the_same_in_pieces_of_any_size)
{
    for (size_t step = 1; step <= BYTES; step++) {
        bus_frame frame = { 0 };
        bus_frames f;
        int seen = 0;

        cr_assert_eq(bus_frames_init(&f, FRAME_MAX), TS_OK);
        for (size_t at = 0; at < BYTES; at += step) {
            bus_came came;

            give(&f, bytes + at, step < BYTES - at ? step : BYTES - at);
            while ((came = bus_frames_look(&f, &frame)) != BUS_CAME_PART) {
                if (seen == 0) {
                    cr_assert_eq(came, BUS_CAME_GREETING);
                } else {
                    cr_assert_eq(came, BUS_CAME_FRAME);
                    cr_assert_eq(frame.number, seen == 1 ? 0x102 : UINT64_C(1) << 63);
                    cr_assert(ts_str_is(frame.body, seen == 1 ? "abc" : ""));
                    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_FRAME); /* again */
                    bus_frames_pass(&f, &frame);
                }
                seen++;
            }
        }
        cr_assert_eq(seen, 3);
        bus_frames_done(&f);
    }
}

Test(frames, a_head_is_little_endian)
{
    char head[BUS_HEADER_SIZE];

    bus_frame_head(head, 3, 0x102);
    cr_assert_eq(memcmp(head, bytes + BUS_GREETING_SIZE, sizeof(head)), 0);
}

Test(frames, strangers_and_other_versions_show_themselves)
{
    static const char *const greetings[] = { "GET / HT", "TSBUS\0\0\2", "TSBUT\0\0\1" };

    for (size_t i = 0; i < TS_COUNT(greetings); i++) {
        bus_frame frame;
        bus_frames f;

        cr_assert_eq(bus_frames_init(&f, FRAME_MAX), TS_OK);
        give(&f, greetings[i], 7);
        cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_PART);
        give(&f, greetings[i] + 7, 1);
        cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_WRONG);
        bus_frames_done(&f);
    }
}

Test(frames, the_longest_body_is_taken_and_one_byte_more_is_not)
{
    bus_frame frame = { 0 };
    bus_frames f;

    begin(&f);
    give_head(&f, FRAME_MAX, 7);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_PART);
    give_zeros(&f, FRAME_MAX);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_FRAME);
    cr_assert_eq(frame.number, 7);
    cr_assert_eq(frame.body.n, FRAME_MAX);
    bus_frames_pass(&f, &frame);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_PART);
    give_head(&f, FRAME_MAX + 1, 8);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_WRONG);
    bus_frames_done(&f);
}

Test(frames, the_greatest_length_is_refused_before_it_is_waited_for)
{
    bus_frame frame;
    bus_frames f;

    begin(&f);
    give_head(&f, UINT32_MAX, 7);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_WRONG);
    bus_frames_done(&f);
}

Test(frames, a_long_frame_is_given_room_that_is_given_back)
{
    bus_frame frame;
    bus_frames f;
    size_t room;

    begin(&f);
    give_head(&f, FRAME_MAX, 7);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_PART);
    (void)bus_frames_room(&f, &room);
    cr_assert_eq(room, FRAME_MAX);
    give_zeros(&f, FRAME_MAX);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_FRAME);
    bus_frames_pass(&f, &frame);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_PART);
    (void)bus_frames_room(&f, &room);
    cr_assert_eq(room, BUS_IN_SIZE);
    bus_frames_done(&f);
}

Test(frames, another_connection_is_greeted_anew)
{
    bus_frame frame;
    bus_frames f;

    begin(&f);
    give(&f, bytes + BUS_GREETING_SIZE, 5);
    bus_frames_begin(&f);
    give(&f, bytes, BUS_GREETING_SIZE);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_GREETING);
    cr_assert_eq(bus_frames_look(&f, &frame), BUS_CAME_PART);
    bus_frames_done(&f);
}
