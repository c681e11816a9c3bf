#include <criterion/criterion.h>

#include "directory.h"

static ts_arena *arena;
static const char *reason;

static void setup(void)
{
    arena = ts_arena_new(1u << 20);
    reason = NULL;
}

static void teardown(void)
{
    ts_arena_free(arena);
}

TestSuite(directory, .init = setup, .fini = teardown);

static char *z(const char *text)
{
    return (char *)(uintptr_t)text;
}

static Ts__Risk__DirectoryRow row_of(const char *email, const char *name)
{
    Ts__Risk__DirectoryRow row = TS__RISK__DIRECTORY_ROW__INIT;

    row.email = z(email);
    row.name = z(name);
    return row;
}

/* Addresses are what users are found by; the rest is cleaned by whoever shows it. */
Test(directory, addresses_are_cleaned_and_texts_kept)
{
    Ts__Risk__DirectoryRow row = row_of(" Ana@Acme.Example ", " Ana\xe2\x80\xae <b>\x07 ");

    row.manager = z("Boss@Acme.Example");
    row.department = z("R\xe2\x80\x8b&D");
    cr_assert_eq(directory_check(arena, &row, &reason), TS_OK);
    cr_assert_str_eq(row.email, "ana@acme.example");
    cr_assert_str_eq(row.name, "Ana\xe2\x80\xae <b>\x07");
    cr_assert_str_eq(row.manager, "boss@acme.example");
    cr_assert_str_eq(row.department, "R\xe2\x80\x8b&D");
}

Test(directory, bad_rows_say_why)
{
    char longer[DIRECTORY_TEXT_MAX + 2];
    Ts__Risk__DirectoryRow row = row_of("nobody", "Ana");

    memset(longer, 'x', sizeof(longer));
    longer[DIRECTORY_TEXT_MAX + 1] = '\0';
    cr_expect_eq(directory_check(arena, &row, &reason), TS_INVALID);
    cr_expect_str_eq(reason, "email must be an e-mail address");
    row = row_of("a@b.example", "\xe2\x80\x8b");
    cr_expect_eq(directory_check(arena, &row, &reason), TS_INVALID);
    cr_expect_str_eq(reason, "name must hold a visible character");
    row = row_of("a@b.example", "\xff");
    cr_expect_eq(directory_check(arena, &row, &reason), TS_INVALID);
    cr_expect_str_eq(reason, "name must be UTF-8 of at most 200 characters");
    row = row_of("a@b.example", "Ana");
    row.title = longer;
    cr_expect_eq(directory_check(arena, &row, &reason), TS_INVALID);
    cr_expect_str_eq(reason, "title must be UTF-8 of at most 200 characters");
    longer[DIRECTORY_TEXT_MAX] = '\0';
    cr_expect_eq(directory_check(arena, &row, &reason), TS_OK);
    row.manager = z("boss");
    cr_expect_eq(directory_check(arena, &row, &reason), TS_INVALID);
    cr_expect_str_eq(reason, "manager must be an e-mail address, or empty");
}

Test(directory, what_is_not_given_stays)
{
    Ts__Risk__UserRow user = TS__RISK__USER_ROW__INIT;
    Ts__Risk__DirectoryRow row = row_of("ana@acme.example", "Ana");

    row.title = z("Counsel");
    row.is_admin = true;
    row.mfa_enrolled = false;
    row.given = DIRECTORY_TITLE | DIRECTORY_IS_ADMIN | DIRECTORY_MFA;
    cr_assert(directory_merge(&user, &row));
    cr_assert_str_eq(user.title, "Counsel");
    cr_assert(user.is_admin && user.mfa_known && !user.mfa_enrolled);
    cr_assert_not(directory_merge(&user, &row), "the same again changes nothing");
    row = row_of("ana@acme.example", "Ana");
    cr_assert_not(directory_merge(&user, &row));
    cr_assert_str_eq(user.title, "Counsel");
    row.given = DIRECTORY_TITLE | DIRECTORY_SUSPENDED;
    row.suspended = true;
    cr_assert(directory_merge(&user, &row));
    cr_assert_str_eq(user.title, "");
    cr_assert(user.suspended && user.is_admin);
}
