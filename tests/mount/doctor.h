/* SPDX-License-Identifier: MIT */
/*
 * Helpers for the tests of --doctor: run it, and look for lines in its report.
 *
 * Threads:   the test's only.
 * Ownership: see command_line.h.
 * Errors:    fail the test.
 */
#ifndef MELBICOMFS_TESTS_DOCTOR_H
#define MELBICOMFS_TESTS_DOCTOR_H

#include "command_line.h"

/* Writes a file into the test's directory, with the permissions `mode`. */
static inline void write_file(const struct place *place, const char *name, const char *text, mode_t mode)
{
    char path[400];

    (void)snprintf(path, sizeof path, "%s/%s", place->dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

/* The directory of the running test. */
static struct place place;

static inline int make_place(void **state)
{
    (void)state;
    place_make(&place);
    return 0;
}

static inline int remove_place(void **state)
{
    (void)state;
    place_remove(&place);
    return 0;
}

/* Runs `melbicomfs --doctor` on a simulator, which it starts with these options. */
static inline struct ran doctor(struct simulator *sim, const char *const *options, const char *arguments)
{
    simulator_start(sim, options);
    return program(&place, sim, HARNESS_TOKEN, "--doctor $URL %s", arguments);
}

/* Asserts that exactly one line of the report begins with `begin` and contains `what`; that the program's exit status
 * was `status`; that it printed nothing on stderr; and that the report does not contain the token. */
static inline void assert_line(const struct ran *ran, int status, const char *begin, const char *what)
{
    char *copy = strdup(ran->out), *rest = copy, *line;
    unsigned found = 0;

    assert_non_null(copy);
    while ((line = strsep(&rest, "\n")))
        found += strncmp(line, begin, strlen(begin)) == 0 && strstr(line, what);
    free(copy);
    if (found != 1 || ran->status != status || ran->err[0])
        fail_msg("%u lines '%s … %s', exit status %d instead of %d:\n%s%s", found, begin, what, ran->status, status,
                 ran->out, ran->err);
    assert_null(strstr(ran->out, HARNESS_TOKEN));
}

/* Asserts that the report does not contain `what`. */
static inline void assert_no_line(const struct ran *ran, const char *what)
{
    if (strstr(ran->out, what))
        fail_msg("'%s' is in the report:\n%s", what, ran->out);
}

/* Asserts that the report has no warning. A warning about dead mounts does not count, because other tests that run at
 * the same time may leave dead mounts. */
static inline void assert_no_warning(const struct ran *ran)
{
    const char *at = ran->out;
    while ((at = strstr(at, "! ")) && strncmp(at, "! mounts: ", 10) == 0)
        at++;
    if (at)
        fail_msg("a warning is in the report:\n%s", ran->out);
}

#endif
