/* What the files of a plan share: plan.c decides for each family of intents, planner.c writes the requests, plan_rows.c says what
 * is done to an answer that the resource has no parameter for. Lack of memory sticks in `status`.
 */
#ifndef AGENT_PLANNER_H
#define AGENT_PLANNER_H

#include "plan.h"

/* A path is built in a buffer: first the resource, then parameter by parameter. */
typedef struct planner {
    const agent_interpretation *in;
    int64_t now_ms;
    ts_arena *arena;
    agent_plan *plan;
    ts_buf path;
    bool has_query;
    bool is_one_of_two;         /* a side of a comparison: its answer stays as it is */
    const struct field *fields; /* of a row of the answer */
    size_t field_count;
    ts_status status;
} planner;

/* planner.c */
/* Said once, however often it is noted. */
void planner_note(planner *p, const char *format, ...) TS_PRINTF(2, 3);
/* Begins a request. */
void planner_path(planner *p, const char *resource);
void planner_segment(planner *p, ts_str text);
void planner_parameter(planner *p, const char *name, ts_str value);
void planner_number(planner *p, const char *name, int64_t value);
/* The request is whole. */
void planner_finish(planner *p, const char *method, ts_str body);
/* The slot's first value, or "". */
ts_str planner_slot(const planner *p, const char *name);
size_t planner_count(const planner *p, const char *name);
int64_t planner_number_of(const planner *p, const char *name, int64_t otherwise);
bool planner_is_email(ts_str text);
/* The address of a person: as typed, or the one person of that name. */
ts_str planner_address(const planner *p, ts_str user);

/* plan_rows.c */
typedef enum plan_rows {
    PLAN_USERS,
    PLAN_INCIDENTS,
    PLAN_APPS,
    PLAN_TOOLS,
    PLAN_TOOL_USERS,
    PLAN_CONTACTS,
} plan_rows;
/* What the answer's rows are, so that they can be filtered and ordered. */
void planner_rows(planner *p, plan_rows kind);
/* The lowest score of a level of risk. */
int64_t planner_lowest_of(ts_str level);
/* The answer is filtered by the slot, or whoever reads it is told to. */
void planner_filter(planner *p, const char *name);
void planner_filter_each(planner *p, const char *const *names, size_t count);
/* By each of the slots, and by what is to be left out. */
void planner_filter_all(planner *p, const char *const *names, size_t count);
/* The plain answer is ordered by `given`, falling. */
void planner_sort(planner *p, const char *given);
/* Slots that do not shape the answer of such a request at all. */
void planner_say_unheld(planner *p, const char *const *names, size_t count);
/* Behind the filters: an answer that is narrowed is asked for whole, and cut when it is. */
void planner_page(planner *p, int64_t size, bool has_offset);

#endif
