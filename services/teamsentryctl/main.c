/* teamsentryctl: reads the command line, runs one command, prints its answer. */
#include "command.h"
#include "ts/log.h"

#define OUTPUT_MAX  (64u << 20)
#define ARENA_BYTES (64u << 20)

static int print(ts_buf *out, FILE *to)
{
    if (ts_buf_status(out) != TS_OK) {
        fprintf(stderr, "teamsentryctl: the answer is too large\n");
        return 1;
    }
    fwrite(out->data, 1, out->size, to);
    return fflush(to) == 0 ? 0 : 1;
}

static int run(ctl *c)
{
    ts_status st = c->command->run(c);

    /* What a status or a verification found is worth showing even if not all is well; half an answer is not. */
    if (st != TS_OK && st != TS_UNAVAILABLE && st != TS_CORRUPT)
        ts_buf_clear(c->out);
    if (ctl_wants_json(c) && c->out->size > 0)
        ts_buf_char(c->out, '\n');
    if (c->out->size > 0 && print(c->out, stdout) != 0)
        return 1;
    if (st == TS_OK)
        return 0;
    fprintf(stderr, "teamsentryctl: %s\n",
            c->error.text[0] == '\0' ? ts_status_name(st) : c->error.text);
    return st == TS_INVALID ? 2 : 1;
}

int main(int argc, char **argv)
{
    TS_CLEANUP(ts_buf_done) ts_buf out = TS_BUF_INIT(OUTPUT_MAX);
    TS_CLEANUP(ts_arena_free_p) ts_arena *arena = ts_arena_new(ARENA_BYTES);
    ctl c = { .arena = arena, .out = &out, .json = ts_jsonw_on(&out) };
    ts_status st;

    if (arena == NULL)
        return 1;
    ts_log_init("ctl", TS_LOG_ERROR);
    st = ctl_parse(argc, (const char *const *)argv, &c);
    if (st == TS_CONFLICT) {
        ctl_help(&c, &out);
        return print(&out, stdout);
    }
    if (st != TS_OK) {
        fprintf(stderr, "teamsentryctl: %s\n", c.error.text);
        return 2;
    }
    return run(&c);
}
