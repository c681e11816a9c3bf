/* Frames of the bus out of the bytes of a connection, whatever the pieces that these come in. Pure.
 *
 * A frame is the length of its body (4 bytes), a number that ties an answer to its call (8 bytes), both little-endian, and
 * the body. A greeting comes before all frames, so that a stranger or another version shows itself at once.
 */
#ifndef TS_BUS_FRAMES_H
#define TS_BUS_FRAMES_H

#include "ts/base.h"

#define BUS_GREETING      "TSBUS\0\0\1" /* the last byte is the version */
#define BUS_GREETING_SIZE ((size_t)8)
#define BUS_HEADER_SIZE   ((size_t)12)
/* Read at once; a longer frame grows the buffer, which shrinks again when it is empty. */
#define BUS_IN_SIZE ((size_t)32 * 1024)

typedef struct bus_frames {
    size_t frame_max; /* longest body that is taken */
    char *in;
    size_t size, have, at; /* bytes at..have are not passed yet */
    bool is_greeted;
} bus_frames;

typedef struct bus_frame {
    uint64_t number;
    ts_str body; /* lent until the next call but bus_frames_pass() */
} bus_frame;

typedef enum bus_came {
    BUS_CAME_PART,     /* more bytes are awaited, and there is room for them */
    BUS_CAME_GREETING, /* the peer's; told once */
    BUS_CAME_FRAME,    /* shown again until it is passed */
    BUS_CAME_WRONG, /* no greeting, a body that is too long, or no memory: nothing more can be read */
} bus_came;

/* TS_NOMEM. */
TS_CHECK ts_status bus_frames_init(bus_frames *f, size_t frame_max);
void bus_frames_done(bus_frames *f);
/* As new: for the bytes of another connection. */
void bus_frames_begin(bus_frames *f);

/* Where the next bytes go, and how many at most: some, at the beginning and after BUS_CAME_PART. */
char *bus_frames_room(bus_frames *f, size_t *ret_size);
/* So many of them came. */
void bus_frames_add(bus_frames *f, size_t n);

/* What is there. */
bus_came bus_frames_look(bus_frames *f, bus_frame *ret);
/* The frame that was shown is done with. */
void bus_frames_pass(bus_frames *f, const bus_frame *frame);

/* What goes before a body of n bytes. */
void bus_frame_head(char ret[BUS_HEADER_SIZE], size_t n, uint64_t number);

#endif
