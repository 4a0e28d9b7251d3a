/* SPDX-License-Identifier: MIT */
/*
 * Whatever the shape of the API's answers, the tree without a mount is the tree of a mount: --find equals find(1), and
 * --cat equals cat(1) for each path, byte for byte and error for error.
 *
 * With MELBICOMFS_DEEP each shape has an account with 2,000 services and 10,000 invoices, otherwise one of them. With
 * SANITIZED in the environment all are small.
 */
#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void run_long(const struct mount *mount, const char *command)
{
    struct running running;
    run_start(&running, mount->path, "%s", command);
    struct ran ran = run_wait(&running, 3 * RUN_MS);
    if (ran.status != 0)
        fail_msg("%s\nexits with %d:\n%.2000s\n%.1000s", command, ran.status, ran.out, ran.err);
}

/* Reads a file as cat(1) does. Writes its bytes, or `PATH: ` and the text of the error. */
static void read_in_mount(const char *path, FILE *bytes, FILE *errors)
{
    char part[65536];
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, part, sizeof part)) > 0)
        assert_int_equal(fwrite(part, 1, (size_t)n, bytes), n);
    if (fd < 0 || n < 0)
        fprintf(errors, "%s: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

static FILE *open_in(const struct mount *mount, const char *name, const char *mode)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", mount->dir, name);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    return file;
}

/* Compares what both doors say to each path of $DIR/paths, after `change` has been made to it. The lines about requests
 * that failed or were understood only in part are left out: the mount has them in its log. */
static void compare_cat(const struct mount *mount, const char *change)
{
    char command[200], *line = NULL;
    size_t room = 0;
    ssize_t len;

    (void)snprintf(command, sizeof command, "sed '%s' \"$DIR/paths\" >\"$DIR/asked\"", change);
    run_long(mount, command);
    FILE *asked = open_in(mount, "asked", "r"), *bytes = open_in(mount, "bytes", "w"),
         *errors = open_in(mount, "errors", "w");
    assert_int_equal(chdir(mount->path), 0);
    while ((len = getline(&line, &room, asked)) > 0) {
        line[len - 1] = '\0';
        read_in_mount(line, bytes, errors);
    }
    assert_int_equal(chdir("/"), 0);
    free(line);
    fclose(asked);
    assert_int_equal(fclose(bytes), 0);
    assert_int_equal(fclose(errors), 0);
    run_long(mount,
             "cd \"$DIR\" && xargs -d '\\n' -a asked sh -c '" SHELL "--cat \"$@\"' x >own-bytes 2>own-errors; "
             "cmp bytes own-bytes && grep -v ': GET ' own-errors | sed 's/^melbicomfs: //' | diff errors - >differ; "
             "head -n 20 differ; test -s errors && test ! -s differ");
}

/* `other`: the API's answer about something that does not exist is not understood. The mount knows from a list that it
 * does not exist, and does not ask; a command that has not got this list asks. */
static void compare(const struct mount *mount, bool other)
{
    run_long(mount, "find . | LC_ALL=C sort >\"$DIR/paths\" && " SHELL "--find | LC_ALL=C sort | cmp - \"$DIR/paths\"");
    compare_cat(mount, "");
    compare_cat(mount, "s,$,/x,");
    if (!other)
        compare_cat(mount, "s,\\(.\\).$,\\1,"); /* other names, some of which exist */
}

static void test_every_shape(void **state)
{
    static const char *const shapes[] = {"bare",  "data",       "value",      "named",        "gaps",
                                         "keyed", "keyed-only", "nested",     "deep",         "other",
                                         "bom",   "single",     "empty-null", "empty-object", "empty-204"};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        bool large = !getenv("SANITIZED") && (is_deep() || i == 0);
        const char *const options[] = {
            "--services", large ? "2000" : "5", "--invoices", large ? "10000" : "12", "--shape", shapes[i], NULL};
        struct fixture other;
        fixture_start(&other, options, NULL);
        print_message("%s\n", shapes[i]);
        compare(&other.mount, strcmp(shapes[i], "other") == 0);
        fixture_stop(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_shape)};
    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
