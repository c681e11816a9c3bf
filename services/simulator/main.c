/* ts-simulator: a believable company's audit records, to a file or to a running suite. Wiring only.
 */
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>

#include "export.h"
#include "options.h"
#include "post.h"
#include "ts/time.h"

#define LABEL_MAX_BYTES (16u << 20)

static void file_close(FILE **f)
{
    if (*f != NULL && *f != stdout)
        fclose(*f);
}

static ts_status file_open(const char *path, FILE **ret, ts_error *err)
{
    if (strcmp(path, "-") == 0) {
        *ret = stdout;
        return TS_OK;
    }
    *ret = fopen(path, "we");
    if (*ret == NULL)
        return ts_fail(err, TS_UNAVAILABLE, "file", "cannot write %s: %s", path, strerror(errno));
    return TS_OK;
}

static ts_status file_put(FILE *f, const ts_buf *b, ts_error *err)
{
    if (ts_buf_status(b) != TS_OK)
        return ts_fail(err, TS_NOMEM, "file", "out of memory");
    if (fwrite(b->data, 1, b->size, f) != b->size)
        return ts_fail(err, TS_UNAVAILABLE, "file", "cannot write: %s", strerror(errno));
    return TS_OK;
}

/* What fclose() would find out too late to tell. */
static ts_status file_flush(FILE *f, ts_error *err)
{
    if (fflush(f) != 0)
        return ts_fail(err, TS_UNAVAILABLE, "file", "cannot write: %s", strerror(errno));
    return TS_OK;
}

static ts_status write_directory(const sim_options *o, ts_error *err)
{
    TS_CLEANUP(file_close) FILE *f = NULL;
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(LABEL_MAX_BYTES);
    ts_status st = file_open(o->directory, &f, err);

    for (uint32_t i = 0; st == TS_OK && i < o->setup.company.people; i++) {
        ts_buf_clear(&b);
        ts_buf_z(&b, i == 0 ? "[\n" : ",\n");
        sim_export_person(&o->setup.company, i, &b);
        if (i + 1 == o->setup.company.people)
            ts_buf_z(&b, "\n]\n");
        st = file_put(f, &b, err);
    }
    return st == TS_OK ? file_flush(f, err) : st;
}

static ts_status upload_directory(const sim_options *o, sim_post *post, ts_error *err)
{
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(LABEL_MAX_BYTES);
    ts_status st = TS_OK;

    for (uint32_t i = 0; st == TS_OK && i < o->setup.company.people; i++) {
        ts_buf_char(&b, i % SIM_POST_PEOPLE == 0 ? '[' : ',');
        sim_export_person(&o->setup.company, i, &b);
        if (i % SIM_POST_PEOPLE + 1 < SIM_POST_PEOPLE && i + 1 < o->setup.company.people)
            continue;
        ts_buf_char(&b, ']');
        st = ts_buf_status(&b);
        if (st == TS_OK)
            st = sim_post_directory(post, ts_buf_view(&b), err);
        ts_buf_clear(&b);
    }
    return st;
}

static ts_status write_labels(const sim_options *o, const sim_play *play, ts_error *err)
{
    TS_CLEANUP(file_close) FILE *f = NULL;
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(LABEL_MAX_BYTES);
    const sim_labels *labels = sim_play_labels(play);
    ts_status st = file_open(o->labels, &f, err);

    for (size_t i = 0; st == TS_OK && i < labels->count; i++) {
        ts_buf_clear(&b);
        sim_export_label(&o->setup.company, play, &labels->items[i], &b);
        ts_buf_char(&b, '\n');
        st = file_put(f, &b, err);
    }
    return st == TS_OK ? file_flush(f, err) : st;
}

static ts_status write_places(const sim_options *o, ts_error *err)
{
    TS_CLEANUP(file_close) FILE *f = NULL;
    TS_CLEANUP(ts_buf_done) ts_buf b = TS_BUF_INIT(LABEL_MAX_BYTES);
    ts_status st = file_open(o->places, &f, err);

    if (st != TS_OK)
        return st;
    sim_export_places(&b);
    ts_buf_char(&b, '\n');
    st = file_put(f, &b, err);
    return st == TS_OK ? file_flush(f, err) : st;
}

/* Where records go, by who tells of them. */
typedef struct outputs {
    FILE *files[SIM_SOURCES]; /* NULL: not asked for */
    sim_post *post;           /* NULL: not asked for */
} outputs;

static void outputs_done(outputs *out)
{
    for (size_t i = 0; i < SIM_SOURCES; i++)
        file_close(&out->files[i]);
    sim_post_free(out->post);
}

static ts_status open_files(const sim_options *o, outputs *out, ts_error *err)
{
    const uint32_t sources = o->setup.company.sources;
    const bool one = sim_source_count(sources) == 1;
    ts_status st = TS_OK;

    for (uint32_t i = 0; o->out != NULL && st == TS_OK && i < SIM_SOURCES; i++) {
        char path[PATH_MAX];
        const char *name = one ? "" : sim_source_name((sim_source)i);

        if ((sources & 1u << i) == 0 && (sources != 0 || i != SIM_GOOGLE))
            continue;
        if ((size_t)snprintf(path, sizeof(path), "%s%s%s", o->out, one ? "" : ".", name) >=
            sizeof(path))
            return ts_fail(err, TS_INVALID, "out", "out is too long for a path");
        st = file_open(path, &out->files[i], err);
    }
    return st;
}

