/* Runs another program for a test, without a shell between them. */
#ifndef TESTS_RUN_PROGRAM_H
#define TESTS_RUN_PROGRAM_H

#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for its end: its exit code, or -1 if it was killed or cannot be started. `words` end with NULL; the first is found by
 * PATH. */
static inline int run_program(const char *const *words)
{
    char **arguments = (char **)(uintptr_t)words; /* only read */
    pid_t pid = -1;
    int status = 0;

    if (posix_spawnp(&pid, words[0], NULL, NULL, arguments, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

#define RUN_PROGRAM(...) run_program((const char *const[]){ __VA_ARGS__, NULL })

#endif
