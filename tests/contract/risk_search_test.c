/* Search over more users than are read: the walk of the order, what it does when those meant stand far down, and where it
 * says that it is cut. */
#include "risk_served.h"

#define CROWD 21500 /* more than the walk's keys, and than all limits below it */
#define TAIL  1200  /* of them, last in the order: more than are sorted at once */
#define BATCH 5000
#define SMALL 300 /* few enough to be read, more than a page */

static void employ(unsigned first, unsigned count)
{
    Ts__Risk__DirectoryRow *rows = calloc(count, sizeof(*rows));
    char(*emails)[40] = calloc(count, sizeof(*emails));

    for (unsigned i = 0; i < count; i++) {
        bool in_tail = first + i >= CROWD - TAIL;

        ts__risk__directory_row__init(&rows[i]);
        snprintf(emails[i], sizeof(*emails), "%s%05u@acme.example", in_tail ? "z" : "account",
                 first + i);
        rows[i].email = emails[i];
        rows[i].name = text("Some Body");
        rows[i].department = text(in_tail ? "Rearguard" : "Crowd");
    }
    CHECK_EQ(upload(rows, count)->created, count);
    served_forget(&s);
    free(emails);
    free(rows);
}

/* Their numbers ascend while their addresses go down, or jump to and fro. */
static void employ_unordered(const char *department, unsigned step)
{
    Ts__Risk__DirectoryRow rows[SMALL];
    char emails[SMALL][40];

    for (unsigned i = 0; i < SMALL; i++) {
        ts__risk__directory_row__init(&rows[i]);
        snprintf(emails[i], sizeof(emails[i]), "%s%03u@other.test", department,
                 (SMALL - 1 + i * step) % SMALL);
        rows[i].email = emails[i];
        rows[i].name = text("Other One");
        rows[i].department = text(department);
    }
    CHECK_EQ(upload(rows, SMALL)->created, SMALL);
    served_forget(&s);
}

static void all_are_counted_and_the_first_come_first(void)
{
    const Ts__Risk__UserList *list = search_for("bod", "", 3);

    CHECK_EQ(list->total, CROWD);
    CHECK_EQ(list->n_users, 3);
    CHECK(!list->truncated);
    CHECK(strcmp(list->users[0]->email, "account00000@acme.example") == 0);
    CHECK(strcmp(list->users[2]->email, "account00002@acme.example") == 0);
    list = search_for("acme.exam", "", 200);
    CHECK_EQ(list->total, CROWD);
    CHECK_EQ(list->n_users, 200);
}

static void those_far_down_are_found_and_counted(void)
{
    const Ts__Risk__UserList *list = search_for("rearg", "", 2);

    CHECK_EQ(list->total, TAIL);
    CHECK_EQ(list->n_users, 2);
    CHECK(strcmp(list->users[0]->email, "z20300@acme.example") == 0);
    CHECK(!list->truncated);
}

static void few_are_sorted_whatever_their_place(void)
{
    const Ts__Risk__UserList *list = search_for("z214", "", 200);

    CHECK_EQ(list->total, 100);
    CHECK_EQ(list->n_users, 100);
    CHECK(strcmp(list->users[99]->email, "z21499@acme.example") == 0);
    CHECK_EQ(search_for("z21", "critical", 200)->total, 0);
}

static void check_page(const char *query, const char *department, uint32_t limit)
{
    const Ts__Risk__UserList *list = search_for(query, "", limit);
    char email[40];

    CHECK_EQ(list->total, SMALL);
    CHECK_EQ(list->n_users, limit);
    CHECK(!list->truncated);
    for (unsigned i = 0; i < limit; i++) {
        snprintf(email, sizeof(email), "%s%03u@other.test", department, i);
        CHECK(strcmp(list->users[i]->email, email) == 0);
    }
}