static ts_status flush_files(const outputs *out, ts_error *err)
{
    ts_status st = TS_OK;

    for (size_t i = 0; i < SIM_SOURCES && st == TS_OK; i++)
        st = out->files[i] == NULL ? TS_OK : file_flush(out->files[i], err);
    return st;
}

static ts_status play_records(sim_play *play, const outputs *out, ts_error *err)
{
    TS_CLEANUP(ts_buf_done) ts_buf line = TS_BUF_INIT(SIM_RECORD_MAX);

    for (;;) {
        sim_source source;
        ts_status st;

        ts_buf_clear(&line);
        st = sim_play_next(play, &line);
        if (st == TS_NOT_FOUND)
            return TS_OK;
        if (st != TS_OK)
            return ts_fail(err, st, "", "cannot make a record: %s", ts_status_name(st));
        source = sim_play_source(play);
        if (out->files[source] != NULL)
            st = file_put(out->files[source], &line, err);
        if (st == TS_OK && out->post != NULL)
            st = sim_post_record(out->post, source, ts_buf_view(&line), err);
        if (st != TS_OK)
            return st;
    }
}

/* The days before those with attacks. */
static ts_status play_history(const sim_options *o, const outputs *out, ts_error *err)
{
    TS_CLEANUP(sim_play_free_p) sim_play *play = NULL;
    sim_setup setup = o->setup;
    ts_status st;

    if (o->history == 0)
        return TS_OK;
    setup.end_ms -= setup.days * TS_DAY_MS;
    setup.days = o->history;
    setup.attacks = 0;
    st = sim_play_new(&setup, &play, err);
    return st == TS_OK ? play_records(play, out, err) : st;
}

static void print_totals(const sim_post *post, int64_t took_ms)
{
    const sim_post_totals t = sim_post_totals_of(post);
    const uint64_t events = t.accepted + t.duplicates + t.rejected;

    fprintf(stderr,
            "accepted %llu, duplicates %llu, rejected %llu; %llu requests, %llu repeats; %llu "
            "events/s\n",
            (unsigned long long)t.accepted, (unsigned long long)t.duplicates,
            (unsigned long long)t.rejected, (unsigned long long)t.requests,
            (unsigned long long)t.repeats,
            (unsigned long long)(took_ms > 0 ? events * 1000 / (uint64_t)took_ms : events));
}

/* What is asked for beside the records. */
static ts_status write_files(const sim_options *o, const sim_play *play, ts_error *err)
{
    ts_status st = TS_OK;

    if (o->directory != NULL)
        st = write_directory(o, err);
    if (st == TS_OK && o->labels != NULL)
        st = write_labels(o, play, err);
    if (st == TS_OK && o->places != NULL)
        st = write_places(o, err);
    return st;
}

static ts_status run(const sim_options *o, ts_error *err)
{
    TS_CLEANUP(sim_play_free_p) sim_play *play = NULL;
    TS_CLEANUP(outputs_done) outputs out = { .post = NULL };
    const char *key = o->key != NULL ? o->key : getenv("TS_API_KEY");
    int64_t start_ms;
    ts_status st;

    st = sim_play_new(&o->setup, &play, err);
    if (st == TS_OK)
        st = write_files(o, play, err);
    if (st == TS_OK)
        st = open_files(o, &out, err);
    if (st == TS_OK && o->post != NULL && (key == NULL || key[0] == '\0'))
        st = ts_fail(err, TS_INVALID, "key",
                     "--post needs --key or the environment variable TS_API_KEY");
    if (st == TS_OK && o->post != NULL)
        st = sim_post_new(o->post, key, o->speed, &out.post, err);
    if (st != TS_OK || (o->out == NULL && o->post == NULL))
        return st;
    if (out.post != NULL && o->with_directory)
        st = upload_directory(o, out.post, err);
    start_ms = ts_boot_ms();
    if (st == TS_OK)
        st = play_history(o, &out, err);
    if (st == TS_OK)
        st = play_records(play, &out, err);
    if (st == TS_OK && out.post != NULL)
        st = sim_post_flush(out.post, err);
    if (out.post != NULL)
        print_totals(out.post, ts_boot_ms() - start_ms);
    return st == TS_OK ? flush_files(&out, err) : st;
}

int main(int argc, char **argv)
{
    ts_error err = { .text = "out of memory" };
    sim_options options;
    ts_status st = sim_options_parse(argc, argv, ts_wall_ms(), &options, &err);

    if (st != TS_OK) {
        fprintf(stderr, "ts-simulator: %s\n", err.text);
        return 2;
    }
    if (options.help) {
        fputs(sim_options_help(), stdout);
        return 0;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    st = run(&options, &err);
    curl_global_cleanup();
    if (st != TS_OK) {
        fprintf(stderr, "ts-simulator: %s\n", err.text);
        return 1;
    }
    return 0;
}
