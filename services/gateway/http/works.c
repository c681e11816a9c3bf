#include "http/works.h"

#define COUNT_MAX 64
#define BYTES_MAX ((size_t)8 << 20)

http_work *http_works_take(http_works *works)
{
    http_work *w = works->first;

    if (w == NULL)
        return http_work_new();
    works->first = w->next;
    works->count--;
    works->bytes -= http_work_size(w);
    return w;
}

void http_works_put(http_works *works, http_work *take_work)
{
    size_t size;

    http_work_reset(take_work);
    size = http_work_size(take_work);
    if (works->count >= COUNT_MAX || size > BYTES_MAX - works->bytes) {
        http_work_free(take_work);
        return;
    }
    take_work->next = works->first;
    works->first = take_work;
    works->count++;
    works->bytes += size;
}

void http_works_done(http_works *works)
{
    while (works->first != NULL) {
        http_work *w = works->first;

        works->first = w->next;
        http_work_free(w);
    }
}
