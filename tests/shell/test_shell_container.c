/* SPDX-License-Identifier: MIT */
/*
 * A container as a job of a build server gets it: an ordinary user, no /dev/fuse, and libfuse is not installed. Here it
 * is a directory with the program and the libraries that it is linked with.
 */
#include "door.h"

#include <unistd.h>

static struct fixture f;

#define INSIDE                                                                                                         \
    "chroot --userspec=65534:65534 \"$DIR/root\" /usr/bin/env MELBICOM_TOKEN=" HARNESS_TOKEN                           \
    " HOME=/nowhere /melbicomfs "

static int start(void **state)
{
    (void)state;
    door_start(&f);
    run_ok(
        &f.mount,
        "mkdir -p \"$DIR\"/root/dev \"$DIR\"/root/out \"$DIR\"/root/mnt && cp \"$MELBICOMFS\" \"$DIR/root/melbicomfs\" "
        "&& "
        "for file in /usr/bin/env $(ldd \"$MELBICOMFS\" /usr/bin/env | grep -o '/[^ ]*' | grep -v ':$' | sort -u); do "
        "cp -L --parents \"$file\" \"$DIR/root\"; done && "
        "touch \"$DIR/root/dev/null\" && chmod 666 \"$DIR/root/dev/null\" && chmod 777 \"$DIR\"/root/out "
        "\"$DIR\"/root/mnt && "
        "chmod 755 \"$DIR\" \"$DIR/root\"");
    run_ok(&f.mount, "! find \"$DIR/root\" -name '*fuse3*' | grep .");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

static void test_a_purge_in_a_job(void **state)
{
    (void)state;
    struct ran ran = run_ok(&f.mount, INSIDE "\"$URL\" --purge 10421 cdn.example.com");
    assert_non_null(strstr(ran.out, "\tok\tcdn.example.com\t200\t"));
    assert_int_equal(run(&f.mount, INSIDE "\"$URL\" --purge 10421 nowhere.example.net").status, 1);
}

static void test_the_other_verbs(void **state)
{
    char command[512];
    (void)state;
    (void)snprintf(command, sizeof command, INSIDE "\"$URL\" --cat billing/balance version");
    assert_same_output(&f.mount, "cat billing/balance version", command);
    (void)snprintf(command, sizeof command, INSIDE "\"$URL\" --find | sort");
    assert_same_output(&f.mount, "find . | sort", command);
    run_ok(&f.mount, INSIDE "\"$URL\" --export /out/account billing");
    struct ran ran = run_ok(&f.mount, INSIDE "-V");
    assert_non_null(strstr(ran.out, "libfuse not installed"));
}

/* A mount says what is missing. */
static void test_no_mount(void **state)
{
    (void)state;
    struct ran ran = run(&f.mount, INSIDE "\"$URL\" /mnt");
    assert_int_equal(ran.status, 32);
    if (!strstr(ran.err, "/dev/fuse"))
        fail_msg("%s", ran.err);
    ran = run(&f.mount, INSIDE "--doctor \"$URL\" 2>&1 | head -n 40");
    assert_non_null(strstr(ran.out, "fuse"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_purge_in_a_job), cmocka_unit_test(test_the_other_verbs),
                                       cmocka_unit_test(test_no_mount)};
    harness_begin();
    if (!is_root()) {
        print_message("skipped: only root can call chroot(2)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, start, stop);
}
