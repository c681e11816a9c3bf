#include "work.h"

#include <time.h>

#include "ts/time.h"

void work_init(work *w, uint32_t slots)
{

    *w = (work){ .slots = slots };
    pthread_mutex_init(&w->lock, NULL);
    ts_monotonic_cond(&w->changed);
}

void work_push(work_list *list, work_job *job)
{
    job->next = NULL;
    if (list->last == NULL)
        list->first = job;
    else
        list->last->next = job;
    list->last = job;
}

work_job *work_pop(work_list *list)
{
    work_job *job = list->first;

    if (job == NULL)
        return NULL;
    list->first = job->next;
    if (list->first == NULL)
        list->last = NULL;
    return job;
}

work_list work_take_todo(work *w, size_t max, bool *ret_more)
{
    work_list taken = { 0 };

    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < max && w->todo.first != NULL; i++)
        work_push(&taken, work_pop(&w->todo));
    *ret_more = w->todo.first != NULL;
    pthread_mutex_unlock(&w->lock);
    return taken;
}

void work_finish(work *w, work_list *finished)
{
    if (finished->first == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    if (w->done.last == NULL)
        w->done = *finished;
    else {
        w->done.last->next = finished->first;
        w->done.last = finished->last;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    *finished = (work_list){ 0 };
}

void work_release(work *w, work_job *const *jobs, size_t count)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < count; i++) {
        work_batch *batch = jobs[i]->batch;

        if (--batch->refs == 0) {
            ts_arena_free(batch->arena);
            free(batch);
        }
        free(jobs[i]);
    }
    w->taken -= (uint32_t)count;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void work_wait(work *w, int64_t ms)
{
    struct timespec until;

    if (ms < 0) {
        pthread_cond_wait(&w->changed, &w->lock);
        return;
    }
    until = ts_monotonic_in(ms);
    pthread_cond_timedwait(&w->changed, &w->lock, &until);
}

void work_done(work *w)
{
    work_job *job;

    while ((job = work_pop(&w->todo)) != NULL || (job = work_pop(&w->done)) != NULL)
        work_release(w, &job, 1);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
}