static void a_page_is_the_first_ones_whatever_order_they_came_in(void)
{
    const uint32_t limits[] = { 1, 2, 50, 200 };

    employ_unordered("quiet", SMALL - 1);
    employ_unordered("quick", 77); /* shares no factor with SMALL: each number once */
    for (size_t i = 0; i < TS_COUNT(limits); i++) {
        check_page("quiet", "quiet", limits[i]);
        check_page("quick", "quick", limits[i]);
    }
    /* By fronts alone, and by looking at each address. */
    CHECK_EQ(search_for("qui", "", 1)->total, 2 * SMALL);
    CHECK_EQ(search_for("quiet2", "", 1)->total, 100);
    CHECK_EQ(search_for("uick29", "", 1)->total, 10);
    CHECK_EQ(search_for("uick29 ther.te", "", 1)->total, 10);
    CHECK_EQ(search_for("k299@other", "", 1)->total, 1);
    CHECK_EQ(search_for("k299@othes", "", 1)->total, 0);
}

static void a_level_that_is_not_walked_to_its_end_is_a_cut_answer(void)
{
    const Ts__Risk__UserList *list = search_for("crowd", "minimal", 2);

    CHECK_EQ(list->n_users, 2);
    CHECK_EQ(list->total, 20000); /* keys that the walk looks at */
    CHECK(list->truncated);
    list = search_for("crowd", "high", 2);
    CHECK_EQ(list->total, 0);
    CHECK(!list->truncated);
}

static void of_a_level_all_are_counted_whose_places_may_be_looked_up(void)
{
    const Ts__Risk__UserList *list = search_for("ount0", "minimal", 2);

    CHECK_EQ(list->total, 10000);
    CHECK_EQ(list->n_users, 2);
    CHECK(strcmp(list->users[1]->email, "account00001@acme.example") == 0);
    CHECK(!list->truncated);
    CHECK_EQ(search_for("ount0", "high", 2)->total, 0);
}

static void a_question_that_reads_too_many_rows_is_cut(void)
{
    const Ts__Risk__UserList *list = search_for("accoun", "", 1);

    /* A front is one term for all of them. */
    CHECK_EQ(list->total, CROWD - TAIL);
    CHECK(!list->truncated);
    CHECK_EQ(search_for("ac", "", 1)->total, CROWD - TAIL); /* the domain is no beginning */
    /* Of a longer text the fronts fit, and each address is looked at. */
    list = search_for("account", "", 1);
    CHECK_EQ(list->total, 10000);
    CHECK(list->truncated);
    /* Each part of a question may look at as many. */
    list = search_for("account ccount0", "", 1);
    CHECK_EQ(list->total, 10000);
    CHECK(list->truncated);
    /* A word as a whole is found without. */
    CHECK_EQ(search_for("rearguard", "", 1)->total, TAIL);
    CHECK_EQ(search_for("@acme.example", "", 1)->total, CROWD);
    CHECK_EQ(search_for("cme.example", "", 1)->total, CROWD);
    CHECK_EQ(search_for("cme.examples", "", 1)->total, 0);
    CHECK_EQ(search_for("account00017@acme.example", "", 1)->total, 1);
    CHECK_EQ(search_for("00017@acme.exam", "", 1)->total, 1);
    CHECK_EQ(search_for("00017@acme.exan", "", 1)->total, 0);
    list = search_for("account09", "", 1);
    CHECK_EQ(list->total, 1000);
    CHECK(!list->truncated);
    CHECK_EQ(search_for("000@acme", "", 1)->total, 22);
}

int main(void)
{
    scratch_directory(s.directory);
    start();
    for (unsigned first = 0; first < CROWD; first += BATCH)
        employ(first, CROWD - first < BATCH ? CROWD - first : BATCH);
    RUN(all_are_counted_and_the_first_come_first);
    RUN(those_far_down_are_found_and_counted);
    RUN(few_are_sorted_whatever_their_place);
    RUN(a_level_that_is_not_walked_to_its_end_is_a_cut_answer);
    RUN(of_a_level_all_are_counted_whose_places_may_be_looked_up);
    RUN(a_question_that_reads_too_many_rows_is_cut);
    RUN(a_page_is_the_first_ones_whatever_order_they_came_in);
    stop();
    remove_directory(s.directory);
    return 0;
}
