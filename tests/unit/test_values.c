/* SPDX-License-Identifier: MIT */
/* The texts of values, where it takes more than the command line to try them. */
#include "command/values.h"

#include <errno.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534 };

/* The home directory that a process of an ordinary user finds with such a $HOME, or "" when it finds none. */
static void home_of_user(const char *home, char *ret, size_t size)
{
    int ends[2];
    ssize_t n;

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char *found = NULL;
        if (home)
            setenv("HOME", home, 1);
        else
            unsetenv("HOME");
        if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0)
            _exit(1);
        if (value_home(&found) == 0)
            (void)!write(ends[1], found, strlen(found));
        free(found);
        _exit(0);
    }
    close(ends[1]);
    n = read(ends[0], ret, size - 1);
    ret[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* mount(8) takes $HOME away from a user's mount, and its helper for FUSE then sets root's. */
static void home_of_somebody_else_is_not_ours(void **state)
{
    const struct passwd *user = getpwuid(geteuid() == 0 ? NOBODY : geteuid());
    char own[] = "/tmp/test-values-XXXXXX", missing[64], said[64], found[512];

    (void)state;
    if (!user)
        skip();
    snprintf(said, sizeof(said), "%s", user->pw_dir);
    home_of_user("/", found, sizeof(found));
    assert_string_equal(found, said);
    home_of_user(NULL, found, sizeof(found));
    assert_string_equal(found, said);
    assert_non_null(mkdtemp(own));
    snprintf(missing, sizeof(missing), "%s/missing", own);
    home_of_user(missing, found, sizeof(found));
    assert_string_equal(found, said);
    if (geteuid() == 0)
        assert_int_equal(chown(own, NOBODY, NOBODY), 0);
    home_of_user(own, found, sizeof(found));
    assert_string_equal(found, own);
    assert_int_equal(rmdir(own), 0);
}

/* Root may well work in the home of somebody else, as with sudo. */
static void root_has_the_home_it_says(void **state)
{
    char own[] = "/tmp/test-values-XXXXXX", *found = NULL;

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_non_null(mkdtemp(own));
    assert_int_equal(chown(own, NOBODY, NOBODY), 0);
    setenv("HOME", own, 1);
    assert_int_equal(value_home(&found), 0);
    assert_string_equal(found, own);
    free(found);
    assert_int_equal(rmdir(own), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(home_of_somebody_else_is_not_ours),
                                       cmocka_unit_test(root_has_the_home_it_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
